//! The checks: how they are shared out, that a shard fits the state, and that what goes wrong is data.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use drill::configuration::{Configuration, Level};
use drill::error::WireName;
use drill::measurement::*;
use drill::ports::{ConnectError, MeasureError};
use drill::steps::{plan_checks, run_check};
use proptest::prelude::*;

use crate::support::*;

fn catalogue(sizes: &[u64]) -> Catalogue {
    let name = |i: usize| TableName { schema: "public".to_owned(), table: format!("t{i:05}") };
    let entry = |(i, size): (usize, &u64)| TableEntry {
        name: name(i),
        heap_size_bytes: *size,
        indexes: vec![IndexEntry {
            name: format!("t{i:05}_pkey"),
            size_bytes: size / 8,
            is_countable: true,
            is_btree: true,
        }],
        foreign_keys: Vec::new(),
    };
    Catalogue { tables: sizes.iter().enumerate().map(entry).collect(), ..Catalogue::default() }
}

fn shards_of(plan: &CheckPlan) -> Vec<Vec<Unit>> {
    (0..plan.shard_count).map(|shard| plan.shard(shard).cloned().collect()).collect()
}

/// The size of the largest table that is counted in one piece.
const PIECE_BYTES: u64 = PIECE_BLOCKS as u64 * 8192;

fn at_level(level: &str) -> Configuration {
    let mut configuration = configuration_with("");
    configuration.level = match level {
        "quick" => Level::Quick,
        "standard" => Level::Standard,
        _ => Level::Deep,
    };
    configuration
}

fn with_queries(count: usize) -> Configuration {
    let query = |i| format!("[[queries]]\nname = \"q{i}\"\nsql = \"SELECT {i}\"\nequals = {i}\n");
    configuration_with(&(0..count).map(query).collect::<String>())
}

#[test]
fn a_shard_that_is_not_there_has_nothing_to_measure() {
    let plan = CheckPlan::of(&catalogue(&[1 << 20; 9]), &at_level("quick"), &BTreeMap::new());
    assert!(plan.shard_count > 1);
    assert_ne!(plan.shard(plan.shard_count - 1).count(), 0);
    for shard in [plan.shard_count, usize::MAX] {
        assert_eq!(plan.shard(shard).count(), 0, "shard {shard}");
    }
}

