//! `SweepOrphans`: the independent clean-up of what drills left behind. Runs on its own schedule and when
//! an execution failed, timed out or was aborted.
//!
//! Stops replicas that AWS started again after 7 days and those that an ended drill left running, deletes
//! abandoned ones past their age, and reports what isn't as it should be. Never touches a replica of a
//! drill that is running, the newest verified one except to stop it again, or what a person started.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::publish_report::not_told;
use super::{Settings, stop_replica};
use crate::configuration::Span;
use crate::error::StepError;
use crate::evidence::keys;
use crate::ids::{DbiResourceId, DrillId, SourceId};
use crate::instance::{Instance, InstanceStatus, StatusClass};
use crate::notification;
use crate::ownership::{
    OwnedReplica, Ownership, TAG_DEPLOYMENT, TAG_SOURCE, TAG_SOURCE_RESOURCE_ID, looks_like_ours,
};
use crate::ports::{
    DeleteReplica, Notify, RdsErrorKind, ReadExecutions, ReadInstanceEvents, ReadInstances, ReadObjects,
    StopReplica, WriteObjects,
};
use crate::retirement::is_stopped_by_us;
use crate::store;

/// What starts it; EventBridge's event, of which nothing is used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {}

/// What it found and did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// A line for each instance that looks like ours.
    pub items: Vec<Item>,
}

/// One instance, what was done and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The instance's id, as RDS reports it.
    pub instance: String,
    /// What was done.
    pub action: Action,
    /// Why.
    pub reason: String,
}

/// What the sweep does with an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is as it should be.
    Keep,
    /// It was asked to stop.
    Stop,
    /// It was deleted.
    Delete,
    /// A person should look.
    Report,
}

/// How old an abandoned replica may get when its source has no readable configuration.
const ABANDONED_MAX_AGE: Span = Span::hours(72);
/// Part of RDS-EVENT-0154: AWS started the instance since it had been stopped for 7 days (Amazon RDS User
/// Guide, "Amazon RDS event categories and event messages").
const AUTOMATIC_START: &str = "exceeding the maximum allowed time being stopped";

/// Looks at every replica of the deployment and puts right what may be put right.
pub async fn run<P>(ports: &P, settings: &Settings, _: Input, now: DateTime<Utc>) -> Result<Output, StepError>
where
    P: ReadInstances
        + ReadInstanceEvents
        + StopReplica
        + DeleteReplica
        + ReadObjects
        + WriteObjects
        + ReadExecutions
        + Notify,
{
    let instances = ports.instances().await?;
    let mut standbys: BTreeMap<SourceId, Option<DbiResourceId>> = BTreeMap::new();
    let mut items = Vec::new();
    for instance in instances.iter().filter(|i| looks_like_ours(i, &settings.deployment)) {
        let ownership = ownership_among(&instances, instance, settings);
        let item = match OwnedReplica::confirm(instance, &ownership) {
            Err(reason) => (Action::Report, format!("left alone: {reason}")),
            Ok(replica) => {
                let source = replica.drill().source();
                if !standbys.contains_key(&source) {
                    let standby = store::last_verified(ports, &source, None, None, now).await?;
                    let resource_id = standby.and_then(|e| e.replica).and_then(|r| r.resource_id);
                    standbys.insert(source.clone(), resource_id);
                }
                let is_standby = standbys[&source].as_ref() == Some(replica.resource_id());
                sweep_one(ports, instance, &replica, is_standby, now).await?
            }
        };
        items.push(Item { instance: instance.id.clone(), action: item.0, reason: item.1 });
    }
    let lines: Vec<String> = items
        .iter()
        .filter(|i| i.action != Action::Keep)
        .map(|i| format!("{:?} {}: {}", i.action, i.instance, i.reason))
        .collect();
    if !lines.is_empty() {
        ports
            .notify(&notification::of_sweep(&settings.deployment, &lines))
            .await
            .map_err(|e| not_told(&e))?;
    }
    Ok(Output { items })
}

/// The sources that this instance must not be, by what RDS listed.
fn ownership_among(instances: &[Instance], instance: &Instance, settings: &Settings) -> Ownership {
    let source = instance.tags.get(TAG_SOURCE);
    let mut source_resource_ids: Vec<DbiResourceId> = instances
        .iter()
        .filter(|i| Some(&i.id) == source && !i.tags.contains_key(TAG_DEPLOYMENT))
        .map(|i| i.resource_id.clone())
        .collect();
    let tagged = instance.tags.get(TAG_SOURCE_RESOURCE_ID).and_then(|id| DbiResourceId::parse(id).ok());
    source_resource_ids.extend(tagged);
    Ownership { deployment: settings.deployment.clone(), source_resource_ids }
}

