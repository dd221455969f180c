//! The sweep: what it stops and deletes of what drills left, and what it only reports.

use chrono::TimeDelta;
use drill::error::WireName;
use drill::evidence::{Fate, Verdict, keys};
use drill::ids::{Deployment, DrillId, SourceId};
use drill::instance::{Instance, InstanceStatus};
use drill::ownership::TAG_HOLD;
use drill::ports::{RdsErrorKind, StoreErrorKind};
use drill::standing::{WhyRunning, why_running};
use drill::steps::sweep_orphans::{Action, Item};

use crate::support::*;

const DAY: u32 = 10;
const LATE: &str = "2026-11-21T12:00:00Z";

/// A world at noon with the replica of an old drill of that verdict.
fn world_with(verdict: Verdict, change: impl FnOnce(&World, &Instance)) -> World {
    let world = World::new();
    world.set_now(LATE);
    let old = world.earlier(&night_of(DAY), verdict);
    change(&world, &old);
    world
}

/// What the sweep says of the old replica.
fn swept(verdict: Verdict, change: impl FnOnce(&World, &Instance)) -> (World, Item) {
    let world = world_with(verdict, change);
    let items = world.sweep().expect("it sweeps").items;
    let id = replica(&night_of(DAY)).id;
    let item = items.into_iter().find(|i| i.instance == id).expect("a line about it");
    (world, item)
}

fn action(verdict: Verdict, change: impl FnOnce(&World, &Instance)) -> Action {
    let (world, item) = swept(verdict, change);
    let expected: &[&str] = match item.action {
        Action::Stop => &["StopDBInstance"],
        Action::Delete => &["DeleteDBInstance"],
        Action::Keep | Action::Report => &[],
    };
    let called: Vec<String> =
        world.changes().iter().map(|c| c.split(' ').next().unwrap_or_default().to_owned()).collect();
    assert_eq!(called, expected, "{item:?}");
    item.action
}

fn edit(change: impl FnOnce(&mut Instance)) -> impl FnOnce(&World, &Instance) {
    |world, old| world.edit(&old.id, change)
}

/// A newer drill whose replica is verified and stopped.
fn successor(world: &World) {
    world.earlier(&night_of(20), Verdict::Verified);
}

#[test]
fn the_standby_is_kept_whatever_its_age() {
    assert_eq!(action(Verdict::Verified, |_, _| {}), Action::Keep);
}

#[test]
fn a_verified_replica_with_a_successor_is_deleted_past_its_age() {
    assert_eq!(action(Verdict::Verified, |world, _| successor(world)), Action::Delete);
}

#[test]
fn an_older_replica_is_no_successor() {
    let (world, item) =
        swept(Verdict::Verified, |world, _| drop(world.earlier(&night_of(5), Verdict::Verified)));
    assert_eq!(item.action, Action::Keep);
    let older = replica(&night_of(5)).id;
    assert!(world.changes().iter().all(|c| c.contains(older.as_str())), "{:?}", world.changes());
    assert_eq!(world.changes().len(), 1);
}

#[test]
fn a_verified_replica_is_kept_while_the_newer_one_is_not_stopped() {
    let newer_runs = |world: &World, _: &Instance| {
        successor(world);
        world.set_status(&replica(&night_of(20)).id, InstanceStatus::Stopping);
    };
    assert_eq!(action(Verdict::Verified, newer_runs), Action::Keep);
}

#[test]
fn a_verified_replica_is_kept_while_the_newer_one_is_not_verified() {
    let (world, item) =
        swept(Verdict::Verified, |world, _| drop(world.earlier(&night_of(20), Verdict::Rejected)));
    assert_eq!((item.action, world.changes()), (Action::Keep, vec![]));
}

#[test]
fn a_verified_replica_is_kept_while_the_newer_one_is_of_another_source() {
    let orders = SourceId::parse("orders-prod").unwrap();
    let newer = DrillId::of(&orders, night_of(20).scheduled_at()).unwrap();
    assert_eq!(
        action(Verdict::Verified, |world, _| drop(world.earlier(&newer, Verdict::Verified))),
        Action::Keep
    );
}

#[test]
fn a_verified_replica_is_kept_until_the_newer_one_s_drill_has_left_it_standing() {
    let not_ended = |world: &World, _: &Instance| {
        successor(world);
        world.forget(&keys::evidence(&night_of(20)));
    };
    assert_eq!(action(Verdict::Verified, not_ended), Action::Keep);
    let in_doubt = |world: &World, _: &Instance| {
        successor(world);
        let mut evidence = world.evidence(&night_of(20)).unwrap();
        evidence.replica.as_mut().unwrap().fate = Fate::Unknown;
        world.write_json(&keys::evidence(&night_of(20)), &evidence);
    };
    assert_eq!(action(Verdict::Verified, in_doubt), Action::Keep);
}

#[test]
fn an_instance_under_a_replica_s_name_that_its_drill_did_not_restore_is_left_alone() {
    for status in [InstanceStatus::Stopped, InstanceStatus::Available, InstanceStatus::Failed] {
        let remade = edit(|i| (i.resource_id, i.status) = (resource_id("OTHER"), status.clone()));
        assert_eq!(action(Verdict::Broken, remade), Action::Report);
    }
}

