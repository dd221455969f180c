//! `PlanChecks`: connects, reads the catalogue, and shares the checks out.
//!
//! Runs in the VPC without any right at AWS. The plan itself doesn't travel: each worker recomputes it
//! from the same catalogue and compares the digest.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Available, run_check};
use crate::error::{StepError, WireName};
use crate::measurement::{Activity, CheckPlan, Outcome, Unit};
use crate::plan::Plan;
use crate::ports::{Connect, ConnectError, MeasureError, Session, Target};

/// What the state machine passes in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The plan of the drill.
    pub plan: Plan,
    /// Where the replica listens.
    pub available: Available,
}

/// What the state machine goes on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// Digest of the check plan.
    pub digest: String,
    /// The shards, for the Map.
    pub shards: Vec<usize>,
    /// The first unit of each shard.
    pub cuts: Vec<usize>,
    /// How many shards are measured at a time.
    pub concurrency: usize,
    /// How many connections each of them may open.
    pub readers_max: usize,
    /// What was written on the server before the first check.
    pub activity: Outcome<Activity>,
    /// How many things are measured in all.
    pub unit_count: usize,
    /// How many of them are tables.
    pub table_count: usize,
    /// When the first query was answered.
    pub first_query_at: DateTime<Utc>,
    /// What no check looks at, in words.
    pub not_covered: Vec<String>,
}

/// Plans the checks. `clock` is read once more after the first query has been answered.
pub async fn run<C: Connect>(
    database: &C,
    input: Input,
    now: DateTime<Utc>,
    clock: impl Fn() -> DateTime<Utc>,
) -> Result<Output, StepError> {
    let Input { plan, available } = input;
    let target = Target { endpoint: &available.endpoint, database: &plan.configuration.database };
    let mut session = database.connect(&target, now).await.map_err(|e| not_connected(&e, &target))?;
    session.identity().await.map_err(not_read)?;
    let first_query_at = clock();
    let catalogue = session.catalogue().await.map_err(not_read)?;
    let checks = CheckPlan::of(&catalogue, &plan.configuration, &plan.marks);
    if checks.units.len() > UNITS_MAX {
        return Err(StepError::new(
            WireName::ChecksTooMany,
            format!("the database has {} things to measure at this level", checks.units.len()),
            format!("a drill measures at most {UNITS_MAX}; choose a lower level"),
        ));
    }
    let activity = run_check::outcome(session.activity().await)?;
    let (concurrency, readers_max) = share_connections(catalogue.connections_free, checks.shard_count);
    let level = plan.configuration.level;
    let of_level = level.not_covered().iter().map(|text| (*text).to_owned());
    Ok(Output {
        shards: (0..checks.shard_count).collect(),
        cuts: checks.cuts.clone(),
        concurrency,
        readers_max,
        activity,
        unit_count: checks.units.len(),
        table_count: checks.units.iter().filter(|u| is_table(u)).count(),
        digest: checks.digest,
        first_query_at,
        not_covered: bounded(of_level.chain(catalogue.not_covered).collect()),
    })
}

/// The most things that a drill measures: in 120 shards of five answers of 64 KiB, at 300 bytes each, with
/// room for the catalogue's objects and for texts of what went wrong.
const UNITS_MAX: usize = 120_000;
/// How many shards are measured at a time. Each is a Lambda with connections of its own.
const CONCURRENCY_MAX: usize = 4;
/// The most connections of one shard: with four shards 64, beyond which readers only wait for each other.
const READERS_MAX: usize = 16;

/// A table is counted by its first piece.
fn is_table(unit: &Unit) -> bool {
    matches!(unit, Unit::Rows { blocks, .. } if blocks.is_none_or(|b| b.from == 0))
}

/// How many shards are measured at a time and how many connections each may open: two thirds of those that
/// the server has left, as RDS itself and a person with a question want some too.
fn share_connections(free: u32, shards: usize) -> (usize, usize) {
    let room = (free as usize * 2 / 3).max(1);
    let concurrency = shards.min(CONCURRENCY_MAX).min(room).max(1);
    (concurrency, (room / concurrency).clamp(1, READERS_MAX))
}

/// The most things that are named as not covered: the list travels through the state.
const NOT_COVERED_MAX: usize = 50;

fn bounded(mut not_covered: Vec<String>) -> Vec<String> {
    let more = not_covered.len().saturating_sub(NOT_COVERED_MAX);
    not_covered.truncate(NOT_COVERED_MAX);
    for text in &mut not_covered {
        text.truncate(text.floor_char_boundary(300));
    }
    not_covered.extend((more > 0).then(|| format!("and {more} more")));
    not_covered
}

/// The step's error for a connection that wasn't made.
pub(super) fn not_connected(error: &ConnectError, target: &Target<'_>) -> StepError {
    let endpoint = target.endpoint;
    let to = format!(
        "connecting to {} at {}:{} as {}",
        target.database.name, endpoint.host, endpoint.port, target.database.user
    );
    let (name, hint) = match error {
        ConnectError::Unreachable(_) => (
            WireName::DatabaseUnreachable,
            "check that the replica's security group lets the verifier in on its port",
        ),
        ConnectError::Refused(_) => (
            WireName::DatabaseRefused,
            "check on the source that the role exists, may log in, is a member of rds_iam, and may connect to the database",
        ),
        ConnectError::Untrusted(_) => (
            WireName::DatabaseUntrusted,
            "nothing was sent to it; check the bundle of certificate authorities and the replica's certificate",
        ),
    };
    StepError::new(name, format!("{to}: {error}"), hint)
}

/// The step's error for a catalogue that couldn't be read.
pub(super) fn not_read(error: MeasureError) -> StepError {
    match error {
        MeasureError::Lost(message) => {
            StepError::new(WireName::DatabaseLost, format!("reading the catalogue: {message}"), "")
        }
        MeasureError::NotMeasured { reason, hint } | MeasureError::TimedOut { reason, hint } => {
            StepError::new(WireName::DatabaseRefused, format!("reading the catalogue: {reason}"), hint)
        }
        MeasureError::Failed(message) => StepError::new(
            WireName::DatabaseRefused,
            format!("reading the catalogue: {message}"),
            "the catalogue of the restored database can't be read: the backup may be damaged",
        ),
    }
}
