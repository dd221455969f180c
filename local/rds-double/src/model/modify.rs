//! Decides which changes of an instance are allowed, and which are made at once.

use chrono::{DateTime, Utc};

use super::create::{check_changes, check_password};
use super::resources::{Effect, Stage, StageWork};
use super::servers::{Job, Password, Servers};
use super::settings::Changes;
use super::status::Status;
use super::{ApiError, ControlPlane, InstanceView, ids};

/// `ModifyDBInstance`.
#[derive(Debug, Clone, Default)]
pub struct ModifyInstance {
    /// The instance, by identifier or ARN.
    pub id: String,
    /// A new identifier.
    pub new_id: Option<String>,
    /// A new password of the master user.
    pub master_password: Option<Password>,
    /// A version, which can only be the one that it has.
    pub engine_version: Option<String>,
    /// Whether to make now what could wait for the maintenance window.
    pub apply_immediately: bool,
    /// The settings that are named.
    pub changes: Changes,
}

impl ControlPlane {
    /// Changes an instance. What waits for a maintenance window is shown as pending and never
    /// happens here. Where automated backups begin, the first one follows at once.
    ///
    /// # Errors
    /// `DBInstanceNotFound`, `InvalidDBInstanceState`, `DBInstanceAlreadyExists`,
    /// `InvalidParameterValue`, `InvalidParameterCombination`.
    pub fn modify_instance(
        &mut self,
        now: DateTime<Utc>,
        request: ModifyInstance,
        servers: &mut impl Servers,
    ) -> Result<InstanceView, ApiError> {
        let instance = self.instance(&request.id)?.clone();
        if !instance.status.admits_modify() {
            return Err(ApiError::instance_state(&instance.id, &instance.status, "available"));
        }
        check_changes(&request.changes)?;
        self.check_version(request.engine_version.as_deref())?;
        if let Some(password) = &request.master_password {
            check_password(password)?;
        }
        let new_id = request.new_id.as_deref().map(ids::instance_id).transpose()?;
        if let Some(taken) = &new_id
            && self.instance(taken).is_ok()
        {
            return Err(ApiError::instance_exists());
        }
        let key = instance.resource_id.clone();
        let (at_once, pending) = if request.apply_immediately {
            (request.changes, Changes::default())
        } else {
            request.changes.part_deferred()
        };
        let (rename, pending_id) = if request.apply_immediately { (new_id, None) } else { (None, new_id) };
        if let Some(entry) = self.instances.edit(&key) {
            // What takes its time is shown as pending until it is done.
            let under_way = at_once.clone().part_deferred().1;
            entry.pending = entry.pending.clone().merged(pending).merged(under_way);
            entry.pending_id = pending_id.or(entry.pending_id.take());
        }
        let mut stages = Vec::new();
        let begins_backups = instance.settings.backup_retention_days == 0
            && at_once.backup_retention_days.is_some_and(|days| days > 0);
        if !at_once.is_empty() || request.master_password.is_some() {
            let mut after = instance.settings.clone();
            at_once.clone().apply(&mut after);
            let mut settings = self.server_settings(&key);
            settings.iam_authentication = after.iam_authentication;
            settings.archiving = after.backup_retention_days > 0;
            let password = request.master_password.map(|password| (instance.master_user.clone(), password));
            let job = Job::Configure { instance: key.clone(), settings, password };
            stages.push(
                Stage::new(Status::MODIFYING, self.config.delays.modifying)
                    .doing(job)
                    .then(Effect::Apply(Box::new(at_once)))
                    .then(Effect::Tell("configuration change", "Finished applying modification".into())),
            );
        }
        if begins_backups {
            let mut backup = Stage::new(Status::BACKING_UP, self.config.delays.backing_up);
            backup.work = StageWork::AutomatedBackup;
            stages.push(backup);
        }
        if let Some(new_id) = rename {
            let message = format!("Renamed instance from {} to {new_id}", instance.id);
            stages.push(
                Stage::new(Status::RENAMING, self.config.delays.renaming)
                    .then(Effect::Rename(new_id))
                    .then(Effect::Tell("configuration change", message)),
            );
        }
        if !stages.is_empty() {
            let rest = instance.status;
            self.schedule(&key, stages, rest, now, servers);
        }
        self.view_of(&key, now)
    }
}
