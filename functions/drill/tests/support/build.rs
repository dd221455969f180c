//! Values that tests begin with.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use drill::backup::{Backup, Origin, Snapshot};
use drill::configuration::{Configuration, parse_toml};
use drill::ids::{DbiResourceId, Deployment, DrillId, ReplicaId, SnapshotId, SourceId};
use drill::instance::{Endpoint, Instance, InstanceStatus};
use drill::ownership::{OwnedReplica, Ownership, replica_tags};
use drill::plan::{DrillRequest, Trigger};

pub(crate) static DEPLOYMENT: LazyLock<Deployment> = LazyLock::new(|| Deployment::parse("main").unwrap());
pub(crate) static SOURCE: LazyLock<SourceId> = LazyLock::new(|| SourceId::parse("courses-prod").unwrap());

/// The configuration of the source.
pub(crate) const CONFIGURATION: &str = r#"
source = "courses-prod"
[replica]
instance_class = "db.t4g.medium"
subnet_group = "restore-drill"
security_groups = ["sg-0a1b2c3d"]
parameter_group = "restore-drill-postgres16"
[database]
name = "courses"
"#;

/// The configuration with more of it below.
pub(crate) fn configuration_with(more: &str) -> Configuration {
    parse_toml(&format!("{CONFIGURATION}{more}")).expect("a good configuration")
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

pub(crate) fn resource_id(text: &str) -> DbiResourceId {
    DbiResourceId::parse(&format!("db-{text}")).expect("a DbiResourceId")
}

pub(crate) fn drill_at(time: &str) -> DrillId {
    DrillId::of(&SOURCE, at(time)).expect("a drill id")
}

/// The drill of 3 AM on a day of November 2026.
pub(crate) fn night_of(day: u32) -> DrillId {
    drill_at(&format!("2026-11-{day:02}T03:00:00Z"))
}

pub(crate) fn execution_arn(name: &str) -> String {
    format!("arn:aws:states:eu-central-1:123456789012:execution:restore-drill:{name}")
}

/// The request of the schedule for a night.
pub(crate) fn request(drill: &DrillId) -> DrillRequest {
    DrillRequest {
        source: drill.source(),
        scheduled_at: Some(drill::ids::rfc3339(drill.scheduled_at())),
        trigger: Trigger::Schedule,
        requested_by: None,
        backup: drill::backup::BackupRequest::Latest,
        keep: None,
    }
}

/// The production instance.
pub(crate) fn source() -> Instance {
    Instance {
        id: "courses-prod".to_owned(),
        resource_id: resource_id("SOURCE"),
        status: InstanceStatus::Available,
        tags: [("environment".to_owned(), "production".to_owned())].into(),
        endpoint: Some(Endpoint { host: "courses-prod.example".to_owned(), port: 5432 }),
        engine: "postgres".to_owned(),
        engine_version: "16.4".to_owned(),
        created_at: Some(at("2024-01-01T00:00:00Z")),
        automatic_restart_at: None,
        instance_class: "db.r7g.large".to_owned(),
        allocated_storage_gib: 100,
        deletion_protection: true,
    }
}

/// A finished automated snapshot of the source.
pub(crate) fn snapshot(id: &str, data_at: &str) -> Snapshot {
    Snapshot {
        id: SnapshotId::parse(id).expect("a snapshot id"),
        resource_id: resource_id("SOURCE"),
        instance_id: "courses-prod".to_owned(),
        snapshot_type: "automated".to_owned(),
        status: "available".to_owned(),
        created_at: Some(at(data_at)),
        database_at: Some(at(data_at)),
        engine: "postgres".to_owned(),
        engine_version: "16.4".to_owned(),
        storage_type: Some("gp3".to_owned()),
        allocated_storage_gib: 100,
    }
}

/// A backup of the source.
pub(crate) fn backup() -> Backup {
    Backup {
        origin: Origin::Automated {
            snapshot: SnapshotId::parse("rds:courses-prod-2026-11-21-02-03").unwrap(),
        },
        data_at: at("2026-11-21T02:03:00Z"),
        engine_version: "16.4".to_owned(),
        storage_type: Some("gp3".to_owned()),
        allocated_storage_gib: 100,
    }
}

/// The replica of a drill, stopped at the hour after it; its data are of the hour before.
pub(crate) fn replica(drill: &DrillId) -> Instance {
    replica_of(&DEPLOYMENT, drill)
}

pub(crate) fn replica_of(deployment: &Deployment, drill: &DrillId) -> Instance {
    let scheduled_at = drill.scheduled_at();
    let data_at = scheduled_at - chrono::TimeDelta::hours(1);
    Instance {
        id: ReplicaId::of(deployment, drill).to_string(),
        resource_id: resource_id(&format!("R{}", scheduled_at.format("%Y%m%d%H%M%S"))),
        status: InstanceStatus::Stopped,
        tags: replica_tags(deployment, drill, &resource_id("SOURCE"), "rds:some-backup", data_at),
        created_at: Some(scheduled_at),
        automatic_restart_at: Some(scheduled_at + chrono::TimeDelta::hours(1) + chrono::TimeDelta::days(7)),
        instance_class: "db.t4g.medium".to_owned(),
        deletion_protection: false,
        ..source()
    }
}

/// What must be true for a replica of the source to be ours.
pub(crate) fn ownership() -> Ownership {
    Ownership { deployment: DEPLOYMENT.clone(), source_resource_ids: vec![resource_id("SOURCE")] }
}

/// The proof for an instance that is ours.
pub(crate) fn owned(instance: &Instance) -> OwnedReplica {
    OwnedReplica::confirm(instance, &ownership()).expect("it is ours")
}
