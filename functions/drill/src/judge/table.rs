//! Judging the rows of tables against the rules and the baseline.

use std::collections::BTreeMap;

use super::{Baseline, Basis, finding, measured, rows_before, trend};
use crate::configuration::TableRules;
use crate::evidence::{Evidence, Finding, FindingStatus, HistoryPoint, TableDigest, TableRows};
use crate::measurement::{DigestScope, HeapCount, Measurement, Outcome, TableName, Unit, Value};

/// How many earlier drills a record remembers the rows of: five weeks of nights.
const HISTORY_MAX: usize = 35;

/// What was counted, a table: pieces are put together.
pub(super) struct Tables(BTreeMap<String, Outcome<Value>>);

impl Tables {
    pub(super) fn of(measurements: &[Measurement]) -> Self {
        let mut tables: BTreeMap<String, Outcome<Value>> = BTreeMap::new();
        let mut named: BTreeMap<String, &TableName> = BTreeMap::new();
        for Measurement { unit, outcome, .. } in measurements {
            let Unit::Rows { table, .. } = unit else { continue };
            // "a.b"."c" and "a"."b.c" are written alike: two tables and not two pieces of one.
            let is_alone = *named.entry(table.to_string()).or_insert(table) == table;
            let piece = if is_alone { outcome.clone() } else { alike(table) };
            let whole = match tables.remove(&table.to_string()) {
                Some(others) => together(others, piece),
                None => piece,
            };
            tables.insert(table.to_string(), whole);
        }
        Self(tables)
    }

