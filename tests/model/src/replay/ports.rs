//! The ports themselves: each reads what the step is shown, or makes a call and takes its answer.

use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

use drill::backup::{RestorableWindow, Snapshot};
use drill::evidence::{Evidence, Notification, StopRecord};
use drill::heartbeat::Pulse;
use drill::ids::{DbiResourceId, DrillId, ReplicaId, SnapshotId, SourceId};
use drill::instance::Instance;
use drill::ownership::{OwnedReplica, TAG_DRILL, TAG_SOURCE_RESOURCE_ID};
use drill::ports::{
    Announce, Beat, Changes, DeleteReplica, EmitMetrics, Metric, Notify, Observed, PromoteReplica, RdsError,
    RdsErrorKind, ReadBackups, ReadExecutions, ReadInstanceEvents, ReadInstances, ReadObjects, ReadService,
    RestoreAnswer, RestoreFrom, RestoreReplica, RestoreRequest, Service, StopReplica, StoreError,
    StoreErrorKind, WriteObjects,
};
use drill::promotion::Promotable;
use serde_json::Value;

use super::{Answer, Effect, Replay, Target};
use crate::calendar;
use crate::shown::{self, Query, Shown};

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
    fn target_of(&self, drill: &DrillId) -> Target {
        let night = self.with(|i| i.shown(self).night_of(drill));
        Target::Night(night.expect("a replica of the model's nights"))
    }
}

impl StopReplica for Replay<'_> {
    async fn stop(&self, replica: &OwnedReplica) -> Result<(), RdsError> {
        let target = self.target_of(replica.drill());
        rds_answer("StopDBInstance", self.call(Effect::Stop(target)).await)
    }
}

impl DeleteReplica for Replay<'_> {
    async fn delete(&self, replica: &OwnedReplica) -> Result<(), RdsError> {
        let target = self.target_of(replica.drill());
        rds_answer("DeleteDBInstance", self.call(Effect::Delete(target)).await)
    }
}

impl ReadService for Replay<'_> {
    async fn observe(&self, id: &str) -> Result<Option<Observed>, RdsError> {
        let service = Service {
            security_groups: Vec::new(),
            parameter_group: None,
            is_reboot_pending: false,
            instance_class: String::new(),
            is_changing: false,
            backup_retention_days: 0,
            multi_az: false,
            going_on: Vec::new(),
        };
        let arn = format!("arn:aws:rds:eu-central-1:123456789012:db:{id}");
        Ok(self.instance(id).await?.map(|instance| Observed { instance, arn, service }))
    }
}

impl PromoteReplica for Replay<'_> {
    async fn tag(&self, replica: &Promotable, _: &BTreeMap<String, String>) -> Result<(), RdsError> {
        let target = self.target_of(replica.drill());
        rds_answer("AddTagsToResource", self.call(Effect::Mark(target)).await)
    }
    async fn start(&self, replica: &Promotable) -> Result<(), RdsError> {
        let target = self.target_of(replica.drill());
        rds_answer("StartDBInstance", self.call(Effect::Start(target)).await)
    }
    async fn modify(&self, _: &Promotable, changes: &Changes) -> Result<(), RdsError> {
        panic!("the settings are as they are wanted, and {changes:?} was asked for")
    }
    async fn reboot(&self, _: &Promotable) -> Result<(), RdsError> {
        panic!("nothing is pending")
    }
    async fn disown(&self, replica: &Promotable) -> Result<(), RdsError> {
        let target = self.target_of(replica.drill());
        rds_answer("RemoveTagsFromResource", self.call(Effect::Disown(target)).await)
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

impl Announce for Replay<'_> {
    async fn announce(&self, _: &Evidence) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Beat for Replay<'_> {
    async fn beat(&self, _: &str, _: Pulse, _: &str) -> Result<(), StoreError> {
        Ok(())
    }
}

impl EmitMetrics for Replay<'_> {
    async fn emit(&self, _: &SourceId, _: DateTime<Utc>, _: &[Metric]) -> Result<(), StoreError> {
        Ok(())
    }
}
