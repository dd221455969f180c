//! The figures of `statemachine/README.md` about Step Functions' limits, computed from the bounds of the
//! configuration and the formulas of the library.

use std::time::Duration;

use drill::configuration::{Configuration, Polling, limits, parse_toml};
use drill::measurement::{
    CatalogueObject, MARK_MAX_BYTES, Measurement, OBJECT_TEXT_MAX_BYTES, OBJECTS_PER_PART, ObjectKind,
    Outcome, PARTS_PER_SHARD_MAX, RESULT_SIZE_MAX_BYTES, SHARDS_MAX, Unit, Value,
};
use drill::observation::{Goal, first_wait, next_wait};
use drill::plan::Plan;
use drill::steps::{record_measurements, run_check};

use crate::definition::{definition, text_of};
use crate::machine::Ran;
use crate::night::NIGHTS;

/// Step Functions' own limits (developer guide, "Quotas related to state machine executions").
const EVENTS_MAX: usize = 25_000;
const STATE_MAX_BYTES: usize = 256 * 1024;

/// A Task that succeeds: entered, scheduled, started, succeeded, exited.
const EVENTS_OF_A_TASK: usize = 5;
/// Wait, Task, Choice; a Wait and a Choice are entered and exited.
const EVENTS_OF_A_LOOK: usize = EVENTS_OF_A_TASK + 4;
/// Two Tasks and a Choice, once an invocation; around them the iteration's start and end, and its Succeed.
const EVENTS_OF_A_SHARD: usize = (2 * EVENTS_OF_A_TASK + 2) * PARTS_PER_SHARD_MAX as usize + 2 + 2;
/// Seven Tasks outside the loop, `BeginDrill`, the Map's four, `DrillEnded`, the end, and the execution's two.
const EVENTS_BESIDE: usize = 7 * EVENTS_OF_A_TASK + 2 + 4 + 2 + 2 + 2;
/// What a retry adds: failed, scheduled, started.
const EVENTS_OF_A_RETRY: usize = 3;

fn readme_says(what: &str) {
    let readme = text_of("statemachine/README.md").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(readme.contains(what), "statemachine/README.md doesn't say {what:?}");
}

/// 25000 as `25,000`.
fn grouped(number: usize) -> String {
    if number < 1000 { number.to_string() } else { format!("{},{:03}", number / 1000, number % 1000) }
}

fn times(ran: &Ran, state: &str) -> usize {
    ran.entered.iter().filter(|s| *s == state).count()
}

#[test]
fn a_night_takes_as_many_transitions_as_the_formula_says() {
    for (night, words) in [(&NIGHTS.first, "the first night"), (&NIGHTS.usual, "every later night")] {
        let (looks, shards) = (times(night, "ObserveReplica"), times(night, "RunCheck"));
        assert_eq!(night.entered.len(), 10 + 3 * looks + 4 * shards);
        readme_says(&format!("| {words} | {looks} | {shards} | {} |", night.entered.len()));
    }
}

/// What a night may take of transitions with a restore of 22 minutes.
const TRANSITIONS_MAX: usize = 130;

#[test]
fn a_night_with_a_restore_of_22_minutes_takes_at_most_130_transitions() {
    for night in [&NIGHTS.first, &NIGHTS.usual] {
        assert!(night.entered.len() <= TRANSITIONS_MAX, "{}", night.entered.len());
    }
    // Whatever was learned before, as long as it was of restores like this one.
    let shards = times(&NIGHTS.usual, "RunCheck");
    let polling = Polling::default();
    let until = |goal, mut elapsed: Duration, end_s, earlier: &[u64]| {
        let mut looks = 1;
        while elapsed < Duration::from_secs(end_s) {
            elapsed += next_wait(goal, elapsed, earlier, &polling);
            looks += 1;
        }
        looks
    };
    for nights in 0..=10 {
        let earlier = vec![22 * 60; nights];
        let looks = until(Goal::Available, first_wait(&earlier, &polling), 22 * 60, &earlier)
            + until(Goal::Stopped, polling.min.duration(), 6 * 60, &earlier)
            // The first night has nothing to delete.
            + if nights == 0 { 1 } else { until(Goal::Gone, Duration::ZERO, 3 * 60, &earlier) };
        let transitions = 10 + 3 * looks + 4 * shards;
        assert!(transitions <= TRANSITIONS_MAX, "{transitions} after {nights} nights");
    }
}

