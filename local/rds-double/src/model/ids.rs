//! Decides what is an identifier of an instance or a snapshot, and how new ids and ARNs are made.
//!
//! Ids that RDS invents come from a seed and a counter, so that a run repeats; none is ever given
//! twice. Never looks anything up.

use std::fmt;

use sha2::{Digest, Sha256};

use super::error::ApiError;

/// The length of the invented part of a `DbiResourceId`.
const RESOURCE_ID_LENGTH: usize = 26;

/// The longest identifier of an instance.
const INSTANCE_ID_MAX: usize = 63;

/// The longest identifier of a snapshot.
const SNAPSHOT_ID_MAX: usize = 255;

/// A `DbiResourceId`: names one instance for ever, through renames, and is never given again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceId(String);

impl ResourceId {
    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id for the `sequence`-th instance of a run.
    pub(crate) fn invent(seed: &str, sequence: u64) -> Self {
        const ALPHABET: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let digest = Sha256::digest(format!("{seed}/{sequence}"));
        let text: String = digest
            .iter()
            .take(RESOURCE_ID_LENGTH)
            .map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]))
            .collect();
        Self(format!("db-{text}"))
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What the data of one snapshot is known by; never given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnapshotKey(pub(crate) u64);

impl fmt::Display for SnapshotKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "snapshot-{}", self.0)
    }
}

/// Checks an identifier for a new instance and gives it in lower case.
pub(crate) fn instance_id(text: &str) -> Result<String, ApiError> {
    checked(text, "DBInstanceIdentifier", INSTANCE_ID_MAX)
}

/// Checks an identifier for a new manual snapshot and gives it in lower case.
pub(crate) fn snapshot_id(text: &str) -> Result<String, ApiError> {
    checked(text, "DBSnapshotIdentifier", SNAPSHOT_ID_MAX)
}

fn checked(text: &str, name: &str, longest: usize) -> Result<String, ApiError> {
    let begins_well = text.starts_with(|first: char| first.is_ascii_alphabetic());
    let letters_only = text.chars().all(|each| each.is_ascii_alphanumeric() || each == '-');
    if begins_well && letters_only && text.len() <= longest && !text.ends_with('-') && !text.contains("--") {
        return Ok(text.to_ascii_lowercase());
    }
    Err(ApiError::value(format!(
        "The parameter {name} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens. At most {longest} characters."
    )))
}

/// What an ARN or a bare identifier of `kind` (`db`, `snapshot`) names, in lower case.
pub(crate) fn bare(text: &str, kind: &str) -> String {
    let mut parts = text.splitn(7, ':');
    let is_arn = parts.next() == Some("arn") && parts.nth(4) == Some(kind);
    let name = if is_arn { parts.next() } else { None };
    name.unwrap_or(text).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_lowered() {
        assert_eq!(instance_id("Prod-DB1").unwrap(), "prod-db1");
    }

    #[test]
    fn malformed_identifiers_are_refused() {
        let long = "a".repeat(64);
        for bad in ["", "1db", "-db", "db-", "d--b", "d_b", "dé", &long] {
            assert_eq!(instance_id(bad).unwrap_err().code, "InvalidParameterValue");
        }
    }

    #[test]
    fn an_arn_names_its_instance() {
        assert_eq!(bare("arn:aws:rds:us-east-1:000000000000:db:Prod", "db"), "prod");
        assert_eq!(
            bare("arn:aws:rds:us-east-1:0:snapshot:rds:prod-2026-01-01-02-00", "snapshot"),
            "rds:prod-2026-01-01-02-00"
        );
        assert_eq!(bare("rds:prod-2026", "snapshot"), "rds:prod-2026");
    }

    #[test]
    fn invented_ids_have_the_form_that_rds_uses_and_differ() {
        let first = ResourceId::invent("seed", 1);
        assert_eq!(first.as_str().len(), 29);
        assert_ne!(first, ResourceId::invent("seed", 2));
    }
}
