//! Why a query is refused, where in it, and how to go on.

use std::fmt;

/// The longest piece of a query that a refusal repeats, in characters.
const SHOWN_MAX: usize = 60;

/// A place in a query: both count from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line of the query, not of the file that it stands in.
    pub line: u64,
    /// The column in the line.
    pub column: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A query that isn't run, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}; {way_out}", self.problem())]
pub struct Refusal {
    /// What is wrong, as the rest of a sentence that begins with the query; it names the offender.
    pub reason: String,
    /// What to write instead.
    pub way_out: String,
    /// Where, when it is known.
    pub place: Option<Place>,
}

impl Refusal {
    pub(super) fn new(reason: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { reason: reason.into(), way_out: way_out.into(), place: None }
    }

    pub(super) fn at(self, place: Place) -> Self {
        Self { place: Some(place), ..self }
    }

    /// The reason with its place, as the rest of a sentence that begins with the query.
    pub fn problem(&self) -> String {
        match self.place {
            Some(place) => format!("{} ({place} of the query)", self.reason),
            None => self.reason.clone(),
        }
    }
}

/// A piece of the query as a refusal repeats it: on one line, without control characters, bounded.
pub(super) fn shown(piece: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    if piece.chars().nth(SHOWN_MAX).is_none() {
        return piece.chars().map(clean).collect();
    }
    piece.chars().map(clean).take(SHOWN_MAX).chain(['…']).collect()
}
