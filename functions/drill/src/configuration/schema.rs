//! The JSON Schema of the configuration, for editors.
//!
//! It is made from the types, so it can't name other fields than they have. It is laxer than
//! [`super::parse_toml`] where JSON Schema has no words for a rule: what the parser takes, the
//! schema takes.

use schemars::{Schema, generate::SchemaSettings};

use super::Configuration;

/// The JSON Schema of `drill.toml`, in draft 7: the newest that editors of TOML understand.
pub fn schema() -> Schema {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<Configuration>();
    schema.insert("title".to_owned(), "restore-drill configuration".into());
    schema
}
