//! The tables to check with what is checked of them, and in words what the checks don't look at.

use std::collections::BTreeMap;

use drill::measurement::{Catalogue, ForeignKeyEntry, TableEntry, TableName};
use drill::ports::MeasureError;
use tokio_postgres::{Error, Row, Transaction};

use crate::failure::{self, Measuring};
use crate::objects;
use crate::session::PostgresSession;

mod indexes;
mod last;

pub(crate) use last::LastCatalogue;
use last::State;

const TABLES: &str = include_str!("sql/tables.sql");
const FOREIGN_KEYS: &str = include_str!("sql/foreign_keys.sql");
const CONNECTIONS: &str = include_str!("sql/connections.sql");
const GAPS: &str = include_str!("sql/gaps.sql");
const OTHER_DATABASES: &str = include_str!("sql/other_databases.sql");
const BLIND_SETTINGS: &str = include_str!("sql/blind_settings.sql");
/// How many other databases are named; more are counted.
const DATABASES_NAMED_MAX: usize = 20;
const BLOCK_SIZE_BYTES: u64 = 8192;

/// Reads the catalogue. One look at each table's files; no table is read. For 10,000 tables with 30,000
/// indexes that is about a second of the server's time, unless it was read before and nothing was written since.
pub(crate) async fn read(session: &mut PostgresSession) -> Result<Catalogue, MeasureError> {
    let (role, place, last) =
        (session.role().to_owned(), session.place().to_owned(), session.last_catalogue());
    let mut measuring =
        Measuring::new("listing the tables", "let PUBLIC read pg_catalog, as it does by default", &role);
    let (transaction, before) = session.begin_transaction(&mut measuring).await?;
    let catalogue = async {
        let state = before.with(&transaction, State::of(&place, &transaction)).await?;
        let row = transaction.query_typed_one(CONNECTIONS, &[]).await?;
        let connections_free = u32::try_from(row.try_get::<_, i32>("free")?).unwrap_or_default();
        if let Some(catalogue) = last.of(&state) {
            return Ok(Catalogue { connections_free, ..catalogue });
        }
        let catalogue = Catalogue { connections_free, ..catalogue(&transaction).await? };
        last.remember(state, &catalogue);
        Ok(catalogue)
    };
    catalogue.await.map_err(|error: Error| failure::of_measuring(measuring, &error))
}

/// The catalogue, apart from the connections.
async fn catalogue(transaction: &Transaction<'_>) -> Result<Catalogue, Error> {
    let mut gaps = Gaps::default();
    for row in transaction.query(GAPS, &[]).await? {
        let (kind, count): (String, i64) = (row.try_get("kind")?, row.try_get("count")?);
        gaps.0.insert(kind, (u64::try_from(count).unwrap_or_default(), row.try_get("example")?));
    }
    let objects = objects::count(transaction).await?;
    let others = other_databases(transaction).await?;
    let mut blind = Vec::new();
    for row in transaction.query(BLIND_SETTINGS, &[]).await? {
        blind.push(blind_setting(row.try_get("name")?).to_owned());
    }
    let tables = tables(transaction, &mut gaps).await?;
    let not_covered = gaps.in_words().chain(others).chain(blind).collect();
    Ok(Catalogue { tables, objects, connections_free: 0, not_covered })
}

/// The tables with their indexes and foreign keys.
async fn tables(transaction: &Transaction<'_>, gaps: &mut Gaps) -> Result<Vec<TableEntry>, Error> {
    let rows = transaction.query(TABLES, &[]).await?;
    let mut foreign_keys: BTreeMap<u32, Vec<ForeignKeyEntry>> = BTreeMap::new();
    for row in transaction.query(FOREIGN_KEYS, &[]).await? {
        let entry = ForeignKeyEntry { name: row.try_get("name")? };
        foreign_keys.entry(row.try_get("table")?).or_default().push(entry);
    }
    let mut tables = rows
        .iter()
        .map(|row| Ok((row, row.try_get("oid")?, table_entry(row)?)))
        .collect::<Result<Vec<_>, Error>>()?;
    let sizes = tables.iter().map(|(_, id, t)| (*id, (t.name.schema.clone(), t.heap_size_bytes))).collect();
    // Last in the transaction: it changes settings.
    let mut indexes = indexes::read(transaction, &sizes, gaps).await?;
    for (row, id, entry) in &mut tables {
        entry.indexes = indexes.remove(id).unwrap_or_default();
        entry.foreign_keys = foreign_keys.remove(id).unwrap_or_default();
        let blocks_all_visible: i32 = row.try_get("blocks_all_visible")?;
        gaps.add_blind_to_loss(entry, u64::try_from(blocks_all_visible).unwrap_or_default());
    }
    Ok(tables.into_iter().map(|(_, _, entry)| entry).collect())
}

fn table_entry(row: &Row) -> Result<TableEntry, Error> {
    let size: i64 = row.try_get("heap_size_bytes")?;
    Ok(TableEntry {
        name: TableName { schema: row.try_get("schema")?, table: row.try_get("name")? },
        heap_size_bytes: u64::try_from(size).expect("pg_relation_size is never negative"),
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
    })
}

