//! A specimen: an undamaged database on two nights, and the little that a drill has to say of it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::names::Name;

/// An undamaged database.
#[derive(Debug, Clone, Default)]
pub struct Specimen {
    /// What it is, in words.
    pub name: String,
    /// The statements that make it, until the first night.
    pub first: Vec<String>,
    /// What happens on the day after.
    pub second: Vec<String>,
    /// Findings that are a warning by the nature of the specimen: check and subject.
    pub expected: BTreeSet<(String, String)>,
    /// Rules of tables, in the words of the configuration.
    pub rules: String,
    /// Statements of the first night that wait until all tables have their rows.
    pub(super) late: Vec<String>,
    names: BTreeSet<String>,
}

impl Specimen {
    pub(super) fn named(name: String) -> Self {
        Self { name, ..Self::default() }
    }

    /// A warning that belongs to the specimen.
    pub(super) fn expect(&mut self, check: &str, subject: String) {
        self.expected.insert((check.to_owned(), subject));
    }

    /// A rule of a table, by its name as the product prints it.
    pub(super) fn rule(&mut self, table: &str, rule: &str) {
        let key = table.replace('\\', "\\\\").replace('"', "\\\"");
        let _ = writeln!(self.rules, "[tables.\"{key}\"]\n{rule}");
    }

    /// Takes a name in a schema; false when it is taken.
    pub(super) fn take_name(&mut self, schema: &Name, name: &str) -> bool {
        self.names.insert(format!("{} {name}", schema.as_str()))
    }
}
