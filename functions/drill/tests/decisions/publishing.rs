//! Publishing: the record first, then the metrics and the message; the verdict as it was saved.

use drill::error::WireName;
use drill::evidence::{Evidence, Fate, Verdict, keys};
use drill::ports::{Metric, StoreErrorKind};

use crate::support::*;

/// A drill that is stopped, with last night's replica retired, ready to be published.
fn retired(world: &World) -> (Night<'_>, drill::steps::retire_previous::Output) {
    world.earlier(&night_of(20), Verdict::Verified);
    let mut night = world.begin();
    let output = night.make_standby(&Database::new()).retire().expect("it is retired");
    world.clear_log();
    (night, output)
}

#[test]
fn the_evidence_says_how_the_drill_ended() {
    let world = World::new();
    let (night, output) = retired(&world);
    let published = night.publish(output).expect("it is published");
    let evidence = world.evidence(night.drill()).expect("evidence");
    assert_eq!(published.verdict, Verdict::Verified);
    assert_eq!(evidence.replica.unwrap().fate, Fate::Stopped);
    assert_eq!(evidence.retired[0].as_str(), replica(&night_of(20)).id);
    assert_eq!(evidence.timeline.ended_at, Some(world.now()));
}

#[test]
fn the_record_is_written_before_people_are_told() {
    let world = World::new();
    let (night, output) = retired(&world);
    night.publish(output).expect("it is published");
    let written = world.position(&format!("PutObject {}", keys::evidence(night.drill())));
    assert!(written < world.position("PutMetricData") && written < world.position("Publish"));
}

#[test]
fn the_verdict_that_was_saved_is_the_one_that_is_published() {
    let world = World::new();
    let (night, output) = retired(&world);
    let mut saved = world.verdict(night.drill()).unwrap();
    saved.verdict = Verdict::Rejected;
    world.write_json(&keys::verdict(night.drill()), &saved);
    assert_eq!(night.publish(output).expect("it is published").verdict, Verdict::Rejected);
    assert_eq!(world.messages()[0].subject, "[restore-drill] courses-prod: rejected");
    let value = |name| world.change(|s| s.metrics.iter().find(|m| m.name == name).map(|m| m.value));
    assert_eq!((value("Verified"), value("Rejected")), (Some(0.0), Some(1.0)));
}

/// What the metric of the night's cost says, with the report, where the verdict was saved like this.
fn estimated(change: impl FnOnce(&mut Evidence)) -> (Option<Metric>, String) {
    let world = World::new();
    let (night, output) = retired(&world);
    let mut saved = world.verdict(night.drill()).unwrap();
    saved.execution = saved.execution.replace("eu-central-1", "us-east-1");
    saved.replica.as_mut().unwrap().storage_type = Some("gp3".to_owned());
    change(&mut saved);
    world.write_json(&keys::verdict(night.drill()), &saved);
    let report = keys::report(night.drill());
    night.publish(output).expect("it is published");
    let metric = world.change(|s| s.metrics.iter().find(|m| m.name == "EstimatedCost").cloned());
    (metric, world.read(&report).expect("a report"))
}

#[test]
fn the_cost_of_the_night_is_published_as_the_report_has_it() {
    let (metric, report) = estimated(|_| {});
    let metric = metric.expect("every price is known");
    assert_eq!(metric.unit, "None");
    assert!(
        report.contains(&format!("standby until the next: {:.2} USD", metric.value)),
        "{metric:?} {report}"
    );
    assert!(metric.value > 0.1, "{metric:?}");
}

#[test]
fn a_cost_with_an_unknown_price_is_not_published() {
    let class = |e: &mut Evidence| e.replica.as_mut().unwrap().instance_class = "db.unheard.of".to_owned();
    let region = |e: &mut Evidence| e.execution = e.execution.replace("us-east-1", "mars-1");
    for unknown in [&class as &dyn Fn(&mut Evidence), &region] {
        assert_eq!(estimated(unknown).0, None);
    }
}

/// The error of publishing after a change.
fn refused(change: impl FnOnce(&World)) -> (World, WireName) {
    let world = World::new();
    let error = {
        let (night, output) = retired(&world);
        change(&world);
        night.publish(output).expect_err("it fails").name
    };
    (world, error)
}

#[test]
fn nothing_is_published_without_a_saved_verdict() {
    let (world, error) = refused(|world| world.forget(&keys::verdict(&night_of(21))));
    assert_eq!((error, world.messages()), (WireName::JudgeIncomplete, vec![]));
}

#[test]
fn an_execution_without_the_claim_publishes_nothing() {
    let (world, error) = refused(|world| world.claim(&night_of(21), "another", world.now()));
    assert_eq!((error, world.messages()), (WireName::DrillRepeated, vec![]));
}

#[test]
fn people_are_not_told_of_a_record_that_is_not_written() {
    let (world, error) =
        refused(|world| world.fault(Fault::store("PutObject", StoreErrorKind::Denied).of("evidence.json")));
    assert_eq!((error, world.messages()), (WireName::EvidenceDenied, vec![]));
}

#[test]
fn a_metric_that_is_not_taken_does_not_keep_the_message_back() {
    let (world, error) =
        refused(|world| world.fault(Fault::store("PutMetricData", StoreErrorKind::Unavailable)));
    assert_eq!(error, WireName::EvidenceUnavailable);
    assert_eq!(world.messages().len(), 1);
}

#[test]
fn a_message_that_is_not_taken_fails_the_step() {
    let (_, error) = refused(|world| world.fault(Fault::store("Publish", StoreErrorKind::Unavailable)));
    assert_eq!(error, WireName::NotifyUnavailable);
}

#[test]
fn programs_are_told_after_the_record_is_written_and_the_event_is_its_own() {
    let world = World::new();
    let (night, output) = retired(&world);
    night.publish(output).expect("it is published");
    assert!(
        world.position(&format!("PutObject {}", keys::evidence(night.drill()))) < world.position("PutEvents")
    );
    let events = world.change(|s| s.announced.clone());
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].verdict, events[0].drill.clone()), (Verdict::Verified, night.drill().clone()));
}

#[test]
fn an_event_that_is_not_taken_fails_the_step_and_keeps_nothing_back() {
    let (world, error) = refused(|world| world.fault(Fault::store("PutEvents", StoreErrorKind::Denied)));
    assert_eq!((error, world.messages().len()), (WireName::NotifyRefused, 1));
    assert_eq!(world.evidence(&night_of(21)).expect("it is written").verdict, Verdict::Verified);
}

#[test]
fn an_event_that_is_not_taken_now_is_tried_again() {
    let (_, error) = refused(|world| world.fault(Fault::store("PutEvents", StoreErrorKind::Unavailable)));
    assert_eq!(error, WireName::NotifyUnavailable);
}
