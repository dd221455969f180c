//! What the checks measured on a replica, before anybody judges it.
//!
//! Decides which measurements are to be made and how they are shared out. Never whether a value is
//! good: that is [`crate::judge`].
//!
//! A new check needs: a [`Unit`], the [`Value`] that measuring it gives, a method of
//! [`crate::ports::Session`], a line in [`CheckPlan`] and a judge in `judge/`.

use std::fmt;

use serde::{Deserialize, Serialize};

mod catalogue;
mod check_plan;
mod values;

pub use catalogue::{
    BlockRange, Catalogue, CatalogueObjects, ForeignKeyEntry, IndexEntry, ObjectKind, TableEntry, TableName,
};
pub use check_plan::{
    CheckPlan, MARK_MAX_BYTES, OBJECT_TEXT_MAX_BYTES, OBJECTS_PER_PART, PARTS_PER_SHARD_MAX, PIECE_BLOCKS,
    RESULT_SIZE_MAX_BYTES, SHARDS_MAX, digest_of, sha256,
};
pub use values::{
    Activity, CatalogueObject, Control, Corruption, DigestScope, DigestValue, HealthKind, HealthReport,
    HeapCount, IndexCount, Orphans, Problem, RowDigest, ServerIdentity, Value,
};

/// One thing to measure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "measure", rename_all = "snake_case")]
pub enum Unit {
    /// Who the server and the session are.
    Identity,
    /// Whether what must fail does fail: the negative control.
    Control,
    /// The rows of a table, or of a range of its blocks, by reading the heap.
    Rows {
        /// The table.
        table: TableName,
        /// The blocks; all of them when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        blocks: Option<BlockRange>,
    },
    /// The newest value of a column.
    Newest {
        /// The table.
        table: TableName,
        /// The column.
        column: String,
    },
    /// The rows that an index leads to.
    Index {
        /// The table.
        table: TableName,
        /// The index, which lies in the table's schema.
        index: String,
    },
    /// A part of the catalogue's objects of one kind.
    Objects {
        /// The kind.
        kind: ObjectKind,
        /// The part: objects `part * kind.per_part()` and the following in the order of their names.
        part: u32,
    },
    /// What is wrong in the database by its own catalogue.
    Health {
        /// What is looked at.
        kind: HealthKind,
    },
    /// The structure of a table's heap and toast, by `verify_heapam`.
    Heap {
        /// The table.
        table: TableName,
    },
    /// The structure of a B-tree, and that every row of the heap is in it, by `bt_index_check`.
    Btree {
        /// The table.
        table: TableName,
        /// The index, which lies in the table's schema.
        index: String,
    },
    /// Rows whose foreign key leads nowhere.
    ForeignKey {
        /// The table that refers to another.
        table: TableName,
        /// The constraint.
        constraint: String,
    },
    /// The digest of a table's rows.
    Digest {
        /// The table.
        table: TableName,
        /// Of which rows.
        scope: DigestScope,
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
pub struct Measurement {
    /// What was measured.
    #[serde(flatten)]
    pub unit: Unit,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome<Value>,
    /// How long it took.
    pub duration_ms: u64,
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

    /// With its value turned into another.
    pub fn map<U>(self, turn: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Measured { value } => Outcome::Measured { value: turn(value) },
            Self::NotMeasured { reason, hint } => Outcome::NotMeasured { reason, hint },
            Self::Failed { reason } => Outcome::Failed { reason },
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity => f.write_str("the server's identity"),
            Self::Control => f.write_str("the negative control"),
            Self::Rows { table, blocks: None } => write!(f, "the rows of {table}"),
            Self::Rows { table, blocks: Some(blocks) } => write!(f, "the rows of {table} in {blocks}"),
            Self::Newest { table, column } => write!(f, "the newest {column} of {table}"),
            Self::Index { table, index } | Self::Btree { table, index } => {
                write!(f, "index {}.{index} of {table}", table.schema)
            }
            Self::Objects { kind, part } => write!(f, "part {part} of the catalogue's {kind}"),
            Self::Health { kind } => write!(f, "{kind}"),
            Self::Heap { table } => write!(f, "the heap of {table}"),
            Self::ForeignKey { table, constraint } => write!(f, "{constraint} of {table}"),
            Self::Digest { table, .. } => write!(f, "the digest of {table}"),
            Self::Query { name } => write!(f, "query {name}"),
        }
    }
}
