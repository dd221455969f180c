//! `RunCheck`: measures one shard. A check that fails is data, not an exception.
//!
//! Runs in the VPC without any right at AWS. What doesn't fit the time or the answer of one invocation goes
//! on in the next: [`Output::resume`] says where.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Available;
use super::plan_checks::{not_connected, not_read};
use crate::configuration::Configuration;
use crate::error::{StepError, WireName};
use crate::measurement::{
    Activity, CheckPlan, Measurement, Outcome, PARTS_PER_SHARD_MAX, RESULT_SIZE_MAX_BYTES, Unit, Value,
};
use crate::plan::Plan;
use crate::ports::{Connect, MeasureError, Session, Target};

/// What the state machine passes in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The plan of the drill.
    pub plan: Plan,
    /// Where the replica listens.
    pub available: Available,
    /// Digest of the check plan that this shard is of.
    pub digest: String,
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

/// Measures the shard. `elapsed` tells how long the invocation has run; a unit that would begin after
/// `budget` is left to the next.
pub async fn run<C: Connect>(
    database: &C,
    input: Input,
    now: DateTime<Utc>,
    budget: Duration,
    elapsed: impl Fn() -> Duration + Send + Sync,
) -> Result<Output, StepError> {
    let Input { plan, available, digest, shard, resume, .. } = input;
    let configuration = &plan.configuration;
    let target = Target { endpoint: &available.endpoint, database: &configuration.database };
    let mut session = database.connect(&target, now).await.map_err(|e| not_connected(&e, &target))?;
    let catalogue = session.catalogue().await.map_err(not_read)?;
    let checks = CheckPlan::of(&catalogue, configuration, &plan.marks);
    if checks.digest != digest {
        return Err(StepError::new(
            WireName::ChecksChanged,
            format!("the catalogue of {} changed between two looks", plan.replica),
            "somebody or something writes to the replica: look for jobs that run in it and for its security group",
        ));
    }
    let before = outcome(session.activity().await)?;
    let start = resume.unwrap_or(Resume { part: 0, unit: 0, block: 0, rows: 0 });
    let units: Vec<&Unit> = checks.shard(shard).collect();
    let (mut measurements, mut size_bytes) = (Vec::new(), 0);
    let mut next = start.unit;
    while next < units.len() && elapsed() < budget && size_bytes < RESULT_SIZE_MAX_BYTES {
        let began = elapsed();
        let outcome = measure(&mut session, units[next], configuration).await?;
        let spent = elapsed().saturating_sub(began).as_millis();
        let duration_ms = u64::try_from(spent).unwrap_or(u64::MAX);
        let measurement = Measurement { unit: units[next].clone(), outcome, duration_ms };
        size_bytes += serde_json::to_string(&measurement).map_or(0, |text| text.len());
        measurements.push(measurement);
        next += 1;
    }
    let after = outcome(session.activity().await)?;
    let is_done = next == units.len();
    if !is_done && start.part + 1 == PARTS_PER_SHARD_MAX {
        return Err(StepError::new(
            WireName::ChecksUnfinished,
            format!("{} of {} measurements of shard {shard} are left after {PARTS_PER_SHARD_MAX} invocations", units.len() - next, units.len()),
            "choose a larger replica.instance_class or a lower level",
        ));
    }
    let resume = (!is_done).then_some(Resume { part: start.part + 1, unit: next, block: 0, rows: 0 });
    let digest = checks.digest.clone();
    Ok(Output { shard, part: start.part, digest, activity: [before, after], measurements, is_done, resume })
}

async fn measure<S: Session>(
    session: &mut S,
    unit: &Unit,
    configuration: &Configuration,
) -> Result<Outcome<Value>, StepError> {
    Ok(match unit {
        Unit::Identity => outcome(session.identity().await)?.map(Value::Identity),
        Unit::Control => outcome(session.control().await)?.map(Value::Control),
        Unit::Rows { table, blocks } => outcome(session.count_heap(table, *blocks).await)?.map(Value::Rows),
        Unit::Newest { table, column } => outcome(session.newest(table, column).await)?.map(Value::Newest),
        Unit::Index { table, index } => outcome(session.count_index(table, index).await)?.map(Value::Index),
        Unit::Objects { kind, part } => outcome(session.objects(*kind, *part).await)?.map(Value::Objects),
        Unit::Health { kind } => outcome(session.health(*kind).await)?.map(Value::Health),
        Unit::Heap { table } => outcome(session.check_heap(table).await)?.map(Value::Corruption),
        Unit::Btree { table, index } => {
            outcome(session.check_btree(table, index).await)?.map(Value::Corruption)
        }
        Unit::ForeignKey { table, constraint } => {
            outcome(session.orphans(table, constraint).await)?.map(Value::Orphans)
        }
        Unit::Digest { table, scope } => outcome(session.digest(table, scope).await)?.map(Value::Digest),
        Unit::Query { name } => {
            let sql = configuration.queries.iter().find(|q| q.name == *name).map_or("", |q| q.sql.as_str());
            outcome(session.own_query(sql).await)?.map(Value::Query)
        }
    })
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
