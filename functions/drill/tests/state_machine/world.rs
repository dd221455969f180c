//! What the steps talk to in the examples: RDS, the evidence bucket and a database, in memory, with a
//! clock that only waits and calls move.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use asl_runner::Failure;
use chrono::{DateTime, TimeDelta, Utc};
use drill::backup::{RestorableWindow, Snapshot};
use drill::error::StepError;
use drill::evidence::{Evidence, Notification};
use drill::heartbeat::Pulse;
use drill::ids::{DbiResourceId, Deployment, SnapshotId, SourceId};
use drill::instance::{Endpoint, Instance, InstanceStatus};
use drill::ownership::OwnedReplica;
use drill::ports::*;
use drill::steps::{self, Settings};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::night::database;

/// How long the parts of a night take.
const RESTORE: TimeDelta = TimeDelta::minutes(22);
const STOP: TimeDelta = TimeDelta::minutes(6);
const DELETE: TimeDelta = TimeDelta::minutes(3);
/// The identities that RDS gives the replicas, one after the other.
const RESOURCE_IDS: &[&str] =
    &["db-K4TWQ7HXN2M5VJZ3RLY6DBPC8F", "db-X2RM9CVKQ5T7LHZ4NWJY3GPB6D", "db-P8BHN3WZ6QKXT5MYV2LJ7RCD4G"];

#[derive(Default)]
struct Inside {
    now: DateTime<Utc>,
    instances: BTreeMap<String, Instance>,
    /// When an instance leaves its status for another; for nothing when it is being deleted.
    changes: BTreeMap<String, (DateTime<Utc>, Option<InstanceStatus>)>,
    objects: BTreeMap<String, String>,
    restored: usize,
}

/// The world.
pub(crate) struct World {
    inside: Mutex<Inside>,
    settings: Settings,
    /// The status that a restore ends in.
    pub(crate) restores_to: InstanceStatus,
}

/// The value of a future that never waits.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}

impl World {
    pub(crate) fn new(source: Instance, configuration: &str) -> Self {
        let key = format!("config/{}.toml", source.id);
        let objects = [(key, configuration.to_owned())].into();
        let instances = [(source.id.clone(), source)].into();
        Self {
            inside: Mutex::new(Inside { instances, objects, ..Inside::default() }),
            settings: Settings { deployment: Deployment::parse("main").expect("a deployment") },
            restores_to: InstanceStatus::Available,
        }
    }

    fn inside<T>(&self, look: impl FnOnce(&mut Inside) -> T) -> T {
        look(&mut self.inside.lock().expect("nobody panicked"))
    }

    pub(crate) fn set_now(&self, now: DateTime<Utc>) {
        self.inside(|i| i.now = now);
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.inside(|i| i.now)
    }

    pub(crate) fn now_text(&self) -> String {
        self.now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
    }

    /// Time passes, and with it what was under way ends.
    pub(crate) fn wait(&self, seconds: u64) {
        self.inside(|i| {
            i.now += Duration::from_secs(seconds);
            let (now, changes) = (i.now, std::mem::take(&mut i.changes));
            let (due, later) = changes.into_iter().partition(|(_, (at, _))| *at <= now);
            i.changes = later;
            let due: BTreeMap<String, (DateTime<Utc>, Option<InstanceStatus>)> = due;
            for (id, (at, status)) in due {
                let Some(status) = status else {
                    i.instances.remove(&id);
                    continue;
                };
                let instance = i.instances.get_mut(&id).expect("it is there");
                instance.automatic_restart_at =
                    (status == InstanceStatus::Stopped).then(|| at + TimeDelta::days(7));
                if status == InstanceStatus::Available {
                    instance.created_at = Some(at - RESTORE);
                    let host = format!("{id}.c9akciq32rgu.eu-central-1.rds.amazonaws.com");
                    instance.endpoint = Some(Endpoint { host, port: 5432 });
                }
                instance.status = status;
            }
        });
    }

    /// Calls the function of a handler, as the state machine does.
    pub(crate) fn call(&self, handler: &str, payload: &Value) -> Result<Value, Failure> {
        self.wait(1);
        let (now, s) = (self.now(), &self.settings);
        match handler {
            "plan-drill" => answer(payload, |i| ready(steps::plan_drill::run(self, s, i, now))),
            "restore-replica" => answer(payload, |i| ready(steps::restore_replica::run(self, s, i, now))),
            "observe-replica" => answer(payload, |i| ready(steps::observe_replica::run(self, s, i, now))),
            "plan-checks" => answer(payload, |i| {
                ready(steps::plan_checks::run(&database(), i, now, || now + TimeDelta::seconds(1)))
            }),
            "run-check" => answer(payload, |i| {
                let database = database();
                let budget = Duration::from_mins(14);
                ready(steps::run_check::run(&database, i, now, budget, || database.elapsed()))
            }),
            "record-measurements" => {
                answer(payload, |i| ready(steps::record_measurements::run(self, s, i, now)))
            }
            "judge-drill" => answer(payload, |i| ready(steps::judge_drill::run(self, s, i, now))),
            "stop-replica" => answer(payload, |i| ready(steps::stop_replica::run(self, s, i, now))),
            "retire-previous" => answer(payload, |i| ready(steps::retire_previous::run(self, s, i, now))),
            "publish-report" => answer(payload, |i| ready(steps::publish_report::run(self, s, i, now))),
            "abandon-drill" => answer(payload, |i| ready(steps::abandon_drill::run(self, s, i, now))),
            other => panic!("there is no handler {other}"),
        }
    }
}

