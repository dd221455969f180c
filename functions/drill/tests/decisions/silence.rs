//! Silence on a virtual clock: the schedule, the drill's Lambda or the watchdog dies, and the alarm rings.
//!
//! The watchdog is the real step; the alarms are those of `infra/alarms.json`, evaluated by the model beside.

use chrono::{DateTime, TimeDelta, Utc};
use drill::evidence::{Verdict, keys};
use drill::ids::{DrillId, SourceId};
use drill::instance::InstanceStatus;
use drill::ports::{Metric, RdsErrorKind, StoreErrorKind};
use drill::silence::HOURS;
use serde::Deserialize;

use crate::alarm::{Alarm, Alarms, alarm, is_alarm};
use crate::support::*;

/// The first instant of every course, and the night that was verified before it.
const BEGINNING: &str = "2026-11-10T12:00:00Z";
const QUARTER: TimeDelta = TimeDelta::minutes(15);

/// What runs in a course at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Night {
    /// The drill runs and is verified, judged 40 minutes after the schedule.
    Verified,
    /// The schedule starts it, and it ends without a verdict: its Lambda is dead.
    Dead,
    /// Nothing starts it.
    Off,
}

/// Some days of one source under watch.
struct Course {
    world: World,
    rang: Vec<DateTime<Utc>>,
}

impl Course {
    fn begin() -> Self {
        let world = World::new();
        world.set_now(BEGINNING);
        let course = Self { world, rang: Vec::new() };
        course.verify(&night_of(10), at("2026-11-10T03:40:00Z"));
        course
    }

    fn verify(&self, drill: &DrillId, judged_at: DateTime<Utc>) {
        self.world.leave(drill, &replica(drill), Verdict::Verified);
        for key in [keys::verdict(drill), keys::evidence(drill)] {
            let mut evidence: drill::evidence::Evidence = self.world.read_json(&key).unwrap();
            evidence.timeline.judged_at = Some(judged_at);
            self.world.write_json(&key, &evidence);
        }
    }

    /// Lets time pass; notes when the alarm rings.
    fn pass(
        &mut self,
        span: TimeDelta,
        alarm: &Alarm,
        night: impl Fn(DateTime<Utc>) -> Night,
        is_watched: impl Fn(DateTime<Utc>) -> bool,
    ) {
        let end = self.world.now() + span;
        while self.world.now() < end {
            self.world.wait(QUARTER);
            let now = self.world.now();
            // Judged at a quarter to four, of the drill of three.
            if now.format("%H:%M").to_string() == "03:45" {
                let drill = DrillId::of(&SOURCE, now - TimeDelta::minutes(45)).unwrap();
                match night(now) {
                    Night::Verified => self.verify(&drill, now - TimeDelta::minutes(5)),
                    Night::Dead => self.world.claim(&drill, &execution_arn("dead"), now),
                    Night::Off => {}
                }
            }
            if is_watched(now) {
                // What can't be looked at is told after all else was published.
                let _ = self.world.watch(&["courses-prod"]);
            }
            if self.rings(alarm, now) {
                self.rang.push(now);
            }
        }
    }

    fn rings(&self, alarm: &Alarm, now: DateTime<Utc>) -> bool {
        alarm.rings(&points(&self.world, alarm), now)
    }

    fn hours(&self) -> f64 {
        let newest = |s: &mut world::State| {
            s.points.iter().rev().find(|(_, _, m)| m.name == HOURS).map(|(_, _, m)| m.value)
        };
        self.world.change(newest).expect("the hours are published")
    }
}

/// What the metrics of the world hold for an alarm of the source.
fn points(world: &World, alarm: &Alarm) -> Vec<(DateTime<Utc>, f64)> {
    world.change(|s| {
        let mine = s.points.iter().filter(|(of, _, m)| *of == *SOURCE && m.name == alarm.metric);
        mine.map(|(_, at, m)| (*at, m.value)).collect()
    })
}

fn always(_: DateTime<Utc>) -> bool {
    true
}

