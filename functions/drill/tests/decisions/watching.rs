//! The watchdog: what counts as a proof, what it publishes where there is none, and that it only looks.

use chrono::TimeDelta;
use drill::error::{StepError, WireName};
use drill::evidence::{CatalogueRecord, Evidence, Finding, FindingStatus, Verdict, keys};
use drill::ids::{Deployment, DrillId, SourceId};
use drill::instance::InstanceStatus;
use drill::ownership::{OWNERSHIP_TAGS, TAG_DRILL, TAG_HOLD, TAG_PROMOTED, TAG_SOURCE};
use drill::plan::Trigger;
use drill::ports::{RdsErrorKind, StoreErrorKind};
use drill::silence::{HOURS, NEVER_H, REPLICAS, RUNNING};
use drill::steps::watch_restores::{Output, SOURCES_MAX, Seen};
use serde_json::json;

use crate::support::*;

const NOON: &str = "2026-11-21T12:00:00Z";
const OTHER: &str = "shop-prod";

/// A world at noon with the verified night of that morning, and what a test did to it.
fn world_with(change: impl FnOnce(&World, &DrillId)) -> World {
    let world = World::new();
    world.set_now(NOON);
    world.earlier(&night_of(21), Verdict::Verified);
    change(&world, &night_of(21));
    world.clear_log();
    world
}

/// What the watchdog sees of the source after a change of the record as it was judged and as it ended.
fn seen_with(edit: impl Fn(&mut Evidence)) -> Result<Seen, StepError> {
    let world = world_with(|world, drill| {
        for key in [keys::verdict(drill), keys::evidence(drill)] {
            let mut evidence: Evidence = world.read_json(&key).unwrap();
            edit(&mut evidence);
            world.write_json(&key, &evidence);
        }
    });
    world.watch(&["courses-prod"]).map(only)
}

fn only(output: Output) -> Seen {
    let mut sources = output.sources.into_iter();
    let seen = sources.next().expect("a line for the source");
    assert!(sources.next().is_none());
    seen
}

/// The value of a metric of a source, published last.
fn value(world: &World, source: &str, name: &str) -> Option<f64> {
    let source = SourceId::parse(source).unwrap();
    world.change(|s| {
        s.points.iter().rev().find(|(of, _, m)| *of == source && m.name == name).map(|p| p.2.value)
    })
}

fn hours(world: &World) -> f64 {
    value(world, "courses-prod", HOURS).expect("the hours are published")
}

fn assert_refused(answer: &Result<Seen, StepError>, why: &str) {
    let error = answer.as_ref().expect_err(why);
    assert_eq!(error.name, WireName::EvidenceInvalid);
    assert!(error.fact.contains(why), "{} doesn't say {why:?}", error.fact);
}

#[test]
fn the_hours_count_from_when_the_last_verified_restore_was_judged() {
    let world = world_with(|_, _| {});
    let seen = only(world.watch(&["courses-prod"]).expect("it is published"));
    assert_eq!(seen.drill, Some(night_of(21)));
    assert!((seen.hours - 9.0).abs() < 1e-9 && (hours(&world) - 9.0).abs() < 1e-9);
    assert_eq!(
        (value(&world, "courses-prod", REPLICAS), value(&world, "courses-prod", RUNNING)),
        (Some(1.0), Some(0.0))
    );
}

#[test]
fn a_night_that_was_not_verified_leaves_the_hours_of_the_one_before() {
    for verdict in [Verdict::Rejected, Verdict::Broken] {
        let world = World::new();
        world.set_now(NOON);
        world.earlier(&night_of(20), Verdict::Verified);
        world.earlier(&night_of(21), verdict);
        assert!((only(world.watch(&["courses-prod"]).unwrap()).hours - 33.0).abs() < 1e-9);
    }
}

#[test]
fn a_drill_that_has_no_verdict_yet_proves_nothing() {
    let world = world_with(|world, drill| {
        world.forget(&keys::verdict(drill));
        world.forget(&keys::evidence(drill));
    });
    assert!((only(world.watch(&["courses-prod"]).unwrap()).hours - NEVER_H).abs() < 1e-9);
}

