//! The expressions of the definition: fields and variables, and in a Choice one comparison with a
//! literal. Everything that decides is in the steps. What is allowed is what the runner knows, and the
//! runner refuses a definition with anything else: `tests/simulation/runner/src/expression.rs`.

use asl_runner::{Definition, Expression, code_of};
use serde_json::Value;

use crate::definition::{TEXT, definition, states};

/// Every text of a value with the name of the field that it is in.
fn texts<'a>(field: &'a str, value: &'a Value, found: &mut Vec<(&'a str, &'a str)>) {
    match value {
        Value::String(text) => found.push((field, text)),
        Value::Array(items) => items.iter().for_each(|item| texts(field, item, found)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| texts(name, value, found)),
        _ => {}
    }
}

#[test]
fn every_expression_is_a_field_or_a_comparison_with_a_literal() {
    let definition = definition();
    let mut found = Vec::new();
    texts("", &definition, &mut found);
    let expressions: Vec<_> = found.iter().filter_map(|(field, t)| Some((field, code_of(t)?))).collect();
    assert!(expressions.len() > 50, "the marks of expressions have changed");
    for (field, code) in expressions {
        match Expression::parse(code) {
            Some(Expression::Path(_)) => assert_ne!(*field, "Condition", "{code}"),
            Some(Expression::Is(..)) => assert_eq!(*field, "Condition", "{code}"),
            None => panic!("{code:?} computes something: that belongs in a step"),
        }
    }
    Definition::read(TEXT).expect("the runner refuses what it doesn't know, half an expression included");
}

#[test]
fn every_variable_that_is_read_is_assigned_somewhere() {
    let definition = definition();
    let mut assigned: Vec<String> = Vec::new();
    for state in states() {
        let of_rules = ["Catch", "Choices"].iter().filter_map(|l| state.body[*l].as_array()).flatten();
        for assign in of_rules.chain([&state.body]).filter_map(|v| v["Assign"].as_object()) {
            assigned.extend(assign.keys().cloned());
        }
    }
    let mut found = Vec::new();
    texts("", &definition, &mut found);
    for (_, text) in found {
        let Some(expression) = code_of(text).and_then(Expression::parse) else { continue };
        let variable = expression.variable();
        assert!(
            variable == "states" || assigned.iter().any(|a| a == variable),
            "{text} reads what nobody assigns"
        );
    }
}
