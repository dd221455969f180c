//! The checks: how they are shared out, that a shard fits the state, and that what goes wrong is data.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use drill::configuration::Configuration;
use drill::error::WireName;
use drill::measurement::*;
use drill::ports::{ConnectError, MeasureError};
use drill::steps::{plan_checks, run_check};
use proptest::prelude::*;

use crate::support::*;

fn catalogue(sizes: &[u64]) -> Catalogue {
    let name = |i: usize| TableName { schema: "public".to_owned(), table: format!("t{i:05}") };
    let entry = |(i, size): (usize, &u64)| TableEntry { name: name(i), heap_size_bytes: *size };
    Catalogue { tables: sizes.iter().enumerate().map(entry).collect(), not_covered: Vec::new() }
}

fn shards_of(plan: &CheckPlan) -> Vec<Vec<Unit>> {
    (0..plan.shard_count).map(|shard| plan.shard(shard).cloned().collect()).collect()
}

fn with_queries(count: usize) -> Configuration {
    let query = |i| format!("[[queries]]\nname = \"q{i}\"\nsql = \"SELECT {i}\"\nequals = {i}\n");
    configuration_with(&(0..count).map(query).collect::<String>())
}

proptest! {
    #[test]
    fn the_shards_cover_each_unit_once(
        sizes in prop::collection::vec(prop_oneof![0_u64..1 << 20, 0_u64..1 << 42], 0..600), queries in 0_usize..8,
    ) {
        let plan = CheckPlan::of(&catalogue(&sizes), &with_queries(queries));
        prop_assert_eq!(plan.units.len(), 1 + sizes.len() + queries);
        let mut covered: Vec<Unit> = shards_of(&plan).concat();
        let mut units = plan.units.clone();
        covered.sort();
        units.sort();
        prop_assert_eq!(covered, units);
        prop_assert!(plan.shard_count <= SHARDS_MAX);
        prop_assert!(shards_of(&plan).iter().all(|shard| shard.len() <= UNITS_PER_SHARD_MAX));
    }

    #[test]
    fn the_same_catalogue_gives_the_same_plan(sizes in prop::collection::vec(0_u64..1 << 40, 0..50)) {
        let plan = || CheckPlan::of(&catalogue(&sizes), &with_queries(2));
        prop_assert_eq!(plan(), plan());
    }

    #[test]
    fn the_digest_follows_the_units_and_not_their_order(
        (units, shuffled) in prop::sample::subsequence((0..9).collect::<Vec<usize>>(), 1..9)
            .prop_flat_map(|names| (Just(names.clone()), Just(names).prop_shuffle())),
    ) {
        let of = |names: &[usize]| {
            digest_of(&names.iter().map(|n| Unit::Query { name: n.to_string() }).collect::<Vec<_>>())
        };
        prop_assert_eq!(of(&units), of(&shuffled));
        prop_assert_ne!(of(&units), of(&units[1..]));
        prop_assert_ne!(of(&units), of(&[units.clone(), vec![units[0]]].concat()));
    }
}

#[test]
fn the_largest_table_does_not_share_its_shard_while_others_are_lighter() {
    let plan = CheckPlan::of(&catalogue(&[1 << 40, 1, 1, 1]), &with_queries(0));
    let of_largest = shards_of(&plan).into_iter().find(|shard| {
        shard.iter().any(|u| matches!(u, Unit::Table { table, .. } if table.table == "t00000"))
    });
    assert_eq!(of_largest.expect("it has a shard").len(), 1);
}

#[test]
fn a_configured_column_changes_the_digest() {
    let fresh = configuration_with("[defaults]\nfresh = { column = \"at\", within = \"2h\" }\n");
    let tables = catalogue(&[1]);
    assert_ne!(CheckPlan::of(&tables, &fresh).digest, CheckPlan::of(&tables, &with_queries(0)).digest);
}

/// Ten thousand tables with the longest names, each of which fails at length.
fn many_tables() -> Database {
    let long = |c: char, i: usize| format!("{i:05}{}", c.to_string().repeat(58));
    let name = |i: usize| TableName { schema: long('s', i % 7), table: long('t', i) };
    let reason = || MeasureError::NotMeasured { reason: "\"".repeat(1000), hint: "\\".repeat(1000) };
    let tables: BTreeMap<_, _> = (0..10_000).map(|i| (name(i), (Err(reason()), 8192))).collect();
    Database { tables, newest: Err(reason()), ..Database::new() }
}

#[test]
fn each_shard_of_ten_thousand_tables_fits_the_state() {
    let world = World::new();
    let fresh = "[defaults]\nfresh = { column = \"at\", within = \"2h\" }\n";
    world.write(&drill::evidence::keys::configuration(&SOURCE), &format!("{CONFIGURATION}{fresh}"));
    let mut night = world.begin();
    night.make_available();
    let database = many_tables();
    let checks = night.plan_checks(&database).expect("checks are planned");
    assert_eq!(checks.table_count, 10_000);
    let largest = [0, checks.shards.len() / 2, checks.shards.len() - 1].map(|shard| {
        let output = night.run_check(&database, shard).expect("the shard is measured");
        serde_json::to_string(&output).expect("it serializes").len()
    });
    assert!(largest.iter().all(|bytes| *bytes < 220 * 1024), "{largest:?}");
    assert!(serde_json::to_string(&checks).unwrap().len() < 16 * 1024);
}

#[test]
fn more_tables_than_a_drill_can_check_are_refused() {
    let world = World::new();
    let mut night = world.begin();
    night.make_available();
    let tables = (0..12_000).map(|i| (database::table(&format!("t{i}")), (Ok(1), 1))).collect();
    let error = night.plan_checks(&Database { tables, ..Database::new() }).expect_err("they are too many");
    assert_eq!(error.name, WireName::ChecksTooMany);
}

