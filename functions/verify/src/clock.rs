//! The one place of this artifact that reads the clock.

use chrono::{DateTime, SubsecRound, Utc};

/// The time, to the millisecond: nothing here is known better.
#[expect(
    clippy::disallowed_methods,
    reason = "the clock of this shell; all else takes the time as an argument"
)]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(3)
}
