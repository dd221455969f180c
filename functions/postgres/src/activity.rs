//! What has been written on the server up to now.

use drill::measurement::Activity;
use drill::ports::MeasureError;

use crate::session::PostgresSession;

pub(crate) async fn read(_session: &mut PostgresSession) -> Result<Activity, MeasureError> {
    Err(missing())
}

/// Not there yet.
fn missing() -> MeasureError {
    MeasureError::NotMeasured { reason: "this version can't measure it".to_owned(), hint: String::new() }
}