    pub(super) fn has(&self, table: &str) -> bool {
        self.0.contains_key(table)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The rows of a table; `None` when it wasn't counted.
    pub(super) fn rows(&self, table: &TableName) -> Option<u64> {
        rows_of(self.0.get(&table.to_string())?)
    }

    /// The records of the tables that were counted, with what earlier drills counted.
    pub(super) fn records(
        &self,
        measurements: &[Measurement],
        baseline: Option<&Baseline>,
    ) -> Vec<TableRows> {
        let digests = digests(measurements);
        let before: BTreeMap<&str, &TableRows> =
            baseline.iter().flat_map(|b| &b.evidence.tables).map(|t| (t.table.as_str(), t)).collect();
        let record = |(table, outcome): (&String, &Outcome<Value>)| {
            let earlier =
                baseline.map(|b| earlier(b, before.get(table.as_str()).copied())).unwrap_or_default();
            let digest = digests.get(table).cloned();
            Some(TableRows { table: table.clone(), rows: rows_of(outcome)?, earlier, digest })
        };
        self.0.iter().filter_map(record).collect()
    }
}

fn rows_of(outcome: &Outcome<Value>) -> Option<u64> {
    match outcome {
        Outcome::Measured { value: Value::Rows(count) } => Some(count.rows),
        _ => None,
    }
}

/// The outcome of two tables that can't be told apart.
fn alike(table: &TableName) -> Outcome<Value> {
    Outcome::NotMeasured {
        reason: format!("two tables are written {table}, as a schema or a table has a dot in its name"),
        hint: "rename one of them: rules, earlier rows and findings can't tell them apart".to_owned(),
    }
    .bounded()
}

/// Two pieces of a table: counted only when both are, damaged when one is.
fn together(one: Outcome<Value>, other: Outcome<Value>) -> Outcome<Value> {
    match (one, other) {
        (Outcome::Failed { reason }, _) | (_, Outcome::Failed { reason }) => Outcome::Failed { reason },
        (Outcome::Measured { value: Value::Rows(one) }, Outcome::Measured { value: Value::Rows(other) }) => {
            let rows = one.rows.saturating_add(other.rows);
            Outcome::Measured { value: Value::Rows(HeapCount { rows, scan: one.scan }) }
        }
        (Outcome::Measured { .. }, other) => other,
        (one, _) => one,
    }
}

/// The drills that [`TableRows::earlier`] is of: those of the baseline, and the baseline itself.
pub(super) fn history(baseline: Option<&Baseline>) -> Vec<HistoryPoint> {
    let Some(Baseline { evidence, .. }) = baseline else { return Vec::new() };
    let all = points(evidence);
    let kept = last_of_each_day(&all);
    all.into_iter().zip(kept).filter_map(|(point, is_kept)| is_kept.then_some(point)).collect()
}

/// The same of a table's rows, so that both stay side by side.
fn earlier(baseline: &Baseline, before: Option<&TableRows>) -> Vec<Option<u64>> {
    let all = points(&baseline.evidence);
    let mut rows = before.map(|t| t.earlier.clone()).unwrap_or_default();
    rows.resize(baseline.evidence.history.len(), None);
    rows.push(before.map(|t| t.rows));
    rows.into_iter()
        .zip(last_of_each_day(&all))
        .filter_map(|(rows, is_kept)| is_kept.then_some(rows))
        .collect()
}

fn points(evidence: &Evidence) -> Vec<HistoryPoint> {
    let own =
        evidence.backup.as_ref().map(|b| HistoryPoint { drill: evidence.drill.clone(), data_at: b.data_at });
    evidence.history.iter().cloned().chain(own).collect()
}

/// Which points are kept: the last of each day, as drills by hand must not push out the weeks before, and of
/// those the newest.
fn last_of_each_day(points: &[HistoryPoint]) -> Vec<bool> {
    let day = |i: usize| points[i].data_at.date_naive();
    let mut kept: Vec<bool> =
        (0..points.len()).map(|i| i + 1 == points.len() || day(i) != day(i + 1)).collect();
    let mut room = HISTORY_MAX;
    for is_kept in kept.iter_mut().rev().filter(|is_kept| **is_kept) {
        *is_kept = room > 0;
        room = room.saturating_sub(1);
    }
    kept
}

fn digests(measurements: &[Measurement]) -> BTreeMap<String, TableDigest> {
    let digest = |m: &Measurement| {
        let Unit::Digest { table, scope } = &m.unit else { return None };
        let Outcome::Measured { value: Value::Digest(value) } = &m.outcome else { return None };
        let column = match scope {
            DigestScope::Frozen => None,
            DigestScope::History { column, .. } => Some(column.clone()),
        };
        let (method, newest, of) = (value.method.clone(), value.newest.clone(), value.whole.clone());
        Some((table.to_string(), TableDigest { method, column, newest, of }))
    };
    measurements.iter().filter_map(digest).collect()
}

/// The findings about rows.
pub(super) fn judge(
    tables: &Tables,
    records: &[TableRows],
    history: &[HistoryPoint],
    basis: Basis<'_>,
) -> Vec<Finding> {
    let before = rows_before(basis.baseline);
    let records: BTreeMap<&str, &TableRows> = records.iter().map(|r| (r.table.as_str(), r)).collect();
    let of = |(table, outcome): (&String, &Outcome<Value>)| {
        let rules = basis.configuration.rules_for(table);
        let before = before.get(table.as_str()).copied();
        let mut findings = judge_rows(table, outcome, &rules, before, basis.baseline.is_some());
        if let Some(record) = records.get(table.as_str()) {
            trend::judge(record, history, &rules, &mut findings, basis.backup.data_at);
        }
        findings
    };
    tables.0.iter().flat_map(of).collect()
}

/// Whether a table has fewer rows than it must have.
pub(super) fn is_short(rows: u64, least: u64) -> bool {
    rows < least
}

fn judge_rows(
    table: &str,
    count: &Outcome<Value>,
    rules: &TableRules,
    before: Option<u64>,
    has_baseline: bool,
) -> Vec<Finding> {
    let expected = match (before, has_baseline) {
        (Some(0), _) => "any number of rows, as there were none".to_owned(),
        (Some(before), _) => format!("more than 0 rows, as there were {before}"),
        (None, true) => "any number of rows: the table is new".to_owned(),
        (None, false) => "any number of rows: there is no baseline yet".to_owned(),
    };
    let rows = match measured(count, Value::as_rows, "rows", table, &expected) {
        Ok(count) => count.rows,
        Err(rows) => return without_rows(&rows, rules, before),
    };
    let is_emptied = rows == 0 && before.is_some_and(|b| b > 0);
    let mut findings = vec![finding("rows", table, !is_emptied, expected, format!("{rows} rows"))];
    if let Some(least) = rules.min_rows {
        let (is_met, found) = (!is_short(rows, least), format!("{rows} rows"));
        findings.push(finding("min_rows", table, is_met, format!("at least {least} rows"), found));
    }
    if let (Some(max_drop), Some(before)) = (rules.max_drop, before) {
        findings.push(judge_drop(table, rows, before, max_drop));
    }
    if let (Some(max_growth), Some(before)) = (rules.max_growth, before) {
        findings.push(judge_growth(table, rows, before, max_growth));
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
    if let (Some(max_growth), Some(before)) = (rules.max_growth, before) {
        findings.push(also("max_growth", at_most_above(max_growth, before)));
    }
    findings
}

fn at_most_below(max_drop: f64, before: u64) -> String {
    format!("at most {:.2} % below the baseline's {before} rows", max_drop * 100.0)
}

fn at_most_above(max_growth: f64, before: u64) -> String {
    format!("at most {:.2} % above the baseline's {before} rows", max_growth * 100.0)
}

fn judge_drop(table: &str, rows: u64, before: u64, max_drop: f64) -> Finding {
    let share = share(before.saturating_sub(rows), before);
    let found = format!("{rows} rows, {:.2} % below", share * 100.0);
    finding("max_drop", table, share <= max_drop, at_most_below(max_drop, before), found)
}

fn judge_growth(table: &str, rows: u64, before: u64, max_growth: f64) -> Finding {
    let share = share(rows.saturating_sub(before), before);
    let found = format!("{rows} rows, {:.2} % above", share * 100.0);
    // From nothing any growth is without bounds: there is nothing to compare with.
    let is_within = share <= max_growth || before == 0;
    finding("max_growth", table, is_within, at_most_above(max_growth, before), found)
}

#[expect(clippy::cast_precision_loss, reason = "a share of rows needs no more than 52 bits")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
