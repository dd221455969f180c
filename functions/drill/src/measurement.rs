//! What the checks measured on a replica, before anybody judges it.
//!
//! Decides which measurements are to be made and how they are shared out. Never whether a value is
//! good: that is [`crate::judge`].

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::configuration::Configuration;

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// Every measurement of a drill, in an order that anybody recomputes from the same catalogue and
/// configuration, so that the plan itself never travels through the state machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckPlan {
    /// What to measure.
    pub units: Vec<Unit>,
    /// The shard of each unit.
    shard_of: Vec<usize>,
    /// How many shards there are.
    pub shard_count: usize,
    /// Digest of the units: two workers with the same digest look at the same catalogue.
    pub digest: String,
}

/// The most shards of one drill: well inside Step Functions' 25,000 events of a history.
pub const SHARDS_MAX: usize = 40;
/// The most units of one shard, so that its result stays below Step Functions' 256 KiB: 400 units
/// with names of 126 bytes and a reason of 300 bytes each.
pub const UNITS_PER_SHARD_MAX: usize = 400;
/// A shard takes tables until it reads this much: at 100 MB/s of cold storage about 80 seconds.
const SHARD_SIZE_BYTES: u64 = 8 << 30;

impl CheckPlan {
    /// Plans the measurements: the identity, each table, each query; and shares them out by size.
    pub fn of(catalogue: &Catalogue, configuration: &Configuration) -> Self {
        let mut units = vec![Unit::Identity];
        let mut sizes = vec![0];
        for entry in &catalogue.tables {
            let rules = configuration.rules_for(&entry.name.to_string());
            units.push(Unit::Table { table: entry.name.clone(), newest_of: rules.fresh.map(|f| f.column) });
            sizes.push(entry.heap_size_bytes);
        }
        for query in &configuration.queries {
            units.push(Unit::Query { name: query.name.clone() });
            sizes.push(0);
        }
        let shard_count = shard_count(units.len(), sizes.iter().sum());
        let shard_of = share_out(&sizes, shard_count);
        let text = serde_json::to_string(&units).expect("units are plain text and always serialize");
        let digest = Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
        Self { units, shard_of, shard_count, digest }
    }

    /// The units of one shard.
    pub fn shard(&self, shard: usize) -> impl Iterator<Item = &Unit> {
        self.units.iter().zip(&self.shard_of).filter(move |(_, s)| **s == shard).map(|(unit, _)| unit)
    }
}

fn shard_count(units: usize, size_bytes: u64) -> usize {
    let by_size = usize::try_from(size_bytes.div_ceil(SHARD_SIZE_BYTES)).unwrap_or(SHARDS_MAX);
    // A few shards even of a small database, so that its tables are read side by side.
    by_size.max(units.div_ceil(UNITS_PER_SHARD_MAX / 2)).clamp(1, SHARDS_MAX).max(units.min(4))
}

/// Gives each unit to the shard with the least to read so far, largest units first.
fn share_out(sizes: &[u64], shard_count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(sizes[i]), i));
    let mut load = vec![(0_u64, 0_usize); shard_count];
    let mut shard_of = vec![0; sizes.len()];
    for i in order {
        let lightest = (0..shard_count)
            .filter(|&s| load[s].1 < UNITS_PER_SHARD_MAX)
            .min_by_key(|&s| (load[s], s))
            .unwrap_or(0);
        // A table costs something even when it is empty: a statement each way.
        load[lightest].0 += sizes[i] + 8192;
        load[lightest].1 += 1;
        shard_of[i] = lightest;
    }
    shard_of
}
