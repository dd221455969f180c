//! Decides what the control plane knows of an instance, a snapshot, and backups that were kept
//! after their instance.
//!
//! Values only: nothing here changes by itself.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};

use super::ids::{ResourceId, SnapshotKey};
use super::servers::{Address, Job, JobId};
use super::settings::{Changes, Settings, Tag};
use super::status::Status;

/// A DB instance.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Its name for ever.
    pub resource_id: ResourceId,
    /// Its identifier, in lower case; a rename changes it.
    pub id: String,
    /// Its status.
    pub status: Status,
    /// What it is configured with.
    pub settings: Settings,
    /// The master user's name.
    pub master_user: String,
    /// The database that was made with it.
    pub database: Option<String>,
    /// The engine's version.
    pub engine_version: String,
    /// The key that its storage is encrypted with, if it is.
    pub kms_key_id: Option<String>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// When it was made; known once it is.
    pub created_at: Option<DateTime<Utc>>,
    /// Where its server listens, once it can be told.
    pub endpoint: Option<Address>,
    /// When it was stopped, if it is.
    pub stopped_at: Option<DateTime<Utc>>,
    /// Changes that wait for the maintenance window.
    pub pending: Changes,
    /// A rename that waits for the maintenance window.
    pub pending_id: Option<String>,
    /// Whether another parameter group waits for a reboot.
    pub is_reboot_pending: bool,
    pub(crate) address: Option<Address>,
    pub(crate) stages: VecDeque<Stage>,
    pub(crate) rest: Status,
}

impl Instance {
    /// When AWS starts it again by itself: seven days after it was stopped.
    pub fn automatic_restart_at(&self) -> Option<DateTime<Utc>> {
        self.stopped_at.map(|at| at + TimeDelta::days(7))
    }
}

/// Who made a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotKind {
    /// RDS itself; it goes with its instance.
    Automated,
    /// A user; it stays until deleted.
    Manual,
}

impl SnapshotKind {
    /// The text on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Automated => "automated",
            Self::Manual => "manual",
        }
    }
}

/// How far a snapshot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotStatus {
    /// Being taken.
    Creating,
    /// Ready to restore from.
    Available,
    /// Could not be taken.
    Failed,
}

impl SnapshotStatus {
    /// The text on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Available => "available",
            Self::Failed => "failed",
        }
    }
}

/// A DB snapshot.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub(crate) key: SnapshotKey,
    /// Its identifier; an automated one begins with `rds:`.
    pub id: String,
    /// Who made it.
    pub kind: SnapshotKind,
    /// How far it is.
    pub status: SnapshotStatus,
    /// The instance that it was taken of.
    pub resource_id: ResourceId,
    /// That instance's identifier at the time.
    pub instance_id: String,
    /// That instance's settings at the time.
    pub settings: Settings,
    /// That instance's tags at the time.
    pub instance_tags: Vec<Tag>,
    /// That instance's master user.
    pub master_user: String,
    /// That instance's own database.
    pub database: Option<String>,
    /// The engine's version.
    pub engine_version: String,
    /// The key that it is encrypted with, if it is.
    pub kms_key_id: Option<String>,
    /// When its instance was made.
    pub instance_created_at: Option<DateTime<Utc>>,
    /// Its own tags.
    pub tags: Vec<Tag>,
    /// When it (or this copy of it) was finished.
    pub created_at: Option<DateTime<Utc>>,
    /// When the first of its line of copies was finished.
    pub original_created_at: Option<DateTime<Utc>>,
    /// The time of the last transaction in it.
    pub database_at: Option<DateTime<Utc>>,
    /// The ARN of the snapshot that it was copied from.
    pub copied_from: Option<String>,
    /// When it really became consistent: a point in time can't be before.
    pub(crate) consistent_at: Option<DateTime<Utc>>,
    pub(crate) copying: Option<Stage>,
}

/// Automated backups that were kept when their instance was deleted.
#[derive(Debug, Clone)]
pub struct RetainedBackup {
    /// The instance as it last was.
    pub instance: Instance,
    /// When it was deleted: the last point in time.
    pub ended_at: DateTime<Utc>,
}

/// What is done while an instance shows one status.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    pub(crate) status: Status,
    pub(crate) delay: TimeDelta,
    pub(crate) work: StageWork,
    pub(crate) then: Vec<Effect>,
    pub(crate) due: Option<DateTime<Utc>>,
    pub(crate) running: Option<JobId>,
}

impl Stage {
    pub(crate) fn new(status: Status, delay: TimeDelta) -> Self {
        Self { status, delay, work: StageWork::None, then: Vec::new(), due: None, running: None }
    }

    pub(crate) fn doing(mut self, job: Job) -> Self {
        self.work = StageWork::Job(job);
        self
    }

    pub(crate) fn then(mut self, effect: Effect) -> Self {
        self.then.push(effect);
        self
    }
}

/// The work that a stage begins with.
#[derive(Debug, Clone)]
pub(crate) enum StageWork {
    None,
    Job(Job),
    AutomatedBackup,
}

/// What becomes visible when a stage has ended.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    ShowEndpoint,
    FinishSnapshot(SnapshotKey),
    Apply(Box<Changes>),
    Rename(String),
    MarkStopped,
    MarkRebooted,
    Remove { keep_backups: bool },
    Tell(&'static str, String),
}
