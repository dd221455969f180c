//! The readers of a shard: whatever takes how long, each unit is measured once and each row counted once, and there
//! are as many readers as pays.

mod storage;

use std::time::Duration;

use drill::configuration::{Level, Span};
use drill::error::{StepError, WireName};
use drill::measurement::*;
use drill::plan::Plan;
use drill::steps::{Available, run_check};
use proptest::prelude::*;

use crate::support::*;
use storage::{Storage, Table};

const NAMES: [&str; 6] = ["alpha", "beta", "delta", "gamma", "omega", "zeta"];

const fn table(blocks: u32) -> Table {
    Table { blocks, lost: 0, index_size_bytes: 0, damaged_from: None }
}

/// A drill of a storage, whose checks are planned.
struct Drill {
    storage: Storage,
    plan: Plan,
    available: Available,
    checks: CheckPlan,
    budget: Duration,
    readers_max: usize,
}

impl Drill {
    fn of(storage: Storage, level: Level) -> Self {
        let world = World::new();
        let mut night = world.begin();
        night.make_available();
        let mut plan = night.plan.clone();
        plan.configuration.level = level;
        plan.configuration.database.statement_timeout = Span::seconds(storage.statement_timeout.as_secs());
        let mut session = ready(drill::ports::Connect::connect(
            &storage,
            &drill::ports::Target {
                endpoint: &night.available.as_ref().expect("it is available").endpoint,
                database: &plan.configuration.database,
            },
            world.now(),
        ))
        .expect("it connects");
        let catalogue = ready(drill::ports::Session::catalogue(&mut session)).expect("it is read");
        let checks = CheckPlan::of(&catalogue, &plan.configuration, &plan.marks);
        let available = night.available.clone().expect("it is available");
        Self { storage, plan, available, checks, budget: Duration::from_secs(885), readers_max: 16 }
    }

    fn invoke(
        &self,
        shard: usize,
        resume: Option<run_check::Resume>,
    ) -> Result<run_check::Output, StepError> {
        let input = run_check::Input {
            plan: self.plan.clone(),
            available: self.available.clone(),
            digest: self.checks.digest.clone(),
            cuts: self.checks.cuts.clone(),
            shard,
            readers_max: self.readers_max,
            resume,
        };
        self.storage.invoke(self.budget);
        let elapsed = || self.storage.elapsed();
        let now = at("2026-11-21T03:30:00Z");
        self.storage.run(run_check::run(&self.storage, input, now, self.budget, elapsed))
    }

    /// Every invocation that a shard is measured in.
    fn parts(&self, shard: usize) -> Result<Vec<run_check::Output>, StepError> {
        let mut parts: Vec<run_check::Output> = Vec::new();
        loop {
            let part = self.invoke(shard, parts.last().and_then(|part| part.resume.clone()))?;
            let is_done = part.is_done;
            parts.push(part);
            if is_done {
                return Ok(parts);
            }
        }
    }

    /// All measurements of all shards.
    fn measurements(&self) -> Result<Vec<Measurement>, StepError> {
        let shards = (0..self.checks.shard_count).map(|shard| self.parts(shard));
        let parts: Vec<_> = shards.collect::<Result<Vec<_>, _>>()?.concat();
        Ok(parts.into_iter().flat_map(|part| part.measurements).collect())
    }
}

fn rows_of(outcome: &Outcome<Value>) -> u64 {
    let Outcome::Measured { value: Value::Rows(count) } = outcome else { panic!("{outcome:?}") };
    count.rows
}

fn index_of(outcome: &Outcome<Value>) -> &IndexCount {
    let Outcome::Measured { value: Value::Index(count) } = outcome else { panic!("{outcome:?}") };
    count
}

prop_compose! {
    fn any_table()(
        blocks in prop_oneof![0_u32..20, 0_u32..9_000, 0_u32..200_000],
        index in prop_oneof![0_u64..1 << 16, 0_u64..1 << 29],
        lost in 0_u64..2,
    ) -> Table {
        let lost = if blocks == 0 { 0 } else { lost };
        Table { blocks, lost, index_size_bytes: index, damaged_from: None }
    }
}

prop_compose! {
    fn any_storage()(
        tables in prop::collection::vec(any_table(), 1..NAMES.len()),
        processors in prop_oneof![Just(1_usize), Just(2), Just(usize::MAX)],
        block_us in prop_oneof![Just(7_u64), Just(300), Just(5_000)],
        statement_timeout_s in prop_oneof![Just(1_u64), Just(20), Just(600)],
        sessions_max in prop_oneof![Just(1_usize), Just(3), Just(usize::MAX)],
    ) -> Storage {
        let statement_timeout = Duration::from_secs(statement_timeout_s);
        let named = NAMES.into_iter().zip(tables);
        Storage { processors, block_us, statement_timeout, sessions_max, ..Storage::new(named) }
    }
}

