//! Decides which restores are allowed, what the new instance inherits, and which backup a point
//! in time begins with.

use chrono::{DateTime, Utc};

use super::create::{NewInstance, check_changes};
use super::intervene::NextRestore;
use super::resources::{Effect, Instance, Snapshot, SnapshotKind, SnapshotStatus, Stage};
use super::servers::{Job, RestoreFrom, Servers};
use super::settings::{Changes, Settings, Tag};
use super::status::Status;
use super::{ApiError, ControlPlane, InstanceView, ResourceId, SnapshotKey, ids, tags};

/// `RestoreDBInstanceFromDBSnapshot`.
#[derive(Debug, Clone)]
pub struct RestoreFromSnapshot {
    /// The new instance's identifier.
    pub id: String,
    /// The snapshot, by identifier or ARN.
    pub snapshot_id: String,
    /// The engine, if named; only `postgres` is known.
    pub engine: Option<String>,
    /// Its tags; the source's if none are passed.
    pub tags: Vec<Tag>,
    /// The settings that are named.
    pub changes: Changes,
}

/// `RestoreDBInstanceToPointInTime`.
#[derive(Debug, Clone, Default)]
pub struct RestoreToPointInTime {
    /// The new instance's identifier.
    pub id: String,
    /// The source, by identifier.
    pub source_id: Option<String>,
    /// The source, by its name for ever; it may be gone.
    pub source_resource_id: Option<String>,
    /// The source, by the ARN of its automated backups.
    pub automated_backups_arn: Option<String>,
    /// The point in time.
    pub time: Option<DateTime<Utc>>,
    /// The latest point that there is, instead.
    pub use_latest: bool,
    /// The engine, if named.
    pub engine: Option<String>,
    /// Its tags; the source's if none are passed.
    pub tags: Vec<Tag>,
    /// The settings that are named.
    pub changes: Changes,
}

/// What a restored instance takes over from where it came.
struct Heritage {
    settings: Settings,
    master_user: String,
    database: Option<String>,
    kms_key_id: Option<String>,
    tags: Vec<Tag>,
    tale: String,
}

impl ControlPlane {
    /// Restores a snapshot into a new instance. Its server is real.
    ///
    /// # Errors
    /// `InvalidParameterValue`, `DBSnapshotNotFound`, `InvalidDBSnapshotState`,
    /// `DBInstanceAlreadyExists`, `InstanceQuotaExceeded`, `StorageQuotaExceeded`.
    pub fn restore_from_snapshot(
        &mut self,
        now: DateTime<Utc>,
        request: RestoreFromSnapshot,
        servers: &mut impl Servers,
    ) -> Result<InstanceView, ApiError> {
        check_engine(request.engine.as_deref())?;
        let snapshot = self.snapshot(&request.snapshot_id)?;
        if snapshot.status != SnapshotStatus::Available {
            return Err(ApiError::snapshot_state(
                &snapshot.id,
                &format!("is not available. Its status is {}.", snapshot.status.as_str()),
            ));
        }
        let heritage = Heritage {
            settings: snapshot.settings.clone(),
            master_user: snapshot.master_user.clone(),
            database: snapshot.database.clone(),
            kms_key_id: snapshot.kms_key_id.clone(),
            tags: tags::merged(&snapshot.instance_tags, &snapshot.tags),
            tale: format!("Restored from snapshot {}", snapshot.id),
        };
        let from = RestoreFrom::Snapshot(snapshot.key);
        self.restore(now, &request.id, request.tags, request.changes, heritage, from, servers)
    }

    /// Restores an instance as it was at a time. Its server is real and replays the log.
    ///
    /// # Errors
    /// `InvalidParameterCombination`, `InvalidParameterValue`, `DBInstanceNotFound`,
    /// `DBInstanceAutomatedBackupNotFound`, `PointInTimeRestoreNotEnabled`,
    /// `DBInstanceAlreadyExists`, `InstanceQuotaExceeded`.
    pub fn restore_to_point_in_time(
        &mut self,
        now: DateTime<Utc>,
        request: RestoreToPointInTime,
        servers: &mut impl Servers,
    ) -> Result<InstanceView, ApiError> {
        check_engine(request.engine.as_deref())?;
        if request.time.is_some() == request.use_latest {
            return Err(ApiError::combination(
                "Exactly one of RestoreTime and UseLatestRestorableTime must be given.",
            ));
        }
        let source = self.point_in_time_source(&request)?.clone();
        let Some(latest) = self.latest_restorable_at(&source, now) else {
            return Err(ApiError::new(
                "PointInTimeRestoreNotEnabled",
                400,
                format!("Point in time restore is not enabled for instance {}", source.id),
            ));
        };
        let until = request.time.unwrap_or(latest);
        if until > latest {
            return Err(ApiError::value(format!(
                "The specified RestoreTime {until} is after the latest restorable time {latest}."
            )));
        }
        let base = self.base_for(&source.resource_id, until).ok_or_else(|| {
            ApiError::value(format!(
                "The specified RestoreTime {until} is before the earliest restorable time."
            ))
        })?;
        let heritage = Heritage {
            settings: source.settings.clone(),
            master_user: source.master_user.clone(),
            database: source.database.clone(),
            kms_key_id: source.kms_key_id.clone(),
            tags: source.tags.clone(),
            tale: format!("Restored from DB instance {} to {until}", source.id),
        };
        let from = RestoreFrom::PointInTime { base, source: source.resource_id, until: request.time };
        self.restore(now, &request.id, request.tags, request.changes, heritage, from, servers)
    }

