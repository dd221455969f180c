//! The replica's database: connecting, and each named measurement. What is measured is what the machine
//! under the instance holds; what was asked is noted as the truth about what was checked.
//!
//! A new measurement of the port `Session` needs a function here that notes it by its name and gives what
//! good data give; what a damage does to it is [`Damage`]'s.

use chrono::{DateTime, TimeDelta, Utc};
use drill::measurement::{
    Activity, BlockRange, Catalogue, CatalogueObject, Control, Corruption, DigestScope, DigestValue,
    ForeignKeyEntry, HealthKind, HealthReport, HeapCount, IndexCount, IndexEntry, ObjectKind, Orphans,
    RowDigest, ServerIdentity, TableEntry, TableName,
};
use drill::ports::{Connect, ConnectError, MeasureError, Session, Target};

use crate::dice::Dice;
use crate::fault::{Fault, Kind};
use crate::invocation::{Call, Failing, Ports, Says};
use crate::machines::{Damage, Data, TABLES, instance_at};
use crate::mutant::Mutant;
use crate::scenario::CANARY;
use crate::told::Told;
use crate::world::State;

impl Failing for ConnectError {
    fn failing(fault: Fault, _: &'static str, subject: &str, dice: &mut Dice) -> Self {
        let text = format!("a fault, for {subject}");
        match fault {
            Fault::Refused if dice.per_mille(500) => Self::Untrusted(text),
            Fault::Refused => Self::Refused(text),
            _ => Self::Unreachable(text),
        }
    }
}

impl Failing for MeasureError {
    fn failing(fault: Fault, operation: &'static str, subject: &str, _: &mut Dice) -> Self {
        let reason = format!("{operation} of {subject}");
        match fault {
            Fault::Refused => Self::NotMeasured { reason, hint: "grant it".to_owned() },
            Fault::Throttled => Self::TimedOut { reason, hint: "wait longer".to_owned() },
            _ => Self::Lost("the connection broke".to_owned()),
        }
    }
}

/// A session with the database of one instance.
pub(crate) struct Connected {
    ports: Ports,
    instance: String,
}

impl Connect for Ports {
    type Session = Connected;
    async fn connect(&self, target: &Target<'_>, _: DateTime<Utc>) -> Result<Connected, ConnectError> {
        let host = &target.endpoint.host;
        let call = Call { operation: "connect", subject: host, kind: Kind::Other, says: Says::Nothing };
        let connected = self.call(call, |s, _| {
            let instance = instance_at(host).filter(|id| s.answers(id));
            let instance = instance.ok_or_else(|| ConnectError::Unreachable("nobody listens".to_owned()))?;
            if s.mutant == Some(Mutant::LeaksSecret) && s.dice.per_mille(100) {
                return Err(ConnectError::Refused(format!("password={CANARY} was refused")));
            }
            Ok(instance)
        });
        Ok(Connected { instance: connected.await?, ports: self.clone() })
    }
}

impl State {
    fn answers(&self, instance: &str) -> bool {
        let instance = self.plane.instance_by_resource(instance);
        instance.is_some_and(|i| i.status.is_ready() && i.endpoint.is_some())
    }

    /// How long it takes to read some blocks of a table, which come from the backup's storage.
    fn reading_takes(&mut self, table: &str, range: BlockRange) -> TimeDelta {
        const BLOCK_SIZE_BYTES: u64 = 8192;
        if self.steps.is_some() {
            return TimeDelta::zero();
        }
        let seconds = if self.is_calm { 3 } else { self.scenario.count_max_s };
        let is_answers = table == TABLES[0].0;
        let blocks = if is_answers { self.scenario.answers_size_bytes / BLOCK_SIZE_BYTES } else { 1 };
        let to = range.to.map_or(blocks, u64::from).min(blocks);
        let whole_ms = self.dice.below(seconds * 1000 + 1);
        let own_ms = whole_ms * to.saturating_sub(range.from.into()) / blocks;
        TimeDelta::milliseconds(own_ms.cast_signed())
    }

