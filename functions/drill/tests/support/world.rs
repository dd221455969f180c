//! The state of the world, and what a test does to it beside calling steps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use drill::backup::{RestorableWindow, Snapshot};
use drill::event::DrillEnded;
use drill::evidence::{Claim, Evidence, Notification, StopRecord, keys};
use drill::heartbeat::Pulse;
use drill::ids::{DrillId, SourceId};
use drill::instance::{Endpoint, Instance, InstanceStatus};
use drill::ports::Metric;
use drill::steps::Settings;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fault::{Fault, Faults};
use super::{CONFIGURATION, DEPLOYMENT, SOURCE, at, snapshot, source};

/// Everything that there is.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) now: DateTime<Utc>,
    pub(crate) instances: Vec<Instance>,
    pub(crate) snapshots: Vec<Snapshot>,
    pub(crate) window: Option<RestorableWindow>,
    /// Messages of events, of an instance.
    pub(crate) events: Vec<(String, DateTime<Utc>, String)>,
    pub(crate) objects: BTreeMap<String, String>,
    pub(crate) running: BTreeSet<String>,
    pub(crate) notifications: Vec<Notification>,
    /// What programs were told.
    pub(crate) announced: Vec<DrillEnded>,
    /// What the switch outside AWS was told.
    pub(crate) beats: Vec<(Pulse, String)>,
    pub(crate) metrics: Vec<Metric>,
    /// The same, with the source that each is of and the time that it was given.
    pub(crate) points: Vec<(SourceId, DateTime<Utc>, Metric)>,
    pub(crate) faults: Faults,
    /// Each call to a port with its subject, in order.
    pub(crate) log: Vec<String>,
    /// Every restore that was asked for.
    pub(crate) requests: Vec<drill::ports::RestoreRequest>,
    pub(crate) restored: usize,
}

/// The world: the source, last night's backup and a configuration, at 3 AM.
pub(crate) struct World {
    state: Mutex<State>,
    pub(crate) settings: Settings,
}

impl World {
    pub(crate) fn new() -> Self {
        let world = Self {
            state: Mutex::new(State { now: at("2026-11-21T03:00:02Z"), ..State::default() }),
            settings: Settings { deployment: DEPLOYMENT.clone() },
        };
        world.change(|s| {
            s.instances.push(source());
            s.snapshots.push(snapshot("rds:courses-prod-2026-11-21-02-03", "2026-11-21T02:03:00Z"));
        });
        world.write(&keys::configuration(&SOURCE), CONFIGURATION);
        world
    }

    /// Looks at the state or changes it.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().expect("nobody panicked while holding it"))
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.change(|s| s.now)
    }
    pub(crate) fn set_now(&self, now: &str) {
        self.change(|s| s.now = at(now));
    }
    pub(crate) fn wait(&self, span: TimeDelta) {
        self.change(|s| s.now += span);
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.change(|s| s.faults.add(fault));
    }

    // Instances.

    pub(crate) fn add(&self, instance: Instance) {
        self.change(|s| s.instances.push(instance));
    }
    pub(crate) fn find(&self, id: &str) -> Option<Instance> {
        self.change(|s| s.instances.iter().find(|i| i.id == id).cloned())
    }
    pub(crate) fn edit(&self, id: &str, edit: impl FnOnce(&mut Instance)) {
        self.change(|s| {
            edit(s.instances.iter_mut().find(|i| i.id == id).expect("there is such an instance"));
        });
    }
    pub(crate) fn set_status(&self, id: &str, status: InstanceStatus) {
        self.edit(id, |i| i.status = status);
    }
    pub(crate) fn remove(&self, id: &str) {
        self.change(|s| s.instances.retain(|i| i.id != id));
    }
    pub(crate) fn event(&self, id: &str, at: DateTime<Utc>, message: &str) {
        self.change(|s| s.events.push((id.to_owned(), at, message.to_owned())));
    }

    /// What is under way ends: restores, stops and deletions.
    pub(crate) fn settle(&self) {
        self.change(|s| {
            let now = s.now;
            s.instances.retain(|i| i.status != InstanceStatus::Deleting);
            for i in &mut s.instances {
                match i.status {
                    InstanceStatus::Creating => {
                        i.status = InstanceStatus::Available;
                        i.created_at = Some(now);
                        i.endpoint = Some(Endpoint { host: format!("{}.example", i.id), port: 5432 });
                    }
                    InstanceStatus::Stopping => {
                        i.status = InstanceStatus::Stopped;
                        i.automatic_restart_at = Some(now + TimeDelta::days(7));
                        s.events.push((i.id.clone(), now, "DB instance stopped".to_owned()));
                    }
                    _ => {}
                }
            }
        });
    }

    // Evidence.

    pub(crate) fn write(&self, key: &str, text: &str) {
        self.change(|s| s.objects.insert(key.to_owned(), text.to_owned()));
    }
    pub(crate) fn write_json(&self, key: &str, value: &impl Serialize) {
        self.write(key, &serde_json::to_string(value).expect("it serializes"));
    }
    pub(crate) fn read(&self, key: &str) -> Option<String> {
        self.change(|s| s.objects.get(key).cloned())
    }
    pub(crate) fn read_json<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        self.read(key).map(|text| serde_json::from_str(&text).expect("it is what was written"))
    }
    pub(crate) fn forget(&self, key: &str) {
        self.change(|s| s.objects.remove(key));
    }
    pub(crate) fn verdict(&self, drill: &DrillId) -> Option<Evidence> {
        self.read_json(&keys::verdict(drill))
    }
    pub(crate) fn evidence(&self, drill: &DrillId) -> Option<Evidence> {
        self.read_json(&keys::evidence(drill))
    }
    pub(crate) fn stop_record(&self, drill: &DrillId) -> Option<StopRecord> {
        self.read_json(&keys::stop(drill))
    }
    pub(crate) fn claim(&self, drill: &DrillId, execution: &str, claimed_at: DateTime<Utc>) {
        let claim = Claim { drill: drill.clone(), execution: execution.to_owned(), claimed_at };
        self.write_json(&keys::claim(drill), &claim);
    }
    pub(crate) fn set_running(&self, execution: &str, is_running: bool) {
        self.change(|s| {
            if is_running { s.running.insert(execution.to_owned()) } else { s.running.remove(execution) }
        });
    }

    // What was done.

    pub(crate) fn log(&self) -> Vec<String> {
        self.change(|s| s.log.clone())
    }
    pub(crate) fn clear_log(&self) {
        self.change(|s| s.log.clear());
    }
    /// The subjects of the calls of an operation.
    pub(crate) fn calls(&self, operation: &str) -> Vec<String> {
        let subject = |line: &String| {
            line.split_once(' ').filter(|(called, _)| *called == operation).map(|(_, of)| of.to_owned())
        };
        self.log().iter().filter_map(subject).collect()
    }
    /// Where in the log the first call stands that begins so.
    pub(crate) fn position(&self, call: &str) -> usize {
        let log = self.log();
        log.iter().position(|line| line.starts_with(call)).unwrap_or_else(|| panic!("no {call} in {log:#?}"))
    }
    /// The calls that change an instance.
    pub(crate) fn changes(&self) -> Vec<String> {
        let is_change = |line: &String| {
            ["StopDBInstance", "DeleteDBInstance", "Restore"].iter().any(|change| line.starts_with(change))
        };
        self.log().into_iter().filter(is_change).collect()
    }
    pub(crate) fn messages(&self) -> Vec<Notification> {
        self.change(|s| s.notifications.clone())
    }
}
