//! The expressions of a definition: fields and variables, and in a Choice one comparison with a literal.
//!
//! Allowed, and nothing else:
//! - `{% $name.field.field %}`: a variable of the execution or `$states`, and its fields;
//! - `{% $name.field = 'word' %}`, `= true`, `= false`, `= 12`: only as a Choice's Condition.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::Failure;

/// An expression that a definition may hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// The fields from a variable on, its own name first.
    Path(Vec<String>),
    /// Whether what lies there is that literal.
    Is(Vec<String>, Value),
}

impl Expression {
    /// Reads what stands between the marks; `None` when it is anything that isn't allowed.
    pub fn parse(code: &str) -> Option<Self> {
        match code.split_once(" = ") {
            None => path(code).map(Self::Path),
            Some((left, right)) => Some(Self::Is(path(left)?, literal(right)?)),
        }
    }

    /// The variable that it begins with, `states` for what the state says.
    pub fn variable(&self) -> &str {
        match self {
            Self::Path(path) | Self::Is(path, _) => &path[0],
        }
    }

    pub(crate) fn value(&self, scope: &Scope<'_>) -> Result<Value, Failure> {
        match self {
            Self::Path(path) => scope.look_up(path).cloned(),
            Self::Is(path, literal) => Ok(Value::Bool(scope.look_up(path)? == literal)),
        }
    }
}

/// The code of a text that is an expression; `None` for a text that is only text, and for half an
/// expression, which `is_half` tells.
pub fn code_of(text: &str) -> Option<&str> {
    text.strip_prefix("{% ").and_then(|rest| rest.strip_suffix(" %}"))
}

/// Whether marks stand where no expression is.
pub(crate) fn is_half(text: &str) -> bool {
    let rest = code_of(text).unwrap_or(text);
    rest.contains("{%") || rest.contains("%}")
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
        Some(word) if word.chars().all(|c| c.is_ascii_lowercase() || c == '_') => Some(Value::from(word)),
        None if code == "true" || code == "false" => Some(Value::from(code == "true")),
        None if code.chars().all(|c| c.is_ascii_digit()) => code.parse::<u64>().ok().map(Value::from),
        _ => None,
    }
}

/// A value of a definition, with expressions in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Template {
    Literal(Value),
    Expression(Expression),
    List(Vec<Template>),
    Fields(Vec<(String, Template)>),
}

impl Template {
    /// Reads a value; fails with the text that is no expression of the subset.
    pub(crate) fn read(value: &Value) -> Result<Self, String> {
        Ok(match value {
            Value::String(text) if is_half(text) => return Err(format!("{text:?} is half an expression")),
            Value::String(text) => match code_of(text) {
                None => Self::Literal(value.clone()),
                Some(code) => Expression::parse(code)
                    .map(Self::Expression)
                    .ok_or_else(|| format!("{code:?} computes something"))?,
            },
            Value::Array(items) => Self::List(items.iter().map(Self::read).collect::<Result<_, _>>()?),
            Value::Object(fields) => {
                let read = |(name, v): (&String, &Value)| Ok((name.clone(), Self::read(v)?));
                Self::Fields(fields.iter().map(read).collect::<Result<_, String>>()?)
            }
            other => Self::Literal(other.clone()),
        })
    }

    pub(crate) fn value(&self, scope: &Scope<'_>) -> Result<Value, Failure> {
        Ok(match self {
            Self::Literal(value) => value.clone(),
            Self::Expression(expression) => expression.value(scope)?,
            Self::List(items) => items.iter().map(|i| i.value(scope)).collect::<Result<_, _>>()?,
            Self::Fields(fields) => {
                let value = |(name, v): &(String, Self)| Ok((name.clone(), v.value(scope)?));
                Value::Object(fields.iter().map(value).collect::<Result<Map<_, _>, Failure>>()?)
            }
        })
    }
}

/// What an expression sees: the variables, and what `$states` says in one state.
pub(crate) struct Scope<'a> {
    pub(crate) variables: &'a BTreeMap<String, Value>,
    pub(crate) input: &'a Value,
    pub(crate) context: &'a Value,
    pub(crate) result: Option<&'a Value>,
    pub(crate) error: Option<&'a Value>,
}

impl Scope<'_> {
    fn look_up(&self, path: &[String]) -> Result<&Value, Failure> {
        let missing = || Failure::query(format!("${} isn't there", path.join(".")));
        let (start, rest) = match (path[0].as_str(), path.get(1).map(String::as_str)) {
            ("states", Some("input")) => (Some(self.input), &path[2..]),
            ("states", Some("context")) => (Some(self.context), &path[2..]),
            ("states", Some("result")) => (self.result, &path[2..]),
            ("states", Some("errorOutput")) => (self.error, &path[2..]),
            (name, _) => (self.variables.get(name), &path[1..]),
        };
        rest.iter().try_fold(start.ok_or_else(missing)?, |at, name| at.get(name)).ok_or_else(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_that_computes_is_refused() {
        for code in [
            "$sum($x)",
            "$a + 1",
            "$x[0]",
            "$a = $b",
            "$a != 'b'",
            "$a and $b",
            "a.b",
            "$a.`b`",
            "$a = 'it\\'s'",
        ] {
            assert_eq!(Expression::parse(code), None, "{code}");
        }
    }

    #[test]
    fn half_an_expression_is_refused() {
        for text in ["{% $a", "x {% $a %}", "{%$a%}", "{% $a %}{% $b %}"] {
            assert!(Template::read(&Value::from(text)).is_err(), "{text}");
        }
    }
}
