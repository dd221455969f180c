//! A session: read-only from its first statement, one transaction a measurement.

use std::future::Future;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use drill::configuration::{DatabaseSettings, Span};
use drill::measurement::{
    Activity, BlockRange, Catalogue, CatalogueObject, Control, Corruption, DigestScope, DigestValue,
    HealthKind, HealthReport, HeapCount, IndexCount, ObjectKind, Orphans, ServerIdentity, TableName,
};
use drill::ports::{KeyRange, MeasureError, Session};
use tokio::time::timeout;
use tokio_postgres::{Client, Error, IsolationLevel, SimpleQueryMessage, Transaction};

use crate::catalogue::LastCatalogue;
use crate::failure::Measuring;
use crate::{
    activity, blocks, catalogue, control, count, count_index, digest, failure, health, identity,
    index_ranges, newest, objects, orphans, own_query, structure,
};

/// How long a statement waits for a lock. Nobody else should be on the replica but autovacuum, whose
/// locks a reader doesn't wait for.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the server keeps a transaction in which nothing happens: a Lambda that was stopped.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
/// What a measurement may take beyond its one long statement: the short ones, and the way there and back.
const MARGIN: Duration = Duration::from_secs(45);
/// How long after the session's end the server may take to say that it ended a statement.
const CANCEL_MARGIN: Duration = Duration::from_secs(5);

/// The way out when a statement was ended as the function's time was.
const LATE_FUNCTION: &str = "the function's time was up: choose a larger replica.instance_class";

/// An open session with a database. Dropping it closes the connection.
#[derive(Debug)]
pub struct PostgresSession {
    client: Client,
    role: String,
    statement_timeout: Span,
    until: Option<Instant>,
    version: u32,
    place: String,
    last_catalogue: LastCatalogue,
}

impl PostgresSession {
    /// Takes a fresh connection to a place and makes it one that can only read.
    pub(crate) async fn begin(
        client: Client,
        place: String,
        settings: &DatabaseSettings,
        until: Option<Instant>,
        last_catalogue: LastCatalogue,
    ) -> Result<Self, Error> {
        let (role, statement_timeout) = (settings.user.clone(), settings.statement_timeout);
        let set_up = set_up(settings.statement_timeout.duration());
        let messages = client.simple_query(&format!("{set_up}; SHOW server_version_num")).await?;
        let version = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0)?.parse().ok(),
            _ => None,
        });
        let version = version.unwrap_or(0);
        Ok(Self { client, role, statement_timeout, until, version, place, last_catalogue })
    }

    /// The server, as host and port.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// The catalogue that a session of the same connector read last.
    pub(crate) fn last_catalogue(&self) -> LastCatalogue {
        self.last_catalogue.clone()
    }

    /// The server's version as a number, such as 160004; 0 when it doesn't say.
    pub(crate) const fn version(&self) -> u32 {
        self.version
    }

    /// The role that the session was opened for.
    pub(crate) fn role(&self) -> &str {
        &self.role
    }

    /// How long a statement may take now, and the way out when that isn't enough; `None` when the time
    /// of the whole session is over.
    fn allowance(&self) -> Option<(Duration, &'static str)> {
        let configured = self.statement_timeout.duration();
        match self.until.map(|until| until.saturating_duration_since(Instant::now())) {
            Some(left) if left < Duration::from_secs(1) => None,
            Some(left) if left < configured => Some((left, LATE_FUNCTION)),
            _ => Some((configured, "it took longer than allowed: raise database.statement_timeout")),
        }
    }

    /// Begins the read-only transaction of one measurement.
    ///
    /// Its first statement is made here: from then on the server refuses to make the transaction
    /// writable (PostgreSQL documentation, `SET TRANSACTION`), and every later statement sees the same
    /// snapshot.
    pub(crate) async fn read_only<'a>(
        &'a mut self,
        measuring: &mut Measuring<'_>,
    ) -> Result<Transaction<'a>, MeasureError> {
        let (transaction, before) = self.begin_transaction(measuring).await?;
        before
            .with(&transaction, async { Ok(()) })
            .await
            .map_err(|e| failure::of_measuring(*measuring, &e))?;
        Ok(transaction)
    }

    /// Begins the read-only transaction of one measurement, and gives the statements that have to be its
    /// first: what is measured next goes to the server together with them, without a way there and back of
    /// their own.
    pub(crate) async fn begin_transaction<'a>(
        &'a mut self,
        measuring: &mut Measuring<'_>,
    ) -> Result<(Transaction<'a>, Before), MeasureError> {
        let Some((allowed, late)) = self.allowance() else {
            return Err(MeasureError::TimedOut {
                reason: "the function's time was up before it began".to_owned(),
                hint: LATE_FUNCTION.to_owned(),
            });
        };
        measuring.late = late;
        let begun = self
            .client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .await;
        let transaction = begun.map_err(|error| failure::of_measuring(*measuring, &error))?;
        Ok((transaction, Before(format!("SET LOCAL statement_timeout = {}; SELECT 1", allowed.as_millis()))))
    }

    /// How long a measurement may take before its connection is given up.
    fn patience(&self) -> Duration {
        let patience = self.statement_timeout.duration() + MARGIN;
        match self.until {
            Some(until) => patience.min(until.saturating_duration_since(Instant::now()) + CANCEL_MARGIN),
            None => patience,
        }
    }

    /// Makes one measurement within the time that its statements may take. When the server doesn't end
    /// a statement in time by itself, the connection is given up.
    async fn bounded<T>(
        limit: Duration,
        doing: &str,
        measurement: impl Future<Output = Result<T, MeasureError>> + Send,
    ) -> Result<T, MeasureError> {
        timeout(limit, measurement).await.unwrap_or_else(|_| {
            Err(MeasureError::Lost(format!(
                "{doing}: no answer from the server within {} s",
                limit.as_secs()
            )))
        })
    }
}

