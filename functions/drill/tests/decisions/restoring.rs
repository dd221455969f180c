//! Restoring: what RDS is asked for, what is adopted, and what a refusal becomes.

use chrono::TimeDelta;
use drill::backup::Origin;
use drill::error::{StepError, WireName};
use drill::instance::{Instance, InstanceStatus};
use drill::observation::Goal;
use drill::ownership::*;
use drill::ports::{RdsErrorKind, RestoreFrom, RestoreRequest};

use crate::support::*;

/// The request that RDS gets for tonight's drill after a change of its plan.
fn asked(change: impl FnOnce(&mut Night<'_>)) -> RestoreRequest {
    let world = World::new();
    let mut night = world.begin();
    change(&mut night);
    night.restore().expect("it is restored");
    world.change(|s| s.requests.remove(0))
}

#[test]
fn the_request_says_everything_that_rds_would_default_or_inherit() {
    let mut plan = None;
    let asked = asked(|night| plan = Some(night.plan.clone()));
    let plan = plan.unwrap();
    let expected = RestoreRequest {
        replica: plan.replica.clone(),
        from: RestoreFrom::Snapshot(plan.backup.origin.snapshot().unwrap().clone()),
        instance_class: "db.t4g.medium".to_owned(),
        subnet_group: "restore-drill".to_owned(),
        security_groups: vec!["sg-0a1b2c3d".to_owned()],
        parameter_group: Some("restore-drill-postgres16".to_owned()),
        storage_type: Some("gp3".to_owned()),
        extended_support: false,
        tags: plan.tags(),
    };
    assert_eq!(asked, expected);
}

#[test]
fn the_replica_carries_our_tags_and_none_of_the_source_s() {
    let tags = asked(|_| {}).tags;
    let ours =
        [TAG_DEPLOYMENT, TAG_SOURCE, TAG_SOURCE_RESOURCE_ID, TAG_DRILL, TAG_BACKUP, TAG_BACKUP_DATA_AT];
    assert_eq!(tags.len(), ours.len());
    assert!(ours.iter().all(|tag| tags.contains_key(*tag)));
}

#[test]
fn what_is_restored_is_ours_by_its_own_tags() {
    let world = World::new();
    let mut night = world.begin();
    night.restore().expect("it is restored");
    assert!(OwnedReplica::confirm(&night.instance(), &ownership()).is_ok());
}

#[test]
fn the_configured_storage_type_wins_over_the_backup_s() {
    let asked = asked(|night| night.plan.configuration.replica.storage_type = Some("io1".to_owned()));
    assert_eq!(asked.storage_type.as_deref(), Some("io1"));
}

#[test]
fn a_point_in_time_is_asked_for_by_the_source_s_identity() {
    let time = at("2026-11-21T01:00:00Z");
    let asked = asked(|night| night.plan.backup.origin = Origin::PointInTime { at: time });
    assert_eq!(asked.from, RestoreFrom::PointInTime { source: resource_id("SOURCE"), at: time });
}

#[test]
fn the_replica_is_waited_for_by_its_identity() {
    let world = World::new();
    let mut night = world.begin();
    let output = night.restore().expect("it is restored");
    assert_eq!(output.goal, Goal::Available);
    assert_eq!(output.awaited[0].resource_id, night.instance().resource_id);
    assert_eq!(output.began_at, world.now());
}

#[test]
fn an_execution_without_the_claim_restores_nothing() {
    let world = World::new();
    let mut night = world.begin();
    world.claim(&night_of(21), "another", world.now());
    assert_eq!(night.restore().expect_err("it holds no claim").name, WireName::DrillRepeated);
    assert_eq!(world.changes(), [""; 0]);
}

#[test]
fn an_execution_that_is_redriven_days_later_restores_nothing() {
    let world = World::new();
    let mut night = world.begin();
    world.wait(TimeDelta::minutes(59));
    night.restore().expect("retries take their time");
    world.wait(TimeDelta::days(3));
    world.remove(night.id());
    world.clear_log();
    assert_eq!(night.restore().unwrap_err().name, WireName::BackupStale);
    assert!(world.changes().is_empty());
}

#[test]
fn a_restore_whose_answer_was_lost_is_adopted_at_the_next_try() {
    let world = World::new();
    let mut night = world.begin();
    world.fault(Fault::lost_answer("Restore"));
    assert_eq!(night.restore().expect_err("the answer is lost").name, WireName::RdsUnavailable);
    world.settle();
    world.wait(TimeDelta::seconds(30));
    let output = night.restore().expect("it is adopted");
    assert_eq!(output.restored.resource_id, night.instance().resource_id);
    assert_eq!(world.change(|s| s.restored), 1);
}

#[test]
fn repeating_the_restore_gives_the_same_replica() {
    let world = World::new();
    let mut night = world.begin();
    let first = night.restore().expect("it is restored").restored;
    let second = night.restore().expect("a repeated step").restored;
    assert_eq!((first.replica, first.resource_id), (second.replica, second.resource_id));
}

#[test]
fn an_instance_that_exists_and_is_not_shown_yet_is_waited_for() {
    let world = World::new();
    let mut night = world.begin();
    night.restore().expect("it is restored");
    world.fault(Fault::hidden().of(night.id()));
    let error = night.restore().expect_err("it isn't shown");
    assert!(error.name.is_retried(), "{error}");
}

/// The error of a restore where an instance of the replica's name exists that differs from it.
fn conflict(change: impl FnOnce(&mut Instance)) -> StepError {
    let world = World::new();
    let mut night = world.begin();
    night.restore().expect("it is restored");
    world.edit(night.id(), change);
    let before = world.find(night.id());
    let error = night.restore().expect_err("it isn't adopted");
    assert_eq!(world.find(night.id()), before, "it is left alone");
    error
}

#[test]
fn an_instance_with_another_tag_than_the_plan_s_is_not_adopted() {
    let others = [
        (TAG_DEPLOYMENT, "staging"),
        (TAG_SOURCE, "orders-prod"),
        (TAG_SOURCE_RESOURCE_ID, "db-OTHER"),
        (TAG_DRILL, "courses-prod-20261120t030000z"),
        (TAG_BACKUP, "rds:another"),
        (TAG_BACKUP_DATA_AT, "2026-11-21T02:02:59Z"),
    ];
    for (tag, value) in others {
        let error = conflict(|i| drop(i.tags.insert(tag.to_owned(), value.to_owned())));
        assert_eq!(error.name, WireName::RestoreConflict, "{tag}");
        // A backup that isn't the plan's is told first: it is what a person would look for.
        assert_eq!(error.fact.contains("it is of backup rds:another"), tag == TAG_BACKUP, "{tag}: {error:?}");
    }
}

#[test]
fn an_instance_without_tags_is_not_adopted() {
    assert_eq!(conflict(|i| i.tags.clear()).name, WireName::RestoreConflict);
}

#[test]
fn a_held_instance_is_not_adopted() {
    let error = conflict(|i| drop(i.tags.insert(TAG_HOLD.to_owned(), String::new())));
    assert_eq!(error.name, WireName::RestoreConflict);
}

#[test]
fn the_source_under_the_replica_s_name_is_not_adopted() {
    assert_eq!(conflict(|i| i.resource_id = resource_id("SOURCE")).name, WireName::RestoreConflict);
}

#[test]
fn an_adopted_replica_that_failed_meanwhile_is_left_to_the_observer() {
    let world = World::new();
    let mut night = world.begin();
    night.restore().expect("it is restored");
    world.set_status(night.id(), InstanceStatus::IncompatibleNetwork);
    assert!(night.restore().is_ok());
}

/// What a refusal of RDS becomes.
fn refusal(kind: RdsErrorKind, code: &'static str) -> StepError {
    let world = World::new();
    let mut night = world.begin();
    world.fault(Fault::rds("Restore", kind, code));
    night.restore().expect_err("it is refused")
}

#[test]
fn a_snapshot_that_is_gone_by_now_has_vanished() {
    let error = refusal(RdsErrorKind::NotFound, "DBSnapshotNotFound");
    assert_eq!(error.name, WireName::BackupVanished);
}

#[test]
fn another_thing_that_is_missing_is_a_refusal() {
    assert_eq!(refusal(RdsErrorKind::NotFound, "DBSubnetGroupNotFoundFault").name, WireName::RestoreRefused);
}

#[test]
fn a_quota_is_a_refusal_that_promises_to_delete_nothing() {
    let error = refusal(RdsErrorKind::Refused, "InstanceQuotaExceeded");
    assert_eq!(error.name, WireName::RestoreRefused);
    assert!(error.hint.contains("never deleted to make room"), "{}", error.hint);
}

#[test]
fn a_key_and_a_capacity_are_refusals_with_a_hint_of_their_own() {
    assert!(refusal(RdsErrorKind::Refused, "KMSKeyNotAccessibleFault").hint.contains("KMS"));
    assert!(refusal(RdsErrorKind::Refused, "InsufficientDBInstanceCapacity").hint.contains("instance_class"));
}

#[test]
fn a_rejected_parameter_is_a_refusal() {
    for kind in [RdsErrorKind::Rejected, RdsErrorKind::InvalidState] {
        assert_eq!(refusal(kind, "InvalidParameterValue").name, WireName::RestoreRefused);
    }
}

#[test]
fn a_throttled_or_unanswered_restore_stays_retried() {
    for kind in [RdsErrorKind::Throttled, RdsErrorKind::Unavailable] {
        assert!(refusal(kind, "Code").name.is_retried(), "{kind:?}");
    }
}

#[test]
fn a_denied_restore_is_not_tried_again() {
    let error = refusal(RdsErrorKind::Denied, "AccessDenied");
    assert_eq!((error.name, error.name.is_retried()), (WireName::RdsDenied, false));
}
