//! The ports of a step over a state: reading is answered from what the step is shown, and a call that changes
//! something ends the run, for the model to let it happen at any later moment.
//!
//! So a step is run again from its beginning with the answers that it got so far, and goes on by one call.
//! What it asks and is shown is noted: two runs of a step that were shown the same are one.

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use chrono::{DateTime, Utc};
use drill::backup::{RestorableWindow, Snapshot};
use drill::evidence::{Notification, StopRecord};
use drill::ids::{DbiResourceId, DrillId, ReplicaId, SnapshotId, SourceId};
use drill::instance::Instance;
use drill::ownership::{OwnedReplica, TAG_DRILL, TAG_HOLD, TAG_SOURCE_RESOURCE_ID};
use drill::ports::{
    DeleteReplica, EmitMetrics, Metric, Notify, RdsError, RdsErrorKind, ReadBackups, ReadExecutions,
    ReadInstanceEvents, ReadInstances, ReadObjects, RestoreAnswer, RestoreFrom, RestoreReplica,
    RestoreRequest, StopReplica, StoreError, StoreErrorKind, WriteObjects,
};
use serde_json::Value;

use crate::calendar;
use crate::shown::{self, Query, Record, Shown};
use crate::state::Data;

/// A call that changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Writes the claim of a night for an execution, unless there is one.
    Claim {
        /// The night.
        night: u8,
        /// The execution.
        exec: u8,
        /// How many claims there were when it looked.
        order: u8,
    },
    /// Asks RDS to restore the replica of a night.
    Restore {
        /// The night.
        night: u8,
        /// The source: a promoted replica's slot, else production.
        source: Option<u8>,
        /// The data.
        data: Data,
    },
    /// Writes that the replica in a slot is about to be asked to stop.
    RecordStop {
        /// The night.
        night: u8,
        /// The replica.
        slot: u8,
    },
    /// Asks RDS to stop what bears a name.
    Stop(Target),
    /// Asks RDS to delete what bears a name.
    Delete(Target),
}

/// What a call to RDS names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// The name of a night's replica.
    Night(u8),
    /// The name that a person gave the replica in a slot.
    Kept(u8),
    /// Production's name.
    Source,
    /// Somebody else's production, whose name begins as those of our replicas do.
    LookAlike,
    /// A production that carries our tags, since it was made from a snapshot of a replica.
    Copy,
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It took effect.
    Done,
    /// There is one already: a claim, an instance of that name.
    Exists,
    /// There is no instance or snapshot of that name.
    NotFound,
    /// The instance's status doesn't allow it.
    InvalidState,
    /// No answer; it may have taken effect or not.
    Unavailable,
}

/// What a step was shown until its next call, and that call's answer once it has one.
#[derive(Debug, Clone)]
pub struct Segment {
    /// What it was shown.
    pub shown: Shown,
    /// The answer.
    pub answer: Option<Answer>,
}

/// The ports of one run of a step.
pub struct Replay<'a> {
    segments: &'a [Segment],
    /// The execution that asks, for the rule that knows no claims: it finds its own.
    claimless: Option<usize>,
    hides_holds: bool,
    texts: &'a (dyn Fn(&Shown, Record) -> String + Sync),
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    at: usize,
    /// What was asked in the last segment, with a digest of what was shown.
    asked: Vec<(Query, u64)>,
    effect: Option<Effect>,
    evidence: Option<String>,
}

impl Inner {
    fn shown<'a>(&self, replay: &Replay<'a>) -> &'a Shown {
        &replay.segments[self.at].shown
    }
}

impl<'a> Replay<'a> {
    /// The ports of a run; `texts` gives the records of nights.
    pub fn new(segments: &'a [Segment], texts: &'a (dyn Fn(&Shown, Record) -> String + Sync)) -> Self {
        Self { segments, claimless: None, hides_holds: false, texts, inner: Mutex::default() }
    }

    /// Where no claim is ever found to be another execution's.
    #[must_use]
    pub fn without_claims(self, exec: Option<usize>) -> Self {
        Self { claimless: exec, ..self }
    }

    /// Where nobody sees the tag that holds a replica.
    #[must_use]
    pub fn without_holds(self, hides_holds: bool) -> Self {
        Self { hides_holds, ..self }
    }

