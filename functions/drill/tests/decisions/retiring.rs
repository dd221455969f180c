//! Retiring: which older replicas go once this drill's own is verified and stopped, and why others stay.

use chrono::TimeDelta;
use drill::error::WireName;
use drill::evidence::{StopRecord, Verdict, keys};
use drill::ids::{Deployment, DrillId, SourceId};
use drill::instance::{Instance, InstanceStatus};
use drill::observation::Goal;
use drill::ownership::{TAG_HOLD, TAG_SOURCE_RESOURCE_ID, replica_tags};
use drill::ports::RdsErrorKind;
use drill::retirement::RETIRED_MAX;
use drill::steps::retire_previous::Output;

use crate::support::*;

/// Last night's replica and tonight's, verified and stopped; then a change by the test, and retiring.
fn retired(change: impl FnOnce(&World, &Instance)) -> (World, Output) {
    let world = World::new();
    let older = world.earlier(&night_of(20), Verdict::Verified);
    let output = {
        let mut night = world.begin();
        night.make_standby(&Database::new());
        change(&world, &older);
        night.retire().expect("retiring is decided")
    };
    (world, output)
}

/// The reason why last night's replica stays after a change.
fn kept(change: impl FnOnce(&World, &Instance)) -> String {
    let (world, output) = retired(change);
    assert_eq!(world.calls("DeleteDBInstance"), [""; 0], "nothing is deleted");
    let [kept] = output.kept.as_slice() else { panic!("one is kept: {output:?}") };
    kept.reason.clone()
}

fn edit(change: impl FnOnce(&mut Instance)) -> impl FnOnce(&World, &Instance) {
    |world, older| world.edit(&older.id, change)
}

#[test]
fn last_night_s_replica_goes_once_tonight_s_is_verified_and_stopped() {
    let older = replica(&night_of(20));
    let (world, output) = retired(|_, _| {});
    assert_eq!(world.calls("DeleteDBInstance"), std::slice::from_ref(&older.id));
    assert_eq!(output.goal, Goal::Gone);
    assert_eq!(output.awaited[0].resource_id, older.resource_id);
}

#[test]
fn the_new_standby_itself_is_neither_deleted_nor_listed() {
    let (world, output) = retired(|_, _| {});
    assert!(world.find("courses-prod").is_some());
    assert_eq!(output.awaited.len(), 1);
    assert_eq!(output.kept, []);
}

#[test]
fn a_rejected_older_replica_goes_too() {
    let world = World::new();
    let older = world.earlier(&night_of(20), Verdict::Rejected);
    world.begin().make_standby(&Database::new()).retire().expect("it is retired");
    assert_eq!(world.calls("DeleteDBInstance"), [older.id]);
}

#[test]
fn a_replica_of_a_later_drill_is_kept() {
    let world = World::new();
    world.earlier(&drill_at("2026-11-21T03:30:00Z"), Verdict::Broken);
    let output = world.begin().make_standby(&Database::new()).retire().expect("it is decided");
    assert_eq!(output.kept[0].reason, "it is of a later drill");
    assert_eq!(world.calls("DeleteDBInstance"), [""; 0]);
}

#[test]
fn a_replica_with_newer_data_is_kept_though_its_drill_is_older() {
    let reason = kept(edit(|i| {
        let newer = at("2026-11-21T02:04:00Z");
        i.tags = replica_tags(&DEPLOYMENT, &night_of(20), &resource_id("SOURCE"), "rds:other", newer);
    }));
    assert_eq!(reason, "its data are newer than those of this drill");
}

#[test]
fn a_held_replica_is_kept() {
    let reason = kept(edit(|i| drop(i.tags.insert(TAG_HOLD.to_owned(), String::new()))));
    assert!(reason.contains("on hold"), "{reason}");
}

#[test]
fn a_renamed_replica_is_kept() {
    let reason = kept(edit(|i| i.id = "courses-rescue".to_owned()));
    assert!(reason.contains("renamed"), "{reason}");
}

#[test]
fn a_replica_that_became_the_source_is_kept() {
    let (_, output) = retired(|world, older| {
        world.remove("courses-prod");
        world.edit(&older.id, |i| i.id = "courses-prod".to_owned());
    });
    assert_eq!(output.kept[0].reason, "it is the source itself");
}

#[test]
fn a_started_replica_is_kept() {
    for status in [InstanceStatus::Available, InstanceStatus::Starting, InstanceStatus::BackingUp] {
        let reason = kept(edit(|i| i.status = status));
        assert!(reason.contains("somebody started it"), "{reason}");
    }
}