impl Session for PostgresSession {
    async fn identity(&mut self) -> Result<ServerIdentity, MeasureError> {
        let limit = self.patience();
        Self::bounded(limit, "reading the server's identity", identity::read(self)).await
    }

    async fn catalogue(&mut self) -> Result<Catalogue, MeasureError> {
        let limit = self.patience();
        Self::bounded(limit, "reading the catalogue", catalogue::read(self)).await
    }

    async fn activity(&mut self) -> Result<Activity, MeasureError> {
        let limit = self.patience();
        Self::bounded(limit, "looking for writes", activity::read(self)).await
    }

    async fn control(&mut self) -> Result<Control, MeasureError> {
        let limit = self.patience();
        Self::bounded(limit, "asking for what must fail", control::ask(self)).await
    }

    async fn count_heap(
        &mut self,
        table: &TableName,
        blocks: Option<BlockRange>,
    ) -> Result<HeapCount, MeasureError> {
        let (limit, doing) = (self.patience(), format!("counting {table}"));
        Self::bounded(limit, &doing, count::count_heap(self, table, blocks)).await
    }

    async fn count_index(&mut self, table: &TableName, index: &str) -> Result<IndexCount, MeasureError> {
        let (limit, doing) = (self.patience(), format!("counting {table} by {index}"));
        Self::bounded(limit, &doing, count_index::count_index(self, table, index)).await
    }

    async fn cut_index(
        &mut self,
        table: &TableName,
        index: &str,
        parts: usize,
    ) -> Result<Vec<KeyRange>, MeasureError> {
        let (limit, doing) = (self.patience(), format!("looking where to cut {index} of {table}"));
        Self::bounded(limit, &doing, index_ranges::cut(self, table, index, parts)).await
    }

    async fn count_index_in(
        &mut self,
        table: &TableName,
        index: &str,
        keys: &KeyRange,
    ) -> Result<u64, MeasureError> {
        let (limit, doing) = (self.patience(), format!("counting {table} by a range of {index}"));
        Self::bounded(limit, &doing, index_ranges::count_in(self, table, index, keys)).await
    }

    async fn blocks_without_rows(&mut self, table: &TableName) -> Result<String, MeasureError> {
        let (limit, doing) = (self.patience(), format!("looking for empty blocks of {table}"));
        Self::bounded(limit, &doing, blocks::without_rows(self, table)).await
    }

    async fn objects(&mut self, kind: ObjectKind, part: u32) -> Result<Vec<CatalogueObject>, MeasureError> {
        let (limit, doing) = (self.patience(), format!("reading the catalogue's {}", kind.plural()));
        Self::bounded(limit, &doing, objects::read(self, kind, part)).await
    }

    async fn health(&mut self, kind: HealthKind) -> Result<HealthReport, MeasureError> {
        let (limit, doing) = (self.patience(), format!("looking at {kind}"));
        Self::bounded(limit, &doing, health::look(self, kind)).await
    }