    /// Runs the step until its next call that has no answer yet, or to its end.
    pub fn run<T>(&self, step: impl Future<Output = T>) -> Result<T, Effect> {
        match pin!(step).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Ok(value),
            Poll::Pending => Err(self.with(|i| i.effect).expect("a step waits for nothing but its calls")),
        }
    }

    /// What was asked since the last call was answered, with a digest of what was shown.
    pub fn asked(&self) -> Vec<(Query, u64)> {
        self.with(|i| std::mem::take(&mut i.asked))
    }

    /// The evidence that the step wrote.
    pub fn evidence(&self) -> Option<String> {
        self.with(|i| i.evidence.clone())
    }

    fn with<T>(&self, look: impl FnOnce(&mut Inner) -> T) -> T {
        look(&mut self.inner.lock().expect("nobody panicked while holding it"))
    }

    fn read<T>(&self, query: impl FnOnce(&Shown) -> Query, read: impl FnOnce(&Shown) -> T) -> T {
        self.with(|i| {
            let shown = i.shown(self);
            let query = query(shown);
            i.asked.push((query, shown.digest(query)));
            read(shown)
        })
    }

    async fn call(&self, effect: Effect) -> Answer {
        let answer = self.with(|i| {
            let answer = self.segments[i.at].answer;
            match answer {
                Some(_) => {
                    i.at += 1;
                    i.asked.clear();
                }
                None => i.effect = Some(effect),
            }
            answer
        });
        match answer {
            Some(answer) => answer,
            None => pending().await,
        }
    }

    /// Deletes by name, as only naive rules do: the port wants a proof.
    pub async fn delete_named(&self, instance: &Instance) -> Answer {
        let target = self.read(|_| Query::All, |shown| target(shown, &instance.id));
        self.call(Effect::Delete(target)).await
    }

    fn instance_shown(&self, mut instance: Instance) -> Instance {
        if self.hides_holds {
            instance.tags.remove(TAG_HOLD);
        }
        instance
    }
}

fn target(shown: &Shown, name: &str) -> Target {
    let slots = 0..shown.replicas.len();
    let bearer = slots.clone().find(|s| shown.replicas[*s].exists() && shown.name(*s) == name);
    match bearer {
        _ if name == shown::SOURCE.as_str() => Target::Source,
        None if name == shown::LOOK_ALIKE => Target::LookAlike,
        None => Target::Copy,
        Some(slot) if shown.replicas[slot].name == crate::state::Name::OfItsDrill => {
            Target::Night(shown.replicas[slot].night)
        }
        Some(slot) => Target::Kept(u8::try_from(slot).expect("few slots")),
    }
}

fn rds_answer(operation: &'static str, answer: Answer) -> Result<(), RdsError> {
    let (kind, code) = match answer {
        Answer::Done => return Ok(()),
        Answer::Exists => (RdsErrorKind::Rejected, "DBInstanceAlreadyExists"),
        Answer::NotFound => (RdsErrorKind::NotFound, "DBSnapshotNotFound"),
        Answer::InvalidState => (RdsErrorKind::InvalidState, "InvalidDBInstanceState"),
        Answer::Unavailable => (RdsErrorKind::Unavailable, "InternalFailure"),
    };
    Err(RdsError { kind, operation, code: code.to_owned(), message: String::new() })
}

fn store_answer(operation: &'static str, key: &str, answer: Answer) -> Result<bool, StoreError> {
    match answer {
        Answer::Done => Ok(true),
        Answer::Exists => Ok(false),
        _ => Err(StoreError {
            kind: StoreErrorKind::Unavailable,
            operation,
            subject: key.to_owned(),
            message: String::new(),
        }),
    }
}

impl ReadInstances for Replay<'_> {
    async fn instance(&self, id: &str) -> Result<Option<Instance>, RdsError> {
        let find = |shown: &Shown| shown.instances().into_iter().find(|i| i.id == id);
        Ok(self.read(|shown| shown.query_of_name(id), find).map(|i| self.instance_shown(i)))
    }
    async fn instances(&self) -> Result<Vec<Instance>, RdsError> {
        Ok(self.read(|_| Query::All, Shown::instances).into_iter().map(|i| self.instance_shown(i)).collect())
    }
}

impl ReadBackups for Replay<'_> {
    async fn automated_snapshots(&self, resource_id: &DbiResourceId) -> Result<Vec<Snapshot>, RdsError> {
        Ok(self.read(|_| Query::Snapshots, |shown| shown.snapshots(resource_id)))
    }
    async fn snapshot(&self, id: &SnapshotId) -> Result<Option<Snapshot>, RdsError> {
        Ok(Some(shown::snapshot(id)))
    }
    async fn restorable_window(&self, _: &SourceId) -> Result<Option<RestorableWindow>, RdsError> {
        Ok(None)
    }
}

impl ReadInstanceEvents for Replay<'_> {
    async fn events_since(
        &self,
        id: &ReplicaId,
        since: DateTime<Utc>,
    ) -> Result<Vec<(DateTime<Utc>, String)>, RdsError> {
        let events = self.read(|shown| shown.query_of_events(id.as_str()), |shown| shown.events(id.as_str()));
        Ok(events.into_iter().filter(|(at, _)| *at >= since).collect())
    }
}

