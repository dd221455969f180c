//! A database in memory, whose sessions all see the same.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use drill::measurement::*;
use drill::ports::{Connect, ConnectError, MeasureError, Session, Target};

/// What there is to measure.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    pub(crate) identity: ServerIdentity,
    /// Rows and size of the heap in bytes, or why the count fails.
    pub(crate) tables: BTreeMap<TableName, (Result<u64, MeasureError>, u64)>,
    /// The indexes, by `schema.index`: their table, and the rows that they lead to.
    pub(crate) indexes: BTreeMap<String, (TableName, Result<IndexCount, MeasureError>)>,
    /// The foreign keys, by name: their table, and the rows that refer to nothing.
    pub(crate) foreign_keys: BTreeMap<String, (TableName, u64)>,
    pub(crate) objects: BTreeMap<ObjectKind, Vec<CatalogueObject>>,
    /// What is wrong, where anything is.
    pub(crate) health: BTreeMap<HealthKind, HealthReport>,
    /// What is corrupt, by table or index, where anything is.
    pub(crate) corruption: BTreeMap<String, Corruption>,
    /// The digest of each table; `d0` for any other.
    pub(crate) digests: BTreeMap<TableName, DigestValue>,
    pub(crate) newest: Result<Option<DateTime<Utc>>, MeasureError>,
    /// The value of each query, by its SQL; `0` for any other.
    pub(crate) queries: BTreeMap<String, Result<Option<String>, MeasureError>>,
    pub(crate) activity: Activity,
    pub(crate) control: Result<Control, MeasureError>,
    pub(crate) not_covered: Vec<String>,
    pub(crate) connecting: Result<(), ConnectError>,
    /// Everything that was measured, in order.
    pub(crate) measured: Arc<Mutex<Vec<String>>>,
    /// How long all answers have taken.
    pub(crate) took: Arc<Mutex<Duration>>,
}

/// The table of that name in `public`.
pub(crate) fn table(name: &str) -> TableName {
    TableName { schema: "public".to_owned(), table: name.to_owned() }
}

impl Database {
    /// The course platform.
    pub(crate) fn new() -> Self {
        let tables = [("courses_answer", 1_943_200, 1 << 30), ("courses_course", 212, 64 << 10)];
        let mut database = Self {
            identity: ServerIdentity {
                server_version: "16.4".to_owned(),
                tls: "TLSv1.3".to_owned(),
                role: "restore_drill".to_owned(),
                excess_rights: Vec::new(),
                database: "courses".to_owned(),
            },
            tables: tables.into_iter().map(|(n, rows, size)| (table(n), (Ok(rows), size))).collect(),
            indexes: BTreeMap::new(),
            foreign_keys: BTreeMap::new(),
            objects: BTreeMap::new(),
            health: BTreeMap::new(),
            corruption: BTreeMap::new(),
            digests: BTreeMap::new(),
            newest: Ok(Some("2026-11-21T02:01:00Z".parse().expect("a time"))),
            queries: BTreeMap::new(),
            activity: Activity { snapshot: "761:761:".to_owned(), writes: 0 },
            control: Ok(Control {
                writing_failed_with: Some("25006".to_owned()),
                is_error_reported: true,
                rows: 4,
            }),
            not_covered: Vec::new(),
            connecting: Ok(()),
            measured: Arc::default(),
            took: Arc::default(),
        };
        database.indexes.insert(
            "public.courses_answer_pkey".to_owned(),
            (table("courses_answer"), Ok(index_count(1_943_200))),
        );
        let lines = ["id bigint not null", "text text"].map(str::to_owned).to_vec();
        let object = CatalogueObject { name: "public.courses_answer".to_owned(), definition: lines };
        database.objects.insert(ObjectKind::Table, vec![object]);
        database
    }

    pub(crate) fn with(mut self, name: &str, rows: Result<u64, MeasureError>) -> Self {
        self.tables.insert(table(name), (rows, 8192));
        self
    }
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.tables.remove(&table(name));
        self
    }

    /// How long all answers have taken.
    pub(crate) fn elapsed(&self) -> Duration {
        *self.took.lock().expect("nobody panicked")
    }

    fn note(&self, what: impl Into<String>, milliseconds: u64) {
        self.measured.lock().expect("nobody panicked").push(what.into());
        *self.took.lock().expect("nobody panicked") += Duration::from_millis(milliseconds);
    }
}

/// An index that leads to so many rows.
pub(crate) fn index_count(rows: u64) -> IndexCount {
    IndexCount { rows, rows_of_predicate: None, blocks_without_rows: None }
}

impl Connect for Database {
    type Session = Self;
    async fn connect(&self, target: &Target<'_>, _: DateTime<Utc>) -> Result<Self, ConnectError> {
        self.note(format!("connect {}", target.endpoint.host), 0);
        self.connecting.clone().map(|()| self.clone())
    }
}