    /// The data of an instance, when its server still answers; notes what is measured.
    fn measure(&mut self, instance: &str, what: &Note) -> Result<Data, MeasureError> {
        if !self.answers(instance) {
            return Err(MeasureError::Lost("the server is gone".to_owned()));
        }
        match what {
            Note::Rows(..) if self.mutant == Some(Mutant::CountsWithoutLooking) => {}
            Note::Rows(table, range) => self.truth.note_rows(instance, table, *range),
            Note::Unit(unit) => self.truth.note(instance, unit.clone()),
        }
        let data = self.machines.of_instances.iter().find(|(id, _)| id.as_str() == instance);
        data.map(|(_, d)| d.clone()).ok_or_else(|| MeasureError::Lost("there are no data".to_owned()))
    }
}

/// What is measured, for the truth.
enum Note {
    Unit(String),
    Rows(String, BlockRange),
}

fn damaged() -> MeasureError {
    MeasureError::Failed("XX001: invalid page in block 7 of relation base/16384/16390".to_owned())
}

impl Connected {
    async fn noted<T: Told>(
        &mut self,
        operation: &'static str,
        subject: &str,
        note: Note,
        look: impl Fn(&Data) -> Result<T, MeasureError> + Send + Sync,
    ) -> Result<T, MeasureError> {
        let call = Call { operation, subject, kind: Kind::Other, says: Says::Nothing };
        let instance = &self.instance;
        let note = &note;
        self.ports.call(call, |s, _| s.measure(instance, note).and_then(|data| look(&data))).await
    }

    /// Measures something of the whole database.
    async fn measured<T: Told>(
        &mut self,
        what: &'static str,
        look: impl Fn(&Data) -> Result<T, MeasureError> + Send + Sync,
    ) -> Result<T, MeasureError> {
        self.noted(what, "server", Note::Unit(what.to_owned()), look).await
    }

    /// Measures something of a table.
    async fn of_table<T: Told>(
        &mut self,
        what: &'static str,
        table: &TableName,
        look: impl Fn(&Data) -> Result<T, MeasureError> + Send + Sync,
    ) -> Result<T, MeasureError> {
        self.noted(what, &table.table, Note::Unit(format!("{what} {table}")), look).await
    }
}

/// The index and the foreign key of a table.
pub(crate) fn index_of(table: &str) -> IndexEntry {
    IndexEntry { name: format!("{table}_pkey"), size_bytes: 1 << 20, is_countable: true, is_btree: true }
}

impl Session for Connected {
    async fn identity(&mut self) -> Result<ServerIdentity, MeasureError> {
        self.measured("identity", |_| {
            Ok(ServerIdentity {
                server_version: "17.4".to_owned(),
                tls: "TLSv1.3".to_owned(),
                role: "restore_drill".to_owned(),
                excess_rights: Vec::new(),
                database: "courses".to_owned(),
            })
        })
        .await
    }

    async fn activity(&mut self) -> Result<Activity, MeasureError> {
        self.measured("activity", |_| Ok(Activity { snapshot: "761:761:".to_owned(), writes: 0 })).await
    }

    async fn control(&mut self) -> Result<Control, MeasureError> {
        let writing_failed_with = Some("25006".to_owned());
        let control = Control { writing_failed_with, is_error_reported: true, rows: 4 };
        self.measured("control", |_| Ok(control.clone())).await
    }

    async fn catalogue(&mut self) -> Result<Catalogue, MeasureError> {
        let answers = self.ports.world.with(|s| s.scenario.answers_size_bytes);
        self.measured("catalogue", |data| {
            let tables = data.tables().map(|(table, _, _, size)| TableEntry {
                name: TableName { schema: "public".to_owned(), table: (*table).to_owned() },
                heap_size_bytes: if *size == 0 { answers } else { *size },
                indexes: vec![index_of(table)],
                foreign_keys: vec![ForeignKeyEntry { name: format!("{table}_fkey") }],
            });
            Ok(Catalogue {
                tables: tables.collect(),
                objects: [(ObjectKind::Table, 1)].into(),
                connections_free: 40,
                not_covered: vec!["1 large object".to_owned()],
            })
        })
        .await
    }

