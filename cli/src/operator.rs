//! What the commands that look at RDS or change it work with: with the rights of who runs them, not with those
//! of the deployed functions.

use anyhow::Result;
use chrono::{DateTime, Utc};
use drill::{
    evidence::Notification,
    ids::ReplicaId,
    instance::Instance,
    ownership::OwnedReplica,
    ports::{
        DeleteReplica, Notify, RdsError, ReadExecutions, ReadInstanceEvents, ReadInstances, ReadObjects,
        StopReplica, StoreError, WriteObjects,
    },
    steps::Settings,
};
use restore_drill_aws::{EvidenceBucket, Rds, StepFunctions};

use crate::{arguments::Place, deployment, output};

/// RDS, the evidence, and which deployment it is.
pub(crate) struct Operator {
    pub(crate) rds: Rds,
    pub(crate) bucket: EvidenceBucket,
    pub(crate) executions: StepFunctions,
    pub(crate) settings: Settings,
}

impl Operator {
    /// For the deployment of that name. With `--bucket` it needs no right in Step Functions.
    pub(crate) async fn of(place: &Place) -> Result<Self> {
        let configuration = deployment::load(place).await?;
        Ok(Self {
            rds: Rds::new(&configuration),
            bucket: deployment::bucket(place).await?,
            executions: StepFunctions::new(&configuration),
            settings: Settings { deployment: place.deployment.clone() },
        })
    }
}

/// Whether a sweep may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hands {
    /// It decides and changes nothing: what would be asked of RDS or written isn't.
    Tied,
    /// It acts.
    Free,
}

/// The ports of the sweep.
pub(crate) struct Sweeper<'a> {
    pub(crate) operator: &'a Operator,
    pub(crate) hands: Hands,
}

impl ReadInstances for Sweeper<'_> {
    async fn instance(&self, id: &str) -> Result<Option<Instance>, RdsError> {
        self.operator.rds.instance(id).await
    }
    async fn instances(&self) -> Result<Vec<Instance>, RdsError> {
        self.operator.rds.instances().await
    }
}

impl ReadInstanceEvents for Sweeper<'_> {
    async fn events_since(
        &self,
        id: &ReplicaId,
        since: DateTime<Utc>,
    ) -> Result<Vec<(DateTime<Utc>, String)>, RdsError> {
        self.operator.rds.events_since(id, since).await
    }
}

impl StopReplica for Sweeper<'_> {
    async fn stop(&self, replica: &OwnedReplica) -> Result<(), RdsError> {
        match self.hands {
            Hands::Tied => Ok(()),
            Hands::Free => self.operator.rds.stop(replica).await,
        }
    }
}

impl DeleteReplica for Sweeper<'_> {
    async fn delete(&self, replica: &OwnedReplica) -> Result<(), RdsError> {
        match self.hands {
            Hands::Tied => Ok(()),
            Hands::Free => self.operator.rds.delete(replica).await,
        }
    }
}

impl ReadObjects for Sweeper<'_> {
    async fn get(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.operator.bucket.get(key).await
    }
    async fn folders(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.operator.bucket.folders(prefix, after, limit).await
    }
}

impl WriteObjects for Sweeper<'_> {
    async fn put(&self, key: &str, content_type: &'static str, body: String) -> Result<(), StoreError> {
        match self.hands {
            Hands::Tied => Ok(()),
            Hands::Free => self.operator.bucket.put(key, content_type, body).await,
        }
    }
    async fn create(&self, key: &str, content_type: &'static str, body: String) -> Result<bool, StoreError> {
        match self.hands {
            Hands::Tied => Ok(true),
            Hands::Free => self.operator.bucket.create(key, content_type, body).await,
        }
    }
}

impl ReadExecutions for Sweeper<'_> {
    async fn is_running(&self, execution: &str) -> Result<bool, StoreError> {
        self.operator.executions.is_running(execution).await
    }
}

impl Notify for Sweeper<'_> {
    /// Whoever runs the command reads what it did; where it ends early this is all that is left of it.
    async fn notify(&self, notification: &Notification) -> Result<(), StoreError> {
        if self.hands == Hands::Free {
            output::progress(&notification.body);
        }
        Ok(())
    }
}
