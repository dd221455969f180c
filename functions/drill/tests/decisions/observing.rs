//! Observing: what each status means for each goal, and how long to wait for the next look.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use drill::configuration::{Deadlines, Polling, Span, limits};
use drill::error::{StepError, WireName};
use drill::instance::{Endpoint, Instance, InstanceStatus, StatusClass};
use drill::observation::*;
use proptest::prelude::*;

use crate::support::*;

fn awaited() -> Awaited {
    let instance = replica(&night_of(21));
    let replica = drill::ids::ReplicaId::parse(&instance.id).unwrap();
    Awaited { replica, resource_id: instance.resource_id }
}

fn with_status(status: &InstanceStatus) -> Instance {
    Instance { status: status.clone(), ..replica(&night_of(21)) }
}

fn looked_after(goal: Goal, seen: Option<&Instance>, elapsed: TimeDelta) -> Result<Sight, StepError> {
    let began_at: DateTime<Utc> = at("2026-11-21T03:00:00Z");
    sight(goal, &awaited(), seen, began_at, &Deadlines::default(), began_at + elapsed)
}

/// What the first look at a replica in this status says.
fn looked(goal: Goal, status: &InstanceStatus) -> Result<Sight, WireName> {
    looked_after(goal, Some(&with_status(status)), TimeDelta::seconds(1)).map_err(|e| e.name)
}

fn of_class(class: StatusClass) -> impl Iterator<Item = &'static InstanceStatus> {
    InstanceStatus::KNOWN.iter().filter(move |s| s.class() == class && !s.is_being_deleted())
}

const BEING_DELETED: [InstanceStatus; 2] = [InstanceStatus::Deleting, InstanceStatus::DeletePrecheck];

#[test]
fn a_replica_that_is_ready_is_available_at_its_endpoint() {
    let endpoint = replica(&night_of(21)).endpoint;
    for status in of_class(StatusClass::Ready) {
        assert_eq!(looked(Goal::Available, status), Ok(Sight::Reached(endpoint.clone())));
    }
}

#[test]
fn a_replica_without_an_endpoint_is_not_available_yet() {
    let seen = Instance { endpoint: None, ..with_status(&InstanceStatus::Available) };
    let sight = looked_after(Goal::Available, Some(&seen), TimeDelta::zero());
    assert_eq!(sight, Ok(Sight::Waiting));
}

#[test]
fn what_is_under_way_is_waited_for() {
    for status in of_class(StatusClass::Progressing) {
        for goal in [Goal::Available, Goal::Stopped, Goal::Gone] {
            assert_eq!(looked(goal, status), Ok(Sight::Waiting), "{goal:?} {status}");
        }
    }
}

#[test]
fn a_terminal_status_fails_at_the_first_look() {
    for status in of_class(StatusClass::Terminal) {
        for goal in [Goal::Available, Goal::Stopped] {
            assert_eq!(looked(goal, status), Err(WireName::ReplicaFailed), "{goal:?} {status}");
        }
    }
}

#[test]
fn a_terminal_status_does_not_end_a_deletion() {
    for status in of_class(StatusClass::Terminal) {
        assert_eq!(looked(Goal::Gone, status), Ok(Sight::Waiting));
    }
}

#[test]
fn a_replica_that_somebody_stopped_before_it_was_checked_has_failed() {
    assert_eq!(looked(Goal::Available, &InstanceStatus::Stopped), Err(WireName::ReplicaFailed));
}

#[test]
fn a_stopped_replica_is_stopped_and_a_running_one_not_yet() {
    assert_eq!(looked(Goal::Stopped, &InstanceStatus::Stopped), Ok(Sight::Reached(None)));
    assert_eq!(looked(Goal::Stopped, &InstanceStatus::Available), Ok(Sight::Waiting));
}

#[test]
fn a_replica_that_somebody_deletes_has_vanished() {
    for status in &BEING_DELETED {
        for goal in [Goal::Available, Goal::Stopped] {
            assert_eq!(looked(goal, status), Err(WireName::ReplicaVanished));
        }
        assert_eq!(looked(Goal::Gone, status), Ok(Sight::Waiting));
    }
}

