//! Retiring over random fleets: whatever lies about, the newest verified replica is never deleted; and
//! retiring of this drill's own replica where it isn't to be kept.

use chrono::{DateTime, TimeDelta, Utc};
use drill::error::WireName;
use drill::evidence::{Evidence, Fate, Verdict, keys};
use drill::ids::DrillId;
use drill::instance::{Instance, InstanceStatus};
use drill::ownership::{TAG_BACKUP_DATA_AT, TAG_HOLD};
use drill::plan::Keep;
use proptest::prelude::*;

use crate::support::*;

/// One replica of a random fleet, and what is odd about it.
#[derive(Debug, Clone)]
struct Member {
    day: u32,
    verdict: Verdict,
    /// Hours by which its data are older than its drill; negative when they are newer.
    data_age_h: i64,
    status: InstanceStatus,
    is_held: bool,
    has_stop_record: bool,
    /// Hours by which the last stop is later than ours.
    stopped_later_h: i64,
}

fn member(day: u32) -> impl Strategy<Value = Member> {
    let verdicts = vec![Verdict::Verified, Verdict::Verified, Verdict::Rejected, Verdict::Broken];
    let mut statuses = vec![InstanceStatus::Stopped; 6];
    statuses.extend([InstanceStatus::Available, InstanceStatus::Deleting, InstanceStatus::Failed]);
    (
        prop::sample::select(verdicts),
        prop_oneof![4 => Just(1_i64), 1 => -500_i64..500],
        prop::sample::select(statuses),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.9),
        prop_oneof![4 => Just(0_i64), 1 => 3_i64..48],
    )
        .prop_map(move |(verdict, data_age_h, status, is_held, has_stop_record, stopped_later_h)| {
            Member { day, verdict, data_age_h, status, is_held, has_stop_record, stopped_later_h }
        })
}

fn fleet() -> impl Strategy<Value = Vec<Member>> {
    prop::sample::subsequence((1_u32..=28).filter(|day| *day != 21).collect::<Vec<_>>(), 0..8)
        .prop_flat_map(|days| days.into_iter().map(member).collect::<Vec<_>>())
}

fn place(world: &World, member: &Member) {
    let drill = night_of(member.day);
    let instance = world.earlier(&drill, member.verdict);
    let data_at = drill.scheduled_at() - TimeDelta::hours(member.data_age_h);
    let mut evidence: Evidence = world.verdict(&drill).unwrap();
    evidence.backup.as_mut().unwrap().data_at = data_at;
    world.write_json(&keys::verdict(&drill), &evidence);
    if !member.has_stop_record {
        world.forget(&keys::stop(&drill));
    }
    world.edit(&instance.id, |i| {
        i.status = member.status.clone();
        i.tags.insert(TAG_BACKUP_DATA_AT.to_owned(), drill::ids::rfc3339(data_at));
        i.automatic_restart_at =
            i.automatic_restart_at.map(|restart| restart + TimeDelta::hours(member.stopped_later_h));
        if member.is_held {
            i.tags.insert(TAG_HOLD.to_owned(), "yes".to_owned());
        }
    });
}

/// The replicas that were verified and aren't being deleted yet, with the age of their data.
fn verified(world: &World) -> Vec<(DateTime<Utc>, String)> {
    let instances = world.change(|s| s.instances.clone());
    let is_kept = |i: &&Instance| i.status != InstanceStatus::Deleting;
    let with_age = |i: &Instance| {
        let drill = DrillId::parse(i.tags.get("restore-drill:drill")?).unwrap();
        let evidence = world.verdict(&drill).filter(|e| e.verdict == Verdict::Verified)?;
        Some((evidence.backup?.data_at, i.id.clone()))
    };
    instances.iter().filter(is_kept).filter_map(with_age).collect()
}

proptest! {
    #[test]
    fn the_newest_verified_replica_is_never_deleted(
        fleet in fleet(), is_good_night in prop::bool::weighted(0.8), is_stopped in prop::bool::weighted(0.9),
    ) {
        let world = World::new();
        for member in &fleet {
            place(&world, member);
        }
        let database = Database::new();
        let database = if is_good_night { database } else { database.without("courses_answer") };
        let mut night = world.begin();
        night.make_standby(&database);
        if !is_stopped {
            world.set_status(night.id(), InstanceStatus::Starting);
        }
        let before = verified(&world);
        night.retire().expect("retiring is decided");
        let after = verified(&world);
        let newest = before.iter().map(|(data_at, _)| *data_at).max();
        prop_assert_eq!(newest, after.iter().map(|(data_at, _)| *data_at).max());
        prop_assert!(world.find("courses-prod").unwrap().status == InstanceStatus::Available);
    }

    #[test]
    fn what_is_deleted_is_older_stopped_by_us_and_nobody_s(fleet in fleet()) {
        let world = World::new();
        for member in &fleet {
            place(&world, member);
        }
        let mut night = world.begin();
        night.make_standby(&Database::new()).retire().expect("retiring is decided");
        let standby_data_at = night.plan.backup.data_at;
        let may_go = |m: &&Member| {
            let data_at = night_of(m.day).scheduled_at() - TimeDelta::hours(m.data_age_h);
            m.day < 21 && data_at <= standby_data_at && m.status == InstanceStatus::Stopped
                && !m.is_held && m.has_stop_record && m.stopped_later_h < 2
        };
        let mut expected: Vec<String> =
            fleet.iter().filter(may_go).map(|m| replica(&night_of(m.day)).id).collect();
        let mut deleted = world.calls("DeleteDBInstance");
        expected.sort();
        deleted.sort();
        prop_assert_eq!(deleted, expected);
    }
}

