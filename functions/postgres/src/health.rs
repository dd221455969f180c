//! What is wrong by the database's own catalogue, one SQL file a kind.

use drill::measurement::{HealthKind, HealthReport, Problem, TableName};
use drill::ports::MeasureError;
use tokio_postgres::{Error, Row, Transaction};

use crate::failure::{self, Measuring};
use crate::identifier::{quote_identifier, quote_table};
use crate::session::PostgresSession;

const DATABASE_COLLATION: &str = include_str!("sql/health/database_collation.sql");
const SEQUENCES: &str = include_str!("sql/health/sequences.sql");
/// The most problems that are told one by one.
const PROBLEMS_MAX: usize = 50;
/// The most bytes of a subject and of what was found: 50 of them fit a measurement.
const TEXT_MAX_BYTES: usize = 200;
/// One more than are told, so that it is known that there are more.
const ROWS_MAX: i64 = 10_000;

/// Looks. Cheap: catalogues only, but for sequences, whose columns' largest values are read.
pub(crate) async fn look(
    session: &mut PostgresSession,
    kind: HealthKind,
) -> Result<HealthReport, MeasureError> {
    let role = session.role().to_owned();
    let doing = format!("looking at {kind}");
    let grant = match kind {
        HealthKind::Sequence => format!("GRANT pg_read_all_data TO {}", quote_identifier(&role)),
        _ => "let PUBLIC read pg_catalog, as it does by default".to_owned(),
    };
    let mut measuring = Measuring::new(&doing, &grant, &role);
    let transaction = session.read_only(&mut measuring).await?;
    let report = match kind {
        HealthKind::Sequence => sequences(&transaction).await,
        HealthKind::Collation => collations(&transaction).await,
        HealthKind::IndexValid => list(&transaction, include_str!("sql/health/index_valid.sql")).await,
        HealthKind::ConstraintValid => {
            list(&transaction, include_str!("sql/health/constraint_valid.sql")).await
        }
        HealthKind::Unlogged => list(&transaction, include_str!("sql/health/unlogged.sql")).await,
        HealthKind::Extension => list(&transaction, include_str!("sql/health/extension.sql")).await,
        HealthKind::Wraparound => list(&transaction, include_str!("sql/health/wraparound.sql")).await,
    };
    let report = report.map_err(|error| failure::of_measuring(measuring, &error));
    let _ = transaction.rollback().await;
    report.map(|report| bounded(report, expected(kind)))
}

/// A list whose first rows are the problems: `examined` of all, `subject`, and `found` where it is one.
async fn list(transaction: &Transaction<'_>, sql: &str) -> Result<HealthReport, Error> {
    let rows = transaction.query(sql, &[&ROWS_MAX]).await?;
    let mut report = HealthReport::default();
    for row in &rows {
        report.examined = u64::try_from(row.try_get::<_, i64>("examined")?).unwrap_or_default();
        report.problems.extend(problem(row)?);
    }
    Ok(report)
}

fn problem(row: &Row) -> Result<Option<Problem>, Error> {
    let found: Option<String> = row.try_get("found")?;
    let subject: String = row.try_get("subject")?;
    Ok(found.map(|found| Problem { subject, expected: String::new(), found }))
}

async fn collations(transaction: &Transaction<'_>) -> Result<HealthReport, Error> {
    let mut report = list(transaction, include_str!("sql/health/collation.sql")).await?;
    let has_version =
        "SELECT pg_catalog.to_regproc('pg_catalog.pg_database_collation_actual_version') IS NOT NULL";
    if transaction.query_one(has_version, &[]).await?.try_get(0)? {
        let of_database = list(transaction, DATABASE_COLLATION).await?;
        report.examined += of_database.examined;
        report.problems.extend(of_database.problems);
    }
    Ok(report)
}

/// Sequences against the largest value of the column that they fill; the next value that one would give must
/// be beyond it.
async fn sequences(transaction: &Transaction<'_>) -> Result<HealthReport, Error> {
    let mut report = HealthReport::default();
    for row in transaction.query(SEQUENCES, &[]).await? {
        report.examined += 1;
        let (schema, name): (String, String) = (row.try_get("schema")?, row.try_get("sequence")?);
        let subject = format!("{schema}.{name}");
        if !row.try_get::<_, bool>("is_readable")? {
            report.unreadable.push(subject);
            continue;
        }
        let (start, increment): (i64, i64) = (row.try_get("start")?, row.try_get("increment")?);
        let last: Option<i64> = row.try_get("last_value")?;
        let table = TableName { schema: row.try_get("table_schema")?, table: row.try_get("table_name")? };
        let column: String = row.try_get("column_name")?;
        let (extreme, only) = (
            if increment > 0 { "max" } else { "min" },
            if row.try_get("is_partitioned")? { "" } else { "ONLY " },
        );
        let statement = format!(
            "SELECT pg_catalog.{extreme}({})::bigint FROM {only}{}",
            quote_identifier(&column),
            quote_table(&table)
        );
        let Some(furthest) = transaction.query_one(&statement, &[]).await?.try_get::<_, Option<i64>>(0)?
        else {
            continue;
        };
        let is_behind = match (last, increment > 0) {
            (Some(last), true) => furthest > last,
            (Some(last), false) => furthest < last,
            (None, true) => furthest >= start,
            (None, false) => furthest <= start,
        };
        if is_behind {
            let at = last.map_or("it was never used".to_owned(), |last| format!("it is at {last}"));
            let found =
                format!("{at}, and {table}.{column} holds {furthest}: new rows will collide with old ones");
            report.problems.push(Problem { subject, expected: String::new(), found });
        }
    }
    Ok(report)
}

const fn expected(kind: HealthKind) -> &'static str {
    match kind {
        HealthKind::Sequence => "the next value is beyond those in use",
        HealthKind::IndexValid => "a valid index",
        HealthKind::ConstraintValid => "a validated constraint",
        HealthKind::Collation => "the version of the library",
        HealthKind::Unlogged => "a logged table",
        HealthKind::Extension => "the extension's files",
        HealthKind::Wraparound => "an age below 1.6 billion",
    }
}

fn bounded(mut report: HealthReport, expected: &str) -> HealthReport {
    fn cut(text: &mut String) {
        text.truncate(text.floor_char_boundary(TEXT_MAX_BYTES));
    }
    report.more = u64::try_from(report.problems.len().saturating_sub(PROBLEMS_MAX)).unwrap_or(u64::MAX);
    report.problems.truncate(PROBLEMS_MAX);
    for problem in &mut report.problems {
        expected.clone_into(&mut problem.expected);
        cut(&mut problem.subject);
        cut(&mut problem.found);
    }
    let more = report.unreadable.len().saturating_sub(PROBLEMS_MAX);
    report.unreadable.truncate(PROBLEMS_MAX);
    report.unreadable.iter_mut().for_each(cut);
    report.unreadable.extend((more > 0).then(|| format!("{more} more")));
    report
}