#[test]
fn an_unknown_status_is_waited_for_until_the_deadline_and_then_fails() {
    let unknown = with_status(&InstanceStatus::parse("levitating"));
    for (goal, minutes) in [(Goal::Available, 120), (Goal::Stopped, 70), (Goal::Gone, 30)] {
        let deadline = TimeDelta::minutes(minutes);
        assert_eq!(looked_after(goal, Some(&unknown), deadline), Ok(Sight::Waiting));
        let error = looked_after(goal, Some(&unknown), deadline + TimeDelta::seconds(1)).expect_err("late");
        assert_eq!(error.name, WireName::ReplicaLate);
        assert!(error.fact.contains("levitating"));
    }
}

#[test]
fn a_replica_that_is_late_and_ready_is_taken() {
    let seen = with_status(&InstanceStatus::Available);
    assert!(matches!(
        looked_after(Goal::Available, Some(&seen), TimeDelta::days(1)),
        Ok(Sight::Reached(Some(_)))
    ));
}

#[test]
fn a_replica_that_rds_does_not_show_yet_has_five_minutes() {
    assert_eq!(looked_after(Goal::Available, None, TimeDelta::seconds(299)), Ok(Sight::Waiting));
    let error = looked_after(Goal::Available, None, TimeDelta::seconds(300)).expect_err("gone");
    assert_eq!(error.name, WireName::ReplicaVanished);
}

#[test]
fn a_replica_that_is_gone_before_it_stopped_has_vanished() {
    let error = looked_after(Goal::Stopped, None, TimeDelta::zero()).expect_err("gone");
    assert_eq!(error.name, WireName::ReplicaVanished);
}

#[test]
fn a_replica_that_is_gone_is_gone() {
    assert_eq!(looked_after(Goal::Gone, None, TimeDelta::zero()), Ok(Sight::Reached(None)));
}

#[test]
fn another_instance_under_the_replica_s_name_is_never_taken_for_it() {
    let other = Instance { resource_id: resource_id("OTHER"), ..with_status(&InstanceStatus::Available) };
    for goal in [Goal::Available, Goal::Stopped] {
        let error = looked_after(goal, Some(&other), TimeDelta::zero()).expect_err("another");
        assert_eq!(error.name, WireName::ReplicaNotOurs);
    }
    assert_eq!(looked_after(Goal::Gone, Some(&other), TimeDelta::zero()), Ok(Sight::Reached(None)));
}

#[test]
fn nobody_to_wait_for_is_reached() {
    let world = World::new();
    let output = world.begin().observe(Goal::Gone, vec![]).expect("it is seen");
    assert_eq!((output.reached, output.wait_s), (true, 0));
}

#[test]
fn all_that_are_waited_for_must_have_reached_the_goal() {
    let world = World::new();
    let older = world.earlier(&night_of(20), drill::evidence::Verdict::Verified);
    world.set_status(&older.id, InstanceStatus::Deleting);
    let going = Awaited {
        replica: drill::ids::ReplicaId::parse(&older.id).unwrap(),
        resource_id: older.resource_id.clone(),
    };
    let output = world.begin().observe(Goal::Gone, vec![awaited(), going.clone()]).expect("it is seen");
    assert!(!output.reached && output.wait_s > 0);
    world.settle();
    assert!(world.begin().observe(Goal::Gone, vec![awaited(), going]).expect("it is seen").reached);
}

#[test]
fn looking_changes_nothing() {
    let world = World::new();
    let mut night = world.begin();
    let output = night.restore().expect("it is restored");
    world.clear_log();
    night.observe(Goal::Available, output.awaited).expect("it is seen");
    assert_eq!(world.changes(), [""; 0]);
}

#[test]
fn the_endpoint_is_the_replica_s_own() {
    let world = World::new();
    let mut night = world.begin();
    night.make_available();
    let expected = Endpoint { host: format!("{}.example", night.id()), port: 5432 };
    assert_eq!(night.available.as_ref().unwrap().endpoint, expected);
}

