//! RDS in memory: it refuses what the real one refuses in these states.

use chrono::{DateTime, Utc};
use drill::backup::{RestorableWindow, Snapshot};
use drill::ids::{DbiResourceId, ReplicaId, SnapshotId, SourceId};
use drill::instance::{Instance, InstanceStatus, StatusClass};
use drill::ownership::OwnedReplica;
use drill::ports::*;

use super::fault::Way;
use super::{World, resource_id};

impl World {
    fn rds(&self, operation: &'static str, subject: &str) -> Way<RdsError> {
        self.change(|s| {
            s.log.push(format!("{operation} {subject}"));
            s.faults.rds(operation, subject)
        })
    }

    fn of_replica<T>(
        &self,
        operation: &'static str,
        replica: &OwnedReplica,
        change: impl FnOnce(&mut Instance) -> Result<T, RdsErrorKind>,
    ) -> Result<T, RdsError> {
        self.change(|s| {
            let found = s.instances.iter_mut().find(|i| i.id == replica.id().as_str());
            found.ok_or(RdsErrorKind::NotFound).and_then(change)
        })
        .map_err(|kind| RdsError {
            kind,
            operation,
            code: format!("{kind:?}"),
            message: replica.id().to_string(),
        })
    }
}

impl ReadInstances for World {
    async fn instance(&self, id: &str) -> Result<Option<Instance>, RdsError> {
        match self.rds("DescribeDBInstance", id).go(|| Ok(self.find(id))) {
            // Which the adapter gives as nothing.
            Err(e) if e.kind == RdsErrorKind::NotFound => Ok(None),
            seen => seen,
        }
    }
    async fn instances(&self) -> Result<Vec<Instance>, RdsError> {
        self.rds("DescribeDBInstances", "all").go(|| Ok(self.change(|s| s.instances.clone())))
    }
}

impl ReadBackups for World {
    async fn automated_snapshots(&self, resource_id: &DbiResourceId) -> Result<Vec<Snapshot>, RdsError> {
        // All of them: that they are of the instance is for the library to see.
        self.rds("DescribeDBSnapshots", resource_id.as_str()).go(|| Ok(self.change(|s| s.snapshots.clone())))
    }
    async fn snapshot(&self, id: &SnapshotId) -> Result<Option<Snapshot>, RdsError> {
        self.rds("DescribeDBSnapshots", id.as_str())
            .go(|| Ok(self.change(|s| s.snapshots.iter().find(|f| f.id == *id).cloned())))
    }
    async fn restorable_window(&self, source: &SourceId) -> Result<Option<RestorableWindow>, RdsError> {
        self.rds("DescribeDBInstanceAutomatedBackups", source.as_str())
            .go(|| Ok(self.change(|s| s.window.clone())))
    }
}

impl ReadInstanceEvents for World {
    async fn events_since(
        &self,
        id: &ReplicaId,
        since: DateTime<Utc>,
    ) -> Result<Vec<(DateTime<Utc>, String)>, RdsError> {
        let of = |s: &mut super::world::State| {
            // RDS forgets after 14 days.
            let since = since.max(s.now - chrono::TimeDelta::days(14));
            let events = s.events.iter().filter(|(of, at, _)| of == id.as_str() && *at >= since);
            events.map(|(_, at, message)| (*at, message.clone())).collect()
        };
        self.rds("DescribeEvents", id.as_str()).go(|| Ok(self.change(of)))
    }
}

impl RestoreReplica for World {
    async fn restore(&self, request: &RestoreRequest) -> Result<RestoreAnswer, RdsError> {
        self.rds("Restore", request.replica.as_str()).go(|| {
            if self.find(request.replica.as_str()).is_some() {
                return Ok(RestoreAnswer::AlreadyExists);
            }
            let instance = self.change(|s| {
                s.restored += 1;
                s.requests.push(request.clone());
                Instance {
                    id: request.replica.to_string(),
                    resource_id: resource_id(&format!("REPLICA{}", s.restored)),
                    status: InstanceStatus::Creating,
                    tags: request.tags.clone(),
                    endpoint: None,
                    created_at: None,
                    instance_class: request.instance_class.clone(),
                    deletion_protection: false,
                    ..super::source()
                }
            });
            self.add(instance.clone());
            Ok(RestoreAnswer::Accepted(Box::new(instance)))
        })
    }
}

impl StopReplica for World {
    async fn stop(&self, replica: &OwnedReplica) -> Result<(), RdsError> {
        const CALL: &str = "StopDBInstance";
        self.rds(CALL, replica.id().as_str()).go(|| {
            self.of_replica(CALL, replica, |i| {
                if i.status.class() != StatusClass::Ready {
                    return Err(RdsErrorKind::InvalidState);
                }
                i.status = InstanceStatus::Stopping;
                Ok(())
            })
        })
    }
}

impl DeleteReplica for World {
    async fn delete(&self, replica: &OwnedReplica) -> Result<(), RdsError> {
        const CALL: &str = "DeleteDBInstance";
        self.rds(CALL, replica.id().as_str()).go(|| {
            self.of_replica(CALL, replica, |i| {
                if i.status == InstanceStatus::Deleting {
                    return Err(RdsErrorKind::InvalidState);
                }
                if i.deletion_protection {
                    return Err(RdsErrorKind::Rejected);
                }
                i.status = InstanceStatus::Deleting;
                Ok(())
            })
        })
    }
}
