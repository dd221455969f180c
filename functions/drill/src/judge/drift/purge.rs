//! Purges: those that somebody planned, and the one that came a month ago and is due again.

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};

use super::forecast::Forecasts;
use super::history::{History, LEAST_SHARE, moved};
use super::{Point, Purge};

/// A month ago, in nights: the 28 to 31 days of a month, and a job that is a day early or late.
const MONTH: RangeInclusive<u32> = 27..=32;
/// What fell by as much in the last nights has happened already.
const SINCE: u32 = 7;
/// A purge may take this much more than the one before.
const LARGER: f64 = 1.5;

impl Purge {
    /// Whether rows that were there at one time may be gone by the other because of it.
    pub(super) fn is_between(&self, before: DateTime<Utc>, after: DateTime<Utc>) -> bool {
        self.from <= after && before < self.to
    }
}

/// A planned purge that tonight's rows may show.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planned {
    pub(super) purge: Purge,
    /// The last verified drill before it began.
    pub(super) before: Point,
    /// The least rows that it leaves.
    pub(super) least: f64,
}

/// The planned purge since the last verified drill that leaves the fewest rows; `None` when there was none.
///
/// It is measured from the last count before it began, so that a window of many nights doesn't allow its share
/// anew each night.
#[expect(clippy::cast_precision_loss, reason = "a share of rows needs no more than 52 bits")]
pub(super) fn planned(earlier: &[Point], data_at: DateTime<Utc>, purges: &[Purge]) -> Option<Planned> {
    let last = earlier.iter().rfind(|point| point.data_at <= data_at)?;
    let due = purges.iter().filter(|purge| purge.is_between(last.data_at, data_at));
    due.map(|purge| {
        let before = *earlier.iter().rfind(|point| point.data_at <= purge.from).unwrap_or(&earlier[0]);
        Planned { purge: *purge, before, least: before.rows as f64 * (1.0 - purge.max_drop) }
    })
    .min_by(|a, b| a.least.total_cmp(&b.least))
}

/// A purge of about a month ago, and the rows that another like it would leave tonight.
pub(super) fn recurring(history: &History, forecasts: &Forecasts) -> Option<(Point, f64)> {
    let nightly = forecasts.nightly.spread;
    let usual = (nightly.center - nightly.down).min(-LEAST_SHARE);
    let falls = || history.steps.iter().zip(&history.nights[1..]).filter(|(step, _)| step.change < usual);
    let (then, night) = falls()
        .filter(|(_, night)| MONTH.contains(&night.age))
        .min_by(|(a, _), (b, _)| a.change.total_cmp(&b.change))?;
    let is_done = falls().any(|(step, night)| night.age < SINCE && LARGER * step.change <= then.change);
    let least = moved(history.last().rows, LARGER * then.change)?;
    (!is_done).then_some((night.point, least))
}
