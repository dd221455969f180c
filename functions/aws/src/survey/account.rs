//! The source, the quotas, the key, and the groups of replicas.

use aws_sdk_kms::types::KeyManagerType;
use aws_sdk_rds::types::DbInstance;
use drill::ids::DbiResourceId;
use drill::setup::Looked;
use drill::setup::source::{Facts, KeyManager, Quota, Quotas};

use super::{PAGES_MAX, Survey, looked, present};

const DESCRIBE_INSTANCES: &str = "rds:DescribeDBInstances";

impl Survey {
    /// The instance of that name.
    pub async fn source(&self, id: &str) -> Looked<Facts> {
        let answer = self.rds.describe_db_instances().db_instance_identifier(id).send().await;
        let answer = looked(answer, DESCRIBE_INSTANCES, &["DBInstanceNotFound", "DBInstanceNotFoundFault"]);
        let named =
            |d: &&DbInstance| d.db_instance_identifier().is_some_and(|name| name.eq_ignore_ascii_case(id));
        match present(answer, |answer| answer.db_instances().iter().find(named).map(facts)) {
            Looked::Found(Ok(facts)) => Looked::Found(facts),
            Looked::Found(Err(field)) => {
                Looked::Failed { problem: format!("RDS told no usable {field} of {id}") }
            }
            Looked::Absent => Looked::Absent,
            Looked::Denied { right } => Looked::Denied { right },
            Looked::Failed { problem } => Looked::Failed { problem },
        }
    }

    /// The instances of the account in the Region, each with its engine.
    pub async fn instances(&self) -> Looked<Vec<(String, String)>> {
        let (mut found, mut marker) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let call = self.rds.describe_db_instances().max_records(100).set_marker(marker);
            let page = match looked(call.send().await, DESCRIBE_INSTANCES, &[]) {
                Looked::Found(page) => page,
                other => return other.map(|_| Vec::new()),
            };
            found.extend(page.db_instances().iter().filter_map(|instance| {
                Some((instance.db_instance_identifier()?.to_owned(), instance.engine()?.to_owned()))
            }));
            marker = page.marker.filter(|marker| !marker.is_empty());
            if marker.is_none() {
                break;
            }
        }
        Looked::Found(found)
    }

    /// What is used of RDS's quotas.
    pub async fn quotas(&self) -> Looked<Quotas> {
        let answer =
            looked(self.rds.describe_account_attributes().send().await, "rds:DescribeAccountAttributes", &[]);
        answer.map(|answer| {
            let quota = |name: &str| {
                let found = answer.account_quotas().iter().find(|q| q.account_quota_name() == Some(name))?;
                Some(Quota {
                    used: u64::try_from(found.used()?).ok()?,
                    max: u64::try_from(found.max()?).ok()?,
                })
            };
            Quotas { instances: quota("DBInstances"), storage_gib: quota("AllocatedStorage") }
        })
    }

    /// Who manages a key.
    pub async fn key(&self, arn: &str) -> Looked<KeyManager> {
        let answer = self.kms.describe_key().key_id(arn).send().await;
        present(looked(answer, "kms:DescribeKey", &["NotFoundException"]), |answer| {
            match answer.key_metadata()?.key_manager()? {
                KeyManagerType::Aws => Some(KeyManager::Aws),
                _ => Some(KeyManager::Customer),
            }
        })
    }

    /// The VPC of a subnet group.
    pub async fn subnet_group(&self, name: &str) -> Looked<String> {
        let answer = self.rds.describe_db_subnet_groups().db_subnet_group_name(name).send().await;
        let absent = ["DBSubnetGroupNotFoundFault", "DBSubnetGroupNotFound"];
        present(looked(answer, "rds:DescribeDBSubnetGroups", &absent), |answer| {
            answer.db_subnet_groups().first()?.vpc_id().map(str::to_owned)
        })
    }

    /// The family of a parameter group, such as `postgres17`.
    pub async fn parameter_group(&self, name: &str) -> Looked<String> {
        let answer = self.rds.describe_db_parameter_groups().db_parameter_group_name(name).send().await;
        let absent = ["DBParameterGroupNotFound", "DBParameterGroupNotFoundFault"];
        present(looked(answer, "rds:DescribeDBParameterGroups", &absent), |answer| {
            answer.db_parameter_groups().first()?.db_parameter_group_family().map(str::to_owned)
        })
    }
}

fn text(value: Option<&str>) -> Option<String> {
    value.filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The facts, or the name of the field without which there are none.
fn facts(described: &DbInstance) -> Result<Facts, &'static str> {
    let group = described.db_subnet_group();
    let subnets = group.map(aws_sdk_rds::types::DbSubnetGroup::subnets).unwrap_or_default().iter();
    let subnets = subnets.filter_map(|subnet| {
        let zone = subnet.subnet_availability_zone().and_then(|zone| zone.name()).unwrap_or_default();
        Some((subnet.subnet_identifier()?.to_owned(), zone.to_owned()))
    });
    let port = described.endpoint().and_then(aws_sdk_rds::types::Endpoint::port);
    let days = described.backup_retention_period().unwrap_or_default();
    Ok(Facts {
        id: text(described.db_instance_identifier()).ok_or("DBInstanceIdentifier")?,
        arn: text(described.db_instance_arn()).ok_or("DBInstanceArn")?,
        resource_id: described
            .dbi_resource_id()
            .and_then(|id| DbiResourceId::parse(id).ok())
            .ok_or("DbiResourceId")?,
        status: text(described.db_instance_status()).ok_or("DBInstanceStatus")?,
        engine: text(described.engine()).ok_or("Engine")?,
        engine_version: text(described.engine_version()).ok_or("EngineVersion")?,
        cluster: text(described.db_cluster_identifier()),
        replicates: text(described.read_replica_source_db_instance_identifier()),
        instance_class: text(described.db_instance_class()).ok_or("DBInstanceClass")?,
        storage_gib: described
            .allocated_storage()
            .and_then(|gib| u32::try_from(gib).ok())
            .ok_or("AllocatedStorage")?,
        storage_type: text(described.storage_type()),
        multi_az: described.multi_az().unwrap_or_default(),
        is_public: described.publicly_accessible().unwrap_or_default(),
        deletion_protection: described.deletion_protection().unwrap_or_default(),
        iam_authentication: described.iam_database_authentication_enabled().unwrap_or_default(),
        kms_key: described
            .storage_encrypted()
            .unwrap_or_default()
            .then(|| text(described.kms_key_id()))
            .flatten(),
        vpc: group.and_then(|group| text(group.vpc_id())),
        subnets: subnets.collect(),
        backup_window: text(described.preferred_backup_window()),
        retention_days: u32::try_from(days).unwrap_or_default(),
        port: port.and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0),
        database: text(described.db_name()),
    })
}
