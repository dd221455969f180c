//! Making a replica production, and looking at what it is configured with.
//!
//! No deployed function has these calls: `restore-drill promote` makes them with the rights of who runs it. Each
//! takes the proof, made in the same turn from what RDS said.

use std::collections::BTreeMap;

use aws_sdk_rds::types::{DbInstance, PendingModifiedValues, Tag};
use drill::ownership::OWNERSHIP_TAGS;
use drill::ports::{Changes, Observed, PromoteReplica, RdsError, RdsErrorKind, ReadService, Service};
use drill::promotion::Promotable;

use super::error::{rds_error, unreadable};
use super::{Rds, translate};

const DESCRIBE: &str = "DescribeDBInstances";
const MODIFY: &str = "ModifyDBInstance";

impl ReadService for Rds {
    async fn observe(&self, id: &str) -> Result<Option<Observed>, RdsError> {
        let answer = self.client.describe_db_instances().db_instance_identifier(id).send().await;
        let answer = match answer.map_err(|e| rds_error(DESCRIBE, e)) {
            Err(error) if error.kind == RdsErrorKind::NotFound => return Ok(None),
            answer => answer?,
        };
        let is_named =
            |d: &&DbInstance| d.db_instance_identifier().is_some_and(|found| found.eq_ignore_ascii_case(id));
        let Some(described) = answer.db_instances().iter().find(is_named) else {
            return Err(unreadable(DESCRIBE, &format!("asked for {id}, got others and no error")));
        };
        let problem = |problem: &str| unreadable(DESCRIBE, &format!("instance {id}: {problem}"));
        let instance = translate::instance(described).map_err(|e| problem(&e.to_string()))?;
        let arn = described.db_instance_arn().ok_or_else(|| problem("DBInstanceArn is absent"))?;
        Ok(Some(Observed { instance, arn: arn.to_owned(), service: service(described) }))
    }
}

/// What it is configured with; what RDS has taken and not made yet counts.
fn service(described: &DbInstance) -> Service {
    let pending = described.pending_modified_values();
    // One that is being removed is listed until it has gone.
    let groups = described.vpc_security_groups().iter().filter(|g| g.status() != Some("removing"));
    let groups = groups.filter_map(|g| g.vpc_security_group_id());
    let parameters = described.db_parameter_groups().first();
    let apply_status = parameters.and_then(|group| group.parameter_apply_status()).unwrap_or_default();
    let pending_days = pending.and_then(PendingModifiedValues::backup_retention_period);
    let pending_copy = pending.and_then(PendingModifiedValues::multi_az);
    let pending_class = pending.and_then(|p| p.db_instance_class());
    let days = pending_days.or(described.backup_retention_period()).unwrap_or_default();
    let class = pending_class.or(described.db_instance_class()).unwrap_or_default();
    let going_on = [
        pending_days.map(|_| "backup_retention_days"),
        pending_copy.map(|_| "multi_az"),
        pending_class.map(|_| "instance_class"),
    ];
    Service {
        security_groups: groups.map(str::to_owned).collect(),
        parameter_group: parameters.and_then(|group| group.db_parameter_group_name()).map(str::to_owned),
        is_reboot_pending: apply_status == "pending-reboot",
        instance_class: class.to_owned(),
        is_changing: pending_class.is_some() || apply_status == "applying",
        backup_retention_days: u64::try_from(days).unwrap_or_default(),
        multi_az: pending_copy.or(described.multi_az()).unwrap_or_default(),
        going_on: going_on.into_iter().flatten().collect(),
    }
}

impl PromoteReplica for Rds {
    #[expect(clippy::disallowed_methods, reason = "the one place that puts tags on; it takes the proof")]
    async fn tag(&self, replica: &Promotable, tags: &BTreeMap<String, String>) -> Result<(), RdsError> {
        let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
        self.client
            .add_tags_to_resource()
            .resource_name(replica.arn())
            .set_tags(Some(tags.collect()))
            .send()
            .await
            .map(drop)
            .map_err(|e| rds_error("AddTagsToResource", e))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that starts an instance; it takes the proof"
    )]
    async fn start(&self, replica: &Promotable) -> Result<(), RdsError> {
        self.client
            .start_db_instance()
            .db_instance_identifier(replica.id().as_str())
            .send()
            .await
            .map(drop)
            .map_err(|e| rds_error("StartDBInstance", e))
    }

    /// Says `ApplyImmediately`: what waits for the maintenance window is not there when it is needed.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that modifies an instance; it takes the proof"
    )]
    async fn modify(&self, replica: &Promotable, changes: &Changes) -> Result<(), RdsError> {
        let days = changes.backup_retention_days.map(|days| i32::try_from(days).unwrap_or(i32::MAX));
        self.client
            .modify_db_instance()
            .db_instance_identifier(replica.id().as_str())
            .set_vpc_security_group_ids(changes.security_groups.clone())
            .set_db_parameter_group_name(changes.parameter_group.clone())
            .set_db_instance_class(changes.instance_class.clone())
            .set_deletion_protection(changes.deletion_protection)
            .set_backup_retention_period(days)
            .set_multi_az(changes.multi_az)
            .apply_immediately(true)
            .send()
            .await
            .map(drop)
            .map_err(|e| rds_error(MODIFY, e))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reboots an instance; it takes the proof"
    )]
    async fn reboot(&self, replica: &Promotable) -> Result<(), RdsError> {
        self.client
            .reboot_db_instance()
            .db_instance_identifier(replica.id().as_str())
            .send()
            .await
            .map(drop)
            .map_err(|e| rds_error("RebootDBInstance", e))
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that takes tags off; it takes the proof")]
    async fn disown(&self, replica: &Promotable) -> Result<(), RdsError> {
        self.client
            .remove_tags_from_resource()
            .resource_name(replica.arn())
            .set_tag_keys(Some(OWNERSHIP_TAGS.map(str::to_owned).to_vec()))
            .send()
            .await
            .map(drop)
            .map_err(|e| rds_error("RemoveTagsFromResource", e))
    }
}