    async fn count_heap(
        &mut self,
        table: &TableName,
        blocks: Option<BlockRange>,
    ) -> Result<HeapCount, MeasureError> {
        let range = blocks.unwrap_or(BlockRange { from: 0, to: None });
        let world = &self.ports.world;
        let takes = world.with(|s| s.reading_takes(&table.table, range));
        if self.ports.script.is_none() && takes > TimeDelta::zero() {
            world.clock.sleep(takes).await;
        }
        let note = Note::Rows(table.to_string(), range);
        self.noted("count", &table.table, note, |data| match data.rows(&table.table) {
            Some(_) if data.damage == Some(Damage::Unreadable) => Err(damaged()),
            Some(rows) => {
                // All rows lie in the first piece.
                let rows = if range.from == 0 { rows } else { 0 };
                Ok(HeapCount { rows, scan: "Seq Scan".to_owned() })
            }
            None => Err(MeasureError::Failed("42P01: relation does not exist".to_owned())),
        })
        .await
    }

    async fn count_index(&mut self, table: &TableName, index: &str) -> Result<IndexCount, MeasureError> {
        let note = Note::Unit(format!("index {table}.{index}"));
        self.noted("count_index", index, note, |data| {
            let rows = data.rows(&table.table).unwrap_or_default();
            Ok(IndexCount { rows, rows_of_predicate: None, blocks_without_rows: None })
        })
        .await
    }

    async fn blocks_without_rows(&mut self, table: &TableName) -> Result<String, MeasureError> {
        self.of_table("blocks_without_rows", table, |_| Ok(String::new())).await
    }

    async fn objects(&mut self, kind: ObjectKind, _: u32) -> Result<Vec<CatalogueObject>, MeasureError> {
        self.noted("objects", &format!("{kind:?}"), Note::Unit(format!("objects {kind:?}")), |_| {
            let definition = vec!["id bigint not null".to_owned()];
            let object = CatalogueObject { name: "public.courses_answer".to_owned(), definition };
            Ok(if kind == ObjectKind::Table { vec![object] } else { Vec::new() })
        })
        .await
    }

    async fn health(&mut self, kind: HealthKind) -> Result<HealthReport, MeasureError> {
        self.noted("health", &format!("{kind:?}"), Note::Unit(format!("health {kind:?}")), |_| {
            Ok(HealthReport { examined: 3, ..HealthReport::default() })
        })
        .await
    }

    async fn check_heap(&mut self, table: &TableName) -> Result<Corruption, MeasureError> {
        self.of_table("check_heap", table, |_| Ok(Corruption::default())).await
    }

    async fn check_btree(&mut self, table: &TableName, _: &str) -> Result<Corruption, MeasureError> {
        self.of_table("check_btree", table, |_| Ok(Corruption::default())).await
    }

    async fn orphans(&mut self, table: &TableName, constraint: &str) -> Result<Orphans, MeasureError> {
        self.of_table("orphans", table, |_| Ok(Orphans { rows: 0, of: constraint.to_owned() })).await
    }

    async fn digest(&mut self, table: &TableName, _: &DigestScope) -> Result<DigestValue, MeasureError> {
        self.of_table("digest", table, |_| {
            let whole = RowDigest { rows: 1, digest: "d0".to_owned() };
            Ok(DigestValue { method: "m1".to_owned(), until: None, whole, newest: None })
        })
        .await
    }

    async fn newest(&mut self, table: &TableName, _: &str) -> Result<Option<DateTime<Utc>>, MeasureError> {
        self.of_table("newest", table, |data| Ok(Some(data.newest()))).await
    }

    async fn own_query(&mut self, sql: &str) -> Result<Option<String>, MeasureError> {
        self.noted("query", sql, Note::Unit(format!("query {sql}")), |data| {
            let orphans = if data.damage == Some(Damage::Orphans) { "17" } else { "0" };
            Ok(Some(orphans.to_owned()))
        })
        .await
    }
}
