//! From findings to the verdict. Passed findings that are alike for many objects become one.

use std::collections::BTreeMap;

use super::{Judgement, finding};
use crate::backup::bounded_list;
use crate::configuration::Configuration;
use crate::evidence::{Finding, FindingStatus, TableRows, Verdict};

/// Checks that are of an index, a table or a constraint each, and that nobody wants to read one by one when
/// they passed: what they are of, in the plural.
const FOLDED: &[(&str, &str)] =
    &[("index_count", "indexes"), ("heap", "tables"), ("btree", "indexes"), ("foreign_key", "foreign keys")];
/// So many that passed are still shown one by one.
const SHOWN_MAX: usize = 5;
/// Checks without which a drill says nothing, whatever the configuration accepts: who answered, and whether
/// what must fail does fail.
const NEVER_ACCEPTED: &[&str] = &["connect", "control"];

pub(super) fn conclude(
    findings: Vec<Finding>,
    tables: Vec<TableRows>,
    configuration: &Configuration,
) -> Judgement {
    let mut findings = fold(findings);
    findings.sort_by(|a, b| (a.status, &a.check, &a.subject).cmp(&(b.status, &b.check, &b.subject)));
    let name = |f: &Finding| format!("{} {}", f.check, f.subject);
    let is_accepted = |f: &&Finding| configuration.accept_not_measured.contains(&name(f));
    let of = |status: FindingStatus| findings.iter().filter(move |f| f.status == status);
    let failed: Vec<String> =
        of(FindingStatus::Failed).map(|f| format!("{}: {}", name(f), f.found)).collect();
    let (accepted, missing): (Vec<&Finding>, Vec<&Finding>) =
        of(FindingStatus::NotMeasured).partition(is_accepted);
    let has_all = NEVER_ACCEPTED.iter().all(|check| of(FindingStatus::Passed).any(|f| f.check == *check));
    let (verdict, summary) = if !failed.is_empty() {
        (
            Verdict::Rejected,
            format!("{} of {} checks failed: {}", failed.len(), findings.len(), bounded_list(&failed)),
        )
    } else if !missing.is_empty() || !has_all {
        let unknown = accepted.iter().filter(|f| NEVER_ACCEPTED.contains(&f.check.as_str()));
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
        let rows = tables.iter().fold(0_u64, |rows, table| rows.saturating_add(table.rows));
        let passed = of(FindingStatus::Passed).count();
        let warned = match of(FindingStatus::Warned).count() {
            0 => String::new(),
            1 => ", 1 warning".to_owned(),
            many => format!(", {many} warnings"),
        };
        (
            Verdict::Verified,
            format!("{passed} checks passed{warned}; {rows} rows in {} tables were counted", tables.len()),
        )
    };
    let warnings = accepted.iter().map(|f| f.accepted_warning()).collect();
    Judgement {
        verdict,
        summary,
        findings,
        tables,
        warnings,
        history: Vec::new(),
        objects: None,
        server_version: None,
    }
}

fn fold(findings: Vec<Finding>) -> Vec<Finding> {
    let mut passed: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    let mut kept = Vec::new();
    for finding in findings {
        let is_folded = FOLDED.iter().any(|(check, _)| *check == finding.check);
        if is_folded && finding.status == FindingStatus::Passed {
            passed.entry(finding.check.clone()).or_default().push(finding);
        } else {
            kept.push(finding);
        }
    }
    for (check, noun) in FOLDED {
        let Some(alike) = passed.remove(*check) else { continue };
        if alike.len() <= SHOWN_MAX {
            kept.extend(alike);
            continue;
        }
        let found = format!("so in each of {}; they are in measurements/", alike.len());
        kept.push(finding(check, format!("{} {noun}", alike.len()), true, alike[0].expected.clone(), found));
    }
    kept
}
