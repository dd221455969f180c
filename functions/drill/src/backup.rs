//! Choosing the backup that a drill restores.
//!
//! Decides from what RDS listed. Never creates, copies or deletes a snapshot.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::configuration::BackupPolicy;
use crate::error::{StepError, WireName};
use crate::ids::{DbiResourceId, SnapshotId, SourceId, rfc3339};

/// A DB snapshot as RDS described it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its identifier.
    pub id: SnapshotId,
    /// The instance that it was taken of, by the identity that is never reused.
    pub resource_id: DbiResourceId,
    /// The instance that it was taken of, by name.
    pub instance_id: String,
    /// `automated`, `manual` or another type of RDS's.
    pub snapshot_type: String,
    /// `available` once it can be restored.
    pub status: String,
    /// When the snapshot was begun.
    pub created_at: Option<DateTime<Utc>>,
    /// The time of the last transaction in it; what its data's age is measured by.
    pub database_at: Option<DateTime<Utc>>,
    /// `postgres`.
    pub engine: String,
    /// Version of the engine, such as `16.4`.
    pub engine_version: String,
    /// Storage type, such as `gp3`.
    pub storage_type: Option<String>,
    /// Allocated storage in GiB.
    pub allocated_storage_gib: u32,
}

impl Snapshot {
    /// The time of its data: the last transaction's, else the snapshot's own.
    pub fn data_at(&self) -> Option<DateTime<Utc>> {
        self.database_at.or(self.created_at)
    }
    fn is_available(&self) -> bool {
        self.status == "available"
    }
}

/// Which backup somebody asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackupRequest {
    /// The newest automated snapshot.
    #[default]
    Latest,
    /// A snapshot by its id, automated or manual.
    Snapshot(SnapshotId),
    /// The state of the source at an instant.
    PointInTime(DateTime<Utc>),
}

/// The backup that a drill restores.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Backup {
    /// What kind it is and how to name it to RDS.
    #[serde(flatten)]
    pub origin: Origin,
    /// The time of its data; its age at the drill is the RPO that was proven.
    pub data_at: DateTime<Utc>,
    /// Version of the engine that the restored server must report.
    pub engine_version: String,
    /// The snapshot's own storage type.
    pub storage_type: Option<String>,
    /// Allocated storage in GiB.
    pub allocated_storage_gib: u32,
}

/// Where the data comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// An automated snapshot.
    Automated {
        /// Its id.
        snapshot: SnapshotId,
    },
    /// A snapshot that somebody took or copied.
    Manual {
        /// Its id.
        snapshot: SnapshotId,
    },
    /// The source's automated backups, replayed to an instant.
    PointInTime {
        /// The instant.
        at: DateTime<Utc>,
    },
}

impl Origin {
    /// The snapshot's id, where there is one.
    pub fn snapshot(&self) -> Option<&SnapshotId> {
        match self {
            Self::Automated { snapshot } | Self::Manual { snapshot } => Some(snapshot),
            Self::PointInTime { .. } => None,
        }
    }
    /// The text of the replica's tag `restore-drill:backup`.
    pub fn tag(&self) -> String {
        match self {
            Self::Automated { snapshot } | Self::Manual { snapshot } => snapshot.to_string(),
            Self::PointInTime { at } => format!("point-in-time {}", rfc3339(*at)),
        }
    }
}

/// Chooses the newest automated snapshot of the source.
///
/// # Errors
/// `Backup.Missing` when there is none, `Backup.Unfinished` when none is available yet,
/// `Backup.Stale` when the newest available one is older than the policy allows.
pub fn newest_automated(
    snapshots: &[Snapshot],
    source: &SourceId,
    resource_id: &DbiResourceId,
    policy: &BackupPolicy,
    now: DateTime<Utc>,
) -> Result<Backup, StepError> {
    let of_source: Vec<&Snapshot> = snapshots
        .iter()
        .filter(|s| s.resource_id == *resource_id && s.snapshot_type == "automated")
        .collect();
    if of_source.is_empty() {
        return Err(StepError::new(
            WireName::BackupMissing,
            format!("{source} ({resource_id}) has no automated snapshot"),
            "check that the source's backup retention is above 0 days and that its backup window lies before the drill",
        ));
    }
    let newest = of_source
        .iter()
        .filter(|s| s.is_available())
        .filter_map(|s| s.data_at().map(|at| (at, *s)))
        .max_by_key(|(at, s)| (*at, s.id.clone()));
    let Some((data_at, newest)) = newest else {
        let statuses: Vec<String> = of_source.iter().map(|s| format!("{} is {}", s.id, s.status)).collect();
        return Err(StepError::new(
            WireName::BackupUnfinished,
            format!("no automated snapshot of {source} is available: {}", bounded_list(&statuses)),
            "schedule the drill later after the source's backup window, or wait for the backup to finish",
        ));
    };
    let age_s = (now - data_at).num_seconds();
    if now - data_at > policy.max_age.delta() {
        let unfinished = of_source.iter().find(|s| !s.is_available() && s.created_at > newest.created_at);
        let also = unfinished.map(|s| format!("; {} is {}", s.id, s.status)).unwrap_or_default();
        return Err(StepError::new(
            WireName::BackupStale,
            format!(
                "the newest automated snapshot of {source}, {}, holds data of {} ({} s old); backup.max_age is {}{also}",
                newest.id,
                rfc3339(data_at),
                age_s,
                policy.max_age
            ),
            "find out why last night's backup is missing, or raise backup.max_age",
        ));
    }
    Ok(backup_of(newest, data_at))
}

