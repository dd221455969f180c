//! Judging a table's rows by its own past: [`super::drift`] with what the configuration says of the table.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

use super::drift::{Allowances, Band, Drift, Point, Purge, band};
use super::{finding, finding_with_effect};
use crate::configuration::{Effect, TableRules};
use crate::evidence::{Finding, FindingStatus, HistoryPoint, TableRows};

/// So many earlier drills know a table well enough to say that being empty is nothing unusual for it.
const KNOWN_MIN: usize = 7;

/// The finding of a table that was counted, added to those that the rules gave; none without an earlier drill
/// that counted it. What the past shows to be usual, or a person planned, is no failure of the rules either.
pub(super) fn judge(
    record: &TableRows,
    history: &[HistoryPoint],
    rules: &TableRules,
    findings: &mut Vec<Finding>,
    data_at: DateTime<Utc>,
) {
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
    let Some(band) = band(&points, data_at, &allowances) else { return };
    let drift = band.judge(record.rows);
    if !matches!(drift, Drift::Fell { .. }) {
        let is_usual = |check: &str| match check {
            // The band holds max_drop too, and lets a planned purge through.
            "max_drop" => true,
            "rows" => {
                let may_be_empty = rules.max_drop.is_some_and(|share| share >= 1.0);
                may_be_empty || points.len() >= KNOWN_MIN || !purges.is_empty()
            }
            _ => false,
        };
        for finding in findings.iter_mut().filter(|f| is_usual(&f.check)) {
            if finding.status == FindingStatus::Failed {
                finding.status = FindingStatus::Passed;
                finding.found.push_str(", as planned or usual: see drift");
            }
        }
    }
    // A rule of its own says so already.
    let is_told = match drift {
        Drift::Fell { .. } => rules.max_drop.is_some(),
        Drift::Grew { .. } => rules.max_growth.is_some(),
        Drift::Usual | Drift::Declining { .. } | Drift::PurgedAgain { .. } => false,
    };
    if !is_told {
        findings.push(finding_of(&band, record, rules.drift.unwrap_or(Effect::Fail)));
    }
}

fn finding_of(band: &Band, record: &TableRows, effect: Effect) -> Finding {
    let (check, expected, found) = ("drift", band.expected(), band.found(record.rows));
    let effect = match band.judge(record.rows) {
        Drift::Usual => return finding(check, &record.table, true, expected, found),
        Drift::Grew { .. } | Drift::PurgedAgain { .. } => effect.min(Effect::Warn),
        Drift::Fell { .. } | Drift::Declining { .. } => effect,
    };
    let hint = band.hint(record.rows);
    Finding { hint, ..finding_with_effect(check, &record.table, effect, expected, found) }
}

/// The days of the configuration as instants: from the first's midnight to the midnight after the last.
fn purge(purge: &crate::configuration::Purge) -> Option<Purge> {
    let midnight = |day: NaiveDate| -> DateTime<Utc> { day.and_time(NaiveTime::MIN).and_utc() };
    let to = purge.to.checked_add_days(Days::new(1))?;
    Some(Purge { from: midnight(purge.from), to: midnight(to), max_drop: purge.max_drop })
}
