//! What is done on the word of a record: who stands by, what is compared with, what proves a restore. A changed
//! record is never believed to say more than the one that was written.

use drill::error::WireName;
use drill::evidence::{Evidence, Verdict, keys};
use drill::ids::DrillId;
use drill::silence::NEVER_H;
use drill::store;
use proptest::prelude::*;

use crate::mutation::{Mutation, mutations};
use crate::records::{changed_under_its_seal, full};
use crate::support::*;

/// A world at noon with a night that ended so, as the product writes it, and with changes to a record of it.
fn world_after(drill: &DrillId, verdict: Verdict, changes: &[Mutation], of_verdict: bool) -> World {
    let world = World::new();
    world.set_now("2026-11-21T12:00:00Z");
    world.earlier(drill, verdict);
    let evidence = record(drill, verdict);
    ready(store::write_verdict(&world, &evidence)).unwrap();
    ready(store::write_evidence(&world, &evidence)).unwrap();
    let key = if of_verdict { keys::verdict(drill) } else { keys::evidence(drill) };
    let text = world.read(&key).unwrap();
    world.write(&key, &changed_under_its_seal(&text, changes));
    world
}

fn record(drill: &DrillId, verdict: Verdict) -> Evidence {
    let plain = evidence_of(drill, &replica(drill), verdict);
    let full = full(verdict);
    Evidence { findings: full.findings, tables: full.tables, ..plain }
}

fn unverified() -> impl Strategy<Value = Verdict> {
    prop::sample::select(vec![Verdict::Rejected, Verdict::Broken])
}

/// The hours that the watchdog gives, published or not.
fn hours(world: &World) -> f64 {
    world.watch(&["courses-prod"]).map_or(NEVER_H, |output| output.sources[0].hours)
}

proptest! {
    #[test]
    fn an_unverified_record_proves_nothing_however_it_is_changed(
        verdict in unverified(), changes in mutations(), of_verdict in any::<bool>(),
    ) {
        let drill = night_of(21);
        let world = world_after(&drill, verdict, &changes, of_verdict);
        prop_assert!((hours(&world) - NEVER_H).abs() < 1e-9);
        let baseline = ready(store::last_verified(&world, &drill.source(), None, None, world.now()));
        prop_assert!(!matches!(baseline, Ok(Some(_))), "{:?}", baseline);
    }

    #[test]
    fn a_verified_record_proves_what_it_said_or_nothing(changes in mutations(), of_verdict in any::<bool>()) {
        let drill = night_of(21);
        let world = world_after(&drill, Verdict::Verified, &changes, of_verdict);
        let hours = hours(&world);
        prop_assert!((hours - 9.0).abs() < 1e-9 || (hours - NEVER_H).abs() < 1e-9, "{}", hours);
        match ready(store::last_verified(&world, &drill.source(), None, None, world.now())) {
            Ok(Some(baseline)) => prop_assert_eq!(baseline, record(&drill, Verdict::Verified)),
            Ok(None) => prop_assert!(false, "a record that is there and isn't read as it was is an error"),
            Err(error) => prop_assert_eq!(error.name, WireName::EvidenceInvalid),
        }
    }

    /// A replica of an unverified drill never stands in for an older one that is verified: a sweep a month later,
    /// when everything is past its age, deletes nothing that is verified.
    #[test]
    fn a_changed_record_never_lets_a_sweep_delete_the_standby(
        verdict in unverified(), changes in mutations(), of_verdict in any::<bool>(),
    ) {
        let world = world_after(&night_of(21), verdict, &changes, of_verdict);
        let standby = world.earlier(&night_of(20), Verdict::Verified);
        world.set_now("2026-12-21T12:00:00Z");
        drop(world.sweep());
        prop_assert!(!world.calls("DeleteDBInstance").contains(&standby.id));
    }

    /// The verdict of tonight's own drill, changed between judging and retiring.
    #[test]
    fn a_changed_verdict_of_a_rejected_night_retires_nothing(changes in mutations()) {
        let world = World::new();
        let standby = world.earlier(&night_of(20), Verdict::Verified);
        let mut night = world.begin();
        let emptied = Database::new().with("courses_course", Ok(0));
        let mut last = evidence_of(&night_of(20), &standby, Verdict::Verified);
        last.tables = vec![night::rows_of("public.courses_course", 212)];
        ready(store::write_verdict(&world, &last)).unwrap();
        night.make_standby(&emptied);
        let key = keys::verdict(night.drill());
        prop_assert_eq!(world.verdict(night.drill()).unwrap().verdict, Verdict::Rejected);
        world.write(&key, &changed_under_its_seal(&world.read(&key).unwrap(), &changes));
        drop(night.retire());
        prop_assert!(!world.calls("DeleteDBInstance").contains(&standby.id));
    }
}

#[test]
fn a_baseline_that_was_turned_around_after_the_plan_is_refused() {
    let world = World::new();
    let last = world.earlier(&night_of(20), Verdict::Verified);
    let mut night = world.begin();
    night.measure(&Database::new());
    let rejected = evidence_of(&night_of(20), &last, Verdict::Rejected);
    ready(store::write_verdict(&world, &rejected)).unwrap();
    let error = night.judge().expect_err("it isn't compared with a rejected night");
    assert_eq!(error.name, WireName::EvidenceInvalid);
    assert!(error.fact.contains("is rejected"), "{error}");
}

#[test]
fn a_baseline_with_another_count_is_refused() {
    let world = World::new();
    world.earlier(&night_of(20), Verdict::Verified);
    ready(store::write_verdict(&world, &record(&night_of(20), Verdict::Verified))).unwrap();
    let text = world.read(&keys::verdict(&night_of(20))).unwrap();
    assert!(text.contains("1943200"));
    world.write(&keys::verdict(&night_of(20)), &text.replace("1943200", "1943"));
    assert_eq!(world.plan().expect_err("it is no baseline").name, WireName::EvidenceInvalid);
}