/// Takes a snapshot that somebody named.
///
/// # Errors
/// `Backup.NotFound` when RDS knows none of that name, `Backup.NotOfSource` when it is of another
/// instance, `Backup.Unfinished` when it isn't available yet.
pub fn named(
    snapshot: Option<&Snapshot>,
    id: &SnapshotId,
    source: &SourceId,
    resource_id: Option<&DbiResourceId>,
) -> Result<Backup, StepError> {
    let Some(snapshot) = snapshot else {
        return Err(StepError::new(
            WireName::BackupNotFound,
            format!("there is no snapshot {id}"),
            "list the snapshots of the source with 'aws rds describe-db-snapshots' and name one of them",
        ));
    };
    let of_source =
        resource_id.is_some_and(|id| *id == snapshot.resource_id) || snapshot.instance_id == source.as_str();
    if !of_source {
        return Err(StepError::new(
            WireName::BackupNotOfSource,
            format!(
                "snapshot {id} is of {} ({}), not of {source}",
                snapshot.instance_id, snapshot.resource_id
            ),
            "name a snapshot of the configured source",
        ));
    }
    let Some(data_at) = snapshot.data_at().filter(|_| snapshot.is_available()) else {
        return Err(StepError::new(
            WireName::BackupUnfinished,
            format!("snapshot {id} is {}", snapshot.status),
            "wait until the snapshot is available",
        ));
    };
    Ok(backup_of(snapshot, data_at))
}

fn backup_of(snapshot: &Snapshot, data_at: DateTime<Utc>) -> Backup {
    let id = snapshot.id.clone();
    let origin = if snapshot.snapshot_type == "automated" {
        Origin::Automated { snapshot: id }
    } else {
        Origin::Manual { snapshot: id }
    };
    Backup {
        origin,
        data_at,
        engine_version: snapshot.engine_version.clone(),
        storage_type: snapshot.storage_type.clone(),
        allocated_storage_gib: snapshot.allocated_storage_gib,
    }
}

/// The automated backups of an instance, for a point in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestorableWindow {
    /// The instance, by the identity that is never reused.
    pub resource_id: DbiResourceId,
    /// The earliest instant that can be restored.
    pub earliest_at: Option<DateTime<Utc>>,
    /// The latest instant that can be restored.
    pub latest_at: Option<DateTime<Utc>>,
    /// Version of the engine.
    pub engine_version: String,
    /// Storage type.
    pub storage_type: Option<String>,
    /// Allocated storage in GiB.
    pub allocated_storage_gib: u32,
}

/// Takes an instant inside the window that RDS can restore.
///
/// # Errors
/// `Backup.Missing` when there are no automated backups, `Backup.OutOfWindow` when the instant is outside.
pub fn point_in_time(
    window: Option<&RestorableWindow>,
    at: DateTime<Utc>,
    source: &SourceId,
) -> Result<Backup, StepError> {
    let Some(window) = window else {
        return Err(StepError::new(
            WireName::BackupMissing,
            format!("{source} has no automated backups to restore a point in time from"),
            "check that the source's backup retention is above 0 days",
        ));
    };
    let inside = window.earliest_at.is_some_and(|e| at >= e) && window.latest_at.is_some_and(|l| at <= l);
    if !inside {
        let bound = |b: Option<DateTime<Utc>>| b.map_or_else(|| "unknown".to_owned(), rfc3339);
        return Err(StepError::new(
            WireName::BackupOutOfWindow,
            format!(
                "{} is outside the restorable window of {source}, {} to {}",
                rfc3339(at),
                bound(window.earliest_at),
                bound(window.latest_at)
            ),
            "choose an instant inside the window; the latest lies about five minutes back",
        ));
    }
    Ok(Backup {
        origin: Origin::PointInTime { at },
        data_at: at,
        engine_version: window.engine_version.clone(),
        storage_type: window.storage_type.clone(),
        allocated_storage_gib: window.allocated_storage_gib,
    })
}

/// At most five items of a list, and how many were left out: messages are bounded.
pub(crate) fn bounded_list(items: &[String]) -> String {
    let shown = items.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    match items.len().saturating_sub(5) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
