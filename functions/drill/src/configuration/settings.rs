//! The sections that say how a drill runs: backup, replica, deadlines, polling, database.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Span, limits};

/// What RDS takes as the name of a subnet group or parameter group.
pub(super) const GROUP_NAME: &str = "^[A-Za-z0-9._-]([A-Za-z0-9 ._-]*[A-Za-z0-9._-])?$";

/// Which backup is good enough to drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BackupPolicy {
    /// The oldest that the newest automated backup may be, by the time of its data.
    pub max_age: Span,
}

/// How the replica is restored and what becomes of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplicaSettings {
    /// DB instance class of the replica, such as `db.t4g.medium`; billed by the second while it runs.
    #[schemars(regex(pattern = r"^db(\.[a-z0-9]+){2,}$"))]
    pub instance_class: String,
    /// DB subnet group; the replica is private in any case.
    #[schemars(length(max = limits::GROUP_NAME_MAX_BYTES), regex(pattern = GROUP_NAME))]
    pub subnet_group: String,
    /// Security groups; should let in the verifier only and let nothing out.
    #[schemars(
        length(min = 1, max = limits::SECURITY_GROUPS_MAX), inner(regex(pattern = r"^sg-[0-9a-f]{1,32}$")),
        extend("uniqueItems" = true)
    )]
    pub security_groups: Vec<String>,
    /// DB parameter group with logical replication and background jobs off; the engine's default when absent.
    #[serde(default)]
    #[schemars(length(max = limits::GROUP_NAME_MAX_BYTES), regex(pattern = GROUP_NAME))]
    pub parameter_group: Option<String>,
    /// Storage type; the snapshot's own when absent, since changing it slows the restore.
    #[serde(default)]
    #[schemars(regex(pattern = r"^(gp2|gp3|io1|io2|standard)$"))]
    pub storage_type: Option<String>,
    /// What becomes of the replica of a drill that was rejected.
    #[serde(default)]
    pub on_rejected: Disposal,
    /// What becomes of the replica of a drill that could not be completed.
    #[serde(default)]
    pub on_broken: Disposal,
    /// Whether old major versions are enrolled in (billed) Extended Support when restored.
    #[serde(default)]
    pub extended_support: bool,
    /// How old an abandoned replica may get before the sweep deletes it.
    #[serde(default = "ReplicaSettings::default_abandoned_max_age")]
    pub abandoned_max_age: Span,
}

/// What becomes of a replica that isn't to become the standby.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Disposal {
    /// It is stopped and kept for a look, until the sweep finds it too old. Costs its storage.
    #[default]
    Stop,
    /// It is deleted at once.
    Delete,
}

/// How long each phase may take before the drill gives up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Deadlines {
    /// From the accepted restore to a replica that can be queried.
    pub available: Span,
    /// From the stop call to `stopped`; AWS says that it can take up to an hour.
    pub stopped: Span,
    /// From the delete call to the instance's absence.
    pub gone: Span,
}

/// The dead man's switch outside AWS that each drill reaches: healthchecks.io and alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeartbeatSettings {
    /// The secret in Secrets Manager whose text is the switch's address, such as `https://hc-ping.com/…`. Its name
    /// begins with `restore-drill/`, then the deployment, which is what the functions may read.
    #[schemars(regex(pattern = r"^restore-drill/[a-z0-9-]+/[A-Za-z0-9/_+=.@-]{1,200}$"))]
    pub secret: String,
}

/// How often the replica is looked at while waiting for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Polling {
    /// The wait before the first look when no earlier restore is known.
    pub first: Span,
    /// The shortest wait between two looks.
    pub min: Span,
    /// The longest wait between two looks.
    pub max: Span,
}

/// The database in the replica, and who reads it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// Name of the database to check.
    #[schemars(length(min = 1, max = limits::IDENTIFIER_MAX_BYTES))]
    pub name: String,
    /// The read-only role, a member of `rds_iam` (IAM authentication) and `pg_read_all_data`.
    #[serde(default = "DatabaseSettings::default_user")]
    #[schemars(length(min = 1, max = limits::IDENTIFIER_MAX_BYTES))]
    pub user: String,
    /// How long connecting may take.
    #[serde(default = "DatabaseSettings::default_connect_timeout")]
    pub connect_timeout: Span,
    /// How long one statement may take; at most 13 minutes, as a Lambda ends after 15.
    #[serde(default = "DatabaseSettings::default_statement_timeout")]
    pub statement_timeout: Span,
}

impl Default for BackupPolicy {
    fn default() -> Self {
        // A nightly backup with two hours of slack.
        Self { max_age: Span::hours(26) }
    }
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { available: Span::minutes(120), stopped: Span::minutes(70), gone: Span::minutes(30) }
    }
}

impl Default for Polling {
    fn default() -> Self {
        Self { first: Span::minutes(5), min: Span::seconds(10), max: Span::minutes(2) }
    }
}

impl ReplicaSettings {
    pub(super) fn default_abandoned_max_age() -> Span {
        Span::hours(72)
    }
}

impl DatabaseSettings {
    pub(super) fn default_user() -> String {
        "restore_drill".to_owned()
    }
    pub(super) fn default_connect_timeout() -> Span {
        Span::seconds(20)
    }
    pub(super) fn default_statement_timeout() -> Span {
        Span::minutes(10)
    }
}

/// How much is checked, and so how long a drill takes.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Every table is there and its rows are counted by reading its heap.
    Quick,
    /// Beside it every index leads to as many rows as the heap has, and the catalogue is what it was.
    #[default]
    Standard,
    /// Beside it the structure of heaps and indexes, foreign keys, and digests of rows.
    Deep,
}

impl Level {
    /// The word in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Standard => "standard",
            Self::Deep => "deep",
        }
    }

    /// What this level doesn't look at, in words for the report.
    pub const fn not_covered(self) -> &'static [&'static str] {
        const DEEP: &[&str] = &["changed values in rows without a digest", "indexes that are no B-trees"];
        const STANDARD: &[&str] = &[
            "the structure of heaps and indexes (level deep)",
            "rows whose foreign key leads nowhere (level deep)",
            "changed values in rows (level deep, for tables with frozen or history)",
        ];
        const QUICK: &[&str] = &[
            "indexes against their tables (level standard)",
            "differences of the catalogue from the last verified drill (level standard)",
            "sequences, invalid indexes, collations, extensions (level standard)",
            "the structure of heaps and indexes, foreign keys, changed values in rows (level deep)",
        ];
        match self {
            Self::Quick => QUICK,
            Self::Standard => STANDARD,
            Self::Deep => DEEP,
        }
    }
}
