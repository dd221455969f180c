//! Promoting: what a look tells, and what each call says and to whom.

use drill::evidence::Evidence;
use drill::ids::{DbiResourceId, Deployment, DrillId};
use drill::ownership::{OWNERSHIP_TAGS, Ownership};
use drill::ports::{Changes, PromoteReplica, RdsErrorKind, ReadService};
use drill::promotion::Promotable;
use restore_drill_aws::Rds;

use crate::rds_reading::REPLICA;
use crate::replay::{Replay, replay};

const ARN: &str = "arn:aws:rds:eu-central-1:123456789012:db:drill-prod-courses-prod-20261121030000-90e438ea";

/// As much of a verdict as a record must have.
const VERDICT: &str = r#"{
    "schema": "restore-drill/evidence/1", "drill": "courses-prod-20261121t030000z", "deployment": "prod",
    "source": "courses-prod", "trigger": "schedule", "requested_by": "schedule", "execution": "an execution",
    "verdict": "verified", "summary": "so it was",
    "backup": {
        "kind": "automated", "snapshot": "rds:courses-prod-2026-11-21-02-03", "data_at": "2026-11-21T02:03:04Z",
        "engine_version": "16.4", "storage_type": null, "allocated_storage_gib": 100
    },
    "replica": {
        "id": "drill-prod-courses-prod-20261121030000-90e438ea", "resource_id": "db-REPLICA00000000000000000001",
        "instance_class": "db.t4g.medium", "fate": "stopped"
    },
    "timeline": {}, "findings": [], "tables": [], "history": [], "not_covered": [], "warnings": [],
    "retired": [], "kept": [], "version": "0"
}"#;

fn verdict() -> Evidence {
    let drill = DrillId::parse("courses-prod-20261121t030000z").unwrap();
    Evidence::parse(VERDICT, &drill, "verdict.json").expect("evidence")
}

/// The proof, made from the recorded description as a turn makes it, and the answer to the call after it.
async fn confirmed(answer: (u16, &str)) -> (Replay, Rds, Promotable) {
    let replay = replay(&[(200, "rds/describe-instance-replica-stopped.xml"), answer]);
    let rds = Rds::new(&replay.configuration);
    let observed = rds.observe(REPLICA).await.unwrap().unwrap();
    let ownership = Ownership {
        deployment: Deployment::parse("prod").unwrap(),
        source_resource_ids: vec![DbiResourceId::parse("db-PRODUCTION0000000000000001").unwrap()],
    };
    let replica = Promotable::confirm(&observed, &ownership, Some(&verdict())).expect("it is verified");
    (replay, rds, replica)
}

fn fields(replay: &Replay) -> Vec<(String, String)> {
    replay.sent().last().expect("a call was sent").form().into_iter().collect()
}

fn expected(action: &str, fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = [("Action", action), ("Version", "2014-10-31")];
    let mut all: Vec<(String, String)> =
        own.iter().chain(fields).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    all.sort();
    all
}

#[tokio::test]
async fn a_look_tells_what_is_in_force_and_what_rds_goes_on_with() {
    let stopped = replay(&[(200, "rds/describe-instance-replica-stopped.xml")]);
    let observed = Rds::new(&stopped.configuration).observe(REPLICA).await.unwrap().unwrap();
    assert_eq!(observed.arn, ARN);
    assert_eq!(observed.service.security_groups, ["sg-0a1b2c3d4e5f60718"]);
    assert_eq!((observed.service.backup_retention_days, observed.service.multi_az), (0, false));
    assert!(observed.service.going_on.is_empty() && !observed.service.is_reboot_pending);

    let promoted = replay(&[(200, "rds/describe-instance-being-promoted.xml")]);
    let service = Rds::new(&promoted.configuration).observe(REPLICA).await.unwrap().unwrap().service;
    assert_eq!(service.security_groups, ["sg-0a1b2c3d4e5f60718"], "one that is being removed doesn't count");
    assert_eq!(service.parameter_group.as_deref(), Some("courses-postgres16"));
    assert!(service.is_reboot_pending && !service.is_changing);
    assert_eq!((service.backup_retention_days, service.multi_az), (14, true));
    assert_eq!(service.going_on, ["backup_retention_days", "multi_az"]);
}

#[tokio::test]
async fn what_is_gone_and_what_was_not_asked_for_are_told_apart() {
    let gone = replay(&[(404, "rds/error-instance-not-found.xml")]);
    assert_eq!(Rds::new(&gone.configuration).observe(REPLICA).await, Ok(None));
    let another = replay(&[(200, "rds/describe-instance-source.xml")]);
    let error = Rds::new(&another.configuration).observe(REPLICA).await.unwrap_err();
    assert_eq!(error.kind, RdsErrorKind::Unavailable, "{error}");
}

