//! What was written, as one tree for TOML and JSON, in which everything knows its line.
//!
//! Never decides whether a value is right; that is [`super::read`] and [`super::rules`].

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use toml::de::{DeTable, DeValue};

/// A value and the line on which it starts. JSON doesn't tell the line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) line: Option<usize>,
    pub(super) value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Boolean(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    /// TOML's date and time, which no field takes: dates are written as text.
    Instant(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// A field of a table as it was written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) name: String,
    /// The line of the name, which for a table is the line of its header.
    pub(super) line: Option<usize>,
    pub(super) node: Node,
}

/// Something that isn't TOML or JSON at all.
pub(super) struct SyntaxError {
    pub(super) line: Option<usize>,
    pub(super) message: String,
}

impl Node {
    /// The field of a table, unless it is absent or null.
    pub(super) fn field(&self, name: &str) -> Option<&Node> {
        let Value::Table(entries) = &self.value else { return None };
        let entry = entries.iter().find(|entry| entry.name == name)?;
        (entry.node.value != Value::Null).then_some(&entry.node)
    }

    /// What kind of value it is, in words.
    pub(super) fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Boolean(_) => "true or false",
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a number with a fraction",
            Value::Text(_) => "text",
            Value::Instant(_) => "a date or time",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Value::Null => f.write_str("null"),
            Value::Boolean(value) => write!(f, "{value}"),
            Value::Integer(value) => write!(f, "{value}"),
            Value::Float(value) => write!(f, "{value:?}"),
            Value::Text(value) => write!(f, "{value:?}"),
            Value::Instant(value) => f.write_str(value),
            Value::List(_) => f.write_str("[…]"),
            Value::Table(_) => f.write_str("{…}"),
        }
    }
}

/// Reads TOML as far as it can be read; what can't is returned beside it.
pub(super) fn from_toml(text: &str) -> (Node, Vec<SyntaxError>) {
    let lines = Lines::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    let errors = errors
        .into_iter()
        .map(|error| SyntaxError {
            line: error.span().map(|span| lines.at(span.start)),
            message: error.message().to_owned(),
        })
        .collect();
    let root = Node { line: Some(1), value: Value::Table(entries(table.get_ref(), &lines)) };
    (root, errors)
}

fn entries(table: &DeTable<'_>, lines: &Lines) -> Vec<Entry> {
    table
        .iter()
        .map(|(name, value)| {
            let line = Some(lines.at(name.span().start));
            Entry {
                name: name.get_ref().to_string(),
                line,
                node: Node { line, value: value_of(value.get_ref(), lines) },
            }
        })
        .collect()
}

fn value_of(value: &DeValue<'_>, lines: &Lines) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        // A number that doesn't fit is out of every field's range anyway.
        DeValue::Integer(number) => {
            Value::Integer(i128::from_str_radix(number.as_str(), number.radix()).unwrap_or(i128::MAX))
        }
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => Value::Boolean(*value),
        DeValue::Datetime(instant) => Value::Instant(instant.to_string()),
        DeValue::Array(items) => Value::List(
            items
                .iter()
                .map(|item| Node {
                    line: Some(lines.at(item.span().start)),
                    value: value_of(item.get_ref(), lines),
                })
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(entries(table, lines)),
    }
}

/// Where each line starts, to find the line of an offset.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at + 1).collect())
    }

    fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset) + 1
    }
}

/// Reads JSON; its first mistake of syntax ends the reading.
pub(super) fn from_json(text: &str) -> Result<Node, SyntaxError> {
    serde_json::from_str(text).map_err(|error| SyntaxError {
        line: (error.line() > 0).then_some(error.line()),
        message: error.to_string(),
    })
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = deserializer.deserialize_any(ValueVisitor)?;
        Ok(Self { line: None, value })
    }
}

/// Unlike `serde_json::Value` it keeps a field that is given twice, so that it can be reported.
struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((name, node)) = fields.next_entry()? {
            entries.push(Entry { name, line: None, node });
        }
        Ok(Value::Table(entries))
    }
}
