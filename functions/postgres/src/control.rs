//! The negative control: what must fail.

use drill::measurement::Control;
use drill::ports::MeasureError;

use crate::session::PostgresSession;

pub(crate) async fn ask(_session: &mut PostgresSession) -> Result<Control, MeasureError> {
    Err(missing())
}

/// Not there yet.
fn missing() -> MeasureError {
    MeasureError::NotMeasured { reason: "this version can't measure it".to_owned(), hint: String::new() }
}
