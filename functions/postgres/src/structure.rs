//! The structure of heaps and indexes, by amcheck.

use drill::measurement::{Corruption, TableName};
use drill::ports::MeasureError;

use crate::session::PostgresSession;

pub(crate) async fn check_heap(_session: &mut PostgresSession, _table: &TableName) -> Result<Corruption, MeasureError> {
    Err(missing())
}

pub(crate) async fn check_btree(_session: &mut PostgresSession, _table: &TableName, _index: &str) -> Result<Corruption, MeasureError> {
    Err(missing())
}

/// Not there yet.
fn missing() -> MeasureError {
    MeasureError::NotMeasured { reason: "this version can't measure it".to_owned(), hint: String::new() }
}
