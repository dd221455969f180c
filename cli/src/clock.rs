//! The only place that reads the clock and waits.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// The time, for the drill's id and for how long something has taken.
#[expect(clippy::disallowed_methods, reason = "the command line's own clock")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Waits between two looks at a drill that somebody follows.
#[expect(clippy::disallowed_methods, reason = "somebody sits and watches; nothing deployed waits")]
pub(crate) async fn wait(span: Duration) {
    tokio::time::sleep(span).await;
}
