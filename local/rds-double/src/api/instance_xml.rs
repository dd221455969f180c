//! Decides which elements an instance and its automated backups have in an answer.

use chrono::{TimeZone, Utc};

use super::snapshot_xml::tags;
use super::xml::Xml;
use crate::model::{AutomatedBackup, Changes, Instance, InstanceView};

/// The VPC in which everything is.
pub(super) const VPC: &str = "vpc-00000000000000001";

/// The port that RDS would listen on; real ports are in endpoints only.
pub(super) const DEFAULT_PORT: i64 = 5432;

pub(super) fn instance(xml: &mut Xml, view: &InstanceView) {
    let instance = &view.instance;
    let settings = &instance.settings;
    xml.text("DBInstanceIdentifier", &instance.id);
    xml.text("DBInstanceClass", &settings.class);
    xml.text("Engine", "postgres");
    xml.text("DBInstanceStatus", instance.status.as_str());
    xml.text("MasterUsername", &instance.master_user);
    xml.some("DBName", instance.database.as_deref());
    if let Some(endpoint) = &instance.endpoint {
        xml.element("Endpoint", |xml| {
            xml.text("Address", &endpoint.host);
            xml.number("Port", endpoint.port);
            xml.text("HostedZoneId", "Z0000000000001");
        });
    }
    xml.number("AllocatedStorage", settings.allocated_storage_gib);
    xml.time("InstanceCreateTime", instance.created_at);
    xml.text("PreferredBackupWindow", &settings.backup_window);
    xml.number("BackupRetentionPeriod", settings.backup_retention_days);
    xml.element("DBSecurityGroups", |_| {});
    groups(xml, instance);
    let owner = view.arn.split(":db:").next().unwrap_or(&view.arn);
    xml.element("DBSubnetGroup", |xml| subnet_group(xml, &settings.subnet_group, owner));
    xml.text("PreferredMaintenanceWindow", &settings.maintenance_window);
    xml.element("PendingModifiedValues", |xml| pending(xml, instance));
    xml.time("LatestRestorableTime", view.latest_restorable_at);
    xml.flag("MultiAZ", settings.multi_az);
    xml.text("EngineVersion", &instance.engine_version);
    xml.flag("AutoMinorVersionUpgrade", settings.auto_minor_version_upgrade);
    xml.element("ReadReplicaDBInstanceIdentifiers", |_| {});
    xml.text("LicenseModel", "postgresql-license");
    xml.flag("PubliclyAccessible", settings.publicly_accessible);
    xml.text("StorageType", &settings.storage_type);
    xml.number("DbInstancePort", 0);
    xml.flag("StorageEncrypted", instance.kms_key_id.is_some());
    xml.some("KmsKeyId", instance.kms_key_id.as_deref());
    xml.text("DbiResourceId", instance.resource_id.as_str());
    xml.text("CACertificateIdentifier", &settings.ca_certificate);
    xml.element("DomainMemberships", |_| {});
    xml.flag("CopyTagsToSnapshot", settings.copy_tags_to_snapshot);
    xml.number("MonitoringInterval", 0);
    xml.text("DBInstanceArn", &view.arn);
    xml.flag("IAMDatabaseAuthenticationEnabled", settings.iam_authentication);
    xml.flag("PerformanceInsightsEnabled", false);
    xml.flag("DeletionProtection", settings.deletion_protection);
    xml.element("AssociatedRoles", |_| {});
    tags(xml, &instance.tags);
    xml.flag("CustomerOwnedIpEnabled", false);
    xml.text("NetworkType", "IPV4");
    xml.text("ActivityStreamStatus", "stopped");
    xml.text("BackupTarget", "region");
    xml.time("AutomaticRestartTime", instance.automatic_restart_at());
    xml.element("CertificateDetails", |xml| {
        xml.text("CAIdentifier", &settings.ca_certificate);
        xml.time("ValidTill", Utc.with_ymd_and_hms(2061, 1, 1, 0, 0, 0).single());
    });
    xml.flag("DedicatedLogVolume", false);
    xml.text("EngineLifecycleSupport", &settings.engine_lifecycle_support);
}