#[test]
fn a_replica_in_a_terminal_or_unknown_status_is_kept() {
    for status in [InstanceStatus::StorageFull, InstanceStatus::Failed, InstanceStatus::parse("levitating")] {
        let reason = kept(edit(|i| i.status = status));
        assert!(reason.contains("never stopped"), "{reason}");
    }
}

#[test]
fn a_replica_that_somebody_stopped_later_is_kept() {
    let reason = kept(edit(|i| i.automatic_restart_at = Some(at("2026-11-28T01:00:00Z"))));
    assert!(reason.contains("started and stopped it again"), "{reason}");
}

#[test]
fn a_stop_that_took_as_long_as_aws_allows_is_still_ours() {
    let stop = night_of(20).scheduled_at() + TimeDelta::minutes(55);
    let restart = stop + TimeDelta::hours(2) + TimeDelta::days(7);
    let (world, _) = retired(edit(|i| i.automatic_restart_at = Some(restart)));
    assert_eq!(world.calls("DeleteDBInstance").len(), 1);
}

#[test]
fn a_replica_of_which_rds_does_not_say_when_it_was_stopped_is_kept() {
    let reason = kept(edit(|i| i.automatic_restart_at = None));
    assert_eq!(reason, "RDS doesn't say when it was stopped");
}

#[test]
fn a_replica_without_a_record_of_our_stop_is_kept() {
    let reason = kept(|world, _| world.forget(&keys::stop(&night_of(20))));
    assert_eq!(reason, "there is no record that this product stopped it");
}

#[test]
fn a_record_of_another_instance_s_stop_counts_for_nothing() {
    let reason = kept(|world, _| {
        let record = StopRecord { resource_id: resource_id("OTHER"), requested_at: world.now() };
        world.write_json(&keys::stop(&night_of(20)), &record);
    });
    assert_eq!(reason, "there is no record that this product stopped it");
}

#[test]
fn a_protected_replica_is_kept() {
    let reason = kept(edit(|i| i.deletion_protection = true));
    assert_eq!(reason, "somebody turned its deletion protection on");
}

#[test]
fn a_replica_that_is_being_deleted_is_waited_for_and_not_asked_again() {
    let (world, output) = retired(edit(|i| i.status = InstanceStatus::Deleting));
    assert_eq!(world.calls("DeleteDBInstance"), [""; 0]);
    assert_eq!(output.awaited.len(), 1);
}

#[test]
fn the_replicas_of_another_source_are_not_looked_at() {
    let world = World::new();
    let drill = DrillId::of(&SourceId::parse("orders-prod").unwrap(), night_of(20).scheduled_at()).unwrap();
    let other = replica(&drill);
    world.add(Instance { resource_id: resource_id("ORDERS"), ..other.clone() });
    let output = world.begin().make_standby(&Database::new()).retire().expect("it is decided");
    assert_eq!((output.awaited, output.kept), (vec![], vec![]));
    assert!(world.find(&other.id).is_some());
}

#[test]
fn the_replicas_of_another_deployment_are_not_looked_at() {
    let world = World::new();
    world.add(replica_of(&Deployment::parse("main-eu").unwrap(), &night_of(20)));
    let output = world.begin().make_standby(&Database::new()).retire().expect("it is decided");
    assert_eq!((output.awaited, output.kept), (vec![], vec![]));
}

#[test]
fn a_source_that_was_replaced_under_its_name_still_retires_its_old_replicas() {
    let older = replica(&night_of(20));
    let (world, _) = retired(edit(|i| {
        i.tags.insert(TAG_SOURCE_RESOURCE_ID.to_owned(), resource_id("BEFORE").to_string());
    }));
    assert_eq!(world.calls("DeleteDBInstance"), [older.id]);
}

#[test]
fn at_most_ten_go_in_one_drill() {
    let world = World::new();
    for day in 1..=13 {
        world.earlier(&night_of(day), Verdict::Verified);
    }
    let output = world.begin().make_standby(&Database::new()).retire().expect("it is retired");
    assert_eq!(world.calls("DeleteDBInstance").len(), RETIRED_MAX);
    assert_eq!(output.kept.len(), 13 - RETIRED_MAX);
}

#[test]
fn nothing_goes_while_the_own_replica_is_not_stopped() {
    let reason = kept(|world, _| {
        let own = replica(&night_of(21)).id;
        world.set_status(&own, InstanceStatus::Available);
    });
    assert!(reason.contains("is available, not stopped"), "{reason}");
}

#[test]
fn nothing_goes_when_the_verified_verdict_is_of_another_instance() {
    let reason = kept(|world, _| {
        let mut evidence = world.verdict(&night_of(21)).unwrap();
        evidence.replica.as_mut().unwrap().resource_id = Some(resource_id("OTHER"));
        world.write_json(&keys::verdict(&night_of(21)), &evidence);
    });
    assert!(reason.contains("does not say verified"), "{reason}");
}

