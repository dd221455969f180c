//! What tonight's rows are compared with, and how far from that the past nights have been.
//!
//! Two simple forecasts (Hyndman and Athanasopoulos, *Forecasting: Principles and Practice*, chapter 5.2).
//! Each is tried on the table's own past, and the one that was off by less is believed.

use super::history::{History, LEAST_SHARE, Night, Step, change, moved};
use super::spread::Spread;

/// Fewer changes than this say nothing about a spread.
const LEAST_CHANGES: usize = 6;
/// Before the weekly forecast is believed it must have been tried as often as this.
const LEAST_TRIALS: usize = 8;
/// And must have been off by less than this share of what the nightly one was off by.
const CLEARLY_BETTER: f64 = 0.5;
/// A week, in nights.
pub(super) const WEEK: u32 = 7;

/// A forecast for tonight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Forecast {
    /// The rows that it starts from.
    pub(super) reference: f64,
    pub(super) spread: Spread,
    /// The periods from the reference to tonight.
    periods: f64,
}

/// The forecasts that a history allows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Forecasts {
    /// The last count, moved by the usual nightly change: the naive forecast with drift.
    pub(super) nightly: Forecast,
    /// The count of a week before, moved by the usual weekly change: the seasonal naive forecast. Present when it
    /// is to be believed instead.
    pub(super) weekly: Option<Forecast>,
}

impl Forecasts {
    /// `None` when the history is too short.
    pub(super) fn of(history: &History) -> Option<Self> {
        let nightly = nightly(history)?;
        let weekly = weekly(since_last_break(history, &nightly));
        let weekly = weekly.filter(|weekly| weekly.spread.down < CLEARLY_BETTER * nightly.spread.down);
        Some(Self { nightly, weekly })
    }

    /// The one that was off by less in the table's own past.
    pub(super) fn believed(&self) -> &Forecast {
        self.weekly.as_ref().unwrap_or(&self.nightly)
    }
}

impl Forecast {
    /// The least rows that are usual. What is allowed doesn't grow with the nights since the last verified
    /// drill: a night that was rejected must not become good by waiting.
    pub(super) fn lowest(&self) -> f64 {
        moved(self.reference, self.drift() - self.spread.down).unwrap_or(self.reference)
    }

    /// The most rows that are usual; `None` when any number is.
    pub(super) fn highest(&self) -> Option<f64> {
        moved(self.reference, self.drift() + self.spread.up * self.periods.sqrt())
    }

    fn drift(&self) -> f64 {
        self.spread.center * self.periods
    }
}

fn nightly(history: &History) -> Option<Forecast> {
    let steps = history.steps.iter().zip(&history.nights);
    // What is empty can't fall, and how far it rises says nothing about a table with rows.
    let tried = steps.filter(|(step, from)| !step.is_planned && from.rows > 0.0);
    let changes: Vec<f64> = tried.map(|(step, _)| step.nightly()).collect();
    if changes.len() < LEAST_CHANGES {
        return None;
    }
    let spread = Spread::of(changes)?;
    Some(Forecast { reference: history.last().rows, spread, periods: history.gap() })
}

/// The nights after the last purge, planned or unusually large: levels from before it are of another table.
fn since_last_break<'h>(history: &'h History, nightly: &Forecast) -> &'h [Night] {
    let is_break = |step: &Step| {
        let usual = nightly.spread.center * step.nights - nightly.spread.down * step.nights.sqrt();
        step.is_planned || step.change < usual.min(-LEAST_SHARE)
    };
    let first = history.steps.iter().rposition(is_break).map_or(0, |last| last + 1);
    &history.nights[first..]
}

fn weekly(nights: &[Night]) -> Option<Forecast> {
    let at = |age: u32| nights.iter().find(|night| night.age == age).map(|night| night.rows);
    let before = |night: &Night| at(night.age + WEEK).filter(|rows| *rows > 0.0);
    let changes: Vec<f64> =
        nights.iter().filter_map(|night| Some(change(before(night)?, night.rows))).collect();
    if changes.len() < LEAST_TRIALS {
        return None;
    }
    Some(Forecast { reference: at(WEEK)?, spread: Spread::of(changes)?, periods: 1.0 })
}