/// Reads the payload, runs the step, and gives its answer or its error as Lambda words it.
fn answer<I, O>(payload: &Value, step: impl FnOnce(I) -> Result<O, StepError>) -> Result<Value, Failure>
where
    I: DeserializeOwned + Serialize,
    O: Serialize,
{
    let input: I =
        serde_json::from_value(payload.clone()).expect("the definition passes what the step takes");
    let read = serde_json::to_value(&input).expect("an input serializes");
    assert_eq!(&read, payload, "the step takes something else than the definition passes");
    match step(input) {
        Ok(output) => Ok(serde_json::to_value(output).expect("an output serializes")),
        Err(error) => {
            let cause = json!({"errorMessage": error.to_string(), "errorType": error.name.as_str()});
            Err(Failure::new(error.name.as_str(), cause.to_string()))
        }
    }
}

impl ReadInstances for World {
    async fn instance(&self, id: &str) -> Result<Option<Instance>, RdsError> {
        Ok(self.inside(|i| i.instances.get(id).cloned()))
    }
    async fn instances(&self) -> Result<Vec<Instance>, RdsError> {
        Ok(self.inside(|i| i.instances.values().cloned().collect()))
    }
}

impl ReadBackups for World {
    async fn automated_snapshots(&self, resource_id: &DbiResourceId) -> Result<Vec<Snapshot>, RdsError> {
        Ok(vec![crate::night::last_snapshot(self.now(), resource_id)])
    }
    async fn snapshot(&self, _: &SnapshotId) -> Result<Option<Snapshot>, RdsError> {
        unreachable!("the examples drill the newest backup")
    }
    async fn restorable_window(&self, _: &SourceId) -> Result<Option<RestorableWindow>, RdsError> {
        unreachable!("the examples drill the newest backup")
    }
}

impl RestoreReplica for World {
    async fn restore(&self, request: &RestoreRequest) -> Result<RestoreAnswer, RdsError> {
        Ok(self.inside(|i| {
            let resource_id = DbiResourceId::parse(RESOURCE_IDS[i.restored]).expect("a DbiResourceId");
            i.restored += 1;
            let instance = Instance {
                id: request.replica.to_string(),
                resource_id,
                status: InstanceStatus::Creating,
                tags: request.tags.clone(),
                endpoint: None,
                engine: "postgres".to_owned(),
                engine_version: "17.4".to_owned(),
                created_at: None,
                automatic_restart_at: None,
                instance_class: request.instance_class.clone(),
                allocated_storage_gib: 100,
                deletion_protection: false,
            };
            i.instances.insert(instance.id.clone(), instance.clone());
            i.changes.insert(instance.id.clone(), (i.now + RESTORE, Some(self.restores_to.clone())));
            RestoreAnswer::Accepted(Box::new(instance))
        }))
    }
}

impl World {
    fn begin(&self, id: &str, now: InstanceStatus, takes: TimeDelta, then: Option<InstanceStatus>) {
        self.inside(|i| {
            i.instances.get_mut(id).expect("it is there").status = now;
            i.changes.insert(id.to_owned(), (i.now + takes, then));
        });
    }
}

impl StopReplica for World {
    async fn stop(&self, replica: &OwnedReplica) -> Result<(), RdsError> {
        self.begin(replica.id().as_str(), InstanceStatus::Stopping, STOP, Some(InstanceStatus::Stopped));
        Ok(())
    }
}

impl DeleteReplica for World {
    async fn delete(&self, replica: &OwnedReplica) -> Result<(), RdsError> {
        self.begin(replica.id().as_str(), InstanceStatus::Deleting, DELETE, None);
        Ok(())
    }
}

impl ReadExecutions for World {
    async fn is_running(&self, _: &str) -> Result<bool, StoreError> {
        Ok(false)
    }
}

impl ReadObjects for World {
    async fn get(&self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(self.inside(|i| i.objects.get(key).cloned()))
    }
    async fn folders(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        Ok(self.inside(|i| {
            let below = i.objects.keys().filter_map(|key| key.strip_prefix(prefix)?.split_once('/'));
            let mut names: Vec<String> = below.map(|(name, _)| name.to_owned()).collect();
            names.dedup();
            names.retain(|name| after.is_none_or(|after| name.as_str() > after));
            names.truncate(limit);
            names
        }))
    }
}

impl WriteObjects for World {
    async fn put(&self, key: &str, _: &'static str, body: String) -> Result<(), StoreError> {
        self.inside(|i| i.objects.insert(key.to_owned(), body));
        Ok(())
    }
    async fn create(&self, key: &str, _: &'static str, body: String) -> Result<bool, StoreError> {
        Ok(self.inside(|i| {
            let is_new = !i.objects.contains_key(key);
            i.objects.entry(key.to_owned()).or_insert(body);
            is_new
        }))
    }
}

impl Notify for World {
    async fn notify(&self, _: &Notification) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Announce for World {
    async fn announce(&self, _: &Evidence) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Beat for World {
    async fn beat(&self, _: &str, _: Pulse, _: &str) -> Result<(), StoreError> {
        Ok(())
    }
}

impl EmitMetrics for World {
    async fn emit(&self, _: &SourceId, _: DateTime<Utc>, _: &[Metric]) -> Result<(), StoreError> {
        Ok(())
    }
}