#[test]
fn a_broken_or_rejected_verdict_in_the_store_keeps_everything() {
    for verdict in [Verdict::Broken, Verdict::Rejected] {
        let (world, output) = retired(|world, _| {
            let mut evidence = world.verdict(&night_of(21)).unwrap();
            evidence.verdict = verdict;
            world.write_json(&keys::verdict(&night_of(21)), &evidence);
        });
        assert_eq!(world.calls("DeleteDBInstance"), [""; 0]);
        assert_eq!(output.awaited, []);
        // Not even asked which older ones could go.
        assert_eq!(output.kept, []);
    }
}

/// The error of retiring after tonight's replica is the standby and the test has changed something.
fn failed(change: impl FnOnce(&World, &Instance)) -> (World, WireName) {
    let world = World::new();
    let older = world.earlier(&night_of(20), Verdict::Verified);
    let error = {
        let mut night = world.begin();
        night.make_standby(&Database::new());
        change(&world, &older);
        night.retire().expect_err("it fails").name
    };
    (world, error)
}

#[test]
fn nothing_goes_without_a_saved_verdict() {
    let (world, error) = failed(|world, _| world.forget(&keys::verdict(&night_of(21))));
    assert_eq!(error, WireName::JudgeIncomplete);
    assert_eq!(world.calls("DeleteDBInstance"), [""; 0]);
}

#[test]
fn nothing_goes_in_an_execution_that_does_not_hold_the_claim() {
    let (world, error) = failed(|world, _| world.claim(&night_of(21), "another", world.now()));
    assert_eq!(error, WireName::DrillRepeated);
    assert_eq!(world.calls("DeleteDBInstance"), [""; 0]);
}

#[test]
fn nothing_goes_when_the_own_replica_is_not_ours_any_more() {
    let (world, error) = failed(|world, _| {
        world.edit(&replica(&night_of(21)).id, |i| drop(i.tags.insert(TAG_HOLD.to_owned(), String::new())));
    });
    assert_eq!(error, WireName::ReplicaNotOurs);
    assert_eq!(world.calls("DeleteDBInstance"), [""; 0]);
}

#[test]
fn a_replica_that_is_gone_when_it_is_to_be_deleted_is_no_failure() {
    let (_, output) = retired(|world, _| {
        world.fault(Fault::rds("DeleteDBInstance", RdsErrorKind::NotFound, "DBInstanceNotFound"));
    });
    assert_eq!(output.awaited.len(), 1);
}

#[test]
fn a_refused_delete_is_reported_after_all_were_tried() {
    let (world, error) = failed(|world, _| {
        world.earlier(&night_of(19), Verdict::Verified);
        world.fault(Fault::rds("DeleteDBInstance", RdsErrorKind::Rejected, "InvalidParameterCombination"));
    });
    assert_eq!(error, WireName::DeleteRefused);
    assert_eq!(world.calls("DeleteDBInstance").len(), 2);
}

#[test]
fn a_throttled_delete_is_tried_again_by_the_state_machine() {
    let (_, error) = failed(|world, _| world.fault(Fault::throttle("DeleteDBInstance")));
    assert_eq!(error, WireName::RdsThrottled);
}

#[test]
fn a_delete_whose_answer_was_lost_is_waited_for_at_the_next_try() {
    let world = World::new();
    world.earlier(&night_of(20), Verdict::Verified);
    let mut night = world.begin();
    night.make_standby(&Database::new());
    world.fault(Fault::lost_answer("DeleteDBInstance"));
    assert_eq!(night.retire().expect_err("the answer is lost").name, WireName::RdsUnavailable);
    assert_eq!(night.retire().expect("it is decided").awaited.len(), 1);
    assert_eq!(world.calls("DeleteDBInstance").len(), 1);
}

#[test]
fn a_replica_of_another_source_is_kept_even_where_it_is_a_candidate() {
    let other = DrillId::of(&SourceId::parse("orders-prod").unwrap(), night_of(20).scheduled_at()).unwrap();
    let own = replica(&night_of(21));
    let evidence = evidence_of(&night_of(21), &own, Verdict::Verified);
    let standby = drill::retirement::Standby::confirm(&owned(&own), Some(&evidence)).expect("the standby");
    let candidate = Instance { resource_id: resource_id("ORDERS"), ..replica(&other) };
    let stops = [(
        other,
        StopRecord { resource_id: resource_id("ORDERS"), requested_at: at("2026-11-20T03:55:00Z") },
    )];
    let decided = drill::retirement::decide(&[&candidate], &ownership(), &standby, &stops.into());
    assert_eq!(decided.keep[0].reason, "it is of another source");
}