async fn other_databases(transaction: &Transaction<'_>) -> Result<Vec<String>, Error> {
    let rows = transaction.query(OTHER_DATABASES, &[]).await?;
    let named = rows.iter().take(DATABASES_NAMED_MAX);
    let mut others = named
        .map(|row| Ok(format!("database {}", row.try_get::<_, String>("name")?)))
        .collect::<Result<Vec<_>, Error>>()?;
    let more = rows.len().saturating_sub(DATABASES_NAMED_MAX);
    others.extend((more > 0).then(|| format!("{more} more databases")));
    Ok(others)
}

/// Kinds of things that aren't looked at: how many there are, and one of them.
#[derive(Debug, Default)]
struct Gaps(BTreeMap<String, (u64, Option<String>)>);

impl Gaps {
    fn add(&mut self, kind: &str, example: impl FnOnce() -> String) {
        match self.0.get_mut(kind) {
            Some((count, _)) => *count += 1,
            None => {
                self.0.insert(kind.to_owned(), (1, Some(example())));
            }
        }
    }

    /// A table whose indexes don't show that rows are gone together with their block: an index leads to a row
    /// without a look at the heap only where the block is all-visible.
    fn add_blind_to_loss(&mut self, entry: &TableEntry, blocks_all_visible: u64) {
        if entry.heap_size_bytes == 0 {
            return;
        }
        let name = || entry.name.to_string();
        if !entry.indexes.iter().any(|index| index.is_countable) {
            self.add("table without a countable index", name);
        } else if blocks_all_visible * 2 * BLOCK_SIZE_BYTES < entry.heap_size_bytes {
            self.add("table that isn't vacuumed", name);
        }
    }

    fn in_words(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(kind, (count, example))| in_words(kind, *count, example.as_deref()))
    }
}

/// A kind of object that isn't looked at, how many there are, and one of them.
fn in_words(kind: &str, count: u64, example: Option<&str>) -> String {
    const UNSEEN: &str = "; rows lost together with their block are not seen by an index";
    const UNCOMPARED: &str = "; not compared with the table";
    let (one, many, remark) = match kind {
        "foreign table" => ("foreign table", "foreign tables", "; the data is elsewhere"),
        "materialised view" => ("materialised view", "materialised views", ""),
        "unlogged table" => ("unlogged table", "unlogged tables", "; empty after every restore"),
        "large object" => ("large object", "large objects", ""),
        "invalid index" => ("invalid index", "invalid indexes", UNCOMPARED),
        "index of expressions" => ("index of expressions", "indexes of expressions", UNCOMPARED),
        "index of another kind" => ("index that is no B-tree", "indexes that are no B-trees", UNCOMPARED),
        "index like another" => (
            "index that the planner passes over for a similar one",
            "indexes that the planner passes over for similar ones",
            UNCOMPARED,
        ),
        "partial index of a large table" => {
            ("partial index of a table above 8 GiB", "partial indexes of tables above 8 GiB", UNCOMPARED)
        }
        "table without a countable index" => {
            ("table without an index that is counted", "tables without an index that is counted", UNSEEN)
        }
        "table that isn't vacuumed" => (
            "table of which VACUUM has seen less than half",
            "tables of which VACUUM has seen less than half",
            UNSEEN,
        ),
        other => (other, other, ""),
    };
    let noun = if count == 1 { one } else { many };
    let such_as = example.map(|name| format!(", such as {name}")).unwrap_or_default();
    format!("{count} {noun}{such_as}{remark}")
}

/// What a setting of the server hides from every check.
fn blind_setting(name: &str) -> &str {
    match name {
        "data_checksums" => "damage inside a page: the data has no checksums (data_checksums is off)",
        "zero_damaged_pages" => "damaged pages: the server takes them as empty (zero_damaged_pages is on)",
        "ignore_checksum_failure" => {
            "checksums: the server ignores wrong ones (ignore_checksum_failure is on)"
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use drill::measurement::IndexEntry;

    use super::*;

    #[test]
    fn what_is_not_covered_reads_as_words() {
        assert_eq!(in_words("large object", 3, None), "3 large objects");
        assert_eq!(
            in_words("unlogged table", 2, Some("a.b")),
            "2 unlogged tables, such as a.b; empty after every restore"
        );
        assert_eq!(
            in_words("index of another kind", 1, Some("a.b")),
            "1 index that is no B-tree, such as a.b; not compared with the table"
        );
    }

    #[test]
    fn a_table_whose_lost_blocks_no_index_shows_is_a_gap() {
        let index = |is_countable| IndexEntry {
            name: "i".to_owned(),
            size_bytes: 8192,
            is_countable,
            is_btree: true,
        };
        let table = |blocks: u64, indexes: Vec<IndexEntry>| TableEntry {
            name: TableName { schema: "a".to_owned(), table: "b".to_owned() },
            heap_size_bytes: blocks * 8192,
            indexes,
            foreign_keys: Vec::new(),
        };
        let told = |entry: &TableEntry, blocks_all_visible| {
            let mut gaps = Gaps::default();
            gaps.add_blind_to_loss(entry, blocks_all_visible);
            gaps.0.into_keys().next()
        };
        assert_eq!(told(&table(10, vec![index(true)]), 5), None);
        assert_eq!(told(&table(10, vec![index(true)]), 4).as_deref(), Some("table that isn't vacuumed"));
        assert_eq!(
            told(&table(10, vec![index(false)]), 10).as_deref(),
            Some("table without a countable index")
        );
        assert_eq!(told(&table(0, vec![]), 0), None);
    }
}
