//! Judging one table: its rows against the rules and the baseline, and how fresh its newest row is.

use chrono::{DateTime, TimeDelta, Utc};

use super::{finding, measured};
use crate::configuration::TableRules;
use crate::evidence::{Finding, FindingStatus};
use crate::ids::rfc3339;
use crate::measurement::{HeapCount, Outcome, TableName};

pub(super) fn judge_rows(
    table: &TableName,
    count: &Outcome<HeapCount>,
    rules: &TableRules,
    before: Option<u64>,
    has_baseline: bool,
) -> Vec<Finding> {
    let subject = table.to_string();
    let expected = match (before, has_baseline) {
        (Some(0), _) => "any number of rows, as there were none".to_owned(),
        (Some(before), _) => format!("more than 0 rows, as there were {before}"),
        (None, true) => "any number of rows: the table is new".to_owned(),
        (None, false) => "any number of rows: there is no baseline yet".to_owned(),
    };
    let rows = match measured(count, "rows", &subject, &expected) {
        Ok(count) => count.rows,
        Err(rows) => return without_rows(&rows, rules, before),
    };
    let is_emptied = rows == 0 && before.is_some_and(|b| b > 0);
    let mut findings = vec![finding("rows", &subject, !is_emptied, expected, format!("{rows} rows"))];
    if let Some(least) = rules.min_rows {
        findings.push(finding(
            "min_rows",
            &subject,
            rows >= least,
            format!("at least {least} rows"),
            format!("{rows} rows"),
        ));
    }
    if let (Some(max_drop), Some(before)) = (rules.max_drop, before) {
        findings.push(judge_drop(&subject, rows, before, max_drop));
    }
    findings
}

/// The findings of a table that wasn't counted: what else its count was wanted for isn't measured either, so
/// that accepting the one doesn't silently accept the others.
fn without_rows(rows: &Finding, rules: &TableRules, before: Option<u64>) -> Vec<Finding> {
    let mut findings = vec![rows.clone()];
    if rows.status != FindingStatus::NotMeasured {
        return findings;
    }
    let also = |check: &str, expected: String| Finding { check: check.to_owned(), expected, ..rows.clone() };
    findings.extend(rules.min_rows.map(|least| also("min_rows", format!("at least {least} rows"))));
    if let (Some(max_drop), Some(before)) = (rules.max_drop, before) {
        findings.push(also("max_drop", at_most_below(max_drop, before)));
    }
    findings
}

fn at_most_below(max_drop: f64, before: u64) -> String {
    format!("at most {:.2} % below the baseline's {before} rows", max_drop * 100.0)
}

#[expect(clippy::cast_precision_loss, reason = "a share of rows needs no more than 52 bits")]
fn judge_drop(subject: &str, rows: u64, before: u64, max_drop: f64) -> Finding {
    let lost = before.saturating_sub(rows);
    let share = if before == 0 { 0.0 } else { lost as f64 / before as f64 };
    finding(
        "max_drop",
        subject,
        share <= max_drop,
        at_most_below(max_drop, before),
        format!("{rows} rows, {:.2} % below", share * 100.0),
    )
}

/// A row that is later than the backup's data by no more than this is the work of two clocks.
const CLOCK_SLACK: TimeDelta = TimeDelta::minutes(10);
/// A column without a zone, read as UTC, is off by its zone, and zones are 26 hours apart at most. What is
/// later than this isn't the time of a row, and says nothing about how fresh the table is.
const ZONES_APART: TimeDelta = TimeDelta::hours(26);

/// How fresh the newest row is; `None` when the rules don't ask.
pub(super) fn judge_newest(
    table: &TableName,
    newest: Option<&Outcome<Option<DateTime<Utc>>>>,
    rules: &TableRules,
    backup_data_at: DateTime<Utc>,
) -> Option<Finding> {
    let fresh = rules.fresh.as_ref()?;
    let subject = format!("{table}.{}", fresh.column);
    let expected = format!(
        "newest row at most {} before the backup's data of {}",
        fresh.within,
        rfc3339(backup_data_at)
    );
    let missing = Outcome::NotMeasured { reason: "nobody measured it".to_owned(), hint: String::new() };
    let at = match measured(newest.unwrap_or(&missing), "fresh", &subject, &expected) {
        Err(finding) => return Some(finding),
        Ok(None) => return Some(finding("fresh", subject, false, expected, "no rows")),
        Ok(Some(at)) => *at,
    };
    let ahead = at - backup_data_at;
    let is_fresh = -ahead <= fresh.within.delta() && ahead <= ZONES_APART;
    let note = if ahead > CLOCK_SLACK { ", which is later than the backup" } else { "" };
    let mut finding =
        finding("fresh", subject, is_fresh, expected, format!("newest row at {}{note}", rfc3339(at)));
    if ahead > ZONES_APART {
        finding.hint =
            Some("the column holds times to come: choose one that says when a row was written".to_owned());
    }
    Some(finding)
}
