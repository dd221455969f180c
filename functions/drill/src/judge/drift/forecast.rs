//! What tonight's rows are compared with, and how far from that the past nights have been.
//!
//! Three simple forecasts (Hyndman and Athanasopoulos, *Forecasting: Principles and Practice*, chapter 5.2).
//! Each is tried on the table's own past, and the one that was off by least is believed.

use super::history::{History, LEAST_SHARE, Night, Step, change, moved};
use super::spread::Spread;

/// Fewer changes than this say nothing about a spread.
const LEAST_CHANGES: usize = 6;
/// Before another forecast than the naive one is believed it must have been tried as often as this.
const LEAST_TRIALS: usize = 8;
/// And must have been off by less than this share of what the naive one was off by.
const CLEARLY_BETTER: f64 = 0.5;
/// A week, in nights.
pub(super) const WEEK: u32 = 7;

/// Which forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// The last count, moved by the usual nightly change: the naive forecast with drift.
    Naive,
    /// The median of the last seven nights, for counts that come and go around a level.
    Level,
    /// The count of a week before, moved by the usual weekly change: the seasonal naive forecast.
    Seasonal,
}

/// A forecast for tonight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Forecast {
    pub(super) method: Method,
    /// The rows that it starts from.
    pub(super) reference: f64,
    pub(super) spread: Spread,
    /// The periods from the reference to tonight.
    periods: f64,
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

/// The forecasts that a history allows; the believed one first. Empty when the history is too short.
pub(super) fn forecasts(history: &History) -> Vec<Forecast> {
    let Some(naive) = naive(history) else { return Vec::new() };
    let mut all = vec![naive];
    if naive.spread.down <= LEAST_SHARE {
        // No other could say more: so much is usual for any table.
        return all;
    }
    let settled = since_last_break(history, &naive);
    for other in [level(settled), seasonal(settled)].into_iter().flatten() {
        let is_better =
            other.spread.down < CLEARLY_BETTER * naive.spread.down && other.spread.down < all[0].spread.down;
        all.insert(usize::from(!is_better), other);
    }
    all
}

fn naive(history: &History) -> Option<Forecast> {
    let steps = history.steps.iter().zip(&history.nights);
    // What is empty can't fall, and how far it rises says nothing about a table with rows.
    let tried = steps.filter(|(step, from)| !step.is_planned && from.rows > 0.0);
    let changes: Vec<f64> = tried.map(|(step, _)| step.nightly()).collect();
    if changes.len() < LEAST_CHANGES {
        return None;
    }
    let spread = Spread::of(changes)?;
    Some(Forecast { method: Method::Naive, reference: history.last().rows, spread, periods: history.gap() })
}

/// The nights after the last purge, planned or unusually large: levels from before it are of another table.
fn since_last_break<'h>(history: &'h History, naive: &Forecast) -> &'h [Night] {
    let is_break = |step: &Step| {
        let usual = naive.spread.center * step.nights - naive.spread.down * step.nights.sqrt();
        step.is_planned || step.change < usual.min(-LEAST_SHARE)
    };
    let first = history.steps.iter().rposition(is_break).map_or(0, |last| last + 1);
    &history.nights[first..]
}

fn level(nights: &[Night]) -> Option<Forecast> {
    let window = WEEK as usize;
    if nights.len() < window + LEAST_TRIALS {
        return None;
    }
    let mut week = Week::of(&nights[..window]);
    let mut changes = Vec::with_capacity(nights.len());
    for (gone, night) in nights.iter().zip(&nights[window..]) {
        if week.median() > 0.0 {
            changes.push(change(week.median(), night.rows));
        }
        week.replace(gone.rows, night.rows);
    }
    if changes.len() < LEAST_TRIALS {
        return None;
    }
    Some(Forecast {
        method: Method::Level,
        reference: week.median(),
        spread: Spread::of(changes)?,
        periods: 1.0,
    })
}

/// The counts of seven nights, sorted: a running median (Hampel filters use the same).
struct Week([f64; WEEK as usize]);

impl Week {
    fn of(nights: &[Night]) -> Self {
        let mut rows = [0.0; WEEK as usize];
        for (slot, night) in rows.iter_mut().zip(nights) {
            *slot = night.rows;
        }
        rows.sort_unstable_by(f64::total_cmp);
        Self(rows)
    }

    fn median(&self) -> f64 {
        self.0[self.0.len() / 2]
    }

    /// Puts a count in another's place, and moves it to where it belongs.
    fn replace(&mut self, gone: f64, come: f64) {
        let rows = &mut self.0;
        let mut at = rows.iter().position(|rows| *rows >= gone).unwrap_or(0);
        rows[at] = come;
        while at > 0 && rows[at - 1] > rows[at] {
            rows.swap(at - 1, at);
            at -= 1;
        }
        while at + 1 < rows.len() && rows[at + 1] < rows[at] {
            rows.swap(at, at + 1);
            at += 1;
        }
    }
}

fn seasonal(nights: &[Night]) -> Option<Forecast> {
    let at = |age: u32| nights.iter().find(|night| night.age == age).map(|night| night.rows);
    let before = |night: &Night| at(night.age + WEEK).filter(|rows| *rows > 0.0);
    let changes: Vec<f64> =
        nights.iter().filter_map(|night| Some(change(before(night)?, night.rows))).collect();
    if changes.len() < LEAST_TRIALS {
        return None;
    }
    Some(Forecast {
        method: Method::Seasonal,
        reference: at(WEEK)?,
        spread: Spread::of(changes)?,
        periods: 1.0,
    })
}
