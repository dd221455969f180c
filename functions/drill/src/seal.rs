//! The seal of a stored record: the SHA-256 of its content, in a field of its own.
//!
//! Notices a record that was damaged, cut and mended, or edited by hand since it was written. Whoever may write the
//! record can also seal it anew: this is no signature, and takes nobody's right away.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::measurement::sha256;

/// The field that holds the seal.
pub const FIELD: &str = "sha256";
/// The longest record that is read, in bytes: what an object of the evidence bucket may have at most.
pub const SIZE_MAX_BYTES: usize = 8 << 20;
/// The longest message of a parser that is passed on, in bytes.
const PROBLEM_MAX_BYTES: usize = 300;

/// A record with its seal as the last field.
#[derive(Serialize)]
struct Sealed<'a, T> {
    #[serde(flatten)]
    record: &'a T,
    sha256: String,
}

impl<'a, T: Serialize> Sealed<'a, T> {
    fn of(record: &'a T) -> Self {
        let value = serde_json::to_value(record).expect("records are plain values and always serialize");
        Self { record, sha256: seal_of(&value) }
    }
}

/// A record as it is stored: its JSON for people to read, sealed.
pub(crate) fn sealed(record: &impl Serialize) -> String {
    serde_json::to_string_pretty(&Sealed::of(record)).expect("records are structures and always serialize")
}

/// The same without blanks, for what only machines read.
pub(crate) fn sealed_compact(record: &impl Serialize) -> String {
    serde_json::to_string(&Sealed::of(record)).expect("records are structures and always serialize")
}

/// Reads a record, and refuses one whose content isn't the one that it was sealed with. One without a seal is read:
/// who takes the seal away could as well put another on.
///
/// # Errors
/// The problem in words: too long, not JSON of the form, a field that is given twice, or changed since.
pub(crate) fn opened<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    if text.len() > SIZE_MAX_BYTES {
        return Err(format!("it is larger than {SIZE_MAX_BYTES} bytes"));
    }
    let mut value: Value = serde_json::from_str(text).map_err(|e| told(&e))?;
    let sealed_with = value.as_object_mut().and_then(|fields| fields.remove(FIELD));
    if sealed_with.is_some_and(|seal| seal != Value::String(seal_of(&value))) {
        return Err("it isn't what was written: its SHA-256 differs".to_owned());
    }
    // From the text and not from the value, which would keep the last of a field that is given twice.
    serde_json::from_str(text).map_err(|e| told(&e))
}

/// The parser's message, cut: it can quote what was written.
pub(crate) fn told(error: &serde_json::Error) -> String {
    let mut text = error.to_string();
    text.truncate(text.floor_char_boundary(PROBLEM_MAX_BYTES));
    text
}

/// SHA-256 of the value with the fields of every object in the order of their names, without blanks: what
/// `jq -cjS 'del(.sha256)' verdict.json | sha256sum` gives.
fn seal_of(value: &Value) -> String {
    sha256(&in_order(value).to_string())
}

/// As deep as the parser lets a value be: 128 levels.
fn in_order(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort_unstable();
            let ordered: Map<String, Value> =
                names.into_iter().map(|name| (name.clone(), in_order(&fields[name]))).collect();
            Value::Object(ordered)
        }
        Value::Array(items) => Value::Array(items.iter().map(in_order).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_reads_back_and_a_changed_one_does_not() {
        let text = sealed(&json!({"b": [1, {"z": null, "a": "é\n"}], "a": 18_446_744_073_709_551_615_u64}));
        let read: Value = opened(&text).unwrap();
        assert_eq!(read["b"][1]["a"], "é\n");
        let changed = text.replace("18446744073709551615", "18446744073709551614");
        assert!(opened::<Value>(&changed).unwrap_err().contains("SHA-256"));
    }

    #[test]
    fn the_seal_is_independent_of_the_order_and_the_blanks_in_the_text() {
        let one: Value = serde_json::from_str(&sealed(&json!({"a": 1, "b": {"c": 2, "d": 3}}))).unwrap();
        let text = format!("{{\"sha256\":{},\"b\":{{\"d\":3,\"c\":2}},\"a\":1}}", one[FIELD]);
        assert!(opened::<Value>(&text).is_ok());
    }

    #[test]
    fn a_record_without_a_seal_is_read_and_one_that_is_too_long_is_not() {
        assert_eq!(opened::<Value>("{}"), Ok(json!({})));
        assert!(opened::<Value>(&" ".repeat(SIZE_MAX_BYTES + 1)).unwrap_err().contains("larger"));
    }
}
