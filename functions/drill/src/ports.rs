//! The ports: one capability a trait. A step's type parameters are its rights, and equal its IAM
//! policy.
//!
//! Only types of this library; adapters translate. "Not there" and "already there" are values.

use std::collections::BTreeMap;
use std::future::Future;

use chrono::{DateTime, Utc};

use crate::backup::{RestorableWindow, Snapshot};
use crate::error::{StepError, WireName};
use crate::evidence::{Evidence, Notification};
use crate::heartbeat::Pulse;
use crate::ids::{DbiResourceId, ReplicaId, SnapshotId, SourceId};
use crate::instance::Instance;
use crate::ownership::OwnedReplica;

mod database;
mod promotion;

pub use database::{Connect, ConnectError, KeyRange, MeasureError, Session, Target};
pub use promotion::{Changes, Observed, PromoteReplica, ReadService, Service};

/// What kind of failure a call to RDS met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RdsErrorKind {
    /// RDS asked to slow down.
    Throttled,
    /// No answer, a connection error, or an internal error: it may have taken effect.
    Unavailable,
    /// The role may not.
    Denied,
    /// The instance or snapshot that was named doesn't exist.
    NotFound,
    /// The instance isn't in a state that allows the call.
    InvalidState,
    /// A quota, a lack of capacity, or a key that can't be used.
    Refused,
    /// Anything else that RDS rejected: a parameter, a combination.
    Rejected,
}

/// A call to RDS that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed with {code}: {message}")]
pub struct RdsError {
    /// The kind, which decides what happens next.
    pub kind: RdsErrorKind,
    /// The API's operation, such as `StopDBInstance`.
    pub operation: &'static str,
    /// The API's error code, such as `InvalidDBInstanceState`.
    pub code: String,
    /// The API's message, bounded to 500 characters.
    pub message: String,
}

impl From<RdsError> for StepError {
    fn from(error: RdsError) -> Self {
        let (name, hint) = match error.kind {
            RdsErrorKind::Throttled => (WireName::RdsThrottled, "RDS limits the rate of calls in an account"),
            RdsErrorKind::Unavailable => (WireName::RdsUnavailable, "see the AWS Health Dashboard"),
            RdsErrorKind::Denied => (
                WireName::RdsDenied,
                "compare the function's role with the step's rights in statemachine/README.md",
            ),
            RdsErrorKind::NotFound | RdsErrorKind::InvalidState | RdsErrorKind::Rejected => {
                (WireName::RdsRejected, "see the message of RDS")
            }
            RdsErrorKind::Refused => (WireName::RestoreRefused, "see the message of RDS"),
        };
        Self::new(name, error.to_string(), hint)
    }
}

/// Looks at instances. Read only; free.
pub trait ReadInstances {
    /// The instance of that name; `None` when RDS knows none.
    fn instance(&self, id: &str) -> impl Future<Output = Result<Option<Instance>, RdsError>> + Send;
    /// Every instance of the account and region, all pages.
    fn instances(&self) -> impl Future<Output = Result<Vec<Instance>, RdsError>> + Send;
}

/// Looks at backups. Read only; free.
pub trait ReadBackups {
    /// Every automated snapshot of the instance, in any status, all pages.
    fn automated_snapshots(
        &self,
        resource_id: &DbiResourceId,
    ) -> impl Future<Output = Result<Vec<Snapshot>, RdsError>> + Send;
    /// The snapshot of that name, automated or manual.
    fn snapshot(&self, id: &SnapshotId) -> impl Future<Output = Result<Option<Snapshot>, RdsError>> + Send;
    /// What the automated backups of the source allow to restore to, retained ones of a deleted
    /// source included; the newest when there are several.
    fn restorable_window(
        &self,
        source: &SourceId,
    ) -> impl Future<Output = Result<Option<RestorableWindow>, RdsError>> + Send;
}

/// Looks at the events of an instance. Read only; free.
pub trait ReadInstanceEvents {
    /// The messages of an instance's events since an instant (RDS keeps 14 days), oldest first.
    fn events_since(
        &self,
        id: &ReplicaId,
        since: DateTime<Utc>,
    ) -> impl Future<Output = Result<Vec<(DateTime<Utc>, String)>, RdsError>> + Send;
}

