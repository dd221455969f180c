//! Judging the catalogue's objects against the baseline's: what is gone, changed, or new.

use std::collections::{BTreeMap, BTreeSet};

use super::{Basis, finding, finding_with_effect, measured};
use crate::configuration::Level;
use crate::evidence::{Finding, FindingStatus};
use crate::measurement::{CatalogueObject, CatalogueObjects, Measurement, ObjectKind, Unit, Value};

/// The most differences of one kind that are shown one by one.
const SHOWN_MAX: usize = 50;

/// The objects of tonight, and the findings about them. No objects when a part of them couldn't be read.
pub(super) fn judge(
    measurements: &[Measurement],
    basis: Basis<'_>,
) -> (Option<CatalogueObjects>, Vec<Finding>) {
    if basis.configuration.level < Level::Standard {
        return (None, Vec::new());
    }
    let (mut objects, mut findings, mut unread) =
        (CatalogueObjects::new(), Vec::new(), BTreeSet::<ObjectKind>::new());
    for Measurement { unit, outcome, .. } in measurements {
        let Unit::Objects { kind, part } = unit else { continue };
        let subject = format!("{kind} part {part}");
        match measured(outcome, Value::as_objects, "catalogue", &subject, "the objects of the catalogue") {
            Ok(part) => objects.entry(*kind).or_default().extend(part.iter().cloned()),
            Err(finding) => {
                findings.push(finding);
                unread.insert(*kind);
            }
        }
    }
    for kind in objects.values_mut() {
        kind.sort();
    }
    for kind in ObjectKind::ALL.iter().filter(|kind| !unread.contains(kind) && !objects.contains_key(kind)) {
        let not_measured = finding("catalogue", kind.plural(), false, "a list", "not measured: nobody asked");
        findings.push(Finding { status: FindingStatus::NotMeasured, ..not_measured });
    }
    unread.extend(ObjectKind::ALL.iter().filter(|kind| !objects.contains_key(kind)));
    let before = basis.baseline.and_then(|b| b.objects.as_ref());
    for kind in ObjectKind::ALL.iter().filter(|kind| !unread.contains(kind)) {
        let now = objects.get(kind).map(Vec::as_slice).unwrap_or_default();
        let before = before.map(|b| b.get(kind).map(Vec::as_slice).unwrap_or_default());
        findings.extend(judge_kind(*kind, before, now, basis));
    }
    (unread.is_empty().then_some(objects), findings)
}

fn judge_kind(
    kind: ObjectKind,
    before: Option<&[CatalogueObject]>,
    now: &[CatalogueObject],
    basis: Basis<'_>,
) -> Vec<Finding> {
    let subject = kind.plural();
    let Some(before) = before else {
        let found = format!("{} of them", now.len());
        return vec![finding("catalogue", subject, true, "any, as there is no baseline yet", found)];
    };
    let effects = &basis.configuration.catalogue;
    let index = |objects: &[CatalogueObject]| -> BTreeMap<String, Vec<String>> {
        objects.iter().map(|o| (o.name.clone(), o.definition.clone())).collect()
    };
    let (was, is) = (index(before), index(now));
    let mut findings = Vec::new();
    for (name, old) in &was {
        let Some(new) = is.get(name) else {
            let found = "it is gone";
            findings.push(difference(kind, name, effects.of(kind), &old.join("; "), found));
            continue;
        };
        if new != old {
            let (gone, come) = (only_in(old, new), only_in(new, old));
            findings.push(difference(kind, name, effects.of(kind), &gone, &come));
        }
    }
    for (name, new) in is.iter().filter(|(name, _)| !was.contains_key(*name)) {
        findings.push(difference(kind, name, effects.of_added(), "none of this name", &new.join("; ")));
    }
    let more = findings.len().saturating_sub(SHOWN_MAX);
    findings.truncate(SHOWN_MAX);
    if more > 0 {
        let found = format!("{more} more differences");
        findings.push(finding_with_effect("catalogue", &subject, effects.of(kind), "as before", found));
    }
    if findings.is_empty() {
        let found = format!("{} of them, as before", now.len());
        findings.push(finding("catalogue", subject, true, "as in the last verified drill", found));
    }
    findings
}

fn difference(
    kind: ObjectKind,
    name: &str,
    effect: crate::configuration::Effect,
    expected: &str,
    found: &str,
) -> Finding {
    finding_with_effect("catalogue", format!("{kind} {name}"), effect, cut(expected), cut(found))
}

/// The lines that only the first has.
fn only_in(one: &[String], other: &[String]) -> String {
    let only: Vec<&str> = one.iter().filter(|line| !other.contains(line)).map(String::as_str).collect();
    if only.is_empty() { "no such line".to_owned() } else { only.join("; ") }
}

/// The longest text of a difference, in bytes.
const TEXT_MAX_BYTES: usize = 600;

fn cut(text: &str) -> String {
    if text.len() <= TEXT_MAX_BYTES {
        return text.to_owned();
    }
    format!("{} …", &text[..text.floor_char_boundary(TEXT_MAX_BYTES)])
}
