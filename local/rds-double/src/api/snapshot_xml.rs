//! Decides which elements a snapshot, an event and tags have in an answer.

use super::instance_xml::{DEFAULT_PORT, VPC};
use super::xml::Xml;
use crate::model::{Event, SnapshotView, Tag};

pub(super) fn snapshot(xml: &mut Xml, view: &SnapshotView) {
    let snapshot = &view.snapshot;
    let settings = &snapshot.settings;
    xml.text("DBSnapshotIdentifier", &snapshot.id);
    xml.text("DBInstanceIdentifier", &snapshot.instance_id);
    xml.time("SnapshotCreateTime", snapshot.created_at);
    xml.text("Engine", "postgres");
    xml.number("AllocatedStorage", settings.allocated_storage_gib);
    xml.text("Status", view.status_text);
    xml.number("Port", DEFAULT_PORT);
    xml.text("AvailabilityZone", &settings.availability_zone);
    xml.text("VpcId", VPC);
    xml.time("InstanceCreateTime", snapshot.instance_created_at);
    xml.text("MasterUsername", &snapshot.master_user);
    xml.text("EngineVersion", &snapshot.engine_version);
    xml.text("LicenseModel", "postgresql-license");
    xml.text("SnapshotType", snapshot.kind.as_str());
    xml.text("OptionGroupName", &settings.option_group);
    xml.number("PercentProgress", if view.status_text == "creating" { 0 } else { 100 });
    xml.some("SourceDBSnapshotIdentifier", snapshot.copied_from.as_deref());
    xml.text("StorageType", &settings.storage_type);
    xml.flag("Encrypted", snapshot.kms_key_id.is_some());
    xml.some("KmsKeyId", snapshot.kms_key_id.as_deref());
    xml.text("DBSnapshotArn", &view.arn);
    xml.flag("IAMDatabaseAuthenticationEnabled", settings.iam_authentication);
    xml.element("ProcessorFeatures", |_| {});
    xml.text("DbiResourceId", snapshot.resource_id.as_str());
    tags(xml, &snapshot.tags);
    xml.time("OriginalSnapshotCreateTime", snapshot.original_created_at);
    xml.time("SnapshotDatabaseTime", snapshot.database_at);
    xml.text("SnapshotTarget", "region");
    xml.flag("DedicatedLogVolume", false);
}

pub(super) fn event(xml: &mut Xml, event: &Event) {
    xml.text("SourceIdentifier", &event.source_id);
    xml.text("SourceType", event.source_type);
    xml.text("Message", &event.message);
    xml.element("EventCategories", |xml| {
        xml.text("EventCategory", event.category);
    });
    xml.time("Date", Some(event.at));
    xml.text("SourceArn", &event.source_arn);
}

pub(super) fn tags(xml: &mut Xml, list: &[Tag]) {
    xml.list("TagList", list, |xml, tag| {
        xml.element("Tag", |xml| {
            xml.text("Key", &tag.key);
            xml.text("Value", &tag.value);
        });
    });
}