    async fn check_heap(&mut self, table: &TableName) -> Result<Corruption, MeasureError> {
        let (limit, doing) = (self.patience(), format!("verifying the heap of {table}"));
        Self::bounded(limit, &doing, structure::check_heap(self, table)).await
    }

    async fn check_btree(&mut self, table: &TableName, index: &str) -> Result<Corruption, MeasureError> {
        let (limit, doing) = (self.patience(), format!("verifying {index} of {table}"));
        Self::bounded(limit, &doing, structure::check_btree(self, table, index)).await
    }

    async fn orphans(&mut self, table: &TableName, constraint: &str) -> Result<Orphans, MeasureError> {
        let (limit, doing) = (self.patience(), format!("looking for orphans by {constraint} of {table}"));
        Self::bounded(limit, &doing, orphans::count(self, table, constraint)).await
    }

    async fn digest(&mut self, table: &TableName, scope: &DigestScope) -> Result<DigestValue, MeasureError> {
        let (limit, doing) = (self.patience(), format!("making the digest of {table}"));
        Self::bounded(limit, &doing, digest::make(self, table, scope)).await
    }

    async fn newest(
        &mut self,
        table: &TableName,
        column: &str,
    ) -> Result<Option<DateTime<Utc>>, MeasureError> {
        let (limit, doing) = (self.patience(), format!("reading the newest {column} of {table}"));
        Self::bounded(limit, &doing, newest::newest(self, table, column)).await
    }

    async fn own_query(&mut self, sql: &str) -> Result<Option<String>, MeasureError> {
        let limit = self.patience();
        Self::bounded(limit, "running the query", own_query::value(self, sql)).await
    }
}

/// Statements of ours that have to be made before what is measured.
#[must_use]
pub(crate) struct Before(String);

impl Before {
    /// None yet, of a transaction that is past its first statement.
    pub(crate) const fn nothing() -> Self {
        Self(String::new())
    }

    /// The same with settings after them, which hold until the transaction ends.
    pub(crate) fn and(self, settings: &str) -> Self {
        Self(format!("{}; {settings}", self.0))
    }

    /// Makes them, and has sent what `next` sends before the server has answered: it answers in order. When
    /// they fail, what came of `next` doesn't count.
    pub(crate) async fn with<T>(
        self,
        transaction: &Transaction<'_>,
        next: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let (first, next) = tokio::join!(biased; transaction.batch_execute(&self.0), next);
        first?;
        next
    }
}

/// The statements that set a session up. Read-only comes first, so that nothing runs before it.
fn set_up(statement_timeout: Duration) -> String {
    [
        "SET default_transaction_read_only = on".to_owned(),
        format!("SET statement_timeout = {}", statement_timeout.as_millis()),
        format!("SET lock_timeout = {}", LOCK_TIMEOUT.as_millis()),
        format!("SET idle_in_transaction_session_timeout = {}", IDLE_TIMEOUT.as_millis()),
        // A policy that would hide rows is an error then, instead of a smaller count.
        "SET row_security = off".to_owned(),
        "SET TimeZone = 'UTC'".to_owned(),
        "SET DateStyle = 'ISO, YMD'".to_owned(),
        "SET IntervalStyle = 'postgres'".to_owned(),
        "SET bytea_output = 'hex'".to_owned(),
        // A role can create objects that shadow others only in schemas that are searched. Somebody's own
        // query gets the role's own path back.
        "SET search_path = pg_catalog".to_owned(),
        "SET standard_conforming_strings = on".to_owned(),
        // Compiling pays off for arithmetic on many rows, not for counting them.
        "SET jit = off".to_owned(),
        // Each session reads for itself. Else those of PostgreSQL 18 hand all reading to the few I/O workers
        // of the whole server (io_method = worker), and readers in many sessions wait for three.
        "SET effective_io_concurrency = 0".to_owned(),
        "SET client_encoding = 'UTF8'".to_owned(),
        // The client logs notices, and a function's notice may hold values of rows.
        "SET client_min_messages = error".to_owned(),
    ]
    .join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_only_is_the_first_setting_and_spans_are_milliseconds() {
        let text = set_up(Duration::from_mins(10));
        assert!(text.starts_with("SET default_transaction_read_only = on; "));
        assert!(text.contains("SET statement_timeout = 600000; "));
        assert!(text.contains("SET row_security = off; "));
    }
}
