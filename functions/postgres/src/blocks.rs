//! The blocks of a heap that hold no row.
//!
//! When an index leads to more rows than the heap holds, rows are gone together with their block: a block that
//! was overwritten with zeros is taken for a new one. Blocks that were emptied by deletes look the same.

use drill::measurement::TableName;
use drill::ports::MeasureError;
use tokio_postgres::types::Type;
use tokio_postgres::{Error, Row, Transaction};

use crate::count::{RANGE_ONLY, grant_select, of_table};
use crate::failure::Measuring;
use crate::identifier::quote_table;
use crate::session::PostgresSession;

const BLOCKS: &str = include_str!("sql/blocks_without_rows.sql");
/// The most runs that are read: more than fit the text.
const RUNS_MAX: i64 = 100;
/// The longest text, in bytes.
const TEXT_MAX_BYTES: usize = 200;
/// What is kept of it for the number of runs that didn't fit.
const MORE_MAX_BYTES: usize = 24;

/// Blocks that follow each other.
struct Run {
    first: i64,
    last: i64,
}

/// Names them. Reads every block of the heap, which a count has just read.
pub(crate) async fn without_rows(
    session: &mut PostgresSession,
    table: &TableName,
) -> Result<String, MeasureError> {
    let role = session.role().to_owned();
    let doing = format!("looking for empty blocks of {table}");
    let grant = grant_select(table, &role);
    let mut measuring = Measuring::new(&doing, &grant, &role);
    let (transaction, before) = session.begin_transaction(&mut measuring).await?;
    let runs = before.and(RANGE_ONLY).with(&transaction, runs(&transaction, table)).await;
    let (runs, count) = runs.map_err(|error| of_table(measuring, &error))?;
    Ok(in_words(&runs, count))
}

/// The first runs, and how many there are.
async fn runs(transaction: &Transaction<'_>, table: &TableName) -> Result<(Vec<Run>, usize), Error> {
    let table = quote_table(table);
    let sql = BLOCKS.replace("{table}", &table);
    let rows = transaction.query_typed(&sql, &[(&table, Type::TEXT), (&RUNS_MAX, Type::INT8)]).await?;
    let run = |row: &Row| Ok(Run { first: row.try_get("first")?, last: row.try_get("last")? });
    let runs = rows.iter().map(run).collect::<Result<Vec<_>, Error>>()?;
    let count: Option<i64> = rows.first().map(|row| row.try_get("runs")).transpose()?;
    Ok((runs, count.map_or(0, |count| usize::try_from(count).unwrap_or_default())))
}

/// Such as "17, 900 to 903 and 5 more"; "none" when every block has a row.
fn in_words(runs: &[Run], count: usize) -> String {
    let mut text = String::new();
    let mut told = 0;
    for Run { first, last } in runs {
        let next = if first == last { first.to_string() } else { format!("{first} to {last}") };
        if text.len() + next.len() + MORE_MAX_BYTES > TEXT_MAX_BYTES {
            break;
        }
        text = if text.is_empty() { next } else { format!("{text}, {next}") };
        told += 1;
    }
    match count - told {
        _ if count == 0 => "none".to_owned(),
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(runs: &[(i64, i64)], count: usize) -> String {
        let runs: Vec<Run> = runs.iter().map(|&(first, last)| Run { first, last }).collect();
        in_words(&runs, count)
    }

    #[test]
    fn runs_read_as_words() {
        assert_eq!(of(&[(17, 17), (900, 903)], 2), "17, 900 to 903");
        assert_eq!(of(&[(17, 17)], 6), "17 and 5 more");
        assert_eq!(of(&[], 0), "none");
    }

    #[test]
    fn many_runs_are_counted_instead_of_told() {
        let runs: Vec<(i64, i64)> =
            (0..100).map(|i| (4_000_000_000 + 3 * i, 4_000_000_001 + 3 * i)).collect();
        let text = of(&runs, 1_000_000_000);
        assert!(text.len() <= TEXT_MAX_BYTES && text.ends_with(" more"), "{text}");
    }
}
