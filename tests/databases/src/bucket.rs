//! The evidence bucket, and an RDS that knows one source with one snapshot, in memory: what the product's
//! steps need beside the database.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use drill::backup::{RestorableWindow, Snapshot};
use drill::heartbeat::Pulse;
use drill::ids::{DbiResourceId, SnapshotId, SourceId};
use drill::instance::{Instance, InstanceStatus};
use drill::ports::{
    Beat, RdsError, ReadBackups, ReadExecutions, ReadInstances, ReadObjects, StoreError, WriteObjects,
};

/// Objects by their keys, and the snapshot that RDS lists.
#[derive(Debug)]
pub struct Bucket {
    objects: Mutex<BTreeMap<String, String>>,
    source: Instance,
    snapshot: Option<Snapshot>,
}

impl Clone for Bucket {
    fn clone(&self) -> Self {
        Self {
            objects: Mutex::new(self.objects().clone()),
            source: self.source.clone(),
            snapshot: self.snapshot.clone(),
        }
    }
}

impl Bucket {
    /// An empty bucket beside a source.
    pub fn new(source: &SourceId, resource_id: DbiResourceId) -> Self {
        let source = Instance {
            id: source.to_string(),
            resource_id,
            status: InstanceStatus::Available,
            tags: BTreeMap::new(),
            endpoint: None,
            engine: "postgres".to_owned(),
            engine_version: String::new(),
            created_at: None,
            automatic_restart_at: None,
            instance_class: "db.t4g.medium".to_owned(),
            allocated_storage_gib: 20,
            deletion_protection: true,
        };
        Self { objects: Mutex::default(), source, snapshot: None }
    }

    /// Lists last night's snapshot, with the time of its data and the version that RDS says.
    pub fn set_snapshot(&mut self, id: SnapshotId, data_at: DateTime<Utc>, engine_version: &str) {
        self.snapshot = Some(Snapshot {
            id,
            resource_id: self.source.resource_id.clone(),
            instance_id: self.source.id.clone(),
            snapshot_type: "automated".to_owned(),
            status: "available".to_owned(),
            created_at: Some(data_at),
            database_at: Some(data_at),
            engine: "postgres".to_owned(),
            engine_version: engine_version.to_owned(),
            storage_type: Some("gp3".to_owned()),
            allocated_storage_gib: 20,
        });
    }

    /// Writes an object.
    pub fn write(&self, key: String, text: String) {
        self.objects().insert(key, text);
    }

    fn objects(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReadObjects for Bucket {
    async fn get(&self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(self.objects().get(key).cloned())
    }

    async fn folders(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let objects = self.objects();
        let below = objects.keys().filter_map(|key| key.strip_prefix(prefix)?.split_once('/'));
        let mut names: Vec<String> = below.map(|(name, _)| name.to_owned()).collect();
        names.dedup();
        names.retain(|name| after.is_none_or(|after| name.as_str() > after));
        names.truncate(limit);
        Ok(names)
    }
}

impl WriteObjects for Bucket {
    async fn put(&self, key: &str, _: &'static str, body: String) -> Result<(), StoreError> {
        self.write(key.to_owned(), body);
        Ok(())
    }

    async fn create(&self, key: &str, _: &'static str, body: String) -> Result<bool, StoreError> {
        let mut objects = self.objects();
        let is_new = !objects.contains_key(key);
        if is_new {
            objects.insert(key.to_owned(), body);
        }
        Ok(is_new)
    }
}

impl ReadInstances for Bucket {
    async fn instance(&self, id: &str) -> Result<Option<Instance>, RdsError> {
        Ok(Some(self.source.clone()).filter(|source| source.id == id))
    }

    async fn instances(&self) -> Result<Vec<Instance>, RdsError> {
        Ok(vec![self.source.clone()])
    }
}

impl ReadBackups for Bucket {
    async fn automated_snapshots(&self, _: &DbiResourceId) -> Result<Vec<Snapshot>, RdsError> {
        Ok(self.snapshot.iter().cloned().collect())
    }

    async fn snapshot(&self, id: &SnapshotId) -> Result<Option<Snapshot>, RdsError> {
        Ok(self.snapshot.clone().filter(|snapshot| snapshot.id == *id))
    }

    async fn restorable_window(&self, _: &SourceId) -> Result<Option<RestorableWindow>, RdsError> {
        Ok(None)
    }
}

impl Beat for Bucket {
    async fn beat(&self, _: &str, _: Pulse, _: &str) -> Result<(), StoreError> {
        Ok(())
    }
}

impl ReadExecutions for Bucket {
    async fn is_running(&self, _: &str) -> Result<bool, StoreError> {
        Ok(false)
    }
}
