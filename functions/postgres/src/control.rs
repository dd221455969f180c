//! The negative control: what must fail, by the very ways that the checks take.
//!
//! A sensor that can't show a failure says nothing when it shows none. So a write is really tried in the
//! transaction that measurements are made in, an error really happens in the middle of a count, and a relation
//! that is never empty is really counted. Whether what came of it is right is judged elsewhere.

use drill::measurement::{Control, TableName};
use drill::ports::MeasureError;

use crate::count::{Which, count, number};
use crate::failure::{self, Measuring};
use crate::session::PostgresSession;

/// A write that needs no right on anything. If it is let through, it ends with its transaction, which is rolled
/// back.
const WRITE: &str = "CREATE TEMPORARY TABLE restore_drill_control (x integer) ON COMMIT DROP";
/// The second row is an error.
const COUNT_OVER_AN_ERROR: &str =
    "SELECT pg_catalog.count(*) FROM (VALUES (1), (0)) AS given (x) WHERE 1 / given.x = 1";

/// Asks. Cheap, and without effect whatever the server answers.
pub(crate) async fn ask(session: &mut PostgresSession) -> Result<Control, MeasureError> {
    Ok(Control {
        writing_failed_with: write(session).await?,
        is_error_reported: is_error_reported(session).await?,
        rows: databases(session).await?,
    })
}

/// The SQLSTATE that writing gave; none when it was let through.
async fn write(session: &mut PostgresSession) -> Result<Option<String>, MeasureError> {
    let role = session.role().to_owned();
    let mut measuring = Measuring::new("trying to write", "", &role);
    let transaction = session.read_only(&mut measuring).await?;
    let Err(error) = transaction.batch_execute(WRITE).await else { return Ok(None) };
    match (error.code(), failure::of_measuring(measuring, &error)) {
        (_, lost @ MeasureError::Lost(_)) => Err(lost),
        (state, _) => Ok(Some(state.map_or_else(String::new, |state| state.code().to_owned()))),
    }
}

/// Whether a count over an error is a failure that names it.
async fn is_error_reported(session: &mut PostgresSession) -> Result<bool, MeasureError> {
    let role = session.role().to_owned();
    let mut measuring = Measuring::new("counting over an error", "", &role);
    let transaction = session.read_only(&mut measuring).await?;
    match number(&transaction, COUNT_OVER_AN_ERROR, &[], measuring).await {
        Ok(_) => Ok(false),
        // division_by_zero
        Err(MeasureError::Failed(reason)) => Ok(reason.contains("22012")),
        Err(other) => Err(other),
    }
}

/// The rows of the list of databases, which has at least this one.
async fn databases(session: &mut PostgresSession) -> Result<u64, MeasureError> {
    let role = session.role().to_owned();
    let table = TableName { schema: "pg_catalog".to_owned(), table: "pg_database".to_owned() };
    let mut measuring =
        Measuring::new("counting the databases", "let PUBLIC read pg_catalog, as it does by default", &role);
    let (transaction, before) = session.begin_transaction(&mut measuring).await?;
    Ok(count(&transaction, before, &table, Which::All, measuring).await?.rows)
}
