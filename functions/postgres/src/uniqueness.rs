//! Keys that a unique index leads to twice.
//!
//! `bt_index_check` looks whether an index is in order, which two equal keys are; it has looked at uniqueness
//! since PostgreSQL 17 only. Here the server numbers the rows in the index's own order: a row whose rank isn't
//! its number has the key of the row before it. What counts as equal is then what the index itself
//! takes for equal, its operators and its collation.

use drill::measurement::{Corruption, TableName};
use tokio_postgres::types::Type;
use tokio_postgres::{Error, Transaction};

use crate::count_index::{INDEX_ONLY, Shape, named};
use crate::identifier::quote_table;

/// Whether an index is unique, and whether two nulls are the same key for it (since PostgreSQL 15, whose column older
/// catalogues don't have). Without an answer it isn't unique, or calls a function or an operator that somebody
/// made: those of the server itself are no dependencies.
const UNIQUE: &str = "SELECT coalesce((pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) \
                      FROM pg_catalog.pg_index AS i \
                      WHERE i.indexrelid = $1 AND i.indisunique AND (i.indexprs IS NULL OR NOT EXISTS ( \
                          SELECT FROM pg_catalog.pg_depend AS d \
                          WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = i.indexrelid \
                          AND d.refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass)))";
/// How many rows are named; the others are counted.
const TOLD_MAX: i64 = 5;

/// Looks for keys that are there twice. Reads all of a unique index, and the heap where rows aren't known to be
/// visible to all; nothing for an index that isn't unique, or whose expressions call what a user made.
pub(crate) async fn duplicates(
    transaction: &Transaction<'_>,
    table: &TableName,
    index: &str,
) -> Result<Corruption, Error> {
    let Some(shape) = named(transaction, table, index).await? else { return Ok(Corruption::default()) };
    let Some(row) = transaction.query_typed_opt(UNIQUE, &[(&shape.id, Type::OID)]).await? else {
        return Ok(Corruption::default());
    };
    let nulls_are_equal: bool = row.try_get(0)?;
    transaction.batch_execute(INDEX_ONLY).await?;
    let counted = format!(
        "SELECT pg_catalog.count(*) FROM ({}) AS led WHERE place <> rank",
        places(&shape, table, nulls_are_equal, "")
    );
    let count: i64 = transaction.query_typed_one(&counted, &[]).await?.try_get(0)?;
    let mut corruption =
        Corruption { count: u64::try_from(count).unwrap_or_default(), ..Corruption::default() };
    if count == 0 {
        return Ok(corruption);
    }
    let with_rows = places(&shape, table, nulls_are_equal, ", ctid, pg_catalog.lag(ctid) OVER way AS before");
    let told = format!(
        "SELECT led.before::text, led.ctid::text FROM ({with_rows}) AS led WHERE place <> rank \
         ORDER BY led.ctid LIMIT {TOLD_MAX}"
    );
    for row in transaction.query_typed(&told, &[]).await? {
        let (before, here): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        corruption.first.push(format!("the rows at {before} and {here} have the same key"));
    }
    Ok(corruption)
}

/// The rows in the index's order, with their number and their rank.
fn places(shape: &Shape, table: &TableName, nulls_are_equal: bool, more: &str) -> String {
    let keys = shape.keys().filter(|_| !nulls_are_equal).map(|key| format!("{key} IS NOT NULL"));
    let conditions: Vec<String> = shape.predicate().map(ToOwned::to_owned).into_iter().chain(keys).collect();
    let condition =
        if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
    format!(
        "SELECT pg_catalog.row_number() OVER way AS place, pg_catalog.rank() OVER way AS rank{more} \
         FROM ONLY {}{condition} WINDOW way AS (ORDER BY {})",
        quote_table(table),
        shape.ordering().join(", ")
    )
}
