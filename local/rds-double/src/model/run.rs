//! Decides when an instance may be stopped and started.

use chrono::{DateTime, Utc};

use super::resources::{Effect, SnapshotKind, Stage};
use super::servers::{Job, Servers};
use super::snapshots::NewSnapshot;
use super::status::Status;
use super::{ApiError, ControlPlane, InstanceView, ResourceId, ids};

impl ControlPlane {
    /// Stops an instance: its server ends, its data stays. AWS would start it again after seven
    /// days.
    ///
    /// # Errors
    /// `DBInstanceNotFound`, `InvalidDBInstanceState`, `DBSnapshotAlreadyExists`,
    /// `SnapshotQuotaExceeded`.
    pub fn stop_instance(
        &mut self,
        now: DateTime<Utc>,
        id: &str,
        snapshot_id: Option<&str>,
        servers: &mut impl Servers,
    ) -> Result<InstanceView, ApiError> {
        let instance = self.instance(id)?.clone();
        if !instance.status.admits_stop() {
            return Err(ApiError::instance_state(&instance.id, &instance.status, "available"));
        }
        let key = instance.resource_id;
        let mut stages = Vec::new();
        if let Some(wanted) = snapshot_id {
            let id = ids::snapshot_id(wanted)?;
            self.admit_snapshot(&id)?;
            let new = NewSnapshot { id, kind: SnapshotKind::Manual, tags: self.tags_for_snapshot(&key) };
            if let Some(snapshot) = self.record_snapshot(&key, new, now) {
                stages.push(
                    Stage::new(Status::STOPPING, chrono::TimeDelta::zero())
                        .doing(Job::Backup { instance: key.clone(), snapshot })
                        .then(Effect::FinishSnapshot(snapshot)),
                );
            }
        }
        stages.push(
            Stage::new(Status::STOPPING, self.config.delays.stopping)
                .doing(Job::Stop(key.clone()))
                .then(Effect::MarkStopped)
                .then(Effect::Tell("notification", "DB instance stopped".into())),
        );
        self.instances.edit(&key);
        self.schedule(&key, stages, Status::STOPPED, now, servers);
        self.view_of(&key, now)
    }

    /// Starts a stopped instance: it bills again.
    ///
    /// # Errors
    /// `DBInstanceNotFound`, `InvalidDBInstanceState`.
    pub fn start_instance(
        &mut self,
        now: DateTime<Utc>,
        id: &str,
        servers: &mut impl Servers,
    ) -> Result<InstanceView, ApiError> {
        let instance = self.instance(id)?;
        if instance.status != Status::STOPPED {
            return Err(ApiError::instance_state(&instance.id, &instance.status, "stopped"));
        }
        let key = instance.resource_id.clone();
        self.begin_start(&key, now, servers);
        self.view_of(&key, now)
    }

    /// Reboots an instance: its connections end, and another parameter group is in force.
    ///
    /// # Errors
    /// `DBInstanceNotFound`, `InvalidDBInstanceState`.
    pub fn reboot_instance(
        &mut self,
        now: DateTime<Utc>,
        id: &str,
        servers: &mut impl Servers,
    ) -> Result<InstanceView, ApiError> {
        let instance = self.instance(id)?;
        if !instance.status.admits_stop() {
            return Err(ApiError::instance_state(&instance.id, &instance.status, "available"));
        }
        let key = instance.resource_id.clone();
        let stages = vec![
            Stage::new(Status::REBOOTING, self.config.delays.modifying).doing(Job::Stop(key.clone())),
            Stage::new(Status::REBOOTING, chrono::TimeDelta::zero())
                .doing(Job::Start(key.clone()))
                .then(Effect::MarkRebooted)
                .then(Effect::Tell("availability", "DB instance restarted".into())),
        ];
        self.instances.edit(&key);
        self.schedule(&key, stages, Status::AVAILABLE, now, servers);
        self.view_of(&key, now)
    }

    pub(super) fn begin_start(&mut self, key: &ResourceId, now: DateTime<Utc>, servers: &mut impl Servers) {
        let starting = Stage::new(Status::STARTING, self.config.delays.starting)
            .doing(Job::Start(key.clone()))
            .then(Effect::Tell("notification", "DB instance started".into()));
        self.instances.edit(key);
        self.schedule(key, vec![starting], Status::AVAILABLE, now, servers);
        if let Some(instance) = self.instances.tend(key) {
            instance.stopped_at = None;
            instance.is_reboot_pending = false;
        }
    }
}
