//! Decides how statuses move on: a stage ends when its delay has passed and its job is done.
//!
//! Never begins an action of its own accord, except what the stages of an accepted call say.

use chrono::{DateTime, Utc};

use super::resources::{Effect, SnapshotStatus, Stage, StageWork};
use super::servers::{Job, Progress, Servers};
use super::status::Status;
use super::{ControlPlane, ResourceId, SnapshotKey};

/// The most rounds in one call; a plan of stages is far shorter.
const ROUNDS_MAX: usize = 64;

impl ControlPlane {
    /// Moves everything on whose time has come.
    pub fn advance(&mut self, now: DateTime<Utc>, servers: &mut impl Servers) {
        for _ in 0..ROUNDS_MAX {
            let mut moved = false;
            for key in self.instances.keys() {
                moved |= self.advance_instance(&key, now, servers);
            }
            for key in self.snapshots.keys() {
                moved |= self.advance_copy(key, now, servers);
            }
            if !moved {
                return;
            }
        }
    }

    /// When the next stage may end, if any is under way.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        let stages = self.instances.iter().filter_map(|each| each.stages.front());
        let copies = self.snapshots.iter().filter_map(|each| each.copying.as_ref());
        stages.chain(copies).filter_map(|stage| stage.due).min()
    }

    /// Gives an instance its next stages, and the status in which it then rests. The caller marks
    /// the change for stale readers.
    pub(super) fn schedule(
        &mut self,
        key: &ResourceId,
        stages: Vec<Stage>,
        rest: Status,
        now: DateTime<Utc>,
        servers: &mut impl Servers,
    ) {
        if let Some(instance) = self.instances.tend(key) {
            instance.stages = stages.into();
            instance.rest = rest;
        }
        self.enter_stage(key, now, servers);
    }

    fn enter_stage(&mut self, key: &ResourceId, at: DateTime<Utc>, servers: &mut impl Servers) {
        let Some(instance) = self.instances.tend(key) else {
            return;
        };
        let Some(stage) = instance.stages.front_mut() else {
            instance.status = instance.rest.clone();
            return;
        };
        instance.status = stage.status.clone();
        stage.due = Some(at + stage.delay);
        let job = match std::mem::replace(&mut stage.work, StageWork::None) {
            StageWork::None => None,
            StageWork::Job(job) => Some(job),
            StageWork::AutomatedBackup => self.begin_automated_backup(key, at),
        };
        let running = job.map(|job| servers.begin(job));
        if let Some(stage) = self.instances.tend(key).and_then(|instance| instance.stages.front_mut()) {
            stage.running = running;
        }
    }

    fn begin_automated_backup(&mut self, key: &ResourceId, at: DateTime<Utc>) -> Option<Job> {
        let new = self.new_automated_snapshot(key, at)?;
        let snapshot = self.record_snapshot(key, new, at)?;
        let stage = self.instances.tend(key)?.stages.front_mut()?;
        stage.then.push(Effect::FinishSnapshot(snapshot));
        Some(Job::Backup { instance: key.clone(), snapshot })
    }

    fn advance_instance(&mut self, key: &ResourceId, now: DateTime<Utc>, servers: &mut impl Servers) -> bool {
        let Some(instance) = self.instances.tend(key) else {
            return false;
        };
        let Some(stage) = instance.stages.front_mut() else {
            return false;
        };
        if let Some(job) = stage.running {
            match servers.progress(job) {
                Progress::Running => {
                    stage.due = stage.due.max(Some(now));
                    return false;
                }
                Progress::Failed(reason) => {
                    self.fail(key, &reason, now);
                    return true;
                }
                Progress::Done(address) => {
                    stage.running = None;
                    instance.address = address.or_else(|| instance.address.take());
                }
            }
        }
        let Some(due) = stage.due.filter(|due| *due <= now) else {
            return false;
        };
        let Some(ended) = self.instances.edit(key).and_then(|instance| instance.stages.pop_front()) else {
            return false;
        };
        for effect in ended.then {
            self.take_effect(key, effect, due);
        }
        self.enter_stage(key, due, servers);
        true
    }

    fn take_effect(&mut self, key: &ResourceId, effect: Effect, at: DateTime<Utc>) {
        let Some(instance) = self.instances.tend(key) else {
            return;
        };
        match effect {
            Effect::ShowEndpoint => {
                instance.endpoint = instance.address.clone();
                instance.created_at = instance.created_at.or(Some(at));
            }
            Effect::Apply(changes) => {
                // Another parameter group is named at once and is in force after a reboot.
                let is_other =
                    changes.parameter_group.as_ref().is_some_and(|g| *g != instance.settings.parameter_group);
                instance.is_reboot_pending |= is_other;
                instance.pending = std::mem::take(&mut instance.pending).without(&changes);
                changes.apply(&mut instance.settings);
            }
            Effect::Rename(id) => instance.id = id,
            Effect::MarkStopped => instance.stopped_at = Some(at),
            Effect::MarkRebooted => instance.is_reboot_pending = false,
            Effect::FinishSnapshot(snapshot) => self.finish_snapshot(snapshot, at),
            Effect::Remove { keep_backups } => self.remove_instance(key, keep_backups, at),
            Effect::Tell(category, message) => {
                let id = instance.id.clone();
                self.tell_instance(at, &id, category, message);
            }
        }
    }

    /// A job that the servers could not do: the instance fails, with the reason as an event.
    fn fail(&mut self, key: &ResourceId, reason: &str, now: DateTime<Utc>) {
        let Some(instance) = self.instances.edit(key) else {
            return;
        };
        let ended: Vec<Stage> = instance.stages.drain(..).collect();
        let status = if instance.created_at.is_none() && instance.endpoint.is_none() {
            Status::named("incompatible-restore")
        } else {
            Status::FAILED
        };
        instance.status = status;
        let id = instance.id.clone();
        self.tell_instance(now, &id, "failure", format!("DB instance failed: {reason}"));
        for effect in ended.into_iter().flat_map(|stage| stage.then) {
            if let Effect::FinishSnapshot(snapshot) = effect {
                self.fail_snapshot(snapshot);
            }
        }
    }

    fn fail_snapshot(&mut self, key: SnapshotKey) {
        if let Some(snapshot) = self.snapshots.edit(&key) {
            snapshot.status = SnapshotStatus::Failed;
            snapshot.copying = None;
        }
    }

    fn advance_copy(&mut self, key: SnapshotKey, now: DateTime<Utc>, servers: &mut impl Servers) -> bool {
        let Some(stage) = self.snapshots.tend(&key).and_then(|snapshot| snapshot.copying.as_mut()) else {
            return false;
        };
        if let Some(job) = stage.running {
            match servers.progress(job) {
                Progress::Running => {
                    stage.due = stage.due.max(Some(now));
                    return false;
                }
                Progress::Failed(_) => {
                    self.fail_snapshot(key);
                    return true;
                }
                Progress::Done(_) => stage.running = None,
            }
        }
        let Some(due) = stage.due.filter(|due| *due <= now) else {
            return false;
        };
        self.finish_snapshot(key, due);
        true
    }
}
