//! The rules that one would write first. Each is wrong, and the model must find how: a check that can't fail is
//! no check.

use chrono::{DateTime, TimeDelta, Utc};
use drill::evidence::Verdict;
use drill::ids::{DrillId, ReplicaId};
use drill::instance::{Instance, StatusClass};
use drill::observation::{Awaited, Goal};
use drill::ownership::{OwnedReplica, Ownership, TAG_DRILL};
use drill::ports::ReadInstances;
use drill::steps::retire_previous::Output;
use drill::store;

use crate::calls::Vars;
use crate::replay::Replay;
use crate::shown;

/// The rule that is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// What the product does.
    Ours,
    /// After each drill yesterday's replica is deleted.
    YesterdayByDate,
    /// After each drill all of our replicas are deleted but the one with the newest name.
    AllButTheNewestName,
    /// Once a drill is verified the older ones are deleted, before its replica is stopped.
    NotYetStopped,
    /// Nobody claims a drill: that the replica's name is taken is to be enough.
    NoClaims,
    /// An instance is ours if its name begins as those of our replicas do.
    OwnershipByName,
    /// An instance is ours if it carries our tags.
    OwnershipByTag,
    /// What is to be deleted is chosen when the drill is planned.
    PlannedDeletions,
    /// Whether somebody holds a replica isn't looked at again when it is deleted.
    HoldIgnored,
    /// The sweep deletes what is ours and old.
    SweepByAge,
    /// A promotion starts a replica and leaves its tags as they are.
    TagsLeftOn,
}

impl Rule {
    /// The naive rules.
    pub const NAIVE: [Self; 10] = [
        Self::YesterdayByDate,
        Self::AllButTheNewestName,
        Self::NotYetStopped,
        Self::NoClaims,
        Self::OwnershipByName,
        Self::OwnershipByTag,
        Self::PlannedDeletions,
        Self::HoldIgnored,
        Self::SweepByAge,
        Self::TagsLeftOn,
    ];

    /// The rule in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Ours => "the product's own rules",
            Self::YesterdayByDate => "after each drill, yesterday's replica is deleted",
            Self::AllButTheNewestName => {
                "after each drill, all replicas but the one with the newest name are deleted"
            }
            Self::NotYetStopped => {
                "older replicas are deleted once a newer one is verified, though it isn't stopped"
            }
            Self::NoClaims => {
                "nobody claims a drill: a repeated event finds that the replica's name is taken"
            }
            Self::OwnershipByName => "an instance is ours if its name begins with our prefix",
            Self::OwnershipByTag => "an instance is ours if it carries our tags",
            Self::PlannedDeletions => {
                "what is deleted is chosen by what RDS showed when the drill was planned"
            }
            Self::HoldIgnored => "the hold tag isn't looked at again when a replica is deleted",
            Self::SweepByAge => "the sweep deletes every replica that is past its age",
            Self::TagsLeftOn => "a promotion starts the replica and leaves its tags as they are",
        }
    }
}

async fn instances(ports: &Replay<'_>) -> Vec<Instance> {
    ports.instances().await.expect("the model's RDS lists")
}

fn ownership() -> Ownership {
    Ownership { deployment: shown::DEPLOYMENT.clone(), source_resource_ids: vec![shown::resource_id(None)] }
}

fn owned(instance: &Instance) -> Option<OwnedReplica> {
    OwnedReplica::confirm(instance, &ownership()).ok()
}

fn drill_by_tag(instance: &Instance) -> Option<DrillId> {
    instance.tags.get(TAG_DRILL).and_then(|tag| DrillId::parse(tag).ok())
}

/// What the naive plan chooses: replicas that are ours, stopped, and held by nobody at that time.
pub async fn doomed(rule: Rule, ports: &Replay<'_>) -> Vec<String> {
    if rule != Rule::PlannedDeletions {
        return Vec::new();
    }
    let is_doomed = |i: &Instance| owned(i).is_some_and(|r| r.status().class() == StatusClass::Stopped);
    instances(ports).await.into_iter().filter(is_doomed).map(|i| i.id).collect()
}

/// Retires by a naive rule; `None` where the rule leaves retiring as it is.
pub async fn retire(rule: Rule, ports: &Replay<'_>, vars: &Vars, now: DateTime<Utc>) -> Option<Output> {
    let plan = vars.plan.as_ref().expect("it was planned");
    let is_own = |i: &Instance| i.id == plan.replica.as_str();
    let is_older = |drill: &DrillId| drill.scheduled_at() < plan.drill.scheduled_at();
    let is_verified = async || {
        let verdict = store::read_verdict(ports, &plan.drill).await.expect("the model's bucket answers");
        verdict.is_some_and(|e| e.verdict == Verdict::Verified)
    };
    let chosen: Vec<Instance> = match rule {
        Rule::YesterdayByDate => {
            let mut older: Vec<Instance> = instances(ports).await;
            older.retain(|i| owned(i).is_some_and(|r| is_older(r.drill())));
            let newest = older.iter().filter_map(drill_by_tag).max_by_key(DrillId::scheduled_at);
            older.retain(|i| drill_by_tag(i) == newest);
            older
        }
        Rule::AllButTheNewestName => {
            let mut ours: Vec<Instance> =
                instances(ports).await.into_iter().filter(|i| owned(i).is_some()).collect();
            ours.sort_by(|a, b| a.id.cmp(&b.id));
            ours.pop();
            ours.retain(|i| owned(i).is_some_and(|r| r.status().class() == StatusClass::Stopped));
            ours
        }
        Rule::NotYetStopped if is_verified().await => {
            let goes = |r: &OwnedReplica| is_older(r.drill()) && r.status().class() == StatusClass::Stopped;
            instances(ports).await.into_iter().filter(|i| owned(i).is_some_and(|r| goes(&r))).collect()
        }
        Rule::OwnershipByName if is_verified().await => {
            let prefix = ReplicaId::prefix(&shown::DEPLOYMENT);
            let all = instances(ports).await;
            all.into_iter().filter(|i| i.id.starts_with(&prefix) && !is_own(i)).collect()
        }
        Rule::OwnershipByTag if is_verified().await => {
            let goes = |i: &Instance| {
                shown::is_tagged_ours(i)
                    && drill_by_tag(i).is_some_and(|drill| is_older(&drill))
                    && !is_own(i)
            };
            instances(ports).await.into_iter().filter(goes).collect()
        }
        Rule::PlannedDeletions if is_verified().await => {
            let is_doomed = |i: &Instance| vars.doomed.contains(&i.id) && !is_own(i);
            instances(ports).await.into_iter().filter(is_doomed).collect()
        }
        _ => return None,
    };
    for instance in &chosen {
        ports.delete_named(instance).await;
    }
    let of = |i: &Instance| {
        ReplicaId::parse(&i.id).ok().map(|replica| Awaited { replica, resource_id: i.resource_id.clone() })
    };
    Some(Output {
        goal: Goal::Gone,
        awaited: chosen.iter().filter_map(of).collect(),
        began_at: now,
        kept: Vec::new(),
    })
}

/// Sweeps by age alone.
pub async fn sweep_by_age(ports: &Replay<'_>, now: DateTime<Utc>) {
    for instance in instances(ports).await {
        let is_old = instance.created_at.is_some_and(|at| now - at > TimeDelta::hours(72));
        if is_old && owned(&instance).is_some() {
            ports.delete_named(&instance).await;
        }
    }
}
