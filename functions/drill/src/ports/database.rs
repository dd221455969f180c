//! The ports to the replica's database: connecting, and named measurements.

use std::future::Future;

use chrono::{DateTime, Utc};

use crate::configuration::DatabaseSettings;
use crate::instance::Endpoint;
use crate::measurement::{Catalogue, HeapCount, ServerIdentity, TableName};

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
    /// The tables to check, in the order of their names, and what is not covered.
    fn catalogue(&mut self) -> impl Future<Output = Result<Catalogue, MeasureError>> + Send;
    /// The exact number of rows of a table, by reading its heap.
    fn count_heap(
        &mut self,
        table: &TableName,
    ) -> impl Future<Output = Result<HeapCount, MeasureError>> + Send;
    /// The newest value of a date or timestamp column, as UTC; `None` when the table has no rows.
    fn newest(
        &mut self,
        table: &TableName,
        column: &str,
    ) -> impl Future<Output = Result<Option<DateTime<Utc>>, MeasureError>> + Send;
    /// The one value of somebody's own query, as PostgreSQL prints it, bounded to 200 characters.
    fn own_query(&mut self, sql: &str) -> impl Future<Output = Result<Option<String>, MeasureError>> + Send;
}
