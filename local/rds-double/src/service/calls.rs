//! Decides what is remembered of each call, within a bound.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
use serde::Serialize;

/// The most calls that are kept; the oldest go first.
const CALLS_MAX: usize = 10_000;

/// One call of the API.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Call {
    /// When it was answered.
    pub(super) at: DateTime<Utc>,
    /// Its action.
    pub(super) action: String,
    /// Its parameters, without secrets.
    pub(super) parameters: BTreeMap<String, String>,
    /// `ok`, or the code of the error.
    pub(super) outcome: String,
    /// Whether it changed something.
    pub(super) effect: bool,
    /// The fault that it met, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fault: Option<&'static str>,
}

/// The last calls, oldest first.
#[derive(Debug, Default)]
pub(super) struct CallLog(VecDeque<Call>);

impl CallLog {
    pub(super) fn note(&mut self, call: Call) {
        if self.0.len() == CALLS_MAX {
            self.0.pop_front();
        }
        self.0.push_back(call);
    }

    pub(super) fn all(&self) -> &VecDeque<Call> {
        &self.0
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
