//! The JSON Schema of the evidence, for whoever reads it with other tools.

use schemars::{Schema, schema_for};
use serde_json::{Value, json};

use super::{Evidence, SCHEMA};
use crate::seal;

/// The JSON Schema of [`Evidence`], made from the types.
pub fn schema() -> Schema {
    let mut schema = schema_for!(Evidence);
    schema.insert("title".to_owned(), SCHEMA.into());
    let seal = json!({
        "description": "SHA-256 of the record without this field, its fields in the order of their names and without \
            blanks: `jq -cjS 'del(.sha256)' evidence.json | sha256sum`.",
        "type": "string",
        "pattern": "^[0-9a-f]{64}$"
    });
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert(seal::FIELD.to_owned(), seal);
    }
    schema
}
