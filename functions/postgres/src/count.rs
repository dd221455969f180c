//! The exact number of rows of a table, by reading its heap.
//!
//! `count(*)` of a table that was vacuumed is answered from an index and the visibility map, without a
//! look at the heap (PostgreSQL documentation, 11.9, "Index-Only Scans"): it would count rows that are
//! no longer there. On a replica it would also leave the table's blocks in S3.
//!
//! A range of blocks is read by a TID range scan, which PostgreSQL has since 14. An older server can't cut a
//! table: there the range that begins with block 0 answers for the whole table and every other range for none
//! of its rows, so that the sum is right and the whole table is one statement.

use drill::measurement::{BlockRange, HeapCount, TableName};
use drill::ports::MeasureError;
use serde_json::Value;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Transaction};

use crate::failure::{self, Measuring};
use crate::identifier::{quote_identifier, quote_table};
use crate::plan::{Part, heap_scan};
use crate::session::{Before, PostgresSession};

/// The ways around the heap, closed until the transaction ends. Workers cost nothing in the planner's
/// eyes then, so that a table above 8 MB is read by several: blocks that are still in S3 come one by
/// one, and several readers wait for several at a time.
const HEAP_ONLY: &str = "SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_indexscan = off; \
                         SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = on; \
                         SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0";
/// The ways around a range of blocks. Without the last but one the planner takes several workers that read the
/// whole table and leave out what isn't asked for.
pub(crate) const RANGE_ONLY: &str = "SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_indexscan = off; \
                          SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = off; \
                          SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL enable_tidscan = on";
/// The first version with TID range scans (release notes of 14).
const TID_RANGES_SINCE: u32 = 140_000;
/// What is counted has this name in the statement, and therefore in the plan.
const ALIAS: &str = "counted";

/// Which rows of a table are counted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which<'a> {
    /// Every one.
    All,
    /// Those in a range of blocks.
    In(BlockRange),
    /// Those that meet a condition, in SQL that the server printed.
    Where(&'a str),
}

/// Counts the rows of one table. Reads all of its heap, or the blocks; takes their size over the storage's
/// throughput.
pub(crate) async fn count_heap(
    session: &mut PostgresSession,
    table: &TableName,
    blocks: Option<BlockRange>,
) -> Result<HeapCount, MeasureError> {
    let can_cut = session.version() >= TID_RANGES_SINCE;
    let which = match blocks {
        Some(range) if can_cut => Which::In(range),
        Some(BlockRange { from: 1.., .. }) => {
            return Ok(HeapCount { rows: 0, scan: "counted with block 0".to_owned() });
        }
        _ => Which::All,
    };
    let role = session.role().to_owned();
    let doing = format!("counting {table}");
    let grant = grant_select(table, &role);
    let mut measuring = Measuring::new(&doing, &grant, &role);
    let (transaction, first) = session.begin_transaction(&mut measuring).await?;
    // The transaction is rolled back when it is dropped, whatever came of the count.
    count(&transaction, first, table, which, measuring).await
}

/// Counts in a transaction, whose settings are others from then on. The plan is looked at first: no count is
/// made that isn't proven to read the heap.
pub(crate) async fn count(
    transaction: &Transaction<'_>,
    before: Before,
    table: &TableName,
    which: Which<'_>,
    measuring: Measuring<'_>,
) -> Result<HeapCount, MeasureError> {
    // ONLY: a parent counts its own heap, and its children count theirs.
    let all = format!("SELECT pg_catalog.count(*) FROM ONLY {} AS {ALIAS}", quote_table(table));
    let (statement, settings, condition) = match which {
        Which::All => (all, HEAP_ONLY, String::new()),
        Which::In(range) => {
            let (sql, condition) = of_blocks(range);
            (format!("{all} WHERE {sql}"), RANGE_ONLY, condition)
        }
        Which::Where(predicate) => (format!("{all} WHERE {predicate}"), HEAP_ONLY, String::new()),
    };
    let part = match which {
        Which::All => Part::Whole,
        Which::In(_) => Part::Blocks(&condition),
        Which::Where(_) => Part::Condition,
    };
    let explained = before.and(settings).with(transaction, explain(transaction, &statement, &[])).await;
    let explained = explained.map_err(|error| of_table(measuring, &error))?;
    let scan = heap_scan(&explained, table, part).map_err(|found| MeasureError::NotMeasured {
        reason: format!("no plan was found that reads the heap: {found}"),
        hint: "count the table with a query of your own".to_owned(),
    })?;
    let rows = number(transaction, &statement, &[], measuring).await?;
    Ok(HeapCount { rows, scan })
}

/// A parameter of a statement, with the type that it is sent as.
pub(crate) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// The plan of a statement.
pub(crate) async fn explain(
    transaction: &Transaction<'_>,
    statement: &str,
    parameters: &[Parameter<'_>],
) -> Result<Value, Error> {
    let explain = format!("EXPLAIN (FORMAT JSON, VERBOSE, COSTS OFF) {statement}");
    transaction.query_typed_one(&explain, parameters).await?.try_get(0)
}

/// The number that a statement counts. Every count goes through here, so that an error on the way is never
/// taken for a number.
pub(crate) async fn number(
    transaction: &Transaction<'_>,
    statement: &str,
    parameters: &[Parameter<'_>],
    measuring: Measuring<'_>,
) -> Result<u64, MeasureError> {
    // One way there and back: a statement that is used once isn't prepared.
    let row = transaction.query_typed_one(statement, parameters).await;
    let counted: Result<i64, Error> = row.and_then(|row| row.try_get(0));
    let counted = counted.map_err(|error| of_table(measuring, &error))?;
    Ok(u64::try_from(counted).expect("count(*) is never negative"))
}

/// The condition that a row lies in a range of blocks, in SQL and as EXPLAIN prints it.
fn of_blocks(BlockRange { from, to }: BlockRange) -> (String, String) {
    let begin = format!("{ALIAS}.ctid >= '({from},0)'::tid");
    match to {
        None => (begin.clone(), format!("({begin})")),
        Some(to) => {
            let end = format!("{ALIAS}.ctid < '({to},0)'::tid");
            (format!("{begin} AND {end}"), format!("(({begin}) AND ({end}))"))
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_asked_for_as_it_is_proven() {
        let (sql, proof) = of_blocks(BlockRange { from: 8, to: Some(16) });
        assert_eq!(sql, "counted.ctid >= '(8,0)'::tid AND counted.ctid < '(16,0)'::tid");
        assert_eq!(proof, "((counted.ctid >= '(8,0)'::tid) AND (counted.ctid < '(16,0)'::tid))");
        let (sql, proof) = of_blocks(BlockRange { from: 8, to: None });
        assert_eq!(
            (sql.as_str(), proof.as_str()),
            ("counted.ctid >= '(8,0)'::tid", "(counted.ctid >= '(8,0)'::tid)")
        );
    }
}
