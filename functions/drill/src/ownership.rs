//! Whose an instance is. The only way to the proof that stopping and deleting ask for.
//!
//! Decides from what RDS said in the same invocation, never from a state's input, and never acts.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::ids::{DbiResourceId, Deployment, DrillId, ReplicaId, SourceId, rfc3339};
use crate::instance::{Instance, InstanceStatus};

/// Tag: the deployment that made the replica. IAM lets the product delete only what carries it.
pub const TAG_DEPLOYMENT: &str = "restore-drill:deployment";
/// Tag: the source's DB instance identifier.
pub const TAG_SOURCE: &str = "restore-drill:source";
/// Tag: the source's `DbiResourceId` at the time of the drill.
pub const TAG_SOURCE_RESOURCE_ID: &str = "restore-drill:source-resource-id";
/// Tag: the drill that made the replica.
pub const TAG_DRILL: &str = "restore-drill:drill";
/// Tag: the backup that the replica was restored from: a snapshot's id or `point-in-time`.
pub const TAG_BACKUP: &str = "restore-drill:backup";
/// Tag: the time of the data in that backup, RFC 3339.
pub const TAG_BACKUP_DATA_AT: &str = "restore-drill:backup-data-at";
/// Tag that a person puts on a replica to keep it, whatever its value: nothing here touches it then.
pub const TAG_HOLD: &str = "restore-drill:hold";
/// Tag that `restore-drill promote` puts on, with the drill that made the replica as its value: the instance is
/// production, or is becoming it. It stays when the tags of [`OWNERSHIP_TAGS`] have gone.
pub const TAG_PROMOTED: &str = "restore-drill:promoted";
/// The tags by which an instance is ours: a promotion takes them off in its last step.
pub const OWNERSHIP_TAGS: [&str; 6] =
    [TAG_DEPLOYMENT, TAG_SOURCE, TAG_SOURCE_RESOURCE_ID, TAG_DRILL, TAG_BACKUP, TAG_BACKUP_DATA_AT];

/// The tags that every replica gets in the call that creates it.
pub fn replica_tags(
    deployment: &Deployment,
    drill: &DrillId,
    source_resource_id: &DbiResourceId,
    backup: &str,
    backup_data_at: DateTime<Utc>,
) -> BTreeMap<String, String> {
    [
        (TAG_DEPLOYMENT, deployment.to_string()),
        (TAG_SOURCE, drill.source().to_string()),
        (TAG_SOURCE_RESOURCE_ID, source_resource_id.to_string()),
        (TAG_DRILL, drill.to_string()),
        (TAG_BACKUP, backup.to_owned()),
        (TAG_BACKUP_DATA_AT, rfc3339(backup_data_at)),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect()
}

/// What must be true of an instance for it to be ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ownership {
    /// This deployment, from the function's own settings, never from a state's input.
    pub deployment: Deployment,
    /// The `DbiResourceId`s of every source that RDS listed in this invocation under the name that
    /// the replica's tag gives; never ours.
    pub source_resource_ids: Vec<DbiResourceId>,
}

/// Why an instance isn't ours to touch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    /// A tag is missing or carries another value.
    #[error("its tag {tag} is {found}, not ours")]
    Tag {
        /// The tag's key.
        tag: &'static str,
        /// What was found, "absent" included.
        found: String,
    },
    /// Its name isn't the one that its drill gives.
    #[error("its name is {found}, not {expected}: it was renamed or is somebody else's")]
    Name {
        /// The name that follows from deployment and drill.
        expected: String,
        /// The name that RDS reports.
        found: String,
    },
    /// It is the source of the drill.
    #[error("it is the source itself")]
    IsSource,
    /// A person holds it by the tag `restore-drill:hold`.
    #[error("it is on hold by the tag {TAG_HOLD}")]
    Held,
    /// It was promoted to production, whatever its other tags say.
    #[error("it was promoted to production")]
    Promoted,
    /// Somebody promotes it: it has the tag, and ours as well.
    #[error("its promotion was begun and isn't finished: 'restore-drill promote' goes on where it stopped")]
    BeingPromoted,
}

/// Proof that an instance is a replica of this deployment, that nobody holds it, and that it isn't a
/// source. Stopping and deleting take it instead of a name.
///
/// Its only constructor is [`OwnedReplica::confirm`]. It can't be serialized, so it never travels from
/// one state to the next: each invocation confirms anew on what RDS says then.
///
/// Deleting takes a proof:
/// ```
/// # use drill::{ids::*, ownership::*, ports::*};
/// async fn retire(rds: &impl DeleteReplica, replica: &OwnedReplica) -> Result<(), RdsError> {
///     rds.delete(replica).await
/// }
/// ```
/// and no name will do:
/// ```compile_fail,E0308
/// # use drill::{ids::*, ownership::*, ports::*};
/// async fn retire(rds: &impl DeleteReplica, replica: &SourceId) -> Result<(), RdsError> {
///     rds.delete(replica).await
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedReplica {
    id: ReplicaId,
    resource_id: DbiResourceId,
    drill: DrillId,
    status: InstanceStatus,
    backup: String,
    backup_data_at: DateTime<Utc>,
    automatic_restart_at: Option<DateTime<Utc>>,
    deletion_protection: bool,
}

