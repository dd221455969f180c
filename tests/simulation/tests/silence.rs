//! Silence in the simulator: the state machine, the steps and the watchdog as they are deployed, on its clock.
//!
//! The alarms are those of `infra/alarms.json`, by the model that the decisions' tests have.

#[path = "../../../functions/drill/tests/decisions/alarm.rs"]
#[allow(dead_code, reason = "the tests of decisions use more of it")]
mod alarm;

use alarm::Alarms;
use chrono::{DateTime, TimeDelta, Utc};
use simulation::{Death, Look, Silence, silence};

/// When the alarm of that name rings, looked at each quarter of an hour from when something died.
fn rings(course: &Silence, name: &str) -> Vec<DateTime<Utc>> {
    let alarm = Alarms::deployed().alarms.into_iter().find(|a| a.name == name).expect("it is deployed");
    let value = |look: &Look| match alarm.metric.as_str() {
        "HoursSinceLastVerifiedRestore" => look.hours,
        "ReplicasInExistence" => f64::from(u32::try_from(look.replicas).expect("there are few")),
        "ReplicasRunning" => f64::from(u32::try_from(look.running).expect("there are few")),
        other => panic!("nothing publishes {other}"),
    };
    let points: Vec<(DateTime<Utc>, f64)> = course.looks.iter().map(|l| (l.at, value(l))).collect();
    let quarters = (course.ended_at - course.died_at).num_minutes() / 15;
    let at = |n: i64| course.died_at + TimeDelta::minutes(15 * n);
    (0..=quarters).map(at).filter(|at| alarm.rings(&points, *at)).collect()
}

/// When the last restore that the watchdog could count from was judged, by what it published last.
fn last_verified(course: &Silence) -> DateTime<Utc> {
    let last = course.looks.last().expect("the watchdog looked");
    #[expect(clippy::cast_possible_truncation, reason = "it is whole milliseconds of some days")]
    let ago_ms = (last.hours * 3_600_000.0) as i64;
    last.at - TimeDelta::milliseconds(ago_ms)
}

#[test]
fn a_week_of_nights_that_go_well_rings_nothing() {
    let course = silence(Death::None, 7);
    assert!(course.counts.verified >= 8, "{:?}", course.counts);
    assert!(course.looks.len() > 600, "{} looks", course.looks.len());
    for alarm in Alarms::deployed().alarms {
        let rang = rings(&course, &alarm.name);
        assert!(rang.is_empty(), "{} rang at {rang:?}", alarm.name);
    }
    assert!(course.looks.iter().any(|l| l.running > 0), "the watchdog saw no night");
    assert!(course.looks.iter().all(|l| l.hours < 26.0));
}

#[test]
fn a_schedule_that_is_disabled_for_two_days_rings_within_27_hours() {
    let course = silence(Death::Schedule, 2);
    assert_eq!(course.counts.verified, 2, "no night after it died");
    assert_rings_in_time(&course);
    assert!(course.looks.last().expect("it looks").hours > 48.0);
}

#[test]
fn a_dead_function_rings_within_27_hours_whichever_step_it_is() {
    for handler in
        ["plan-drill", "restore-replica", "observe-replica", "plan-checks", "run-check", "judge-drill"]
    {
        let course = silence(Death::Function(handler), 2);
        assert_eq!(course.counts.verified, 2, "no drill of {handler} is verified after it died");
        assert_rings_in_time(&course);
    }
}

fn assert_rings_in_time(course: &Silence) {
    let rang = rings(course, "hours-since-verified");
    let first = *rang.first().expect("it rings");
    let verified = last_verified(course);
    assert!(first > verified + TimeDelta::hours(26), "{first} is too early after {verified}");
    assert!(first <= verified + TimeDelta::hours(27), "{first} is too late after {verified}");
    assert_eq!(rang.last(), Some(&(course.ended_at)), "and goes on ringing");
}

#[test]
fn a_dead_watchdog_rings_within_two_hours_while_the_nights_go_well() {
    let course = silence(Death::Function("watch-restores"), 2);
    assert_eq!(course.counts.verified, 4, "the nights go on");
    assert!(course.looks.iter().all(|l| l.at <= course.died_at), "it is dead");
    let first = *rings(&course, "hours-since-verified").first().expect("it rings");
    assert!(first <= course.died_at + TimeDelta::hours(2), "{first}");
}
