//! Decides what a test may do to the control plane from outside: what AWS does by itself
//! (nightly backups, restarts) and what goes wrong (forced statuses, bad restores).

use chrono::{DateTime, Utc};

use super::servers::{Servers, Tampering};
use super::status::Status;
use super::{ApiError, ControlPlane};

/// What happens to the next restore, and only to it.
#[derive(Debug, Clone, Default)]
pub struct NextRestore {
    /// The status in which it ends, instead of `available`.
    pub ends_in: Option<Status>,
    /// What is done to its database.
    pub tampering: Tampering,
}

/// The automated backup that a test asks for.
#[derive(Debug, Clone, Default)]
pub struct TakeBackup {
    /// What the snapshot says about the time of its last transaction.
    pub database_at: Option<DateTime<Utc>>,
    /// What the snapshot says about when it was finished.
    pub created_at: Option<DateTime<Utc>>,
    /// Whether it is to stay unfinished for ever.
    pub unfinished: bool,
}

impl ControlPlane {
    /// Sets what happens to the next restore.
    pub fn set_next_restore(&mut self, next: NextRestore) {
        self.next_restore = Some(next);
    }

    /// Forces a status. Stages under way are forgotten; their jobs end unseen.
    ///
    /// # Errors
    /// `DBInstanceNotFound`.
    pub fn force_status(&mut self, id: &str, status: Status) -> Result<(), ApiError> {
        let key = self.instance(id)?.resource_id.clone();
        if let Some(instance) = self.instances.edit(&key) {
            instance.stages.clear();
            if status.is_ready() {
                instance.endpoint = instance.endpoint.take().or(instance.address.clone());
            }
            instance.rest = status.clone();
            instance.status = status;
        }
        Ok(())
    }

    /// Takes the automated backup, as RDS does at night. Gives the snapshot's identifier.
    ///
    /// # Errors
    /// `DBInstanceNotFound`, `InvalidDBInstanceState`.
    pub fn take_automated_backup(
        &mut self,
        now: DateTime<Utc>,
        id: &str,
        asked: &TakeBackup,
        servers: &mut impl Servers,
    ) -> Result<String, ApiError> {
        let instance = self.instance(id)?;
        if !instance.status.admits_snapshot() {
            return Err(ApiError::instance_state(&instance.id, &instance.status, "available"));
        }
        let key = instance.resource_id.clone();
        let new = self.new_automated_snapshot(&key, now).ok_or_else(|| ApiError::instance_not_found(id))?;
        let snapshot = if asked.unfinished {
            self.record_snapshot(&key, new, now)
        } else {
            Some(self.begin_snapshot(&key, new, now, servers)?)
        };
        let entry = snapshot.and_then(|made| self.snapshots.tend(&made));
        let Some(entry) = entry else {
            return Err(ApiError::instance_not_found(id));
        };
        entry.database_at = asked.database_at.or(entry.database_at);
        entry.created_at = asked.created_at;
        entry.original_created_at = asked.created_at;
        Ok(entry.id.clone())
    }

    /// Removes an instance's automated snapshots. Gives how many there were.
    ///
    /// # Errors
    /// `DBInstanceNotFound`.
    pub fn remove_automated_backups(
        &mut self,
        now: DateTime<Utc>,
        id: &str,
        servers: &mut impl Servers,
    ) -> Result<usize, ApiError> {
        let key = self.instance(id)?.resource_id.clone();
        Ok(self.drop_automated_snapshots(&key, now, servers))
    }

    /// Starts a stopped instance as AWS does after seven days.
    ///
    /// # Errors
    /// `DBInstanceNotFound`, `InvalidDBInstanceState`.
    pub fn restart_automatically(
        &mut self,
        now: DateTime<Utc>,
        id: &str,
        servers: &mut impl Servers,
    ) -> Result<(), ApiError> {
        let instance = self.instance(id)?;
        if instance.status != Status::STOPPED {
            return Err(ApiError::instance_state(&instance.id, &instance.status, "stopped"));
        }
        let (key, id) = (instance.resource_id.clone(), instance.id.clone());
        self.tell_instance(
            now,
            &id,
            "notification",
            "DB instance is being started due to it exceeding the maximum allowed time being stopped.",
        );
        self.begin_start(&key, now, servers);
        Ok(())
    }
}
