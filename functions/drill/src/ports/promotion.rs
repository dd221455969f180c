//! The ports of a promotion: looking at what an instance is configured with, and making it production.
//!
//! No deployed function has them: a person promotes, with rights of their own.

use std::collections::BTreeMap;
use std::future::Future;

use super::RdsError;
use crate::instance::Instance;
use crate::promotion::Promotable;

/// An instance with what a promotion changes of it, as RDS described both in one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The instance.
    pub instance: Instance,
    /// Its ARN, by which it is tagged.
    pub arn: String,
    /// What it is configured with.
    pub service: Service,
}

/// What an instance is configured with. Where RDS has taken a change and not made it yet, the value is the one
/// that it is changed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its VPC security groups.
    pub security_groups: Vec<String>,
    /// Its DB parameter group.
    pub parameter_group: Option<String>,
    /// Whether a change of the parameter group waits for a reboot.
    pub is_reboot_pending: bool,
    /// DB instance class.
    pub instance_class: String,
    /// Whether a change of the class or of the parameter group is being made.
    pub is_changing: bool,
    /// For how many days automated backups are kept; 0 means that there are none.
    pub backup_retention_days: u64,
    /// Whether a second copy stands by in another zone.
    pub multi_az: bool,
    /// What RDS has taken and goes on with, in words: `multi_az`, `backup_retention_days`.
    pub going_on: Vec<&'static str>,
}

/// Settings to change; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// VPC security groups.
    pub security_groups: Option<Vec<String>>,
    /// DB parameter group.
    pub parameter_group: Option<String>,
    /// DB instance class.
    pub instance_class: Option<String>,
    /// Whether RDS refuses to delete it.
    pub deletion_protection: Option<bool>,
    /// Days of automated backups.
    pub backup_retention_days: Option<u64>,
    /// A second copy in another zone.
    pub multi_az: Option<bool>,
}

/// Looks at an instance with its configuration. Read only; free.
pub trait ReadService {
    /// The instance of that name; `None` when RDS knows none.
    fn observe(&self, id: &str) -> impl Future<Output = Result<Option<Observed>, RdsError>> + Send;
}

/// Makes a replica production. Each call can be repeated; each takes the proof, never a name.
pub trait PromoteReplica {
    /// Puts tags on.
    fn tag(
        &self,
        replica: &Promotable,
        tags: &BTreeMap<String, String>,
    ) -> impl Future<Output = Result<(), RdsError>> + Send;
    /// Asks RDS to start the replica: from then on it is billed as it runs.
    fn start(&self, replica: &Promotable) -> impl Future<Output = Result<(), RdsError>> + Send;
    /// Changes settings at once, not in the maintenance window.
    fn modify(
        &self,
        replica: &Promotable,
        changes: &Changes,
    ) -> impl Future<Output = Result<(), RdsError>> + Send;
    /// Reboots it, which ends its connections.
    fn reboot(&self, replica: &Promotable) -> impl Future<Output = Result<(), RdsError>> + Send;
    /// Takes the tags off by which it is ours; those of the promotion stay. Can't be undone from here.
    fn disown(&self, replica: &Promotable) -> impl Future<Output = Result<(), RdsError>> + Send;
}