#[tokio::test]
async fn tags_go_on_the_arn_that_rds_gave() {
    let (replay, rds, replica) = confirmed((200, "rds/add-tags.xml")).await;
    let tags = [("restore-drill:hold".to_owned(), "by ada".to_owned())].into();
    rds.tag(&replica, &tags).await.unwrap();
    let wanted =
        [("ResourceName", ARN), ("Tags.Tag.1.Key", "restore-drill:hold"), ("Tags.Tag.1.Value", "by ada")];
    assert_eq!(fields(&replay), expected("AddTagsToResource", &wanted));
}

#[tokio::test]
async fn starting_and_rebooting_name_the_replica_and_nothing_else() {
    let (replay, rds, replica) = confirmed((200, "rds/start-instance.xml")).await;
    rds.start(&replica).await.unwrap();
    assert_eq!(fields(&replay), expected("StartDBInstance", &[("DBInstanceIdentifier", REPLICA)]));
    let (replay, rds, replica) = confirmed((200, "rds/reboot-instance.xml")).await;
    rds.reboot(&replica).await.unwrap();
    assert_eq!(fields(&replay), expected("RebootDBInstance", &[("DBInstanceIdentifier", REPLICA)]));
}

#[tokio::test]
async fn a_modification_says_what_differs_and_at_once() {
    let (replay, rds, replica) = confirmed((200, "rds/modify-instance.xml")).await;
    let changes = Changes {
        security_groups: Some(vec!["sg-1".to_owned(), "sg-2".to_owned()]),
        parameter_group: Some("courses-postgres16".to_owned()),
        deletion_protection: Some(true),
        ..Changes::default()
    };
    rds.modify(&replica, &changes).await.unwrap();
    let wanted = [
        ("ApplyImmediately", "true"),
        ("DBInstanceIdentifier", REPLICA),
        ("DBParameterGroupName", "courses-postgres16"),
        ("DeletionProtection", "true"),
        ("VpcSecurityGroupIds.VpcSecurityGroupId.1", "sg-1"),
        ("VpcSecurityGroupIds.VpcSecurityGroupId.2", "sg-2"),
    ];
    assert_eq!(fields(&replay), expected("ModifyDBInstance", &wanted));
    let (replay, rds, replica) = confirmed((200, "rds/modify-instance.xml")).await;
    let changes = Changes {
        instance_class: Some("db.r7g.large".to_owned()),
        backup_retention_days: Some(14),
        multi_az: Some(true),
        ..Changes::default()
    };
    rds.modify(&replica, &changes).await.unwrap();
    let wanted = [
        ("ApplyImmediately", "true"),
        ("BackupRetentionPeriod", "14"),
        ("DBInstanceClass", "db.r7g.large"),
        ("DBInstanceIdentifier", REPLICA),
        ("MultiAZ", "true"),
    ];
    assert_eq!(fields(&replay), expected("ModifyDBInstance", &wanted));
}

#[tokio::test]
async fn disowning_takes_off_our_six_tags_and_leaves_hold_and_mark() {
    let (replay, rds, replica) = confirmed((200, "rds/remove-tags.xml")).await;
    rds.disown(&replica).await.unwrap();
    let keys: Vec<(String, &str)> = OWNERSHIP_TAGS
        .iter()
        .enumerate()
        .map(|(i, tag)| (format!("TagKeys.member.{}", i + 1), *tag))
        .collect();
    let mut wanted: Vec<(&str, &str)> = keys.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    wanted.push(("ResourceName", ARN));
    assert_eq!(fields(&replay), expected("RemoveTagsFromResource", &wanted));
}

#[tokio::test]
async fn what_rds_refuses_is_told_by_its_kind() {
    let (_, rds, replica) = confirmed((400, "rds/error-invalid-instance-state.xml")).await;
    assert_eq!(rds.start(&replica).await.unwrap_err().kind, RdsErrorKind::InvalidState);
    let (_, rds, replica) = confirmed((400, "rds/error-insufficient-capacity.xml")).await;
    assert_eq!(rds.start(&replica).await.unwrap_err().kind, RdsErrorKind::Refused);
    let (_, rds, replica) = confirmed((403, "rds/error-access-denied.xml")).await;
    assert_eq!(rds.disown(&replica).await.unwrap_err().kind, RdsErrorKind::Denied);
    let (_, rds, replica) = confirmed((404, "rds/error-parameter-group-not-found.xml")).await;
    let error = rds.modify(&replica, &Changes::default()).await.unwrap_err();
    assert_eq!(error.kind, RdsErrorKind::Rejected, "a group is missing, not the instance");
}
