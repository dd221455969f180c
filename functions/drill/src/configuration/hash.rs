//! The identity of a configuration: equal when two of them mean the same.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Configuration;

/// SHA-256, in hexadecimal, of the configuration's canonical JSON: defaults filled in, fields
/// sorted by name, no white space. The order in the file, its comments and its format don't
/// change it; evidence names it, so that an auditor sees when the rules changed.
///
/// # Panics
/// Never: a configuration holds numbers and text keys only, which JSON can write.
pub fn hash(configuration: &Configuration) -> String {
    let value = serde_json::to_value(configuration)
        .expect("a configuration holds finite numbers and text keys only, which JSON can write");
    let mut text = String::new();
    write_canonical(&value, &mut text);
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Writes JSON with the fields in the order of their names, whatever order the map keeps: that
/// depends on a feature of `serde_json` which any crate of a build can turn on.
fn write_canonical(value: &Value, to: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort_unstable();
            let fields = names.into_iter().map(|name| (Some(name), &fields[name]));
            write_all(fields, ['{', '}'], to);
        }
        Value::Array(items) => write_all(items.iter().map(|item| (None, item)), ['[', ']'], to),
        scalar => to.push_str(&scalar.to_string()),
    }
}

fn write_all<'v>(
    values: impl Iterator<Item = (Option<&'v String>, &'v Value)>,
    [open, close]: [char; 2],
    to: &mut String,
) {
    to.push(open);
    for (index, (name, value)) in values.enumerate() {
        if index > 0 {
            to.push(',');
        }
        if let Some(name) = name {
            to.push_str(&Value::String(name.clone()).to_string());
            to.push(':');
        }
        write_canonical(value, to);
    }
    to.push(close);
}
