//! How long a source has been without a verified restore, and how many of its replicas there are: what the
//! watchdog publishes so that silence alarms.
//!
//! Decides what counts as a proof. Whatever can't be proven counts as [`NEVER_H`] hours: a number that is small
//! without proof would be the one mistake that nobody notices.

use chrono::{DateTime, TimeDelta, Utc};

use crate::evidence::{Evidence, Verdict};
use crate::ids::{Deployment, DrillId, ReplicaId, SourceId, rfc3339};
use crate::instance::{Instance, StatusClass};
use crate::ownership::{TAG_PROMOTED, TAG_SOURCE, is_tagged_ours, looks_like_ours};
use crate::ports::Metric;

/// Metric: hours since the source's last verified restore was judged.
pub const HOURS: &str = "HoursSinceLastVerifiedRestore";
/// Metric: the replicas of the source that exist, in whatever status.
pub const REPLICAS: &str = "ReplicasInExistence";
/// Metric: those of them that aren't stopped.
pub const RUNNING: &str = "ReplicasRunning";

/// The hours that are published where nothing is proven: 90 days, as far as drills are looked back for.
pub const NEVER_H: f64 = 2160.0;
/// Data older than this prove nothing about last night's backup, where somebody asked for a drill of them. The
/// schedule's drills go by the `backup.max_age` of their configuration, whose default this is.
const DATA_AGE_MAX_S: u64 = 26 * 3600;
/// How far the clocks of two functions may differ: so much fewer the hours may be, for once.
const SKEW_MAX: TimeDelta = TimeDelta::minutes(30);
/// A replica's id ends with the time and the hash: `-20261121030000-01234567`.
const ID_TAIL: usize = "-20261121030000-01234567".len();

/// What the record of a drill proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// That the source's backup was restored and verified at this instant.
    Verified(DateTime<Utc>),
    /// Nothing of that kind: another verdict, or a backup that was old on purpose.
    Nothing,
    /// The record isn't believed, for this reason.
    Refused(String),
}

/// Reads the proof from the record as it was judged and, where there is one, as it was published.
///
/// Both were parsed already, which refuses another schema and another drill. Here they are held against each
/// other, against their own findings, and against the clock. The catalogue beside them is for the caller to read.
pub fn proof(
    verdict: &Evidence,
    published: Option<&Evidence>,
    deployment: &Deployment,
    now: DateTime<Utc>,
) -> Proof {
    if let Some(problem) = contradiction(verdict, published, deployment, now) {
        return Proof::Refused(format!("the record of {} isn't believed: {problem}", verdict.drill));
    }
    let is_old = verdict.data_age_s.is_none_or(|age_s| age_s > DATA_AGE_MAX_S);
    let is_of_schedule = verdict.trigger == crate::plan::Trigger::Schedule;
    match verdict.timeline.judged_at {
        Some(at) if verdict.verdict == Verdict::Verified && (is_of_schedule || !is_old) => {
            Proof::Verified(at.min(now))
        }
        _ => Proof::Nothing,
    }
}

/// What speaks against a record that parses.
fn contradiction(
    verdict: &Evidence,
    published: Option<&Evidence>,
    deployment: &Deployment,
    now: DateTime<Utc>,
) -> Option<String> {
    if verdict.deployment != *deployment {
        return Some(format!("it is of deployment {}", verdict.deployment));
    }
    if let Some(problem) = verdict.contradiction() {
        return Some(problem);
    }
    if let Some(published) = published {
        let told = |e: &Evidence| (e.verdict, e.timeline.judged_at, e.replica.clone().map(|r| r.id));
        if told(published) != told(verdict) {
            return Some("verdict.json and evidence.json differ".to_owned());
        }
    }
    if verdict.verdict != Verdict::Verified {
        return None;
    }
    let replica = verdict.replica.as_ref().map(|r| &r.id);
    if let Some(other) = replica.filter(|id| **id != ReplicaId::of(deployment, &verdict.drill)) {
        return Some(format!("{other} isn't the replica of its drill"));
    }
    let to_come = verdict.timeline.judged_at.filter(|at| *at > now + SKEW_MAX);
    to_come.map(|at| format!("it was judged at {}, which is to come", rfc3339(at)))
}

/// What was found of a source's restores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Silence {
    /// It was verified at this instant, by this drill.
    Since(DateTime<Utc>, DrillId),
    /// Every record was read, and none is a proof; the first drill that there was, if any.
    Never(Option<DateTime<Utc>>),
    /// The records couldn't be read, or not all of those that may hold the proof.
    Unknown,
}

impl Silence {
    /// The hours to publish.
    ///
    /// Where nothing was ever verified they count from `watched_since`, when the source was put under watch, so
    /// that a new deployment has its first night before it; from the first drill, when that was earlier; and
    /// where nobody says since when, they are [`NEVER_H`].
    pub fn hours(&self, watched_since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> f64 {
        let since = match self {
            Self::Since(at, _) => Some(*at),
            Self::Never(first_drill_at) => {
                let begun = watched_since.filter(|at| *at <= now);
                begun.map(|begun| first_drill_at.map_or(begun, |first| first.min(begun)))
            }
            Self::Unknown => None,
        };
        since.map_or(NEVER_H, |since| hours_between(since, now))
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds of some years are exact in a double")]
fn hours_between(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    (to - from).num_seconds().max(0) as f64 / 3600.0
}

/// The replicas of a source, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fleet {
    /// Those that exist.
    pub replicas: u32,
    /// Those of them that aren't stopped. One that never gets anywhere counts: somebody must look at it.
    pub running: u32,
}

impl Fleet {
    /// Counts what looks like this deployment's replicas of the source, held and renamed ones too: what is
    /// billed counts, whether or not the product may touch it. One that was promoted is production and no replica.
    pub fn of(instances: &[Instance], deployment: &Deployment, source: &SourceId) -> Self {
        let mut fleet = Self::default();
        for instance in instances.iter().filter(|i| is_of(i, deployment, source)) {
            fleet.replicas += 1;
            fleet.running += u32::from(instance.status.class() != StatusClass::Stopped);
        }
        fleet
    }
}

/// Whether it is a replica of the source, by its tag, and by its name where the tag was taken away.
fn is_of(instance: &Instance, deployment: &Deployment, source: &SourceId) -> bool {
    let is_production = instance.tags.contains_key(TAG_PROMOTED) && !is_tagged_ours(instance);
    if instance.id == source.as_str() || is_production || !looks_like_ours(instance, deployment) {
        return false;
    }
    if let Some(tag) = instance.tags.get(TAG_SOURCE) {
        return tag == source.as_str();
    }
    let stem = |id: &str| id.len().checked_sub(ID_TAIL).and_then(|end| id.get(..end).map(str::to_owned));
    let any_drill = DrillId::of(source, DateTime::UNIX_EPOCH);
    any_drill.is_ok_and(|drill| stem(ReplicaId::of(deployment, &drill).as_str()) == stem(&instance.id))
}

/// The points of a source. CloudWatch has no unit for hours: the name says it.
pub fn metrics(hours: f64, fleet: Option<Fleet>) -> Vec<Metric> {
    let mut metrics = vec![Metric { name: HOURS, value: hours, unit: "None" }];
    if let Some(fleet) = fleet {
        metrics.push(Metric { name: REPLICAS, value: fleet.replicas.into(), unit: "Count" });
        metrics.push(Metric { name: RUNNING, value: fleet.running.into(), unit: "Count" });
    }
    metrics
}
