//! Judging: measurements, rules and the baseline become findings, findings become a verdict.
//!
//! Decides what is good. Never measures, and never takes what wasn't measured for passed.

use std::collections::BTreeMap;

use crate::backup::Backup;
use crate::configuration::{Configuration, Effect};
use crate::evidence::{Evidence, Finding, FindingStatus, HistoryPoint, TableRows, Verdict};
use crate::measurement::{Activity, CatalogueObjects, Measurement, Outcome, TableName, Unit, Value};

mod absent;
mod catalogue;
mod conclude;
mod digest;
pub mod drift;
mod fresh;
mod health;
mod index;
mod query;
mod server;
mod structure;
mod table;
mod trend;

use table::Tables;

/// Everything that was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Each planned unit, once.
    pub measurements: Vec<Measurement>,
    /// What was written on the server when the checks were planned, and before and after each invocation.
    pub activity: Vec<Outcome<Activity>>,
}

/// What a drill is compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    /// The evidence of the last verified drill.
    pub evidence: Evidence,
    /// Its catalogue's objects; absent when it was made at level quick.
    pub objects: Option<CatalogueObjects>,
}

/// The findings of a drill with what later drills compare with.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Its reason in one sentence.
    pub summary: String,
    /// Every check; failed ones first, then what wasn't measured, then warnings.
    pub findings: Vec<Finding>,
    /// The rows of every table that was counted.
    pub tables: Vec<TableRows>,
    /// The drills whose row counts `tables` holds.
    pub history: Vec<HistoryPoint>,
    /// The catalogue's objects; absent at level quick, and when a part couldn't be read.
    pub objects: Option<CatalogueObjects>,
    /// What a person should know: what was accepted though it wasn't measured, and a right of `PUBLIC`'s.
    pub warnings: Vec<String>,
    /// The server's version.
    pub server_version: Option<String>,
}

/// What a judge looks at beside the measurement.
#[derive(Debug, Clone, Copy)]
struct Basis<'a> {
    configuration: &'a Configuration,
    backup: &'a Backup,
    baseline: Option<&'a Baseline>,
}

/// Judges what was measured.
pub fn judge(
    measured: &Measured,
    configuration: &Configuration,
    backup: &Backup,
    baseline: Option<&Baseline>,
) -> Judgement {
    let basis = Basis { configuration, backup, baseline };
    let measurements = &measured.measurements;
    let tables = Tables::of(measurements);
    let history = table::history(baseline);
    let records = tables.records(measurements, baseline);
    let mut findings = table::judge(&tables, &records, &history, basis);
    findings.push(server::judge_activity(&measured.activity));
    let (mut warnings, mut server_version) = (Vec::new(), None);
    for Measurement { unit, outcome, .. } in measurements {
        if let (Unit::Identity, Outcome::Measured { value: Value::Identity(identity) }) = (unit, outcome) {
            server_version = Some(identity.server_version.clone());
            warnings.extend(server::warning_of_public(identity));
        }
        findings.extend(of_unit(unit, outcome, &tables, basis));
    }
    findings.extend(absent::judge(measurements, &tables, basis));
    let (objects, differences) = catalogue::judge(measurements, basis);
    findings.extend(differences);
    let judgement = conclude::conclude(findings, records, configuration);
    warnings.extend(judgement.warnings);
    Judgement { history, objects, warnings, server_version, ..judgement }
}

/// The findings of a unit by itself; those of rows and of the catalogue are made of several.
fn of_unit(unit: &Unit, outcome: &Outcome<Value>, tables: &Tables, basis: Basis<'_>) -> Vec<Finding> {
    match unit {
        Unit::Rows { .. } | Unit::Objects { .. } => Vec::new(),
        Unit::Identity => server::judge_identity(outcome, basis.backup),
        Unit::Control => vec![server::judge_control(outcome)],
        Unit::Newest { table, column } => fresh::judge(table, column, outcome, basis),
        Unit::Index { table, index } => vec![index::judge(table, index, outcome, tables)],
        Unit::Health { kind } => health::judge(*kind, outcome, basis),
        Unit::Heap { table } => vec![structure::judge_heap(table, outcome)],
        Unit::Btree { table, index } => vec![structure::judge_btree(table, index, outcome)],
        Unit::ForeignKey { table, constraint } => {
            vec![structure::judge_foreign_key(table, constraint, outcome)]
        }
        Unit::Digest { table, scope } => vec![digest::judge(table, scope, outcome, basis)],
        Unit::Query { name } => {
            let check = basis.configuration.queries.iter().find(|q| q.name == *name);
            vec![query::judge_query(name, check, outcome)]
        }
    }
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

/// A finding of something that isn't as it should be, with the status that the configuration gives it.
fn finding_with_effect(
    check: &str,
    subject: impl Into<String>,
    effect: Effect,
    expected: impl Into<String>,
    found: impl Into<String>,
) -> Finding {
    let status = match effect {
        Effect::Pass => FindingStatus::Passed,
        Effect::Warn => FindingStatus::Warned,
        Effect::Fail => FindingStatus::Failed,
    };
    Finding { status, ..finding(check, subject, false, expected, found) }
}

/// The value of an outcome, or the finding that says why there is none. `of` takes the kind of value that the
/// unit asks for out of it; another kind is no measurement of it.
fn measured<'a, T>(
    outcome: &'a Outcome<Value>,
    of: impl FnOnce(&'a Value) -> Option<T>,
    check: &str,
    subject: &str,
    expected: &str,
) -> Result<T, Finding> {
    let not_measured = |reason: &str, hint: &str| Finding {
        status: FindingStatus::NotMeasured,
        hint: Some(hint.to_owned()).filter(|h| !h.is_empty()),
        ..finding(check, subject, false, expected, format!("not measured: {reason}"))
    };
    match outcome {
        Outcome::Measured { value } => {
            of(value).ok_or_else(|| not_measured("the value is of another kind of check", ""))
        }
        Outcome::NotMeasured { reason, hint } => Err(not_measured(reason, hint)),
        Outcome::Failed { reason } => Err(finding(check, subject, false, expected, reason.clone())),
    }
}

/// `schema.index`, as an index lies in its table's schema.
fn index_subject(table: &TableName, index: &str) -> String {
    format!("{}.{index}", table.schema)
}

/// The rows of the baseline's tables, by `schema.table`.
fn rows_before(baseline: Option<&Baseline>) -> BTreeMap<&str, u64> {
    baseline.iter().flat_map(|b| &b.evidence.tables).map(|t| (t.table.as_str(), t.rows)).collect()
}
