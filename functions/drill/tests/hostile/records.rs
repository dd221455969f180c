//! Stored records: a changed one is refused, or is read as what was written.

use std::fmt::Debug;

use drill::error::{StepError, WireName};
use drill::evidence::{Claim, Evidence, Finding, FindingStatus, StopRecord, Verdict, keys};
use drill::measurement::{CatalogueObject, CatalogueObjects, ObjectKind};
use drill::seal::FIELD;
use drill::store;
use proptest::prelude::*;
use serde_json::Value;

use crate::mutation::{Mutation, mutated, mutations};
use crate::support::*;

/// A record with something in each field.
pub(crate) fn full(verdict: Verdict) -> Evidence {
    let drill = night_of(21);
    let mut evidence = evidence_of(&drill, &replica(&drill), verdict);
    let mut rows = night::rows_of("public.courses_answer", 1_943_200);
    rows.earlier = vec![Some(1_943_100), None];
    evidence.tables = vec![rows, night::rows_of("public.\"é\n", 7)];
    let of = |check: &str, status| Finding {
        check: check.to_owned(),
        subject: "public.courses_answer".to_owned(),
        status,
        expected: "more than 0 rows".to_owned(),
        found: "1943200 rows".to_owned(),
        hint: None,
    };
    evidence.findings = vec![of("rows", FindingStatus::Passed)];
    match verdict {
        Verdict::Verified => {}
        Verdict::Rejected => evidence.findings.push(of("heap", FindingStatus::Failed)),
        Verdict::Broken => evidence.findings.push(of("heap", FindingStatus::NotMeasured)),
    }
    evidence
}

fn objects() -> CatalogueObjects {
    let object =
        |name: &str| CatalogueObject { name: name.to_owned(), definition: vec!["owner x".to_owned()] };
    [(ObjectKind::Table, vec![object("public.a"), object("public.\"b\"\"\n\"")])].into()
}

/// What is read of a record that was written by the product and then changed.
fn read_changed<T>(
    write: impl FnOnce(&World),
    key: &str,
    changes: &[Mutation],
    read: impl FnOnce(&World) -> Result<T, StepError>,
) -> Result<T, StepError> {
    let world = World::new();
    write(&world);
    let text = world.read(key).expect("it was written");
    world.write(key, &changed_under_its_seal(&text, changes));
    read(&world)
}

/// The text with the changes, or with the first of them where they together took the seal away: who does that on
/// purpose could as well put another on.
pub(crate) fn changed_under_its_seal(text: &str, changes: &[Mutation]) -> String {
    let after = mutated(text, changes);
    let is_unsealed = serde_json::from_str::<Value>(&after).is_ok_and(|value| value.get(FIELD).is_none());
    if is_unsealed { mutated(text, &changes[..1]) } else { after }
}

/// Refused, with the key in the message and a way out, or the same as was written.
fn refused_or_same<T: PartialEq + Debug>(
    answer: Result<T, StepError>,
    written: &T,
    key: &str,
) -> Result<(), TestCaseError> {
    match answer {
        Ok(read) => prop_assert_eq!(&read, written),
        Err(error) => {
            prop_assert_eq!(error.name, WireName::EvidenceInvalid);
            prop_assert!(error.fact.contains(key) && !error.hint.is_empty(), "{}", error);
            prop_assert!(error.fact.len() < 2000, "{} bytes", error.fact.len());
        }
    }
    Ok(())
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop::sample::select(vec![Verdict::Verified, Verdict::Rejected, Verdict::Broken])
}

