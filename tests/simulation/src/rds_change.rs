//! The ports that change RDS, each judged by what is true at that instant.

use drill::ids::DrillId;
use drill::ownership::{OwnedReplica, TAG_DEPLOYMENT};
use drill::ports::{
    DeleteReplica, RdsError, RdsErrorKind, RestoreAnswer, RestoreFrom, RestoreReplica, RestoreRequest,
    StopReplica,
};
use rds_double::model::{Changes, DeleteInstance, RestoreFromSnapshot, RestoreToPointInTime, Tag};

use crate::fault::Kind;
use crate::invocation::{Call, Ports, Says};
use crate::mutant::Mutant;
use crate::rds::{DELETE, RESTORE, STOP, refused, translated};
use crate::truth::{ByPerson, Replica, Who};
use crate::world::State;

impl RestoreReplica for Ports {
    async fn restore(&self, request: &RestoreRequest) -> Result<RestoreAnswer, RdsError> {
        let call = Call {
            operation: RESTORE,
            subject: request.replica.as_str(),
            kind: Kind::Change,
            says: Says::Restore(request),
        };
        self.call(call, |s, _| match s.restore(self.invocation, request) {
            Err(e) if e.code == "DBInstanceAlreadyExists" => Ok(RestoreAnswer::AlreadyExists),
            answer => answer,
        })
        .await
    }
}

impl StopReplica for Ports {
    async fn stop(&self, replica: &OwnedReplica) -> Result<(), RdsError> {
        let call =
            Call { operation: STOP, subject: replica.id().as_str(), kind: Kind::Change, says: Says::Nothing };
        self.call(call, |s, _| s.stop_as_product(self.invocation, replica.id().as_str())).await
    }
}

impl DeleteReplica for Ports {
    async fn delete(&self, replica: &OwnedReplica) -> Result<(), RdsError> {
        let call = Call {
            operation: DELETE,
            subject: replica.id().as_str(),
            kind: Kind::Change,
            says: Says::Nothing,
        };
        self.call(call, |s, _| s.delete_as_product(self.invocation, replica.id().as_str())).await
    }
}

/// What the adapter says in every restore (`functions/aws/src/rds/restore.rs`).
fn said(request: &RestoreRequest) -> Changes {
    let support = if request.extended_support { "" } else { "-disabled" };
    Changes {
        class: Some(request.instance_class.clone()),
        subnet_group: Some(request.subnet_group.clone()),
        security_groups: Some(request.security_groups.clone()),
        parameter_group: request.parameter_group.clone(),
        storage_type: request.storage_type.clone(),
        backup_retention_days: Some(0),
        publicly_accessible: Some(false),
        multi_az: Some(false),
        iam_authentication: Some(true),
        copy_tags_to_snapshot: Some(false),
        deletion_protection: Some(false),
        auto_minor_version_upgrade: Some(false),
        engine_lifecycle_support: Some(format!("open-source-rds-extended-support{support}")),
        ..Changes::default()
    }
}

impl State {
    fn restore(&mut self, invocation: u64, request: &RestoreRequest) -> Result<RestoreAnswer, RdsError> {
        let id = match self.mutant {
            Some(Mutant::NewNameForEachRestore) => format!("{}-{}", request.replica, self.counts.calls),
            _ => request.replica.to_string(),
        };
        let tags: Vec<Tag> =
            request.tags.iter().map(|(k, v)| Tag { key: k.clone(), value: v.clone() }).collect();
        let (now, changes) = (self.now, said(request));
        let answer = match &request.from {
            RestoreFrom::Snapshot(snapshot) => {
                let snapshot_id = snapshot.to_string();
                let asked = RestoreFromSnapshot { id, snapshot_id, engine: None, tags, changes };
                self.plane.restore_from_snapshot(now, asked, &mut self.machines)
            }
            RestoreFrom::PointInTime { source, at } => {
                let source_resource_id = Some(source.to_string());
                let time = Some(*at);
                let asked = RestoreToPointInTime {
                    id,
                    source_resource_id,
                    time,
                    tags,
                    changes,
                    ..Default::default()
                };
                self.plane.restore_to_point_in_time(now, asked, &mut self.machines)
            }
        };
        let made = answer.map_err(|e| refused(RESTORE, &e))?.instance;
        self.made(&made);
        self.record_replica(invocation, &made);
        Ok(RestoreAnswer::Accepted(Box::new(translated(&made))))
    }

