//! Planning: which backup is chosen, who holds the claim, and when a drill isn't begun.

use chrono::TimeDelta;
use drill::backup::{BackupRequest, Origin, RestorableWindow, Snapshot};
use drill::error::{StepError, WireName};
use drill::evidence::{Verdict, keys};
use drill::ids::{DrillId, SnapshotId};
use drill::plan::{DrillRequest, Keep, Plan};
use drill::ports::StoreErrorKind;

use crate::support::*;

/// What planning gives after a change to the world.
fn planned(change: impl FnOnce(&World)) -> Result<Plan, StepError> {
    let world = World::new();
    change(&world);
    world.plan()
}
fn refused(change: impl FnOnce(&World)) -> StepError {
    planned(change).expect_err("it isn't planned")
}
fn snapshots(list: Vec<Snapshot>) -> impl FnOnce(&World) {
    move |world| world.change(|s| s.snapshots = list)
}
fn chosen(list: Vec<Snapshot>) -> String {
    planned(snapshots(list)).expect("it is planned").backup.origin.tag()
}
fn not_chosen(list: Vec<Snapshot>) -> WireName {
    refused(snapshots(list)).name
}
fn asking_for(backup: BackupRequest) -> DrillRequest {
    DrillRequest { backup, ..request(&night_of(21)) }
}
fn planned_for(backup: BackupRequest, change: impl FnOnce(&World)) -> Result<Plan, StepError> {
    let world = World::new();
    change(&world);
    world.plan_in("tonight", asking_for(backup))
}

const TONIGHT: &str = "2026-11-21T02:03:00Z";

#[test]
fn the_newest_automated_backup_is_chosen() {
    let older = snapshot("rds:older", "2026-11-20T02:03:00Z");
    assert_eq!(chosen(vec![older, snapshot("rds:newest", TONIGHT)]), "rds:newest");
}

#[test]
fn the_newest_is_the_one_with_the_latest_transaction() {
    let mut begun_later = snapshot("rds:begun-later", "2026-11-21T01:00:00Z");
    begun_later.created_at = Some(at("2026-11-21T02:30:00Z"));
    assert_eq!(chosen(vec![snapshot("rds:newest", TONIGHT), begun_later]), "rds:newest");
}

#[test]
fn a_snapshot_without_its_database_s_time_counts_by_its_own() {
    let mut only = snapshot("rds:only", TONIGHT);
    only.database_at = None;
    assert_eq!(planned(snapshots(vec![only])).expect("it is planned").backup.data_at, at(TONIGHT));
}

#[test]
fn no_backup_is_refused() {
    assert_eq!(not_chosen(vec![]), WireName::BackupMissing);
}

#[test]
fn a_manual_snapshot_is_no_automated_backup() {
    let manual = Snapshot { snapshot_type: "manual".to_owned(), ..snapshot("by-hand", TONIGHT) };
    assert_eq!(not_chosen(vec![manual]), WireName::BackupMissing);
}

#[test]
fn a_backup_of_an_earlier_instance_of_the_same_name_is_not_the_source_s() {
    let before = Snapshot { resource_id: resource_id("BEFORE"), ..snapshot("rds:before", TONIGHT) };
    assert_eq!(not_chosen(vec![before]), WireName::BackupMissing);
}

#[test]
fn an_unfinished_backup_is_refused() {
    let unfinished = Snapshot { status: "creating".to_owned(), ..snapshot("rds:tonight", TONIGHT) };
    assert_eq!(not_chosen(vec![unfinished]), WireName::BackupUnfinished);
}

#[test]
fn a_stale_backup_is_refused_and_the_unfinished_one_named() {
    let unfinished = Snapshot { status: "creating".to_owned(), ..snapshot("rds:tonight", TONIGHT) };
    let stale = snapshot("rds:stale", "2026-11-20T01:00:01Z");
    let error = refused(snapshots(vec![unfinished, stale]));
    assert_eq!(error.name, WireName::BackupStale);
    assert!(error.fact.contains("rds:tonight is creating"), "{}", error.fact);
}

#[test]
fn a_backup_as_old_as_the_configuration_allows_is_taken() {
    assert_eq!(chosen(vec![snapshot("rds:old", "2026-11-20T01:00:02Z")]), "rds:old");
}

