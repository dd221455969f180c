//! The expressions of the definition: fields and variables, and in a Choice one comparison with a
//! literal. Everything that decides is in the steps.
//!
//! Allowed, and nothing else:
//! - `{% $name.field.field %}`: a variable of the execution or `$states`, and its fields;
//! - `{% $name.field = 'word' %}`, `= true`, `= false`, `= 12`: only as a Choice's Condition.

use serde_json::Value;

use crate::definition::{definition, states};

/// An expression that the definition may hold.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    /// The fields from a variable on, its own name first.
    Path(Vec<String>),
    /// Whether what lies there is that literal.
    Is(Vec<String>, Value),
}

/// Reads what stands between the marks; `None` when it is anything that isn't allowed.
pub(crate) fn parse(code: &str) -> Option<Expression> {
    match code.split_once(" = ") {
        None => path(code).map(Expression::Path),
        Some((left, right)) => Some(Expression::Is(path(left)?, literal(right)?)),
    }
}

/// The code of a text that is an expression; `None` for a text that is only text.
///
/// Panics on a text with marks at another place, such as half an expression.
pub(crate) fn code_of(text: &str) -> Option<&str> {
    let code = text.strip_prefix("{% ").and_then(|rest| rest.strip_suffix(" %}"));
    let rest = code.unwrap_or(text);
    assert!(!rest.contains("{%") && !rest.contains("%}"), "{text:?} is half an expression");
    code
}

fn path(code: &str) -> Option<Vec<String>> {
    let names: Vec<String> = code.strip_prefix('$')?.split('.').map(ToOwned::to_owned).collect();
    let is_name = |n: &String| {
        n.starts_with(|c: char| c.is_ascii_alphabetic())
            && n.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    names.iter().all(is_name).then_some(names)
}

fn literal(code: &str) -> Option<Value> {
    let word = code.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    match word {
        Some(word) if word.chars().all(|c| c.is_ascii_lowercase()) => Some(Value::from(word)),
        None if code == "true" || code == "false" => Some(Value::from(code == "true")),
        None if code.chars().all(|c| c.is_ascii_digit()) => code.parse::<u64>().ok().map(Value::from),
        _ => None,
    }
}

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
        match parse(code) {
            Some(Expression::Path(_)) => assert_ne!(*field, "Condition", "{code}"),
            Some(Expression::Is(..)) => assert_eq!(*field, "Condition", "{code}"),
            None => panic!("{code:?} computes something: that belongs in a step"),
        }
    }
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
        let Some(Expression::Path(path) | Expression::Is(path, _)) = code_of(text).and_then(parse) else {
            continue;
        };
        assert!(path[0] == "states" || assigned.contains(&path[0]), "{text} reads what nobody assigns");
    }
}

#[test]
fn an_expression_that_computes_is_refused() {
    for code in
        ["$sum($x)", "$a + 1", "$x[0]", "$a = $b", "$a != 'b'", "$a and $b", "a.b", "$a.`b`", "$a = 'it\\'s'"]
    {
        assert_eq!(parse(code), None, "{code}");
    }
}
