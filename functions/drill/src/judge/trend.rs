//! Judging a table's rows by its own past: [`super::drift`] with what the configuration says of the table.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

use super::drift::{Allowances, Band, Drift, Point, Purge, band};
use super::{Basis, finding, finding_with_effect};
use crate::configuration::{Effect, TableRules};
use crate::evidence::{Finding, TableRows};
use crate::ids::rfc3339;

/// The finding of a table that was counted; none without an earlier drill that counted it.
pub(super) fn judge(record: &TableRows, rules: &TableRules, basis: Basis<'_>) -> Option<Finding> {
    let history = super::table::history(basis.baseline);
    let points: Vec<Point> = history
        .iter()
        .zip(&record.earlier)
        .filter_map(|(at, rows)| Some(Point { data_at: at.data_at, rows: (*rows)? }))
        .collect();
    let purges: Vec<Purge> = rules.purges.iter().filter_map(purge).collect();
    let allowances = Allowances {
        max_drop: rules.max_drop,
        max_growth: rules.max_growth,
        may_shrink: rules.may_shrink == Some(true),
        purges: &purges,
    };
    let band = band(&points, basis.backup.data_at, &allowances)?;
    let (rows, drift) = (record.rows, band.judge(record.rows));
    let (check, expected) = ("drift", expectation(&band));
    let found = found(rows, drift);
    let effect = rules.drift.unwrap_or(Effect::Fail);
    Some(match drift {
        Drift::Usual => finding(check, &record.table, true, expected, found),
        Drift::Grew { .. } | Drift::PurgedAgain { .. } => {
            finding_with_effect(check, &record.table, effect.min(Effect::Warn), expected, found)
        }
        Drift::Fell { .. } | Drift::Declining { .. } => Finding {
            hint: Some(format!(
                "if it was meant: write the days and the share into purges of [tables.{:?}], or may_shrink = true",
                record.table
            )),
            ..finding_with_effect(check, &record.table, effect, expected, found)
        },
    })
}

fn expectation(band: &Band) -> String {
    match band.most {
        Some(most) => format!("from {} to {most} rows: {}", band.least, band.basis),
        None => format!("at least {} rows: {}", band.least, band.basis),
    }
}

fn found(rows: u64, drift: Drift) -> String {
    let since = |point: Point| format!("since {}, when there were {}", rfc3339(point.data_at), point.rows);
    let fewer = |point: Point| point.rows.saturating_sub(rows);
    match drift {
        Drift::Usual => format!("{rows} rows"),
        Drift::Fell { since: at } => format!("{rows} rows, {} fewer {}", fewer(at), since(at)),
        Drift::Declining { since: at } => {
            format!("{rows} rows: night after night fewer, {} in all {}", fewer(at), since(at))
        }
        Drift::PurgedAgain { before } => {
            format!("{rows} rows: about as many are gone as on {}", rfc3339(before.data_at))
        }
        Drift::Grew { since: at } => {
            format!("{rows} rows, {} more {}", rows.saturating_sub(at.rows), since(at))
        }
    }
}

/// The days of the configuration as instants: from the first's midnight to the midnight after the last.
fn purge(purge: &crate::configuration::Purge) -> Option<Purge> {
    let midnight = |day: NaiveDate| -> DateTime<Utc> { day.and_time(NaiveTime::MIN).and_utc() };
    let to = purge.to.checked_add_days(Days::new(1))?;
    Some(Purge { from: midnight(purge.from), to: midnight(to), max_drop: purge.max_drop })
}
