//! What has been written on the server up to now.
//!
//! That nobody writes to a replica is asserted and not assumed: the snapshot is looked at before, between and
//! after the checks. Transaction ids are of the whole server, and RDS itself writes in a database of its own, so
//! that beside a snapshot that moved the rows written in this database tell whether it matters.

use drill::measurement::Activity;
use drill::ports::MeasureError;
use tokio_postgres::{Error, Transaction};

use crate::failure::{self, Measuring};
use crate::session::PostgresSession;

const ACTIVITY: &str = include_str!("sql/activity.sql");

/// Looks. Cheap: numbers that the server keeps anyway, one look at each table's.
pub(crate) async fn read(session: &mut PostgresSession) -> Result<Activity, MeasureError> {
    let role = session.role().to_owned();
    let mut measuring =
        Measuring::new("looking for writes", "let PUBLIC read pg_catalog, as it does by default", &role);
    let (transaction, before) = session.begin_transaction(&mut measuring).await?;
    before
        .with(&transaction, activity(&transaction))
        .await
        .map_err(|error| failure::of_measuring(measuring, &error))
}

async fn activity(transaction: &Transaction<'_>) -> Result<Activity, Error> {
    let row = transaction.query_typed_one(ACTIVITY, &[]).await?;
    let writes: i64 = row.try_get("writes")?;
    Ok(Activity { snapshot: row.try_get("snapshot")?, writes: u64::try_from(writes).unwrap_or_default() })
}
