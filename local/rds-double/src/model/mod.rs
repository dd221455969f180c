//! The reference model of the RDS control plane: which calls are allowed, what they change, and
//! how statuses move.
//!
//! It reads no clock (every call is told the time), opens no file and no connection, and knows
//! its machines only as [`Servers`]. The double runs it over PostgreSQL; a simulation runs it
//! over [`NoServers`].

mod advance;
mod create;
mod delays;
mod delete;
mod describe;
mod error;
mod events;
mod ids;
mod intervene;
mod modify;
mod page;
mod resources;
mod restore;
mod run;
mod servers;
mod settings;
mod shelf;
mod snapshots;
mod status;
mod tags;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

pub use create::CreateInstance;
pub use delays::Delays;
pub use delete::DeleteInstance;
pub use describe::{
    AutomatedBackup, BackupQuery, Filter, InstanceQuery, InstanceView, SnapshotQuery, SnapshotView,
};
pub use error::ApiError;
pub use events::{Event, EventQuery};
pub use ids::{ResourceId, SnapshotKey};
pub use intervene::{NextRestore, TakeBackup};
pub use modify::ModifyInstance;
pub use page::{Page, PageRequest};
pub use resources::{Instance, RetainedBackup, Snapshot, SnapshotKind, SnapshotStatus};
pub use restore::{RestoreFromSnapshot, RestoreToPointInTime};
pub use servers::{
    Address, DatabaseFault, Job, JobId, NoServers, Password, Progress, RestoreFrom, ServerSettings, Servers,
    Tampering,
};
pub use settings::{Changes, Settings, Tag};
pub use shelf::View;
pub use snapshots::{CopySnapshot, CreateSnapshot};
pub use status::Status;

use events::Chronicle;
use shelf::Shelf;

/// What a control plane is made with.
#[derive(Debug, Clone)]
pub struct PlaneConfig {
    /// The region in ARNs and zones.
    pub region: String,
    /// The account in ARNs.
    pub account: String,
    /// The version of the engine, such as `15.18`.
    pub engine_version: String,
    /// How long each status lasts at least.
    pub delays: Delays,
    /// The most instances.
    pub instance_quota: usize,
    /// The most manual snapshots.
    pub snapshot_quota: usize,
    /// The most storage of all instances together.
    pub storage_quota_gib: u32,
    /// What resource ids are made from: the same seed gives the same ids.
    pub seed: String,
}

impl Default for PlaneConfig {
    fn default() -> Self {
        Self {
            region: "us-east-1".into(),
            account: "000000000000".into(),
            engine_version: "15.18".into(),
            delays: Delays::default(),
            instance_quota: 40,
            snapshot_quota: 100,
            storage_quota_gib: 100_000,
            seed: "restore-drill".into(),
        }
    }
}

/// The whole state of one region of RDS.
#[derive(Debug, Clone)]
pub struct ControlPlane {
    config: PlaneConfig,
    instances: Shelf<ResourceId, Instance>,
    snapshots: Shelf<SnapshotKey, Snapshot>,
    retained: BTreeMap<ResourceId, RetainedBackup>,
    chronicle: Chronicle,
    next_restore: Option<NextRestore>,
    invented: u64,
}

impl ControlPlane {
    /// An empty region.
    pub fn new(config: PlaneConfig) -> Self {
        Self {
            config,
            instances: Shelf::new(),
            snapshots: Shelf::new(),
            retained: BTreeMap::new(),
            chronicle: Chronicle::default(),
            next_restore: None,
            invented: 0,
        }
    }

    /// What it was made with.
    pub fn config(&self) -> &PlaneConfig {
        &self.config
    }

    /// The instance with this identifier or ARN, as it is now.
    ///
    /// # Errors
    /// `DBInstanceNotFound`.
    pub fn instance(&self, id: &str) -> Result<&Instance, ApiError> {
        let wanted = ids::bare(id, "db");
        self.instances
            .iter()
            .find(|instance| instance.id == wanted)
            .ok_or_else(|| ApiError::instance_not_found(id))
    }

    /// The instance with this name for ever, as it is now.
    pub fn instance_by_resource(&self, resource_id: &str) -> Option<&Instance> {
        self.instances.iter().find(|instance| instance.resource_id.as_str() == resource_id)
    }

    pub(crate) fn snapshot(&self, id: &str) -> Result<&Snapshot, ApiError> {
        let wanted = ids::bare(id, "snapshot");
        self.snapshots
            .iter()
            .find(|snapshot| snapshot.id == wanted)
            .ok_or_else(|| ApiError::snapshot_not_found(id))
    }

    /// The ARN of a resource of this kind (`db`, `snapshot`, `auto-backup`, …).
    pub fn arn(&self, kind: &str, id: &str) -> String {
        let PlaneConfig { region, account, .. } = &self.config;
        format!("arn:aws:rds:{region}:{account}:{kind}:{id}")
    }

    fn invent(&mut self) -> u64 {
        self.invented += 1;
        self.invented
    }

    fn major(&self) -> &str {
        let version = &self.config.engine_version;
        version.split('.').next().unwrap_or(version)
    }

    fn tell_instance(
        &mut self,
        now: DateTime<Utc>,
        id: &str,
        category: &'static str,
        message: impl Into<String>,
    ) {
        let source_arn = self.arn("db", id);
        self.chronicle.tell(Event {
            sequence: 0,
            source_id: id.to_owned(),
            source_type: "db-instance",
            source_arn,
            message: message.into(),
            category,
            at: now,
        });
    }

    fn tell_snapshot(&mut self, now: DateTime<Utc>, id: &str, category: &'static str, message: &str) {
        let source_arn = self.arn("snapshot", id);
        self.chronicle.tell(Event {
            sequence: 0,
            source_id: id.to_owned(),
            source_type: "db-snapshot",
            source_arn,
            message: message.to_owned(),
            category,
            at: now,
        });
    }
}
