//! What an instance that looks like ours is to a sweep: why it runs, and whether another stands in for it.
//!
//! Decides from evidence and events. Events come late and are forgotten after 14 days: they are a hint, and
//! where they don't say enough the answer is that nobody knows, which leaves the replica alone.

use std::cmp::Reverse;

use chrono::{DateTime, TimeDelta, Utc};

use crate::evidence::{Evidence, Fate, ReplicaRecord, StopRecord};
use crate::instance::StatusClass;
use crate::ownership::OwnedReplica;

/// Part of RDS-EVENT-0154: AWS started the instance since it had been stopped for 7 days (Amazon RDS User
/// Guide, "Amazon RDS event categories and event messages").
const AUTOMATIC_START: &str = "exceeding the maximum allowed time being stopped";
/// Part of RDS-EVENT-0087.
const STOPPED: &str = "instance stopped";
/// Part of RDS-EVENT-0088.
const STARTED: &str = "instance started";
/// RDS keeps events for 14 days; one day is left for events that come late.
const EVENTS_REACH_BACK: TimeDelta = TimeDelta::days(13);
/// RDS shows `stopping` as soon as it has taken a stop, and a stale look is over in a minute. What is still ready
/// so long after it was asked was refused the stop, or was stopped and started again, which its events tell.
const STOP_SHOWS_WITHIN: TimeDelta = TimeDelta::minutes(15);

/// Why a replica runs though no drill uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyRunning {
    /// Its drill ended and left it running; nobody has stopped or started it.
    LeftByItsDrill,
    /// It was asked to stop a short while ago.
    Stopping,
    /// It was asked to stop and never stopped.
    NeverStopped,
    /// AWS started it, as it does after 7 days.
    StartedByAws,
    /// Somebody started it, who uses it.
    StartedBySomebody,
    /// The events don't reach back far enough to say.
    Unknown,
}

impl WhyRunning {
    /// Whether nobody has started it since this product had to do with it, so that nobody uses it.
    pub fn is_nobodys(self) -> bool {
        matches!(self, Self::LeftByItsDrill | Self::NeverStopped)
    }
}

/// Why a replica runs, by its events: all of them since it was asked for, of which those since our own stop or,
/// without one, since `created_at` count.
///
/// Every restore has an event of its own (RDS-EVENT-0043, RDS-EVENT-0019), so that a list without any isn't whole
/// and says nothing.
pub fn why_running(
    stop: Option<&StopRecord>,
    created_at: DateTime<Utc>,
    events: &[(DateTime<Utc>, String)],
    now: DateTime<Utc>,
) -> WhyRunning {
    let since = stop.map_or(created_at, |s| s.requested_at);
    if events.is_empty() {
        return WhyRunning::Unknown;
    }
    let mut events: Vec<&(DateTime<Utc>, String)> = events.iter().filter(|(at, _)| *at >= since).collect();
    events.sort_by_key(|(at, _)| *at);
    let is = |event: &&(DateTime<Utc>, String), text: &str| event.1.contains(text);
    // What was before the last stop doesn't say why it runs now.
    let stopped = events.iter().rposition(|e| is(e, STOPPED));
    let after = &events[stopped.map_or(0, |i| i + 1)..];
    if after.iter().any(|e| is(e, AUTOMATIC_START)) {
        WhyRunning::StartedByAws
    } else if stopped.is_some() || after.iter().any(|e| is(e, STARTED)) {
        WhyRunning::StartedBySomebody
    } else if now - since > EVENTS_REACH_BACK {
        WhyRunning::Unknown
    } else if stop.is_none() {
        WhyRunning::LeftByItsDrill
    } else if now - since <= STOP_SHOWS_WITHIN {
        WhyRunning::Stopping
    } else {
        WhyRunning::NeverStopped
    }
}

/// A replica of ours with what the evidence says of its drill.
#[derive(Debug)]
pub struct Known {
    /// The replica.
    pub replica: OwnedReplica,
    /// Whether the stored verdict says verified of this very instance; `None` when it can't be read.
    pub is_verified: Option<bool>,
    /// Whether its drill ended and left it stopped, by its published evidence. A drill that hasn't published,
    /// aborted ones included, may still discard its replica.
    pub is_left_standing: bool,
    /// Whether a record of its drill names another instance as the replica: somebody made this one under the
    /// replica's name, and RDS copied the tags.
    pub is_somebodys: bool,
}

impl Known {
    /// The replica, judged by the verdict of its drill.
    pub fn of(replica: OwnedReplica, verdict: Option<&Evidence>, published: Option<&Evidence>) -> Self {
        let is_verified = verdict.is_some_and(|e| e.verifies(replica.drill(), replica.resource_id()));
        let recorded = |e: Option<&Evidence>| e.and_then(|e| e.replica.clone());
        let is_other = |r: ReplicaRecord| r.resource_id.is_some_and(|id| id != *replica.resource_id());
        let is_somebodys = [verdict, published].into_iter().filter_map(recorded).any(is_other);
        let fate = recorded(published).map(|r| r.fate);
        let is_left_standing = matches!(fate, Some(Fate::Stopped | Fate::Stopping));
        Self { replica, is_verified: Some(is_verified), is_left_standing, is_somebodys }
    }

    /// Whether a newer replica of the same source is verified, stopped and left standing by its drill, so that
    /// this one is dispensable even if it was verified itself.
    pub fn has_successor(&self, all: &[Self]) -> bool {
        self.successors(all).next().is_some()
    }

    /// Those newer replicas.
    pub fn successors<'a>(&'a self, all: &'a [Self]) -> impl Iterator<Item = &'a Self> {
        all.iter().filter(|other| {
            other.is_verified == Some(true)
                && other.is_left_standing
                && other.replica.status().class() == StatusClass::Stopped
                && other.replica.drill().source() == self.replica.drill().source()
                && other.age() < self.age()
        })
    }

    /// Orders replicas of a source from the newest data to the oldest.
    fn age(&self) -> Reverse<(DateTime<Utc>, DateTime<Utc>)> {
        Reverse((self.replica.backup_data_at(), self.replica.drill().scheduled_at()))
    }
}
