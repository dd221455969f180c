//! `ObserveReplica`: one look at the replicas that are waited for.
//!
//! Reached, not yet with the next wait, or failed with the reason. "Not yet" is a value.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Available, Settings};
use crate::error::StepError;
use crate::observation::{self, Awaited, Goal, Sight};
use crate::plan::Plan;
use crate::ports::ReadInstances;

/// What the state machine passes in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The plan.
    pub plan: Plan,
    /// What is waited for.
    pub goal: Goal,
    /// Whom it is waited for; nobody when nothing was retired.
    pub awaited: Vec<Awaited>,
    /// When the waiting began.
    pub began_at: DateTime<Utc>,
}

/// What the state machine goes on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// Whether all of them have reached the goal.
    pub reached: bool,
    /// The goal, for the state machine to branch by.
    pub goal: Goal,
    /// Seconds until the next look; 0 when reached.
    pub wait_s: u64,
    /// When they were looked at.
    pub observed_at: DateTime<Utc>,
    /// Where the replica listens, when it was waited for to be available.
    pub available: Option<Available>,
}

/// Looks once.
pub async fn run<P>(ports: &P, _: &Settings, input: Input, now: DateTime<Utc>) -> Result<Output, StepError>
where
    P: ReadInstances,
{
    let configuration = &input.plan.configuration;
    let mut reached = true;
    let mut available = None;
    for awaited in &input.awaited {
        let seen = ports.instance(awaited.replica.as_str()).await?;
        match observation::sight(
            input.goal,
            awaited,
            seen.as_ref(),
            input.began_at,
            &configuration.deadlines,
            now,
        )? {
            Sight::Reached(endpoint) => {
                available = endpoint.map(|endpoint| Available { endpoint, observed_at: now });
            }
            Sight::Waiting => reached = false,
        }
    }
    let elapsed = (now - input.began_at).to_std().unwrap_or_default();
    let wait =
        observation::next_wait(input.goal, elapsed, &input.plan.earlier_restores_s, &configuration.polling);
    Ok(Output {
        reached,
        goal: input.goal,
        wait_s: if reached { 0 } else { wait.as_secs() },
        observed_at: now,
        available,
    })
}