    fn point_in_time_source(&self, request: &RestoreToPointInTime) -> Result<&Instance, ApiError> {
        if let Some(id) = &request.source_id {
            return self.instance(id);
        }
        let of_arn = request
            .automated_backups_arn
            .as_ref()
            .map(|arn| arn.rsplit(':').next().unwrap_or(arn).to_owned());
        let Some(wanted) = request.source_resource_id.clone().or_else(|| {
            let name = of_arn?;
            Some(format!("db-{}", name.strip_prefix("ab-")?.to_ascii_uppercase()))
        }) else {
            return Err(ApiError::combination(
                "SourceDBInstanceIdentifier, SourceDbiResourceId or SourceDBInstanceAutomatedBackupsArn must be given.",
            ));
        };
        let retained = self.retained.values().map(|each| &each.instance);
        self.instances
            .iter()
            .chain(retained)
            .find(|each| each.resource_id.as_str() == wanted)
            .ok_or_else(|| ApiError::automated_backup_not_found(&wanted))
    }

    /// The newest automated snapshot that was consistent by then.
    fn base_for(&self, source: &ResourceId, until: DateTime<Utc>) -> Option<SnapshotKey> {
        self.snapshots
            .iter()
            .filter(|each| is_base(each, source))
            .filter(|each| each.consistent_at.is_some_and(|at| at <= until))
            .max_by_key(|each| each.consistent_at)
            .map(|each| each.key)
    }

    /// The earliest point in time, if there is one.
    pub(super) fn earliest_restorable_at(&self, source: &ResourceId) -> Option<DateTime<Utc>> {
        self.snapshots.iter().filter(|each| is_base(each, source)).filter_map(|each| each.consistent_at).min()
    }

    /// The latest point in time, if there is one.
    pub(super) fn latest_restorable_at(
        &self,
        source: &Instance,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        self.earliest_restorable_at(&source.resource_id)?;
        if let Some(retained) = self.retained.get(&source.resource_id) {
            return Some(retained.ended_at);
        }
        (source.settings.backup_retention_days > 0).then(|| source.stopped_at.unwrap_or(now))
    }

    #[expect(clippy::too_many_arguments, reason = "both kinds of restore end here")]
    fn restore(
        &mut self,
        now: DateTime<Utc>,
        id: &str,
        own_tags: Vec<Tag>,
        changes: Changes,
        heritage: Heritage,
        from: RestoreFrom,
        servers: &mut impl Servers,
    ) -> Result<InstanceView, ApiError> {
        let id = ids::instance_id(id)?;
        tags::check(&own_tags)?;
        let settings = self.restored_settings(&heritage.settings, changes)?;
        self.admit_instance(&id, &settings)?;
        let surprise = self.next_restore.take().unwrap_or_default();
        let key = self.place_instance(NewInstance {
            id,
            settings,
            master_user: heritage.master_user,
            database: heritage.database.clone(),
            kms_key_id: heritage.kms_key_id,
            tags: if own_tags.is_empty() { heritage.tags } else { own_tags },
        });
        let creating = Stage::new(Status::CREATING, self.config.delays.creating);
        let NextRestore { ends_in, tampering } = surprise;
        let lost = ends_in.as_ref().is_some_and(Status::is_terminal);
        let stages = if lost {
            vec![creating.then(Effect::Tell("failure", "The restore failed.".into()))]
        } else {
            let job = Job::Restore {
                instance: key.clone(),
                settings: self.server_settings(&key),
                from,
                database: heritage.database,
                tampering,
            };
            let creating = creating
                .doing(job)
                .then(Effect::ShowEndpoint)
                .then(Effect::Tell("restoration", heritage.tale));
            self.with_first_backup(&key, creating)
        };
        let rest = ends_in.unwrap_or(Status::AVAILABLE);
        self.schedule(&key, stages, rest, now, servers);
        self.view_of(&key, now)
    }

    /// What a restore keeps of the source's settings: its size, class, retention and little else.
    fn restored_settings(&self, source: &Settings, changes: Changes) -> Result<Settings, ApiError> {
        check_changes(&changes)?;
        if changes.allocated_storage_gib.is_some_and(|size| size < source.allocated_storage_gib) {
            return Err(ApiError::value("AllocatedStorage must not be smaller than the source's."));
        }
        let kept = Changes {
            allocated_storage_gib: Some(source.allocated_storage_gib),
            backup_retention_days: Some(source.backup_retention_days),
            backup_window: Some(source.backup_window.clone()),
            option_group: Some(source.option_group.clone()),
            ..Changes::default()
        };
        self.new_settings(source.class.clone(), kept.merged(changes))
    }
}

fn is_base(snapshot: &Snapshot, source: &ResourceId) -> bool {
    snapshot.kind == SnapshotKind::Automated
        && snapshot.resource_id == *source
        && snapshot.status == SnapshotStatus::Available
}

fn check_engine(engine: Option<&str>) -> Result<(), ApiError> {
    match engine {
        None | Some("postgres") => Ok(()),
        Some(other) => {
            Err(ApiError::value(format!("Invalid DB engine: {other}. The source's engine is postgres.")))
        }
    }
}
