//! Decides which snapshots may be taken, copied and deleted, and what they record.

use chrono::{DateTime, TimeDelta, Utc};

use super::resources::{Effect, Snapshot, SnapshotKind, SnapshotStatus, Stage};
use super::servers::{Job, Servers};
use super::settings::Tag;
use super::status::Status;
use super::{ApiError, ControlPlane, ResourceId, SnapshotKey, SnapshotView, ids, tags};

/// `CreateDBSnapshot`.
#[derive(Debug, Clone)]
pub struct CreateSnapshot {
    /// The new snapshot's identifier.
    pub id: String,
    /// The instance, by identifier or ARN.
    pub instance_id: String,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// `CopyDBSnapshot`.
#[derive(Debug, Clone)]
pub struct CopySnapshot {
    /// The snapshot to copy, by identifier or ARN.
    pub source_id: String,
    /// The copy's identifier.
    pub target_id: String,
    /// The key to encrypt the copy with.
    pub kms_key_id: Option<String>,
    /// Whether the source's tags are copied too.
    pub copy_tags: bool,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// What a new snapshot is recorded with.
pub(super) struct NewSnapshot {
    pub(super) id: String,
    pub(super) kind: SnapshotKind,
    pub(super) tags: Vec<Tag>,
}

impl ControlPlane {
    /// Takes a manual snapshot: a physical copy of the server's data.
    ///
    /// # Errors
    /// `DBInstanceNotFound`, `InvalidDBInstanceState`, `DBSnapshotAlreadyExists`,
    /// `SnapshotQuotaExceeded`, `InvalidParameterValue`.
    pub fn create_snapshot(
        &mut self,
        now: DateTime<Utc>,
        request: &CreateSnapshot,
        servers: &mut impl Servers,
    ) -> Result<SnapshotView, ApiError> {
        let id = ids::snapshot_id(&request.id)?;
        tags::check(&request.tags)?;
        let instance = self.instance(&request.instance_id)?;
        if !instance.status.admits_snapshot() {
            return Err(ApiError::instance_state(&instance.id, &instance.status, "available"));
        }
        let key = instance.resource_id.clone();
        self.admit_snapshot(&id)?;
        let new = NewSnapshot {
            id,
            kind: SnapshotKind::Manual,
            tags: tags::merged(&self.tags_for_snapshot(&key), &request.tags),
        };
        let snapshot = self.begin_snapshot(&key, new, now, servers)?;
        self.snapshot_view(snapshot)
    }

    /// Records a snapshot and takes it while the instance shows `backing-up`.
    pub(super) fn begin_snapshot(
        &mut self,
        key: &ResourceId,
        new: NewSnapshot,
        now: DateTime<Utc>,
        servers: &mut impl Servers,
    ) -> Result<SnapshotKey, ApiError> {
        let rest = self.instances.get(key).map_or(Status::AVAILABLE, |each| each.status.clone());
        let snapshot =
            self.record_snapshot(key, new, now).ok_or_else(|| ApiError::instance_not_found(key.as_str()))?;
        let stage = Stage::new(Status::BACKING_UP, self.config.delays.backing_up)
            .doing(Job::Backup { instance: key.clone(), snapshot })
            .then(Effect::FinishSnapshot(snapshot));
        self.instances.edit(key);
        self.schedule(key, vec![stage], rest, now, servers);
        Ok(snapshot)
    }

    /// Copies a snapshot. A copy of an automated one is manual, and outlives the instance.
    ///
    /// # Errors
    /// `DBSnapshotNotFound`, `InvalidDBSnapshotState`, `DBSnapshotAlreadyExists`,
    /// `SnapshotQuotaExceeded`, `InvalidParameterValue`.
    pub fn copy_snapshot(
        &mut self,
        now: DateTime<Utc>,
        request: CopySnapshot,
        servers: &mut impl Servers,
    ) -> Result<SnapshotView, ApiError> {
        let id = ids::snapshot_id(&request.target_id)?;
        tags::check(&request.tags)?;
        let source = self.snapshot(&request.source_id)?.clone();
        if source.status != SnapshotStatus::Available {
            return Err(ApiError::snapshot_state(&source.id, "is not available."));
        }
        self.admit_snapshot(&id)?;
        let from = source.key;
        let to = SnapshotKey(self.invent());
        let mut stage = Stage::new(Status::CREATING, self.config.delays.copying);
        stage.due = Some(now + stage.delay);
        stage.running = Some(servers.begin(Job::CopySnapshot { from, to }));
        let inherited = if request.copy_tags { source.tags.clone() } else { Vec::new() };
        let copy = Snapshot {
            key: to,
            id,
            kind: SnapshotKind::Manual,
            status: SnapshotStatus::Creating,
            created_at: None,
            copied_from: Some(self.arn("snapshot", &source.id)),
            kms_key_id: request.kms_key_id.or(source.kms_key_id.clone()),
            tags: tags::merged(&inherited, &request.tags),
            copying: Some(stage),
            ..source
        };
        self.snapshots.insert(to, copy);
        self.snapshot_view(to)
    }