#[test]
fn a_named_snapshot_is_taken_whatever_its_age_and_its_replica_not_kept() {
    let named =
        Snapshot { snapshot_type: "manual".to_owned(), ..snapshot("by-hand", "2026-01-01T00:00:00Z") };
    let id = named.id.clone();
    let plan =
        planned_for(BackupRequest::Snapshot(id.clone()), snapshots(vec![named])).expect("it is planned");
    assert_eq!((plan.backup.origin, plan.keep), (Origin::Manual { snapshot: id }, Keep::Discard));
}

#[test]
fn a_named_snapshot_that_is_missing_foreign_or_unfinished_is_refused() {
    let id = SnapshotId::parse("by-hand").unwrap();
    let refusal = |list: Vec<Snapshot>| {
        planned_for(BackupRequest::Snapshot(id.clone()), snapshots(list)).expect_err("it isn't planned").name
    };
    let good = snapshot("by-hand", TONIGHT);
    let foreign =
        Snapshot { resource_id: resource_id("OTHER"), instance_id: "orders".to_owned(), ..good.clone() };
    assert_eq!(refusal(vec![]), WireName::BackupNotFound);
    assert_eq!(refusal(vec![foreign]), WireName::BackupNotOfSource);
    assert_eq!(refusal(vec![Snapshot { status: "creating".to_owned(), ..good }]), WireName::BackupUnfinished);
}

#[test]
fn a_named_snapshot_of_a_source_that_is_gone_is_taken() {
    let id = SnapshotId::parse("rds:courses-prod-2026-11-21-02-03").unwrap();
    let plan = planned_for(BackupRequest::Snapshot(id), |world| world.remove("courses-prod")).unwrap();
    assert_eq!((plan.source_exists, plan.source_resource_id), (false, resource_id("SOURCE")));
}

fn window(world: &World) {
    let window = RestorableWindow {
        resource_id: resource_id("SOURCE"),
        earliest_at: Some(at("2026-11-14T00:00:00Z")),
        latest_at: Some(at("2026-11-21T02:55:00Z")),
        engine_version: "16.4".to_owned(),
        storage_type: None,
        allocated_storage_gib: 100,
    };
    world.change(|s| s.window = Some(window));
}

#[test]
fn a_point_in_time_inside_the_window_is_taken_with_its_ends() {
    for time in ["2026-11-14T00:00:00Z", "2026-11-21T02:55:00Z"] {
        let plan = planned_for(BackupRequest::PointInTime(at(time)), window).expect("it is planned");
        assert_eq!((plan.backup.data_at, plan.keep), (at(time), Keep::Discard));
    }
}

#[test]
fn a_point_in_time_outside_the_window_is_refused() {
    for time in ["2026-11-13T23:59:59Z", "2026-11-21T02:55:01Z"] {
        let error = planned_for(BackupRequest::PointInTime(at(time)), window).expect_err("it isn't planned");
        assert_eq!(error.name, WireName::BackupOutOfWindow);
    }
}

#[test]
fn a_point_in_time_without_automated_backups_is_refused() {
    let error = planned_for(BackupRequest::PointInTime(at(TONIGHT)), |_| {}).expect_err("it isn't planned");
    assert_eq!(error.name, WireName::BackupMissing);
}

#[test]
fn a_source_that_is_gone_says_where_the_newest_verified_replica_is() {
    let error = refused(|world| {
        world.earlier(&night_of(18), Verdict::Verified);
        world.earlier(&night_of(19), Verdict::Verified);
        world.earlier(&night_of(20), Verdict::Rejected);
        world.remove("courses-prod");
    });
    assert_eq!(error.name, WireName::SourceNotFound);
    assert!(error.fact.contains(&replica(&night_of(19)).id), "{}", error.fact);
}

#[test]
fn a_source_that_is_gone_without_a_verified_replica_says_so() {
    let error = refused(|world| world.remove("courses-prod"));
    assert!(error.fact.contains("no replica of it exists"), "{}", error.fact);
}

#[test]
fn a_source_of_another_engine_is_refused() {
    let error = refused(|world| world.edit("courses-prod", |i| i.engine = "mysql".to_owned()));
    assert_eq!(error.name, WireName::SourceUnsupported);
}

#[test]
fn a_configuration_that_is_missing_damaged_or_foreign_is_refused() {
    let key = keys::configuration(&SOURCE);
    assert_eq!(refused(|world| world.forget(&key)).name, WireName::ConfigMissing);
    assert_eq!(refused(|world| world.write(&key, "source = 1")).name, WireName::ConfigInvalid);
    let foreign = CONFIGURATION.replace("courses-prod", "orders-prod");
    assert_eq!(refused(|world| world.write(&key, &foreign)).name, WireName::ConfigInvalid);
}

