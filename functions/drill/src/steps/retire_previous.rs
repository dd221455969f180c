//! `RetirePrevious`: deletes the replicas that the new standby makes dispensable, or this drill's own when
//! it isn't to be kept.
//!
//! Trusts nothing of its input but the drill's name: the verdict is read back from the evidence, the
//! replicas from RDS. Deletes for good; each only with a proof of ownership.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Restored, Settings, confirm_replica, ownership, require_claim};
use crate::backup::bounded_list;
use crate::configuration::Disposal;
use crate::error::{StepError, WireName};
use crate::evidence::{Kept, StopRecord, Verdict};
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
    let plan = input.plan;
    require_claim(ports, &plan).await?;
    let verdict = store::read_verdict(ports, &plan.drill).await?;
    let is_verified = verdict.as_ref().is_some_and(|v| v.verdict == Verdict::Verified);
    let disposal = plan.disposal(verdict.as_ref().map_or(Verdict::Broken, |v| v.verdict));
    let ownership = ownership(ports, settings, plan.source(), &plan.source_resource_id).await?;
    let retirement = match (is_verified, disposal) {
        (_, Disposal::Delete) => discard_own(ports, settings, &plan).await?,
        (true, Disposal::Stop) => {
            let (_, replica) = confirm_replica(ports, settings, &plan).await?;
            match Standby::confirm(&replica, verdict.as_ref()) {
                Ok(standby) => retire_older(ports, &plan, &ownership, &standby).await?,
                Err(reason) => keep_all(&ports.instances().await?, &plan, &ownership, &reason.to_string()),
            }
        }
        (false, Disposal::Stop) => Retirement::default(),
    };
    delete_all(ports, &retirement.delete).await?;
    let awaited = retirement
        .delete
        .iter()
        .map(|r| Awaited { replica: r.id().clone(), resource_id: r.resource_id().clone() })
        .collect();
    Ok(Output { goal: Goal::Gone, awaited, began_at: now, kept: retirement.keep })
}

/// This drill's own replica, which isn't to become the standby; only when this product stopped it.
async fn discard_own<P>(ports: &P, settings: &Settings, plan: &Plan) -> Result<Retirement, StepError>
where
    P: ReadInstances + ReadObjects,
{
    let (instance, replica) = confirm_replica(ports, settings, plan).await?;
    let stop = store::read_stop(ports, replica.drill()).await?;
    Ok(match retirement::is_stopped_by_us(&replica, stop.as_ref()) {
        Ok(()) => Retirement { delete: vec![replica], keep: Vec::new() },
        Err(reason) => Retirement { delete: Vec::new(), keep: vec![retirement::kept(&instance, reason)] },
    })
}

async fn retire_older<P>(
    ports: &P,
    plan: &Plan,
    ownership: &Ownership,
    standby: &Standby,
) -> Result<Retirement, StepError>
where
    P: ReadInstances + ReadObjects,
{
    let instances = ports.instances().await?;
    let candidates = retirement::candidates(&instances, plan.source(), ownership);
    let mut stops: BTreeMap<DrillId, StopRecord> = BTreeMap::new();
    for instance in &candidates {
        let Ok(replica) = OwnedReplica::confirm(instance, ownership) else { continue };
        if let Some(stop) = store::read_stop(ports, replica.drill()).await? {
            stops.insert(replica.drill().clone(), stop);
        }
    }
    Ok(retirement::decide(&candidates, ownership, standby, &stops))
}

fn keep_all(instances: &[Instance], plan: &Plan, ownership: &Ownership, reason: &str) -> Retirement {
    let keep = retirement::candidates(instances, plan.source(), ownership)
        .into_iter()
        .filter(|i| i.id != plan.replica.as_str())
        .map(|i| retirement::kept(i, format!("nothing older goes: {reason}")))
        .collect();
    Retirement { delete: Vec::new(), keep }
}

/// Asks for all deletions before it reports a failure of one.
async fn delete_all(ports: &impl DeleteReplica, replicas: &[OwnedReplica]) -> Result<(), StepError> {
    let mut refused = Vec::new();
    for replica in replicas {
        match ports.delete(replica).await {
            Ok(()) => {}
            // Somebody was quicker, or an earlier try got through.
            Err(e) if e.kind == RdsErrorKind::NotFound => {}
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
        "the new standby is verified and stopped; the older replica costs its storage until it is deleted",
    ))
}
