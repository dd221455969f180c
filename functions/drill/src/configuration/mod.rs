//! The configuration of the drills of one source: what a person writes in `drill.toml`.
//!
//! Decides what may be written and what is assumed when nothing is. Never reads a file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::SourceId;

mod span;
pub use span::Span;

/// Everything that can be set for the drills of one source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// The production instance whose backups are drilled: its DB instance identifier.
    #[schemars(with = "String")]
    pub source: SourceId,
    /// Which backup is good enough to drill.
    #[serde(default)]
    pub backup: BackupPolicy,
    /// How the replica is restored and what becomes of it.
    pub replica: ReplicaSettings,
    /// How long each phase may take.
    #[serde(default)]
    pub deadlines: Deadlines,
    /// How often the replica is looked at while waiting for it.
    #[serde(default)]
    pub polling: Polling,
    /// The database in the replica, and who reads it.
    pub database: DatabaseSettings,
    /// Rules that hold for each table unless `tables` says otherwise.
    #[serde(default)]
    pub defaults: TableRules,
    /// Rules a table, by its name with the schema: `"public.courses_answer"`.
    #[serde(default)]
    pub tables: BTreeMap<String, TableRules>,
    /// Your own SQL, each with the value that it must give.
    #[serde(default)]
    pub queries: Vec<QueryCheck>,
    /// Names of checks whose result may stay "not measured" without spoiling the verdict.
    #[serde(default)]
    pub accept_not_measured: Vec<String>,
}

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
    pub instance_class: String,
    /// DB subnet group; the replica is private in any case.
    pub subnet_group: String,
    /// Security groups; should let in the verifier only and let nothing out.
    pub security_groups: Vec<String>,
    /// DB parameter group with logical replication and background jobs off; the engine's default when absent.
    #[serde(default)]
    pub parameter_group: Option<String>,
    /// Storage type; the snapshot's own when absent, since changing it slows the restore.
    #[serde(default)]
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
    pub name: String,
    /// The read-only role, a member of `rds_iam` (IAM authentication) and `pg_read_all_data`.
    #[serde(default = "DatabaseSettings::default_user")]
    pub user: String,
    /// How long connecting may take.
    #[serde(default = "DatabaseSettings::default_connect_timeout")]
    pub connect_timeout: Span,
    /// How long one statement may take; at most 13 minutes, as a Lambda ends after 15.
    #[serde(default = "DatabaseSettings::default_statement_timeout")]
    pub statement_timeout: Span,
}

/// What must hold for a table beside being there and not having lost all its rows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TableRules {
    /// The least number of rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_rows: Option<u64>,
    /// The largest share of the baseline's rows that may be missing: 0.05 lets 5 % go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_drop: Option<f64>,
    /// How fresh the newest row must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fresh: Option<Freshness>,
}

/// How fresh the newest row must be, measured against the backup's own time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Freshness {
    /// Column of type date, timestamp or timestamptz (the latter is read as UTC without a zone).
    pub column: String,
    /// The longest span between the newest row and the time of the backup's data.
    pub within: Span,
}

/// Your own SQL with the value that it must give.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryCheck {
    /// Name in the report; unique.
    pub name: String,
    /// One read-only query that gives one row with one column.
    pub sql: String,
    /// The value as PostgreSQL prints it; numbers and booleans are compared by value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<ExpectedValue>,
    /// The least that the value may be; goes together with `max`, not with `equals`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The most that the value may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

/// A value as people write it in the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ExpectedValue {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Number(f64),
    /// Any other text.
    Text(String),
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
    fn default_abandoned_max_age() -> Span {
        Span::hours(72)
    }
}

impl DatabaseSettings {
    fn default_user() -> String {
        "restore_drill".to_owned()
    }
    fn default_connect_timeout() -> Span {
        Span::seconds(20)
    }
    fn default_statement_timeout() -> Span {
        Span::minutes(10)
    }
}

impl Configuration {
    /// The rules of a table: its own, and for what they leave open the defaults.
    pub fn rules_for(&self, table: &str) -> TableRules {
        rules_for(&self.defaults, &self.tables, table)
    }
}

/// The rules of a table: its own, and for what they leave open the defaults.
pub fn rules_for(defaults: &TableRules, tables: &BTreeMap<String, TableRules>, table: &str) -> TableRules {
    let own = tables.get(table).cloned().unwrap_or_default();
    TableRules {
        min_rows: own.min_rows.or(defaults.min_rows),
        max_drop: own.max_drop.or(defaults.max_drop),
        fresh: own.fresh.or_else(|| defaults.fresh.clone()),
    }
}
