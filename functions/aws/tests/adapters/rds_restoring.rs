//! Creating a replica: every field that RDS would otherwise default or inherit is on the wire.

use std::collections::BTreeMap;

use chrono::DateTime;
use drill::ids::{DbiResourceId, ReplicaId, SnapshotId};
use drill::instance::InstanceStatus;
use drill::ports::{RdsErrorKind, RestoreAnswer, RestoreFrom, RestoreReplica, RestoreRequest};
use restore_drill_aws::Rds;

use crate::rds_reading::REPLICA;
use crate::replay::replay;

fn request(from: RestoreFrom) -> RestoreRequest {
    RestoreRequest {
        replica: ReplicaId::parse(REPLICA).unwrap(),
        from,
        instance_class: "db.t4g.medium".to_owned(),
        subnet_group: "drills".to_owned(),
        security_groups: vec!["sg-0a1b2c3d4e5f60718".to_owned(), "sg-1a1b2c3d4e5f60718".to_owned()],
        parameter_group: Some("drills-16".to_owned()),
        storage_type: Some("gp3".to_owned()),
        extended_support: false,
        tags: BTreeMap::from([
            ("restore-drill:deployment".to_owned(), "prod".to_owned()),
            ("restore-drill:source".to_owned(), "courses-prod".to_owned()),
        ]),
    }
}

fn from_snapshot() -> RestoreRequest {
    request(RestoreFrom::Snapshot(SnapshotId::parse("rds:courses-prod-2026-11-21-02-03").unwrap()))
}

fn point_in_time() -> RestoreRequest {
    request(RestoreFrom::PointInTime {
        source: DbiResourceId::parse("db-PRODUCTION0000000000000001").unwrap(),
        at: DateTime::parse_from_rfc3339("2026-11-21T02:30:00Z").unwrap().to_utc(),
    })
}

/// What both ways to restore must say.
const SAID_BY_BOTH: &[(&str, &str)] = &[
    ("DBInstanceClass", "db.t4g.medium"),
    ("DBSubnetGroupName", "drills"),
    ("VpcSecurityGroupIds.VpcSecurityGroupId.1", "sg-0a1b2c3d4e5f60718"),
    ("VpcSecurityGroupIds.VpcSecurityGroupId.2", "sg-1a1b2c3d4e5f60718"),
    ("DBParameterGroupName", "drills-16"),
    ("StorageType", "gp3"),
    ("BackupRetentionPeriod", "0"),
    ("PubliclyAccessible", "false"),
    ("MultiAZ", "false"),
    ("EnableIAMDatabaseAuthentication", "true"),
    ("CopyTagsToSnapshot", "false"),
    ("DeletionProtection", "false"),
    ("AutoMinorVersionUpgrade", "false"),
    ("EngineLifecycleSupport", "open-source-rds-extended-support-disabled"),
    ("Tags.Tag.1.Key", "restore-drill:deployment"),
    ("Tags.Tag.1.Value", "prod"),
    ("Tags.Tag.2.Key", "restore-drill:source"),
    ("Tags.Tag.2.Value", "courses-prod"),
    ("Version", "2014-10-31"),
];

fn said(form: &BTreeMap<String, String>, own: &[(&str, &str)]) {
    let expected: BTreeMap<&str, &str> = SAID_BY_BOTH.iter().chain(own).copied().collect();
    let actual: BTreeMap<&str, &str> = form.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(actual, expected);
}

#[tokio::test]
async fn a_restore_from_a_snapshot_says_every_field() {
    let replay = replay(&[(200, "rds/restore-from-snapshot.xml")]);
    let answer = Rds::new(&replay.configuration).restore(&from_snapshot()).await.unwrap();
    let RestoreAnswer::Accepted(instance) = answer else { panic!("it was accepted") };
    assert_eq!(instance.id, REPLICA);
    assert_eq!(instance.status, InstanceStatus::Creating);
    said(
        &replay.only().form(),
        &[
            ("Action", "RestoreDBInstanceFromDBSnapshot"),
            ("DBInstanceIdentifier", REPLICA),
            ("DBSnapshotIdentifier", "rds:courses-prod-2026-11-21-02-03"),
        ],
    );
}

#[tokio::test]
async fn a_restore_of_a_point_in_time_says_every_field_and_names_the_source_by_identity() {
    let replay = replay(&[(200, "rds/restore-point-in-time.xml")]);
    let answer = Rds::new(&replay.configuration).restore(&point_in_time()).await.unwrap();
    assert!(matches!(answer, RestoreAnswer::Accepted(_)));
    said(
        &replay.only().form(),
        &[
            ("Action", "RestoreDBInstanceToPointInTime"),
            ("TargetDBInstanceIdentifier", REPLICA),
            ("SourceDbiResourceId", "db-PRODUCTION0000000000000001"),
            ("RestoreTime", "2026-11-21T02:30:00Z"),
            ("UseLatestRestorableTime", "false"),
        ],
    );
}

#[tokio::test]
async fn extended_support_is_a_choice_that_is_said_either_way() {
    let replay = replay(&[(200, "rds/restore-from-snapshot.xml")]);
    let request = RestoreRequest { extended_support: true, ..from_snapshot() };
    Rds::new(&replay.configuration).restore(&request).await.unwrap();
    assert_eq!(replay.only().form()["EngineLifecycleSupport"], "open-source-rds-extended-support");
}

#[tokio::test]
async fn absent_choices_are_left_to_rds() {
    let replay = replay(&[(200, "rds/restore-from-snapshot.xml")]);
    let request = RestoreRequest { parameter_group: None, storage_type: None, ..from_snapshot() };
    Rds::new(&replay.configuration).restore(&request).await.unwrap();
    let form = replay.only().form();
    assert!(!form.contains_key("DBParameterGroupName") && !form.contains_key("StorageType"));
}

#[tokio::test]
async fn an_instance_of_that_name_is_a_value() {
    for request in [from_snapshot(), point_in_time()] {
        let replay = replay(&[(400, "rds/error-instance-already-exists.xml")]);
        let answer = Rds::new(&replay.configuration).restore(&request).await;
        assert_eq!(answer, Ok(RestoreAnswer::AlreadyExists));
    }
}

#[tokio::test]
async fn a_vanished_backup_is_not_found() {
    for (request, file) in [
        (from_snapshot(), "rds/error-snapshot-not-found.xml"),
        (point_in_time(), "rds/error-automated-backup-not-found.xml"),
        (point_in_time(), "rds/error-instance-not-found.xml"),
    ] {
        let replay = replay(&[(404, file)]);
        let error = Rds::new(&replay.configuration).restore(&request).await.unwrap_err();
        assert_eq!(error.kind, RdsErrorKind::NotFound, "{file}");
    }
}

#[tokio::test]
async fn a_missing_subnet_group_is_a_wrong_setting_and_no_vanished_backup() {
    for file in ["rds/error-subnet-group-not-found.xml", "rds/error-parameter-group-not-found.xml"] {
        let replay = replay(&[(404, file)]);
        let error = Rds::new(&replay.configuration).restore(&from_snapshot()).await.unwrap_err();
        assert_eq!(error.kind, RdsErrorKind::Rejected, "{file}");
    }
}

#[tokio::test]
async fn an_answer_that_describes_no_instance_may_have_taken_effect() {
    let replay = replay(&[(200, "rds/describe-instances-none.xml")]);
    let error = Rds::new(&replay.configuration).restore(&from_snapshot()).await.unwrap_err();
    assert_eq!(error.kind, RdsErrorKind::Unavailable);
    assert_eq!(error.code, "UnreadableAnswer");
}
