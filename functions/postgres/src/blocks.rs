//! The blocks of a heap that hold no row.

use drill::measurement::TableName;
use drill::ports::MeasureError;

use crate::session::PostgresSession;

pub(crate) async fn without_rows(_session: &mut PostgresSession, _table: &TableName) -> Result<String, MeasureError> {
    Err(missing())
}

/// Not there yet.
fn missing() -> MeasureError {
    MeasureError::NotMeasured { reason: "this version can't measure it".to_owned(), hint: String::new() }
}