/// A configuration with these deadlines and waits, in seconds; `None` when it is refused.
fn waiting(deadlines: [u64; 3], polling: [u64; 3]) -> Option<Configuration> {
    let [available, stopped, gone] = deadlines;
    let [first, min, max] = polling;
    parse_toml(&format!(
        "source = \"s\"\n[replica]\ninstance_class = \"db.t4g.medium\"\nsubnet_group = \"g\"\n\
         security_groups = [\"sg-01\"]\nabandoned_max_age = \"720h\"\n[database]\nname = \"d\"\n\
         [deadlines]\navailable = \"{available}s\"\nstopped = \"{stopped}s\"\ngone = \"{gone}s\"\n\
         [polling]\nfirst = \"{first}s\"\nmin = \"{min}s\"\nmax = \"{max}s\"\n"
    ))
    .ok()
}

/// How many looks the waiting of a drill takes at most: each goal until just past its deadline, all of it
/// inside the machine's own time-out.
fn looks(configuration: &Configuration, earlier_s: &[u64], time_out: Duration) -> usize {
    let (polling, mut left, mut count) = (&configuration.polling, time_out, 0);
    for goal in [Goal::Available, Goal::Stopped, Goal::Gone] {
        let mut elapsed = match goal {
            Goal::Available => first_wait(earlier_s, polling),
            Goal::Stopped => polling.min.duration(),
            Goal::Gone => Duration::ZERO,
        };
        let deadline = goal.deadline(&configuration.deadlines).duration();
        while elapsed <= left {
            count += 1;
            if elapsed > deadline {
                break;
            }
            elapsed += next_wait(goal, elapsed, earlier_s, polling);
        }
        left = left.saturating_sub(elapsed);
    }
    count
}

fn most_looks() -> usize {
    let time_out = Duration::from_secs(definition()["TimeoutSeconds"].as_u64().expect("a time-out"));
    let mut most = 0;
    for max in 1..=limits::POLL_MAX.as_secs() {
        // As long as the configuration lets the waiting be with that longest wait.
        let total = (limits::LOOKS_MAX * max).min(limits::WAITING_MAX.as_secs());
        for deadlines in [[total / 3; 3], [total - 2 * total / 8, total / 8, total / 8]] {
            for earlier_s in [vec![], vec![1], vec![total / 6], vec![total]] {
                if let Some(configuration) = waiting(deadlines, [1, 1, max]) {
                    most = most.max(looks(&configuration, &earlier_s, time_out));
                }
            }
        }
    }
    most
}

#[test]
fn the_longest_drill_stays_inside_the_history_of_an_execution() {
    let looks = most_looks();
    let events = EVENTS_BESIDE + looks * EVENTS_OF_A_LOOK + SHARDS_MAX * EVENTS_OF_A_SHARD;
    let retries = (EVENTS_MAX - events) / EVENTS_OF_A_RETRY;
    readme_says(&format!("{} looks", grouped(looks)));
    readme_says(&format!("{} events", grouped(events)));
    readme_says(&format!("{} retries", grouped(retries)));
    assert!(looks >= usize::try_from(limits::LOOKS_MAX).unwrap(), "the worst case was not found");
}

