//! The ports that look at backups and at events, over the model of RDS's control plane.

use chrono::{DateTime, TimeDelta, Utc};
use drill::backup::{RestorableWindow, Snapshot};
use drill::ids::{DbiResourceId, ReplicaId, SnapshotId, SourceId};
use drill::ports::{RdsError, RdsErrorKind, ReadBackups, ReadInstanceEvents};
use rds_double::model::{self, BackupQuery, EventQuery, SnapshotQuery, View};

use crate::fault::{Kind, Sight};
use crate::invocation::{Call, Ports, Says};
use crate::rds::{STALE_MAX, all, refused};
use crate::world::State;

/// RDS forgets its events after this.
const EVENTS_KEPT: TimeDelta = TimeDelta::days(14);

fn translated_snapshot(snapshot: &model::Snapshot) -> Snapshot {
    Snapshot {
        id: SnapshotId::parse(&snapshot.id).expect("the model's ids are good"),
        resource_id: DbiResourceId::parse(snapshot.resource_id.as_str()).expect("the model's ids are good"),
        instance_id: snapshot.instance_id.clone(),
        snapshot_type: snapshot.kind.as_str().to_owned(),
        status: snapshot.status.as_str().to_owned(),
        created_at: snapshot.created_at,
        database_at: snapshot.database_at,
        engine: "postgres".to_owned(),
        engine_version: snapshot.engine_version.clone(),
        storage_type: Some(snapshot.settings.storage_type.clone()),
        allocated_storage_gib: snapshot.settings.allocated_storage_gib,
    }
}

impl State {
    fn snapshots(&self, query: &SnapshotQuery, sight: Sight) -> Result<Vec<Snapshot>, RdsError> {
        if sight == Sight::Empty {
            return Ok(Vec::new());
        }
        let found = all(|page| {
            self.plane.describe_snapshots(&SnapshotQuery { page, ..query.clone() }, View::Current)
        });
        let found = found.map_err(|e| refused("DescribeDBSnapshots", &e))?;
        let is_seen = |s: &&model::SnapshotView| {
            sight == Sight::Current || s.snapshot.created_at.is_some_and(|at| self.now - at > STALE_MAX)
        };
        Ok(found.iter().filter(is_seen).map(|v| translated_snapshot(&v.snapshot)).collect())
    }
}

impl ReadBackups for Ports {
    async fn automated_snapshots(&self, resource_id: &DbiResourceId) -> Result<Vec<Snapshot>, RdsError> {
        let query = SnapshotQuery {
            resource_id: Some(resource_id.to_string()),
            kind: Some("automated".to_owned()),
            ..SnapshotQuery::default()
        };
        let call = Call {
            operation: "DescribeDBSnapshots",
            subject: resource_id.as_str(),
            kind: Kind::Look,
            says: Says::Nothing,
        };
        self.call(call, |s, sight| s.snapshots(&query, sight)).await
    }

    async fn snapshot(&self, id: &SnapshotId) -> Result<Option<Snapshot>, RdsError> {
        let query = SnapshotQuery { snapshot_id: Some(id.to_string()), ..SnapshotQuery::default() };
        let call = Call {
            operation: "DescribeDBSnapshots",
            subject: id.as_str(),
            kind: Kind::Look,
            says: Says::Nothing,
        };
        self.call(call, |s, sight| match s.snapshots(&query, sight) {
            Err(e) if e.kind == RdsErrorKind::NotFound => Ok(None),
            found => found.map(|f| f.into_iter().next()),
        })
        .await
    }

    async fn restorable_window(&self, source: &SourceId) -> Result<Option<RestorableWindow>, RdsError> {
        let operation = "DescribeDBInstanceAutomatedBackups";
        let call = Call { operation, subject: source.as_str(), kind: Kind::Look, says: Says::Nothing };
        self.call(call, |s, sight| {
            let query = BackupQuery { instance_id: Some(source.to_string()), ..BackupQuery::default() };
            let found = match s.plane.describe_automated_backups(s.now, &query) {
                _ if sight == Sight::Empty => return Ok(None),
                Err(e) if e.code == "DBInstanceAutomatedBackupNotFound" => return Ok(None),
                found => found.map_err(|e| refused(operation, &e))?,
            };
            let newest = found.items.iter().max_by_key(|b| b.window.map(|w| w.1));
            Ok(newest.map(|b| RestorableWindow {
                resource_id: DbiResourceId::parse(b.instance.resource_id.as_str()).expect("a good id"),
                earliest_at: b.window.map(|w| w.0),
                latest_at: b.window.map(|w| w.1),
                engine_version: b.instance.engine_version.clone(),
                storage_type: Some(b.instance.settings.storage_type.clone()),
                allocated_storage_gib: b.instance.settings.allocated_storage_gib,
            }))
        })
        .await
    }
}

impl ReadInstanceEvents for Ports {
    async fn events_since(
        &self,
        id: &ReplicaId,
        since: DateTime<Utc>,
    ) -> Result<Vec<(DateTime<Utc>, String)>, RdsError> {
        let call =
            Call { operation: "DescribeEvents", subject: id.as_str(), kind: Kind::Look, says: Says::Nothing };
        self.call(call, |s, sight| {
            if sight == Sight::Empty {
                return Ok(Vec::new());
            }
            // Events come up to five minutes late (Amazon RDS User Guide, "Working with RDS event notification").
            let late = if sight == Sight::Stale { TimeDelta::minutes(5) } else { TimeDelta::zero() };
            let query = |page| EventQuery {
                source_id: Some(id.to_string()),
                source_type: Some("db-instance".to_owned()),
                start: Some(since.max(s.now - EVENTS_KEPT)),
                end: Some(s.now - late),
                page,
                ..EventQuery::default()
            };
            let found = all(|page| s.plane.describe_events(s.now, &query(page)));
            let found = found.map_err(|e| refused("DescribeEvents", &e))?;
            Ok(found.into_iter().map(|e| (e.at, e.message)).collect())
        })
        .await
    }
}
