//! What a valid document is turned into: bytes changed or cut off, fields taken away, given twice, of another kind,
//! numbers without measure, deep nests, long texts and odd Unicode.

use proptest::prelude::*;
use serde_json::{Value, json};

/// One change of a document.
#[derive(Debug, Clone)]
pub(crate) enum Mutation {
    /// A byte gets other bits.
    Flip(usize, u8),
    /// The text ends here.
    Cut(usize),
    /// Some bytes are left out and others come in their place.
    Splice(usize, usize, Vec<u8>),
    /// Of JSON: a field is gone, or an item of a list.
    Remove(usize),
    /// Of JSON: a field is given twice, with this value last or first.
    Twice(usize, Value, bool),
    /// Of JSON: a value is another.
    Replace(usize, Value),
    /// Of JSON: a value is the one of another place.
    Copy(usize, usize),
}

/// Stands where two values come; no document holds it.
const MARK: &str = "\u{1}here";

impl Mutation {
    /// The document after the change. One that isn't JSON only takes the changes of bytes.
    pub(crate) fn apply(&self, text: &str) -> String {
        match self {
            Self::Flip(at, bits) => {
                let mut bytes = text.as_bytes().to_vec();
                let at = at % bytes.len().max(1);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= bits;
                }
                lossy(&bytes)
            }
            Self::Cut(at) => lossy(&text.as_bytes()[..*at % text.len().max(1)]),
            Self::Splice(at, length, new) => {
                let mut bytes = text.as_bytes().to_vec();
                let from = at % (bytes.len() + 1);
                let to = (from + length).min(bytes.len());
                bytes.splice(from..to, new.iter().copied());
                lossy(&bytes)
            }
            _ => match serde_json::from_str::<Value>(text) {
                Ok(value) => self.apply_to_value(value),
                Err(_) => text.to_owned(),
            },
        }
    }

    fn apply_to_value(&self, mut value: Value) -> String {
        let places = places(&value);
        let pick = |at: &usize| places[at % places.len()].clone();
        match self {
            Self::Remove(at) => remove(&mut value, &pick(at)),
            Self::Replace(at, new) => replace(&mut value, &pick(at), new.clone()),
            Self::Copy(from, to) => {
                let copied = value.pointer(&pick(from)).cloned().unwrap_or_default();
                replace(&mut value, &pick(to), copied);
            }
            Self::Twice(at, new, is_last) => return twice(value, &pick(at), new, *is_last),
            Self::Flip(..) | Self::Cut(_) | Self::Splice(..) => {}
        }
        value.to_string()
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The JSON pointers of every value but the root; of the root where there is nothing else.
fn places(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(value, "", &mut found);
    if found.is_empty() { vec![String::new()] } else { found }
}

fn collect(value: &Value, here: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, child)| (name.clone(), child)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(i, child)| (i.to_string(), child)).collect(),
        _ => Vec::new(),
    };
    for (name, child) in children {
        let place = format!("{here}/{}", name.replace('~', "~0").replace('/', "~1"));
        found.push(place.clone());
        collect(child, &place, found);
    }
}

fn replace(value: &mut Value, place: &str, new: Value) {
    if let Some(old) = value.pointer_mut(place) {
        *old = new;
    }
}

fn split(place: &str) -> (&str, String) {
    let (parent, name) = place.rsplit_once('/').unwrap_or_default();
    (parent, name.replace("~1", "/").replace("~0", "~"))
}

fn remove(value: &mut Value, place: &str) {
    let (parent, name) = split(place);
    match value.pointer_mut(parent) {
        Some(Value::Object(fields)) => drop(fields.remove(&name)),
        Some(Value::Array(items)) => {
            if let Some(at) = name.parse::<usize>().ok().filter(|at| *at < items.len()) {
                items.remove(at);
            }
        }
        _ => {}
    }
}

