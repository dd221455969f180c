//! The section that says what a replica becomes when it is made production.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::limits;
use super::settings::GROUP_NAME;

/// What a replica gets when `restore-drill promote` makes it production.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PromotionSettings {
    /// Production's security groups; the isolated replica's let in the verifier alone.
    #[schemars(
        length(min = 1, max = limits::SECURITY_GROUPS_MAX), inner(regex(pattern = r"^sg-[0-9a-f]{1,32}$")),
        extend("uniqueItems" = true)
    )]
    pub security_groups: Vec<String>,
    /// Production's DB parameter group, which costs a reboot; the replica's own when absent.
    #[serde(default)]
    #[schemars(length(max = limits::GROUP_NAME_MAX_BYTES), regex(pattern = GROUP_NAME))]
    pub parameter_group: Option<String>,
    /// Production's DB instance class, which costs minutes before the first query; the replica's own when absent.
    #[serde(default)]
    #[schemars(regex(pattern = r"^db(\.[a-z0-9]+){2,}$"))]
    pub instance_class: Option<String>,
    /// For how many days RDS keeps production's automated backups.
    #[serde(default = "PromotionSettings::default_backup_retention_days")]
    #[schemars(range(min = 1, max = limits::BACKUP_RETENTION_MAX_DAYS))]
    pub backup_retention_days: u64,
    /// Whether a second copy stands by in another zone; it is made in the background.
    #[serde(default = "PromotionSettings::default_multi_az")]
    pub multi_az: bool,
    /// Whether RDS refuses to delete production.
    #[serde(default = "PromotionSettings::default_deletion_protection")]
    pub deletion_protection: bool,
}

impl PromotionSettings {
    /// What most people choose, and a week to notice.
    pub(super) fn default_backup_retention_days() -> u64 {
        7
    }
    pub(super) fn default_multi_az() -> bool {
        true
    }
    pub(super) fn default_deletion_protection() -> bool {
        true
    }
}
