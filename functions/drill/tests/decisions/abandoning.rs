//! Abandoning a drill: what becomes of its replica and of its evidence when something broke.

use drill::error::WireName;
use drill::evidence::{Evidence, Fate, Verdict, keys};
use drill::instance::{Instance, InstanceStatus};
use drill::ownership::TAG_HOLD;
use drill::ports::{RdsErrorKind, StoreErrorKind};
use drill::steps::abandon_drill::Output;
use serde_json::json;

use crate::support::*;

/// How far the drill came before it broke.
#[derive(Clone, Copy, PartialEq)]
enum Reached {
    Planned,
    Restored,
    Available,
    Judged,
}

fn drill_until(world: &World, reached: Reached) -> Night<'_> {
    let mut night = world.begin();
    match reached {
        Reached::Planned => {}
        Reached::Restored => drop(night.restore().expect("it is restored")),
        Reached::Available => drop(night.make_available()),
        Reached::Judged => drop(night.measure(&Database::new()).judge().expect("it is judged")),
    }
    night
}

/// What is left after a drill was abandoned: the world, what the step gave, and the evidence.
struct Abandoned {
    world: World,
    output: Output,
    evidence: Evidence,
    replica: Option<Instance>,
}

fn abandoned_for(error: &str, reached: Reached, change: impl FnOnce(&World, &mut Night<'_>)) -> Abandoned {
    let world = World::new();
    let (output, replica) = {
        let mut night = drill_until(&world, reached);
        change(&world, &mut night);
        world.clear_log();
        let output = night.abandon(error).expect("it is abandoned");
        (output, world.find(night.id()))
    };
    let evidence = world.evidence(&night_of(21)).expect("evidence");
    Abandoned { world, output, evidence, replica }
}

fn abandoned(reached: Reached, change: impl FnOnce(&World, &mut Night<'_>)) -> Abandoned {
    abandoned_for("Database.Refused", reached, change)
}

fn status(status: InstanceStatus) -> impl FnOnce(&World, &mut Night<'_>) {
    move |world, night| world.set_status(night.id(), status)
}

fn fate(abandoned: &Abandoned) -> Option<Fate> {
    abandoned.evidence.replica.as_ref().map(|r| r.fate)
}

#[test]
fn a_drill_that_broke_before_it_was_judged_is_broken() {
    let after = abandoned(Reached::Available, |_, _| {});
    assert_eq!((after.output.verdict, after.evidence.verdict), (Verdict::Broken, Verdict::Broken));
    assert_eq!(after.evidence.failure.unwrap().error, "Database.Refused");
}

#[test]
fn what_the_function_said_is_kept_without_its_wrapping() {
    let after = abandoned(Reached::Available, |_, _| {});
    assert_eq!(after.output.cause, "so it failed");
}

#[test]
fn a_running_replica_is_stopped_and_its_stop_recorded_first() {
    let after = abandoned(Reached::Available, |_, _| {});
    assert_eq!(after.replica.as_ref().unwrap().status, InstanceStatus::Stopping);
    assert!(after.world.position("PutObject drills") < after.world.position("StopDBInstance"));
    assert_eq!(fate(&after), Some(Fate::Stopping));
}

#[test]
fn older_replicas_are_not_touched() {
    let older = replica(&night_of(20));
    let after = abandoned(Reached::Available, |world, _| {
        world.earlier(&night_of(20), Verdict::Verified);
    });
    assert_eq!(after.world.find(&older.id), Some(older));
}

#[test]
fn a_saved_verdict_stands_with_what_broke_beside_it() {
    let after = abandoned_for("Replica.Late", Reached::Judged, |_, _| {});
    assert_eq!((after.output.verdict, after.evidence.verdict), (Verdict::Verified, Verdict::Verified));
    assert_eq!(after.evidence.failure.unwrap().error, "Replica.Late");
    assert!(!after.evidence.findings.is_empty());
}

#[test]
fn a_verified_replica_is_stopped_and_never_deleted() {
    for broken in [InstanceStatus::Available, InstanceStatus::Failed, InstanceStatus::StorageFull] {
        let after = abandoned(Reached::Judged, status(broken));
        assert_eq!(after.world.calls("DeleteDBInstance"), [""; 0]);
    }
}

#[test]
fn a_verified_replica_of_a_drill_that_discards_is_stopped_and_not_deleted() {
    let after = abandoned(Reached::Judged, |_, night| night.plan.keep = drill::plan::Keep::Discard);
    assert_eq!(after.world.calls("DeleteDBInstance"), [""; 0]);
    assert_eq!(after.world.calls("StopDBInstance").len(), 1);
}

#[test]
fn a_replica_that_somebody_started_after_the_drill_stopped_it_is_left_alone() {
    let after = abandoned_for("Delete.Refused", Reached::Judged, |world, night| {
        night.stop().expect("it is stopped");
        world.settle();
        world.set_status(night.id(), InstanceStatus::Available);
    });
    assert_eq!(after.world.calls("StopDBInstance"), [""; 0]);
    assert_eq!(fate(&after), Some(Fate::Running));
    assert!(after.evidence.warnings[0].starts_with("COST"));
}

/// A drill whose stop lost its answer; the replica stopped and somebody started it.
fn started_after_a_lost_answer(world: &World, night: &mut Night<'_>) {
    world.fault(Fault::lost_answer("StopDBInstance"));
    assert!(night.stop().is_err());
    world.settle();
    world.set_status(night.id(), InstanceStatus::Available);
    world.wait(chrono::TimeDelta::minutes(16));
    world.clear_log();
}

#[test]
fn a_replica_that_somebody_started_after_a_stop_without_an_answer_is_left_alone() {
    let after = abandoned_for("Rds.Unavailable", Reached::Judged, started_after_a_lost_answer);
    assert_eq!(after.world.changes(), [""; 0]);
    assert_eq!(fate(&after), Some(Fate::Running));
}

#[test]
fn a_replica_that_failed_in_somebody_s_hands_keeps_the_record_of_our_stop() {
    let mut asked_at = None;
    let after = abandoned_for("Replica.Failed", Reached::Judged, |world, night| {
        started_after_a_lost_answer(world, night);
        world.set_status(night.id(), InstanceStatus::StorageFull);
        asked_at = world.stop_record(night.drill()).map(|s| s.requested_at);
    });
    assert_eq!(after.world.changes(), [""; 0]);
    assert_eq!(after.world.stop_record(&night_of(21)).map(|s| s.requested_at), asked_at);
}

#[test]
fn another_instance_under_the_name_of_the_drill_s_replica_is_left_alone() {
    for keep in [drill::plan::Keep::Standby, drill::plan::Keep::Discard] {
        let after = abandoned_for("Replica.NotOurs", Reached::Judged, |world, night| {
            night.plan.keep = keep;
            night.plan.configuration.replica.on_broken = drill::configuration::Disposal::Delete;
            world.forget(&keys::verdict(night.drill()));
            world.edit(night.id(), |i| i.resource_id = resource_id("OTHER"));
        });
        assert_eq!(after.world.changes(), [""; 0]);
        assert_eq!(fate(&after), Some(Fate::Unknown));
    }
}

#[test]
fn nothing_is_deleted_when_the_verdict_cannot_be_read() {
    let after = abandoned(Reached::Judged, |world, night| {
        night.plan.configuration.replica.on_broken = drill::configuration::Disposal::Delete;
        world.write(&keys::verdict(night.drill()), "{");
        world.set_status(night.id(), InstanceStatus::Failed);
    });
    assert_eq!(after.world.calls("DeleteDBInstance"), [""; 0]);
    assert_eq!(after.evidence.verdict, Verdict::Broken);
    assert!(after.evidence.warnings[0].contains("can't be read"));
}

#[test]
fn a_failed_replica_of_a_broken_drill_is_deleted() {
    let after = abandoned(Reached::Restored, status(InstanceStatus::IncompatibleNetwork));
    assert_eq!(after.world.calls("DeleteDBInstance").len(), 1);
    assert_eq!(fate(&after), Some(Fate::Deleted));
}

#[test]
fn a_replica_of_a_broken_drill_is_deleted_where_the_configuration_says_so() {
    let after = abandoned(Reached::Available, |_, night| {
        night.plan.configuration.replica.on_broken = drill::configuration::Disposal::Delete;
    });
    assert_eq!(after.world.changes(), [format!("DeleteDBInstance {}", replica(&night_of(21)).id)]);
}

#[test]
fn a_stop_that_fails_becomes_a_warning_of_its_cost() {
    let after = abandoned(Reached::Restored, |_, _| {});
    assert_eq!(after.replica.as_ref().unwrap().status, InstanceStatus::Creating);
    assert!(after.evidence.warnings[0].starts_with("COST: "), "{:?}", after.evidence.warnings);
    assert_eq!(fate(&after), Some(Fate::Running));
    assert!(after.world.messages()[0].body.contains("COST: "));
}

#[test]
fn a_throttled_stop_does_not_keep_the_message_back() {
    let after = abandoned(Reached::Available, |world, _| world.fault(Fault::throttle("StopDBInstance")));
    assert!(after.world.messages()[0].body.contains("COST: "));
}

#[test]
fn a_delete_that_fails_becomes_a_warning_of_its_cost() {
    let after = abandoned(Reached::Restored, |world, night| {
        world.set_status(night.id(), InstanceStatus::Failed);
        world.fault(Fault::rds("DeleteDBInstance", RdsErrorKind::Rejected, "Code"));
    });
    assert!(after.evidence.warnings[0].starts_with("COST: "));
    assert_eq!(fate(&after), Some(Fate::Unknown));
}

#[test]
fn a_held_replica_is_left_as_it_is() {
    let after = abandoned(Reached::Available, |world, night| {
        world.edit(night.id(), |i| drop(i.tags.insert(TAG_HOLD.to_owned(), String::new())));
    });
    assert_eq!(after.world.changes(), [""; 0]);
    assert!(after.evidence.warnings[0].contains("on hold"));
}

#[test]
fn a_renamed_replica_is_not_touched() {
    let after =
        abandoned(Reached::Available, |world, night| world.edit(night.id(), |i| i.id = "rescue".to_owned()));
    assert_eq!(after.world.changes(), [""; 0]);
}

#[test]
fn a_foreign_instance_under_the_replica_s_name_is_not_touched() {
    let after = abandoned(Reached::Planned, |world, night| {
        let mut foreign = source();
        foreign.id = night.id().to_owned();
        foreign.resource_id = resource_id("FOREIGN");
        world.add(foreign);
    });
    assert_eq!(after.world.changes(), [""; 0]);
}

#[test]
fn a_plan_that_names_the_source_as_the_replica_touches_nothing() {
    let after = abandoned(Reached::Planned, |_, night| {
        night.plan.replica = drill::ids::ReplicaId::parse("courses-prod").unwrap();
        night.plan.configuration.replica.on_broken = drill::configuration::Disposal::Delete;
    });
    assert_eq!(after.world.changes(), [""; 0]);
}

#[test]
fn a_replica_whose_restore_lost_its_answer_is_found_and_stopped() {
    let after = abandoned_for("Rds.Unavailable", Reached::Restored, |world, night| {
        night.restored = None;
        world.settle();
    });
    assert_eq!(after.world.calls("StopDBInstance").len(), 1);
    assert_eq!(fate(&after), Some(Fate::Stopping));
}

#[test]
fn a_replica_that_may_still_appear_is_reported_as_unknown() {
    let after = abandoned_for("Rds.Unavailable", Reached::Planned, |_, _| {});
    assert_eq!(fate(&after), Some(Fate::Unknown));
}

#[test]
fn a_restore_that_was_refused_leaves_no_replica_in_the_evidence() {
    let after = abandoned_for("Restore.Refused", Reached::Planned, |_, _| {});
    assert_eq!(after.evidence.replica, None);
}

#[test]
fn a_drill_without_a_plan_leaves_evidence_when_it_holds_the_claim() {
    let world = World::new();
    world.change(|s| s.snapshots.clear());
    let error = world.plan().expect_err("there is no backup");
    assert_eq!(error.name, WireName::BackupMissing);
    let request = serde_json::to_value(request(&night_of(21))).unwrap();
    let output = world.abandon_unplanned("tonight", request).expect("it is abandoned");
    assert_eq!(output.drill, Some(night_of(21)));
    assert_eq!(world.evidence(&night_of(21)).unwrap().verdict, Verdict::Broken);
}

#[test]
fn a_repeated_event_s_execution_touches_nothing_and_overwrites_nothing() {
    let world = World::new();
    let mut night = drill_until(&world, Reached::Judged);
    night.stop().expect("it is stopped");
    let before = world.change(|s| (s.instances.clone(), s.objects.clone()));
    let second = world.plan_in("again", request(&night_of(21))).expect_err("it is a repeated event");
    assert_eq!(second.name, WireName::DrillRepeated);
    let request = serde_json::to_value(request(&night_of(21))).unwrap();
    world.clear_log();
    let output = world.abandon_unplanned("again", request).expect("it is abandoned");
    assert_eq!(output.drill, None);
    assert_eq!(world.changes(), [""; 0]);
    assert_eq!(world.change(|s| (s.instances.clone(), s.objects.clone())), before);
}

#[test]
fn a_plan_in_a_stranger_s_hands_touches_nothing() {
    let after = World::new();
    let mut night = drill_until(&after, Reached::Available);
    night.plan.execution.id = execution_arn("a stranger");
    let before = after.change(|s| (s.instances.clone(), s.objects.clone()));
    night.abandon("Some.Error").expect("it is abandoned");
    assert_eq!(after.change(|s| (s.instances.clone(), s.objects.clone())), before);
}

#[test]
fn an_input_that_is_no_request_only_notifies() {
    for request in [json!(null), json!({}), json!({"source": "Courses Prod"}), json!({"source": "a", "x": 1})]
    {
        let world = World::new();
        let before = world.change(|s| s.objects.clone());
        let output = world.abandon_unplanned("tonight", request).expect("it is abandoned");
        assert_eq!((output.drill, output.verdict), (None, Verdict::Broken));
        assert_eq!(world.messages().len(), 1);
        assert_eq!(world.change(|s| s.objects.clone()), before);
    }
}

#[test]
fn abandoning_again_is_harmless() {
    let world = World::new();
    let night = drill_until(&world, Reached::Judged);
    let first = night.abandon("Replica.Late").expect("it is abandoned");
    world.settle();
    let second = night.abandon("Replica.Late").expect("it is abandoned");
    assert_eq!(first, second);
    assert_eq!(world.calls("StopDBInstance").len(), 1);
    assert_eq!(world.evidence(night.drill()).unwrap().replica.unwrap().fate, Fate::Stopped);
}

#[test]
fn a_message_that_is_not_taken_fails_after_the_evidence_is_written() {
    let world = World::new();
    let night = drill_until(&world, Reached::Available);
    world.fault(Fault::store("Publish", StoreErrorKind::Denied));
    assert_eq!(night.abandon("Some.Error").expect_err("nobody is told").name, WireName::NotifyRefused);
    assert!(world.evidence(night.drill()).is_some());
}
