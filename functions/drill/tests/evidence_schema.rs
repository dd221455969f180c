//! The published schema of the evidence says what the evidence is.

use serde_json::Value;

const PUBLISHED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/evidence.schema.json");
const EXAMPLES: [&str; 4] = [
    include_str!("report/verified.json"),
    include_str!("report/rejected.json"),
    include_str!("report/broken.json"),
    include_str!("report/without-backup.json"),
];

fn generated() -> Value {
    Value::from(drill::evidence::schema())
}

#[test]
fn the_published_schema_is_the_one_of_the_types() {
    let written: Value =
        serde_json::from_str(&std::fs::read_to_string(PUBLISHED).unwrap_or_default()).unwrap_or_default();
    assert!(written == generated(), "docs/evidence.schema.json is out of date; run: make schema");
}

#[test]
fn evidence_is_valid_and_evidence_without_a_verdict_is_not() {
    let validator = jsonschema::validator_for(&generated()).unwrap();
    for example in EXAMPLES {
        let mut evidence: Value = serde_json::from_str(example).unwrap();
        let errors: Vec<String> = validator.iter_errors(&evidence).map(|e| e.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
        evidence.as_object_mut().unwrap().remove("verdict");
        assert!(!validator.is_valid(&evidence));
    }
}
