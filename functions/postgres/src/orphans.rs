//! Rows whose foreign key leads nowhere.

use drill::measurement::{Orphans, TableName};
use drill::ports::MeasureError;
use tokio_postgres::{Error, Transaction};

use crate::count::{grant_select, of_table};
use crate::failure::Measuring;
use crate::identifier::{quote_identifier, quote_table};
use crate::session::PostgresSession;

const FOREIGN_KEY: &str = include_str!("sql/foreign_key.sql");

/// A foreign key, column by column.
struct ForeignKey {
    of: TableName,
    to: TableName,
    is_full: bool,
    /// Column, the column that it refers to, and the operator that compares the two, schema and name.
    columns: Vec<(String, String, String, String)>,
}

/// Counts the rows that refer to none. Reads the table, and the index of the other's key.
pub(crate) async fn count(
    session: &mut PostgresSession,
    table: &TableName,
    constraint: &str,
) -> Result<Orphans, MeasureError> {
    let role = session.role().to_owned();
    let doing = format!("looking for orphans by {constraint} of {table}");
    let grant = grant_select(table, &role);
    let mut measuring = Measuring::new(&doing, &grant, &role);
    let transaction = session.read_only(&mut measuring).await?;
    let orphans = match read(&transaction, table, constraint).await {
        Ok(Some(key)) => search(&transaction, &key).await,
        Ok(None) => Ok(None),
        Err(error) => Err(error),
    };
    let _ = transaction.rollback().await;
    orphans.map_err(|error| of_table(measuring, &error))?.ok_or_else(|| MeasureError::NotMeasured {
        reason: "it is no foreign key that compares columns for equality".to_owned(),
        hint: "look for orphans with a query of your own".to_owned(),
    })
}

/// `None` when there is no such key, or one with a period (PostgreSQL 18), which isn't about equality.
async fn read(
    transaction: &Transaction<'_>,
    table: &TableName,
    constraint: &str,
) -> Result<Option<ForeignKey>, Error> {
    let rows = transaction.query(FOREIGN_KEY, &[&table.schema, &table.table, &constraint]).await?;
    let mut key: Option<ForeignKey> = None;
    for row in rows {
        if row.try_get::<_, bool>("has_period")? {
            return Ok(None);
        }
        let key = match &mut key {
            Some(key) => key,
            none => none.insert(ForeignKey {
                of: table.clone(),
                to: TableName { schema: row.try_get("to_schema")?, table: row.try_get("to_table")? },
                is_full: row.try_get("is_full")?,
                columns: Vec::new(),
            }),
        };
        key.columns.push((
            row.try_get("column_name")?,
            row.try_get("to_column")?,
            row.try_get("operator_schema")?,
            row.try_get("operator")?,
        ));
    }
    Ok(key)
}

async fn search(transaction: &Transaction<'_>, key: &ForeignKey) -> Result<Option<Orphans>, Error> {
    let rows: i64 = transaction.query_one(&statement(key), &[]).await?.try_get(0)?;
    let list = |names: Vec<&str>| names.join(", ");
    let of = format!(
        "{} ({}) to {} ({})",
        key.of,
        list(key.columns.iter().map(|c| c.0.as_str()).collect()),
        key.to,
        list(key.columns.iter().map(|c| c.1.as_str()).collect())
    );
    let mut orphans = Orphans { rows: u64::try_from(rows).expect("count(*) is never negative"), of };
    orphans.of.truncate(orphans.of.floor_char_boundary(400));
    Ok(Some(orphans))
}

/// A row with a null in its key refers to nothing; with MATCH FULL it must be null in all or in none
/// (PostgreSQL documentation, 5.5.5, "Foreign Keys").
fn statement(key: &ForeignKey) -> String {
    let own: Vec<String> = key.columns.iter().map(|c| format!("o.{}", quote_identifier(&c.0))).collect();
    let equal: Vec<String> = key
        .columns
        .iter()
        .zip(&own)
        .map(|((_, to, schema, operator), own)| {
            format!("t.{} OPERATOR({}.{operator}) {own}", quote_identifier(to), quote_identifier(schema))
        })
        .collect();
    let all_there = own.iter().map(|c| format!("{c} IS NOT NULL")).collect::<Vec<_>>().join(" AND ");
    let any_there = own.iter().map(|c| format!("{c} IS NOT NULL")).collect::<Vec<_>>().join(" OR ");
    let considered = if key.is_full { any_there } else { all_there };
    format!(
        "SELECT pg_catalog.count(*) FROM ONLY {} AS o WHERE ({considered}) \
         AND NOT EXISTS (SELECT FROM {} AS t WHERE {})",
        quote_table(&key.of),
        quote_table(&key.to),
        equal.join(" AND ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(is_full: bool) -> ForeignKey {
        let name = |table: &str| TableName { schema: "s".to_owned(), table: table.to_owned() };
        let column = |a: &str, b: &str| (a.to_owned(), b.to_owned(), "pg_catalog".to_owned(), "=".to_owned());
        ForeignKey {
            of: name("a"),
            to: name("b"),
            is_full,
            columns: vec![column("x", "i"), column("y", "j")],
        }
    }

    #[test]
    fn a_row_with_a_null_counts_only_when_the_match_is_full() {
        assert!(statement(&key(false)).contains("(o.\"x\" IS NOT NULL AND o.\"y\" IS NOT NULL)"));
        assert!(statement(&key(true)).contains("(o.\"x\" IS NOT NULL OR o.\"y\" IS NOT NULL)"));
        assert!(statement(&key(true)).contains("t.\"i\" OPERATOR(\"pg_catalog\".=) o.\"x\" AND t.\"j\""));
    }
}
