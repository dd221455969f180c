//! The steps of a drill, one a module: what the state machine calls, in its order.
//!
//! Each has an `Input`, an `Output` and a `run` that is generic over the ports it needs: its type
//! parameters are its rights. `now` is an argument. Every step can be repeated.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::error::{StepError, WireName};
use crate::evidence::Claim;
use crate::ids::{DbiResourceId, Deployment, ReplicaId, SourceId};
use crate::instance::{Endpoint, Instance};
use crate::observation::Awaited;
use crate::ownership::{OwnedReplica, Ownership};
use crate::plan::Plan;
use crate::ports::{ReadExecutions, ReadInstances, ReadObjects, StoreErrorKind};
use crate::store;

pub mod abandon_drill;
mod changes;
pub mod judge_drill;
pub mod observe_replica;
pub mod plan_checks;
pub mod plan_drill;
pub mod publish_report;
pub mod record_measurements;
pub mod restore_replica;
pub mod retire_previous;
pub mod run_check;
mod source_gone;
pub mod stop_replica;
pub mod sweep_orphans;
pub mod watch_restores;

/// The handler of the artifact `plan`, outside the VPC: reads what people wrote.
pub const PLAN: &[&str] = &["plan-drill"];

/// The handlers of the artifact `control`, outside the VPC.
pub const CONTROL: &[&str] = &[
    "restore-replica",
    "observe-replica",
    "record-measurements",
    "judge-drill",
    "stop-replica",
    "retire-previous",
    "publish-report",
    "abandon-drill",
    "sweep-orphans",
    "watch-restores",
];

/// The handlers of the artifact `verify`, inside the VPC.
pub const VERIFY: &[&str] = &["plan-checks", "run-check"];

/// The handlers of all artifacts: the functions of a deployment.
pub fn handlers() -> impl Iterator<Item = &'static str> {
    [PLAN, CONTROL, VERIFY].into_iter().flatten().copied()
}

/// What a deployed function knows beside its input.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The deployment, from the function's own settings: never from a state's input.
    pub deployment: Deployment,
}

/// The replica as the restore left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// Its id.
    pub replica: ReplicaId,
    /// Its identity that is never reused.
    pub resource_id: DbiResourceId,
    /// When RDS accepted the restore.
    pub accepted_at: DateTime<Utc>,
}

/// The replica as it was seen when it could be queried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Available {
    /// Where it listens.
    pub endpoint: Endpoint,
    /// When it was seen.
    pub observed_at: DateTime<Utc>,
}

impl Restored {
    fn awaited(&self) -> Awaited {
        Awaited { replica: self.replica.clone(), resource_id: self.resource_id.clone() }
    }
}

/// What RDS says of a source and of the deployment's claim on its replicas, in this invocation.
async fn ownership(
    rds: &impl ReadInstances,
    settings: &Settings,
    source: &SourceId,
    planned_source: &DbiResourceId,
) -> Result<Ownership, StepError> {
    let now_named_so = rds.instance(source.as_str()).await?.map(|i| i.resource_id);
    let mut source_resource_ids = vec![planned_source.clone()];
    source_resource_ids.extend(now_named_so.filter(|id| id != planned_source));
    Ok(Ownership { deployment: settings.deployment.clone(), source_resource_ids })
}

/// Confirms on what RDS says now that the instance is the replica of the plan.
async fn confirm_replica(
    rds: &impl ReadInstances,
    settings: &Settings,
    plan: &Plan,
) -> Result<(Instance, OwnedReplica), StepError> {
    let ownership = ownership(rds, settings, plan.source(), &plan.source_resource_id).await?;
    let instance = rds.instance(plan.replica.as_str()).await?.ok_or_else(|| {
        StepError::new(
            WireName::ReplicaVanished,
            format!("replica {} is gone", plan.replica),
            "see CloudTrail for who deleted it",
        )
    })?;
    let replica = confirm(&instance, &ownership)?;
    if *replica.drill() != plan.drill {
        return Err(not_ours(&instance, &format!("it is of drill {}", replica.drill())));
    }
    Ok((instance, replica))
}

fn confirm(instance: &Instance, ownership: &Ownership) -> Result<OwnedReplica, StepError> {
    OwnedReplica::confirm(instance, ownership).map_err(|e| not_ours(instance, &e.to_string()))
}

fn not_ours(instance: &Instance, reason: &str) -> StepError {
    StepError::new(
        WireName::ReplicaNotOurs,
        format!("{} ({}) was left alone: {reason}", instance.id, instance.resource_id),
        "nothing is stopped or deleted that isn't provably a replica of this deployment",
    )
}

/// Whether the execution is running, as Step Functions says.
async fn is_running(executions: &impl ReadExecutions, execution: &str) -> Result<bool, StepError> {
    executions.is_running(execution).await.map_err(|e| {
        let hint = if e.kind == StoreErrorKind::Denied {
            "allow states:DescribeExecution on the executions of this deployment, as infra/iam has it; until then nothing \
             is begun or cleaned up"
        } else {
            "nothing is begun or cleaned up while it isn't known whether a drill runs"
        };
        StepError::new(WireName::ExecutionsUnavailable, e.to_string(), hint)
    })
}

/// Refuses to act for a drill that another execution carries out.
async fn require_claim(store: &impl ReadObjects, plan: &Plan) -> Result<Claim, StepError> {
    match store::read_claim(store, &plan.drill).await? {
        Some(claim) if claim.execution == plan.execution.id => Ok(claim),
        Some(claim) => Err(StepError::new(
            WireName::DrillRepeated,
            format!("drill {} is carried out by {}", plan.drill, claim.execution),
            "a repeated event started a second execution; the first goes on",
        )),
        None => Err(StepError::new(
            WireName::EvidenceInvalid,
            format!("drill {} has no claim", plan.drill),
            "claim.json of the drill was removed from the evidence bucket",
        )),
    }
}
