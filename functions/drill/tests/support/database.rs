//! A database in memory, with one session after the other.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use drill::measurement::{Catalogue, HeapCount, ServerIdentity, TableEntry, TableName};
use drill::ports::{Connect, ConnectError, MeasureError, Session, Target};

use super::at;

/// What there is to measure.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    pub(crate) identity: ServerIdentity,
    /// Rows and size of the heap in bytes, or why the count fails.
    pub(crate) tables: BTreeMap<TableName, (Result<u64, MeasureError>, u64)>,
    pub(crate) newest: Result<Option<DateTime<Utc>>, MeasureError>,
    /// The value of each query, by its SQL; `0` for any other.
    pub(crate) queries: BTreeMap<String, Result<Option<String>, MeasureError>>,
    pub(crate) not_covered: Vec<String>,
    pub(crate) connecting: Result<(), ConnectError>,
    /// Everything that was measured, in order.
    pub(crate) measured: Arc<Mutex<Vec<String>>>,
}

/// The table of that name in `public`.
pub(crate) fn table(name: &str) -> TableName {
    TableName { schema: "public".to_owned(), table: name.to_owned() }
}

impl Database {
    /// The course platform.
    pub(crate) fn new() -> Self {
        let tables = [("courses_answer", 1_943_200, 1 << 30), ("courses_course", 212, 64 << 10)];
        Self {
            identity: ServerIdentity {
                server_version: "16.4".to_owned(),
                tls: "TLSv1.3".to_owned(),
                role: "restore_drill".to_owned(),
                excess_rights: Vec::new(),
                database: "courses".to_owned(),
            },
            tables: tables.into_iter().map(|(n, rows, size)| (table(n), (Ok(rows), size))).collect(),
            newest: Ok(Some(at("2026-11-21T02:01:00Z"))),
            queries: BTreeMap::new(),
            not_covered: Vec::new(),
            connecting: Ok(()),
            measured: Arc::default(),
        }
    }

    pub(crate) fn with(mut self, name: &str, rows: Result<u64, MeasureError>) -> Self {
        self.tables.insert(table(name), (rows, 8192));
        self
    }
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.tables.remove(&table(name));
        self
    }

    fn note(&self, what: impl Into<String>) {
        self.measured.lock().expect("nobody panicked").push(what.into());
    }
}

impl Connect for Database {
    type Session = Self;
    async fn connect(&self, target: &Target<'_>, _: DateTime<Utc>) -> Result<Self, ConnectError> {
        self.note(format!("connect {}", target.endpoint.host));
        self.connecting.clone().map(|()| self.clone())
    }
}

impl Session for Database {
    async fn identity(&mut self) -> Result<ServerIdentity, MeasureError> {
        Ok(self.identity.clone())
    }
    async fn catalogue(&mut self) -> Result<Catalogue, MeasureError> {
        let entry = |(name, (_, size)): (&TableName, &(_, u64))| TableEntry {
            name: name.clone(),
            heap_size_bytes: *size,
        };
        let tables = self.tables.iter().map(entry).collect();
        Ok(Catalogue { tables, not_covered: self.not_covered.clone() })
    }
    async fn count_heap(&mut self, table: &TableName) -> Result<HeapCount, MeasureError> {
        self.note(format!("count {table}"));
        let rows = self.tables[table].0.clone()?;
        Ok(HeapCount { rows, scan: "Seq Scan".to_owned() })
    }
    async fn newest(
        &mut self,
        table: &TableName,
        column: &str,
    ) -> Result<Option<DateTime<Utc>>, MeasureError> {
        self.note(format!("newest {table}.{column}"));
        self.newest.clone()
    }
    async fn own_query(&mut self, sql: &str) -> Result<Option<String>, MeasureError> {
        self.note(format!("query {sql}"));
        self.queries.get(sql).cloned().unwrap_or(Ok(Some("0".to_owned())))
    }
}
