//! The two changes that a step makes to a replica, each so that it may be asked for again: an answer that
//! was lost, and a second execution that was quicker, are no failures.
//!
//! Takes a proof of ownership, never a name. Decides nothing about whether a replica may be changed.

use chrono::{DateTime, TimeDelta, Utc};

use crate::error::{StepError, WireName};
use crate::evidence::StopRecord;
use crate::instance::{InstanceStatus, StatusClass};
use crate::ownership::OwnedReplica;
use crate::ports::{
    DeleteReplica, RdsError, RdsErrorKind, ReadInstances, ReadObjects, StopReplica, WriteObjects,
};
use crate::store;

/// What the retries of a step last. Stopping and starting again takes longer.
const RETRIES_MAX: TimeDelta = TimeDelta::minutes(15);

/// When the replica was asked to stop, where it neither stops nor stands stopped and no retry explains that:
/// RDS lost the call, or somebody started it since. Only the events can tell, which the sweep looks at.
pub(super) async fn asked_to_stop_before(
    ports: &impl ReadObjects,
    replica: &OwnedReplica,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StepError> {
    if is_stopping(replica.status()) {
        return Ok(None);
    }
    let recorded = store::read_stop(ports, replica.drill()).await?;
    let ours = recorded.filter(|s| s.resource_id == *replica.resource_id());
    Ok(ours.map(|s| s.requested_at).filter(|asked_at| now - *asked_at > RETRIES_MAX))
}

/// Records the stop and asks for it, unless it is under way; gives the time that it was asked for.
pub(super) async fn stop<P>(
    ports: &P,
    replica: &OwnedReplica,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, StepError>
where
    P: ReadInstances + StopReplica + ReadObjects + WriteObjects,
{
    if is_stopping(replica.status()) {
        let recorded = store::read_stop(ports, replica.drill()).await?;
        let ours = recorded.filter(|s| s.resource_id == *replica.resource_id());
        return Ok(ours.map_or(now, |s| s.requested_at));
    }
    let record = StopRecord { resource_id: replica.resource_id().clone(), requested_at: now };
    store::write_stop(ports, replica.drill(), &record).await?;
    let Err(error) = ports.stop(replica).await else { return Ok(now) };
    match error.kind {
        RdsErrorKind::Throttled | RdsErrorKind::Unavailable | RdsErrorKind::Denied => Err(error.into()),
        // RDS refuses to stop what is stopping: an earlier try got through, and we saw an old status.
        RdsErrorKind::InvalidState if status_now(ports, replica).await.as_ref().is_some_and(is_stopping) => {
            Ok(now)
        }
        RdsErrorKind::NotFound
        | RdsErrorKind::InvalidState
        | RdsErrorKind::Refused
        | RdsErrorKind::Rejected => Err(StepError::new(
            WireName::StopRefused,
            format!("RDS refused to stop {} ({}): {error}", replica.id(), replica.status()),
            "it goes on running and is billed: stop it by hand, or let the sweep stop it",
        )),
    }
}

/// Asks RDS to delete the replica; one that is gone or being deleted is as good.
pub(super) async fn delete<P>(ports: &P, replica: &OwnedReplica) -> Result<(), RdsError>
where
    P: ReadInstances + DeleteReplica,
{
    let Err(error) = ports.delete(replica).await else { return Ok(()) };
    match error.kind {
        RdsErrorKind::NotFound => Ok(()),
        RdsErrorKind::InvalidState
            if status_now(ports, replica).await.is_some_and(|status| status.is_being_deleted()) =>
        {
            Ok(())
        }
        _ => Err(error),
    }
}

fn is_stopping(status: &InstanceStatus) -> bool {
    status.class() == StatusClass::Stopped || *status == InstanceStatus::Stopping
}

/// The replica's status on a second look; `None` when it can't be seen, or is another instance by now.
async fn status_now(rds: &impl ReadInstances, replica: &OwnedReplica) -> Option<InstanceStatus> {
    let seen = rds.instance(replica.id().as_str()).await.ok().flatten();
    seen.filter(|i| i.resource_id == *replica.resource_id()).map(|i| i.status)
}