#[test]
fn a_verified_drill_counts_before_its_replica_is_stopped_and_when_what_came_after_failed() {
    let judged_only = world_with(|world, drill| world.forget(&keys::evidence(drill)));
    assert!((only(judged_only.watch(&["courses-prod"]).unwrap()).hours - 9.0).abs() < 1e-9);
    let failed_later = world_with(|world, drill| {
        let mut evidence = world.evidence(drill).unwrap();
        let (error, cause) = ("Stop.Refused".to_owned(), "it can't be stopped".to_owned());
        evidence.failure = Some(drill::evidence::Failure { error, cause });
        world.write_json(&keys::evidence(drill), &evidence);
    });
    assert!((only(failed_later.watch(&["courses-prod"]).unwrap()).hours - 9.0).abs() < 1e-9);
}

#[test]
fn a_truncated_record_is_refused_and_alarms() {
    let world = world_with(|world, drill| {
        let text = world.read(&keys::verdict(drill)).unwrap();
        world.write(&keys::verdict(drill), &text[..text.len() / 2]);
    });
    let answer = world.watch(&["courses-prod"]).map(only);
    assert_refused(&answer, "verdict.json");
    assert!((hours(&world) - NEVER_H).abs() < 1e-9, "it is published before the error");
}

#[test]
fn a_record_that_contradicts_itself_or_the_clock_is_refused() {
    let failed = Finding {
        check: "rows".to_owned(),
        subject: "public.courses_answer".to_owned(),
        status: FindingStatus::Failed,
        expected: "1943200".to_owned(),
        found: "0".to_owned(),
        hint: None,
    };
    assert_refused(&seen_with(|e| e.findings.push(failed.clone())), "a check that failed");
    assert_refused(&seen_with(|e| e.replica = None), "no replica");
    assert_refused(&seen_with(|e| e.replica.as_mut().unwrap().resource_id = None), "no replica");
    assert_refused(&seen_with(|e| e.backup = None), "no backup");
    assert_refused(&seen_with(|e| e.timeline.judged_at = None), "when it was judged");
    assert_refused(&seen_with(|e| e.timeline.judged_at = Some(at("2026-11-21T12:31:00Z"))), "to come");
    assert_refused(&seen_with(|e| e.deployment = Deployment::parse("other").unwrap()), "deployment other");
    assert_refused(&seen_with(|e| e.source = SourceId::parse(OTHER).unwrap()), "source shop-prod");
    let another = drill::ids::ReplicaId::parse(&replica(&night_of(20)).id).unwrap();
    assert_refused(&seen_with(|e| e.replica.as_mut().unwrap().id = another.clone()), "isn't the replica");
}

#[test]
fn clocks_may_differ_a_little_and_the_hours_are_never_below_none() {
    let seen = seen_with(|e| e.timeline.judged_at = Some(at("2026-11-21T12:29:00Z"))).unwrap();
    assert!(seen.hours.abs() < 1e-9);
}

#[test]
fn a_record_that_changed_between_the_verdict_and_the_end_is_refused() {
    let world = world_with(|world, drill| {
        let mut verdict = world.verdict(drill).unwrap();
        verdict.verdict = Verdict::Rejected;
        world.write_json(&keys::verdict(drill), &verdict);
    });
    assert_refused(&world.watch(&["courses-prod"]).map(only), "verdict.json and evidence.json differ");
    assert!((hours(&world) - NEVER_H).abs() < 1e-9);
}

#[test]
fn a_record_whose_catalogue_is_another_is_refused() {
    let record = CatalogueRecord { objects: 1, sha256: drill::measurement::sha256("{}") };
    assert_refused(&seen_with(|e| e.catalogue = Some(record.clone())), "catalogue.json");
    let world = world_with(|world, drill| {
        for key in [keys::verdict(drill), keys::evidence(drill)] {
            let mut evidence: Evidence = world.read_json(&key).unwrap();
            evidence.catalogue = Some(record.clone());
            world.write_json(&key, &evidence);
        }
        world.write(&keys::catalogue(drill), "{}");
    });
    assert!((only(world.watch(&["courses-prod"]).unwrap()).hours - 9.0).abs() < 1e-9);
}

#[test]
fn a_refused_record_hides_no_older_proof_and_is_told() {
    let world = world_with(|world, drill| {
        world.earlier(&night_of(20), Verdict::Verified);
        world.write(&keys::verdict(drill), "{");
    });
    let seen = only(world.watch(&["courses-prod"]).expect("what is proven is enough"));
    assert_eq!((seen.drill, seen.refused.len()), (Some(night_of(20)), 1));
    assert!((seen.hours - 33.0).abs() < 1e-9);
}

