//! Creating a replica.
//!
//! Everything that RDS would take from the source or from a default is said, and said the same for
//! both ways to restore; the tests read it off the wire.

use aws_sdk_rds::types::{DbInstance, Tag};
use chrono::{DateTime, Utc};
use drill::ids::{DbiResourceId, SnapshotId};
use drill::ports::{RdsError, RestoreAnswer, RestoreFrom, RestoreReplica, RestoreRequest};

use super::error::{rds_error, unreadable};
use super::{Rds, translate};
use crate::time;

const FROM_SNAPSHOT: &str = "RestoreDBInstanceFromDBSnapshot";
const POINT_IN_TIME: &str = "RestoreDBInstanceToPointInTime";

/// No automated backups of the replica: RDS would take over the source's retention, and back the
/// replica up for hours before it can be stopped (`BackupRetentionPeriod`, API reference).
const NO_BACKUPS: i32 = 0;

impl RestoreReplica for Rds {
    async fn restore(&self, request: &RestoreRequest) -> Result<RestoreAnswer, RdsError> {
        let (operation, answer) = match &request.from {
            RestoreFrom::Snapshot(snapshot) => {
                (FROM_SNAPSHOT, self.restore_snapshot(request, snapshot).await)
            }
            RestoreFrom::PointInTime { source, at } => {
                (POINT_IN_TIME, self.restore_point_in_time(request, source, *at).await)
            }
        };
        match answer {
            Ok(Some(created)) => translate::instance(&created)
                .map(|instance| RestoreAnswer::Accepted(Box::new(instance)))
                .map_err(|problem| unreadable(operation, &format!("replica {}: {problem}", request.replica))),
            Ok(None) => {
                Err(unreadable(operation, &format!("the answer names no instance for {}", request.replica)))
            }
            Err(error) if error.code == "DBInstanceAlreadyExists" => Ok(RestoreAnswer::AlreadyExists),
            Err(error) => Err(error),
        }
    }
}

impl Rds {
    async fn restore_snapshot(
        &self,
        request: &RestoreRequest,
        snapshot: &SnapshotId,
    ) -> Result<Option<DbInstance>, RdsError> {
        self.client
            .restore_db_instance_from_db_snapshot()
            .db_snapshot_identifier(snapshot.as_str())
            .db_instance_identifier(request.replica.as_str())
            .db_instance_class(&request.instance_class)
            .db_subnet_group_name(&request.subnet_group)
            .set_vpc_security_group_ids(Some(request.security_groups.clone()))
            .set_db_parameter_group_name(request.parameter_group.clone())
            .set_storage_type(request.storage_type.clone())
            .set_tags(Some(tags(request)))
            .backup_retention_period(NO_BACKUPS)
            .publicly_accessible(false)
            .multi_az(false)
            .enable_iam_database_authentication(true)
            .copy_tags_to_snapshot(false)
            .deletion_protection(false)
            .auto_minor_version_upgrade(false)
            .engine_lifecycle_support(lifecycle(request))
            .send()
            .await
            .map(|answer| answer.db_instance)
            .map_err(|e| rds_error(FROM_SNAPSHOT, e))
    }

    /// The source is named by the identity that is never reused, so that a new instance of its name
    /// can't take its place.
    async fn restore_point_in_time(
        &self,
        request: &RestoreRequest,
        source: &DbiResourceId,
        at: DateTime<Utc>,
    ) -> Result<Option<DbInstance>, RdsError> {
        self.client
            .restore_db_instance_to_point_in_time()
            .source_dbi_resource_id(source.as_str())
            .restore_time(time::to_sdk(at))
            .use_latest_restorable_time(false)
            .target_db_instance_identifier(request.replica.as_str())
            .db_instance_class(&request.instance_class)
            .db_subnet_group_name(&request.subnet_group)
            .set_vpc_security_group_ids(Some(request.security_groups.clone()))
            .set_db_parameter_group_name(request.parameter_group.clone())
            .set_storage_type(request.storage_type.clone())
            .set_tags(Some(tags(request)))
            .backup_retention_period(NO_BACKUPS)
            .publicly_accessible(false)
            .multi_az(false)
            .enable_iam_database_authentication(true)
            .copy_tags_to_snapshot(false)
            .deletion_protection(false)
            .auto_minor_version_upgrade(false)
            .engine_lifecycle_support(lifecycle(request))
            .send()
            .await
            .map(|answer| answer.db_instance)
            .map_err(|e| rds_error(POINT_IN_TIME, e))
    }
}

fn tags(request: &RestoreRequest) -> Vec<Tag> {
    request.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// RDS enrols a restored old major version in Extended Support, which is billed, unless told not to.
fn lifecycle(request: &RestoreRequest) -> &'static str {
    if request.extended_support {
        "open-source-rds-extended-support"
    } else {
        "open-source-rds-extended-support-disabled"
    }
}
