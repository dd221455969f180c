//! Judging: measurements, rules and the baseline become findings, findings become a verdict.
//!
//! Decides what is good. Never measures, and never takes what wasn't measured for passed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::backup::{Backup, bounded_list};
use crate::configuration::{Configuration, ExpectedValue, QueryCheck, TableRules};
use crate::evidence::{Evidence, Finding, FindingStatus, TableRows, Verdict};
use crate::ids::rfc3339;
use crate::measurement::{HeapCount, Measurement, Outcome, ServerIdentity, TableName};

/// The findings of a drill with what later drills compare with.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Its reason in one sentence.
    pub summary: String,
    /// Every check; failed ones first, then what wasn't measured.
    pub findings: Vec<Finding>,
    /// The rows of every table that was counted.
    pub tables: Vec<TableRows>,
    /// What was accepted though it wasn't measured.
    pub warnings: Vec<String>,
    /// The server's version.
    pub server_version: Option<String>,
}

/// Judges what was measured.
pub fn judge(
    measurements: &[Measurement],
    configuration: &Configuration,
    backup: &Backup,
    baseline: Option<&Evidence>,
) -> Judgement {
    let mut findings = Vec::new();
    let mut tables = Vec::new();
    let mut server_version = None;
    let before: BTreeMap<&str, u64> =
        baseline.iter().flat_map(|b| &b.tables).map(|t| (t.table.as_str(), t.rows)).collect();
    for measurement in measurements {
        match measurement {
            Measurement::Identity { identity } => {
                if let Outcome::Measured { value } = identity {
                    server_version = Some(value.server_version.clone());
                }
                findings.extend(judge_identity(identity, backup));
            }
            Measurement::Table { table, count, newest, .. } => {
                if let Outcome::Measured { value } = count {
                    tables.push(TableRows { table: table.to_string(), rows: value.rows });
                }
                let rules = configuration.rules_for(&table.to_string());
                let rows_before = before.get(table.to_string().as_str()).copied();
                findings.extend(judge_rows(table, count, &rules, rows_before, baseline.is_some()));
                findings.extend(newest.as_ref().map(|n| judge_newest(table, n, &rules, backup.data_at)));
            }
            Measurement::Query { name, value, .. } => {
                let check = configuration.queries.iter().find(|q| q.name == *name);
                findings.push(judge_query(name, check, value));
            }
        }
    }
    findings.extend(judge_absent(measurements, configuration, &before));
    conclude(findings, tables, server_version, configuration)
}

fn finding(
    check: &str,
    subject: impl Into<String>,
    passed: bool,
    expected: impl Into<String>,
    found: impl Into<String>,
) -> Finding {
    let status = if passed { FindingStatus::Passed } else { FindingStatus::Failed };
    Finding {
        check: check.to_owned(),
        subject: subject.into(),
        status,
        expected: expected.into(),
        found: found.into(),
        hint: None,
    }
}

/// The value of an outcome, or the finding that says why there is none.
fn measured<'a, T>(
    outcome: &'a Outcome<T>,
    check: &str,
    subject: &str,
    expected: &str,
) -> Result<&'a T, Finding> {
    match outcome {
        Outcome::Measured { value } => Ok(value),
        Outcome::NotMeasured { reason, hint } => Err(Finding {
            status: FindingStatus::NotMeasured,
            hint: Some(hint.clone()).filter(|h| !h.is_empty()),
            ..finding(check, subject, false, expected, format!("not measured: {reason}"))
        }),
        Outcome::Failed { reason } => Err(finding(check, subject, false, expected, reason.clone())),
    }
}

