//! Names that PostgreSQL allows and that people find in other people's databases.

use restore_drill_postgres::quote_identifier;

use super::random::Random;

/// The longest name, in bytes (PostgreSQL documentation, 4.1.1).
const LONGEST: usize = 63;

/// What stands before the number that makes a name unique.
const STEMS: &[&str] = &[
    "plain",
    "CamelCase",
    "with space",
    "select",
    "quote\"inside",
    "two\"\"quotes",
    "apostrophe's",
    "dot.ted",
    "new\nline",
    "tab\there",
    "back\\slash",
    "semi;colon",
    "-- comment",
    "$dollar$",
    "percent%s",
    "Ümläut",
    "таблица",
    "数据",
    "🦀",
    " space",
    "[brackets]",
    "{braces}",
    "emptyish ",
    "pgbouncer",
];

/// A name of an object, as it is and not quoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name(String);

impl Name {
    /// A name with a number in it that nothing else of the specimen has.
    pub(super) fn any(random: &mut Random, number: usize) -> Self {
        if random.chance(12) {
            return Self::longest(number);
        }
        // Half of them are what most people write.
        let stem = if random.chance(50) { "thing" } else { random.pick(STEMS) };
        Self(format!("{stem}{number}"))
    }

    /// A name of as many bytes as a name can have, each letter of three.
    fn longest(number: usize) -> Self {
        let number = number.to_string();
        let letters = (LONGEST - number.len()) / 3;
        let rest = LONGEST - number.len() - 3 * letters;
        Self(format!("{}{}{number}", "表".repeat(letters), "_".repeat(rest)))
    }

    /// A plain one.
    pub(super) fn plain(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// As SQL takes it.
    pub(super) fn quoted(&self) -> String {
        quote_identifier(&self.0)
    }

    /// As it is.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a configuration can hold it on one line.
    pub(super) fn is_printable(&self) -> bool {
        !self.0.chars().any(char::is_control) && self.0.trim() == self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_is_as_long_as_a_name_can_be() {
        for number in [1, 22, 333] {
            assert_eq!(Name::longest(number).as_str().len(), LONGEST);
        }
    }
}
