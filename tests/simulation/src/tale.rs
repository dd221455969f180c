//! The tale of a course: a line for everything that happens, told only when somebody listens.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

/// The most lines that are kept; a year of nights has about a million.
const LINES_MAX: usize = 5_000_000;

/// The lines so far.
#[derive(Debug, Default)]
pub(crate) struct Tale {
    lines: Option<Vec<String>>,
}

impl Tale {
    /// From now on everything is told.
    pub(crate) fn listen(&mut self) {
        self.lines.get_or_insert_default();
    }

    pub(crate) fn say(&mut self, at: DateTime<Utc>, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines
            && lines.len() < LINES_MAX
        {
            lines.push(format!("{} {}", at.to_rfc3339_opts(SecondsFormat::Millis, true), line()));
        }
    }

    pub(crate) fn into_lines(self) -> Vec<String> {
        self.lines.unwrap_or_default()
    }
}

/// Something that must never be, and was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The invariant's number in the README.
    pub invariant: u8,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.to_rfc3339_opts(SecondsFormat::Secs, true);
        write!(f, "invariant {} at {at}: {}", self.invariant, self.what)
    }
}
