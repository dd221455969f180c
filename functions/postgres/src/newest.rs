//! The newest value of a date or timestamp column.

use chrono::{DateTime, Utc};
use drill::measurement::TableName;
use drill::ports::MeasureError;
use tokio_postgres::{Error, Transaction};

use crate::count::{grant_select, of_table};
use crate::failure::Measuring;
use crate::identifier::{quote_identifier, quote_table};
use crate::session::PostgresSession;

/// The columns of a table whose newest value can be asked for.
const TIME_COLUMNS: &str = include_str!("sql/time_columns.sql");
/// The newest value is one that is in the heap: an index may lead there, but not answer alone.
const HEAP_ROW: &str = "SET LOCAL enable_indexonlyscan = off";

/// Reads the newest value. Cheap with an index on the column, else reads the whole table.
///
/// A `date` counts as its midnight and a `timestamp` without a zone as UTC.
pub(crate) async fn newest(
    session: &mut PostgresSession,
    table: &TableName,
    column: &str,
) -> Result<Option<DateTime<Utc>>, MeasureError> {
    let role = session.role().to_owned();
    let doing = format!("reading the newest {column} of {table}");
    let grant = grant_select(table, &role);
    let mut measuring = Measuring::new(&doing, &grant, &role);
    let transaction = session.read_only(&mut measuring).await?;
    let found = read(&transaction, table, column, measuring).await;
    let _ = transaction.rollback().await;
    found
}

async fn read(
    transaction: &Transaction<'_>,
    table: &TableName,
    column: &str,
    measuring: Measuring<'_>,
) -> Result<Option<DateTime<Utc>>, MeasureError> {
    let failed = |error: Error| of_table(measuring, &error);
    let rows = transaction.query(TIME_COLUMNS, &[&table.schema, &table.table]).await.map_err(failed)?;
    let columns = rows
        .iter()
        .map(|row| Ok((row.try_get("name")?, row.try_get("type")?, row.try_get("is_time")?)))
        .collect::<Result<Vec<(String, String, bool)>, Error>>()
        .map_err(failed)?;
    check_column(&columns, column)?;

    transaction.batch_execute(HEAP_ROW).await.map_err(failed)?;
    let row = transaction.query_one(&statement(table, column), &[]).await.map_err(failed)?;
    let text: Option<String> = row.try_get("text").map_err(failed)?;
    let micros: Option<i64> = row.try_get("micros").map_err(failed)?;
    match (text, micros.and_then(DateTime::from_timestamp_micros)) {
        (None, _) => Ok(None),
        (Some(_), Some(instant)) => Ok(Some(instant)),
        (Some(text), None) => Err(MeasureError::NotMeasured {
            reason: format!("the newest {column} is {text}, which is no instant"),
            hint: "name another column, or write a query that leaves such values out".to_owned(),
        }),
    }
}

fn check_column(columns: &[(String, String, bool)], column: &str) -> Result<(), MeasureError> {
    let problem = match columns.iter().find(|(name, ..)| name == column) {
        Some((_, _, true)) => return Ok(()),
        Some((_, kind, false)) => format!("column {column} is of type {kind}"),
        None => format!("the table has no column {column}"),
    };
    let usable: Vec<&str> =
        columns.iter().filter(|(.., is_time)| *is_time).map(|(name, ..)| name.as_str()).take(10).collect();
    let hint = if usable.is_empty() {
        "the table has no column of type date, timestamp or timestamptz".to_owned()
    } else {
        format!("columns of type date, timestamp or timestamptz: {}", usable.join(", "))
    };
    Err(MeasureError::NotMeasured { reason: problem, hint })
}

/// Infinite values are valid in PostgreSQL, and so are years that `DateTime` can't hold: the number
/// is asked for only where there is one.
fn statement(table: &TableName, column: &str) -> String {
    format!(
        "SELECT newest::text AS text, CASE WHEN pg_catalog.isfinite(newest) \
         THEN (EXTRACT(epoch FROM newest) * 1000000)::bigint END AS micros \
         FROM (SELECT pg_catalog.max({})::timestamptz AS newest FROM ONLY {}) AS newest_row",
        quote_identifier(column),
        quote_table(table)
    )
}
