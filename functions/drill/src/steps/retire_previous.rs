//! `RetirePrevious`: deletes the replicas that the new standby makes dispensable, or this drill's own when
//! it isn't to be kept.
//!
//! Trusts nothing of its input but the drill's name: the verdict is read back from the evidence, the
//! replicas from RDS. Deletes for good; each only with a proof of ownership.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Restored, Settings, changes, confirm_replica, ownership, require_claim};
use crate::backup::bounded_list;
use crate::configuration::Disposal;
use crate::error::{StepError, WireName};
use crate::evidence::{Evidence, Kept, StopRecord, Verdict};
use crate::ids::DrillId;
use crate::instance::Instance;
use crate::observation::{Awaited, Goal};
use crate::ownership::{OwnedReplica, Ownership};
use crate::plan::Plan;
use crate::ports::{DeleteReplica, RdsErrorKind, ReadInstances, ReadObjects};
use crate::retirement::{self, Retirement, Standby};
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
    /// What is waited for next.
    pub goal: Goal,
    /// The replicas that are being deleted.
    pub awaited: Vec<Awaited>,
    /// When the waiting began.
    pub began_at: DateTime<Utc>,
    /// The replicas that are kept, with the reason.
    pub kept: Vec<Kept>,
}

/// Retires what may go. Repeating it decides anew on what there is then.
pub async fn run<P>(
    ports: &P,
    settings: &Settings,
    input: Input,
    now: DateTime<Utc>,
) -> Result<Output, StepError>
where
    P: ReadInstances + DeleteReplica + ReadObjects,
{
    let Input { plan, restored } = input;
    require_claim(ports, &plan).await?;
    let Some(evidence) = store::read_verdict(ports, &plan.drill).await? else {
        return Err(StepError::new(
            WireName::JudgeIncomplete,
            format!("drill {} has no saved verdict", plan.drill),
            "nothing is deleted before the verdict is saved",
        ));
    };
    let mut awaited = Vec::new();
    let mut retirement = Retirement::default();
    match (evidence.verdict, plan.disposal(evidence.verdict)) {
        (_, Disposal::Delete) => match confirm_replica(ports, settings, &plan).await {
            Ok((instance, _))
                if evidence.verdict == Verdict::Verified
                    && !has_other_standby(ports, settings, &plan).await? =>
            {
                retirement.keep.push(retirement::kept(&instance, retirement::ONLY_VERIFIED));
            }
            Ok((instance, replica)) => retirement = discard(ports, &instance, replica).await?,
            // An earlier try got through, or somebody was quicker: it is waited for as if it were going.
            Err(e) if e.name == WireName::ReplicaVanished => awaited.push(restored.awaited()),
            Err(e) => return Err(e),
        },
        (Verdict::Verified, Disposal::Stop) => {
            retirement = retire_older(ports, settings, &plan, &evidence).await?;
        }
        (Verdict::Rejected | Verdict::Broken, Disposal::Stop) => {}
    }
    delete_all(ports, &retirement.delete).await?;
    awaited.extend(
        retirement
            .delete
            .iter()
            .chain(&retirement.going)
            .map(|r| Awaited { replica: r.id().clone(), resource_id: r.resource_id().clone() }),
    );
    Ok(Output { goal: Goal::Gone, awaited, began_at: now, kept: retirement.keep })
}

/// Whether a replica of an earlier drill of the source is verified by its stored evidence and stopped.
///
/// Only of an earlier one: two drills side by side, both to be discarded, would each count on the other.
async fn has_other_standby<P>(ports: &P, settings: &Settings, plan: &Plan) -> Result<bool, StepError>
where
    P: ReadInstances + ReadObjects,
{
    let ownership = ownership(ports, settings, plan.source(), &plan.source_resource_id).await?;
    let instances = ports.instances().await?;
    for instance in retirement::candidates(&instances, plan.source(), &ownership) {
        let Ok(replica) = OwnedReplica::confirm(instance, &ownership) else { continue };
        if replica.drill().scheduled_at() >= plan.drill.scheduled_at() {
            continue;
        }
        match store::read_verdict(ports, replica.drill()).await {
            Ok(verdict) if Standby::confirm(&replica, verdict.as_ref()).is_ok() => return Ok(true),
            Err(e) if e.name.is_retried() => return Err(e),
            // A record that can't be read verifies nothing.
            Ok(_) | Err(_) => {}
        }
    }
    Ok(false)
}

/// This drill's own replica, which isn't to become the standby; only when this product stopped it.
async fn discard<P: ReadObjects>(
    ports: &P,
    instance: &Instance,
    replica: OwnedReplica,
) -> Result<Retirement, StepError> {
    let mut retirement = Retirement::default();
    if replica.status().is_being_deleted() {
        retirement.going.push(replica);
        return Ok(retirement);
    }
    let stop = store::read_stop(ports, replica.drill()).await?;
    match retirement::may_be_deleted(&replica, stop.as_ref()) {
        Ok(()) => retirement.delete.push(replica),
        Err(reason) => retirement.keep.push(retirement::kept(instance, reason)),
    }
    Ok(retirement)
}

/// The older replicas, when this drill's own stands in for them.
async fn retire_older<P>(
    ports: &P,
    settings: &Settings,
    plan: &Plan,
    evidence: &Evidence,
) -> Result<Retirement, StepError>
where
    P: ReadInstances + ReadObjects,
{
    let (_, own) = confirm_replica(ports, settings, plan).await?;
    let ownership = ownership(ports, settings, plan.source(), &plan.source_resource_id).await?;
    let instances = ports.instances().await?;
    let standby = match Standby::confirm(&own, Some(evidence)) {
        Ok(standby) => standby,
        Err(reason) => return Ok(keep_all(&instances, plan, &ownership, &reason.to_string())),
    };
    let candidates = retirement::candidates(&instances, plan.source(), &ownership);
    let mut stops: BTreeMap<DrillId, StopRecord> = BTreeMap::new();
    for instance in &candidates {
        let Ok(replica) = OwnedReplica::confirm(instance, &ownership) else { continue };
        if let Some(stop) = store::read_stop(ports, replica.drill()).await? {
            stops.insert(replica.drill().clone(), stop);
        }
    }
    Ok(retirement::decide(&candidates, &ownership, &standby, &stops))
}

fn keep_all(instances: &[Instance], plan: &Plan, ownership: &Ownership, reason: &str) -> Retirement {
    let keep = retirement::candidates(instances, plan.source(), ownership)
        .into_iter()
        .filter(|i| i.id != plan.replica.as_str())
        .map(|i| retirement::kept(i, format!("nothing older goes: {reason}")))
        .collect();
    Retirement { keep, ..Retirement::default() }
}

/// Asks for all deletions before it reports a failure of one.
async fn delete_all<P>(ports: &P, replicas: &[OwnedReplica]) -> Result<(), StepError>
where
    P: ReadInstances + DeleteReplica,
{
    let mut refused = Vec::new();
    for replica in replicas {
        match changes::delete(ports, replica).await {
            Ok(()) => {}
            Err(e) if matches!(e.kind, RdsErrorKind::Throttled | RdsErrorKind::Unavailable) => {
                return Err(e.into());
            }
            Err(e) => refused.push(format!("{}: {e}", replica.id())),
        }
    }
    if refused.is_empty() {
        return Ok(());
    }
    Err(StepError::new(
        WireName::DeleteRefused,
        format!("RDS refused to delete {}", bounded_list(&refused)),
        "the verdict stands; what isn't deleted costs its storage until it is",
    ))
}
