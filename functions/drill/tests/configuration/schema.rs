//! The schema for editors: kept up to date, described everywhere, and no stricter than the parser.

use drill::configuration::{parse_json, parse_toml, schema};
use serde_json::{Value, json};

use crate::{COMPLETE, MINIMAL};

const REGENERATE: &str = "cargo run -p restore-drill -- checks schema > docs/drill.schema.json";

fn generated() -> Value {
    serde_json::to_value(schema()).unwrap()
}

fn as_json(toml: &str) -> Value {
    serde_json::to_value(toml::from_str::<toml::Value>(toml).unwrap()).unwrap()
}

#[test]
fn the_schema_in_the_documentation_is_the_one_of_the_types() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/drill.schema.json");
    // Compared by meaning: the order of fields depends on features that other crates turn on.
    let written = std::fs::read_to_string(path).unwrap_or_default();
    let written: Value = serde_json::from_str(&written).unwrap_or_default();
    assert!(written == generated(), "docs/drill.schema.json is out of date; run: {REGENERATE}");
}

#[test]
fn the_examples_are_valid() {
    let validator = jsonschema::draft7::new(&generated()).unwrap();
    for example in [COMPLETE, MINIMAL] {
        let errors: Vec<String> =
            validator.iter_errors(&as_json(example)).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
}

#[test]
fn the_schema_is_a_schema() {
    assert!(jsonschema::draft7::meta::is_valid(&generated()));
}

/// Every field of every type, with its name and the names that its type requires.
fn fields(schema: &Value) -> Vec<(String, Value, bool)> {
    let types = schema["definitions"].as_object().unwrap().iter().map(|(name, of)| (name.as_str(), of));
    let mut found = Vec::new();
    for (name, of) in types.chain([("Configuration", schema)]) {
        let required = of["required"].as_array().cloned().unwrap_or_default();
        for (field, description) in of["properties"].as_object().into_iter().flatten() {
            found.push((format!("{name}.{field}"), description.clone(), required.contains(&json!(field))));
        }
    }
    found
}

#[test]
fn every_field_has_a_description() {
    let schema = generated();
    for (name, field, _) in fields(&schema) {
        assert!(field["description"].as_str().is_some_and(|text| text.len() > 10), "{name}: {field}");
    }
    assert!(fields(&schema).len() > 30);
}

#[test]
fn every_field_is_required_or_has_a_default_or_may_be_absent() {
    for (name, field, required) in fields(&generated()) {
        let nullable = field["type"].as_array().is_some_and(|types| types.contains(&json!("null")))
            || field["anyOf"].as_array().is_some_and(|types| types.contains(&json!({ "type": "null" })));
        assert!(required || nullable || field.get("default").is_some(), "{name}: {field}");
    }
}

/// What the schema refuses, the parser refuses too: an editor never objects to a file that works.
#[test]
fn what_the_schema_refuses_the_parser_refuses() {
    let validator = jsonschema::draft7::new(&generated()).unwrap();
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(0.5),
        json!(1.0e300),
        json!(""),
        json!(" "),
        json!("x"),
        json!("26h"),
        json!("0s"),
        json!("stop"),
        json!("db.t4g.medium"),
        json!("sg-1"),
        json!("a--b"),
        json!("x".repeat(70)),
        json!([]),
        json!(["a", "a"]),
        json!(["sg-1"]),
        json!({}),
        json!({ "a": {} }),
        json!({ "public.a": {} }),
        json!([{}]),
    ];
    let complete = as_json(COMPLETE);
    let (mut refused, mut taken) = (0, 0);
    for pointer in pointers(&complete, "") {
        for value in &values {
            let mut changed = complete.clone();
            *changed.pointer_mut(&pointer).unwrap() = value.clone();
            let text = changed.to_string();
            if validator.is_valid(&changed) {
                taken += usize::from(parse_json(&text).is_ok());
            } else {
                // The schema has no word for "null means left out", which JSON may write.
                assert!(value.is_null() || parse_json(&text).is_err(), "{pointer} = {value}");
                refused += 1;
            }
        }
    }
    assert!(refused > 500 && taken > 50, "{refused} refused, {taken} taken");
}

fn pointers(value: &Value, at: &str) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    let mut found = Vec::new();
    for (name, child) in children {
        let pointer = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        found.extend(pointers(child, &pointer));
        found.push(pointer);
    }
    found
}

#[test]
fn a_schema_comment_is_only_a_comment() {
    assert!(MINIMAL.starts_with("#:schema ") && COMPLETE.starts_with("#:schema "));
    assert!(parse_toml(MINIMAL).is_ok() && parse_toml(COMPLETE).is_ok());
}
