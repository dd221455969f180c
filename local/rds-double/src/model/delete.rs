//! Decides when an instance may be deleted and which backups go with it.
//!
//! The default is the one of the incident: automated backups go at once with their instance.

use chrono::{DateTime, Utc};

use super::resources::{Effect, RetainedBackup, SnapshotKind, Stage};
use super::servers::{Job, Servers};
use super::snapshots::NewSnapshot;
use super::status::Status;
use super::{ApiError, ControlPlane, InstanceView, ResourceId, SnapshotKey, ids};

/// The most retained automated backups of a region.
const RETAINED_MAX: usize = 40;

/// `DeleteDBInstance`.
#[derive(Debug, Clone)]
pub struct DeleteInstance {
    /// The instance, by identifier or ARN.
    pub id: String,
    /// Whether there is no final snapshot. The API's default is false.
    pub skip_final_snapshot: bool,
    /// The final snapshot's identifier.
    pub final_snapshot_id: Option<String>,
    /// Whether automated backups go too. The API's default is true.
    pub delete_automated_backups: bool,
}

impl ControlPlane {
    /// Deletes an instance, its server, its data and, unless told otherwise, its automated
    /// backups.
    ///
    /// # Errors
    /// `DBInstanceNotFound`, `InvalidDBInstanceState`, `InvalidParameterCombination` (deletion
    /// protection, final snapshot), `DBSnapshotAlreadyExists`, `SnapshotQuotaExceeded`,
    /// `DBInstanceAutomatedBackupQuotaExceeded`.
    pub fn delete_instance(
        &mut self,
        now: DateTime<Utc>,
        request: &DeleteInstance,
        servers: &mut impl Servers,
    ) -> Result<InstanceView, ApiError> {
        let instance = self.instance(&request.id)?.clone();
        let final_id = final_snapshot(request)?;
        if !instance.status.admits_delete()
            || (final_id.is_some() && !instance.status.admits_final_snapshot())
        {
            return Err(ApiError::instance_state(&instance.id, &instance.status, "available"));
        }
        if instance.settings.deletion_protection {
            return Err(ApiError::combination(
                "Cannot delete protected DB Instance, please disable deletion protection and try again.",
            ));
        }
        let keep_backups = !request.delete_automated_backups && instance.settings.backup_retention_days > 0;
        if keep_backups && self.retained.len() >= RETAINED_MAX {
            return Err(ApiError::quota(
                "DBInstanceAutomatedBackupQuotaExceeded",
                format!("Request would exceed the quota of {RETAINED_MAX} retained backups."),
            ));
        }
        let key = instance.resource_id.clone();
        let mut stages = Vec::new();
        if let Some(id) = final_id {
            stages.push(self.final_snapshot_stage(&key, id, now)?);
        }
        let job = Job::Delete { instance: key.clone(), keep_archive: keep_backups };
        stages.push(
            Stage::new(Status::DELETING, self.config.delays.deleting)
                .doing(job)
                .then(Effect::Tell("deletion", "DB instance deleted".into()))
                .then(Effect::Remove { keep_backups }),
        );
        // Automated backups go immediately, not when the deletion ends.
        if !keep_backups {
            self.drop_automated_snapshots(&key, now, servers);
        }
        self.instances.edit(&key);
        self.schedule(&key, stages, Status::DELETING, now, servers);
        self.view_of(&key, now)
    }

    fn final_snapshot_stage(
        &mut self,
        key: &ResourceId,
        id: String,
        now: DateTime<Utc>,
    ) -> Result<Stage, ApiError> {
        self.admit_snapshot(&id)?;
        let new = NewSnapshot { id, kind: SnapshotKind::Manual, tags: self.tags_for_snapshot(key) };
        let snapshot =
            self.record_snapshot(key, new, now).ok_or_else(|| ApiError::instance_not_found(key.as_str()))?;
        Ok(Stage::new(Status::DELETING, chrono::TimeDelta::zero())
            .doing(Job::Backup { instance: key.clone(), snapshot })
            .then(Effect::FinishSnapshot(snapshot)))
    }

    /// Removes all automated snapshots of an instance, as deleting it or turning backups off does.
    pub(super) fn drop_automated_snapshots(
        &mut self,
        key: &ResourceId,
        now: DateTime<Utc>,
        servers: &mut impl Servers,
    ) -> usize {
        let doomed: Vec<SnapshotKey> = self
            .snapshots
            .iter()
            .filter(|each| each.kind == SnapshotKind::Automated && each.resource_id == *key)
            .map(|each| each.key)
            .collect();
        for snapshot in &doomed {
            if let Some(gone) = self.snapshots.remove(snapshot) {
                self.tell_snapshot(now, &gone.id, "deletion", "Automated snapshot deleted");
            }
            servers.begin(Job::DeleteSnapshot(*snapshot));
        }
        doomed.len()
    }

    pub(super) fn remove_instance(&mut self, key: &ResourceId, keep_backups: bool, at: DateTime<Utc>) {
        let Some(instance) = self.instances.remove(key) else {
            return;
        };
        if keep_backups {
            let ended_at = instance.stopped_at.unwrap_or(at);
            self.retained.insert(key.clone(), RetainedBackup { instance, ended_at });
        }
    }
}

fn final_snapshot(request: &DeleteInstance) -> Result<Option<String>, ApiError> {
    match (&request.final_snapshot_id, request.skip_final_snapshot) {
        (None, true) => Ok(None),
        (Some(id), false) => ids::snapshot_id(id).map(Some),
        (None, false) => Err(ApiError::combination(
            "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
        )),
        (Some(_), true) => Err(ApiError::combination(
            "FinalDBSnapshotIdentifier cannot be specified when SkipFinalSnapshot is specified.",
        )),
    }
}
