//! Digests of rows that don't depend on their order: the sums of two 64-bit hashes of each row's text.
//!
//! A row's text is what PostgreSQL prints for the whole row, with everything pinned that it depends on, so
//! that each type has one: json as it was written, numeric with its scale, arrays, bytea, enums, composites.
//! Two digests are comparable when both were made by the same major version over the same columns: PostgreSQL
//! doesn't promise more for its hash functions, and a new column is a new text of every row.

use drill::measurement::{DigestScope, DigestValue, MARK_MAX_BYTES, RowDigest, TableName, sha256};
use drill::ports::MeasureError;
use tokio_postgres::{Error, Row, Transaction};

use crate::count::{grant_select, of_table};
use crate::failure::Measuring;
use crate::identifier::{quote_identifier, quote_table};
use crate::session::PostgresSession;

const COLUMNS: &str = include_str!("sql/digest_columns.sql");
/// What the text of a row depends on beside what the session pins, and the way to read a heap in parallel.
const PINNED: &str = "SET LOCAL extra_float_digits = 3; SET LOCAL lc_monetary = 'C'; SET LOCAL xmloption = 'content'; \
                      SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; \
                      SET LOCAL enable_bitmapscan = off; SET LOCAL parallel_setup_cost = 0; \
                      SET LOCAL parallel_tuple_cost = 0";

/// Makes the digests. Reads all of the table once.
pub(crate) async fn make(
    session: &mut PostgresSession,
    table: &TableName,
    scope: &DigestScope,
) -> Result<DigestValue, MeasureError> {
    let role = session.role().to_owned();
    let doing = format!("making the digest of {table}");
    let grant = grant_select(table, &role);
    let mut measuring = Measuring::new(&doing, &grant, &role);
    let transaction = session.read_only(&mut measuring).await?;
    let digest = read(&transaction, table, scope, measuring).await;
    let _ = transaction.rollback().await;
    digest
}

/// What a table's columns are, for the method's name and for the margin of a history.
struct Columns {
    method: String,
    /// The history's column: its type in SQL, and the margin that is taken from its newest value.
    history: Option<(String, String)>,
}

async fn read(
    transaction: &Transaction<'_>,
    table: &TableName,
    scope: &DigestScope,
    measuring: Measuring<'_>,
) -> Result<DigestValue, MeasureError> {
    let failed = |error: Error| of_table(measuring, &error);
    let rows = transaction.query(COLUMNS, &[&table.schema, &table.table]).await.map_err(failed)?;
    let columns = columns(&rows, scope).map_err(failed)?;
    transaction.batch_execute(PINNED).await.map_err(failed)?;
    match scope {
        DigestScope::Frozen => {
            let row = transaction.query_one(&frozen(table), &[]).await.map_err(failed)?;
            let whole = row_digest(&row, "whole").map_err(failed)?;
            Ok(DigestValue { method: columns.method, until: None, whole, newest: None })
        }
        DigestScope::History { column, until } => {
            let Some((kind, margin)) = &columns.history else { return Err(no_history(table, column)) };
            let newest = newest(transaction, table, column, margin).await.map_err(failed)?;
            if newest.as_deref().is_some_and(|n| n.len() > MARK_MAX_BYTES || n.ends_with("infinity")) {
                return Err(no_history(table, column));
            }
            let statement = history(table, column, kind);
            let row = transaction.query_one(&statement, &[&newest, until]).await.map_err(failed)?;
            let until = match until {
                Some(_) => Some(row_digest(&row, "until").map_err(failed)?),
                None => None,
            };
            let whole = row_digest(&row, "whole").map_err(failed)?;
            Ok(DigestValue { method: columns.method, until, whole, newest })
        }
    }
}

fn no_history(table: &TableName, column: &str) -> MeasureError {
    MeasureError::NotMeasured {
        reason: format!("{table} has no column {column} along which it grows"),
        hint: "history names a column of a whole number, a date or a timestamp, without infinite values"
            .to_owned(),
    }
}

fn columns(rows: &[Row], scope: &DigestScope) -> Result<Columns, Error> {
    let (mut text, mut major, mut history) = (String::new(), 0, None);
    for row in rows {
        let (name, kind): (String, String) = (row.try_get("name")?, row.try_get("type")?);
        text.extend([quote_identifier(&name).as_str(), " ", kind.as_str(), "\n"]);
        major = row.try_get::<_, i32>("major")?;
        let margin: Option<String> = row.try_get("margin")?;
        if matches!(scope, DigestScope::History { column, .. } if *column == name) {
            history = margin.map(|margin| (kind, margin));
        }
    }
    let columns = &sha256(&text)[..12];
    let method = format!("PostgreSQL {major}, sums of hashtextextended, columns {columns}");
    Ok(Columns { method, history })
}

/// The newest value, less what transactions may still have had open: rows that they commit later may be
/// older than the newest one.
async fn newest(
    transaction: &Transaction<'_>,
    table: &TableName,
    column: &str,
    margin: &str,
) -> Result<Option<String>, Error> {
    let statement = format!(
        "SELECT (pg_catalog.max({}) - {margin})::text FROM ONLY {}",
        quote_identifier(column),
        quote_table(table)
    );
    transaction.query_one(&statement, &[]).await?.try_get(0)
}

/// The two sums of a row's hashes, over the rows that a condition takes.
fn sums(name: &str, condition: &str) -> String {
    format!(
        "pg_catalog.count(*) FILTER (WHERE {condition}) AS {name}_rows, \
         pg_catalog.sum(h.one) FILTER (WHERE {condition})::text AS {name}_one, \
         pg_catalog.sum(h.two) FILTER (WHERE {condition})::text AS {name}_two"
    )
}

/// Place and hashes of each row. `(t.*)` is the row whatever its columns are called; `t` alone would be a column
/// of that name.
fn hashes(table: &TableName, column: &str) -> String {
    format!(
        "(SELECT {column} AS place, pg_catalog.hashtextextended((t.*)::text, 0) AS one, \
         pg_catalog.hashtextextended((t.*)::text, 1) AS two FROM ONLY {} AS t) AS h",
        quote_table(table)
    )
}

fn frozen(table: &TableName) -> String {
    format!("SELECT {} FROM {}", sums("whole", "true"), hashes(table, "true"))
}

fn history(table: &TableName, column: &str, kind: &str) -> String {
    let column = format!("t.{}", quote_identifier(column));
    format!(
        "SELECT {}, {} FROM {}",
        sums("whole", &format!("h.place <= $1::text::{kind}")),
        sums("until", &format!("h.place <= $2::text::{kind}")),
        hashes(table, &column)
    )
}

fn row_digest(row: &Row, name: &str) -> Result<RowDigest, Error> {
    let rows: i64 = row.try_get(format!("{name}_rows").as_str())?;
    let sum = |half: &str| -> Result<String, Error> {
        let sum: Option<String> = row.try_get(format!("{name}_{half}").as_str())?;
        Ok(sum.unwrap_or_else(|| "0".to_owned()))
    };
    let sums = format!("{rows} {} {}", sum("one")?, sum("two")?);
    Ok(RowDigest {
        rows: u64::try_from(rows).expect("count(*) is never negative"),
        digest: sha256(&sums)[..32].to_owned(),
    })
}