#[test]
fn an_abandoned_replica_is_deleted_past_its_age_and_not_before() {
    assert_eq!(action(Verdict::Broken, |_, _| {}), Action::Delete);
    assert_eq!(
        action(Verdict::Broken, edit(|i| i.created_at = Some(at("2026-11-18T12:00:01Z")))),
        Action::Keep
    );
}

#[test]
fn the_age_is_that_of_a_configuration_with_mistakes_elsewhere_and_of_no_other_source_s() {
    let longer = CONFIGURATION.replace("[database]", "abandoned_max_age = \"700h\"\n[database]");
    let mistaken = format!("{longer}[[queries]]\nname = \"gone\"\nsql = \"DELETE FROM orders\"\n");
    let foreign = longer.replace("courses-prod", "orders-prod");
    for (text, expected) in [(longer, Action::Keep), (mistaken, Action::Keep), (foreign, Action::Delete)] {
        let written = |world: &World, _: &Instance| world.write(&keys::configuration(&SOURCE), &text);
        assert_eq!(action(Verdict::Broken, written), expected, "{text}");
    }
}

#[test]
fn a_replica_whose_evidence_cannot_be_read_is_not_deleted() {
    let damaged = |world: &World, _: &Instance| world.write(&keys::verdict(&night_of(DAY)), "{");
    assert_eq!(action(Verdict::Broken, damaged), Action::Report);
}

#[test]
fn a_stopped_replica_that_somebody_used_is_reported() {
    assert_eq!(action(Verdict::Broken, edit(|i| i.deletion_protection = true)), Action::Report);
    assert_eq!(action(Verdict::Broken, edit(|i| i.automatic_restart_at = None)), Action::Report);
    let no_record = |world: &World, _: &Instance| world.forget(&keys::stop(&night_of(DAY)));
    assert_eq!(action(Verdict::Broken, no_record), Action::Report);
}

#[test]
fn a_held_or_foreign_instance_is_left_alone() {
    let held = edit(|i| drop(i.tags.insert(TAG_HOLD.to_owned(), String::new())));
    assert_eq!(action(Verdict::Broken, held), Action::Report);
    assert_eq!(action(Verdict::Broken, edit(|i| i.tags.clear())), Action::Report);
}

#[test]
fn the_source_and_another_deployment_s_replicas_are_not_even_listed() {
    let world = World::new();
    world.add(replica_of(&Deployment::parse("staging").unwrap(), &night_of(DAY)));
    assert_eq!(world.sweep().expect("it sweeps").items, []);
}

#[test]
fn a_replica_of_a_running_drill_is_kept() {
    let drill = night_of(DAY);
    let running = |world: &World, old: &Instance| {
        world.set_running(&execution_arn(&format!("earlier-{drill}")), true);
        world.set_status(&old.id, InstanceStatus::Failed);
    };
    assert_eq!(action(Verdict::Broken, running), Action::Keep);
}

#[test]
fn what_stops_or_goes_already_is_kept() {
    for status in [InstanceStatus::Stopping, InstanceStatus::Deleting, InstanceStatus::DeletePrecheck] {
        assert_eq!(action(Verdict::Broken, edit(|i| i.status = status)), Action::Keep);
    }
}

/// What the sweep does with a running replica after an event of this message.
fn running(message: Option<&'static str>, more: impl FnOnce(&World)) -> Action {
    action(Verdict::Verified, |world, old| {
        world.set_status(&old.id, InstanceStatus::Available);
        if let Some(message) = message {
            world.event(&old.id, at("2026-11-17T04:00:00Z"), message);
        }
        more(world);
    })
}

const BY_AWS: &str =
    "DB instance is being started due to it exceeding the maximum allowed time being stopped.";

#[test]
fn a_replica_that_aws_started_is_stopped_again() {
    assert_eq!(running(Some(BY_AWS), |_| {}), Action::Stop);
}

#[test]
fn a_replica_that_somebody_started_is_reported() {
    assert_eq!(running(Some("DB instance started"), |_| {}), Action::Report);
}

#[test]
fn a_replica_that_its_drill_left_running_is_stopped() {
    assert_eq!(running(None, |world| world.forget(&keys::stop(&night_of(DAY)))), Action::Stop);
}

#[test]
fn a_replica_that_never_stopped_is_stopped() {
    assert_eq!(running(None, |_| {}), Action::Stop);
}

#[test]
fn a_replica_that_runs_for_longer_than_events_reach_back_is_reported() {
    assert_eq!(running(None, |world| world.set_now("2026-11-25T12:00:00Z")), Action::Report);
}

#[test]
fn events_say_nothing_of_what_was_before_they_reach_back_even_when_some_are_left() {
    let now = at("2026-11-25T12:00:00Z");
    let left = [(at("2026-11-20T00:00:00Z"), "Backing up DB instance".to_owned())];
    assert_eq!(why_running(None, at("2026-11-12T11:00:00Z"), &left, now), WhyRunning::Unknown);
    assert_eq!(why_running(None, at("2026-11-12T13:00:00Z"), &left, now), WhyRunning::LeftByItsDrill);
}

