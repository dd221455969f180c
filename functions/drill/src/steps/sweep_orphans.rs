//! `SweepOrphans`: the independent clean-up of what drills left behind. Runs on its own schedule and when
//! an execution failed, timed out or was aborted.
//!
//! Stops replicas that AWS started again after 7 days and those that an ended drill left running, deletes
//! abandoned ones past their age, and reports what isn't as it should be. Never touches a replica of a
//! drill that is running or what a person started, and never deletes a verified replica unless a newer one
//! is verified and stopped.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::publish_report::not_told;
use super::{Settings, changes, is_running};
use crate::configuration::{Span, pieces};
use crate::error::StepError;
use crate::evidence::keys;
use crate::ids::{DbiResourceId, SourceId};
use crate::instance::{Instance, InstanceStatus, StatusClass};
use crate::notification;
use crate::ownership::{
    NotOurs, OwnedReplica, Ownership, TAG_SOURCE, TAG_SOURCE_RESOURCE_ID, looks_like_ours,
};
use crate::ports::{
    DeleteReplica, Notify, ReadExecutions, ReadInstanceEvents, ReadInstances, ReadObjects, StopReplica,
    WriteObjects,
};
use crate::retirement::may_be_deleted;
use crate::standing::{Known, WhyRunning, why_running};
use crate::store;

mod look_again;

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

/// Looks at every replica of the deployment and puts right what may be put right.
///
/// What goes wrong with one replica becomes a line about it. Only what a later try may mend, a throttled
/// call for example, ends the sweep: after people were told of what was done before.
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
    let mut items = Vec::new();
    let mut known = Vec::new();
    for instance in instances.iter().filter(|i| looks_like_ours(i, &settings.deployment)) {
        match OwnedReplica::confirm(instance, &ownership_among(&instances, instance, settings)) {
            // Production needs nobody's look at 3 AM.
            Err(reason @ NotOurs::Promoted) => {
                items.push(item(instance, Action::Keep, format!("left alone: {reason}")));
            }
            Err(reason) => items.push(item(instance, Action::Report, format!("left alone: {reason}"))),
            Ok(replica) => known.push((instance, know(ports, replica).await?)),
        }
    }
    let (seen, known): (Vec<&Instance>, Vec<Known>) = known.into_iter().unzip();
    let mut ended = Ok(());
    for (instance, one) in seen.into_iter().zip(&known) {
        let looked = Looked { one, created_at: created_at(instance, one), all: &known, now, settings };
        match looked.sweep(ports).await {
            Ok((action, reason)) => items.push(item(instance, action, reason)),
            Err(e) if e.name.is_retried() => {
                ended = Err(e);
                break;
            }
            Err(e) => items.push(item(instance, Action::Report, format!("left alone: {}", e.fact))),
        }
    }
    tell(ports, settings, &items).await?;
    ended.map(|()| Output { items })
}

fn item(instance: &Instance, action: Action, reason: impl Into<String>) -> Item {
    Item { instance: instance.id.clone(), action, reason: reason.into() }
}

async fn tell(ports: &impl Notify, settings: &Settings, items: &[Item]) -> Result<(), StepError> {
    let lines: Vec<String> = items
        .iter()
        .filter(|i| i.action != Action::Keep)
        .map(|i| format!("{:?} {}: {}", i.action, i.instance, i.reason))
        .collect();
    if lines.is_empty() {
        return Ok(());
    }
    let message = notification::of_sweep(&settings.deployment, &lines);
    ports.notify(&message).await.map_err(|e| not_told(&e))
}

/// The sources that this instance must not be, by what RDS listed.
fn ownership_among(instances: &[Instance], instance: &Instance, settings: &Settings) -> Ownership {
    let source = instance.tags.get(TAG_SOURCE);
    let mut source_resource_ids: Vec<DbiResourceId> =
        instances.iter().filter(|i| Some(&i.id) == source).map(|i| i.resource_id.clone()).collect();
    let tagged = instance.tags.get(TAG_SOURCE_RESOURCE_ID).and_then(|id| DbiResourceId::parse(id).ok());
    source_resource_ids.extend(tagged);
    Ownership { deployment: settings.deployment.clone(), source_resource_ids }
}

