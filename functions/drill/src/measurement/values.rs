//! What measuring gives: one type a kind of check.

use std::fmt;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The value of a measurement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// Of [`super::Unit::Identity`].
    Identity(ServerIdentity),
    /// Of [`super::Unit::Control`].
    Control(Control),
    /// Of [`super::Unit::Rows`].
    Rows(HeapCount),
    /// Of [`super::Unit::Newest`]; nothing when the table has no rows.
    Newest(Option<DateTime<Utc>>),
    /// Of [`super::Unit::Index`].
    Index(IndexCount),
    /// Of [`super::Unit::Objects`].
    Objects(Vec<CatalogueObject>),
    /// Of [`super::Unit::Health`].
    Health(HealthReport),
    /// Of [`super::Unit::Heap`] and [`super::Unit::Btree`]: what is corrupt, nothing where all is well.
    Corruption(Corruption),
    /// Of [`super::Unit::ForeignKey`].
    Orphans(Orphans),
    /// Of [`super::Unit::Digest`].
    Digest(DigestValue),
    /// Of [`super::Unit::Query`]: the value as PostgreSQL prints it.
    Query(Option<String>),
}

impl Value {
    /// The identity, if it is one.
    pub const fn as_identity(&self) -> Option<&ServerIdentity> {
        if let Self::Identity(value) = self { Some(value) } else { None }
    }
    /// The control, if it is one.
    pub const fn as_control(&self) -> Option<&Control> {
        if let Self::Control(value) = self { Some(value) } else { None }
    }
    /// The count, if it is one.
    pub const fn as_rows(&self) -> Option<&HeapCount> {
        if let Self::Rows(value) = self { Some(value) } else { None }
    }
    /// The count by an index, if it is one.
    pub const fn as_index(&self) -> Option<&IndexCount> {
        if let Self::Index(value) = self { Some(value) } else { None }
    }
    /// The list of objects, if it is one.
    pub const fn as_objects(&self) -> Option<&Vec<CatalogueObject>> {
        if let Self::Objects(value) = self { Some(value) } else { None }
    }
    /// The look at the catalogue, if it is one.
    pub const fn as_health(&self) -> Option<&HealthReport> {
        if let Self::Health(value) = self { Some(value) } else { None }
    }
    /// The look at structure, if it is one.
    pub const fn as_corruption(&self) -> Option<&Corruption> {
        if let Self::Corruption(value) = self { Some(value) } else { None }
    }
    /// The count of orphans, if it is one.
    pub const fn as_orphans(&self) -> Option<&Orphans> {
        if let Self::Orphans(value) = self { Some(value) } else { None }
    }
    /// The digest, if it is one.
    pub const fn as_digest(&self) -> Option<&DigestValue> {
        if let Self::Digest(value) = self { Some(value) } else { None }
    }
    /// The newest value, if it is one; it may be that there is none.
    pub const fn as_newest(&self) -> Option<&Option<DateTime<Utc>>> {
        if let Self::Newest(value) = self { Some(value) } else { None }
    }
    /// The value of a query, if it is one; it may be null.
    pub const fn as_query(&self) -> Option<&Option<String>> {
        if let Self::Query(value) = self { Some(value) } else { None }
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

/// What came of asking for things that must fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// The SQLSTATE that writing gave; absent when the server let it write.
    pub writing_failed_with: Option<String>,
    /// Whether an error of the server in the middle of a count was reported as one.
    pub is_error_reported: bool,
    /// The rows of a relation that always has some, counted as the tables are.
    pub rows: u64,
}

/// What was written on the server up to an instant. The same at two instants: nobody wrote between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// `pg_current_snapshot()`: transaction ids are of the whole server, so that this also changes when its
    /// own maintenance, or another database, writes.
    pub snapshot: String,
    /// Rows inserted, updated and deleted in this database's user tables since its statistics began.
    pub writes: u64,
}

/// An exact count, with the way that it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeapCount {
    /// Rows visible to the session.
    pub rows: u64,
    /// The scan that the planner was seen to choose; always a scan of the heap.
    pub scan: String,
}

/// The rows that an index leads to, beside those of the heap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexCount {
    /// Rows that the index leads to.
    pub rows: u64,
    /// Rows of the heap that belong into it, where that isn't every row: of a partial index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_of_predicate: Option<u64>,
    /// Where the two differ: the blocks of the heap that hold no row at all, as ranges in words
    /// ("17, 900 to 903"), bounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks_without_rows: Option<String>,
}

/// An object of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct CatalogueObject {
    /// Its name, quoted where PostgreSQL quotes it.
    pub name: String,
    /// What it is, in lines that are compared each for itself; longer ones end in their SHA-256.
    pub definition: Vec<String>,
}

/// What a look at the database's own catalogue is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthKind {
    /// Sequences that are behind the largest value of the column that they fill.
    Sequence,
    /// Indexes that are invalid or not ready.
    IndexValid,
    /// Constraints that were never validated.
    ConstraintValid,
    /// Collations whose version isn't that of the library.
    Collation,
    /// Unlogged tables, which are empty after a restore.
    Unlogged,
    /// Extensions whose files the server doesn't have.
    Extension,
    /// The age of the oldest transaction id.
    Wraparound,
}

impl HealthKind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::Sequence,
        Self::IndexValid,
        Self::ConstraintValid,
        Self::Collation,
        Self::Unlogged,
        Self::Extension,
        Self::Wraparound,
    ];

    /// The name of the check in findings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sequence => "sequence",
            Self::IndexValid => "index_valid",
            Self::ConstraintValid => "constraint_valid",
            Self::Collation => "collation",
            Self::Unlogged => "unlogged",
            Self::Extension => "extension",
            Self::Wraparound => "wraparound",
        }
    }
}

impl fmt::Display for HealthKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a look at the database's own catalogue found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthReport {
    /// How many things were looked at.
    pub examined: u64,
    /// What is wrong; at most 50, each bounded.
    pub problems: Vec<Problem>,
    /// How many more are wrong.
    #[serde(default)]
    pub more: u64,
    /// What couldn't be looked at, in words with the way out; bounded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<String>,
}

/// Something that is wrong by the database's own catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The object, as `schema.name` without quotes.
    pub subject: String,
    /// What should be.
    pub expected: String,
    /// What is.
    pub found: String,
}

/// What `verify_heapam` or `bt_index_check` reported.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Corruption {
    /// How many corruptions.
    pub count: u64,
    /// The first of them, with block and offset and without row values; bounded.
    pub first: Vec<String>,
}

/// Rows whose foreign key leads nowhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orphans {
    /// How many.
    pub rows: u64,
    /// The constraint in words: `public.answer (course_id) to public.course (id)`.
    pub of: String,
}

/// Of which rows of a table a digest is made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "scope", rename_all = "snake_case")]
pub enum DigestScope {
    /// Of all: the table never changes.
    Frozen,
    /// Of those up to a value of a column that only grows.
    History {
        /// The column.
        column: String,
        /// The newest value of the baseline, as PostgreSQL prints it; absent without a baseline.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<String>,
    },
}

/// A digest of rows that doesn't depend on their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RowDigest {
    /// How many rows.
    pub rows: u64,
    /// The digest, in hexadecimal digits.
    pub digest: String,
}

/// The digests of a table's rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestValue {
    /// How the digest was made: two are comparable when this is the same.
    pub method: String,
    /// Of the rows up to the baseline's newest; absent for a frozen table and without a baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<RowDigest>,
    /// Of all rows that count: what the next drill compares with.
    pub whole: RowDigest,
    /// The newest value of the column, as PostgreSQL prints it; absent for a frozen table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<String>,
}