/// The text with the field of that place given twice; an item of a list comes twice.
fn twice(mut value: Value, place: &str, new: &Value, is_last: bool) -> String {
    let (parent, name) = split(place);
    let name = match value.pointer(parent) {
        Some(Value::Object(_)) => format!("{}:", json!(name)),
        _ => String::new(),
    };
    let old = value.pointer(place).cloned().unwrap_or_default();
    replace(&mut value, place, json!(MARK));
    let (first, second) = if is_last { (&old, new) } else { (new, &old) };
    value.to_string().replacen(&json!(MARK).to_string(), &format!("{first},{name}{second}"), 1)
}

/// Values that nobody expects.
pub(crate) fn odd_value() -> impl Strategy<Value = Value> {
    let fixed = prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e308),
        json!(0.5),
        json!(""),
        json!("verified"),
        json!("passed"),
        json!("measured"),
        json!("0"),
        json!("\u{0}"),
        json!("\u{202e}\u{feff}\u{200b}é\u{301}🦀"),
        json!("+262142-12-31T23:59:59Z"),
        json!("-262143-01-01T00:00:00Z"),
        json!("9999-12-31T23:59:60Z"),
        json!("584554049253y"),
        json!("18446744073709551615s"),
        json!([]),
        json!({}),
        json!([[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]),
        json!({"value": {"value": {"value": {}}}}),
    ]);
    let long = (0_usize..100_000).prop_map(|length| json!("x".repeat(length)));
    prop_oneof![20 => fixed, 2 => any::<String>().prop_map(Value::from), 2 => any::<i64>().prop_map(Value::from), 1 => long]
}

/// Any one change.
pub(crate) fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<usize>;
    prop_oneof![
        3 => (at(), 1_u8..).prop_map(|(at, bits)| Mutation::Flip(at, bits)),
        2 => at().prop_map(Mutation::Cut),
        1 => (at(), 0_usize..40, prop::collection::vec(any::<u8>(), 0..20))
            .prop_map(|(at, length, new)| Mutation::Splice(at, length, new)),
        3 => at().prop_map(Mutation::Remove),
        3 => (at(), odd_value(), any::<bool>()).prop_map(|(at, new, last)| Mutation::Twice(at, new, last)),
        5 => (at(), odd_value()).prop_map(|(at, new)| Mutation::Replace(at, new)),
        3 => (at(), at()).prop_map(|(from, to)| Mutation::Copy(from, to)),
    ]
}

/// From one change to three, one after the other.
pub(crate) fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    prop::collection::vec(mutation(), 1..4)
}

pub(crate) fn mutated(text: &str, mutations: &[Mutation]) -> String {
    mutations.iter().fold(text.to_owned(), |text, mutation| mutation.apply(&text))
}

#[test]
fn a_mutation_does_what_its_name_says() {
    let text = r#"{"a":1,"b":{"c":[1,2]}}"#;
    assert_eq!(places(&serde_json::from_str(text).unwrap()).len(), 5);
    assert_eq!(Mutation::Remove(0).apply(text), r#"{"b":{"c":[1,2]}}"#);
    assert_eq!(Mutation::Remove(4).apply(text), r#"{"a":1,"b":{"c":[1]}}"#);
    assert_eq!(Mutation::Twice(0, json!(7), true).apply(text), r#"{"a":1,"a":7,"b":{"c":[1,2]}}"#);
    assert_eq!(Mutation::Twice(0, json!(7), false).apply(text), r#"{"a":7,"a":1,"b":{"c":[1,2]}}"#);
    assert_eq!(Mutation::Replace(2, json!("x")).apply(text), r#"{"a":1,"b":{"c":"x"}}"#);
    assert_eq!(Mutation::Copy(0, 1).apply(text), r#"{"a":1,"b":1}"#);
    assert_eq!(Mutation::Cut(5).apply(text), r#"{"a":"#);
    assert_eq!(Mutation::Flip(0, 1).apply(text), text.replacen('{', "z", 1));
}