proptest! {
    #[test]
    fn each_unit_is_measured_once_and_each_row_counted_once(
        storage in any_storage(),
        readers_max in 1_usize..20,
        budget_s in prop_oneof![5_u64..60, Just(885)],
        level in prop_oneof![Just(Level::Quick), Just(Level::Standard), Just(Level::Deep)],
    ) {
        let drill = Drill { readers_max, budget: Duration::from_secs(budget_s), ..Drill::of(storage, level) };
        for shard in 0..drill.checks.shard_count {
            let parts = match drill.parts(shard) {
                Ok(parts) => parts,
                Err(error) => {
                    prop_assert_eq!(error.name, WireName::ChecksUnfinished);
                    prop_assert!(budget_s < 885, "all of it fits five invocations: {}", error.fact);
                    continue;
                }
            };
            for part in &parts {
                let bytes = serde_json::to_string(&part.measurements).unwrap().len();
                prop_assert!(bytes <= RESULT_SIZE_MAX_BYTES + part.measurements.len() || part.measurements.len() == 1);
            }
            let all: Vec<&Measurement> = parts.iter().flat_map(|part| &part.measurements).collect();
            let units: Vec<&Unit> = all.iter().map(|m| &m.unit).collect();
            prop_assert_eq!(units, drill.checks.shard(shard).collect::<Vec<_>>());
            for Measurement { unit, outcome, .. } in all {
                match (unit, outcome) {
                    (_, Outcome::Failed { reason }) => prop_assert!(false, "{unit}: {reason}"),
                    (Unit::Rows { table, blocks: None }, outcome) => {
                        prop_assert_eq!(rows_of(outcome), drill.storage.rows(table));
                    }
                    (Unit::Index { table, .. }, Outcome::Measured { .. }) => {
                        let rows = drill.storage.rows(table) + drill.storage.tables[table].lost;
                        prop_assert_eq!(index_of(outcome).rows, rows);
                    }
                    _ => {}
                }
            }
        }
        prop_assert!(drill.storage.sessions_most() <= readers_max.max(1));
        prop_assert!(drill.storage.at_once().into_iter().all(|at_once| at_once <= readers_max));
    }
}

/// A drill that counts the rows of one table, in one shard.
fn of_one_table(table: Table, change: impl FnOnce(&mut Storage)) -> Drill {
    let mut storage = Storage::new([("answer", table)]);
    change(&mut storage);
    Drill::of(storage, Level::Standard)
}

/// The shard with the table's rows.
fn shard_of_rows(drill: &Drill) -> usize {
    let is_rows = |unit: &Unit| matches!(unit, Unit::Rows { .. });
    (0..drill.checks.shard_count).find(|&shard| drill.checks.shard(shard).any(is_rows)).expect("there is one")
}

/// What a number of milliseconds of one reader's work took, as a share of it.
fn share_of(drill: &Drill, work_ms: u64) -> f64 {
    drill.parts(shard_of_rows(drill)).expect("it is measured");
    drill.storage.elapsed().as_secs_f64() * 1000.0 / f64::from(u32::try_from(work_ms).expect("it fits"))
}

#[test]
fn storage_that_answers_late_is_read_by_as_many_as_there_may_be() {
    // 1 GiB at 300 microseconds a block: 39 seconds of one reader.
    let drill = of_one_table(table(PIECE_BLOCKS.min(1 << 17)), |_| {});
    let share = share_of(&drill, 39_322);
    assert!(share < 1.0 / 10.0, "{share}");
    assert_eq!(drill.storage.sessions_most(), 16);
}

#[test]
fn two_processors_are_kept_busy_by_few_readers() {
    let drill = of_one_table(table(1 << 17), |storage| {
        storage.processors = 2;
        storage.block_us = 30;
    });
    let share = share_of(&drill, 3_932);
    assert!(share < 0.56, "{share}");
    let at_once = drill.storage.at_once();
    assert!(at_once.iter().rev().take(16).all(|n| *n <= 4), "{at_once:?}");
}

#[test]
fn where_one_reader_is_as_fast_as_many_one_stays() {
    let drill = of_one_table(table(1 << 17), |storage| {
        storage.processors = 1;
        storage.block_us = 30;
    });
    let share = share_of(&drill, 3_932);
    assert!(share < 1.1, "{share}");
    let at_once = drill.storage.at_once();
    assert!(at_once.iter().rev().take(8).all(|n| *n <= 2), "{at_once:?}");
}

