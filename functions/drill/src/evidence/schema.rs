//! The JSON Schema of the evidence, for whoever reads it with other tools.

use schemars::{Schema, schema_for};

use super::{Evidence, SCHEMA};

/// The JSON Schema of [`Evidence`], made from the types.
pub fn schema() -> Schema {
    let mut schema = schema_for!(Evidence);
    schema.insert("title".to_owned(), SCHEMA.into());
    schema
}