    /// A restore took effect: from now on the instance is ours, whatever anybody says of it.
    fn record_replica(&mut self, invocation: u64, made: &rds_double::model::Instance) {
        self.counts.replicas += 1;
        let execution = self.invocations.get(&invocation).and_then(|i| i.execution.as_deref());
        let run = execution.and_then(|arn| self.executions.get(arn));
        let (drill, is_to_be_discarded) =
            run.map_or_else(|| ("nobody's".to_owned(), false), |r| (r.drill.clone(), r.is_to_be_discarded()));
        let data = self.machines.of_instances.get(&made.resource_id);
        let replica = Replica {
            name: made.id.clone(),
            source: DrillId::parse(&drill).map(|d| d.source().to_string()).unwrap_or_default(),
            data_at: data.map_or(self.now, |d| d.at),
            verified_at: None,
            is_to_be_discarded,
            has_stood_by: false,
            stop_asked_at: None,
            stop_noted: None,
            by_person: ByPerson::default(),
            forced_at: None,
            deleted: None,
            drill: drill.clone(),
        };
        self.truth.replicas.insert(made.resource_id.as_str().to_owned(), replica);
        self.judge_restore(&drill, made.resource_id.as_str());
    }

    /// The deployed role may stop and delete only what carries this deployment's tag under its prefix.
    fn is_allowed(&self, name: &str) -> bool {
        let deployment = crate::scenario::DEPLOYMENT;
        let has_tag = |i: &rds_double::model::Instance| {
            i.tags.iter().any(|t| t.key == TAG_DEPLOYMENT && t.value == deployment)
        };
        name.starts_with(&format!("drill-{deployment}-")) && self.plane.instance(name).is_ok_and(has_tag)
    }

    fn denied(operation: &'static str, name: &str) -> RdsError {
        let message = format!("not authorized on {name}");
        RdsError { kind: RdsErrorKind::Denied, operation, code: "AccessDenied".to_owned(), message }
    }

    /// Stops an instance in the name of the product.
    pub(crate) fn stop_as_product(&mut self, invocation: u64, name: &str) -> Result<(), RdsError> {
        let target = self.judge_change(invocation, STOP, name);
        if !self.is_allowed(name) {
            return Err(Self::denied(STOP, name));
        }
        let is_sweep = self.invocations.get(&invocation).is_some_and(|i| i.execution.is_none());
        if is_sweep && self.mutant == Some(Mutant::LazySweep) {
            return Ok(());
        }
        let now = self.now;
        self.plane.stop_instance(now, name, None, &mut self.machines).map_err(|e| refused(STOP, &e))?;
        if let Some(replica) = target.and_then(|id| self.truth.replicas.get_mut(&id)) {
            replica.stop_asked_at = Some(now);
        }
        Ok(())
    }

    /// Deletes an instance in the name of the product.
    pub(crate) fn delete_as_product(&mut self, invocation: u64, name: &str) -> Result<(), RdsError> {
        let target = self.judge_change(invocation, DELETE, name);
        if !self.is_allowed(name) {
            return Err(Self::denied(DELETE, name));
        }
        if self.mutant == Some(Mutant::LazyDelete) {
            return Ok(());
        }
        let asked = DeleteInstance {
            id: name.to_owned(),
            skip_final_snapshot: true,
            final_snapshot_id: None,
            delete_automated_backups: false,
        };
        let now = self.now;
        self.plane.delete_instance(now, &asked, &mut self.machines).map_err(|e| refused(DELETE, &e))?;
        if let Some(target) = target {
            self.judge_deletion(invocation, &target);
            if let Some(replica) = self.truth.replicas.get_mut(&target) {
                replica.deleted.get_or_insert((now, Who::Product));
            }
        }
        Ok(())
    }
}