async fn sweep_one<P>(
    ports: &P,
    instance: &Instance,
    replica: &OwnedReplica,
    is_standby: bool,
    now: DateTime<Utc>,
) -> Result<(Action, String), StepError>
where
    P: ReadInstanceEvents + StopReplica + DeleteReplica + ReadObjects + WriteObjects + ReadExecutions,
{
    if is_live(ports, replica.drill()).await? {
        return Ok((Action::Keep, "its drill is running".to_owned()));
    }
    if matches!(
        replica.status(),
        InstanceStatus::Stopping | InstanceStatus::Deleting | InstanceStatus::DeletePrecheck
    ) {
        return Ok((Action::Keep, format!("it is {}", replica.status())));
    }
    let max_age = abandoned_max_age(ports, &replica.drill().source()).await;
    let created_at = instance.created_at.unwrap_or_else(|| replica.drill().scheduled_at());
    let is_old = now - created_at > max_age;
    match replica.status().class() {
        StatusClass::Stopped if is_standby => Ok((Action::Keep, "it is the standby".to_owned())),
        StatusClass::Stopped => {
            let stop = store::read_stop(ports, replica.drill()).await?;
            match is_stopped_by_us(replica, stop.as_ref()) {
                Ok(()) if is_old => delete(ports, replica, "abandoned, and past its age").await,
                Ok(()) => Ok((Action::Keep, "it is stopped and waits for its age".to_owned())),
                Err(reason) => Ok((Action::Report, format!("kept: {reason}"))),
            }
        }
        StatusClass::Terminal if is_standby => {
            Ok((Action::Report, format!("the standby is {}: it can't be started", replica.status())))
        }
        StatusClass::Terminal if is_old => delete(ports, replica, "failed, and past its age").await,
        StatusClass::Ready => stop_what_nobody_uses(ports, replica, now).await,
        StatusClass::Terminal | StatusClass::Progressing => {
            Ok((Action::Report, format!("it is {}", replica.status())))
        }
    }
}

async fn is_live<P: ReadObjects + ReadExecutions>(ports: &P, drill: &DrillId) -> Result<bool, StepError> {
    match store::read_claim(ports, drill).await? {
        Some(claim) => Ok(ports.is_running(&claim.execution).await?),
        None => Ok(false),
    }
}

/// A replica that runs though no drill uses it: AWS started it after 7 days, its drill ended before it
/// could be stopped, or a person started it, who is left alone.
async fn stop_what_nobody_uses<P>(
    ports: &P,
    replica: &OwnedReplica,
    now: DateTime<Utc>,
) -> Result<(Action, String), StepError>
where
    P: ReadInstanceEvents + StopReplica + ReadObjects + WriteObjects,
{
    let stop = store::read_stop(ports, replica.drill()).await?;
    let reason = match stop.filter(|s| s.resource_id == *replica.resource_id()) {
        None => "its drill ended and left it running",
        Some(stop) => {
            let events = ports.events_since(replica.id(), stop.requested_at).await?;
            let was_stopped = events.iter().any(|(_, message)| message.contains("stopped"));
            if events.iter().any(|(_, message)| message.contains(AUTOMATIC_START)) {
                "AWS started it after 7 days"
            } else if !was_stopped && now - stop.requested_at > TimeDelta::hours(2) {
                "it was asked to stop and never stopped"
            } else {
                let report = "somebody started it: tag it restore-drill:hold to keep it, or stop it";
                return Ok((Action::Report, report.to_owned()));
            }
        }
    };
    match stop_replica::stop(ports, replica, now).await {
        Ok(_) => Ok((Action::Stop, reason.to_owned())),
        Err(e) => Ok((Action::Report, format!("{reason}, and it isn't stopped: {}", e.fact))),
    }
}

async fn delete(
    ports: &impl DeleteReplica,
    replica: &OwnedReplica,
    reason: &str,
) -> Result<(Action, String), StepError> {
    match ports.delete(replica).await {
        Ok(()) => Ok((Action::Delete, reason.to_owned())),
        Err(e) if e.kind == RdsErrorKind::NotFound => Ok((Action::Delete, "it is gone already".to_owned())),
        Err(e) => Ok((Action::Report, format!("{reason}, and RDS refused to delete it: {e}"))),
    }
}

async fn abandoned_max_age(ports: &impl ReadObjects, source: &SourceId) -> TimeDelta {
    let text = ports.get(&keys::configuration(source)).await.ok().flatten();
    let configuration = text.and_then(|t| crate::configuration::parse_toml(&t).ok());
    configuration.map_or(ABANDONED_MAX_AGE, |c| c.replica.abandoned_max_age).delta()
}
