//! Decides which call of the control plane an action is, and reads its parameters.

use chrono::{DateTime, Utc};

use super::params::Params;
use super::requests::{read_create, read_modify, read_point_in_time, read_restore};
use crate::model::{
    ApiError, AutomatedBackup, BackupQuery, ControlPlane, CopySnapshot, CreateSnapshot, DeleteInstance,
    Event, EventQuery, InstanceQuery, InstanceView, Page, Servers, SnapshotQuery, SnapshotView, Tag, View,
};

/// What a call gives back, before it is XML.
#[derive(Debug, Clone)]
pub enum Answer {
    /// One instance.
    Instance(Box<InstanceView>),
    /// A page of instances.
    Instances(Page<InstanceView>),
    /// One snapshot.
    Snapshot(Box<SnapshotView>),
    /// A page of snapshots.
    Snapshots(Page<SnapshotView>),
    /// A page of automated backups.
    AutomatedBackups(Page<AutomatedBackup>),
    /// A page of events.
    Events(Page<Event>),
    /// Tags.
    Tags(Vec<Tag>),
    /// Quotas: the name, what is used, what may be.
    Quotas(Vec<(&'static str, u64, u64)>),
    /// A subnet group of that name, with the prefix of its ARN.
    SubnetGroup(String, String),
    /// A parameter group: its name and its family.
    ParameterGroup(String, String),
    /// Nothing but the fact that it was done.
    Nothing,
}

/// The actions that read only.
const READING: [&str; 8] = [
    "DescribeAccountAttributes",
    "DescribeDBParameterGroups",
    "DescribeDBSubnetGroups",
    "DescribeDBInstances",
    "DescribeDBSnapshots",
    "DescribeDBInstanceAutomatedBackups",
    "DescribeEvents",
    "ListTagsForResource",
];

/// The actions that change something.
const CHANGING: [&str; 13] = [
    "CreateDBInstance",
    "CreateDBSnapshot",
    "CopyDBSnapshot",
    "DeleteDBSnapshot",
    "RestoreDBInstanceFromDBSnapshot",
    "RestoreDBInstanceToPointInTime",
    "StartDBInstance",
    "StopDBInstance",
    "RebootDBInstance",
    "ModifyDBInstance",
    "DeleteDBInstance",
    "AddTagsToResource",
    "RemoveTagsFromResource",
];

/// Whether an action changes something when it succeeds.
pub fn has_effect(action: &str) -> bool {
    CHANGING.contains(&action)
}

/// Whether the double knows an action.
pub fn is_known(action: &str) -> bool {
    has_effect(action) || READING.contains(&action)
}

/// Performs one action.
///
/// # Errors
/// Whatever the API answers instead; `InvalidAction` for an action that the double doesn't know.
pub fn perform(
    plane: &mut ControlPlane,
    servers: &mut impl Servers,
    now: DateTime<Utc>,
    action: &str,
    params: &Params,
    view: View,
) -> Result<Answer, ApiError> {
    if has_effect(action) {
        change(plane, servers, now, action, params)
    } else {
        read(plane, now, action, params, view)
    }
}

fn read(
    plane: &ControlPlane,
    now: DateTime<Utc>,
    action: &str,
    params: &Params,
    view: View,
) -> Result<Answer, ApiError> {
    let filters = params.filters();
    let page = params.page()?;
    match action {
        "DescribeDBInstances" => {
            let query = InstanceQuery { id: params.text("DBInstanceIdentifier"), filters, page };
            plane.describe_instances(now, &query, view).map(Answer::Instances)
        }
        "DescribeDBSnapshots" => {
            let query = SnapshotQuery {
                instance_id: params.text("DBInstanceIdentifier"),
                snapshot_id: params.text("DBSnapshotIdentifier"),
                resource_id: params.text("DbiResourceId"),
                kind: params.text("SnapshotType"),
                filters,
                page,
            };
            plane.describe_snapshots(&query, view).map(Answer::Snapshots)
        }
        "DescribeDBInstanceAutomatedBackups" => {
            let query = BackupQuery {
                instance_id: params.text("DBInstanceIdentifier"),
                resource_id: params.text("DbiResourceId"),
                arn: params.text("DBInstanceAutomatedBackupsArn"),
                filters,
                page,
            };
            plane.describe_automated_backups(now, &query).map(Answer::AutomatedBackups)
        }
        "DescribeEvents" => {
            let query = EventQuery {
                source_id: params.text("SourceIdentifier"),
                source_type: params.text("SourceType"),
                start: params.time("StartTime")?,
                end: params.time("EndTime")?,
                duration_min: params.number("Duration")?,
                categories: params.list("EventCategories"),
                page,
            };
            plane.describe_events(now, &query).map(Answer::Events)
        }
        "DescribeAccountAttributes" => Ok(Answer::Quotas(plane.quotas())),
        "DescribeDBSubnetGroups" => {
            let name = params.required("DBSubnetGroupName")?;
            let owner = plane.arn("subgrp", "").trim_end_matches(":subgrp:").to_owned();
            Ok(Answer::SubnetGroup(name, owner))
        }
        "DescribeDBParameterGroups" => {
            let name = params.required("DBParameterGroupName")?;
            let family = parameter_family(&name).ok_or_else(|| {
                ApiError::new("DBParameterGroupNotFound", 404, format!("DBParameterGroup not found: {name}"))
            })?;
            Ok(Answer::ParameterGroup(name, family))
        }
        "ListTagsForResource" => plane.list_tags(&params.required("ResourceName")?).map(Answer::Tags),
        other => Err(ApiError::new(
            "InvalidAction",
            400,
            format!("Could not find operation {other} for version 2014-10-31"),
        )),
    }
}

/// Groups are names here: the family is what the name ends with, as in `restore-drill-main-postgres17`.
fn parameter_family(name: &str) -> Option<String> {
    let (_, major) = name.rsplit_once("postgres")?;
    let is_major = (1..=2).contains(&major.len()) && major.bytes().all(|b| b.is_ascii_digit());
    is_major.then(|| format!("postgres{major}"))
}

fn change(
    plane: &mut ControlPlane,
    servers: &mut impl Servers,
    now: DateTime<Utc>,
    action: &str,
    params: &Params,
) -> Result<Answer, ApiError> {
    match action {
        "AddTagsToResource" => {
            plane.add_tags(&params.required("ResourceName")?, &params.tags()).map(|()| Answer::Nothing)
        }
        "RemoveTagsFromResource" => plane
            .remove_tags(&params.required("ResourceName")?, &params.list("TagKeys"))
            .map(|()| Answer::Nothing),
        "CreateDBSnapshot" | "CopyDBSnapshot" | "DeleteDBSnapshot" => {
            change_snapshot(plane, servers, now, action, params).map(|view| Answer::Snapshot(Box::new(view)))
        }
        _ => {
            change_instance(plane, servers, now, action, params).map(|view| Answer::Instance(Box::new(view)))
        }
    }
}

fn change_snapshot(
    plane: &mut ControlPlane,
    servers: &mut impl Servers,
    now: DateTime<Utc>,
    action: &str,
    params: &Params,
) -> Result<SnapshotView, ApiError> {
    match action {
        "CreateDBSnapshot" => {
            let request = CreateSnapshot {
                id: params.required("DBSnapshotIdentifier")?,
                instance_id: params.required("DBInstanceIdentifier")?,
                tags: params.tags(),
            };
            plane.create_snapshot(now, &request, servers)
        }
        "CopyDBSnapshot" => {
            let request = CopySnapshot {
                source_id: params.required("SourceDBSnapshotIdentifier")?,
                target_id: params.required("TargetDBSnapshotIdentifier")?,
                kms_key_id: params.text("KmsKeyId"),
                copy_tags: params.flag("CopyTags")?.unwrap_or(false),
                tags: params.tags(),
            };
            plane.copy_snapshot(now, request, servers)
        }
        _ => plane.delete_snapshot(now, &params.required("DBSnapshotIdentifier")?, servers),
    }
}

fn change_instance(
    plane: &mut ControlPlane,
    servers: &mut impl Servers,
    now: DateTime<Utc>,
    action: &str,
    params: &Params,
) -> Result<InstanceView, ApiError> {
    match action {
        "CreateDBInstance" => plane.create_instance(now, read_create(params)?, servers),
        "RestoreDBInstanceFromDBSnapshot" => plane.restore_from_snapshot(now, read_restore(params)?, servers),
        "RestoreDBInstanceToPointInTime" => {
            plane.restore_to_point_in_time(now, read_point_in_time(params)?, servers)
        }
        "ModifyDBInstance" => plane.modify_instance(now, read_modify(params)?, servers),
        "DeleteDBInstance" => {
            let request = DeleteInstance {
                id: params.required("DBInstanceIdentifier")?,
                skip_final_snapshot: params.flag("SkipFinalSnapshot")?.unwrap_or(false),
                final_snapshot_id: params.text("FinalDBSnapshotIdentifier"),
                delete_automated_backups: params.flag("DeleteAutomatedBackups")?.unwrap_or(true),
            };
            plane.delete_instance(now, &request, servers)
        }
        "RebootDBInstance" => plane.reboot_instance(now, &params.required("DBInstanceIdentifier")?, servers),
        "StartDBInstance" => plane.start_instance(now, &params.required("DBInstanceIdentifier")?, servers),
        _ => {
            let snapshot = params.text("DBSnapshotIdentifier");
            let id = params.required("DBInstanceIdentifier")?;
            plane.stop_instance(now, &id, snapshot.as_deref(), servers)
        }
    }
}