proptest! {
    #[test]
    fn the_shards_cover_each_unit_once(
        sizes in prop::collection::vec(prop_oneof![0_u64..1 << 20, 0_u64..1 << 36], 0..100), queries in 0_usize..8,
    ) {
        let plan = CheckPlan::of(&catalogue(&sizes), &with_queries(queries), &BTreeMap::new());
        let mut rows: Vec<u64> = sizes.iter().map(|_| 0).collect();
        for unit in &plan.units {
            let Unit::Rows { table, blocks } = unit else { continue };
            let i: usize = table.table[1..].parse().unwrap();
            // Pieces follow each other without a gap, and the last has no end.
            prop_assert_eq!(rows[i], blocks.map_or(0, |b| u64::from(b.from)));
            rows[i] = blocks.and_then(|b| b.to).map_or(u64::MAX, u64::from);
        }
        prop_assert!(rows.iter().all(|end| *end == u64::MAX));
        let is_query = |u: &&Unit| matches!(u, Unit::Query { .. });
        prop_assert_eq!(plan.units.iter().filter(is_query).count(), queries);
        let mut covered: Vec<Unit> = shards_of(&plan).concat();
        let mut units = plan.units.clone();
        covered.sort();
        units.sort();
        prop_assert_eq!(covered, units);
        prop_assert!(plan.shard_count <= SHARDS_MAX);
    }

    #[test]
    fn the_same_catalogue_gives_the_same_plan(sizes in prop::collection::vec(0_u64..1 << 40, 0..50)) {
        let plan = || CheckPlan::of(&catalogue(&sizes), &with_queries(2), &BTreeMap::new());
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
    let plan = CheckPlan::of(&catalogue(&[PIECE_BYTES, 1, 1, 1]), &at_level("quick"), &BTreeMap::new());
    let of_largest = shards_of(&plan)
        .into_iter()
        .find(|shard| shard.iter().any(|u| matches!(u, Unit::Rows { table, .. } if table.table == "t00000")));
    assert_eq!(of_largest.expect("it has a shard").len(), 1);
}

#[test]
fn a_configured_column_changes_the_digest() {
    let fresh = configuration_with("[defaults]\nfresh = { column = \"at\", within = \"2h\" }\n");
    let tables = catalogue(&[1]);
    let digest = |configuration| CheckPlan::of(&tables, configuration, &BTreeMap::new()).digest;
    assert_ne!(digest(&fresh), digest(&with_queries(0)));
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
    let parts = [0, checks.shards.len() / 2, checks.shards.len() - 1]
        .map(|shard| night.run_checks(&database, shard).expect("the shard is measured"));
    let sizes = parts.each_ref().map(|parts| {
        parts.iter().map(|part| serde_json::to_string(part).expect("it serializes").len()).max()
    });
    assert!(sizes.iter().all(|bytes| bytes.is_some_and(|b| b < 68 * 1024)), "{sizes:?}");
    assert!(serde_json::to_string(&checks).unwrap().len() < 16 * 1024);
}

#[test]
fn more_tables_than_a_drill_can_check_are_refused() {
    let world = World::new();
    let mut night = world.begin();
    night.make_available();
    let tables = (0..120_000).map(|i| (database::table(&format!("t{i}")), (Ok(1), 1))).collect();
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
    assert_eq!(checks.not_covered[0], Level::Standard.not_covered()[0]);
    assert_eq!(checks.not_covered[50], "and 23 more");
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
    let run = |shard| night.run_checks(database, shard).expect("it is measured");
    shards.into_iter().flat_map(run).flat_map(|part| part.measurements).collect()
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
    counts.dedup_by(|a, b| a.split(' ').nth(1) == b.split(' ').nth(1));
    assert_eq!(counts.len(), 2, "{counts:?}");
}

#[test]
fn a_damaged_table_is_data_and_no_exception() {
    let world = World::new();
    let database =
        Database::new().with("courses_course", Err(MeasureError::Failed("XX001: damaged".to_owned())));
    let failed =
        |m: &Measurement| matches!((&m.unit, &m.outcome), (Unit::Rows { .. }, Outcome::Failed { .. }));
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
fn tables_that_change_their_size_between_two_looks_are_still_measured_once() {
    let (world, database) =
        (World::new(), (0..30).fold(Database::new(), |d, i| d.with(&format!("t{i}"), Ok(1))));
    let night = planned(&world, &database);
    let planned_units = measurements(&night, &database).len();
    let mut vacuumed = database;
    for (i, (_, size)) in vacuumed.tables.values_mut().enumerate() {
        *size = if i % 3 == 0 { 0 } else { 900 << 20 };
    }
    let mut units: Vec<Unit> = measurements(&night, &vacuumed).into_iter().map(|m| m.unit).collect();
    let checks = night.checks.as_ref().unwrap();
    assert_eq!((units.len(), digest_of(&units)), (planned_units, checks.digest.clone()));
    units.dedup();
    assert_eq!(units.len(), checks.unit_count);
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

/// The parts of the first shard of a database of many tables, where every look at the clock takes a second.
fn parts_within(budget_s: u64) -> Vec<Result<run_check::Output, WireName>> {
    let world = World::new();
    let mut database = Database::new();
    for i in 0..40 {
        database = database.with(&format!("t{i:02}"), Ok(1));
    }
    let night = planned(&world, &database);
    let mut parts: Vec<Result<run_check::Output, WireName>> = Vec::new();
    loop {
        let resume = parts.last().and_then(|part| part.as_ref().ok()?.resume.clone());
        let seconds = AtomicU64::new(0);
        let tick = || Duration::from_secs(seconds.fetch_add(1, Ordering::Relaxed));
        let part = night.run_check_within(&database, 1, resume, budget_s, tick).map_err(|e| e.name);
        let is_last = part.as_ref().map_or(true, |part| part.is_done);
        parts.push(part);
        if is_last {
            return parts;
        }
    }
}

fn units_of(parts: Vec<Result<run_check::Output, WireName>>) -> Vec<Unit> {
    let measurements = parts.into_iter().flat_map(|part| part.expect("it is measured").measurements);
    measurements.map(|m| m.unit).collect()
}

#[test]
fn what_does_not_fit_the_time_goes_on_in_the_next_invocation() {
    // A time that is enough for some of it and not for all.
    let is_split = |parts: &Vec<Result<_, _>>| parts.len() > 1 && parts.iter().all(Result::is_ok);
    let parts = (1..100).map(|budget| parts_within(budget * 10)).find(is_split).expect("some time fits");
    assert_eq!(units_of(parts), units_of(parts_within(1000)));
}

#[test]
fn a_shard_that_never_ends_breaks_the_drill() {
    let parts = parts_within(0);
    assert_eq!(parts.len(), PARTS_PER_SHARD_MAX as usize);
    assert_eq!(parts.last().unwrap().as_ref().err(), Some(&WireName::ChecksUnfinished));
}

#[test]
fn the_plan_of_the_checks_says_when_the_first_query_was_answered() {
    let (world, database) = (World::new(), Database::new());
    let checks: plan_checks::Output = planned(&world, &database).checks.expect("they are planned");
    assert_eq!(checks.first_query_at, world.now() + chrono::TimeDelta::seconds(1));
}
