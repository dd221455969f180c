//! What the checks measured on a replica, before anybody judges it.
//!
//! Decides which measurements are to be made and how they are shared out. Never whether a value is
//! good: that is [`crate::judge`].

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::configuration::Configuration;

mod check_plan;

pub use check_plan::{CheckPlan, SHARDS_MAX, UNITS_PER_SHARD_MAX, digest_of};

/// The name of a table, as the catalogue gives it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TableName {
    /// The schema.
    pub schema: String,
    /// The table.
    pub table: String,
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.table)
    }
}

/// Who the server and the session are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerIdentity {
    /// The server's version, such as `16.4`.
    pub server_version: String,
    /// The protocol version of TLS, such as `TLSv1.3`.
    pub tls: String,
    /// The role of the session.
    pub role: String,
    /// Rights of the role that a reader doesn't need: `superuser`, `createrole`, `insert on 3 tables`, ….
    /// Empty for a read-only role.
    pub excess_rights: Vec<String>,
    /// The database.
    pub database: String,
}

/// The tables of the database and what the checks don't cover.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// Every user table with a heap of its own, partitions included, in the order of their names.
    pub tables: Vec<TableEntry>,
    /// What is there and not looked at, in words: "2 foreign tables", "database reporting".
    pub not_covered: Vec<String>,
}

/// A table of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableEntry {
    /// Its name.
    #[serde(flatten)]
    pub name: TableName,
    /// The size of its heap.
    pub heap_size_bytes: u64,
}

/// An exact count, with the way that it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeapCount {
    /// Rows visible to the session.
    pub rows: u64,
    /// The scan that the planner was seen to choose; always a scan of the heap.
    pub scan: String,
}

/// One thing to measure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "measure", rename_all = "snake_case")]
pub enum Unit {
    /// Who the server and the session are.
    Identity,
    /// The rows of a table, and the newest value of a column where one is configured.
    Table {
        /// The table.
        table: TableName,
        /// The column whose newest value is wanted.
        newest_of: Option<String>,
    },
    /// Somebody's own query.
    Query {
        /// Its name.
        name: String,
    },
}

/// What came of measuring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome<T> {
    /// It was measured.
    Measured {
        /// The value.
        value: T,
    },
    /// It couldn't be measured; never counted as passed.
    NotMeasured {
        /// Why.
        reason: String,
        /// The way out.
        hint: String,
    },
    /// The server reported damage or an error.
    Failed {
        /// SQLSTATE and message, without row values.
        reason: String,
    },
}

/// A measurement with what it is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "measure", rename_all = "snake_case")]
pub enum Measurement {
    /// Who the server and the session are.
    Identity {
        /// What came of it.
        identity: Outcome<ServerIdentity>,
    },
    /// The rows of a table.
    Table {
        /// The table.
        table: TableName,
        /// Its rows.
        count: Outcome<HeapCount>,
        /// The newest value of the configured column; absent when none is configured.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        newest: Option<Outcome<Option<DateTime<Utc>>>>,
        /// How long it took.
        duration_ms: u64,
    },
    /// Somebody's own query.
    Query {
        /// Its name.
        name: String,
        /// The value that it gave.
        value: Outcome<Option<String>>,
        /// How long it took.
        duration_ms: u64,
    },
}

impl Measurement {
    /// The unit that this is the measurement of, under the rules of the configuration.
    pub fn unit(&self, configuration: &Configuration) -> Unit {
        match self {
            Self::Identity { .. } => Unit::Identity,
            Self::Table { table, newest, .. } => {
                let fresh = configuration.rules_for(&table.to_string()).fresh;
                let newest_of = fresh.filter(|_| newest.is_some()).map(|f| f.column);
                Unit::Table { table: table.clone(), newest_of }
            }
            Self::Query { name, .. } => Unit::Query { name: name.clone() },
        }
    }
}

/// The most bytes that are kept of a reason or a hint.
const TEXT_MAX_BYTES: usize = 240;

impl<T> Outcome<T> {
    /// With its texts cut, so that a shard's result fits the state.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        fn cut(text: &mut String) {
            text.truncate(text.floor_char_boundary(TEXT_MAX_BYTES));
        }
        match &mut self {
            Self::Measured { .. } => {}
            Self::NotMeasured { reason, hint } => {
                cut(reason);
                cut(hint);
            }
            Self::Failed { reason } => cut(reason),
        }
        self
    }
}