/// The configuration that grows most on its way into JSON: backslashes, which TOML takes as they are.
fn largest_configuration() -> Configuration {
    let head = "source = \"s\"\n[replica]\ninstance_class = \"db.t4g.medium\"\nsubnet_group = \"g\"\n\
                security_groups = [\"sg-01\"]\n[database]\nname = \"d\"\n";
    let mut text = head.to_owned();
    for number in 0.. {
        let query = |sql: &str| {
            format!("[[queries]]\nname = \"q{number}\"\nsql = \'\'\'SELECT \'{sql}\'\'\'\'\nequals = 0\n")
        };
        let room = limits::FILE_MAX_BYTES.saturating_sub(text.len() + query("").len());
        if room == 0 {
            break;
        }
        text.push_str(&query(&"\\".repeat(room.min(limits::SQL_MAX_BYTES - 9))));
    }
    parse_toml(&text).expect("the largest configuration is a good one")
}

fn largest_plan() -> Plan {
    let planned = NIGHTS.usual.exchanges.iter().find(|e| e.state == "PlanDrill").expect("a night is planned");
    let mut plan: Plan = serde_json::from_value(planned.output.clone()).expect("its output is a plan");
    plan.configuration = largest_configuration();
    plan
}

/// What an invocation gives at most: its last measurement is the one that takes it past the size.
fn largest_result(measurement: &Measurement) -> run_check::Output {
    let size = serde_json::to_string(measurement).expect("it serializes").len() + 1;
    run_check::Output {
        shard: SHARDS_MAX - 1,
        part: PARTS_PER_SHARD_MAX - 1,
        digest: "0".repeat(64),
        activity: [not_measured(), not_measured()],
        measurements: vec![measurement.clone(); RESULT_SIZE_MAX_BYTES / size + 1],
        is_done: false,
        resume: Some(run_check::Resume { part: 4, unit: 120_000, block: u32::MAX, rows: u64::MAX }),
    }
}

fn not_measured<T>() -> Outcome<T> {
    Outcome::NotMeasured { reason: "r".repeat(9999), hint: "h".repeat(9999) }.bounded()
}

/// The largest measurement: a part of the catalogue whose names and definitions are as long as they may be.
fn largest_measurement() -> Measurement {
    let definition = vec!["d".repeat(OBJECT_TEXT_MAX_BYTES)];
    let object = CatalogueObject { name: "n".repeat(2 * limits::IDENTIFIER_MAX_BYTES + 1), definition };
    Measurement {
        unit: Unit::Objects { kind: ObjectKind::MaterializedView, part: 9999 },
        outcome: Outcome::Measured { value: Value::Objects(vec![object; OBJECTS_PER_PART as usize]) },
        duration_ms: 123_456,
    }
}

/// A plan whose configuration and marks are as large as they may be, which can't both be.
fn plan_with_marks() -> Plan {
    let mut plan = largest_plan();
    let name = |i: usize| format!("{i:03}{}", "t".repeat(limits::TABLE_NAME_MAX_BYTES - 3));
    plan.marks = (0..limits::HISTORIES_MAX).map(|i| (name(i), "m".repeat(MARK_MAX_BYTES))).collect();
    plan
}

fn kib(value: &impl serde::Serialize) -> usize {
    serde_json::to_string(value).expect("it serializes").len().div_ceil(1024)
}

#[test]
fn the_largest_states_are_as_large_as_the_readme_says() {
    let plan = plan_with_marks();
    let measurement = largest_measurement();
    let mut result = largest_result(&Measurement { outcome: not_measured(), ..measurement.clone() });
    result.measurements.push(measurement);
    readme_says(&format!("at most {} KiB, for a file", kib(&largest_plan())));
    readme_says(&format!(
        "{} KiB with the newest values of {} `history` columns",
        kib(&plan),
        limits::HISTORIES_MAX
    ));
    readme_says(&format!("at most {} KiB of measurements", kib(&result)));
    let both = kib(&record_measurements::Input { plan, result });
    readme_says(&format!("{both} KiB together"));
    assert!(both * 1024 <= STATE_MAX_BYTES, "{both} KiB don't fit a state");
}
