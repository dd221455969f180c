//! What RDS describes: instances, snapshots, events.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use drill::backup::Snapshot;
use drill::ids::{DbiResourceId, DrillId};
use drill::instance::{Endpoint, Instance, InstanceStatus};
use drill::ownership::{TAG_DEPLOYMENT, TAG_DRILL, TAG_HOLD, TAG_PROMOTED, TAG_SOURCE, replica_tags};

use super::{COPY, DEPLOYMENT, LOOK_ALIKE, SOURCE, Shown, resource_id, slot_of, snapshot, snapshot_id};
use crate::calendar;
use crate::state::{Data, Promotion, SLOTS, StartedBy, Status};

fn instance(id: &str, resource_id: DbiResourceId, created_at: DateTime<Utc>) -> Instance {
    Instance {
        id: id.to_owned(),
        resource_id,
        status: InstanceStatus::Available,
        tags: BTreeMap::new(),
        endpoint: Some(Endpoint { host: format!("{id}.example"), port: 5432 }),
        engine: "postgres".to_owned(),
        engine_version: "16.4".to_owned(),
        created_at: Some(created_at),
        automatic_restart_at: None,
        instance_class: "db.t4g.medium".to_owned(),
        allocated_storage_gib: 100,
        deletion_protection: false,
    }
}

impl Shown {
    /// The instance in a slot, as RDS describes it.
    fn replica(&self, slot: usize) -> Instance {
        let it = &self.replicas[slot];
        let drill = self.drill(it.night);
        let source = resource_id(it.source);
        let backup = snapshot_id(it.source, it.data);
        let data_at = calendar::data_at(it.data);
        let mut tags = replica_tags(&DEPLOYMENT, drill, &source, backup.as_str(), data_at);
        match it.promotion {
            Promotion::None | Promotion::Unmarked => {}
            Promotion::Begun => drop(tags.insert(TAG_PROMOTED.to_owned(), drill.to_string())),
            Promotion::Done => tags = [(TAG_PROMOTED.to_owned(), drill.to_string())].into(),
        }
        if it.is_held {
            tags.insert(TAG_HOLD.to_owned(), "by the model".to_owned());
        }
        let id = u8::try_from(slot).expect("few slots");
        let described = instance(&self.name(slot), resource_id(Some(id)), calendar::created(it.week));
        let is_made = it.status != Status::Creating;
        let stopped = it.stopped.filter(|_| it.status == Status::Stopped);
        Instance {
            status: match it.status {
                Status::Absent | Status::Gone => panic!("slot {slot} is empty"),
                Status::Creating => InstanceStatus::Creating,
                Status::Available => InstanceStatus::Available,
                Status::Stopping => InstanceStatus::Stopping,
                Status::Stopped => InstanceStatus::Stopped,
                Status::Failed => InstanceStatus::StorageFull,
                Status::Deleting => InstanceStatus::Deleting,
            },
            tags,
            endpoint: described.endpoint.filter(|_| is_made),
            created_at: described.created_at.filter(|_| is_made),
            automatic_restart_at: stopped
                .map(|stop| calendar::stopped(stop) + drill::retirement::AUTOMATIC_RESTART_AFTER),
            ..described
        }
    }

    /// Everything that RDS lists: production, what isn't ours and looks like it, and the replicas.
    pub fn instances(&self) -> Vec<Instance> {
        let long_ago = calendar::data_at(Data::LastMonth);
        let db = |text: &str| DbiResourceId::parse(text).expect("a DbiResourceId");
        let mut all = Vec::new();
        if self.has_source {
            all.push(instance(SOURCE.as_str(), resource_id(None), long_ago));
        }
        all.push(instance(LOOK_ALIKE, db("db-LOOKALIKE"), long_ago));
        let drill = DrillId::of(&SOURCE, long_ago).expect("a drill");
        all.push(Instance {
            tags: replica_tags(&DEPLOYMENT, &drill, &resource_id(None), "rds:long-ago", long_ago),
            ..instance(COPY, db("db-COPY"), long_ago)
        });
        all.extend((0..SLOTS).filter(|slot| self.replicas[*slot].exists()).map(|slot| self.replica(slot)));
        all
    }

    /// The newest automated snapshot of an instance: an hour older than the newest night that has begun.
    pub fn snapshots(&self, of: &DbiResourceId) -> Vec<Snapshot> {
        let newest = self.nights.iter().rposition(|night| night.week.is_some()).expect("a night has begun");
        let data = Data::Backup { week: self.week, night: u8::try_from(newest).expect("few nights") };
        vec![snapshot(&snapshot_id(slot_of(of), data))]
    }

    /// The messages of the events of the instance that bears the name, oldest first.
    pub fn events(&self, name: &str) -> Vec<(DateTime<Utc>, String)> {
        let mut events = Vec::new();
        for slot in (0..SLOTS).filter(|slot| self.replicas[*slot].exists() && self.name(*slot) == name) {
            let it = &self.replicas[slot];
            if it.status != Status::Creating {
                events.push((calendar::created(it.week), "Restored from snapshot.".to_owned()));
            }
            events.extend(it.stopped.map(|s| (calendar::stopped(s), "DB instance stopped".to_owned())));
            events.extend(calendar::started(it).map(|at| {
                let message = match it.started_by {
                    StartedBy::Aws => {
                        "DB instance is being started due to it exceeding the maximum allowed time being stopped."
                    }
                    _ => "DB instance started",
                };
                (at, message.to_owned())
            }));
        }
        events
    }
}

/// Whether the tags of an instance, and nothing else, make it look like a replica of this source.
pub fn is_tagged_ours(instance: &Instance) -> bool {
    instance.tags.get(TAG_DEPLOYMENT).is_some_and(|tag| tag == DEPLOYMENT.as_str())
        && instance.tags.get(TAG_SOURCE).is_some_and(|tag| tag == SOURCE.as_str())
        && instance.tags.contains_key(TAG_DRILL)
}