impl RestoreReplica for Replay<'_> {
    async fn restore(&self, request: &RestoreRequest) -> Result<RestoreAnswer, RdsError> {
        let drill = DrillId::parse(&request.tags[TAG_DRILL]).expect("a restore is tagged with its drill");
        let night = self.with(|i| i.shown(self).night_of(&drill)).expect("a night of the model");
        let RestoreFrom::Snapshot(snapshot) = &request.from else { panic!("no night restores an instant") };
        let (_, data) = shown::snapshot_of(snapshot);
        let source =
            DbiResourceId::parse(&request.tags[TAG_SOURCE_RESOURCE_ID]).expect("a source's identity");
        let source = shown::slot_of(&source);
        match self.call(Effect::Restore { night, source, data }).await {
            Answer::Done => {
                let find =
                    |shown: &Shown| shown.instances().into_iter().find(|i| i.id == request.replica.as_str());
                let instance = self
                    .read(|_| Query::Named(night), find)
                    .expect("RDS answers with the instance that it creates");
                assert_eq!(instance.tags, request.tags, "the model keeps all that a restore's tags say");
                Ok(RestoreAnswer::Accepted(Box::new(instance)))
            }
            Answer::Exists => Ok(RestoreAnswer::AlreadyExists),
            answer => {
                rds_answer("RestoreDBInstanceFromDBSnapshot", answer).map(|()| unreachable!("it is an error"))
            }
        }
    }
}

impl Replay<'_> {
    fn target_of(&self, replica: &OwnedReplica) -> Target {
        let night = self.with(|i| i.shown(self).night_of(replica.drill()));
        Target::Night(night.expect("a replica of the model's nights"))
    }
}

impl StopReplica for Replay<'_> {
    async fn stop(&self, replica: &OwnedReplica) -> Result<(), RdsError> {
        let target = self.target_of(replica);
        rds_answer("StopDBInstance", self.call(Effect::Stop(target)).await)
    }
}

impl DeleteReplica for Replay<'_> {
    async fn delete(&self, replica: &OwnedReplica) -> Result<(), RdsError> {
        let target = self.target_of(replica);
        rds_answer("DeleteDBInstance", self.call(Effect::Delete(target)).await)
    }
}

impl ReadExecutions for Replay<'_> {
    async fn is_running(&self, execution: &str) -> Result<bool, StoreError> {
        let exec = shown::exec_of(execution).expect("an execution of the model");
        Ok(self.read(|_| Query::IsRunning(exec), |shown| shown.is_running[exec]))
    }
}

impl ReadObjects for Replay<'_> {
    async fn get(&self, key: &str) -> Result<Option<String>, StoreError> {
        let read = |shown: &Shown| shown.object(shown.query_of_key(key), self.texts);
        let text = self.read(|shown| shown.query_of_key(key), read);
        Ok(match (self.claimless, text) {
            (Some(exec), Some(claim)) if key.ends_with("/claim.json") => {
                let mut claim: Value = serde_json::from_str(&claim).expect("a claim");
                claim["execution"] = shown::arn(exec).into();
                Some(claim.to_string())
            }
            (_, text) => text,
        })
    }
    async fn folders(&self, _: &str, after: Option<&str>, _: usize) -> Result<Vec<String>, StoreError> {
        let folders = self.read(|_| Query::Folders, Shown::folders);
        Ok(folders.into_iter().filter(|name| after.is_none_or(|after| name.as_str() > after)).collect())
    }
}

impl WriteObjects for Replay<'_> {
    async fn put(&self, key: &str, _: &'static str, body: String) -> Result<(), StoreError> {
        if key.ends_with("/evidence.json") {
            self.with(|i| i.evidence = Some(body));
            return Ok(());
        }
        let Query::Stop(night) = self.with(|i| i.shown(self).query_of_key(key)) else { return Ok(()) };
        let record: StopRecord = serde_json::from_str(&body).expect("a record of a stop");
        let slot = shown::slot_of(&record.resource_id).expect("only replicas are stopped");
        store_answer("PutObject", key, self.call(Effect::RecordStop { night, slot }).await).map(drop)
    }
    async fn create(&self, key: &str, _: &'static str, body: String) -> Result<bool, StoreError> {
        let Query::Claim(night) = self.with(|i| i.shown(self).query_of_key(key)) else {
            panic!("only claims are created once");
        };
        let claim: drill::evidence::Claim = serde_json::from_str(&body).expect("a claim");
        let exec = shown::exec_of(&claim.execution).and_then(|e| u8::try_from(e).ok()).expect("an execution");
        let order = self.with(|i| calendar::order_of(claim.claimed_at, i.shown(self).week));
        let answer = self.call(Effect::Claim { night, exec, order }).await;
        store_answer("PutObject", key, answer).map(|is_new| is_new || self.claimless.is_some())
    }
}

impl Notify for Replay<'_> {
    async fn notify(&self, _: &Notification) -> Result<(), StoreError> {
        Ok(())
    }
}

impl EmitMetrics for Replay<'_> {
    async fn emit(&self, _: &SourceId, _: DateTime<Utc>, _: &[Metric]) -> Result<(), StoreError> {
        Ok(())
    }
}