/// The waits of one night that restores in so many seconds.
fn waits_until(restore_s: u64, earlier: &[u64]) -> Vec<u64> {
    let polling = Polling::default();
    let mut waits = vec![first_wait(earlier, &polling).as_secs()];
    while waits.iter().sum::<u64>() < restore_s {
        let elapsed = Duration::from_secs(waits.iter().sum());
        waits.push(next_wait(Goal::Available, elapsed, earlier, &polling).as_secs());
    }
    waits
}

#[test]
fn looks_come_closer_together_towards_the_middle_of_earlier_restores() {
    let waits = waits_until(1320, &[1320; 7]);
    assert!(waits.windows(2).all(|pair| pair[0] >= pair[1]), "{waits:?}");
    assert_eq!(waits.last(), Some(&10));
}

#[test]
fn the_first_look_comes_before_the_earlier_restores_ended_and_after_most_of_the_waiting() {
    for earlier in [vec![1320], vec![1320; 7], vec![1250, 1400, 1320]] {
        let first = first_wait(&earlier, &Polling::default()).as_secs();
        assert!((900..1250).contains(&first), "{first} {earlier:?}");
    }
    assert_eq!(first_wait(&[], &Polling::default()), Duration::from_mins(5));
}

#[test]
fn one_strange_night_does_not_move_the_first_look_far() {
    let of = |strange| first_wait(&[1320, strange, 1320, 1320, 1320, 1320, 1320], &Polling::default());
    for strange in [60, 7200] {
        assert!(of(strange).as_secs() > of(1320).as_secs() * 3 / 4, "{:?}", of(strange));
    }
}

#[test]
fn restores_that_take_longer_for_good_are_known_after_four_nights() {
    let first = first_wait(&[2640, 2640, 2640, 2640, 1320, 1320, 1320, 1320, 1320], &Polling::default());
    assert!(first.as_secs() > 1320, "{first:?}");
}

#[test]
fn a_restore_of_twice_the_time_costs_at_most_eighty_looks() {
    let looks = waits_until(2640, &[1320; 7]).len();
    assert!(looks <= 80, "{looks}");
}

#[test]
fn a_stop_is_looked_at_more_often_than_a_deletion() {
    let wait = |goal| next_wait(goal, Duration::from_mins(1), &[], &Polling::default()).as_secs();
    assert_eq!((wait(Goal::Stopped), wait(Goal::Gone)), (30, 60));
}

fn goal() -> impl Strategy<Value = Goal> {
    prop::sample::select(vec![Goal::Available, Goal::Stopped, Goal::Gone])
}

proptest! {
    #[test]
    fn every_wait_is_whole_seconds_within_what_is_configured(
        goal in goal(), elapsed_s in 0_u64..200_000, earlier in prop::collection::vec(0_u64..20_000, 0..11),
        least_s in 1_u64..900, more_s in 0_u64..900,
    ) {
        let polling = Polling {
            first: Span::minutes(5),
            min: Span::seconds(least_s),
            max: Span::seconds(least_s + more_s),
        };
        let wait = next_wait(goal, Duration::from_secs(elapsed_s), &earlier, &polling);
        prop_assert!(polling.min.duration() <= wait && wait <= polling.max.duration());
        prop_assert_eq!(wait.subsec_nanos(), 0);
        let first = first_wait(&earlier, &polling);
        prop_assert!(first >= polling.min.duration());
        prop_assert!(first <= limits::POLL_FIRST_MAX.duration().max(polling.min.duration()));
    }

    #[test]
    fn waiting_to_the_deadline_takes_few_looks(
        goal in goal(), earlier in prop::collection::vec(300_u64..7200, 0..11),
    ) {
        let (polling, deadline) = (Polling::default(), goal.deadline(&Deadlines::default()).duration());
        let mut elapsed = first_wait(&earlier, &polling);
        let mut looks = 1;
        while elapsed <= deadline {
            elapsed += next_wait(goal, elapsed, &earlier, &polling);
            looks += 1;
        }
        prop_assert!(looks <= 150, "{looks}");
    }
}