#[test]
fn a_time_that_cannot_be_read_is_refused() {
    let asked = DrillRequest { scheduled_at: Some("tonight".to_owned()), ..request(&night_of(21)) };
    let error = World::new().plan_in("tonight", asked).expect_err("it isn't planned");
    assert_eq!(error.name, WireName::InputInvalid);
}

#[test]
fn without_a_scheduled_time_the_execution_s_start_names_the_drill() {
    for scheduled_at in [None, Some("<aws.scheduler.scheduled-time>".to_owned())] {
        let asked = DrillRequest { scheduled_at, ..request(&night_of(21)) };
        let plan = World::new().plan_in("tonight", asked).expect("it is planned");
        assert_eq!(plan.drill, drill_at("2026-11-21T03:00:02Z"));
    }
}

#[test]
fn the_same_instant_in_another_zone_is_the_same_drill() {
    let asked = DrillRequest {
        scheduled_at: Some("2026-11-21T04:00:00.9+01:00".to_owned()),
        ..request(&night_of(21))
    };
    assert_eq!(World::new().plan_in("tonight", asked).expect("it is planned").drill, night_of(21));
}

#[test]
fn a_repeated_event_is_refused_though_the_first_execution_has_ended() {
    let world = World::new();
    world.plan().expect("it is planned");
    let error = world.plan_in("again", request(&night_of(21))).expect_err("it is a repeated event");
    assert_eq!(error.name, WireName::DrillRepeated);
}

#[test]
fn a_retry_of_the_same_execution_plans_the_same_replica() {
    let world = World::new();
    let first = world.plan().expect("it is planned");
    world.wait(TimeDelta::seconds(5));
    assert_eq!(world.plan().expect("a retry").replica, first.replica);
}

#[test]
fn a_claim_whose_answer_was_lost_is_ours_at_the_next_try() {
    let world = World::new();
    world.fault(Fault::lost_store_answer("CreateObject"));
    assert_eq!(world.plan().expect_err("the answer is lost").name, WireName::EvidenceUnavailable);
    assert!(world.plan().is_ok());
}

/// A world in which another drill of the source was claimed so long ago and may be running.
fn beside(other: &DrillId, claimed_before_s: i64, is_running: bool) -> World {
    let world = World::new();
    world.claim(other, "the other", world.now() - TimeDelta::seconds(claimed_before_s));
    world.set_running("the other", is_running);
    world
}

#[test]
fn a_drill_beside_a_live_one_is_refused() {
    let error = beside(&drill_at("2026-11-21T02:30:00Z"), 60, true).plan().expect_err("one is running");
    assert_eq!(error.name, WireName::DrillLive);
}

#[test]
fn a_drill_after_one_that_ended_is_planned() {
    assert!(beside(&drill_at("2026-11-21T02:30:00Z"), 60, false).plan().is_ok());
}

#[test]
fn of_two_that_start_together_exactly_one_goes_on() {
    let (one, other) = (night_of(21), drill_at("2026-11-21T03:00:01Z"));
    let world = World::new();
    for (drill, name) in [(&one, "one"), (&other, "other")] {
        world.claim(drill, &execution_arn(name), world.now());
        world.set_running(&execution_arn(name), true);
    }
    assert!(world.plan_in("one", request(&one)).is_ok());
    let error = world.plan_in("other", request(&other)).expect_err("it gives way");
    assert_eq!(error.name, WireName::DrillLive);
}

#[test]
fn a_drill_that_is_redriven_long_after_gives_way_to_a_newer_one() {
    let world = beside(&drill_at("2026-11-21T09:00:00Z"), -6 * 3600, true);
    world.claim(&night_of(21), &execution_arn("tonight"), world.now());
    world.wait(TimeDelta::hours(7));
    assert_eq!(world.plan().expect_err("one is running").name, WireName::DrillLive);
}

#[test]
fn nothing_is_begun_while_nobody_knows_whether_another_runs() {
    let world = beside(&drill_at("2026-11-21T02:30:00Z"), 60, true);
    world.fault(Fault::store("DescribeExecution", StoreErrorKind::Unavailable));
    assert_eq!(world.plan().expect_err("nobody knows").name, WireName::ExecutionsUnavailable);
}

#[test]
fn planning_changes_nothing_at_rds() {
    let world = World::new();
    world.plan().expect("it is planned");
    assert_eq!(world.changes(), [""; 0]);
}
