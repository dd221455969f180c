//! The published schemas say what the evidence and the event are, and an event is small whatever the evidence holds.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use drill::event::DrillEnded;
use drill::evidence::{Evidence, Failure};
use serde_json::Value;

const EXAMPLES: [&str; 4] = [
    include_str!("report/verified.json"),
    include_str!("report/rejected.json"),
    include_str!("report/broken.json"),
    include_str!("report/without-backup.json"),
];

fn evidence(text: &str) -> Evidence {
    serde_json::from_str(text).unwrap()
}

/// An example as a type has it.
type Example = fn(&str) -> Value;

/// Each schema by its file in docs, with its type's examples.
fn schemas() -> [(&'static str, Value, Example); 2] {
    let told = |text: &str| serde_json::to_value(DrillEnded::of(&evidence(text), "evidence-main")).unwrap();
    [
        ("evidence", drill::evidence::schema().into(), |text| serde_json::from_str(text).unwrap()),
        ("event", drill::event::schema().into(), told),
    ]
}

#[test]
fn the_published_schemas_are_those_of_the_types() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for (name, generated, _) in schemas() {
        let file = docs.join(format!("{name}.schema.json"));
        let written: Value =
            serde_json::from_str(&std::fs::read_to_string(file).unwrap_or_default()).unwrap_or_default();
        assert!(written == generated, "docs/{name}.schema.json is out of date; run: make schema");
    }
}

#[test]
fn what_has_a_verdict_is_valid_and_what_has_none_is_not() {
    for (name, generated, of) in schemas() {
        let validator = jsonschema::validator_for(&generated).unwrap();
        for example in EXAMPLES {
            let mut value = of(example);
            let errors: Vec<String> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
            assert_eq!(errors, Vec::<String>::new(), "{name}");
            assert_eq!(value["schema"], generated["title"], "{name}");
            value.as_object_mut().unwrap().remove("verdict");
            assert!(!validator.is_valid(&value), "{name}");
        }
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