    /// Deletes a manual snapshot and its data.
    ///
    /// # Errors
    /// `DBSnapshotNotFound`, `InvalidDBSnapshotState` (unfinished, or automated).
    pub fn delete_snapshot(
        &mut self,
        now: DateTime<Utc>,
        id: &str,
        servers: &mut impl Servers,
    ) -> Result<SnapshotView, ApiError> {
        let snapshot = self.snapshot(id)?;
        let key = snapshot.key;
        if snapshot.kind == SnapshotKind::Automated {
            return Err(ApiError::snapshot_state(
                &snapshot.id,
                "is an automated snapshot, which only its instance's deletion removes.",
            ));
        }
        if snapshot.status == SnapshotStatus::Creating {
            return Err(ApiError::snapshot_state(&snapshot.id, "is not available."));
        }
        let mut view = self.snapshot_view(key)?;
        view.status_text = "deleted";
        let id = snapshot.id.clone();
        self.snapshots.remove(&key);
        servers.begin(Job::DeleteSnapshot(key));
        self.tell_snapshot(now, &id, "deletion", "Deleted manual snapshot");
        Ok(view)
    }

    pub(super) fn admit_snapshot(&self, id: &str) -> Result<(), ApiError> {
        if self.snapshot(id).is_ok() {
            return Err(ApiError::snapshot_exists(id));
        }
        let manual = self.snapshots.iter().filter(|each| each.kind == SnapshotKind::Manual).count();
        if manual >= self.config.snapshot_quota {
            return Err(ApiError::quota(
                "SnapshotQuotaExceeded",
                format!("Cannot create more than {} manual snapshots.", self.config.snapshot_quota),
            ));
        }
        Ok(())
    }

    pub(super) fn tags_for_snapshot(&self, key: &ResourceId) -> Vec<Tag> {
        match self.instances.get(key) {
            Some(instance) if instance.settings.copy_tags_to_snapshot => instance.tags.clone(),
            _ => Vec::new(),
        }
    }

    pub(super) fn record_snapshot(
        &mut self,
        key: &ResourceId,
        new: NewSnapshot,
        now: DateTime<Utc>,
    ) -> Option<SnapshotKey> {
        let instance = self.instances.get(key)?.clone();
        let number = SnapshotKey(self.invent());
        let told = match new.kind {
            SnapshotKind::Automated => "Creating automated snapshot",
            SnapshotKind::Manual => "Creating manual snapshot",
        };
        self.tell_snapshot(now, &new.id, "creation", told);
        let snapshot = Snapshot {
            key: number,
            id: new.id,
            kind: new.kind,
            status: SnapshotStatus::Creating,
            resource_id: instance.resource_id,
            instance_id: instance.id,
            settings: instance.settings,
            instance_tags: instance.tags,
            master_user: instance.master_user,
            database: instance.database,
            engine_version: instance.engine_version,
            kms_key_id: instance.kms_key_id,
            instance_created_at: instance.created_at,
            tags: new.tags,
            created_at: None,
            original_created_at: None,
            database_at: Some(now),
            copied_from: None,
            consistent_at: None,
            copying: None,
        };
        self.snapshots.insert(number, snapshot);
        Some(number)
    }

    /// The next automated snapshot, under the name that RDS gives: instance, date and minute.
    pub(super) fn new_automated_snapshot(&self, key: &ResourceId, at: DateTime<Utc>) -> Option<NewSnapshot> {
        let prefix = format!("rds:{}", self.instances.get(key)?.id);
        // Two in one minute don't happen in RDS, but do in tests: the later one is named ahead.
        let id = (0..=self.snapshots.iter().count())
            .filter_map(|ahead| i64::try_from(ahead).ok())
            .map(|ahead| (at + TimeDelta::minutes(ahead)).format("%Y-%m-%d-%H-%M"))
            .map(|minute| format!("{prefix}-{minute}"))
            .find(|id| self.snapshot(id).is_err())?;
        Some(NewSnapshot { id, kind: SnapshotKind::Automated, tags: self.tags_for_snapshot(key) })
    }

    pub(super) fn finish_snapshot(&mut self, key: SnapshotKey, at: DateTime<Utc>) {
        let Some(snapshot) = self.snapshots.edit(&key) else {
            return;
        };
        snapshot.copying = None;
        snapshot.status = SnapshotStatus::Available;
        snapshot.created_at = snapshot.created_at.or(Some(at));
        snapshot.original_created_at = snapshot.original_created_at.or(Some(at));
        snapshot.consistent_at = snapshot.consistent_at.or(Some(at));
        let (id, kind) = (snapshot.id.clone(), snapshot.kind);
        let told = match kind {
            SnapshotKind::Automated => "Automated snapshot created",
            SnapshotKind::Manual => "Manual snapshot created",
        };
        self.tell_snapshot(at, &id, "creation", told);
    }
}