#[test]
fn the_model_evaluates_as_the_tables_of_the_user_guide() {
    #[derive(Deserialize)]
    struct Table {
        evaluation_periods: usize,
        rows: Vec<Row>,
    }
    #[derive(Deserialize)]
    struct Row {
        data_points: String,
        datapoints_to_alarm: usize,
        state: String,
    }
    let table: Table =
        serde_json::from_str(include_str!("../../../../tests/harness/alarm-table.json")).unwrap();
    assert_eq!(table.rows.len(), 10);
    for row in table.rows {
        let point = |text: &str| match text {
            "-" => None,
            other => Some(other == "X"),
        };
        let points: Vec<Option<bool>> = row.data_points.split(' ').map(point).collect();
        let is_alarm = is_alarm(&points, table.evaluation_periods, row.datapoints_to_alarm);
        assert_eq!(if is_alarm { "ALARM" } else { "OK" }, row.state, "{}", row.data_points);
    }
}

#[test]
fn each_alarm_is_of_a_metric_that_is_published_and_within_the_limits_of_cloudwatch() {
    let deployed = Alarms::deployed();
    assert_eq!(deployed.schedule, "rate(15 minutes)", "the courses here look every quarter of an hour");
    let published = drill::silence::metrics(0.0, Some(drill::silence::Fleet::default()));
    let mut names: Vec<&str> = published.iter().map(|m| m.name).collect();
    for alarm in &deployed.alarms {
        names.retain(|name| *name != alarm.metric);
        // CloudWatch API reference, PutMetricAlarm, Period.
        let days = if alarm.period_s < 3600 { 1 } else { 7 };
        let span_s = alarm.period_s * i64::try_from(alarm.evaluation_periods).unwrap();
        assert!(span_s <= days * 86400, "{}", alarm.name);
        assert!(alarm.period_s >= QUARTER.num_seconds(), "a period without a look would be missing");
    }
    assert!(names.is_empty(), "no alarm on {names:?}");
}

#[test]
fn nights_that_go_well_ring_nothing_for_two_weeks() {
    for alarm in Alarms::deployed().alarms {
        let mut course = Course::begin();
        course.pass(TimeDelta::days(14), &alarm, |_| Night::Verified, always);
        // The points before the first look are missing.
        let from = at(BEGINNING) + alarm.rings_within();
        course.rang.retain(|rang| *rang > from);
        assert!(course.rang.is_empty(), "{} rang at {:?}", alarm.name, course.rang);
    }
}

#[test]
fn a_schedule_that_is_disabled_for_two_days_rings_within_27_hours_of_the_last_verified_restore() {
    let mut course = Course::begin();
    let alarm = alarm("hours-since-verified");
    course.pass(TimeDelta::hours(3), &alarm, |_| Night::Off, always);
    course.rang.clear();
    course.pass(TimeDelta::days(2), &alarm, |_| Night::Off, always);
    assert!(course.hours() > 48.0, "{}", course.hours());
    let last = at("2026-11-10T03:40:00Z");
    let first = *course.rang.first().expect("it rings");
    assert!(first > last + TimeDelta::hours(26) && first <= last + TimeDelta::hours(27), "{first}");
    assert_eq!(course.rang.last(), Some(&course.world.now()), "and goes on ringing");
}

#[test]
fn it_stops_ringing_after_the_next_verified_restore() {
    let mut course = Course::begin();
    let alarm = alarm("hours-since-verified");
    let back_from = at("2026-11-13T00:00:00Z");
    let night = |now| if now < back_from { Night::Off } else { Night::Verified };
    course.pass(TimeDelta::days(4), &alarm, night, always);
    let last = *course.rang.last().expect("it rang");
    assert!(last < at("2026-11-13T05:00:00Z"), "{last}");
    assert!(course.hours() < 26.0);
}

#[test]
fn a_dead_lambda_of_the_drill_rings_as_a_dead_schedule_does() {
    let mut course = Course::begin();
    let alarm = alarm("hours-since-verified");
    course.pass(TimeDelta::hours(3), &alarm, |_| Night::Dead, always);
    course.rang.clear();
    course.pass(TimeDelta::days(2), &alarm, |_| Night::Dead, always);
    let first = *course.rang.first().expect("it rings");
    assert!(first <= at("2026-11-10T03:40:00Z") + TimeDelta::hours(27), "{first}");
}

