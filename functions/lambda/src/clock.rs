//! The one place of the functions that reads the clock.

use chrono::{DateTime, SubsecRound, Utc};

/// The time, to the millisecond: nothing here is known better.
#[expect(
    clippy::disallowed_methods,
    reason = "the clock of the functions; all else takes the time as an argument"
)]
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(3)
}
