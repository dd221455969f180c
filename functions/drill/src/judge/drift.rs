//! Drift: what a table's rows may be tonight, from the table's own past in verified drills.
//!
//! Decides on counts alone. Never says that data are right: only that so many rows are nothing unusual for
//! this table. The rule in words, with what it misses, is in `docs/drift.md`. It uses no function that machines
//! compute differently (no logarithm, no power), so that a verdict can be repeated anywhere.

use chrono::{DateTime, Utc};

mod bounds;
mod decline;
mod forecast;
mod history;
mod purge;
mod spread;
mod words;

use bounds::Bounds;
use forecast::Forecasts;
use history::History;

/// The rows of a table in an earlier verified drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// The time of the backup's data.
    pub data_at: DateTime<Utc>,
    /// The rows.
    pub rows: u64,
}

/// A purge that a person planned, or explained afterwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Purge {
    /// From when rows may be deleted.
    pub from: DateTime<Utc>,
    /// Until when, exclusive.
    pub to: DateTime<Utc>,
    /// The largest share of the rows before `from` that may be gone in all: 0.3 is 30 %.
    pub max_drop: f64,
}

/// What a person wrote about a table, which goes before what its past says.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Allowances<'a> {
    /// The largest share of the last verified drill's rows that may be missing, in place of the learnt one.
    pub max_drop: Option<f64>,
    /// The largest growth as a share of the last verified drill's rows, in place of the learnt one.
    pub max_growth: Option<f64>,
    /// Whether it may shrink a little every night, for ever.
    pub may_shrink: bool,
    /// Planned purges.
    pub purges: &'a [Purge],
}

/// What the rows of a table may be tonight, and what that follows from.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// The least rows.
    pub least: u64,
    /// The most rows; `None` when nothing limits them. More is worth a warning and no rejection.
    pub most: Option<u64>,
    /// What the band follows from, in a few words.
    pub basis: String,
    /// The last verified drill.
    pub last: Point,
    /// The time of tonight's data.
    data_at: DateTime<Utc>,
    /// Fewer are a loss since the last verified drill.
    fell_below: u64,
    /// Fewer were gone after a purge of a month ago too, of which this was the first drill.
    purged_below: Option<(Point, u64)>,
    /// Fewer are the end of a decline that began after this drill.
    declined_below: Option<(Point, u64)>,
}

/// How tonight's rows compare with the band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drift {
    /// They are in it.
    Usual,
    /// Rows were lost since the last verified drill: a failure.
    Fell {
        /// The last verified drill.
        since: Point,
    },
    /// Rows are being lost night after night, each time few: a failure.
    Declining {
        /// The last verified drill before it began.
        since: Point,
    },
    /// As many rows are gone as were about a month ago: worth a warning.
    PurgedAgain {
        /// The first drill after that purge.
        before: Point,
    },
    /// There are more than usual: worth a warning, since nothing is lost.
    Grew {
        /// The last verified drill.
        since: Point,
    },
}

impl Drift {
    /// Whether the check fails.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Fell { .. } | Self::Declining { .. })
    }
}

/// The rounding of some sums and products.
const HAIR: f64 = 1e-12;

/// The band of a table, from its earlier verified drills, oldest first. `None` when there is none of them.
///
/// Drills whose data are later than `data_at` are left out. A few dozen drills make the most of it; five weeks
/// are what a monthly purge needs to be known.
pub fn band(earlier: &[Point], data_at: DateTime<Utc>, allowances: &Allowances) -> Option<Band> {
    let history = History::of(earlier, data_at, allowances.purges)?;
    let forecasts = Forecasts::of(&history);
    let mut bounds = Bounds::of(&history, forecasts.as_ref());
    let mut basis = words::basis(&history, forecasts.as_ref(), bounds.least);
    let planned = purge::planned(earlier, data_at, allowances.purges);
    allow(&mut bounds, &history, allowances, planned.as_ref(), &mut basis);
    let mut band = Band {
        least: at_least(bounds.least),
        most: bounds.most.map(whole),
        last: history.last().point,
        data_at,
        fell_below: at_least(bounds.least),
        purged_below: None,
        declined_below: None,
        basis,
    };
    let Some(forecasts) = forecasts.filter(|_| planned.is_none()) else { return Some(band) };
    let recurring = purge::recurring(&history, &forecasts).filter(|_| allowances.max_drop.is_none());
    if let Some((before, least)) = recurring.filter(|(_, least)| *least < bounds.least) {
        band.purged_below = Some((before, band.fell_below));
        band.fell_below = at_least(least);
        words::add(&mut band.basis, &words::recurring(&before));
    }
    let may_decline = allowances.may_shrink || allowances.max_drop.is_some_and(|share| share >= 1.0);
    let decline = decline::decline(&history, &forecasts).filter(|_| !may_decline);
    if let Some(decline) = decline.filter(|decline| decline.least > bounds.least) {
        band.declined_below = Some((decline.since, at_least(decline.least)));
        words::add(&mut band.basis, &words::declining(&decline));
    }
    band.least = match (band.purged_below, band.declined_below) {
        (None, Some((_, least))) => least,
        _ => band.fell_below,
    };
    Some(band)
}

impl Band {
    /// How so many rows compare with it.
    pub fn judge(&self, rows: u64) -> Drift {
        if rows < self.fell_below {
            return Drift::Fell { since: self.last };
        }
        match (self.purged_below, self.declined_below) {
            (Some((before, least)), _) if rows < least => Drift::PurgedAgain { before },
            (_, Some((since, least))) if rows < least => Drift::Declining { since },
            _ if self.most.is_some_and(|most| rows > most) => Drift::Grew { since: self.last },
            _ => Drift::Usual,
        }
    }
}

/// What a person wrote goes before what the past says.
fn allow(
    bounds: &mut Bounds,
    history: &History,
    allowances: &Allowances,
    planned: Option<&purge::Planned>,
    basis: &mut String,
) {
    let last = history.last().rows;
    if let Some(max_drop) = allowances.max_drop {
        bounds.least = last * (1.0 - max_drop);
        words::add(basis, &format!("max_drop {}", words::percent(max_drop)));
    }
    if let Some(max_growth) = allowances.max_growth {
        // No share of nothing is a limit.
        bounds.most = (last > 0.0).then_some(last * (1.0 + max_growth));
        words::add(basis, &format!("max_growth {}", words::percent(max_growth)));
    }
    if let Some(planned) = planned {
        bounds.least = bounds.least.min(planned.least);
        words::add(basis, &words::planned(planned));
    }
}

/// The least whole number of rows. A hair's breadth less counts as it: shares are no exact numbers.
fn at_least(rows: f64) -> u64 {
    whole((rows - HAIR * rows).ceil())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a conversion that saturates")]
fn whole(rows: f64) -> u64 {
    rows.max(0.0) as u64
}