#[test]
fn a_drill_of_an_old_backup_proves_nothing_about_last_night_s() {
    let old = |e: &mut Evidence| (e.trigger, e.data_age_s) = (Trigger::OnDemand, Some(27 * 3600));
    assert!((seen_with(old).unwrap().hours - NEVER_H).abs() < 1e-9);
    let fresh = |e: &mut Evidence| (e.trigger, e.data_age_s) = (Trigger::OnDemand, Some(25 * 3600));
    assert!((seen_with(fresh).unwrap().hours - 9.0).abs() < 1e-9);
}

#[test]
fn where_nothing_was_ever_verified_the_hours_count_from_the_beginning_of_the_watch() {
    let world = World::new();
    world.set_now(NOON);
    let watch = |since: serde_json::Value| {
        let input = json!({"sources": [{"source": "courses-prod", "since": since}]});
        only(world.watch_what(input).expect("it is published")).hours
    };
    assert!((watch(json!("2026-11-20T18:00:00Z")) - 18.0).abs() < 1e-9);
    assert!((watch(json!(null)) - NEVER_H).abs() < 1e-9);
    assert!((watch(json!("2026-11-22T00:00:00Z")) - NEVER_H).abs() < 1e-9, "a beginning to come is none");
    // Drills that were never verified are older than the watch: putting it up anew gives no new grace.
    world.earlier(&night_of(18), Verdict::Rejected);
    assert!((watch(json!("2026-11-21T11:00:00Z")) - 81.0).abs() < 1e-9);
}

#[test]
fn the_beginning_of_the_watch_never_stands_in_for_records_that_cannot_be_read() {
    let input = json!({"sources": [{"source": "courses-prod", "since": "2026-11-21T11:00:00Z"}]});
    let damaged = world_with(|world, drill| world.write(&keys::verdict(drill), "{"));
    damaged.watch_what(input.clone()).expect_err("the record is refused");
    assert!((hours(&damaged) - NEVER_H).abs() < 1e-9);
    let away = world_with(|world, _| world.fault(Fault::store("ListObjects", StoreErrorKind::Denied)));
    away.watch_what(input).expect_err("the bucket can't be read");
    assert!((hours(&away) - NEVER_H).abs() < 1e-9);
}

#[test]
fn more_drills_than_are_read_are_not_taken_for_none() {
    let world = World::new();
    world.set_now(NOON);
    for minute in 0..41 {
        let drill = drill_at(&format!("2026-11-21T11:{minute:02}:00Z"));
        world.leave(&drill, &replica(&drill), Verdict::Broken);
    }
    let input = json!({"sources": [{"source": "courses-prod", "since": "2026-11-21T11:00:00Z"}]});
    world.watch_what(input).expect("it is published");
    assert!((hours(&world) - NEVER_H).abs() < 1e-9);
    assert!(world.calls("GetObject").len() <= 80, "two records a drill at most");
}

/// A world of two sources, each verified this morning.
fn two_sources() -> World {
    world_with(|world, _| {
        let other = DrillId::of(&SourceId::parse(OTHER).unwrap(), at("2026-11-21T04:00:00Z")).unwrap();
        world.leave(&other, &replica(&other), Verdict::Verified);
    })
}

#[test]
fn a_source_whose_evidence_cannot_be_read_silences_no_other() {
    for fault in ["ListObjects", "GetObject"] {
        for kind in [StoreErrorKind::Unavailable, StoreErrorKind::Denied] {
            let world = two_sources();
            world.fault(Fault::store(fault, kind).of("courses-prod"));
            let error = world.watch(&["courses-prod", OTHER]).expect_err("it is told");
            let name = match kind {
                StoreErrorKind::Unavailable => WireName::EvidenceUnavailable,
                StoreErrorKind::Denied => WireName::EvidenceDenied,
            };
            assert_eq!(error.name, name);
            assert!((hours(&world) - NEVER_H).abs() < 1e-9);
            assert!((value(&world, OTHER, HOURS).unwrap() - 8.0).abs() < 1e-9);
        }
    }
}

#[test]
fn a_metric_that_is_not_taken_silences_no_other() {
    let world = two_sources();
    world.fault(Fault::store("PutMetricData", StoreErrorKind::Unavailable).of("courses-prod"));
    let error = world.watch(&["courses-prod", OTHER]).expect_err("it is told");
    assert_eq!((error.name, value(&world, "courses-prod", HOURS)), (WireName::EvidenceUnavailable, None));
    assert!((value(&world, OTHER, HOURS).unwrap() - 8.0).abs() < 1e-9);
}

