//! The sections that say what must be true of the data: rules a table, and your own SQL.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Effect, Span, limits};

/// What must hold for a table beside being there and not having lost all its rows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TableRules {
    /// The least number of rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_rows: Option<u64>,
    /// The largest share of the baseline's rows that may be missing: 0.05 lets 5 % go.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub max_drop: Option<f64>,
    /// The largest share of the baseline's rows that may have come: 0.5 lets a table grow by half.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub max_growth: Option<f64>,
    /// What it does when the rows leave the band that earlier drills give; `fail` when absent. More rows
    /// than the band are a warning at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<Effect>,
    /// Whether it may shrink a little every night, for ever, as a table does whose old rows are archived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_shrink: Option<bool>,
    /// Deletions that were planned, in which the table may leave its band.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = limits::PURGES_MAX), extend("default" = []))]
    pub purges: Vec<Purge>,
    /// How fresh the newest row must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fresh: Option<Freshness>,
    /// Whether no row of it ever changes: at level deep the digest of its rows must stay what it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frozen: Option<bool>,
    /// Column that only grows, such as `created_at`: at level deep the rows up to the baseline's newest must
    /// stay what they were. Rows in which it is null aren't looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = limits::IDENTIFIER_MAX_BYTES))]
    pub history: Option<String>,
}

/// A deletion of rows that was planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Purge {
    /// Its first day, in UTC.
    pub from: NaiveDate,
    /// Its last day, in UTC.
    pub to: NaiveDate,
    /// The largest share of the rows that it may delete: 0.3 lets 30 % go.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub max_drop: f64,
}

/// How fresh the newest row must be, measured against the backup's own time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Freshness {
    /// Column of type date, timestamp or timestamptz (one without a zone is read as UTC).
    #[schemars(length(min = 1, max = limits::IDENTIFIER_MAX_BYTES))]
    pub column: String,
    /// The longest span between the newest row and the time of the backup's data.
    pub within: Span,
}

/// Your own SQL with the value that it must give.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    { "required": ["equals"] },
    { "anyOf": [{ "required": ["min"] }, { "required": ["max"] }] }
]))]
pub struct QueryCheck {
    /// Name in the report; unique.
    #[schemars(length(min = 1, max = limits::QUERY_NAME_MAX_BYTES))]
    pub name: String,
    /// One read-only query that gives one row with one column. It calls PostgreSQL's own functions only;
    /// docs/own-sql.md says which.
    #[schemars(length(min = 1, max = limits::SQL_MAX_BYTES))]
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

/// The rules of a table: its own, and for what they leave open the defaults.
pub fn rules_for(defaults: &TableRules, tables: &BTreeMap<String, TableRules>, table: &str) -> TableRules {
    let own = tables.get(table).cloned().unwrap_or_default();
    TableRules {
        min_rows: own.min_rows.or(defaults.min_rows),
        max_drop: own.max_drop.or(defaults.max_drop),
        max_growth: own.max_growth.or(defaults.max_growth),
        drift: own.drift.or(defaults.drift),
        may_shrink: own.may_shrink.or(defaults.may_shrink),
        purges: if own.purges.is_empty() { defaults.purges.clone() } else { own.purges },
        fresh: own.fresh.or_else(|| defaults.fresh.clone()),
        frozen: own.frozen.or(defaults.frozen),
        history: own.history.or_else(|| defaults.history.clone()),
    }
}
