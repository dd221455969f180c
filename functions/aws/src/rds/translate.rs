//! From the SDK's descriptions to ours. A description without a field that we need is refused with
//! the field's name; nothing is made up in its place.

use std::collections::BTreeMap;

use aws_sdk_rds::types::{DbInstance, DbInstanceAutomatedBackup, DbSnapshot, Tag};
use drill::backup::{RestorableWindow, Snapshot};
use drill::ids::{DbiResourceId, SnapshotId};
use drill::instance::{Endpoint, Instance, InstanceStatus};

use crate::time;

/// Why a description can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unusable {
    /// A field is absent.
    #[error("{field} is absent")]
    Absent {
        /// Its name in the API.
        field: &'static str,
    },
    /// A field has a value that we can't read.
    #[error("{field} can't be read: {problem}")]
    Malformed {
        /// Its name in the API.
        field: &'static str,
        /// What is wrong.
        problem: String,
    },
}

fn required<'a>(value: Option<&'a str>, field: &'static str) -> Result<&'a str, Unusable> {
    value.filter(|text| !text.is_empty()).ok_or(Unusable::Absent { field })
}

fn resource_id(value: Option<&str>) -> Result<DbiResourceId, Unusable> {
    let field = "DbiResourceId";
    DbiResourceId::parse(required(value, field)?)
        .map_err(|e| Unusable::Malformed { field, problem: e.to_string() })
}

fn storage_gib(value: Option<i32>) -> Result<u32, Unusable> {
    let field = "AllocatedStorage";
    let value = value.ok_or(Unusable::Absent { field })?;
    u32::try_from(value).map_err(|e| Unusable::Malformed { field, problem: e.to_string() })
}

/// The instance that the SDK describes.
pub(crate) fn instance(described: &DbInstance) -> Result<Instance, Unusable> {
    Ok(Instance {
        id: required(described.db_instance_identifier(), "DBInstanceIdentifier")?.to_owned(),
        resource_id: resource_id(described.dbi_resource_id())?,
        status: InstanceStatus::parse(required(described.db_instance_status(), "DBInstanceStatus")?),
        tags: tags(described.tag_list()),
        endpoint: described.endpoint().and_then(endpoint),
        engine: required(described.engine(), "Engine")?.to_owned(),
        engine_version: required(described.engine_version(), "EngineVersion")?.to_owned(),
        created_at: described.instance_create_time().and_then(time::from_sdk),
        automatic_restart_at: described.automatic_restart_time().and_then(time::from_sdk),
        instance_class: required(described.db_instance_class(), "DBInstanceClass")?.to_owned(),
        allocated_storage_gib: storage_gib(described.allocated_storage())?,
        deletion_protection: described.deletion_protection().unwrap_or_default(),
    })
}

fn tags(list: &[Tag]) -> BTreeMap<String, String> {
    list.iter()
        .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned())))
        .collect()
}

/// RDS names the endpoint's parts one after the other while it creates an instance: half of one is none.
fn endpoint(described: &aws_sdk_rds::types::Endpoint) -> Option<Endpoint> {
    let host = described.address().filter(|host| !host.is_empty())?.to_owned();
    let port = u16::try_from(described.port()?).ok().filter(|port| *port > 0)?;
    Some(Endpoint { host, port })
}

/// The snapshot that the SDK describes. Its times are absent until it is finished.
pub(crate) fn snapshot(described: &DbSnapshot) -> Result<Snapshot, Unusable> {
    let id = required(described.db_snapshot_identifier(), "DBSnapshotIdentifier")?;
    Ok(Snapshot {
        id: SnapshotId::parse(id)
            .map_err(|e| Unusable::Malformed { field: "DBSnapshotIdentifier", problem: e.to_string() })?,
        resource_id: resource_id(described.dbi_resource_id())?,
        instance_id: required(described.db_instance_identifier(), "DBInstanceIdentifier")?.to_owned(),
        snapshot_type: required(described.snapshot_type(), "SnapshotType")?.to_owned(),
        status: required(described.status(), "Status")?.to_owned(),
        created_at: described.snapshot_create_time().and_then(time::from_sdk),
        database_at: described.snapshot_database_time().and_then(time::from_sdk),
        engine: required(described.engine(), "Engine")?.to_owned(),
        engine_version: required(described.engine_version(), "EngineVersion")?.to_owned(),
        storage_type: described.storage_type().map(str::to_owned),
        allocated_storage_gib: storage_gib(described.allocated_storage())?,
    })
}

/// The automated backups that the SDK describes, as what they allow to restore to.
pub(crate) fn window(described: &DbInstanceAutomatedBackup) -> Result<RestorableWindow, Unusable> {
    let window = described.restore_window();
    Ok(RestorableWindow {
        resource_id: resource_id(described.dbi_resource_id())?,
        earliest_at: window.and_then(|w| w.earliest_time()).and_then(time::from_sdk),
        latest_at: window.and_then(|w| w.latest_time()).and_then(time::from_sdk),
        engine_version: required(described.engine_version(), "EngineVersion")?.to_owned(),
        storage_type: described.storage_type().map(str::to_owned),
        allocated_storage_gib: storage_gib(described.allocated_storage())?,
    })
}