proptest! {
    #[test]
    fn a_changed_verdict_is_refused_or_the_same(verdict in verdict(), changes in mutations()) {
        let (drill, evidence) = (night_of(21), full(verdict));
        let key = keys::verdict(&drill);
        let write = |w: &World| ready(store::write_verdict(w, &evidence)).unwrap();
        let answer = read_changed(write, &key, &changes, |w| ready(store::read_verdict(w, &drill)));
        refused_or_same(answer, &Some(evidence.clone()), &key)?;
    }

    #[test]
    fn changed_evidence_is_refused_or_the_same(verdict in verdict(), changes in mutations()) {
        let (drill, evidence) = (night_of(21), full(verdict));
        let key = keys::evidence(&drill);
        let write = |w: &World| ready(store::write_evidence(w, &evidence)).unwrap();
        let answer = read_changed(write, &key, &changes, |w| ready(store::read_published(w, &drill)));
        refused_or_same(answer, &Some(evidence.clone()), &key)?;
    }

    #[test]
    fn a_changed_claim_is_refused_or_the_same(changes in mutations()) {
        let drill = night_of(21);
        let claim = Claim { drill: drill.clone(), execution: execution_arn("x"), claimed_at: at("2026-11-21T03:00:00.123456789Z") };
        let key = keys::claim(&drill);
        let write = |w: &World| drop(ready(store::claim(w, &drill, &claim.execution, claim.claimed_at)).unwrap());
        let answer = read_changed(write, &key, &changes, |w| ready(store::read_claim(w, &drill)));
        refused_or_same(answer, &Some(claim.clone()), &key)?;
    }

    #[test]
    fn a_changed_stop_is_refused_or_the_same(changes in mutations()) {
        let drill = night_of(21);
        let stop = StopRecord { resource_id: resource_id("R1"), requested_at: at("2026-11-21T03:55:00Z") };
        let key = keys::stop(&drill);
        let write = |w: &World| ready(store::write_stop(w, &drill, &stop)).unwrap();
        let answer = read_changed(write, &key, &changes, |w| ready(store::read_stop(w, &drill)));
        refused_or_same(answer, &Some(stop.clone()), &key)?;
    }

    #[test]
    fn a_changed_catalogue_is_refused_or_the_same(changes in mutations()) {
        let drill = night_of(21);
        let key = keys::catalogue(&drill);
        let record = ready(store::write_catalogue(&World::new(), &drill, &objects())).unwrap();
        let write = |w: &World| drop(ready(store::write_catalogue(w, &drill, &objects())).unwrap());
        let answer = read_changed(write, &key, &changes, |w| ready(store::read_catalogue(w, &drill, &record)));
        refused_or_same(answer, &objects(), &key)?;
    }

    /// Of a record without a seal nothing says that it was changed: it is read, or refused, and written as it was read.
    #[test]
    fn any_text_is_read_as_what_is_written_again_or_refused(text in any::<String>(), changes in mutations()) {
        let drill = night_of(21);
        let plain = serde_json::to_string(&full(Verdict::Verified)).unwrap();
        for text in [text, mutated(&plain, &changes)] {
            let Ok(evidence) = Evidence::parse(&text, &drill, "k") else { continue };
            let world = World::new();
            ready(store::write_evidence(&world, &evidence)).unwrap();
            prop_assert_eq!(ready(store::read_published(&world, &drill)).unwrap(), Some(evidence));
        }
    }
}

#[test]
fn a_record_that_is_another_s_is_refused() {
    let world = World::new();
    let (own, other) = (night_of(21), night_of(20));
    world.claim(&own, "x", world.now());
    for key in [keys::verdict, keys::evidence, keys::claim] {
        let of_own = match world.read(&key(&own)) {
            Some(claim) => claim,
            None => serde_json::to_string(&full(Verdict::Verified)).unwrap(),
        };
        world.write(&key(&other), &of_own);
    }
    let name = |answer: Result<(), StepError>| answer.expect_err("it is another drill's").name;
    assert_eq!(name(ready(store::read_verdict(&world, &other)).map(drop)), WireName::EvidenceInvalid);
    assert_eq!(name(ready(store::read_published(&world, &other)).map(drop)), WireName::EvidenceInvalid);
    assert_eq!(name(ready(store::read_claim(&world, &other)).map(drop)), WireName::EvidenceInvalid);
}

#[test]
fn a_rejected_or_broken_record_that_is_called_verified_is_refused_also_without_its_seal() {
    let drill = night_of(21);
    for verdict in [Verdict::Rejected, Verdict::Broken] {
        let turned = Evidence { verdict: Verdict::Verified, ..full(verdict) };
        let world = World::new();
        world.write_json(&keys::verdict(&drill), &turned);
        let error = ready(store::read_verdict(&world, &drill)).expect_err("it isn't believed");
        assert!(error.fact.contains("says verified"), "{error}");
    }
}

#[test]
fn a_field_that_is_given_twice_is_refused_also_without_a_seal() {
    let drill = night_of(21);
    let text = serde_json::to_string(&full(Verdict::Rejected)).unwrap();
    let doubled = text.replacen('{', "{\"verdict\":\"verified\",", 1);
    let error = Evidence::parse(&doubled, &drill, "k").unwrap_err().to_string();
    assert!(error.contains("duplicate field `verdict`"), "{error}");
}

#[test]
fn what_was_not_measured_and_is_accepted_may_stand_beside_verified() {
    let mut evidence = full(Verdict::Broken);
    evidence.verdict = Verdict::Verified;
    assert!(evidence.contradiction().is_some());
    evidence.warnings.push(evidence.findings[1].accepted_warning());
    assert_eq!(evidence.contradiction(), None);
}