/// What a restore is asked for. Everything that AWS would otherwise inherit or default is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreRequest {
    /// The id of the new instance.
    pub replica: ReplicaId,
    /// Where the data comes from.
    pub from: RestoreFrom,
    /// DB instance class.
    pub instance_class: String,
    /// DB subnet group.
    pub subnet_group: String,
    /// Security groups.
    pub security_groups: Vec<String>,
    /// DB parameter group, else the engine's default.
    pub parameter_group: Option<String>,
    /// Storage type.
    pub storage_type: Option<String>,
    /// Whether old major versions are enrolled in Extended Support.
    pub extended_support: bool,
    /// The tags; never empty, as RDS would copy the source's.
    pub tags: BTreeMap<String, String>,
}

/// Where a restore's data comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreFrom {
    /// A snapshot.
    Snapshot(SnapshotId),
    /// An instant in the automated backups of an instance.
    PointInTime {
        /// The instance, by the identity that is never reused.
        source: DbiResourceId,
        /// The instant.
        at: DateTime<Utc>,
    },
}

/// What came of asking for a restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreAnswer {
    /// RDS accepted it and creates the instance.
    Accepted(Box<Instance>),
    /// An instance of that name exists.
    AlreadyExists,
}

/// Creates a replica. Starts a billed instance.
pub trait RestoreReplica {
    /// Asks RDS to restore. Adapters also set: not public, single-AZ, no backups of its own, IAM
    /// authentication on, tags not copied to snapshots, no deletion protection, no minor upgrades.
    fn restore(
        &self,
        request: &RestoreRequest,
    ) -> impl Future<Output = Result<RestoreAnswer, RdsError>> + Send;
}

/// Stops a replica. Its storage stays billed.
pub trait StopReplica {
    /// Asks RDS to stop the replica. It takes up to an hour.
    fn stop(&self, replica: &OwnedReplica) -> impl Future<Output = Result<(), RdsError>> + Send;
}

/// Deletes a replica and its data for good.
pub trait DeleteReplica {
    /// Asks RDS to delete the replica, without a final snapshot. `NotFound` is a failure here: the
    /// caller decides what it means.
    fn delete(&self, replica: &OwnedReplica) -> impl Future<Output = Result<(), RdsError>> + Send;
}

/// Asks Step Functions about executions. Read only.
pub trait ReadExecutions {
    /// Whether the execution of that ARN is running; one that is unknown isn't.
    fn is_running(&self, execution: &str) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// What kind of failure a call to a store or a topic met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// No answer, throttled, or an internal error.
    Unavailable,
    /// The role may not, or the bucket or topic doesn't exist.
    Denied,
}

/// A call to a store or a topic that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} of {subject} failed: {message}")]
pub struct StoreError {
    /// The kind, which decides what happens next.
    pub kind: StoreErrorKind,
    /// The API's operation, such as `PutObject`.
    pub operation: &'static str,
    /// The key or ARN.
    pub subject: String,
    /// The API's message, bounded to 500 characters.
    pub message: String,
}

/// Reads text objects of the evidence bucket.
pub trait ReadObjects {
    /// The object's text; `None` when there is none. Objects above 8 MiB are an error.
    fn get(&self, key: &str) -> impl Future<Output = Result<Option<String>, StoreError>> + Send;
    /// The "folders" right below a prefix that ends in `/`, without the prefix and the last `/`, in
    /// the order of their names, beginning after `after`; at most `limit`.
    fn folders(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;
}

/// Writes text objects of the evidence bucket.
pub trait WriteObjects {
    /// Writes the object, replacing it (the bucket keeps versions).
    fn put(
        &self,
        key: &str,
        content_type: &'static str,
        body: String,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// Writes the object only when there is none of that key; says whether it did.
    fn create(
        &self,
        key: &str,
        content_type: &'static str,
        body: String,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// Tells people. Costs one message.
pub trait Notify {
    /// Sends the notification to the deployment's topic.
    fn notify(&self, notification: &Notification) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Tells programs of a drill that ended. Costs a millionth of a dollar.
pub trait Announce {
    /// Puts the event ([`crate::event::DrillEnded`]) on the account's bus. A bus that answers and doesn't take it
    /// is an error.
    fn announce(&self, ended: &Evidence) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Reaches a dead man's switch outside AWS.
pub trait Beat {
    /// Asks the address that the secret of that name holds, over https, within seconds, twice at most. No error
    /// names the address.
    fn beat(
        &self,
        secret: &str,
        pulse: Pulse,
        body: &str,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// One point of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Its name, such as `Verified`.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// CloudWatch's unit, such as `Seconds` or `Count`.
    pub unit: &'static str,
}

/// Publishes metrics of a source. Costs per custom metric and month.
pub trait EmitMetrics {
    /// Publishes the points with the dimensions deployment and source.
    fn emit(
        &self,
        source: &SourceId,
        at: DateTime<Utc>,
        metrics: &[Metric],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}
