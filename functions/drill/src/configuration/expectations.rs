//! The sections that say what must be true of the data: rules a table, and your own SQL.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Span, limits};

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
    /// How fresh the newest row must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fresh: Option<Freshness>,
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
    /// One read-only query that gives one row with one column.
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
        fresh: own.fresh.or_else(|| defaults.fresh.clone()),
    }
}