#[test]
fn without_rds_the_hours_are_published_and_the_replicas_are_missing() {
    let world = world_with(|world, _| {
        world.fault(Fault::rds("DescribeDBInstances", RdsErrorKind::Denied, "AccessDenied"));
    });
    let error = world.watch(&["courses-prod"]).expect_err("it is told");
    assert_eq!(error.name, WireName::RdsDenied);
    assert!((hours(&world) - 9.0).abs() < 1e-9);
    assert_eq!(value(&world, "courses-prod", REPLICAS), None);
}

#[test]
fn replicas_are_counted_by_source_and_what_is_not_stopped_runs() {
    let world = world_with(|world, _| {
        for (day, status) in [
            (11, InstanceStatus::Available),
            (12, InstanceStatus::Creating),
            (13, InstanceStatus::IncompatibleNetwork),
            (14, InstanceStatus::Other("levitating".to_owned())),
            (15, InstanceStatus::Stopped),
        ] {
            let mut instance = replica(&night_of(day));
            instance.status = status;
            world.add(instance);
        }
        let of_other = DrillId::of(&SourceId::parse(OTHER).unwrap(), at(NOON)).unwrap();
        world.add(replica(&of_other));
    });
    let seen = only(world.watch(&["courses-prod"]).unwrap());
    assert_eq!((seen.replicas, seen.running), (Some(6), Some(4)));
}

#[test]
fn what_is_billed_counts_whoever_changed_its_tags_or_its_name() {
    let count = |edit: &dyn Fn(&mut drill::instance::Instance)| {
        let world = world_with(|world, drill| world.edit(&replica(drill).id, |i| edit(i)));
        only(world.watch(&["courses-prod"]).unwrap()).replicas
    };
    assert_eq!(count(&|i| drop(i.tags.insert(TAG_HOLD.to_owned(), String::new()))), Some(1));
    assert_eq!(count(&|i| "renamed".clone_into(&mut i.id)), Some(1));
    assert_eq!(count(&|i| i.tags.clear()), Some(1), "by its name alone");
    assert_eq!(count(&|i| drop(i.tags.insert(TAG_SOURCE.to_owned(), OTHER.to_owned()))), Some(0));
    let promoted = |i: &mut drill::instance::Instance| {
        let drill = i.tags[TAG_DRILL].clone();
        i.tags.retain(|key, _| !OWNERSHIP_TAGS.contains(&key.as_str()));
        i.tags.insert(TAG_PROMOTED.to_owned(), drill);
    };
    assert_eq!(count(&promoted), Some(0), "it is production");
}

#[test]
fn a_name_without_tags_counts_for_its_own_source_only() {
    let world = world_with(|world, drill| world.edit(&replica(drill).id, |i| i.tags.clear()));
    let output = world.watch(&["courses", "courses-prod", "courses-prod-two"]).unwrap();
    let counted: Vec<_> = output.sources.iter().map(|s| s.replicas.unwrap()).collect();
    assert_eq!(counted, [0, 1, 0]);
}

#[test]
fn it_changes_nothing_and_tells_nobody() {
    let world = two_sources();
    world.watch(&["courses-prod", OTHER]).unwrap();
    let reads = ["DescribeDBInstances", "ListObjects", "GetObject", "PutMetricData"];
    for line in world.log() {
        assert!(reads.iter().any(|read| line.starts_with(read)), "{line}");
    }
    assert_eq!(world.calls("DescribeDBInstances").len(), 1, "one look serves all sources");
}

#[test]
fn a_source_is_watched_once_however_often_it_is_named() {
    let world = world_with(|_, _| {});
    assert_eq!(world.watch(&["courses-prod", "courses-prod"]).unwrap().sources.len(), 1);
}

#[test]
fn a_watchdog_without_a_source_or_with_too_many_says_so() {
    let world = world_with(|_, _| {});
    assert_eq!(world.watch(&[]).unwrap_err().name, WireName::InputInvalid);
    let names: Vec<String> = (0..=SOURCES_MAX).map(|n| format!("source-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(world.watch(&names).unwrap_err().name, WireName::InputInvalid);
    assert_eq!(world.calls("PutMetricData").len(), SOURCES_MAX, "the others are published all the same");
}

#[test]
fn a_drill_that_was_judged_long_after_its_time_counts_from_when_it_was_judged() {
    let late = at(NOON) - TimeDelta::hours(2);
    assert!((seen_with(|e| e.timeline.judged_at = Some(late)).unwrap().hours - 2.0).abs() < 1e-9);
}
