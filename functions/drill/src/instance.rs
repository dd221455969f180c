//! A DB instance as RDS described it, and what its status means for a drill.
//!
//! Decides the class of every status. Never decides whether to wait or to give up: that needs a
//! goal and a deadline, see [`crate::observation`].

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::DbiResourceId;

/// A DB instance as RDS described it at one moment. The id is plain text on purpose: what RDS
/// lists may be anybody's instance, and only [`crate::ownership`] can say that it is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// The DB instance identifier; people may rename an instance.
    pub id: String,
    /// The identity that never changes and is never reused.
    pub resource_id: DbiResourceId,
    /// The status that RDS reported.
    pub status: InstanceStatus,
    /// All tags of the instance.
    pub tags: BTreeMap<String, String>,
    /// Host and port, absent while the instance is being created.
    pub endpoint: Option<Endpoint>,
    /// `postgres` for RDS for PostgreSQL.
    pub engine: String,
    /// Version of the engine, such as `16.4`.
    pub engine_version: String,
    /// When it was created; absent while it is being created.
    pub created_at: Option<DateTime<Utc>>,
    /// When AWS will start it again by itself: 7 days after it was stopped. Only while stopped.
    pub automatic_restart_at: Option<DateTime<Utc>>,
    /// DB instance class, such as `db.t4g.medium`.
    pub instance_class: String,
    /// Allocated storage in GiB.
    pub allocated_storage_gib: u32,
    /// Whether RDS refuses to delete it.
    pub deletion_protection: bool,
}

/// Where the database listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Host name, which the server's certificate must carry.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// What a status means for a drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatusClass {
    /// The database can be queried.
    Ready,
    /// Something is under way that ends by itself.
    Progressing,
    /// The instance is stopped: nothing runs, its storage is billed.
    Stopped,
    /// It won't become ready without somebody's help.
    Terminal,
}

macro_rules! statuses {
    ($($(#[$doc:meta])* $variant:ident = $text:literal => $class:ident,)*) => {
        /// The status of a DB instance.
        ///
        /// The 34 documented ones (Amazon RDS User Guide, "Viewing Amazon RDS DB instance status",
        /// read 2026-11), three more that are seen in AWS's own code, and [`InstanceStatus::Other`].
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum InstanceStatus {
            $($(#[$doc])* #[doc = concat!("`", $text, "`")] $variant,)*
            /// A status that this version doesn't know. It counts as progressing until the deadline,
            /// then the drill fails closed; it is never ready and never makes an instance deletable.
            Other(String),
        }

        impl InstanceStatus {
            /// Every known status.
            pub const KNOWN: &[InstanceStatus] = &[$(InstanceStatus::$variant),*];

            /// Reads the text of the API's `DBInstanceStatus`.
            pub fn parse(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)*
                    other => Self::Other(other.to_owned()),
                }
            }

            /// The text of the API.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(text) => text,
                }
            }

            /// What the status means for a drill.
            pub fn class(&self) -> StatusClass {
                match self {
                    $(Self::$variant => StatusClass::$class,)*
                    Self::Other(_) => StatusClass::Progressing,
                }
            }
        }
    };
}

statuses! {
    Available = "available" => Ready,
    StorageOptimization = "storage-optimization" => Ready,
    StorageInitialization = "storage-initialization" => Ready,
    // Probably connectable, but it can't be stopped; `available` follows.
    BackingUp = "backing-up" => Progressing,
    Creating = "creating" => Progressing,
    Modifying = "modifying" => Progressing,
    Rebooting = "rebooting" => Progressing,
    Renaming = "renaming" => Progressing,
    Starting = "starting" => Progressing,
    Stopping = "stopping" => Progressing,
    Deleting = "deleting" => Progressing,
    DeletePrecheck = "delete-precheck" => Progressing,
    Maintenance = "maintenance" => Progressing,
    Upgrading = "upgrading" => Progressing,
    ResettingMasterCredentials = "resetting-master-credentials" => Progressing,
    ConfiguringEnhancedMonitoring = "configuring-enhanced-monitoring" => Progressing,
    ConfiguringIamDatabaseAuth = "configuring-iam-database-auth" => Progressing,
    ConfiguringLogExports = "configuring-log-exports" => Progressing,
    ConvertingToVpc = "converting-to-vpc" => Progressing,
    MovingToVpc = "moving-to-vpc" => Progressing,
    StorageConfigUpgrade = "storage-config-upgrade" => Progressing,
    Stopped = "stopped" => Stopped,
    Failed = "failed" => Terminal,
    RestoreError = "restore-error" => Terminal,
    IncompatibleCreate = "incompatible-create" => Terminal,
    IncompatibleNetwork = "incompatible-network" => Terminal,
    IncompatibleOptionGroup = "incompatible-option-group" => Terminal,
    IncompatibleParameters = "incompatible-parameters" => Terminal,
    IncompatibleRestore = "incompatible-restore" => Terminal,
    InsufficientCapacity = "insufficient-capacity" => Terminal,
    StorageFull = "storage-full" => Terminal,
    InaccessibleEncryptionCredentials = "inaccessible-encryption-credentials" => Terminal,
    InaccessibleEncryptionCredentialsRecoverable = "inaccessible-encryption-credentials-recoverable" => Terminal,
    UpgradeFailed = "upgrade_failed" => Terminal,
    /// Not documented, seen in AWS's own code:
    IncompatibleCredentials = "incompatible-credentials" => Terminal,
    /// Not documented, seen in AWS's own code:
    ModifyFailed = "modify-failed" => Terminal,
    /// Not documented, seen in AWS's own code:
    UpgradeFailedHyphen = "upgrade-failed" => Terminal,
}

impl InstanceStatus {
    /// Whether somebody has asked RDS to delete the instance.
    pub fn is_being_deleted(&self) -> bool {
        matches!(self, Self::Deleting | Self::DeletePrecheck)
    }
}

impl std::fmt::Display for InstanceStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for InstanceStatus {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for InstanceStatus {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::parse(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_class(class: StatusClass) -> usize {
        InstanceStatus::KNOWN.iter().filter(|s| s.class() == class).count()
    }

    #[test]
    fn every_documented_status_is_classified() {
        let undocumented = 3;
        assert_eq!(InstanceStatus::KNOWN.len() - undocumented, 34);
        assert_eq!(of_class(StatusClass::Ready), 3);
        assert_eq!(of_class(StatusClass::Stopped), 1);
        assert_eq!(of_class(StatusClass::Progressing), 18);
        assert_eq!(of_class(StatusClass::Terminal), 12 + undocumented);
    }

    #[test]
    fn an_unknown_status_progresses_and_keeps_its_text() {
        let status = InstanceStatus::parse("levitating");
        assert_eq!(status.class(), StatusClass::Progressing);
        assert_eq!(status.as_str(), "levitating");
    }

    #[test]
    fn every_known_status_is_read_back_from_its_text() {
        for status in InstanceStatus::KNOWN {
            assert_eq!(&InstanceStatus::parse(status.as_str()), status);
        }
    }
}
