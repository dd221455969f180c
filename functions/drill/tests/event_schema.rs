//! The published schema of the event says what the event is, and an event is small whatever the evidence holds.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use drill::event::{DrillEnded, SCHEMA};
use drill::evidence::{Evidence, Failure};
use serde_json::Value;

const PUBLISHED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/event.schema.json");
const EXAMPLES: [&str; 4] = [
    include_str!("report/verified.json"),
    include_str!("report/rejected.json"),
    include_str!("report/broken.json"),
    include_str!("report/without-backup.json"),
];

fn generated() -> Value {
    Value::from(drill::event::schema())
}

fn evidence(text: &str) -> Evidence {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_published_schema_is_the_one_of_the_types() {
    let written: Value =
        serde_json::from_str(&std::fs::read_to_string(PUBLISHED).unwrap_or_default()).unwrap_or_default();
    assert!(written == generated(), "docs/event.schema.json is out of date; run: make schema");
}

#[test]
fn every_events_detail_is_valid_and_one_without_a_verdict_is_not() {
    let validator = jsonschema::validator_for(&generated()).unwrap();
    for example in EXAMPLES {
        let mut detail = serde_json::to_value(DrillEnded::of(&evidence(example), "evidence-main")).unwrap();
        let errors: Vec<String> = validator.iter_errors(&detail).map(|e| e.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
        assert_eq!(detail["schema"], SCHEMA);
        detail.as_object_mut().unwrap().remove("verdict");
        assert!(!validator.is_valid(&detail));
    }
}

#[test]
fn an_event_holds_counts_and_no_finding() {
    let event = DrillEnded::of(&evidence(EXAMPLES[1]), "evidence-main");
    assert_eq!((event.findings.failed, event.findings.not_measured, event.findings.warned), (5, 1, 1));
    let detail = serde_json::to_string(&event).unwrap();
    assert!(!detail.contains("courses_note") && !detail.contains("<script>"), "{detail}");
}

#[test]
fn an_event_stays_far_below_what_a_bus_takes() {
    let mut evidence = evidence(EXAMPLES[1]);
    let long = "\u{1F4A5}".repeat(1 << 20);
    evidence.summary.clone_from(&long);
    evidence.execution.clone_from(&long);
    evidence.failure = Some(Failure { error: long.clone(), cause: long });
    let size = serde_json::to_string(&DrillEnded::of(&evidence, "evidence-main")).unwrap().len();
    assert!(size < 16 << 10, "{size}");
}
