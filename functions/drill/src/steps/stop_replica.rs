//! `StopReplica`: asks RDS to stop the replica, once its verdict is saved.
//!
//! The stop is recorded just before the call, so that a later drill can tell our stop from a person's.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Restored, Settings, changes, confirm_replica, not_ours, require_claim};
use crate::error::{StepError, WireName};
use crate::ids::rfc3339;
use crate::observation::{Awaited, Goal};
use crate::plan::Plan;
use crate::ports::{ReadInstances, ReadObjects, StopReplica, WriteObjects};
use crate::store;

/// What the state machine passes in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The plan of the drill.
    pub plan: Plan,
    /// The replica.
    pub restored: Restored,
}

/// What the state machine goes on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// When it was asked to stop.
    pub requested_at: DateTime<Utc>,
    /// What is waited for next.
    pub goal: Goal,
    /// Whom it is waited for.
    pub awaited: Vec<Awaited>,
    /// When the waiting began.
    pub began_at: DateTime<Utc>,
    /// Seconds until the first look.
    pub wait_s: u64,
}

/// Stops the replica; one that is stopping or stopped already is left as it is.
pub async fn run<P>(
    ports: &P,
    settings: &Settings,
    input: Input,
    now: DateTime<Utc>,
) -> Result<Output, StepError>
where
    P: ReadInstances + StopReplica + ReadObjects + WriteObjects,
{
    let Input { plan, restored } = input;
    require_claim(ports, &plan).await?;
    if store::read_verdict(ports, &plan.drill).await?.is_none() {
        return Err(StepError::new(
            WireName::JudgeIncomplete,
            format!("drill {} has no saved verdict", plan.drill),
            "the replica isn't stopped before the verdict is saved",
        ));
    }
    let (instance, replica) = confirm_replica(ports, settings, &plan).await?;
    if *replica.resource_id() != restored.resource_id {
        return Err(not_ours(&instance, &format!("the drill's replica was {}", restored.resource_id)));
    }
    if let Some(asked_at) = changes::asked_to_stop_before(ports, &replica, now).await? {
        return Err(StepError::new(
            WireName::StopRefused,
            format!(
                "replica {} is {} though it was asked to stop at {}",
                replica.id(),
                replica.status(),
                rfc3339(asked_at)
            ),
            "it was left to whoever started it; if nobody did, the sweep stops it",
        ));
    }
    let requested_at = changes::stop(ports, &replica, now).await?;
    Ok(Output {
        requested_at,
        goal: Goal::Stopped,
        awaited: vec![restored.awaited()],
        began_at: now,
        wait_s: plan.configuration.polling.min.as_secs(),
    })
}
