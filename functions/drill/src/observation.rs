//! Waiting for a replica: whether it has reached its goal, failed, or how long to wait (`wait`).
//!
//! Decides for one look. Never waits itself: the state machine does.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::configuration::{Deadlines, Span};
use crate::error::{StepError, WireName};
use crate::ids::{DbiResourceId, ReplicaId};
use crate::instance::{Endpoint, Instance, InstanceStatus, StatusClass};

mod wait;
pub use wait::{first_wait, next_wait};

/// What a replica is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// It can be queried.
    Available,
    /// It is stopped.
    Stopped,
    /// It is deleted.
    Gone,
}

impl Goal {
    /// How long reaching it may take.
    pub fn deadline(self, deadlines: &Deadlines) -> Span {
        match self {
            Self::Available => deadlines.available,
            Self::Stopped => deadlines.stopped,
            Self::Gone => deadlines.gone,
        }
    }
}

/// The replica that is waited for, by name and by the identity that is never reused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaited {
    /// Its id.
    pub replica: ReplicaId,
    /// Its `DbiResourceId`: another instance under the same name is not it.
    pub resource_id: DbiResourceId,
}

/// What one look at one replica says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// The goal is reached; the endpoint comes with [`Goal::Available`].
    Reached(Option<Endpoint>),
    /// Not yet.
    Waiting,
}

/// RDS may not know an instance yet right after it accepted the restore.
const CONSISTENCY_GRACE: TimeDelta = TimeDelta::minutes(5);

/// What one look at a replica says.
///
/// # Errors
/// `Replica.Failed` at once for a terminal status, `Replica.Vanished` when it is gone or being deleted by
/// somebody else, `Replica.NotOurs` when another instance has its name, `Replica.Late` past the deadline.
pub fn sight(
    goal: Goal,
    awaited: &Awaited,
    seen: Option<&Instance>,
    began_at: DateTime<Utc>,
    deadlines: &Deadlines,
    now: DateTime<Utc>,
) -> Result<Sight, StepError> {
    let Some(instance) = seen else {
        return match goal {
            Goal::Gone => Ok(Sight::Reached(None)),
            Goal::Available if now - began_at < CONSISTENCY_GRACE => Ok(Sight::Waiting),
            Goal::Available | Goal::Stopped => {
                Err(vanished(&awaited.replica, "RDS doesn't know it any more"))
            }
        };
    };
    if instance.resource_id != awaited.resource_id {
        return match goal {
            Goal::Gone => Ok(Sight::Reached(None)),
            Goal::Available | Goal::Stopped => Err(StepError::new(
                WireName::ReplicaNotOurs,
                format!(
                    "{} is now {}, this drill's replica was {}",
                    awaited.replica, instance.resource_id, awaited.resource_id
                ),
                "somebody made another instance under the replica's name; rename or remove it",
            )),
        };
    }
    if let Some(sight) = reached_or_failed(goal, awaited, instance)? {
        return Ok(sight);
    }
    let deadline = goal.deadline(deadlines);
    if now - began_at > deadline.delta() {
        return Err(StepError::new(
            WireName::ReplicaLate,
            format!("replica {} is {} after {deadline}", awaited.replica, instance.status),
            format!("raise deadlines.{} or look at the events of the instance", goal_word(goal)),
        ));
    }
    Ok(Sight::Waiting)
}

fn goal_word(goal: Goal) -> &'static str {
    match goal {
        Goal::Available => "available",
        Goal::Stopped => "stopped",
        Goal::Gone => "gone",
    }
}

fn reached_or_failed(goal: Goal, awaited: &Awaited, instance: &Instance) -> Result<Option<Sight>, StepError> {
    let is_going = instance.status.is_being_deleted();
    match (goal, instance.status.class()) {
        (Goal::Gone, _) => Ok(None),
        (_, StatusClass::Terminal) => Err(failed(&awaited.replica, &instance.status)),
        (_, _) if is_going => Err(vanished(&awaited.replica, "somebody is deleting it")),
        (Goal::Available, StatusClass::Ready) => {
            // Without an endpoint there is nothing to connect to yet.
            Ok(instance.endpoint.clone().map(|endpoint| Sight::Reached(Some(endpoint))))
        }
        (Goal::Available, StatusClass::Stopped) => Err(StepError::new(
            WireName::ReplicaFailed,
            format!("replica {} is stopped before it was checked", awaited.replica),
            "something outside this product stopped it, a scheduler that stops instances for example",
        )),
        (Goal::Stopped, StatusClass::Stopped) => Ok(Some(Sight::Reached(None))),
        (Goal::Available | Goal::Stopped, _) => Ok(None),
    }
}

fn vanished(replica: &ReplicaId, how: &str) -> StepError {
    StepError::new(
        WireName::ReplicaVanished,
        format!("replica {replica} is gone: {how}"),
        "see CloudTrail for who deleted it",
    )
}

fn failed(replica: &ReplicaId, status: &InstanceStatus) -> StepError {
    let hint = match status {
        InstanceStatus::IncompatibleNetwork => {
            "check that replica.subnet_group has free addresses and fits replica.security_groups"
        }
        InstanceStatus::IncompatibleParameters => {
            "check replica.parameter_group against the engine's version and class"
        }
        InstanceStatus::IncompatibleOptionGroup => "check the option group of the source",
        InstanceStatus::InsufficientCapacity => "choose another replica.instance_class or more subnets",
        InstanceStatus::StorageFull => "the backup has no room to recover in: raise the source's storage",
        InstanceStatus::InaccessibleEncryptionCredentials
        | InstanceStatus::InaccessibleEncryptionCredentialsRecoverable => {
            "RDS may not use the KMS key of the backup: without it no backup of the source can be restored"
        }
        _ => "see the events of the instance, and open a support case for the backup",
    };
    StepError::new(WireName::ReplicaFailed, format!("replica {replica} is {status}"), hint)
}
