//! `RecordMeasurements`: puts what a shard measured into the evidence bucket.
//!
//! The function in the VPC has no way to S3, and Step Functions' state holds 256 KiB: this step stands
//! between them, so that 10,000 tables leave a few numbers in the state.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Settings, require_claim, run_check};
use crate::error::StepError;
use crate::evidence::keys;
use crate::ids::DrillId;
use crate::plan::Plan;
use crate::ports::{ReadObjects, WriteObjects};
use crate::seal::sealed_compact;

/// What the state machine passes in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The plan of the drill.
    pub plan: Plan,
    /// What the shard measured.
    pub result: run_check::Output,
}

/// What the state machine goes on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The shard.
    pub shard: usize,
    /// How many invocations measured it so far.
    pub parts: u32,
    /// Whether all of it is measured.
    pub is_done: bool,
    /// Where the next invocation goes on; absent when all is measured.
    pub resume: Option<run_check::Resume>,
}

/// The object that is written: what one shard measured, and of which drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The drill.
    pub drill: DrillId,
    /// What the shard measured.
    #[serde(flatten)]
    pub result: run_check::Output,
}

/// Records the shard; repeating it writes the same object again.
pub async fn run<P>(ports: &P, _: &Settings, input: Input, _: DateTime<Utc>) -> Result<Output, StepError>
where
    P: ReadObjects + WriteObjects,
{
    let Input { plan, result } = input;
    require_claim(ports, &plan).await?;
    let output = Output {
        shard: result.shard,
        parts: result.part.saturating_add(1),
        is_done: result.is_done,
        resume: result.resume.clone(),
    };
    let key = keys::measurements(&plan.drill, result.shard, result.part);
    let record = Record { drill: plan.drill, result };
    ports.put(&key, "application/json", sealed_compact(&record)).await?;
    Ok(output)
}