impl OwnedReplica {
    /// Confirms that `instance`, as RDS described it in this invocation, is a replica of ours.
    ///
    /// # Errors
    /// [`NotOurs`] with the first thing that speaks against it.
    pub fn confirm(instance: &Instance, ownership: &Ownership) -> Result<Self, NotOurs> {
        let tag = |key: &'static str| {
            instance.tags.get(key).ok_or_else(|| NotOurs::Tag { tag: key, found: "absent".to_owned() })
        };
        let wrong = |tag: &'static str, found: &str| NotOurs::Tag { tag, found: format!("{found:?}") };

        if instance.tags.contains_key(TAG_PROMOTED) {
            let is_disowned = !is_tagged_ours(instance);
            return Err(if is_disowned { NotOurs::Promoted } else { NotOurs::BeingPromoted });
        }
        let deployment = tag(TAG_DEPLOYMENT)?;
        if deployment != ownership.deployment.as_str() {
            return Err(wrong(TAG_DEPLOYMENT, deployment));
        }
        let drill = tag(TAG_DRILL)?;
        let drill = DrillId::parse(drill).map_err(|_| wrong(TAG_DRILL, drill))?;
        let source = tag(TAG_SOURCE)?;
        let source = SourceId::parse(source)
            .ok()
            .filter(|source| *source == drill.source())
            .ok_or_else(|| wrong(TAG_SOURCE, source))?;
        let source_resource_id = tag(TAG_SOURCE_RESOURCE_ID)?;
        let source_resource_id = DbiResourceId::parse(source_resource_id)
            .map_err(|_| wrong(TAG_SOURCE_RESOURCE_ID, source_resource_id))?;
        let backup_data_at = tag(TAG_BACKUP_DATA_AT)?;
        let backup_data_at = DateTime::parse_from_rfc3339(backup_data_at)
            .map_err(|_| wrong(TAG_BACKUP_DATA_AT, backup_data_at))?
            .to_utc();
        let backup = tag(TAG_BACKUP)?.clone();

        if instance.resource_id == source_resource_id
            || ownership.source_resource_ids.contains(&instance.resource_id)
            || instance.id == source.as_str()
        {
            return Err(NotOurs::IsSource);
        }
        let id = ReplicaId::of(&ownership.deployment, &drill);
        if instance.id != id.as_str() {
            return Err(NotOurs::Name { expected: id.to_string(), found: instance.id.clone() });
        }
        if instance.tags.contains_key(TAG_HOLD) {
            return Err(NotOurs::Held);
        }
        Ok(Self {
            id,
            resource_id: instance.resource_id.clone(),
            drill,
            status: instance.status.clone(),
            backup,
            backup_data_at,
            automatic_restart_at: instance.automatic_restart_at,
            deletion_protection: instance.deletion_protection,
        })
    }

    /// Its DB instance identifier.
    pub fn id(&self) -> &ReplicaId {
        &self.id
    }
    /// Its identity that is never reused.
    pub fn resource_id(&self) -> &DbiResourceId {
        &self.resource_id
    }
    /// The drill that made it.
    pub fn drill(&self) -> &DrillId {
        &self.drill
    }
    /// Its status when it was confirmed.
    pub fn status(&self) -> &InstanceStatus {
        &self.status
    }
    /// The backup that it was restored from, as its tag says.
    pub fn backup(&self) -> &str {
        &self.backup
    }
    /// The time of the data in it.
    pub fn backup_data_at(&self) -> DateTime<Utc> {
        self.backup_data_at
    }
    /// When AWS starts it again, while it is stopped.
    pub fn automatic_restart_at(&self) -> Option<DateTime<Utc>> {
        self.automatic_restart_at
    }
    /// Whether somebody turned its deletion protection on: restores leave it off.
    pub fn deletion_protection(&self) -> bool {
        self.deletion_protection
    }
}

/// Whether the instance has any of the tags that a replica gets when it is created.
pub fn is_tagged_ours(instance: &Instance) -> bool {
    OWNERSHIP_TAGS.iter().any(|tag| instance.tags.contains_key(*tag))
}

/// Whether the instance claims to belong to this deployment, by tag or by name; such an instance is
/// mentioned in reports even where [`OwnedReplica::confirm`] refuses it.
///
/// The name alone counts only while no tag names another deployment: the replicas of a deployment `a-b`
/// begin as those of a deployment `a` do.
pub fn looks_like_ours(instance: &Instance, deployment: &Deployment) -> bool {
    match instance.tags.get(TAG_DEPLOYMENT) {
        Some(tag) if tag == deployment.as_str() => true,
        Some(_) => {
            let drill = instance.tags.get(TAG_DRILL).and_then(|tag| DrillId::parse(tag).ok());
            drill.is_some_and(|drill| instance.id == ReplicaId::of(deployment, &drill).as_str())
        }
        None => instance.id.starts_with(&ReplicaId::prefix(deployment)),
    }
}
