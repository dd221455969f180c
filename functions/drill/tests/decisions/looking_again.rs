//! The sweep's second look: between its list and a deletion minutes pass, and people act in them.

use std::sync::Mutex;

use chrono::{DateTime, Utc};
use drill::evidence::{Notification, Verdict};
use drill::ids::{DrillId, ReplicaId};
use drill::instance::{Instance, InstanceStatus};
use drill::ownership::{OwnedReplica, TAG_HOLD};
use drill::ports::*;
use drill::steps::sweep_orphans::{self, Action, Item};

use crate::support::*;

/// The world, in which something happens right after the first list of all instances.
struct Meanwhile<'a, F> {
    world: &'a World,
    happens: Mutex<Option<F>>,
}

impl<F: FnOnce(&World) + Send> ReadInstances for Meanwhile<'_, F> {
    async fn instance(&self, id: &str) -> Result<Option<Instance>, RdsError> {
        self.world.instance(id).await
    }
    async fn instances(&self) -> Result<Vec<Instance>, RdsError> {
        let seen = self.world.instances().await;
        if let Some(happens) = self.happens.lock().unwrap().take() {
            happens(self.world);
        }
        seen
    }
}

impl<F: Send> ReadInstanceEvents for Meanwhile<'_, F> {
    async fn events_since(
        &self,
        id: &ReplicaId,
        since: DateTime<Utc>,
    ) -> Result<Vec<(DateTime<Utc>, String)>, RdsError> {
        self.world.events_since(id, since).await
    }
}

impl<F: Send> StopReplica for Meanwhile<'_, F> {
    async fn stop(&self, replica: &OwnedReplica) -> Result<(), RdsError> {
        self.world.stop(replica).await
    }
}

impl<F: Send> DeleteReplica for Meanwhile<'_, F> {
    async fn delete(&self, replica: &OwnedReplica) -> Result<(), RdsError> {
        self.world.delete(replica).await
    }
}

impl<F: Send> ReadObjects for Meanwhile<'_, F> {
    async fn get(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.world.get(key).await
    }
    async fn folders(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.world.folders(prefix, after, limit).await
    }
}

impl<F: Send> WriteObjects for Meanwhile<'_, F> {
    async fn put(&self, key: &str, media_type: &'static str, body: String) -> Result<(), StoreError> {
        self.world.put(key, media_type, body).await
    }
    async fn create(&self, key: &str, media_type: &'static str, body: String) -> Result<bool, StoreError> {
        self.world.create(key, media_type, body).await
    }
}

impl<F: Send> ReadExecutions for Meanwhile<'_, F> {
    async fn is_running(&self, execution: &str) -> Result<bool, StoreError> {
        self.world.is_running(execution).await
    }
}

impl<F: Send> Notify for Meanwhile<'_, F> {
    async fn notify(&self, notification: &Notification) -> Result<(), StoreError> {
        self.world.notify(notification).await
    }
}

fn old() -> DrillId {
    night_of(10)
}

fn newer() -> DrillId {
    night_of(20)
}

/// What the sweep says of an old replica of that verdict, which it is about to delete when something happens.
fn swept(verdict: Verdict, happens: impl FnOnce(&World) + Send) -> (World, Item) {
    let world = World::new();
    world.set_now("2026-11-21T12:00:00Z");
    world.earlier(&old(), verdict);
    world.earlier(&newer(), Verdict::Verified);
    let ports = Meanwhile { world: &world, happens: Mutex::new(Some(happens)) };
    let input = sweep_orphans::Input {};
    let output = ready(sweep_orphans::run(&ports, &world.settings, input, world.now())).expect("it sweeps");
    let id = replica(&old()).id;
    let item = output.items.into_iter().find(|i| i.instance == id).expect("a line about it");
    (world, item)
}

#[test]
fn what_did_not_change_is_deleted() {
    for verdict in [Verdict::Verified, Verdict::Broken] {
        let (world, item) = swept(verdict, |_| {});
        assert_eq!(item.action, Action::Delete, "{item:?}");
        assert_eq!(world.calls("DeleteDBInstance").len(), 1);
    }
}

#[test]
fn what_changed_meanwhile_is_kept() {
    let changes: [fn(&mut Instance); 4] = [
        |i| drop(i.tags.insert(TAG_HOLD.to_owned(), "ben".to_owned())),
        |i| i.status = InstanceStatus::Starting,
        |i| i.deletion_protection = true,
        |i| i.resource_id = resource_id("ANOTHER"),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let (world, item) = swept(Verdict::Broken, |world| world.edit(&replica(&old()).id, change));
        assert_eq!(item.action, Action::Report, "{number}: {item:?}");
        assert_eq!(item.reason, "kept: it changed while the sweep looked at others");
        assert_eq!(world.calls("DeleteDBInstance"), [""; 0]);
    }
}

#[test]
fn a_verified_one_is_kept_when_the_one_in_its_place_changed_meanwhile() {
    let happenings: [fn(&World); 3] = [
        |world| world.remove(&replica(&newer()).id),
        |world| world.set_status(&replica(&newer()).id, InstanceStatus::Starting),
        |world| {
            world.edit(&replica(&newer()).id, |i| drop(i.tags.insert(TAG_HOLD.to_owned(), String::new())));
        },
    ];
    for (number, happens) in happenings.into_iter().enumerate() {
        let (world, item) = swept(Verdict::Verified, happens);
        let expected = "kept: the one that stood in for it changed while the sweep looked at others";
        assert_eq!((item.action, item.reason.as_str()), (Action::Report, expected), "{number}");
        assert_eq!(world.calls("DeleteDBInstance"), [""; 0]);
        // One that nobody verified needs none in its place.
        assert_eq!(swept(Verdict::Broken, happens).1.action, Action::Delete, "{number}");
    }
}
