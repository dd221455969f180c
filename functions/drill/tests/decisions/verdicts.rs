//! Saving the verdict: only over everything that was planned, measured on this replica, each once.

use drill::error::{StepError, WireName};
use drill::evidence::{FindingStatus, Verdict, keys};
use drill::measurement::{Measurement, Outcome, Unit};
use drill::ports::{MeasureError, StoreErrorKind};
use drill::steps::record_measurements::Record;

use crate::support::*;

/// The key of what a shard of tonight measured.
fn shard_key(shard: usize) -> String {
    keys::measurements(&night_of(21), shard, 0)
}

/// The error of judging after every shard was recorded and the test changed something.
fn refused(change: impl FnOnce(&World, &mut Night<'_>)) -> WireName {
    refusal(change).name
}

/// The whole error: several locks stand behind each other, and only the words tell which one held.
fn refusal(change: impl FnOnce(&World, &mut Night<'_>)) -> StepError {
    let world = World::new();
    let mut night = world.begin();
    night.measure(&Database::new());
    change(&world, &mut night);
    let error = night.judge().expect_err("it isn't judged");
    assert_eq!(world.verdict(&night_of(21)), None, "nothing is saved");
    error
}

fn edit_record(world: &World, shard: usize, edit: impl FnOnce(&mut Record)) {
    let mut record: Record = world.read_json(&shard_key(shard)).expect("it was recorded");
    edit(&mut record);
    world.write_json(&shard_key(shard), &record);
}

/// The shard that counted the tables first, by number.
fn shard_with_table(world: &World) -> usize {
    let has_table = |shard: &usize| {
        let record: Record = world.read_json(&shard_key(*shard)).expect("it was recorded");
        record.result.measurements.iter().any(|m| matches!(m.unit, Unit::Rows { .. }))
    };
    (0..4).find(has_table).expect("a table was counted")
}

#[test]
fn what_was_measured_is_saved_with_its_verdict() {
    let world = World::new();
    let mut night = world.begin();
    let output = night.measure(&Database::new()).judge().expect("it is judged");
    let saved = world.verdict(night.drill()).expect("it is saved");
    assert_eq!((output.verdict, saved.verdict), (Verdict::Verified, Verdict::Verified));
    assert!(saved.verifies(night.drill(), &night.instance().resource_id));
    assert!(!saved.verifies(&night_of(20), &night.instance().resource_id), "it is of this drill alone");
    assert_eq!(saved.tables.iter().map(|t| t.rows).sum::<u64>(), 1_943_200 + 212);
    assert!(saved.catalogue.is_some_and(|c| c.objects > 0), "the next night compares with its objects");
    assert_eq!(saved.server_version, Some(Database::new().identity.server_version));
    let passed = saved.findings.iter().filter(|f| f.status == FindingStatus::Passed).count();
    assert_eq!(output.passed, passed);
}

#[test]
fn a_recorded_shard_that_is_missing_is_refused() {
    assert_eq!(refused(|world, _| world.forget(&shard_key(1))), WireName::JudgeIncomplete);
}

#[test]
fn a_shard_that_nobody_recorded_is_refused() {
    let error = refusal(|_, night| night.recorded.truncate(1));
    assert_eq!(error.name, WireName::JudgeIncomplete);
    assert!(error.fact.contains("shards [0] were recorded, [0, 1"), "{error:?}");
}

#[test]
fn a_shard_that_went_on_after_what_was_recorded_is_refused() {
    let error = refusal(|world, _| edit_record(world, 0, |r| r.result.is_done = false));
    assert_eq!(error.name, WireName::JudgeIncomplete);
    assert!(error.fact.contains("isn't where shard 0 ended"), "{error:?}");
}

#[test]
fn a_shard_that_is_named_twice_is_refused() {
    let doubled = |_: &World, night: &mut Night<'_>| night.recorded.push(night.recorded[0].clone());
    assert_eq!(refused(doubled), WireName::JudgeIncomplete);
}

#[test]
fn a_shard_that_was_not_planned_is_refused() {
    assert_eq!(refused(|_, night| night.recorded[0].shard = 99), WireName::JudgeIncomplete);
}

#[test]
fn a_record_of_another_drill_is_refused() {
    let foreign = |world: &World, _: &mut Night<'_>| edit_record(world, 0, |r| r.drill = night_of(20));
    assert_eq!(refused(foreign), WireName::JudgeIncomplete);
}

#[test]
fn a_record_of_another_shard_is_refused() {
    let foreign = |world: &World, _: &mut Night<'_>| edit_record(world, 0, |r| r.result.shard = 1);
    assert_eq!(refused(foreign), WireName::JudgeIncomplete);
}

#[test]
fn a_record_of_another_check_plan_is_refused() {
    let foreign =
        |world: &World, _: &mut Night<'_>| edit_record(world, 0, |r| r.result.digest = "0".repeat(64));
    assert_eq!(refused(foreign), WireName::JudgeIncomplete);
}

#[test]
fn a_record_that_cannot_be_read_is_refused() {
    assert_eq!(refused(|world, _| world.write(&shard_key(0), "{}")), WireName::JudgeIncomplete);
}

#[test]
fn a_planned_measurement_that_is_missing_is_refused() {
    let missing = |world: &World, _: &mut Night<'_>| {
        edit_record(world, shard_with_table(world), |r| drop(r.result.measurements.pop()));
    };
    assert_eq!(refused(missing), WireName::JudgeIncomplete);
}

#[test]
fn a_measurement_in_the_place_of_another_is_refused() {
    let doubled = |world: &World, _: &mut Night<'_>| {
        edit_record(world, shard_with_table(world), |r| {
            let is_rows = |m: &&mut Measurement| matches!(m.unit, Unit::Rows { .. });
            let rows = r.result.measurements.iter_mut().find(is_rows).expect("it holds a table");
            rows.unit = Unit::Rows { table: database::table("courses_other"), blocks: None };
        });
    };
    assert_eq!(refused(doubled), WireName::JudgeIncomplete);
}