#[test]
fn what_was_before_the_last_stop_does_not_say_why_a_replica_runs_now() {
    let events = [
        (at("2026-11-17T04:00:00Z"), BY_AWS.to_owned()),
        (at("2026-11-17T05:00:00Z"), "DB instance stopped".to_owned()),
    ];
    let why = why_running(None, at("2026-11-10T03:00:00Z"), &events, at("2026-11-18T12:00:00Z"));
    assert_eq!(why, WhyRunning::StartedBySomebody);
}

#[test]
fn a_replica_that_was_asked_to_stop_a_short_while_ago_is_kept() {
    assert_eq!(running(None, |world| world.set_now("2026-11-10T04:05:00Z")), Action::Keep);
}

#[test]
fn a_replica_whose_stop_was_refused_is_stopped_by_the_next_sweep() {
    assert_eq!(running(None, |world| world.set_now("2026-11-10T04:15:00Z")), Action::Stop);
}

#[test]
fn a_list_of_events_without_even_the_restore_says_nothing() {
    let lost = |world: &World| world.change(|s| s.events.clear());
    assert_eq!(running(None, lost), Action::Report);
    let never_stopped = |world: &World| {
        lost(world);
        world.forget(&keys::stop(&night_of(DAY)));
    };
    assert_eq!(running(None, never_stopped), Action::Report);
}

#[test]
fn a_failed_replica_is_deleted_past_its_age() {
    assert_eq!(action(Verdict::Broken, edit(|i| i.status = InstanceStatus::Failed)), Action::Delete);
}

#[test]
fn a_failed_replica_that_was_verified_or_used_or_protected_is_reported() {
    let failed = |i: &mut Instance| i.status = InstanceStatus::StorageFull;
    let (_, standby) = swept(Verdict::Verified, edit(failed));
    assert_eq!(standby.action, Action::Report);
    assert_eq!(standby.reason, "the standby is storage-full: it can't be started");
    let used = |world: &World, old: &Instance| {
        world.edit(&old.id, failed);
        world.event(&old.id, at("2026-11-17T04:00:00Z"), "DB instance started");
    };
    assert_eq!(action(Verdict::Broken, used), Action::Report);
    let protected = |i: &mut Instance| (i.status, i.deletion_protection) = (InstanceStatus::Failed, true);
    assert_eq!(action(Verdict::Broken, edit(protected)), Action::Report);
}

#[test]
fn an_unknown_status_is_reported() {
    assert_eq!(action(Verdict::Broken, edit(|i| i.status = InstanceStatus::parse("x"))), Action::Report);
}

#[test]
fn people_are_told_of_what_was_done_and_not_of_what_is_as_it_should_be() {
    assert_eq!(swept(Verdict::Broken, |_, _| {}).0.messages().len(), 1);
    assert_eq!(swept(Verdict::Verified, |_, _| {}).0.messages(), []);
}

#[test]
fn a_refused_delete_is_a_line_and_ends_nothing() {
    let world = world_with(Verdict::Broken, |world, _| {
        world.earlier(&night_of(DAY + 1), Verdict::Broken);
        world.fault(Fault::rds("DeleteDBInstance", RdsErrorKind::Rejected, "Code"));
    });
    let actions: Vec<Action> = world.sweep().expect("it sweeps").items.iter().map(|i| i.action).collect();
    assert_eq!(actions, [Action::Report, Action::Delete]);
}

#[test]
fn a_delete_that_is_refused_is_done_when_the_replica_goes_already() {
    let action = |fault: Fault| {
        let world = world_with(Verdict::Broken, |world, _| world.fault(fault));
        world.sweep().expect("it sweeps").items[0].action
    };
    let goes = Fault::lost_answer("DeleteDBInstance").of_kind(RdsErrorKind::InvalidState);
    assert_eq!(action(goes), Action::Delete);
    let stays = Fault::rds("DeleteDBInstance", RdsErrorKind::InvalidState, "InvalidDBInstanceState");
    assert_eq!(action(stays), Action::Report);
}

#[test]
fn nothing_is_done_while_nobody_knows_whether_a_drill_runs() {
    let world = world_with(Verdict::Broken, |_, _| {});
    world.fault(Fault::store("DescribeExecution", StoreErrorKind::Unavailable));
    assert_eq!(world.sweep().expect_err("nobody knows").name, WireName::ExecutionsUnavailable);
    world.fault(Fault::store("DescribeExecution", StoreErrorKind::Denied));
    let denied = world.sweep().expect_err("nobody may know");
    assert!(denied.hint.contains("allow states:DescribeExecution"), "{denied:?}");
    assert_eq!(world.changes(), [""; 0]);
}

#[test]
fn sweeping_again_deletes_nothing_twice() {
    let world = world_with(Verdict::Broken, |_, _| {});
    world.sweep().expect("it sweeps");
    world.wait(TimeDelta::minutes(1));
    assert_eq!(world.sweep().expect("it sweeps").items[0].action, Action::Keep);
    assert_eq!(world.calls("DeleteDBInstance").len(), 1);
}
