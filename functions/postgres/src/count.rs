//! The exact number of rows of a table, by reading its heap.
//!
//! `count(*)` of a table that was vacuumed is answered from an index and the visibility map, without a
//! look at the heap (PostgreSQL documentation, 11.9, "Index-Only Scans"): it would count rows that are
//! no longer there. On a replica it would also leave the table's blocks in S3.

use drill::measurement::{BlockRange, HeapCount, TableName};
use drill::ports::MeasureError;
use serde_json::Value;
use tokio_postgres::{Error, Transaction};

use crate::failure::{self, Measuring};
use crate::identifier::{quote_identifier, quote_table};
use crate::plan::heap_scan;
use crate::session::PostgresSession;

/// The ways around the heap, closed until the transaction ends. Workers cost nothing in the planner's
/// eyes then, so that a table above 8 MB is read by several: blocks that are still in S3 come one by
/// one, and several readers wait for several at a time.
const HEAP_ONLY: &str = "SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_indexscan = off; \
                         SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = on; \
                         SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0";

/// Counts the rows of one table. Reads all of its heap; takes its size over the storage's throughput.
pub(crate) async fn count_heap(
    session: &mut PostgresSession,
    table: &TableName,
    blocks: Option<BlockRange>,
) -> Result<HeapCount, MeasureError> {
    let role = session.role().to_owned();
    let doing = format!("counting {table}");
    let grant = grant_select(table, &role);
    let mut measuring = Measuring::new(&doing, &grant, &role);
    let transaction = session.read_only(&mut measuring).await?;
    let counted = count(&transaction, table, blocks, measuring).await;
    // Rolled back whatever came of it; when that fails, the next measurement says so.
    let _ = transaction.rollback().await;
    counted
}

async fn count(
    transaction: &Transaction<'_>,
    table: &TableName,
    blocks: Option<BlockRange>,
    measuring: Measuring<'_>,
) -> Result<HeapCount, MeasureError> {
    let failed = |error: Error| of_table(measuring, &error);
    transaction.batch_execute(HEAP_ONLY).await.map_err(failed)?;
    // ONLY: a parent counts its own heap, and its children count theirs.
    let range = blocks.map(of_blocks).unwrap_or_default();
    let statement = format!("SELECT pg_catalog.count(*) FROM ONLY {}{range}", quote_table(table));
    let explain = format!("EXPLAIN (FORMAT JSON, VERBOSE, COSTS OFF) {statement}");
    let explained: Value =
        transaction.query_one(&explain, &[]).await.and_then(|row| row.try_get(0)).map_err(failed)?;
    let scan = heap_scan(&explained, table).map_err(|found| MeasureError::NotMeasured {
        reason: format!("no plan was found that reads the heap: {found}"),
        hint: "count the table with a query of your own".to_owned(),
    })?;
    let rows: i64 =
        transaction.query_one(&statement, &[]).await.and_then(|row| row.try_get(0)).map_err(failed)?;
    let rows = u64::try_from(rows).expect("count(*) is never negative");
    Ok(HeapCount { rows, scan })
}

/// The condition that a row lies in a range of blocks, which PostgreSQL 14 and later answer by reading those
/// only (release notes of 14, "TID Range Scan").
fn of_blocks(BlockRange { from, to }: BlockRange) -> String {
    let end = to.map(|to| format!(" AND ctid < '({to},0)'::tid")).unwrap_or_default();
    format!(" WHERE ctid >= '({from},0)'::tid{end}")
}

/// Reads an error of a statement about a table that was in the catalogue.
pub(crate) fn of_table(measuring: Measuring<'_>, error: &Error) -> MeasureError {
    // undefined_table, invalid_schema_name
    if matches!(error.code().map(tokio_postgres::error::SqlState::code), Some("42P01" | "3F000")) {
        return MeasureError::NotMeasured {
            reason: "the table is not there".to_owned(),
            hint: "it was in the catalogue: nobody should change the replica while it is checked".to_owned(),
        };
    }
    failure::of_measuring(measuring, error)
}

/// The statements that let the role read a table.
pub(crate) fn grant_select(table: &TableName, role: &str) -> String {
    let role = quote_identifier(role);
    format!(
        "GRANT USAGE ON SCHEMA {} TO {role}; GRANT SELECT ON TABLE {} TO {role}",
        quote_identifier(&table.schema),
        quote_table(table)
    )
}
