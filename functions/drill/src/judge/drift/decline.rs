//! The slow loss: each night's is usual, and their sum isn't.
//!
//! A one-sided cumulative sum chart (CUSUM; Page 1954, *Continuous Inspection Schemes*) over the table's own
//! changes, since its highest point. What one night alone explains, a purge or an import, isn't summed.

use super::Point;
use super::forecast::{Forecast, Forecasts, WEEK};
use super::history::{History, Night, change, moved};
use super::spread::Spread;

/// What a table may lose slowly that hardly ever lost anything before.
const RARE_LOSS: f64 = 0.02;
/// What a table may lose slowly that loses rows as a matter of course, or of whose time before nothing is known.
const COMMON_LOSS: f64 = 0.10;
/// A matter of course is once in so many nights.
const COMMON_IN: usize = 6;
/// The steps before the loss began that make it known.
const KNOWN_STEPS: usize = 14;
/// A loss must be so many times the largest that the table has had and recovered from.
const TIMES_EARLIER: f64 = 2.0;
/// And so many standard deviations of a random walk of as many steps.
const SIGMAS: f64 = 4.0;
/// Steps that make a decline; a loss in fewer is for the nightly band.
const LEAST_STEPS: usize = 3;

/// The rows below which tonight would be the end of a decline.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decline {
    /// The last night before it.
    pub(super) since: Point,
    /// The least rows.
    pub(super) least: f64,
    /// How much may be lost slowly, as a share.
    pub(super) limit: f64,
}

/// Where the sum of the usual changes stood at a night.
struct Mark<'h> {
    night: &'h Night,
    sum: f64,
}

/// The decline that tonight may be part of; `None` when too few nights lie behind the highest point.
pub(super) fn decline(history: &History, forecasts: &Forecasts) -> Option<Decline> {
    let (marks, spread) = match &forecasts.weekly {
        Some(forecast) => (weekly(history), forecast.spread),
        None => (nightly(history, &forecasts.nightly), forecasts.nightly.spread),
    };
    let newest = marks.last()?;
    let at = highest(&marks);
    if marks.len() - at < LEAST_STEPS {
        return None;
    }
    let limit = limit(history, &marks, at, &spread);
    if limit >= 1.0 {
        return None;
    }
    let peak = &marks[at];
    // A table that has recovered in part isn't declining any more: tonight must be its lowest since.
    let lowest = marks[at..].iter().map(|mark| mark.sum).fold(f64::INFINITY, f64::min);
    let left = (peak.sum - limit).min(lowest) - newest.sum;
    let least = moved(newest.night.rows, left)?;
    Some(Decline { since: peak.night.point, least, limit })
}

/// The last of the highest marks.
fn highest(marks: &[Mark]) -> usize {
    let mut highest = 0;
    for (at, mark) in marks.iter().enumerate() {
        if mark.sum >= marks[highest].sum {
            highest = at;
        }
    }
    highest
}

/// What may be lost slowly since the highest mark, as a share.
#[expect(clippy::cast_precision_loss, reason = "there are a few dozen steps")]
fn limit(history: &History, marks: &[Mark], at: usize, spread: &Spread) -> f64 {
    let steps = (marks.len() - at) as f64;
    let one_night = spread.down - spread.center.min(0.0);
    let by_chance = (SIGMAS * spread.sigma * steps.sqrt()).max(one_night);
    let before = &marks[..=at];
    let limit = match falls(before) {
        _ if at < KNOWN_STEPS => COMMON_LOSS.max(by_chance),
        0 => RARE_LOSS,
        few if COMMON_IN * few < before.len() => {
            RARE_LOSS.max(by_chance).max(TIMES_EARLIER * deepest(before))
        }
        _ => COMMON_LOSS.max(by_chance).max(TIMES_EARLIER * deepest(before)),
    };
    let rows = marks[at].night.rows;
    limit.max(2.0 * history.slack(rows) / rows.max(1.0))
}

/// The nights on which it lost rows.
fn falls(marks: &[Mark]) -> usize {
    marks.windows(2).filter(|pair| pair[1].sum < pair[0].sum).count()
}

/// The largest fall from a highest point so far.
fn deepest(marks: &[Mark]) -> f64 {
    let mut highest = f64::NEG_INFINITY;
    let mut deepest: f64 = 0.0;
    for mark in marks {
        highest = highest.max(mark.sum);
        deepest = deepest.max(highest - mark.sum);
    }
    deepest
}

fn nightly<'h>(history: &'h History, forecast: &Forecast) -> Vec<Mark<'h>> {
    let spread = forecast.spread;
    let mut sum = 0.0;
    let mut marks = vec![Mark { night: &history.nights[0], sum }];
    for (step, night) in history.steps.iter().zip(&history.nights[1..]) {
        let off = step.change - spread.center * step.nights;
        let reach = step.nights.sqrt();
        let floor = history.slack(night.rows) / night.rows.max(1.0);
        let is_usual = off >= -(spread.down * reach).max(floor) && off <= (spread.up * reach).max(floor);
        if is_usual && !step.is_planned {
            sum += step.change;
        }
        marks.push(Mark { night, sum });
    }
    marks
}

/// The nights of tonight's weekday, since the last planned purge.
fn weekly(history: &History) -> Vec<Mark<'_>> {
    let first = history.steps.iter().rposition(|step| step.is_planned).map_or(0, |last| last + 1);
    let mut sum = 0.0;
    let mut marks: Vec<Mark> = Vec::new();
    for night in history.nights[first..].iter().filter(|night| night.age % WEEK == 0) {
        if let Some(before) = marks.last() {
            sum += change(before.night.rows, night.rows);
        }
        marks.push(Mark { night, sum });
    }
    marks
}
