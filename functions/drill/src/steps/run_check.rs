//! `RunCheck`: measures one shard. A check that fails is data, not an exception.
//!
//! Runs in the VPC without any right at AWS. What doesn't fit the time or the answer of one invocation goes
//! on in the next: [`Output::resume`] says where.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Available;
use super::plan_checks::{not_connected, not_read};
use crate::error::{StepError, WireName};
use crate::measurement::{
    Activity, Catalogue, CheckPlan, Measurement, Outcome, PARTS_PER_SHARD_MAX, TableEntry, TableName, Unit,
};
use crate::plan::Plan;
use crate::ports::{Connect, MeasureError, Session, Target};

mod heap;
mod keys;
mod measure;
mod pace;
mod readers;
mod results;
mod work;

use readers::Readers;
use work::{Limits, Sized, Work};

const BLOCK_SIZE_BYTES: u64 = 8192;

/// What the state machine passes in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The plan of the drill.
    pub plan: Plan,
    /// Where the replica listens.
    pub available: Available,
    /// Digest of the check plan that this shard is of.
    pub digest: String,
    /// The first unit of each shard, as they were planned.
    pub cuts: Vec<usize>,
    /// The shard.
    pub shard: usize,
    /// How many connections it may open.
    pub readers_max: usize,
    /// Where an earlier invocation left off; absent in the first.
    #[serde(default)]
    pub resume: Option<Resume>,
}

/// Where measuring a shard goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// Which invocation it is, from 0.
    pub part: u32,
    /// The first of the shard's units that isn't measured yet.
    pub unit: usize,
    /// Of that unit, when it is a count: the first block that isn't counted yet.
    pub block: u32,
    /// Of that unit, when it is a count: the rows counted so far.
    pub rows: u64,
}

/// What the state machine goes on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The shard.
    pub shard: usize,
    /// Which invocation it was, from 0.
    pub part: u32,
    /// Digest of the check plan that was recomputed.
    pub digest: String,
    /// What was written on the server before the first measurement, and after the last.
    pub activity: [Outcome<Activity>; 2],
    /// Everything that was measured.
    pub measurements: Vec<Measurement>,
    /// Whether all of the shard is measured.
    pub is_done: bool,
    /// Where the next invocation goes on; absent when all is measured.
    pub resume: Option<Resume>,
}

/// Measures the shard, with up to `readers_max` sessions side by side. `elapsed` tells how long the invocation has
/// run; a unit that would begin after `budget` is left to the next.
pub async fn run<C: Connect>(
    database: &C,
    input: Input,
    now: DateTime<Utc>,
    budget: Duration,
    elapsed: impl Fn() -> Duration + Send + Sync,
) -> Result<Output, StepError> {
    let Input { plan, available, digest, cuts, shard, resume, readers_max } = input;
    let configuration = &plan.configuration;
    let target = Target { endpoint: &available.endpoint, database: &configuration.database };
    let mut session = database.connect(&target, now).await.map_err(|e| not_connected(&e, &target))?;
    let catalogue = session.catalogue().await.map_err(not_read)?;
    let checks = CheckPlan::of(&catalogue, configuration, &plan.marks);
    let is_same = checks.digest == digest;
    let Some(checks) = checks.with_cuts(cuts).filter(|_| is_same) else {
        return Err(StepError::new(
            WireName::ChecksChanged,
            format!("the catalogue of {} changed between two looks", plan.replica),
            "somebody or something writes to the replica: look for jobs that run in it and for its security group",
        ));
    };
    let before = outcome(session.activity().await)?;
    let start = resume.unwrap_or(Resume { part: 0, unit: 0, block: 0, rows: 0 });
    let part = start.part;
    let units = sized(&catalogue, checks.shard(shard).collect());
    let limits = Limits { budget, statement_timeout: configuration.database.statement_timeout.duration() };
    let mut work = Work::new(&units, start, limits);
    let readers = Readers {
        database,
        target: &target,
        configuration,
        now,
        most: readers_max,
        budget,
        elapsed: &elapsed,
    };
    let mut session = readers.carry_out(session, &mut work).await?;
    let after = outcome(session.activity().await)?;
    let (measurements, resume) = work.parts();
    if let Some(left) = resume.as_ref().filter(|resume| resume.part == PARTS_PER_SHARD_MAX) {
        return Err(StepError::new(
            WireName::ChecksUnfinished,
            format!(
                "{} of {} measurements of shard {shard} are left after {PARTS_PER_SHARD_MAX} invocations",
                units.len() - left.unit,
                units.len()
            ),
            "choose a larger replica.instance_class or a lower level",
        ));
    }
    let (digest, is_done) = (checks.digest.clone(), resume.is_none());
    Ok(Output { shard, part, digest, activity: [before, after], measurements, is_done, resume })
}

/// The units with what they read.
fn sized<'a>(catalogue: &Catalogue, units: Vec<&'a Unit>) -> Vec<Sized<'a>> {
    let tables: BTreeMap<&TableName, &TableEntry> = catalogue.tables.iter().map(|t| (&t.name, t)).collect();
    let of = |unit: &'a Unit| {
        let (table, index) = match unit {
            Unit::Rows { table, .. }
            | Unit::Heap { table }
            | Unit::ForeignKey { table, .. }
            | Unit::Digest { table, .. } => (Some(table), None),
            Unit::Index { table, index } | Unit::Btree { table, index } => (Some(table), Some(index)),
            _ => (None, None),
        };
        let entry = table.and_then(|table| tables.get(table));
        let heap_size_bytes = entry.map_or(0, |entry| entry.heap_size_bytes);
        let index = entry.and_then(|entry| entry.indexes.iter().find(|i| Some(&i.name) == index));
        let index_size_bytes = index.map_or(0, |index| index.size_bytes);
        let size_bytes = match unit {
            Unit::Index { .. } => index_size_bytes,
            _ => heap_size_bytes + index_size_bytes,
        };
        let table_blocks = u32::try_from(heap_size_bytes.div_ceil(BLOCK_SIZE_BYTES)).unwrap_or(u32::MAX);
        Sized { unit, size_bytes, table_blocks }
    };
    units.into_iter().map(of).collect()
}

/// A measurement's error as data; only a lost connection fails the step, to be tried again.
pub(super) fn outcome<T>(result: Result<T, MeasureError>) -> Result<Outcome<T>, StepError> {
    match result {
        Ok(value) => Ok(Outcome::Measured { value }),
        Err(MeasureError::NotMeasured { reason, hint } | MeasureError::TimedOut { reason, hint }) => {
            Ok(Outcome::NotMeasured { reason, hint }.bounded())
        }
        Err(MeasureError::Failed(reason)) => Ok(Outcome::Failed { reason }.bounded()),
        Err(MeasureError::Lost(message)) => Err(StepError::new(
            WireName::DatabaseLost,
            format!("the connection broke while measuring: {message}"),
            "see the log of the replica",
        )),
    }
}
