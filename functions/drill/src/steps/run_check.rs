//! `RunCheck`: measures one shard. A check that fails is data, not an exception.
//!
//! Runs in the VPC without any right at AWS.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Available;
use super::plan_checks::{not_connected, not_read};
use crate::configuration::Configuration;
use crate::error::{StepError, WireName};
use crate::measurement::{CheckPlan, Measurement, Outcome, Unit};
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
}

/// What the state machine goes on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The shard.
    pub shard: usize,
    /// Digest of the check plan that was recomputed.
    pub digest: String,
    /// Everything that was measured.
    pub measurements: Vec<Measurement>,
}

/// Measures the shard. `elapsed` tells how long the invocation has run; a unit that would begin after
/// `budget` is not measured.
pub async fn run<C: Connect>(
    database: &C,
    input: Input,
    now: DateTime<Utc>,
    budget: Duration,
    elapsed: impl Fn() -> Duration + Send + Sync,
) -> Result<Output, StepError> {
    let Input { plan, available, digest, shard } = input;
    let configuration = &plan.configuration;
    let target = Target { endpoint: &available.endpoint, database: &configuration.database };
    let mut session = database.connect(&target, now).await.map_err(|e| not_connected(&e, &target))?;
    let catalogue = session.catalogue().await.map_err(not_read)?;
    let checks = CheckPlan::of(&catalogue, configuration);
    if checks.digest != digest {
        return Err(StepError::new(
            WireName::ChecksChanged,
            format!("the catalogue of {} changed between two looks", plan.replica),
            "somebody or something writes to the replica: look for jobs that run in it and for its security group",
        ));
    }
    let mut measurements = Vec::new();
    for unit in checks.shard(shard) {
        let began = elapsed();
        let mut measurement = if began < budget {
            measure(&mut session, unit, configuration, || elapsed() < budget).await?
        } else {
            out_of_time(unit)
        };
        if let Measurement::Table { duration_ms, .. } | Measurement::Query { duration_ms, .. } =
            &mut measurement
        {
            *duration_ms = u64::try_from(elapsed().saturating_sub(began).as_millis()).unwrap_or(u64::MAX);
        }
        measurements.push(measurement);
    }
    Ok(Output { shard, digest: checks.digest, measurements })
}

async fn measure<S: Session>(
    session: &mut S,
    unit: &Unit,
    configuration: &Configuration,
    has_time: impl Fn() -> bool + Send,
) -> Result<Measurement, StepError> {
    Ok(match unit {
        Unit::Identity => Measurement::Identity { identity: outcome(session.identity().await)? },
        Unit::Table { table, newest_of } => {
            let count = outcome(session.count_heap(table).await)?;
            let newest = match newest_of {
                Some(column) if has_time() => Some(outcome(session.newest(table, column).await)?),
                Some(_) => Some(no_time_left()),
                None => None,
            };
            Measurement::Table { table: table.clone(), count, newest, duration_ms: 0 }
        }
        Unit::Query { name } => {
            let sql = configuration.queries.iter().find(|q| q.name == *name).map_or("", |q| q.sql.as_str());
            Measurement::Query {
                name: name.clone(),
                value: outcome(session.own_query(sql).await)?,
                duration_ms: 0,
            }
        }
    })
}

/// A measurement's error as data; only a lost connection fails the step, to be tried again.
fn outcome<T>(result: Result<T, MeasureError>) -> Result<Outcome<T>, StepError> {
    match result {
        Ok(value) => Ok(Outcome::Measured { value }),
        Err(MeasureError::NotMeasured { reason, hint }) => {
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

fn no_time_left<T>() -> Outcome<T> {
    Outcome::NotMeasured {
        reason: "the function's time was up".to_owned(),
        hint: "choose a larger replica.instance_class".to_owned(),
    }
}

fn out_of_time(unit: &Unit) -> Measurement {
    match unit {
        Unit::Identity => Measurement::Identity { identity: no_time_left() },
        Unit::Table { table, newest_of } => Measurement::Table {
            table: table.clone(),
            count: no_time_left(),
            newest: newest_of.as_ref().map(|_| no_time_left()),
            duration_ms: 0,
        },
        Unit::Query { name } => {
            Measurement::Query { name: name.clone(), value: no_time_left(), duration_ms: 0 }
        }
    }
}