/// The replica with what its evidence says; evidence that can't be read is known as that.
async fn know(ports: &impl ReadObjects, replica: OwnedReplica) -> Result<Known, StepError> {
    let drill = replica.drill();
    let published = match store::read_published(ports, drill).await {
        Err(e) if e.name.is_retried() => return Err(e),
        // A record that can't be read leaves nothing standing.
        published => published.ok().flatten(),
    };
    match store::read_verdict(ports, drill).await {
        Ok(verdict) => Ok(Known::of(replica, verdict.as_ref(), published.as_ref())),
        Err(e) if e.name.is_retried() => Err(e),
        Err(_) => Ok(Known { is_verified: None, ..Known::of(replica, None, published.as_ref()) }),
    }
}

fn created_at(instance: &Instance, known: &Known) -> DateTime<Utc> {
    instance.created_at.unwrap_or_else(|| known.replica.drill().scheduled_at())
}

type Done = (Action, String);

/// One replica of ours among all of them, at the time of the sweep.
struct Looked<'a> {
    one: &'a Known,
    created_at: DateTime<Utc>,
    all: &'a [Known],
    now: DateTime<Utc>,
    settings: &'a Settings,
}

impl Looked<'_> {
    async fn sweep<P>(&self, ports: &P) -> Result<Done, StepError>
    where
        P: ReadInstances
            + ReadInstanceEvents
            + StopReplica
            + DeleteReplica
            + ReadObjects
            + WriteObjects
            + ReadExecutions,
    {
        let replica = &self.one.replica;
        let status = replica.status();
        if self.one.is_somebodys {
            let reason = "left alone: by the evidence the replica of its drill was another instance";
            return Ok((Action::Report, reason.to_owned()));
        }
        if let Some(claim) = store::read_claim(ports, replica.drill()).await?
            && is_running(ports, &claim.execution).await?
        {
            return Ok((Action::Keep, "its drill is running".to_owned()));
        }
        if *status == InstanceStatus::Stopping || status.is_being_deleted() {
            return Ok((Action::Keep, format!("it is {status}")));
        }
        match status.class() {
            StatusClass::Stopped => self.sweep_stopped(ports).await,
            StatusClass::Ready => self.sweep_running(ports).await,
            StatusClass::Terminal => self.sweep_failed(ports).await,
            StatusClass::Progressing => Ok((Action::Report, format!("it is {status}"))),
        }
    }

    /// Whether the newest verified replica of its source is this one: no newer one is verified and stopped.
    fn is_standby(&self) -> bool {
        self.one.is_verified == Some(true) && !self.one.has_successor(self.all)
    }

    async fn sweep_stopped<P>(&self, ports: &P) -> Result<Done, StepError>
    where
        P: ReadInstances + DeleteReplica + ReadObjects,
    {
        if self.is_standby() {
            return Ok((Action::Keep, "it is the standby".to_owned()));
        }
        let replica = &self.one.replica;
        let stop = store::read_stop(ports, replica.drill()).await?;
        match may_be_deleted(replica, stop.as_ref()) {
            Err(reason) => Ok((Action::Report, format!("kept: {reason}"))),
            Ok(()) if self.is_old(ports).await => self.delete(ports, "abandoned, and past its age").await,
            Ok(()) => Ok((Action::Keep, "it is stopped and waits for its age".to_owned())),
        }
    }

    /// A replica that runs though no drill uses it: AWS started it after 7 days, its drill ended before it
    /// could be stopped, or a person started it, who is left alone.
    async fn sweep_running<P>(&self, ports: &P) -> Result<Done, StepError>
    where
        P: ReadInstances + ReadInstanceEvents + StopReplica + ReadObjects + WriteObjects,
    {
        let (action, reason) = match self.why_running(ports).await? {
            WhyRunning::LeftByItsDrill => (Action::Stop, "its drill ended and left it running"),
            WhyRunning::NeverStopped => (Action::Stop, "it was asked to stop and never stopped"),
            WhyRunning::StartedByAws => (Action::Stop, "AWS started it after 7 days"),
            WhyRunning::Stopping => (Action::Keep, "it was asked to stop a short while ago"),
            WhyRunning::StartedBySomebody => {
                (Action::Report, "somebody started it: tag it restore-drill:hold to keep it, or stop it")
            }
            WhyRunning::Unknown => (
                Action::Report,
                "the events of RDS don't say why it runs: tag it restore-drill:hold to keep it, or stop it",
            ),
        };
        if action != Action::Stop {
            return Ok((action, reason.to_owned()));
        }
        match changes::stop(ports, &self.one.replica, self.now).await {
            Ok(_) => Ok((Action::Stop, reason.to_owned())),
            Err(e) => Ok((Action::Report, format!("{reason}, and it isn't stopped: {}", e.fact))),
        }
    }

    /// A replica in a status that it won't leave by itself. One that somebody started may be in use and have
    /// run full, so only what nobody ever started is deleted.
    async fn sweep_failed<P>(&self, ports: &P) -> Result<Done, StepError>
    where
        P: ReadInstances + ReadInstanceEvents + DeleteReplica + ReadObjects,
    {
        let status = self.one.replica.status();
        if self.is_standby() {
            return Ok((Action::Report, format!("the standby is {status}: it can't be started")));
        }
        let is_nobodys = self.why_running(ports).await?.is_nobodys();
        if is_nobodys && !self.one.replica.deletion_protection() && self.is_old(ports).await {
            return self.delete(ports, "failed, and past its age").await;
        }
        Ok((Action::Report, format!("it is {status}")))
    }

    async fn why_running<P: ReadInstanceEvents + ReadObjects>(
        &self,
        ports: &P,
    ) -> Result<WhyRunning, StepError> {
        let replica = &self.one.replica;
        let stop = store::read_stop(ports, replica.drill()).await?;
        let stop = stop.filter(|s| s.resource_id == *replica.resource_id());
        let events = ports.events_since(replica.id(), replica.drill().scheduled_at()).await?;
        Ok(why_running(stop.as_ref(), self.created_at, &events, self.now))
    }

    async fn is_old(&self, ports: &impl ReadObjects) -> bool {
        let max_age = abandoned_max_age(ports, &self.one.replica.drill().source()).await;
        self.now - self.created_at > max_age
    }

    /// Deletes the replica, unless its evidence speaks for it or can't be read.
    async fn delete<P>(&self, ports: &P, reason: &str) -> Result<Done, StepError>
    where
        P: ReadInstances + DeleteReplica,
    {
        if self.one.is_verified.is_none() {
            return Ok((Action::Report, format!("{reason}, but its evidence can't be read")));
        }
        // The look before may be minutes old: calls are throttled, and people act at the same time.
        if let Err(changed) = self.look_again(ports).await? {
            return Ok((Action::Report, format!("kept: {changed}")));
        }
        match changes::delete(ports, &self.one.replica).await {
            Ok(()) => Ok((Action::Delete, reason.to_owned())),
            Err(e) => Ok((Action::Report, format!("{reason}, and RDS refused to delete it: {e}"))),
        }
    }
}

async fn abandoned_max_age(ports: &impl ReadObjects, source: &SourceId) -> TimeDelta {
    let text = ports.get(&keys::configuration(source)).await.ok().flatten();
    let age = text.and_then(|text| pieces::abandoned_max_age(&text, source));
    age.unwrap_or(ABANDONED_MAX_AGE).delta()
}
