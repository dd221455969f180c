//! Decides the frame of every answer and error: root, result wrapper, request id.

use super::dispatch::Answer;
use super::instance_xml::{automated_backup, instance, subnet_group};
use super::snapshot_xml::{event, snapshot, tags};
use super::xml::Xml;
use crate::model::ApiError;

/// The XML of a successful call.
pub fn render(action: &str, answer: &Answer, request_id: &str) -> Vec<u8> {
    Xml::document(&format!("{action}Response"), |xml| {
        if !matches!(answer, Answer::Nothing) {
            xml.element(&format!("{action}Result"), |xml| result(xml, answer));
        }
        xml.element("ResponseMetadata", |xml| xml.text("RequestId", request_id));
    })
}

fn result(xml: &mut Xml, answer: &Answer) {
    match answer {
        Answer::Nothing => {}
        Answer::Instance(view) => xml.element("DBInstance", |xml| instance(xml, view)),
        Answer::Snapshot(view) => xml.element("DBSnapshot", |xml| snapshot(xml, view)),
        Answer::Tags(list) => tags(xml, list),
        Answer::Quotas(quotas) => xml.list("AccountQuotas", quotas, |xml, (name, used, max)| {
            xml.element("AccountQuota", |xml| {
                xml.text("AccountQuotaName", name);
                xml.text("Used", &used.to_string());
                xml.text("Max", &max.to_string());
            });
        }),
        Answer::SubnetGroup(name, owner) => xml.element("DBSubnetGroups", |xml| {
            xml.element("DBSubnetGroup", |xml| subnet_group(xml, name, owner));
        }),
        Answer::ParameterGroup(name, family) => xml.element("DBParameterGroups", |xml| {
            xml.element("DBParameterGroup", |xml| {
                xml.text("DBParameterGroupName", name);
                xml.text("DBParameterGroupFamily", family);
                xml.text("Description", name);
            });
        }),
        Answer::Instances(page) => {
            xml.some("Marker", page.marker.as_deref());
            xml.list("DBInstances", &page.items, |xml, each| {
                xml.element("DBInstance", |xml| instance(xml, each));
            });
        }
        Answer::Snapshots(page) => {
            xml.some("Marker", page.marker.as_deref());
            xml.list("DBSnapshots", &page.items, |xml, each| {
                xml.element("DBSnapshot", |xml| snapshot(xml, each));
            });
        }
        Answer::AutomatedBackups(page) => {
            xml.some("Marker", page.marker.as_deref());
            xml.list("DBInstanceAutomatedBackups", &page.items, |xml, each| {
                xml.element("DBInstanceAutomatedBackup", |xml| automated_backup(xml, each));
            });
        }
        Answer::Events(page) => {
            xml.some("Marker", page.marker.as_deref());
            xml.list("Events", &page.items, |xml, each| {
                xml.element("Event", |xml| event(xml, each));
            });
        }
    }
}

/// The XML of an error.
pub fn error_answer(error: &ApiError, request_id: &str) -> Vec<u8> {
    Xml::document("ErrorResponse", |xml| {
        xml.element("Error", |xml| {
            let blame = if error.status < 500 { "Sender" } else { "Receiver" };
            xml.text("Type", blame);
            xml.text("Code", &error.code);
            xml.text("Message", &error.message);
        });
        xml.text("RequestId", request_id);
    })
}