/// A drill whose replica isn't to become the standby, stopped.
fn discarded(world: &World) -> Night<'_> {
    let mut night =
        world.begin_with(drill::plan::DrillRequest { keep: Some(Keep::Discard), ..request(&night_of(21)) });
    night.make_standby(&Database::new());
    night
}

#[test]
fn a_replica_that_is_not_to_be_kept_goes_and_the_older_ones_stay() {
    let world = World::new();
    let older = world.earlier(&night_of(20), Verdict::Verified);
    let night = discarded(&world);
    let output = night.retire().expect("it is decided");
    assert_eq!(world.calls("DeleteDBInstance"), [night.id()]);
    assert_eq!(output.awaited.len(), 1);
    assert_eq!(world.find(&older.id), Some(older));
}

#[test]
fn the_only_verified_replica_stays_even_when_it_was_to_be_discarded() {
    let world = World::new();
    world.earlier(&night_of(20), Verdict::Rejected);
    let night = discarded(&world);
    let output = night.retire().expect("it is decided");
    assert_eq!(world.calls("DeleteDBInstance"), [""; 0]);
    assert_eq!(output.kept.len(), 1);
    assert!(night.publish(output).is_ok());
    assert_eq!(world.evidence(night.drill()).unwrap().replica.unwrap().fate, Fate::Stopped);
}

#[test]
fn a_replica_to_be_discarded_does_not_count_on_that_of_a_later_drill() {
    let world = World::new();
    world.earlier(&night_of(22), Verdict::Verified);
    let night = discarded(&world);
    assert_eq!(night.retire().expect("it is decided").kept.len(), 1);
    assert_eq!(world.calls("DeleteDBInstance"), [""; 0]);
}

#[test]
fn a_replica_to_be_discarded_that_somebody_started_stays() {
    let world = World::new();
    world.earlier(&night_of(20), Verdict::Verified);
    let night = discarded(&world);
    world.set_status(night.id(), InstanceStatus::Available);
    let output = night.retire().expect("it is decided");
    assert_eq!(world.calls("DeleteDBInstance"), [""; 0]);
    assert_eq!(output.kept.len(), 1);
    assert!(night.publish(output).is_ok());
    assert_eq!(world.evidence(night.drill()).unwrap().replica.unwrap().fate, Fate::Unknown);
}

#[test]
fn a_replica_to_be_discarded_that_somebody_holds_stays() {
    let world = World::new();
    let night = discarded(&world);
    world.edit(night.id(), |i| drop(i.tags.insert(TAG_HOLD.to_owned(), String::new())));
    assert_eq!(night.retire().expect_err("it is held").name, WireName::ReplicaNotOurs);
    assert_eq!(world.calls("DeleteDBInstance"), [""; 0]);
}

#[test]
fn a_discarded_replica_that_is_gone_already_is_waited_for() {
    let world = World::new();
    world.earlier(&night_of(20), Verdict::Verified);
    let night = discarded(&world);
    night.retire().expect("it is asked for");
    world.settle();
    assert_eq!(night.retire().expect("a repeated step").awaited.len(), 1);
    assert_eq!(world.calls("DeleteDBInstance").len(), 1);
}

/// Retires with an input that a test has falsified.
fn falsified(change: impl FnOnce(&mut Night<'_>, &Instance)) -> (World, Option<WireName>) {
    let world = World::new();
    let older = world.earlier(&night_of(20), Verdict::Verified);
    let error = {
        let mut night = world.begin();
        night.make_standby(&Database::new());
        change(&mut night, &older);
        night.retire().err().map(|e| e.name)
    };
    (world, error)
}

#[test]
fn an_input_that_names_the_source_as_the_replica_deletes_nothing() {
    let (world, error) = falsified(|night, _| {
        night.plan.replica = drill::ids::ReplicaId::parse("courses-prod").unwrap();
        night.plan.keep = Keep::Discard;
    });
    assert_eq!(error, Some(WireName::ReplicaNotOurs));
    assert_eq!(world.calls("DeleteDBInstance"), [""; 0]);
}

#[test]
fn an_input_that_names_another_drill_s_replica_deletes_nothing() {
    let (world, error) = falsified(|night, older| {
        night.plan.replica = drill::ids::ReplicaId::parse(&older.id).unwrap();
        night.plan.keep = Keep::Discard;
    });
    assert_eq!(error, Some(WireName::ReplicaNotOurs));
    assert_eq!(world.calls("DeleteDBInstance"), [""; 0]);
}

#[test]
fn an_input_of_another_deployment_reaches_no_replica_of_that_deployment() {
    let world = World::new();
    let other = drill::ids::Deployment::parse("staging").unwrap();
    world.add(replica_of(&other, &night_of(20)));
    let mut night = world.begin();
    night.make_standby(&Database::new());
    night.plan.deployment = other;
    assert_eq!(night.retire().expect("it is decided").awaited, []);
    assert_eq!(world.calls("DeleteDBInstance"), [""; 0]);
}

#[test]
fn an_input_with_a_false_time_of_data_makes_no_newer_replica_go() {
    let data_at = at("2026-11-21T02:30:00Z");
    let (world, _) = falsified(|night, older| {
        let newer = drill::ids::rfc3339(data_at);
        night.world.edit(&older.id, |i| drop(i.tags.insert(TAG_BACKUP_DATA_AT.to_owned(), newer)));
        night.plan.backup.data_at = data_at + TimeDelta::hours(1);
    });
    assert_eq!(world.calls("DeleteDBInstance"), [""; 0]);
}