impl Session for Database {
    async fn identity(&mut self) -> Result<ServerIdentity, MeasureError> {
        Ok(self.identity.clone())
    }
    async fn catalogue(&mut self) -> Result<Catalogue, MeasureError> {
        let index = |(name, _): (&String, _)| IndexEntry {
            name: name.trim_start_matches("public.").to_owned(),
            size_bytes: 1 << 20,
            is_countable: true,
            is_btree: true,
        };
        let entry = |(name, (_, size)): (&TableName, &(_, u64))| TableEntry {
            name: name.clone(),
            heap_size_bytes: *size,
            indexes: self.indexes.iter().filter(|(_, (of, _))| of == name).map(index).collect(),
            foreign_keys: self
                .foreign_keys
                .iter()
                .filter(|(_, (of, _))| of == name)
                .map(|(key, _)| ForeignKeyEntry { name: key.clone() })
                .collect(),
        };
        let count = |(kind, objects): (&ObjectKind, &Vec<_>)| {
            (*kind, u32::try_from(objects.len()).expect("there are few"))
        };
        Ok(Catalogue {
            tables: self.tables.iter().map(entry).collect(),
            objects: self.objects.iter().map(count).collect(),
            connections_free: 80,
            not_covered: self.not_covered.clone(),
        })
    }
    async fn activity(&mut self) -> Result<Activity, MeasureError> {
        Ok(self.activity.clone())
    }
    async fn control(&mut self) -> Result<Control, MeasureError> {
        self.control.clone()
    }
    async fn count_heap(
        &mut self,
        table: &TableName,
        blocks: Option<BlockRange>,
    ) -> Result<HeapCount, MeasureError> {
        let (rows, size_bytes) = &self.tables[table];
        let rows = rows.clone()?;
        let Some(range) = blocks else {
            self.note(format!("count {table}"), 1840);
            return Ok(HeapCount { rows, scan: "Seq Scan".to_owned() });
        };
        self.note(format!("count {table} {range}"), 230);
        // The rows lie evenly over the blocks.
        let all = size_bytes.div_ceil(8192).max(1);
        let up_to =
            |block: u64| u64::try_from(u128::from(rows) * u128::from(block.min(all)) / u128::from(all));
        let to = range.to.map_or(all, u64::from);
        let rows = up_to(to).expect("it fits") - up_to(range.from.into()).expect("it fits");
        Ok(HeapCount { rows, scan: "Tid Range Scan".to_owned() })
    }
    async fn count_index(&mut self, table: &TableName, index: &str) -> Result<IndexCount, MeasureError> {
        self.note(format!("index {}.{index}", table.schema), 900);
        self.indexes[&format!("{}.{index}", table.schema)].1.clone()
    }
    async fn blocks_without_rows(&mut self, _: &TableName) -> Result<String, MeasureError> {
        Ok("17".to_owned())
    }
    async fn objects(&mut self, kind: ObjectKind, part: u32) -> Result<Vec<CatalogueObject>, MeasureError> {
        let all = self.objects.get(&kind).cloned().unwrap_or_default();
        let per_part = kind.per_part() as usize;
        Ok(all.into_iter().skip(part as usize * per_part).take(per_part).collect())
    }
    async fn health(&mut self, kind: HealthKind) -> Result<HealthReport, MeasureError> {
        let well = HealthReport { examined: 3, ..HealthReport::default() };
        Ok(self.health.get(&kind).cloned().unwrap_or(well))
    }
    async fn check_heap(&mut self, table: &TableName) -> Result<Corruption, MeasureError> {
        Ok(self.corruption.get(&table.to_string()).cloned().unwrap_or_default())
    }
    async fn check_btree(&mut self, table: &TableName, index: &str) -> Result<Corruption, MeasureError> {
        Ok(self.corruption.get(&format!("{}.{index}", table.schema)).cloned().unwrap_or_default())
    }
    async fn orphans(&mut self, table: &TableName, constraint: &str) -> Result<Orphans, MeasureError> {
        let of = format!("{table} (course_id) to public.courses_course (id)");
        Ok(Orphans { rows: self.foreign_keys[constraint].1, of })
    }
    async fn digest(&mut self, table: &TableName, _: &DigestScope) -> Result<DigestValue, MeasureError> {
        let of = RowDigest { rows: 1, digest: "d0".to_owned() };
        let any = DigestValue { method: "m1".to_owned(), until: None, whole: of, newest: None };
        Ok(self.digests.get(table).cloned().unwrap_or(any))
    }
    async fn newest(
        &mut self,
        table: &TableName,
        column: &str,
    ) -> Result<Option<DateTime<Utc>>, MeasureError> {
        self.note(format!("newest {table}.{column}"), 310);
        self.newest.clone()
    }
    async fn own_query(&mut self, sql: &str) -> Result<Option<String>, MeasureError> {
        self.note(format!("query {sql}"), 2460);
        self.queries.get(sql).cloned().unwrap_or(Ok(Some("0".to_owned())))
    }
}
