//! The tables to check, and in words what the checks don't look at.

use std::collections::BTreeMap;

use drill::measurement::{Catalogue, TableEntry, TableName};
use drill::ports::MeasureError;
use tokio_postgres::{Error, Row, Transaction};

use crate::failure::{self, Measuring};
use crate::session::PostgresSession;

const TABLES: &str = include_str!("sql/tables.sql");
const GAPS: &str = include_str!("sql/gaps.sql");
const OTHER_DATABASES: &str = include_str!("sql/other_databases.sql");
const BLIND_SETTINGS: &str = include_str!("sql/blind_settings.sql");
/// How many other databases are named; more are counted.
const DATABASES_NAMED_MAX: usize = 20;

/// Reads the catalogue. One look at each table's files; no table is read.
pub(crate) async fn read(session: &mut PostgresSession) -> Result<Catalogue, MeasureError> {
    let role = session.role().to_owned();
    let mut measuring =
        Measuring::new("listing the tables", "let PUBLIC read pg_catalog, as it does by default", &role);
    let transaction = session.read_only(&mut measuring).await?;
    let catalogue = catalogue(&transaction).await.map_err(|error| failure::of_measuring(measuring, &error));
    let _ = transaction.rollback().await;
    catalogue
}

async fn catalogue(transaction: &Transaction<'_>) -> Result<Catalogue, Error> {
    let tables = transaction.query(TABLES, &[]).await?;
    let tables = tables.iter().map(table_entry).collect::<Result<Vec<_>, Error>>()?;
    let mut not_covered = Vec::new();
    for row in transaction.query(GAPS, &[]).await? {
        let (kind, count): (String, i64) = (row.try_get("kind")?, row.try_get("count")?);
        not_covered.push(in_words(&kind, count, row.try_get("example")?));
    }
    let others = transaction.query(OTHER_DATABASES, &[]).await?;
    for row in others.iter().take(DATABASES_NAMED_MAX) {
        not_covered.push(format!("database {}", row.try_get::<_, String>("name")?));
    }
    if others.len() > DATABASES_NAMED_MAX {
        not_covered.push(format!("{} more databases", others.len() - DATABASES_NAMED_MAX));
    }
    for row in transaction.query(BLIND_SETTINGS, &[]).await? {
        not_covered.push(blind_setting(row.try_get("name")?).to_owned());
    }
    Ok(Catalogue { tables, objects: BTreeMap::new(), connections_free: 10, not_covered })
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

/// A kind of object that isn't looked at, how many there are, and one of them.
fn in_words(kind: &str, count: i64, example: Option<&str>) -> String {
    let (one, many, remark) = match kind {
        "foreign table" => ("foreign table", "foreign tables", "; the data is elsewhere"),
        "materialised view" => ("materialised view", "materialised views", ""),
        "unlogged table" => ("unlogged table", "unlogged tables", "; empty after every restore"),
        "sequence" => ("sequence", "sequences", ""),
        "index" => ("index", "indexes", "; not compared with the tables"),
        "large object" => ("large object", "large objects", ""),
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
    use super::*;

    #[test]
    fn what_is_not_covered_reads_as_words() {
        assert_eq!(in_words("sequence", 1, Some("public.s")), "1 sequence, such as public.s");
        assert_eq!(in_words("large object", 3, None), "3 large objects");
        assert_eq!(
            in_words("unlogged table", 2, Some("a.b")),
            "2 unlogged tables, such as a.b; empty after every restore"
        );
    }
}
