//! The indexes of the tables, which of them can be counted, and in words which can't.

use std::collections::{BTreeMap, BTreeSet};

use drill::measurement::{IndexEntry, PIECE_BLOCKS};
use tokio_postgres::{Error, Row, Transaction};

use super::Gaps;
use crate::count_index::{INDEX_ONLY, shapes};

const INDEXES: &str = include_str!("../sql/indexes.sql");
/// A partial index is compared with the rows of the heap that meet its predicate, in one statement that reads
/// all of the heap: of a table that is read in pieces that takes too long.
const PARTIAL_HEAP_MAX_BYTES: u64 = PIECE_BLOCKS as u64 * 8192;
/// The most partial indexes that the planner is asked about; of more, the rest says when it is counted that it
/// can't be.
const PARTIAL_ASKED_MAX: usize = 1_000;

/// An index of a table.
struct Found {
    id: u32,
    table: u32,
    entry: IndexEntry,
    is_partial: bool,
    /// The role may read the table, and no policy keeps the planner from a plan.
    is_readable: bool,
    /// Why it can't be counted, as a kind of gap.
    obstacle: Option<&'static str>,
}

/// Reads the indexes of the tables with these ids and sizes, by table. Says in `gaps` which can't be counted.
pub(super) async fn read(
    transaction: &Transaction<'_>,
    sizes: &BTreeMap<u32, (String, u64)>,
    gaps: &mut Gaps,
) -> Result<BTreeMap<u32, Vec<IndexEntry>>, Error> {
    let rows = transaction.query(INDEXES, &[]).await?;
    let mut all = rows.iter().map(found).collect::<Result<Vec<_>, Error>>()?;
    for index in all.iter_mut().filter(|index| index.is_partial && index.obstacle.is_none()) {
        let heap_size_bytes = sizes.get(&index.table).map_or(0, |(_, size)| *size);
        index.obstacle =
            (heap_size_bytes > PARTIAL_HEAP_MAX_BYTES).then_some("partial index of a large table");
    }
    ask_about_partial(transaction, &mut all).await?;
    let mut by_table: BTreeMap<u32, Vec<IndexEntry>> = BTreeMap::new();
    for Found { table, mut entry, obstacle, .. } in all {
        let Some((schema, _)) = sizes.get(&table) else { continue };
        if let Some(kind) = obstacle {
            gaps.add(kind, || format!("{schema}.{}", entry.name));
        }
        entry.is_countable = obstacle.is_none();
        by_table.entry(table).or_default().push(entry);
    }
    Ok(by_table)
}

fn found(row: &Row) -> Result<Found, Error> {
    let size: i64 = row.try_get("size_bytes")?;
    let entry = IndexEntry {
        name: row.try_get("name")?,
        size_bytes: u64::try_from(size).unwrap_or_default(),
        is_countable: false,
        is_btree: row.try_get("is_btree")?,
    };
    let obstacle: Option<&str> = row.try_get("obstacle")?;
    Ok(Found {
        id: row.try_get("id")?,
        table: row.try_get("table")?,
        entry,
        is_partial: row.try_get("is_partial")?,
        is_readable: row.try_get("is_readable")?,
        obstacle: obstacle.map(|obstacle| match obstacle {
            "invalid" => "invalid index",
            "expression" => "index of expressions",
            "eclipsed" => "index like another",
            _ => "index of another kind",
        }),
    })
}

/// Asks the planner about partial indexes: whether a predicate follows from another one, or is always true or
/// false, only it knows. Says nothing about those of tables that the role may not read.
async fn ask_about_partial(transaction: &Transaction<'_>, all: &mut [Found]) -> Result<(), Error> {
    let doubtful = |index: &&Found| index.is_partial && index.is_readable && index.obstacle.is_none();
    let ids: Vec<u32> = all.iter().filter(doubtful).map(|index| index.id).take(PARTIAL_ASKED_MAX).collect();
    if ids.is_empty() {
        return Ok(());
    }
    transaction.batch_execute(INDEX_ONLY).await?;
    let mut passed_over = BTreeSet::new();
    for shape in shapes(transaction, &ids).await? {
        match shape.planned(transaction).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) => {
                passed_over.insert(shape.id);
            }
            // A predicate with a function that the role may not call. It ends the transaction's use; whether
            // the rest can be counted is found out by counting.
            Err(error) if error.as_db_error().is_some() => break,
            Err(error) => return Err(error),
        }
    }
    for index in all.iter_mut().filter(|index| passed_over.contains(&index.id)) {
        index.obstacle = Some("index like another");
    }
    Ok(())
}
