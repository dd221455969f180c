//! The one place where the double reads the time and waits.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// The time.
#[expect(clippy::disallowed_methods, reason = "the double's one clock; its model is told the time")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Waits without holding up others.
#[expect(clippy::disallowed_methods, reason = "a local tool watches processes and files")]
pub(crate) async fn pause(span: Duration) {
    tokio::time::sleep(span).await;
}

/// Waits in a thread of its own.
#[expect(clippy::disallowed_methods, reason = "a local tool watches processes and files")]
pub(crate) fn pause_thread(span: Duration) {
    std::thread::sleep(span);
}