fn judge_identity(identity: &Outcome<ServerIdentity>, backup: &Backup) -> Vec<Finding> {
    let expected = "TLS verify-full as a read-only role";
    let identity = match measured(identity, "connect", "server", expected) {
        Ok(identity) => identity,
        Err(finding) => return vec![finding],
    };
    let found = format!("{} as {} in {}", identity.tls, identity.role, identity.database);
    let excess = &identity.excess_rights;
    let role_found = if excess.is_empty() {
        "read rights only".to_owned()
    } else {
        format!("also {}", bounded_list(excess))
    };
    let mut role = finding("role", &identity.role, excess.is_empty(), "read rights only", role_found);
    if !excess.is_empty() {
        role.hint = Some(format!("on the source: revoke these rights from {}", identity.role));
    }
    vec![
        finding("connect", "server", true, expected, found),
        role,
        finding(
            "version",
            "server",
            identity.server_version == backup.engine_version,
            format!("PostgreSQL {}, as the backup says", backup.engine_version),
            format!("PostgreSQL {}", identity.server_version),
        ),
    ]
}

fn judge_rows(
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
        Err(finding) => return vec![finding],
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

#[expect(clippy::cast_precision_loss, reason = "a share of rows needs no more than 52 bits")]
fn judge_drop(subject: &str, rows: u64, before: u64, max_drop: f64) -> Finding {
    let lost = before.saturating_sub(rows);
    let share = if before == 0 { 0.0 } else { lost as f64 / before as f64 };
    finding(
        "max_drop",
        subject,
        share <= max_drop,
        format!("at most {:.2} % below the baseline's {before} rows", max_drop * 100.0),
        format!("{rows} rows, {:.2} % below", share * 100.0),
    )
}

/// A clock in the future by this much is a clock, not damage.
const CLOCK_SLACK: TimeDelta = TimeDelta::minutes(10);

fn judge_newest(
    table: &TableName,
    newest: &Outcome<Option<DateTime<Utc>>>,
    rules: &TableRules,
    backup_data_at: DateTime<Utc>,
) -> Finding {
    let Some(fresh) = &rules.fresh else {
        return finding("fresh", table.to_string(), true, "nothing", "nothing");
    };
    let subject = format!("{table}.{}", fresh.column);
    let expected = format!(
        "newest row at most {} before the backup's data of {}",
        fresh.within,
        rfc3339(backup_data_at)
    );
    match measured(newest, "fresh", &subject, &expected) {
        Err(finding) => finding,
        Ok(None) => finding("fresh", subject, false, expected, "no rows"),
        Ok(Some(at)) => {
            let is_fresh = backup_data_at - at <= fresh.within.delta();
            let is_future = *at - backup_data_at > CLOCK_SLACK;
            let note = if is_future { ", which is later than the backup" } else { "" };
            finding("fresh", subject, is_fresh, expected, format!("newest row at {}{note}", rfc3339(*at)))
        }
    }
}

fn judge_query(name: &str, check: Option<&QueryCheck>, value: &Outcome<Option<String>>) -> Finding {
    let Some(check) = check else {
        return finding("query", name, false, "a query of the configuration", "a query that it doesn't have");
    };
    let expected = expectation(check);
    let value = match measured(value, "query", name, &expected) {
        Ok(value) => value.as_deref(),
        Err(finding) => return finding,
    };
    let found = value.map_or_else(|| "NULL".to_owned(), ToOwned::to_owned);
    finding("query", name, value.is_some_and(|v| is_expected(check, v)), expected, found)
}

fn expectation(check: &QueryCheck) -> String {
    match (&check.equals, check.min, check.max) {
        (Some(ExpectedValue::Text(text)), _, _) => text.clone(),
        (Some(ExpectedValue::Boolean(value)), _, _) => value.to_string(),
        (Some(ExpectedValue::Integer(value)), _, _) => value.to_string(),
        (Some(ExpectedValue::Number(value)), _, _) => value.to_string(),
        (None, Some(min), Some(max)) => format!("from {min} to {max}"),
        (None, Some(min), None) => format!("at least {min}"),
        (None, None, Some(max)) => format!("at most {max}"),
        (None, None, None) => "nothing that the configuration says".to_owned(),
    }
}

#[expect(clippy::float_cmp, reason = "equality by value is what the configuration asks for")]
fn is_expected(check: &QueryCheck, value: &str) -> bool {
    let number = || value.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    match (&check.equals, check.min, check.max) {
        (Some(ExpectedValue::Text(text)), _, _) => text == value,
        (Some(ExpectedValue::Boolean(expected)), _, _) => {
            matches!((expected, value), (true, "t" | "true") | (false, "f" | "false"))
        }
        (Some(ExpectedValue::Integer(expected)), _, _) => value.trim().parse::<i64>().map_or_else(
            |_| number().is_some_and(|n| n.fract() == 0.0 && n.to_string() == expected.to_string()),
            |found| found == *expected,
        ),
        (Some(ExpectedValue::Number(expected)), _, _) => number().is_some_and(|n| n == *expected),
        (None, None, None) => false,
        (None, min, max) => {
            number().is_some_and(|n| min.is_none_or(|least| n >= least) && max.is_none_or(|most| n <= most))
        }
    }
}

/// Tables that were there and are gone, tables that have rules and don't exist, queries that didn't run.
fn judge_absent(
    measurements: &[Measurement],
    configuration: &Configuration,
    before: &BTreeMap<&str, u64>,
) -> Vec<Finding> {
    let tables: BTreeSet<String> = measurements
        .iter()
        .filter_map(|m| match m {
            Measurement::Table { table, .. } => Some(table.to_string()),
            Measurement::Identity { .. } | Measurement::Query { .. } => None,
        })
        .collect();
    let mut absent: BTreeMap<&str, String> = configuration
        .tables
        .keys()
        .filter(|table| !tables.contains(*table))
        .map(|table| (table.as_str(), "a table, as the configuration has rules for it".to_owned()))
        .collect();
    for (table, rows) in before {
        if !tables.contains(*table) {
            absent.insert(table, format!("a table, as there was one with {rows} rows"));
        }
    }
    absent
        .into_iter()
        .map(|(table, expected)| finding("rows", table, false, expected, "no such table"))
        .collect()
}

fn conclude(
    mut findings: Vec<Finding>,
    tables: Vec<TableRows>,
    server_version: Option<String>,
    configuration: &Configuration,
) -> Judgement {
    findings.sort_by(|a, b| (a.status, &a.check, &a.subject).cmp(&(b.status, &b.check, &b.subject)));
    let name = |f: &Finding| format!("{} {}", f.check, f.subject);
    let is_accepted = |f: &&Finding| configuration.accept_not_measured.contains(&name(f));
    let of = |status: FindingStatus| findings.iter().filter(move |f| f.status == status);
    let failed: Vec<String> =
        of(FindingStatus::Failed).map(|f| format!("{}: {}", name(f), f.found)).collect();
    let (accepted, missing): (Vec<&Finding>, Vec<&Finding>) =
        of(FindingStatus::NotMeasured).partition(is_accepted);
    let has_identity = of(FindingStatus::Passed).any(|f| f.check == "connect");
    let (verdict, summary) = if !failed.is_empty() {
        (
            Verdict::Rejected,
            format!("{} of {} checks failed: {}", failed.len(), findings.len(), bounded_list(&failed)),
        )
    } else if !missing.is_empty() || !has_identity {
        let names: Vec<String> = missing.iter().map(|f| name(f)).collect();
        (
            Verdict::Broken,
            format!(
                "{} of {} checks could not be measured: {}",
                names.len(),
                findings.len(),
                bounded_list(&names)
            ),
        )
    } else {
        let rows: u64 = tables.iter().map(|t| t.rows).sum();
        (
            Verdict::Verified,
            format!(
                "{} checks passed; {rows} rows in {} tables were counted",
                findings.len() - accepted.len(),
                tables.len()
            ),
        )
    };
    let warnings = accepted
        .iter()
        .map(|f| format!("{} was not measured, as the configuration accepts", name(f)))
        .collect();
    Judgement { verdict, summary, findings, tables, warnings, server_version }
}