#[test]
fn a_dead_watchdog_rings_within_two_hours_though_every_night_goes_well() {
    let mut course = Course::begin();
    let alarm = alarm("hours-since-verified");
    let died_at = at("2026-11-12T08:00:00Z");
    let back_at = at("2026-11-13T08:00:00Z");
    let lives = |now| now < died_at || now >= back_at;
    course.pass(TimeDelta::hours(3), &alarm, |_| Night::Verified, lives);
    course.rang.clear();
    course.pass(TimeDelta::days(4), &alarm, |_| Night::Verified, lives);
    let (first, last) = (*course.rang.first().expect("it rings"), *course.rang.last().expect("it rings"));
    assert!(first > died_at && first <= died_at + TimeDelta::hours(2), "{first}");
    assert!(last <= back_at + QUARTER, "one point is enough to be quiet again, {last}");
}

#[test]
fn a_watchdog_that_is_dead_from_the_beginning_rings_at_once() {
    for alarm in Alarms::deployed().alarms {
        let mut course = Course::begin();
        course.pass(QUARTER, &alarm, |_| Night::Verified, |_| false);
        assert_eq!(course.rang.len(), 1, "{}", alarm.name);
    }
}

#[test]
fn half_an_hour_without_the_bucket_rings_nothing_and_an_hour_does() {
    let alarm = alarm("hours-since-verified");
    for (looks, is_ringing) in [(2, false), (4, true)] {
        let mut course = Course::begin();
        course.pass(TimeDelta::hours(6), &alarm, |_| Night::Verified, always);
        course.rang.clear();
        for _ in 0..looks {
            course.world.fault(Fault::store("ListObjects", StoreErrorKind::Unavailable));
        }
        course.pass(TimeDelta::hours(3), &alarm, |_| Night::Verified, always);
        assert_eq!(!course.rang.is_empty(), is_ringing, "{looks} looks without the bucket");
    }
}

#[test]
fn a_replica_that_is_left_running_rings_after_8_hours_and_not_during_a_night() {
    let alarm = alarm("replica-running-long");
    for (hours, is_ringing) in [(7, false), (12, true)] {
        let mut course = Course::begin();
        let left = replica(&night_of(10));
        course.world.add(left.clone());
        course.pass(TimeDelta::hours(12), &alarm, |_| Night::Verified, always);
        course.rang.clear();
        course.world.set_status(&left.id, InstanceStatus::Available);
        course.pass(TimeDelta::hours(hours), &alarm, |_| Night::Verified, always);
        course.world.set_status(&left.id, InstanceStatus::Stopped);
        course.pass(TimeDelta::hours(12), &alarm, |_| Night::Verified, always);
        assert_eq!(!course.rang.is_empty(), is_ringing, "{hours} hours");
    }
}

#[test]
fn more_replicas_than_three_ring() {
    let alarm = alarm("replicas-too-many");
    for (replicas, is_ringing) in [(3, false), (4, true)] {
        let mut course = Course::begin();
        (10..10 + replicas).for_each(|day| course.world.add(replica(&night_of(day))));
        course.pass(TimeDelta::hours(6), &alarm, |_| Night::Verified, always);
        assert_eq!(course.rings(&alarm, course.world.now()), is_ringing, "{replicas}");
    }
}

#[test]
fn a_watchdog_that_may_not_look_at_rds_rings_by_its_missing_counts() {
    let mut course = Course::begin();
    for _ in 0..200 {
        course.world.fault(Fault::rds("DescribeDBInstances", RdsErrorKind::Denied, "AccessDenied"));
    }
    let many = alarm("replicas-too-many");
    course.pass(TimeDelta::hours(6), &many, |_| Night::Verified, always);
    assert!(course.rings(&many, course.world.now()));
    assert!(!course.rings(&alarm("hours-since-verified"), course.world.now()));
}

/// Why the watchdog is there: what an alarm on the drill's own metric of success would do.
#[test]
fn an_alarm_on_the_success_metric_says_nothing_for_days() {
    let bare = Alarm {
        name: "verified".to_owned(),
        metric: "NotVerified".to_owned(),
        statistic: "Minimum".to_owned(),
        threshold: 0.0,
        period_s: 86_400,
        evaluation_periods: 1,
    };
    let world = World::new();
    let verified_at = at("2026-11-10T03:40:00Z");
    let point = Metric { name: "NotVerified", value: 0.0, unit: "Count" };
    world.change(|s| s.points.push((SourceId::parse("courses-prod").unwrap(), verified_at, point)));
    let rings_after = |hours: i64| bare.rings(&points(&world, &bare), verified_at + TimeDelta::hours(hours));
    assert!(!rings_after(27) && !rings_after(48) && !rings_after(72), "it looks back past the silence");
    assert!(rings_after(24 * 4));
}
