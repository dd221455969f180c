//! Decides which parameters make the requests that create, restore and change instances.

use super::params::Params;
use crate::model::{
    ApiError, Changes, CreateInstance, ModifyInstance, Password, RestoreFromSnapshot, RestoreToPointInTime,
};

pub(super) fn read_create(params: &Params) -> Result<CreateInstance, ApiError> {
    let password = match params.text("MasterUserPassword") {
        Some(text) => Password::new(text),
        None if params.flag("ManageMasterUserPassword")?.unwrap_or(false) => {
            return Err(ApiError::combination(
                "This double has no Secrets Manager: give MasterUserPassword.",
            ));
        }
        None => return Err(ApiError::missing("MasterUserPassword")),
    };
    Ok(CreateInstance {
        id: params.required("DBInstanceIdentifier")?,
        engine: params.required("Engine")?,
        engine_version: params.text("EngineVersion"),
        master_user: params.required("MasterUsername")?,
        master_password: password,
        database: params.text("DBName"),
        kms_key_id: params.text("KmsKeyId"),
        encrypted: params.flag("StorageEncrypted")?.unwrap_or(false),
        tags: params.tags(),
        changes: read_changes(params)?,
    })
}

pub(super) fn read_restore(params: &Params) -> Result<RestoreFromSnapshot, ApiError> {
    Ok(RestoreFromSnapshot {
        id: params.required("DBInstanceIdentifier")?,
        snapshot_id: params.required("DBSnapshotIdentifier")?,
        engine: params.text("Engine"),
        tags: params.tags(),
        changes: read_changes(params)?,
    })
}

pub(super) fn read_point_in_time(params: &Params) -> Result<RestoreToPointInTime, ApiError> {
    Ok(RestoreToPointInTime {
        id: params.required("TargetDBInstanceIdentifier")?,
        source_id: params.text("SourceDBInstanceIdentifier"),
        source_resource_id: params.text("SourceDbiResourceId"),
        automated_backups_arn: params.text("SourceDBInstanceAutomatedBackupsArn"),
        time: params.time("RestoreTime")?,
        use_latest: params.flag("UseLatestRestorableTime")?.unwrap_or(false),
        engine: params.text("Engine"),
        tags: params.tags(),
        changes: read_changes(params)?,
    })
}

pub(super) fn read_modify(params: &Params) -> Result<ModifyInstance, ApiError> {
    Ok(ModifyInstance {
        id: params.required("DBInstanceIdentifier")?,
        new_id: params.text("NewDBInstanceIdentifier"),
        master_password: params.text("MasterUserPassword").map(Password::new),
        engine_version: params.text("EngineVersion"),
        apply_immediately: params.flag("ApplyImmediately")?.unwrap_or(false),
        changes: read_changes(params)?,
    })
}

fn read_changes(params: &Params) -> Result<Changes, ApiError> {
    Ok(Changes {
        class: params.text("DBInstanceClass"),
        allocated_storage_gib: params.number("AllocatedStorage")?,
        storage_type: params.text("StorageType"),
        multi_az: params.flag("MultiAZ")?,
        publicly_accessible: params.flag("PubliclyAccessible")?,
        auto_minor_version_upgrade: params.flag("AutoMinorVersionUpgrade")?,
        deletion_protection: params.flag("DeletionProtection")?,
        copy_tags_to_snapshot: params.flag("CopyTagsToSnapshot")?,
        iam_authentication: params.flag("EnableIAMDatabaseAuthentication")?,
        backup_retention_days: params.number("BackupRetentionPeriod")?,
        parameter_group: params.text("DBParameterGroupName"),
        security_groups: params.some_list("VpcSecurityGroupIds"),
        subnet_group: params.text("DBSubnetGroupName"),
        availability_zone: params.text("AvailabilityZone"),
        ca_certificate: params.text("CACertificateIdentifier"),
        engine_lifecycle_support: params.text("EngineLifecycleSupport"),
        backup_window: params.text("PreferredBackupWindow"),
        maintenance_window: params.text("PreferredMaintenanceWindow"),
        option_group: params.text("OptionGroupName"),
    })
}