#[test]
fn a_server_that_takes_no_more_sessions_is_read_by_those_there_are() {
    let drill = of_one_table(table(1 << 16), |storage| storage.sessions_max = 3);
    let share = share_of(&drill, 19_661);
    assert!(share < 0.45, "{share}");
    assert_eq!(drill.storage.sessions_most(), 3);
}

#[test]
fn a_small_database_opens_no_further_session() {
    let drill = of_one_table(table(100), |_| {});
    drill.parts(shard_of_rows(&drill)).expect("it is measured");
    assert_eq!(drill.storage.sessions_most(), 1);
}

#[test]
fn a_range_that_takes_too_long_is_cut_until_it_fits() {
    // Eight blocks a second, and a statement may take one.
    let drill = of_one_table(table(6_000), |storage| {
        storage.block_us = 125_000;
        storage.statement_timeout = Duration::from_secs(1);
    });
    let parts = drill.parts(shard_of_rows(&drill)).expect("it is measured");
    let rows = parts.iter().flat_map(|p| &p.measurements).find(|m| matches!(m.unit, Unit::Rows { .. }));
    assert_eq!(rows_of(&rows.expect("it is there").outcome), 12_000);
}

#[test]
fn a_block_that_takes_too_long_is_not_measured() {
    let drill = of_one_table(table(5_000), |storage| {
        storage.block_us = 2_000_000;
        storage.statement_timeout = Duration::from_secs(1);
    });
    let measurements = drill.measurements().expect("what isn't measured is data");
    let rows = measurements.iter().find(|m| matches!(m.unit, Unit::Rows { .. })).expect("it is there");
    assert!(matches!(&rows.outcome, Outcome::NotMeasured { hint, .. } if hint == "more time"), "{rows:?}");
}

#[test]
fn a_damaged_block_fails_the_table_and_the_rest_of_it_is_left_alone() {
    let drill = of_one_table(Table { damaged_from: Some(5_000), ..table(1 << 17) }, |_| {});
    let share = share_of(&drill, 39_322);
    let measurements = drill.measurements().expect("damage is data");
    let rows = measurements.iter().find(|m| matches!(m.unit, Unit::Rows { .. })).expect("it is there");
    assert!(matches!(&rows.outcome, Outcome::Failed { reason } if reason.contains("XX001")), "{rows:?}");
    assert!(share < 0.05, "{share}");
}

#[test]
fn rows_that_only_the_index_has_are_looked_for_in_the_same_invocation() {
    for blocks in [50, 50_000] {
        let drill = of_one_table(Table { lost: 1, index_size_bytes: 100 << 20, ..table(blocks) }, |_| {});
        let measurements = drill.measurements().expect("it is measured");
        let index = measurements.iter().find(|m| matches!(m.unit, Unit::Index { .. })).expect("it is there");
        assert_eq!(index_of(&index.outcome).blocks_without_rows.as_deref(), Some("the last"), "{blocks}");
        let whole = of_one_table(Table { index_size_bytes: 100 << 20, ..table(blocks) }, |_| {});
        let measurements = whole.measurements().expect("it is measured");
        let index = measurements.iter().find(|m| matches!(m.unit, Unit::Index { .. })).expect("it is there");
        assert_eq!(index_of(&index.outcome).blocks_without_rows, None);
    }
}

#[test]
fn what_the_invocations_time_ended_is_measured_in_the_next() {
    // The structure of the heap takes 30 seconds in one statement, and the rows come before it.
    let mut storage = Storage::new([("answer", table(100_000))]);
    storage.sessions_max = 1;
    let drill = Drill { budget: Duration::from_secs(40), ..Drill::of(storage, Level::Deep) };
    let parts = drill.parts(shard_of_rows(&drill)).expect("it is measured");
    assert!(parts.len() > 1, "{}", parts.len());
    let heap = parts.iter().flat_map(|p| &p.measurements).find(|m| matches!(m.unit, Unit::Heap { .. }));
    assert!(matches!(heap.expect("it is there").outcome, Outcome::Measured { .. }), "{heap:?}");
}

#[test]
fn what_reads_a_table_waits_for_its_rows() {
    let mut storage = Storage::new([("answer", table(100_000))]);
    storage.processors = 4;
    let drill = Drill::of(storage, Level::Deep);
    let parts = drill.parts(shard_of_rows(&drill)).expect("it is measured");
    let took = |is: fn(&Unit) -> bool| {
        parts.iter().flat_map(|p| &p.measurements).find(|m| is(&m.unit)).expect("it is there").duration_ms
    };
    // Alone with the processors: not one reader among those of the rows.
    let (rows, heap) = (took(|u| matches!(u, Unit::Rows { .. })), took(|u| matches!(u, Unit::Heap { .. })));
    assert!(rows < 9_000 && heap < 37_000, "{rows} {heap}");
}
