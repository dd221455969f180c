//! Judging what is wrong by the database's own catalogue.

use super::{Basis, finding, finding_with_effect, measured};
use crate::evidence::{Finding, FindingStatus};
use crate::measurement::{HealthKind, Outcome, Value};

pub(super) fn judge(kind: HealthKind, outcome: &Outcome<Value>, basis: Basis<'_>) -> Vec<Finding> {
    let (check, subject) = (kind.as_str(), "the database");
    let (expected, noun) = in_words(kind);
    let report = match measured(outcome, Value::as_health, check, subject, expected) {
        Ok(report) => report,
        Err(finding) => return vec![finding],
    };
    let effects = &basis.configuration.health;
    // What the last verified drill had too is no news of this backup; without one, nobody knows.
    let is_known = |subject: &str| {
        let had = |f: &Finding| f.check == check && f.subject == subject && f.status != FindingStatus::Passed;
        basis.baseline.is_none_or(|b| b.evidence.findings.iter().any(had))
    };
    let mut findings: Vec<Finding> = report
        .problems
        .iter()
        .map(|p| {
            let effect = effects.of(kind, is_known(&p.subject));
            finding_with_effect(check, &p.subject, effect, &p.expected, &p.found)
        })
        .collect();
    if report.more > 0 {
        let found = format!("{} more {noun} with the same problem", report.more);
        let effect = effects.of(kind, is_known(subject));
        findings.push(finding_with_effect(check, subject, effect, expected, found));
    }
    findings.extend(report.unreadable.iter().map(|what| Finding {
        status: FindingStatus::NotMeasured,
        ..finding(check, what, false, expected, "not measured: the role may not read it")
    }));
    if findings.is_empty() {
        let found = format!("{} {noun} are so", report.examined);
        findings.push(finding(check, subject, true, expected, found));
    }
    findings
}

/// What is expected, and what is looked at.
const fn in_words(kind: HealthKind) -> (&'static str, &'static str) {
    match kind {
        HealthKind::Sequence => ("no sequence is behind the column that it fills", "sequences"),
        HealthKind::IndexValid => ("every index is valid and ready", "indexes"),
        HealthKind::ConstraintValid => ("every constraint is validated", "constraints"),
        HealthKind::Collation => ("every collation is of the library's version", "collations"),
        HealthKind::Unlogged => ("no table is unlogged, as those are empty after a restore", "tables"),
        HealthKind::Extension => ("the server has the files of every extension", "extensions"),
        HealthKind::Wraparound => ("transaction ids are far from running out", "databases"),
    }
}
