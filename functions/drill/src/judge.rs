//! Judging: measurements, rules and the baseline become findings, findings become a verdict.
//!
//! Decides what is good. Never measures, and never takes what wasn't measured for passed.

use std::collections::{BTreeMap, BTreeSet};

use crate::backup::{Backup, bounded_list};
use crate::configuration::Configuration;
use crate::evidence::{Evidence, Finding, FindingStatus, TableRows, Verdict};
use crate::measurement::{Measurement, Outcome, ServerIdentity};

mod query;
mod table;

use query::judge_query;
use table::{judge_newest, judge_rows};

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
    /// What a person should know: what was accepted though it wasn't measured, and a right of `PUBLIC`'s.
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
    let mut warnings = Vec::new();
    let before: BTreeMap<&str, u64> =
        baseline.iter().flat_map(|b| &b.tables).map(|t| (t.table.as_str(), t.rows)).collect();
    for measurement in measurements {
        match measurement {
            Measurement::Identity { identity } => {
                if let Outcome::Measured { value } = identity {
                    server_version = Some(value.server_version.clone());
                    warnings.extend(warning_of_public(value));
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
                findings.extend(judge_newest(table, newest.as_ref(), &rules, backup.data_at));
            }
            Measurement::Query { name, value, .. } => {
                let check = configuration.queries.iter().find(|q| q.name == *name);
                findings.push(judge_query(name, check, value));
            }
        }
    }
    findings.extend(judge_absent(measurements, configuration, &before));
    findings.extend(judge_nothing(measurements));
    let judgement = conclude(findings, tables, server_version, configuration);
    warnings.extend(judgement.warnings);
    Judgement { warnings, ..judgement }
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

/// The right that every role has in schema `public` through `PUBLIC` up to PostgreSQL 14, and in databases
/// that were upgraded from it (PostgreSQL 15 release notes). It says something about the source and nothing
/// about the backup, which it therefore doesn't reject.
const CREATE_IN_PUBLIC: &str = "create on schema public";

fn warning_of_public(identity: &ServerIdentity) -> Option<String> {
    identity.excess_rights.iter().any(|right| right == CREATE_IN_PUBLIC).then(|| {
        format!(
            "role {} may create in schema public, as PUBLIC may; revoke it on the source: \
             REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            identity.role
        )
    })
}

fn judge_identity(identity: &Outcome<ServerIdentity>, backup: &Backup) -> Vec<Finding> {
    let expected = "TLS verify-full as a read-only role";
    let identity = match measured(identity, "connect", "server", expected) {
        Ok(identity) => identity,
        Err(finding) => return vec![finding],
    };
    let found = format!("{} as {} in {}", identity.tls, identity.role, identity.database);
    let (public, excess): (Vec<String>, Vec<String>) =
        identity.excess_rights.iter().cloned().partition(|right| right == CREATE_IN_PUBLIC);
    let role_found = match (excess.is_empty(), public.is_empty()) {
        (true, true) => "read rights only".to_owned(),
        (true, false) => format!("read rights only, and {CREATE_IN_PUBLIC} as PUBLIC may"),
        (false, _) => format!("also {}", bounded_list(&excess)),
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
    let tables =
        absent.into_iter().map(|(table, expected)| finding("rows", table, false, expected, "no such table"));
    let is_asked = |name: &str| {
        measurements.iter().any(|m| matches!(m, Measurement::Query { name: asked, .. } if asked == name))
    };
    let queries = configuration.queries.iter().filter(|q| !is_asked(&q.name)).map(|q| {
        let not_measured = finding("query", &q.name, false, "a value", "not measured: nobody asked it");
        Finding { status: FindingStatus::NotMeasured, ..not_measured }
    });
    let has_identity = measurements.iter().any(|m| matches!(m, Measurement::Identity { .. }));
    let identity = (!has_identity).then(|| Finding {
        status: FindingStatus::NotMeasured,
        ..finding("connect", "server", false, "a server", "not measured: nobody asked who it is")
    });
    tables.chain(queries).chain(identity).collect()
}

/// A database without a table and without a query of one's own proves nothing: it is the wrong one or empty.
fn judge_nothing(measurements: &[Measurement]) -> Option<Finding> {
    let is_something = |m: &Measurement| !matches!(m, Measurement::Identity { .. });
    (!measurements.iter().any(is_something)).then(|| Finding {
        hint: Some("see that database.name is the one that holds the data".to_owned()),
        ..finding("rows", "the database", false, "at least one table", "no table, and no query to ask")
    })
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
        // Who answered can't be accepted as unknown: the rest might be of any server.
        let unknown = accepted.iter().filter(|f| f.check == "connect");
        let names: Vec<String> = missing.iter().chain(unknown).map(|f| name(f)).collect();
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
