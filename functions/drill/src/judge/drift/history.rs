//! The earlier drills of a table, one a night, and how its rows changed from one to the next.

use chrono::{DateTime, Utc};

use super::{Point, Purge};

const DAY_S: f64 = 86_400.0;
/// A loss of one night up to this share is nothing unusual for any table. What follows from many of them is for
/// the slow loss.
pub(super) const LEAST_SHARE: f64 = 0.005;
/// Standard deviations of a count that comes about by chance (Poisson: the square root) that any table may lose.
const SLACK: f64 = 3.0;
/// And one that stands still on most nights, which isn't made by chance.
const QUIET_SLACK: f64 = 1.0;
/// Most nights: all but one in so many.
const QUIET_IN: usize = 5;
/// So many nights tell a table that stands still.
const QUIET_STEPS: usize = 14;

/// A change of rows as a share of the larger count, from -1 (all gone) to 1 (from none).
///
/// Bounded, and the way back is the same number with the other sign. For a few per cent it is what a
/// logarithm would give, without depending on how a machine computes one: a verdict is the same everywhere.
pub(super) fn change(from: f64, to: f64) -> f64 {
    let larger = to.max(from);
    if larger > 0.0 { (to - from) / larger } else { 0.0 }
}

/// The rows after a change; `None` when nothing limits them.
pub(super) fn moved(rows: f64, change: f64) -> Option<f64> {
    if change <= 0.0 {
        Some(rows * (1.0 + change).max(0.0))
    } else {
        (change < 1.0 && rows > 0.0).then(|| rows / (1.0 - change))
    }
}

/// A drill of the history.
#[derive(Debug, Clone, Copy)]
pub(super) struct Night {
    /// Nights before tonight, from 1.
    pub(super) age: u32,
    pub(super) rows: f64,
    pub(super) point: Point,
}

/// From one night of the history to the next one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// The change over the whole step.
    pub(super) change: f64,
    /// How many nights it spans.
    pub(super) nights: f64,
    /// Whether somebody planned a purge in it.
    pub(super) is_planned: bool,
}

impl Step {
    /// The change that one night had in it.
    pub(super) fn nightly(&self) -> f64 {
        self.change / self.nights
    }
}

/// The history of a table as seen from tonight.
#[derive(Debug)]
pub(super) struct History {
    /// Oldest first, at most one an age, never empty.
    pub(super) nights: Vec<Night>,
    /// `steps[i]` leads from `nights[i]` to `nights[i + 1]`.
    pub(super) steps: Vec<Step>,
    /// Whether it stands still on most nights.
    is_quiet: bool,
}

impl History {
    /// One drill a night: drills on demand give way to the one nearest to tonight's time of day, so that noon
    /// isn't compared with midnight. The newest drill always stays. `None` when there is no earlier drill.
    #[expect(clippy::cast_precision_loss, reason = "seconds of a history and rows need no more than 52 bits")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
    pub(super) fn of(earlier: &[Point], data_at: DateTime<Utc>, purges: &[Purge]) -> Option<Self> {
        let mut nights: Vec<(Night, f64)> = Vec::with_capacity(earlier.len());
        for point in earlier.iter().rev().filter(|point| point.data_at <= data_at) {
            let age_days = (data_at - point.data_at).num_seconds() as f64 / DAY_S;
            let age = age_days.round().clamp(1.0, 36_500.0);
            let off = (age_days - age).abs();
            let night = Night { age: age as u32, rows: point.rows as f64, point: *point };
            let newest_age = nights.first().map(|(newest, _)| newest.age);
            match nights.last_mut() {
                Some((kept, _)) if kept.age > night.age => {}
                Some((kept, _)) if kept.age == night.age && newest_age == Some(night.age) => {}
                Some((kept, kept_off)) if kept.age == night.age => {
                    if off < *kept_off {
                        (*kept, *kept_off) = (night, off);
                    }
                }
                _ => nights.push((night, off)),
            }
        }
        let nights: Vec<Night> = nights.into_iter().rev().map(|(night, _)| night).collect();
        let steps: Vec<Step> = nights.windows(2).map(|pair| step(&pair[0], &pair[1], purges)).collect();
        let moving = steps.iter().filter(|step| step.change != 0.0).count();
        let is_quiet = steps.len() >= QUIET_STEPS && QUIET_IN * moving <= steps.len();
        (!nights.is_empty()).then_some(Self { nights, steps, is_quiet })
    }

    /// The rows that this table may lose in a night whatever its past: some by chance, or half a per cent where
    /// that is more (from 360,000 rows on).
    pub(super) fn slack(&self, rows: f64) -> f64 {
        let sigmas = if self.is_quiet { QUIET_SLACK } else { SLACK };
        (sigmas * rows.sqrt()).max(LEAST_SHARE * rows)
    }

    /// The last verified drill.
    pub(super) fn last(&self) -> &Night {
        self.nights.last().expect("a history has a night")
    }

    /// The nights since the last verified drill.
    pub(super) fn gap(&self) -> f64 {
        f64::from(self.last().age)
    }

    /// Whether it ever lost a row, a planned purge apart.
    pub(super) fn ever_fell(&self) -> bool {
        self.steps.iter().any(|step| step.change < 0.0 && !step.is_planned)
    }

    /// The lowest count.
    pub(super) fn lowest(&self) -> f64 {
        self.nights.iter().map(|night| night.rows).fold(f64::INFINITY, f64::min)
    }
}

fn step(from: &Night, to: &Night, purges: &[Purge]) -> Step {
    Step {
        change: change(from.rows, to.rows),
        nights: f64::from(from.age - to.age),
        is_planned: purges.iter().any(|purge| purge.is_between(from.point.data_at, to.point.data_at)),
    }
}
