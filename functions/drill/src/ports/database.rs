//! The ports to the replica's database: connecting, and named measurements.

use std::future::Future;

use chrono::{DateTime, Utc};

use crate::configuration::DatabaseSettings;
use crate::instance::Endpoint;
use crate::measurement::{
    Activity, BlockRange, Catalogue, CatalogueObject, Control, Corruption, DigestScope, DigestValue,
    HealthKind, HealthReport, HeapCount, IndexCount, ObjectKind, Orphans, ServerIdentity, TableName,
};

/// Where and as whom to connect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target<'a> {
    /// Host and port, from RDS.
    pub endpoint: &'a Endpoint,
    /// Database, role and time-outs.
    pub database: &'a DatabaseSettings,
}

/// Why connecting failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// Nothing answered.
    #[error("{0}")]
    Unreachable(String),
    /// The server turned the role away.
    #[error("{0}")]
    Refused(String),
    /// The certificate isn't of a trusted authority, or is for another host.
    #[error("{0}")]
    Untrusted(String),
}

/// Why a measurement gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MeasureError {
    /// The connection broke; another try may work.
    #[error("{0}")]
    Lost(String),
    /// The statement took longer than it may; a smaller one may fit. The reason and the way out.
    #[error("{reason}")]
    TimedOut {
        /// Why.
        reason: String,
        /// The way out.
        hint: String,
    },
    /// The measurement can't be made as things are; the reason and the way out.
    #[error("{reason}")]
    NotMeasured {
        /// Why.
        reason: String,
        /// The way out, such as a grant.
        hint: String,
    },
    /// The server found the data damaged or the statement wrong: a failed check, with the server's
    /// SQLSTATE and message, without row values.
    #[error("{0}")]
    Failed(String),
}

/// A range of an index's keys. What it begins and ends with are values of rows: they stay between the port and
/// its adapter, and are never printed.
#[derive(Clone, PartialEq, Eq)]
pub enum KeyRange {
    /// Those below a key.
    Below(String),
    /// Those from a key up to another, which isn't one of them.
    Between(String, String),
    /// Those from a key on.
    From(String),
    /// Those without a key.
    Null,
}

impl std::fmt::Debug for KeyRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Below(_) => "Below(…)",
            Self::Between(..) => "Between(…)",
            Self::From(_) => "From(…)",
            Self::Null => "Null",
        })
    }
}

/// Opens a session with the replica's database.
pub trait Connect {
    /// An open session.
    type Session: Session;
    /// Connects with TLS verify-full and an IAM token, as a session that can only read.
    fn connect(
        &self,
        target: &Target<'_>,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Self::Session, ConnectError>> + Send;
}

/// A session with the replica's database: named measurements, no general query.
pub trait Session: Send {
    /// Who the server and the session are.
    fn identity(&mut self) -> impl Future<Output = Result<ServerIdentity, MeasureError>> + Send;
    /// What has been written on the server up to now.
    fn activity(&mut self) -> impl Future<Output = Result<Activity, MeasureError>> + Send;
    /// Asks for what must fail: a write, and a count over an error.
    fn control(&mut self) -> impl Future<Output = Result<Control, MeasureError>> + Send;
    /// The tables to check with their indexes and foreign keys, in the order of their names, how many
    /// objects there are, and what is not covered.
    fn catalogue(&mut self) -> impl Future<Output = Result<Catalogue, MeasureError>> + Send;
    /// The exact number of rows of a table, or of a range of its blocks, by reading its heap.
    /// [`MeasureError::TimedOut`] when the statement takes too long.
    fn count_heap(
        &mut self,
        table: &TableName,
        blocks: Option<BlockRange>,
    ) -> impl Future<Output = Result<HeapCount, MeasureError>> + Send;
    /// The number of rows that an index leads to, by reading the index.
    fn count_index(
        &mut self,
        table: &TableName,
        index: &str,
    ) -> impl Future<Output = Result<IndexCount, MeasureError>> + Send;
    /// Ranges of an index's keys, about so many and of about the same size, that hold each of its rows once; none
    /// where the index can't be cut. [`Session::count_index_in`] counts one of them.
    fn cut_index(
        &mut self,
        table: &TableName,
        index: &str,
        parts: usize,
    ) -> impl Future<Output = Result<Vec<KeyRange>, MeasureError>> + Send {
        let _ = (table, index, parts);
        std::future::ready(Ok(Vec::new()))
    }
    /// The number of rows that a range of an index leads to, by reading that part of the index.
    fn count_index_in(
        &mut self,
        table: &TableName,
        index: &str,
        keys: &KeyRange,
    ) -> impl Future<Output = Result<u64, MeasureError>> + Send {
        let _ = (table, index, keys);
        std::future::ready(Err(MeasureError::NotMeasured {
            reason: "this index can't be counted in ranges".to_owned(),
            hint: String::new(),
        }))
    }
    /// The blocks of a table's heap that hold no row at all, as ranges in words, at most 200 characters. Reads
    /// all of the heap.
    fn blocks_without_rows(
        &mut self,
        table: &TableName,
    ) -> impl Future<Output = Result<String, MeasureError>> + Send;
    /// A part of the catalogue's objects of one kind: [`ObjectKind::per_part`] of them in the
    /// order of their names' bytes, each bounded.
    fn objects(
        &mut self,
        kind: ObjectKind,
        part: u32,
    ) -> impl Future<Output = Result<Vec<CatalogueObject>, MeasureError>> + Send;
    /// What is wrong in the database by its own catalogue.
    fn health(&mut self, kind: HealthKind)
    -> impl Future<Output = Result<HealthReport, MeasureError>> + Send;
    /// The structure of a table's heap and its toast.
    fn check_heap(
        &mut self,
        table: &TableName,
    ) -> impl Future<Output = Result<Corruption, MeasureError>> + Send;
    /// The structure of a B-tree, and that every row of the heap is in it.
    fn check_btree(
        &mut self,
        table: &TableName,
        index: &str,
    ) -> impl Future<Output = Result<Corruption, MeasureError>> + Send;
    /// The rows whose foreign key leads nowhere.
    fn orphans(
        &mut self,
        table: &TableName,
        constraint: &str,
    ) -> impl Future<Output = Result<Orphans, MeasureError>> + Send;
    /// The digests of a table's rows.
    fn digest(
        &mut self,
        table: &TableName,
        scope: &DigestScope,
    ) -> impl Future<Output = Result<DigestValue, MeasureError>> + Send;
    /// The newest value of a date or timestamp column, as UTC; `None` when the table has no rows.
    fn newest(
        &mut self,
        table: &TableName,
        column: &str,
    ) -> impl Future<Output = Result<Option<DateTime<Utc>>, MeasureError>> + Send;
    /// The one value of somebody's own query, as PostgreSQL prints it, bounded to 200 characters.
    fn own_query(&mut self, sql: &str) -> impl Future<Output = Result<Option<String>, MeasureError>> + Send;
}
