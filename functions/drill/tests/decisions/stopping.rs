//! Stopping the replica once its verdict is saved.

use chrono::TimeDelta;
use drill::error::WireName;
use drill::evidence::keys;
use drill::instance::InstanceStatus;
use drill::observation::Goal;
use drill::ownership::TAG_HOLD;
use drill::ports::{RdsErrorKind, StoreErrorKind};

use crate::support::*;

/// A drill that is judged and whose replica runs.
fn judged(world: &World) -> Night<'_> {
    let mut night = world.begin();
    night.measure(&Database::new()).judge().expect("it is judged");
    world.clear_log();
    night
}

/// The error of stopping after a change.
fn refused(change: impl FnOnce(&World, &mut Night<'_>)) -> (World, WireName) {
    let world = World::new();
    let error = {
        let mut night = judged(&world);
        change(&world, &mut night);
        night.stop().expect_err("it isn't stopped").name
    };
    (world, error)
}

#[test]
fn the_replica_is_stopped_and_waited_for() {
    let world = World::new();
    let mut night = judged(&world);
    let output = night.stop().expect("it is stopped");
    assert_eq!(world.changes(), [format!("StopDBInstance {}", night.id())]);
    assert_eq!(output.goal, Goal::Stopped);
    assert_eq!(output.awaited[0].resource_id, night.instance().resource_id);
}

#[test]
fn the_stop_is_recorded_before_the_call() {
    let world = World::new();
    let mut night = judged(&world);
    night.stop().expect("it is stopped");
    let record = world.position(&format!("PutObject {}", keys::stop(night.drill())));
    assert!(record < world.position("StopDBInstance"));
    assert_eq!(world.stop_record(night.drill()).unwrap().resource_id, night.instance().resource_id);
}

#[test]
fn nothing_is_stopped_when_the_stop_cannot_be_recorded() {
    let (world, error) = refused(|world, _| {
        world.fault(Fault::store("PutObject", StoreErrorKind::Unavailable).of("stop.json"));
    });
    assert_eq!(error, WireName::EvidenceUnavailable);
    assert_eq!(world.changes(), [""; 0]);
}

#[test]
fn nothing_is_stopped_before_the_verdict_is_saved() {
    let (world, error) = refused(|world, _| world.forget(&keys::verdict(&night_of(21))));
    assert_eq!(error, WireName::JudgeIncomplete);
    assert_eq!(world.changes(), [""; 0]);
}

#[test]
fn the_verdict_is_saved_before_the_stop_is_asked_for() {
    let world = World::new();
    let mut night = world.begin();
    night.measure(&Database::new()).judge().expect("it is judged");
    night.stop().expect("it is stopped");
    assert!(
        world.position(&format!("PutObject {}", keys::verdict(night.drill())))
            < world.position("StopDBInstance")
    );
}

#[test]
fn an_execution_without_the_claim_stops_nothing() {
    let (world, error) = refused(|world, _| world.claim(&night_of(21), "another", world.now()));
    assert_eq!(error, WireName::DrillRepeated);
    assert_eq!(world.changes(), [""; 0]);
}

#[test]
fn an_execution_whose_claim_is_gone_stops_nothing() {
    let (world, error) = refused(|world, _| world.forget(&keys::claim(&night_of(21))));
    assert_eq!(error, WireName::EvidenceInvalid);
    assert_eq!(world.changes(), [""; 0]);
}

#[test]
fn a_held_replica_is_not_stopped() {
    let (world, error) = refused(|world, night| {
        world.edit(night.id(), |i| drop(i.tags.insert(TAG_HOLD.to_owned(), String::new())));
    });
    assert_eq!(error, WireName::ReplicaNotOurs);
    assert_eq!(world.changes(), [""; 0]);
}

#[test]
fn a_renamed_replica_is_not_stopped() {
    let (world, error) = refused(|world, night| {
        world.edit(night.id(), |i| i.id = "courses-rescue".to_owned());
    });
    assert_eq!(error, WireName::ReplicaVanished);
    assert_eq!(world.changes(), [""; 0]);
}

#[test]
fn another_instance_under_the_replica_s_name_is_not_stopped() {
    let (world, error) = refused(|world, night| {
        world.edit(night.id(), |i| i.resource_id = resource_id("OTHER"));
    });
    assert_eq!(error, WireName::ReplicaNotOurs);
    assert_eq!(world.changes(), [""; 0]);
}

#[test]
fn a_plan_that_names_the_source_as_the_replica_stops_nothing() {
    let (world, error) = refused(|_, night| {
        night.plan.replica = drill::ids::ReplicaId::parse("courses-prod").unwrap();
    });
    assert_eq!(error, WireName::ReplicaNotOurs);
    assert_eq!(world.changes(), [""; 0]);
}

#[test]
fn repeating_a_stop_asks_once_and_keeps_the_first_time() {
    let world = World::new();
    let mut night = judged(&world);
    let first = night.stop().expect("it is stopped");
    world.wait(TimeDelta::minutes(1));
    let second = night.stop().expect("a repeated step");
    world.settle();
    let third = night.stop().expect("a repeated step");
    assert_eq!(world.changes().len(), 1);
    assert_eq!([second.requested_at, third.requested_at], [first.requested_at; 2]);
}

#[test]
fn a_stop_whose_answer_was_lost_is_seen_at_the_next_try() {
    let world = World::new();
    let mut night = judged(&world);
    world.fault(Fault::lost_answer("StopDBInstance"));
    assert_eq!(night.stop().expect_err("the answer is lost").name, WireName::RdsUnavailable);
    assert!(night.stop().is_ok());
    assert_eq!(world.changes().len(), 1);
}

#[test]
fn a_stop_that_rds_refuses_since_it_is_under_way_is_no_failure() {
    let world = World::new();
    let mut night = judged(&world);
    // The call takes effect and its answer says that it came too late, as after a stale look.
    world.fault(Fault::lost_answer("StopDBInstance").of_kind(RdsErrorKind::InvalidState));
    assert!(night.stop().is_ok());
}

#[test]
fn a_stop_that_rds_refuses_of_a_running_replica_is_told() {
    let refusals =
        [RdsErrorKind::InvalidState, RdsErrorKind::Refused, RdsErrorKind::Rejected, RdsErrorKind::NotFound];
    for kind in refusals {
        let (_, error) = refused(|world, _| world.fault(Fault::rds("StopDBInstance", kind, "Code")));
        assert_eq!(error, WireName::StopRefused, "{kind:?}");
    }
}

#[test]
fn a_throttled_stop_is_tried_again_by_the_state_machine() {
    let (_, error) = refused(|world, _| world.fault(Fault::throttle("StopDBInstance")));
    assert!(error.is_retried());
}

#[test]
fn a_throttled_stop_is_asked_for_again_though_it_was_recorded() {
    let world = World::new();
    let mut night = judged(&world);
    world.fault(Fault::throttle("StopDBInstance"));
    assert!(night.stop().is_err());
    world.wait(TimeDelta::minutes(1));
    assert!(night.stop().is_ok());
    assert_eq!(night.instance().status, InstanceStatus::Stopping);
}

#[test]
fn a_replica_that_runs_long_after_it_was_asked_to_stop_is_left_to_whoever_started_it() {
    let (world, error) = refused(|world, night| {
        night.stop().expect("it is stopped");
        world.settle();
        world.set_status(night.id(), InstanceStatus::Available);
        world.wait(TimeDelta::minutes(16));
        world.clear_log();
    });
    assert_eq!(error, WireName::StopRefused);
    assert_eq!(world.changes(), [""; 0]);
    assert_eq!(world.stop_record(&night_of(21)).unwrap().requested_at, world.now() - TimeDelta::minutes(16));
}

#[test]
fn a_replica_that_is_being_deleted_is_not_said_to_stop() {
    let (_, error) = refused(|world, night| world.set_status(night.id(), InstanceStatus::Deleting));
    assert_eq!(error, WireName::StopRefused);
}
