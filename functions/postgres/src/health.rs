//! What is wrong by the database's own catalogue.

use drill::measurement::{HealthKind, HealthReport};
use drill::ports::MeasureError;

use crate::session::PostgresSession;

pub(crate) async fn look(_session: &mut PostgresSession, _kind: HealthKind) -> Result<HealthReport, MeasureError> {
    Err(missing())
}

/// Not there yet.
fn missing() -> MeasureError {
    MeasureError::NotMeasured { reason: "this version can't measure it".to_owned(), hint: String::new() }
}
