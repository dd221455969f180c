//! Judging how fresh the newest row of a table is.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Basis, finding, measured};
use crate::evidence::Finding;
use crate::ids::rfc3339;
use crate::measurement::{Outcome, TableName, Value};

/// A row that is later than the backup's data by no more than this is the work of two clocks.
const CLOCK_SLACK: TimeDelta = TimeDelta::minutes(10);
/// A column without a zone, read as UTC, is off by its zone, and zones are 26 hours apart at most. What is
/// later than this isn't the time of a row, and says nothing about how fresh the table is.
const ZONES_APART: TimeDelta = TimeDelta::hours(26);

/// How fresh the newest row is, measured against the time of the backup's data.
pub(super) fn judge(
    table: &TableName,
    column: &str,
    outcome: &Outcome<Value>,
    basis: Basis<'_>,
) -> Vec<Finding> {
    let rules = basis.configuration.rules_for(&table.to_string());
    let Some(fresh) = rules.fresh.filter(|fresh| fresh.column == column) else { return Vec::new() };
    let data_at = basis.backup.data_at;
    let subject = format!("{table}.{column}");
    let expected =
        format!("newest row at most {} before the backup's data of {}", fresh.within, rfc3339(data_at));
    let at: DateTime<Utc> = match measured(outcome, Value::as_newest, "fresh", &subject, &expected) {
        Err(finding) => return vec![finding],
        Ok(None) => return vec![finding("fresh", subject, false, expected, "no rows")],
        Ok(Some(at)) => *at,
    };
    let ahead = at - data_at;
    let is_fresh = -ahead <= fresh.within.delta() && ahead <= ZONES_APART;
    let note = if ahead > CLOCK_SLACK { ", which is later than the backup" } else { "" };
    let mut finding =
        finding("fresh", subject, is_fresh, expected, format!("newest row at {}{note}", rfc3339(at)));
    if ahead > ZONES_APART {
        finding.hint =
            Some("the column holds times to come: choose one that says when a row was written".to_owned());
    }
    vec![finding]
}
