//! The configuration of the drills of one source: what a person writes in `drill.toml`.
//!
//! Decides what may be written, what is assumed when nothing is, and how a mistake is told:
//! [`parse_toml`] and [`parse_json`] read the same type and report every mistake at once.
//! Never reads a file.
//!
//! A new field needs: a line in its type with a description, a line in `fields` (without it
//! nothing compiles) with its rules, and a new `docs/drill.schema.json` (a test says how).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{INSTANCE_ID_MAX, SourceId};

mod across;
mod document;
mod effects;
mod expectations;
mod fields;
mod hash;
pub mod limits;
mod mistake;
mod parse;
pub mod pieces;
mod promotion;
mod read;
mod rules;
mod schema;
mod settings;
mod span;

pub use effects::{CatalogueEffects, Effect, HealthEffects};
pub use expectations::{ExpectedValue, Freshness, Purge, QueryCheck, TableRules, rules_for};
pub use hash::hash;
pub use mistake::Mistake;
pub use parse::{parse_json, parse_toml};
pub use promotion::PromotionSettings;
pub use schema::schema;
pub use settings::{
    BackupPolicy, DatabaseSettings, Deadlines, Disposal, HeartbeatSettings, Level, Polling, ReplicaSettings,
};
pub use span::Span;

/// Everything that can be set for the drills of one source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// The production instance whose backups are drilled: its DB instance identifier.
    #[schemars(with = "String", length(min = 1, max = INSTANCE_ID_MAX), regex(pattern = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"))]
    pub source: SourceId,
    /// Which backup is good enough to drill.
    #[serde(default)]
    pub backup: BackupPolicy,
    /// How the replica is restored and what becomes of it.
    pub replica: ReplicaSettings,
    /// What a replica gets when `restore-drill promote` makes it production; required for that, and for
    /// nothing else.
    // Left out of the hash where it is left out of the file: earlier evidence names hashes without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotion: Option<PromotionSettings>,
    /// The dead man's switch outside AWS that each drill reaches; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<HeartbeatSettings>,
    /// How long each phase may take.
    #[serde(default)]
    pub deadlines: Deadlines,
    /// How often the replica is looked at while waiting for it.
    #[serde(default)]
    pub polling: Polling,
    /// The database in the replica, and who reads it.
    pub database: DatabaseSettings,
    /// How much is checked; `standard` when absent.
    #[serde(default)]
    pub level: Level,
    /// What a difference of the catalogue from the last verified drill does.
    #[serde(default)]
    pub catalogue: CatalogueEffects,
    /// What a problem in the database's own catalogue does.
    #[serde(default)]
    pub health: HealthEffects,
    /// Rules that hold for each table unless `tables` says otherwise.
    #[serde(default)]
    pub defaults: TableRules,
    /// Rules a table. The name is the text of the schema, a dot and the text of the table, without
    /// PostgreSQL's own quotes and exactly as the report prints it: `[tables."public.courses_answer"]`,
    /// or for a table that was created as "Odd Name" `[tables."public.Odd Name"]`.
    #[serde(default)]
    #[schemars(extend(
        "maxProperties" = limits::TABLES_MAX,
        "propertyNames" = { "pattern": r"^[\s\S]+\.[\s\S]+$", "maxLength": limits::TABLE_NAME_MAX_BYTES }
    ))]
    pub tables: BTreeMap<String, TableRules>,
    /// Your own SQL, each with the value that it must give.
    #[serde(default)]
    #[schemars(length(max = limits::QUERIES_MAX))]
    pub queries: Vec<QueryCheck>,
    /// Checks whose result may stay "not measured" without spoiling the verdict, as the report names
    /// them: `rows public.audit`, `query newest enrolment`.
    #[serde(default)]
    #[schemars(
        length(max = limits::ACCEPT_NOT_MEASURED_MAX), inner(regex(pattern = r"\S \S")),
        extend("uniqueItems" = true)
    )]
    pub accept_not_measured: Vec<String>,
}

impl Configuration {
    /// The rules of a table: its own, and for what they leave open the defaults.
    pub fn rules_for(&self, table: &str) -> TableRules {
        rules_for(&self.defaults, &self.tables, table)
    }
}
