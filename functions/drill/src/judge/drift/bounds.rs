//! The rows that are usual for a table in one night.

use super::forecast::{Forecast, Forecasts};
use super::history::History;

/// Growth of one night up to this share is never worth a warning, nor are so many rows.
const GROWTH_SHARE: f64 = 0.10;
const GROWTH_ROWS: f64 = 100.0;
/// A table that always had so many rows isn't empty by chance.
const NEVER_EMPTY: f64 = 10.0;
/// What a table keeps of its rows with too few nights for a forecast.
const NEW_KEEPS: f64 = 0.5;
/// What it keeps with fewer nights than the next number.
const NEWEST_KEEPS: f64 = 0.1;
const NEWEST_NIGHTS: usize = 3;
/// A new table that fell already may fall so many times as far.
const NEW_FALLS: f64 = 3.0;

/// The rows between which a table is usual in one night.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) least: f64,
    /// `None` when nothing limits growth.
    pub(super) most: Option<f64>,
}

impl Bounds {
    /// What the past of a table says.
    pub(super) fn of(history: &History, forecasts: Option<&Forecasts>) -> Self {
        match forecasts {
            Some(forecasts) => of_forecasts(history, forecasts),
            None => of_few(history),
        }
    }
}

/// The least of the believed forecast, and the most of both: growth is no loss, so that any reason for it will do.
fn of_forecasts(history: &History, forecasts: &Forecasts) -> Bounds {
    let known = history.last().rows;
    let floor = |rows: f64| rows - history.slack(rows);
    let believed = forecasts.believed();
    // As many rows as in the last verified drill are never a loss, however many more were forecast.
    let least = believed.lowest().min(floor(known)).min(floor(believed.reference));
    let growth = known * (1.0 + GROWTH_SHARE * history.gap()) + GROWTH_ROWS;
    let of_week = forecasts.weekly.as_ref().map_or(Some(0.0), Forecast::highest);
    let most = forecasts.nightly.highest().zip(of_week).map(|(night, week)| night.max(week).max(growth));
    Bounds { least: not_emptied(history, least), most }
}

/// With a few drills only: half of the rows, or a tenth while there are hardly any drills; and anything but
/// empty for a table that comes and goes.
fn of_few(history: &History) -> Bounds {
    let known = history.last().rows;
    let worst =
        history.steps.iter().filter(|step| !step.is_planned).map(|step| step.change).fold(0.0, f64::min);
    let keeps = if history.nights.len() < NEWEST_NIGHTS { NEWEST_KEEPS } else { NEW_KEEPS };
    let least = known * keeps.min(1.0 + NEW_FALLS * worst);
    Bounds { least: not_emptied(history, least.min(known - 2.0 * history.slack(known))), most: None }
}

/// A table that never lost a row, or always had some, must not be empty.
fn not_emptied(history: &History, least: f64) -> f64 {
    let never_empty = !history.ever_fell() || history.lowest() >= NEVER_EMPTY;
    if never_empty && history.lowest() >= 1.0 { least.max(1.0) } else { least.max(0.0) }
}