#[test]
fn what_is_not_covered_is_named_within_bounds() {
    let world = World::new();
    let mut night = world.begin();
    night.make_available();
    let not_covered = vec!["é".repeat(400); 70];
    let checks = night.plan_checks(&Database { not_covered, ..Database::new() }).expect("they are planned");
    assert_eq!(checks.not_covered.len(), 51);
    assert_eq!(checks.not_covered[50], "and 20 more");
    assert!(checks.not_covered.iter().all(|text| text.len() <= 300));
}

/// A drill with an available replica and planned checks.
fn planned<'a>(world: &'a World, database: &Database) -> Night<'a> {
    let mut night = world.begin();
    night.make_available();
    night.plan_checks(database).expect("checks are planned");
    night
}

fn measurements(night: &Night<'_>, database: &Database) -> Vec<Measurement> {
    let shards = night.checks.as_ref().expect("they are planned").shards.clone();
    let run = |shard| night.run_check(database, shard).expect("it is measured").measurements;
    shards.into_iter().flat_map(run).collect()
}

#[test]
fn the_replica_is_measured_and_not_the_source() {
    let (world, database) = (World::new(), Database::new());
    let night = planned(&world, &database);
    measurements(&night, &database);
    let connected = database.measured.lock().unwrap().clone();
    let hosts: Vec<&str> = connected.iter().filter_map(|line| line.strip_prefix("connect ")).collect();
    assert!(hosts.iter().all(|host| *host == format!("{}.example", night.id())), "{hosts:?}");
}

#[test]
fn every_table_is_counted_once() {
    let (world, database) = (World::new(), Database::new());
    let night = planned(&world, &database);
    measurements(&night, &database);
    let mut counts = database.measured.lock().unwrap().clone();
    counts.retain(|line| line.starts_with("count "));
    counts.sort();
    assert_eq!(counts, ["count public.courses_answer", "count public.courses_course"]);
}

#[test]
fn a_damaged_table_is_data_and_no_exception() {
    let world = World::new();
    let database =
        Database::new().with("courses_course", Err(MeasureError::Failed("XX001: damaged".to_owned())));
    let failed = |m: &Measurement| matches!(m, Measurement::Table { count: Outcome::Failed { .. }, .. });
    let measured = measurements(&planned(&world, &database), &database);
    assert_eq!(measured.iter().filter(|m| failed(m)).count(), 1);
}

/// The error of a shard over a database that is changed after the checks were planned.
fn broken(change: impl FnOnce(Database) -> Database) -> WireName {
    let (world, database) = (World::new(), Database::new());
    let night = planned(&world, &database);
    let database = change(database);
    let run = |shard| night.run_check(&database, shard).err().map(|e| e.name);
    (0..4).find_map(run).expect("a shard fails")
}

#[test]
fn a_lost_connection_is_tried_again() {
    let error = broken(|d| d.with("courses_answer", Err(MeasureError::Lost("reset".to_owned()))));
    assert_eq!((error, error.is_retried()), (WireName::DatabaseLost, true));
}

#[test]
fn a_catalogue_that_changed_between_two_looks_breaks_the_drill() {
    assert_eq!(broken(|d| d.with("courses_new", Ok(1))), WireName::ChecksChanged);
    assert_eq!(broken(|d| d.without("courses_course")), WireName::ChecksChanged);
}

#[test]
fn a_connection_that_is_not_made_is_named_for_its_reason() {
    let of = |error| broken(|database| Database { connecting: Err(error), ..database });
    assert_eq!(of(ConnectError::Unreachable(String::new())), WireName::DatabaseUnreachable);
    assert_eq!(of(ConnectError::Refused(String::new())), WireName::DatabaseRefused);
    assert_eq!(of(ConnectError::Untrusted(String::new())), WireName::DatabaseUntrusted);
}

/// Runs the first shard of a database of one shard's worth of tables, where every look at the clock takes a
/// second.
fn run_within(budget_s: u64) -> run_check::Output {
    let world = World::new();
    let mut database = Database::new();
    for i in 0..40 {
        database = database.with(&format!("t{i:02}"), Ok(1));
    }
    let night = planned(&world, &database);
    let seconds = AtomicU64::new(0);
    let tick = || Duration::from_secs(seconds.fetch_add(1, Ordering::Relaxed));
    night.run_check_within(&database, 1, budget_s, tick).expect("what isn't measured is data")
}

fn is_out_of_time(measurement: &Measurement) -> bool {
    let Measurement::Table { count: Outcome::NotMeasured { reason, .. }, .. } = measurement else {
        return false;
    };
    reason == "the function's time was up"
}

#[test]
fn what_would_begin_after_the_budget_is_not_measured() {
    let output = run_within(6);
    let late = output.measurements.iter().position(is_out_of_time).expect("time runs out");
    assert!(late > 0);
    assert!(output.measurements[late..].iter().all(is_out_of_time));
}

#[test]
fn a_shard_that_ran_out_of_time_still_names_each_of_its_units() {
    let units = |output: run_check::Output| -> Vec<Unit> {
        output.measurements.iter().map(|m| m.unit(&configuration_with(""))).collect()
    };
    assert_eq!(units(run_within(0)), units(run_within(1000)));
}

#[test]
fn the_plan_of_the_checks_says_when_the_first_query_was_answered() {
    let (world, database) = (World::new(), Database::new());
    let checks: plan_checks::Output = planned(&world, &database).checks.expect("they are planned");
    assert_eq!(checks.first_query_at, world.now() + chrono::TimeDelta::seconds(1));
}
