//! Which replicas are deleted after a drill, and why the others are kept.
//!
//! Decides from what RDS and the evidence said in the same invocation. The promise: only older replicas
//! of this source, only ours, only stopped by us, never one on hold, never the newest verified one.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::evidence::{Evidence, Kept, StopRecord};
use crate::ids::{DbiResourceId, DrillId, SourceId};
use crate::instance::{Instance, StatusClass};
use crate::ownership::{OwnedReplica, Ownership, TAG_SOURCE, looks_like_ours};

/// The most replicas that one drill deletes: there is one a night, so more of them is a fault somewhere.
pub const RETIRED_MAX: usize = 10;

/// A stop takes up to an hour (Amazon RDS User Guide, "Stopping an Amazon RDS DB instance temporarily");
/// twice that separates our stop from a later one.
const STOP_MAX: TimeDelta = TimeDelta::hours(2);
/// AWS starts a stopped instance again after this.
pub const AUTOMATIC_RESTART_AFTER: TimeDelta = TimeDelta::days(7);

/// Why a replica that was to be discarded is kept: with it the source would lose its last verified replica.
pub const ONLY_VERIFIED: &str =
    "it is the only verified and stopped replica of the source: it stands by until a newer one does";

/// The verified, stopped replica of this drill: what makes older ones dispensable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standby {
    drill: DrillId,
    backup_data_at: DateTime<Utc>,
}

/// Why this drill's replica can't stand in for older ones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotStandby {
    /// The evidence doesn't say verified of this very replica.
    #[error("the evidence of {0} does not say verified of {1}")]
    NotVerified(DrillId, DbiResourceId),
    /// It isn't stopped.
    #[error("replica {0} is {1}, not stopped")]
    NotStopped(String, String),
}

impl Standby {
    /// Confirms that the replica is verified by its stored evidence and stopped as RDS says now.
    ///
    /// # Errors
    /// [`NotStandby`] when it isn't; then nothing older may go.
    pub fn confirm(replica: &OwnedReplica, verdict: Option<&Evidence>) -> Result<Self, NotStandby> {
        if !verdict.is_some_and(|e| e.verifies(replica.drill(), replica.resource_id())) {
            return Err(NotStandby::NotVerified(replica.drill().clone(), replica.resource_id().clone()));
        }
        if replica.status().class() != StatusClass::Stopped {
            return Err(NotStandby::NotStopped(replica.id().to_string(), replica.status().to_string()));
        }
        Ok(Self { drill: replica.drill().clone(), backup_data_at: replica.backup_data_at() })
    }
}

/// What is to become of the replicas of a source.
#[derive(Debug, Default)]
pub struct Retirement {
    /// To be deleted.
    pub delete: Vec<OwnedReplica>,
    /// Being deleted already: by an earlier try whose answer was lost, or by somebody else.
    pub going: Vec<OwnedReplica>,
    /// To be kept, with the reason.
    pub keep: Vec<Kept>,
}

/// The instances that concern a source: those that look like replicas of it. A renamed one counts, one of
/// another source doesn't.
pub fn candidates<'a>(
    instances: &'a [Instance],
    source: &SourceId,
    ownership: &Ownership,
) -> Vec<&'a Instance> {
    instances
        .iter()
        .filter(|i| looks_like_ours(i, &ownership.deployment))
        .filter(|i| i.tags.get(TAG_SOURCE).is_some_and(|s| s == source.as_str()))
        .collect()
}

/// Decides for every candidate beside the standby itself.
pub fn decide(
    candidates: &[&Instance],
    ownership: &Ownership,
    standby: &Standby,
    stops: &BTreeMap<DrillId, StopRecord>,
) -> Retirement {
    let mut retirement = Retirement::default();
    for instance in candidates {
        match decide_one(instance, ownership, standby, stops) {
            Ok(Some(replica)) if replica.status().is_being_deleted() => retirement.going.push(replica),
            Ok(Some(replica)) if retirement.delete.len() < RETIRED_MAX => retirement.delete.push(replica),
            Ok(Some(_)) => retirement.keep.push(kept(
                instance,
                format!("{RETIRED_MAX} others are being deleted already: the next drill goes on"),
            )),
            Ok(None) => {}
            Err(reason) => retirement.keep.push(kept(instance, reason)),
        }
    }
    retirement
}

/// A replica to keep, with the reason.
pub fn kept(instance: &Instance, reason: impl Into<String>) -> Kept {
    Kept { instance: instance.id.clone(), reason: reason.into() }
}

fn decide_one(
    instance: &Instance,
    ownership: &Ownership,
    standby: &Standby,
    stops: &BTreeMap<DrillId, StopRecord>,
) -> Result<Option<OwnedReplica>, String> {
    let replica = OwnedReplica::confirm(instance, ownership).map_err(|e| e.to_string())?;
    if *replica.drill() == standby.drill {
        return Ok(None);
    }
    if replica.drill().source() != standby.drill.source() {
        return Err("it is of another source".to_owned());
    }
    if replica.drill().scheduled_at() >= standby.drill.scheduled_at() {
        return Err("it is of a later drill".to_owned());
    }
    if replica.backup_data_at() > standby.backup_data_at {
        return Err("its data are newer than those of this drill".to_owned());
    }
    if !replica.status().is_being_deleted() {
        may_be_deleted(&replica, stops.get(replica.drill()))?;
    }
    Ok(Some(replica))
}

/// Whether nobody seems to want the replica: it is stopped, this product stopped it, and nobody protected it.
///
/// # Errors
/// The reason to keep it, in words.
pub fn may_be_deleted(replica: &OwnedReplica, stop: Option<&StopRecord>) -> Result<(), String> {
    if replica.deletion_protection() {
        return Err("somebody turned its deletion protection on".to_owned());
    }
    is_stopped_by_us(replica, stop)
}

/// Whether the replica is stopped, and by this product: somebody who started it uses it.
///
/// AWS says when it will start a stopped instance again, exactly 7 days after the stop: when that instant
/// doesn't fit our own stop, somebody has started and stopped it since. While it doesn't say so nothing is
/// known of the stop.
///
/// # Errors
/// The reason to keep it, in words.
pub fn is_stopped_by_us(replica: &OwnedReplica, stop: Option<&StopRecord>) -> Result<(), String> {
    if replica.status().class() != StatusClass::Stopped {
        return Err(format!("it is {}: somebody started it, or it never stopped", replica.status()));
    }
    let Some(stop) = stop.filter(|s| s.resource_id == *replica.resource_id()) else {
        return Err("there is no record that this product stopped it".to_owned());
    };
    let Some(restart_at) = replica.automatic_restart_at() else {
        return Err("RDS doesn't say when it was stopped".to_owned());
    };
    if restart_at - AUTOMATIC_RESTART_AFTER > stop.requested_at + STOP_MAX {
        return Err("somebody started and stopped it again since this product stopped it".to_owned());
    }
    Ok(())
}
