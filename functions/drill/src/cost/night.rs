//! What one night used, as far as its evidence says; else what it is likely to use.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::INSTANCE_MIN_S;
use crate::backup::Origin;
use crate::configuration::Polling;
use crate::evidence::Evidence;
use crate::observation::{Goal, first_wait, next_wait};

/// What a night used.
#[derive(Debug, Clone, PartialEq)]
pub struct Night {
    /// DB instance class of the replica.
    pub instance_class: String,
    /// Seconds that the instance is billed for, the minimum included.
    pub instance_s: u64,
    /// Storage type; `None` when nobody said.
    pub storage_type: Option<String>,
    /// Allocated storage.
    pub storage_gib: u32,
    /// Provisioned IOPS, where they are billed apart and known.
    pub iops: Option<u32>,
    /// Hours of that storage: the standby's day, and the time that two replicas exist.
    pub storage_hours: f64,
    /// State transitions.
    pub transitions: u64,
    /// Lambda's GB-seconds of the night.
    pub lambda_gb_s: f64,
    /// Lambda's invocations.
    pub invocations: u64,
    /// `arm64` or `x86_64`.
    pub architecture: String,
    /// GB of logs.
    pub log_gb: f64,
    /// Objects written.
    pub puts: u64,
    /// GB of evidence.
    pub evidence_gb: f64,
    /// Whether a heartbeat's address is kept as a secret.
    pub has_heartbeat: bool,
}

/// How long the phases of a night take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phases {
    /// Until the replica is available.
    pub restore: Duration,
    /// Until everything is judged.
    pub checks: Duration,
    /// Until the replica is stopped.
    pub stop: Duration,
    /// Whether RDS bills the restore itself: it does for a point in time (RDS User Guide, "Viewing DB
    /// instance status": `creating`).
    pub is_restore_billed: bool,
}

impl Default for Phases {
    /// A night of the middle size: 22 minutes, 5, 6.
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self { restore: minutes(22), checks: minutes(5), stop: minutes(6), is_restore_billed: false }
    }
}

/// Shards of a middling database.
const SHARDS: u64 = 4;
/// Shards that run at a time: the most.
const AT_A_TIME: f64 = 4.0;
/// A deletion, which nothing waits for but the state machine.
const DELETION_S: u64 = 180;
/// GB of memory of `control`'s functions and of `run-check` (infra/functions.tf).
const CONTROL_GB: f64 = 0.25;
const CHECK_GB: f64 = 1.0;
/// Seconds that one of `control`'s functions takes, start-up included: high, as no figure of a deployed one
/// is known.
const CONTROL_S: f64 = 1.0;
/// Log and evidence of a night, in GB: a line an invocation; a record, a report, a catalogue.
const LOG_GB: f64 = 0.001;
const EVIDENCE_GB: f64 = 0.001;
/// Steps that are taken once a night, beside looks and shards.
const STEPS: u64 = 7;

/// The state transitions of a night: `10 + 3 L + 4 S` (statemachine/README.md), its looks counted with the
/// library's own waits, which know restores like this one.
pub fn transitions(restore: Duration, stop: Duration, shards: u64) -> u64 {
    10 + 3 * looks(restore, stop) + 4 * shards
}

fn looks(restore: Duration, stop: Duration) -> u64 {
    let polling = Polling::default();
    let earlier = [restore.as_secs(); 7];
    let until = |goal, first: Duration, end: Duration| {
        let (mut elapsed, mut looks) = (first, 1);
        while elapsed < end {
            elapsed += next_wait(goal, elapsed, &earlier, &polling);
            looks += 1;
        }
        looks
    };
    // A day is longer than anything may take.
    let bounded = |span: Duration| span.min(Duration::from_hours(24));
    until(Goal::Available, first_wait(&earlier, &polling), bounded(restore))
        + until(Goal::Stopped, polling.min.duration(), bounded(stop))
        + until(Goal::Gone, Duration::ZERO, Duration::from_secs(DELETION_S))
}

impl Night {
    /// A night of these phases; the standby that it leaves stays until the next.
    pub fn of_phases(instance_class: &str, storage_gib: u32, phases: Phases) -> Self {
        let Phases { restore, checks, stop, is_restore_billed } = phases;
        let running = checks + stop + if is_restore_billed { restore } else { Duration::ZERO };
        let looks = looks(restore, stop);
        let overlap_h = (restore + checks + stop).as_secs_f64() / 3600.0;
        let invocations = STEPS + looks + 2 * SHARDS;
        Self {
            instance_class: instance_class.to_owned(),
            instance_s: running.as_secs().max(INSTANCE_MIN_S),
            storage_type: None,
            storage_gib,
            iops: None,
            storage_hours: 24.0 + overlap_h,
            transitions: transitions(restore, stop, SHARDS),
            lambda_gb_s: control_gb_s(looks) + checks.as_secs_f64() * CHECK_GB * AT_A_TIME,
            invocations,
            architecture: "arm64".to_owned(),
            log_gb: LOG_GB,
            puts: 8 + SHARDS,
            evidence_gb: EVIDENCE_GB,
            has_heartbeat: false,
        }
    }

    /// A night like the recorded one; `None` when it made no replica, or of no known backup.
    pub fn of_evidence(evidence: &Evidence) -> Option<Self> {
        let (replica, backup) = (evidence.replica.as_ref()?, evidence.backup.as_ref()?);
        let times = &evidence.timeline;
        let usual = Phases::default();
        let between = |from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>, usual| {
            from.zip(to).map_or(usual, |(from, to)| span(to - from))
        };
        let phases = Phases {
            restore: between(times.restore_accepted_at, times.available_at, usual.restore),
            checks: between(times.available_at, times.stop_requested_at.or(times.judged_at), usual.checks),
            stop: between(times.stop_requested_at, times.stopped_at.or(times.ended_at), usual.stop),
            is_restore_billed: matches!(backup.origin, Origin::PointInTime { .. }),
        };
        let storage_type = replica.storage_type.clone().or_else(|| backup.storage_type.clone());
        Some(Self {
            storage_type,
            ..Self::of_phases(&replica.instance_class, backup.allocated_storage_gib, phases)
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "looks are hundreds")]
fn control_gb_s(looks: u64) -> f64 {
    (STEPS + looks + SHARDS) as f64 * CONTROL_S * CONTROL_GB
}

fn span(delta: TimeDelta) -> Duration {
    delta.to_std().unwrap_or_default()
}
