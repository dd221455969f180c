//! `RestoreReplica`: asks RDS for the replica, and adopts it when an earlier try got through.
//!
//! Starts a billed instance. Repeating it is safe: the replica's id follows from the drill, and what
//! exists under it is taken only when it is this drill's, of this backup, and ours.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Restored, Settings, confirm, ownership, require_claim};
use crate::backup::Origin;
use crate::error::{StepError, WireName};
use crate::ids::rfc3339;
use crate::instance::Instance;
use crate::observation::{self, Goal};
use crate::ownership::{OwnedReplica, Ownership};
use crate::plan::Plan;
use crate::ports::{
    RdsError, RdsErrorKind, ReadInstances, ReadObjects, RestoreAnswer, RestoreFrom, RestoreReplica,
    RestoreRequest,
};

/// What the state machine passes in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The plan.
    pub plan: Plan,
}

/// What the state machine goes on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The replica.
    pub restored: Restored,
    /// What is waited for next.
    pub goal: Goal,
    /// Whom it is waited for.
    pub awaited: Vec<observation::Awaited>,
    /// When the waiting began.
    pub began_at: DateTime<Utc>,
    /// Seconds until the first look.
    pub wait_s: u64,
}

/// A plan is carried out right after it was made, give or take the retries. A redrive of later would restore a
/// backup that nobody found good enough then, and restore once more what the sweep has deleted since.
const PLAN_MAX_AGE: TimeDelta = TimeDelta::hours(1);

/// Asks for the replica.
pub async fn run<P>(
    ports: &P,
    settings: &Settings,
    input: Input,
    now: DateTime<Utc>,
) -> Result<Output, StepError>
where
    P: ReadInstances + RestoreReplica + ReadObjects,
{
    let plan = input.plan;
    require_claim(ports, &plan).await?;
    if now - plan.planned_at > PLAN_MAX_AGE {
        return Err(StepError::new(
            WireName::BackupStale,
            format!("the plan of drill {} was made at {}", plan.drill, rfc3339(plan.planned_at)),
            "an execution that is redriven later restores nothing any more: start a new drill",
        ));
    }
    // An adopted replica was accepted some time after the plan was made: taking the plan's time never
    // claims a quicker recovery than there was.
    let (instance, accepted_at) = match ports.restore(&request(&plan)).await.map_err(|e| refused(e, &plan))? {
        RestoreAnswer::Accepted(instance) => (*instance, now),
        RestoreAnswer::AlreadyExists => (adopt(ports, settings, &plan).await?, plan.planned_at),
    };
    let restored = Restored { replica: plan.replica.clone(), resource_id: instance.resource_id, accepted_at };
    let wait = observation::first_wait(&plan.earlier_restores_s, &plan.configuration.polling);
    Ok(Output {
        awaited: vec![restored.awaited()],
        goal: Goal::Available,
        began_at: restored.accepted_at,
        wait_s: wait.as_secs(),
        restored,
    })
}

fn request(plan: &Plan) -> RestoreRequest {
    let settings = &plan.configuration.replica;
    let from = match &plan.backup.origin {
        Origin::Automated { snapshot } | Origin::Manual { snapshot } => {
            RestoreFrom::Snapshot(snapshot.clone())
        }
        Origin::PointInTime { at } => {
            RestoreFrom::PointInTime { source: plan.source_resource_id.clone(), at: *at }
        }
    };
    RestoreRequest {
        replica: plan.replica.clone(),
        from,
        instance_class: settings.instance_class.clone(),
        subnet_group: settings.subnet_group.clone(),
        security_groups: settings.security_groups.clone(),
        parameter_group: settings.parameter_group.clone(),
        storage_type: settings.storage_type.clone().or_else(|| plan.backup.storage_type.clone()),
        extended_support: settings.extended_support,
        tags: plan.tags(),
    }
}

fn refused(error: RdsError, plan: &Plan) -> StepError {
    let backup = plan.backup.origin.tag();
    match error.kind {
        RdsErrorKind::NotFound if error.code.contains("Snapshot") => StepError::new(
            WireName::BackupVanished,
            format!("snapshot {backup} was chosen and is gone: {error}"),
            "automated snapshots go with their instance, and the oldest one goes each night",
        ),
        RdsErrorKind::Refused
        | RdsErrorKind::Rejected
        | RdsErrorKind::InvalidState
        | RdsErrorKind::NotFound => StepError::new(
            WireName::RestoreRefused,
            format!("RDS refused to restore {} from {backup}: {error}", plan.replica),
            hint_for(&error.code),
        ),
        RdsErrorKind::Throttled | RdsErrorKind::Unavailable | RdsErrorKind::Denied => error.into(),
    }
}

fn hint_for(code: &str) -> &'static str {
    match code {
        c if c.contains("Quota") => {
            "raise the quota of DB instances or storage; the older replica is never deleted to make room"
        }
        c if c.contains("KMS") => {
            "RDS may not use the KMS key of the backup: without it no backup of the source can be restored"
        }
        c if c.contains("Capacity") => "choose another replica.instance_class or more subnets",
        _ => "check the section 'replica' of the configuration against the message of RDS",
    }
}

/// Takes the instance that exists under the replica's id, when it is this drill's replica.
async fn adopt<P: ReadInstances>(ports: &P, settings: &Settings, plan: &Plan) -> Result<Instance, StepError> {
    let Some(instance) = ports.instance(plan.replica.as_str()).await? else {
        return Err(StepError::new(
            WireName::RdsUnavailable,
            format!("RDS says that {} exists and doesn't show it yet", plan.replica),
            "",
        ));
    };
    let ownership: Ownership = ownership(ports, settings, plan.source(), &plan.source_resource_id).await?;
    let conflict = |reason: String| {
        StepError::new(
            WireName::RestoreConflict,
            format!(
                "{} ({}) exists and isn't the replica of this drill: {reason}",
                instance.id, instance.resource_id
            ),
            "it was left alone; rename or remove it, then start a new drill",
        )
    };
    let replica: OwnedReplica = confirm(&instance, &ownership).map_err(|e| conflict(e.fact))?;
    if *replica.drill() != plan.drill {
        return Err(conflict(format!("it is of drill {}", replica.drill())));
    }
    if replica.backup() != plan.backup.origin.tag() {
        return Err(conflict(format!("it is of backup {}", replica.backup())));
    }
    // The rest of what a restore of this plan would have said: the source's identity, the data's time.
    if let Some((tag, value)) =
        plan.tags().into_iter().find(|(tag, value)| instance.tags.get(tag) != Some(value))
    {
        return Err(conflict(format!("its tag {tag} is not {value}")));
    }
    Ok(instance)
}