#[test]
fn the_checks_of_another_digest_are_refused() {
    let foreign = |_: &World, night: &mut Night<'_>| night.checks.as_mut().unwrap().digest = "0".repeat(64);
    assert_eq!(refused(foreign), WireName::JudgeIncomplete);
}

#[test]
fn an_execution_without_the_claim_judges_nothing() {
    let foreign = |world: &World, _: &mut Night<'_>| world.claim(&night_of(21), "another", world.now());
    assert_eq!(refused(foreign), WireName::DrillRepeated);
}

#[test]
fn a_verdict_that_is_not_saved_is_no_verdict() {
    let full = |world: &World, _: &mut Night<'_>| {
        world.fault(Fault::store("PutObject", StoreErrorKind::Unavailable).of("verdict.json"));
    };
    assert_eq!(refused(full), WireName::EvidenceUnavailable);
}

#[test]
fn an_earlier_verdict_that_cannot_be_read_is_no_missing_baseline() {
    let damaged = |world: &World| world.write(&keys::verdict(&night_of(20)), "{");
    assert_eq!(refused_after_verified(damaged), WireName::EvidenceInvalid);
}

#[test]
fn a_baseline_that_is_gone_is_no_missing_baseline() {
    let gone = |world: &World| world.forget(&keys::verdict(&night_of(20)));
    assert_eq!(refused_after_verified(gone), WireName::EvidenceInvalid);
}

#[test]
fn a_catalogue_that_was_changed_is_not_believed() {
    let changed = |world: &World| world.write(&keys::catalogue(&night_of(20)), "{}");
    assert_eq!(refused_after_verified(changed), WireName::EvidenceInvalid);
    let gone = |world: &World| world.forget(&keys::catalogue(&night_of(20)));
    assert_eq!(refused_after_verified(gone), WireName::EvidenceInvalid);
}

/// The error of judging a night after a verified one, when something changed since the night was planned.
fn refused_after_verified(change: impl FnOnce(&World)) -> WireName {
    let world = World::new();
    let last = world.earlier(&night_of(20), Verdict::Verified);
    let mut evidence = evidence_of(&night_of(20), &last, Verdict::Verified);
    world.write(&keys::catalogue(&night_of(20)), "{\"table\":[]}");
    let sha256 = drill::measurement::sha256("{\"table\":[]}");
    evidence.catalogue = Some(drill::evidence::CatalogueRecord { objects: 0, sha256 });
    world.write_json(&keys::verdict(&night_of(20)), &evidence);
    let mut night = world.begin();
    night.measure(&Database::new());
    change(&world);
    night.judge().expect_err("it isn't judged").name
}

/// The verdict over a database, after last night's with these rows.
fn verdict_after(rows_before: u64, database: &Database) -> (Verdict, Option<drill::ids::DrillId>) {
    let world = World::new();
    let last = world.earlier(&night_of(20), Verdict::Verified);
    let mut evidence = evidence_of(&night_of(20), &last, Verdict::Verified);
    evidence.tables = vec![night::rows_of("public.courses_course", rows_before)];
    world.write_json(&keys::verdict(&night_of(20)), &evidence);
    let mut night = world.begin();
    let verdict = night.measure(database).judge().expect("it is judged").verdict;
    (verdict, world.verdict(night.drill()).unwrap().baseline)
}

#[test]
fn the_last_verified_drill_is_the_baseline() {
    let emptied = Database::new().with("courses_course", Ok(0));
    assert_eq!(verdict_after(212, &emptied), (Verdict::Rejected, Some(night_of(20))));
    assert_eq!(verdict_after(0, &emptied), (Verdict::Verified, Some(night_of(20))));
}

#[test]
fn a_table_that_could_not_be_counted_breaks_the_drill() {
    let denied = MeasureError::NotMeasured { reason: "row security".to_owned(), hint: String::new() };
    let database = Database::new().with("courses_course", Err(denied));
    assert_eq!(verdict_after(212, &database).0, Verdict::Broken);
}

#[test]
fn a_damaged_table_rejects_the_backup() {
    let damaged = MeasureError::Failed("XX001: invalid page".to_owned());
    assert_eq!(
        verdict_after(212, &Database::new().with("courses_course", Err(damaged))).0,
        Verdict::Rejected
    );
}

#[test]
fn reasons_that_the_server_words_at_length_are_cut() {
    let long: Outcome<()> = Outcome::Failed { reason: "é".repeat(500) };
    assert_eq!(long.bounded(), Outcome::Failed { reason: "é".repeat(120) });
}
