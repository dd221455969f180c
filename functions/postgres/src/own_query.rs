//! Somebody's own SQL, which must give one value: the second of two locks.
//!
//! The first is [`drill::own_sql`], which is asked here once more: a plan that an older version froze
//! may hold a query that it would refuse now. What follows holds for any text, and its tests take the
//! first lock out. What keeps a text from writing, in this order: the role's rights; the extended
//! protocol, which takes one statement only; that a statement without a result is described and never
//! run; a transaction that is read-only and past its first statement, so that nothing in it can turn
//! that off; and that it is rolled back, which takes back settings too. What keeps it from waiting:
//! the time-outs, which are set again after planning, when functions may have been called already; and
//! that the server looks every few seconds whether anybody still waits for the answer.
//!
//! The query is run as it is written, never pasted into a statement of ours, but for `pg_catalog.`
//! before the functions that stand without a schema ([`drill::own_sql::qualified`]).
//!
//! The value is wanted as PostgreSQL prints it, for every type there is, while the client asks for
//! binary values. So the statement is bound to a portal, and two rows are fetched from the portal by
//! name with a statement of ours in the simple protocol, which gives text (PostgreSQL documentation,
//! 55.2.3, "Named portals can also be created and accessed at the SQL command level, using DECLARE
//! CURSOR and FETCH"). Two rows are also the most that a query without a LIMIT makes us hold.

use drill::own_sql;
use drill::ports::MeasureError;
use tokio_postgres::{Error, SimpleQueryMessage, Statement, Transaction};

use crate::failure::{self, Measuring};
use crate::identifier::quote_identifier;
use crate::session::PostgresSession;

/// The longest value, in characters; a longer one is cut and ends in an ellipsis.
const VALUE_MAX: usize = 200;
/// Names are found as in any other session of the role: the query is written for that. Our own
/// statements never need it. A connection that was given up is noticed while a statement runs.
const BEGIN: &str = "SET LOCAL search_path TO DEFAULT; SET LOCAL client_connection_check_interval = '10s';
    SHOW search_path; SHOW statement_timeout; SHOW lock_timeout";
/// The name of the portal that a statement was bound to.
const PORTAL_OF: &str = "SELECT name FROM pg_catalog.pg_cursors WHERE statement = $1 AND name <> ''";

/// Runs the query and gives its one value; `None` for null.
///
/// Portals don't use parallel workers. A value is held in memory before it is cut.
pub(crate) async fn value(session: &mut PostgresSession, sql: &str) -> Result<Option<String>, MeasureError> {
    let qualified = own_sql::qualified(sql).map_err(|refusal| MeasureError::NotMeasured {
        reason: format!("the query was not run: it {}", refusal.problem()),
        hint: refusal.way_out,
    })?;
    guarded(session, &qualified).await
}

/// Runs the text behind the second lock alone.
async fn guarded(session: &mut PostgresSession, sql: &str) -> Result<Option<String>, MeasureError> {
    let role = session.role().to_owned();
    let grant = format!("GRANT SELECT ON what the query reads TO {}", quote_identifier(&role));
    let mut measuring = Measuring::new("running the query", &grant, &role);
    let transaction = session.read_only(&mut measuring).await?;
    let value = run(&transaction, sql, measuring).await;
    let _ = transaction.rollback().await;
    value
}

async fn run(
    transaction: &Transaction<'_>,
    sql: &str,
    measuring: Measuring<'_>,
) -> Result<Option<String>, MeasureError> {
    let failed = |error: Error| of_query(measuring, &error);
    // The protocol ends a statement with it: the client would refuse to send it.
    if sql.contains('\0') {
        return Err(MeasureError::Failed("the query holds a zero byte".to_owned()));
    }
    let time_outs = begin(transaction).await.map_err(failed)?;
    let statement = transaction.prepare(sql).await.map_err(failed)?;
    check_form(&statement)?;
    let _portal = transaction.bind(&statement, &[]).await.map_err(failed)?;
    // Planning may have called functions that say of themselves that they change nothing.
    transaction.batch_execute(&time_outs).await.map_err(failed)?;
    let named = transaction.query(PORTAL_OF, &[&sql]).await.map_err(failed)?;
    let [named] = named.as_slice() else {
        return Err(MeasureError::Failed("the query's portal was not found among the cursors".to_owned()));
    };
    let name: String = named.try_get(0).map_err(failed)?;
    let fetch = format!("FETCH FORWARD 2 FROM {}", quote_identifier(&name));
    let messages = transaction.simple_query(&fetch).await.map_err(failed)?;
    let mut rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    match (rows.next(), rows.next()) {
        (None, _) => Err(not_one("no row")),
        (Some(_), Some(_)) => Err(not_one("more than one row")),
        (Some(row), None) => Ok(row.try_get(0).map_err(failed)?.map(cut)),
    }
}

/// Sets the transaction up, and gives the statements that set its time-outs once more.
async fn begin(transaction: &Transaction<'_>) -> Result<String, Error> {
    let messages = transaction.simple_query(BEGIN).await?;
    let mut shown = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    let mut next = || shown.next().unwrap_or_default().to_owned();
    let (search_path, statement_timeout, lock_timeout) = (next(), next(), next());
    // Where the path doesn't name it, it is searched first already.
    if search_path.contains("pg_catalog") {
        let first = format!("pg_catalog, {search_path}");
        transaction.execute("SELECT pg_catalog.set_config('search_path', $1, true)", &[&first]).await?;
    }
    Ok(format!(
        "SET LOCAL statement_timeout = '{statement_timeout}'; SET LOCAL lock_timeout = '{lock_timeout}'"
    ))
}

/// Refuses a statement whose description shows that it can't give one value. It hasn't run yet.
fn check_form(statement: &Statement) -> Result<(), MeasureError> {
    if !statement.params().is_empty() {
        return Err(MeasureError::Failed(
            "the query has parameters ($1), and there is nothing to fill them".to_owned(),
        ));
    }
    match statement.columns().len() {
        1 => Ok(()),
        0 => Err(not_one("no column, so that it was not run")),
        more => Err(not_one(&format!("{more} columns, so that it was not run"))),
    }
}

fn not_one(found: &str) -> MeasureError {
    MeasureError::Failed(format!("the query gives {found}; a check is one row with one column"))
}

/// Adds to some errors what people trip over here.
fn of_query(measuring: Measuring<'_>, error: &Error) -> MeasureError {
    let advice = match error.code().map(tokio_postgres::error::SqlState::code) {
        // undefined_table, undefined_function, undefined_object
        Some("42P01" | "42883" | "42704") => {
            "; write names with their schema where it isn't in the role's search_path"
        }
        // read_only_sql_transaction
        Some("25006") => "; a check only reads",
        _ => "",
    };
    match failure::of_measuring(measuring, error) {
        MeasureError::Failed(fact) => MeasureError::Failed(fact + advice),
        other => other,
    }
}

fn cut(value: &str) -> String {
    if value.chars().nth(VALUE_MAX).is_none() {
        return value.to_owned();
    }
    value.chars().take(VALUE_MAX - 1).chain(['…']).collect()
}

#[cfg(test)]
#[path = "../tests/real/second_lock.rs"]
mod second_lock;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_is_cut_by_characters_and_shows_it() {
        assert_eq!(cut(&"ü".repeat(200)), "ü".repeat(200));
        assert_eq!(cut(&"ü".repeat(201)), format!("{}…", "ü".repeat(199)));
        assert_eq!(cut(""), "");
    }
}