fn groups(xml: &mut Xml, instance: &Instance) {
    let settings = &instance.settings;
    xml.list("VpcSecurityGroups", &settings.security_groups, |xml, id| {
        xml.element("VpcSecurityGroupMembership", |xml| {
            xml.text("VpcSecurityGroupId", id);
            xml.text("Status", "active");
        });
    });
    xml.element("DBParameterGroups", |xml| {
        xml.element("DBParameterGroup", |xml| {
            xml.text("DBParameterGroupName", &settings.parameter_group);
            let status = if instance.is_reboot_pending { "pending-reboot" } else { "in-sync" };
            xml.text("ParameterApplyStatus", status);
        });
    });
    xml.element("OptionGroupMemberships", |xml| {
        xml.element("OptionGroupMembership", |xml| {
            xml.text("OptionGroupName", &settings.option_group);
            xml.text("Status", "in-sync");
        });
    });
    xml.text("AvailabilityZone", &settings.availability_zone);
}

/// A subnet group: always the VPC's two subnets, in two zones of the Region that `owner`, the beginning of an ARN, names.
pub(super) fn subnet_group(xml: &mut Xml, name: &str, owner: &str) {
    let region = owner.split(':').nth(3).unwrap_or_default();
    xml.text("DBSubnetGroupName", name);
    xml.text("DBSubnetGroupDescription", name);
    xml.text("VpcId", VPC);
    xml.text("SubnetGroupStatus", "Complete");
    xml.element("Subnets", |xml| {
        for (id, zone) in [("subnet-00000000000000001", 'a'), ("subnet-00000000000000002", 'b')] {
            xml.element("Subnet", |xml| {
                xml.text("SubnetIdentifier", id);
                xml.element("SubnetAvailabilityZone", |xml| xml.text("Name", &format!("{region}{zone}")));
                xml.element("SubnetOutpost", |_| {});
                xml.text("SubnetStatus", "Active");
            });
        }
    });
    xml.text("DBSubnetGroupArn", &format!("{owner}:subgrp:{name}"));
}

fn pending(xml: &mut Xml, instance: &Instance) {
    let Changes {
        class,
        allocated_storage_gib,
        storage_type,
        multi_az,
        iam_authentication,
        backup_retention_days,
        ca_certificate,
        ..
    } = &instance.pending;
    xml.some("DBInstanceClass", class.as_deref());
    if let Some(size) = allocated_storage_gib {
        xml.number("AllocatedStorage", *size);
    }
    if let Some(days) = backup_retention_days {
        xml.number("BackupRetentionPeriod", *days);
    }
    if let Some(wanted) = multi_az {
        xml.flag("MultiAZ", *wanted);
    }
    xml.some("DBInstanceIdentifier", instance.pending_id.as_deref());
    xml.some("StorageType", storage_type.as_deref());
    xml.some("CACertificateIdentifier", ca_certificate.as_deref());
    if let Some(wanted) = iam_authentication {
        xml.flag("IAMDatabaseAuthenticationEnabled", *wanted);
    }
}

pub(super) fn automated_backup(xml: &mut Xml, backup: &AutomatedBackup) {
    let instance = &backup.instance;
    let settings = &instance.settings;
    xml.text("DBInstanceArn", &backup.instance_arn);
    xml.text("DbiResourceId", instance.resource_id.as_str());
    xml.some("Region", backup.arn.split(':').nth(3));
    xml.text("DBInstanceIdentifier", &instance.id);
    xml.element("RestoreWindow", |xml| {
        xml.time("EarliestTime", backup.window.map(|window| window.0));
        xml.time("LatestTime", backup.window.map(|window| window.1));
    });
    xml.number("AllocatedStorage", settings.allocated_storage_gib);
    xml.text("Status", backup.status);
    xml.number("Port", DEFAULT_PORT);
    xml.text("AvailabilityZone", &settings.availability_zone);
    xml.text("VpcId", VPC);
    xml.time("InstanceCreateTime", instance.created_at);
    xml.text("MasterUsername", &instance.master_user);
    xml.text("Engine", "postgres");
    xml.text("EngineVersion", &instance.engine_version);
    xml.text("LicenseModel", "postgresql-license");
    if backup.status != "retained" {
        xml.text("OptionGroupName", &settings.option_group);
    }
    xml.flag("Encrypted", instance.kms_key_id.is_some());
    xml.text("StorageType", &settings.storage_type);
    xml.some("KmsKeyId", instance.kms_key_id.as_deref());
    xml.flag("IAMDatabaseAuthenticationEnabled", settings.iam_authentication);
    xml.number("BackupRetentionPeriod", settings.backup_retention_days);
    xml.text("PreferredBackupWindow", &settings.backup_window);
    xml.text("DBInstanceAutomatedBackupsArn", &backup.arn);
    xml.text("BackupTarget", "region");
    tags(xml, &instance.tags);
}
