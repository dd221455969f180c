//! What an invocation asked and was answered: written down once, and given again to another version of the
//! product, which is to do the same.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::told::{ErrorTold, Told};

/// A call of a port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Recorded {
    /// The operation.
    pub(crate) call: String,
    /// Its subject.
    pub(crate) of: String,
    /// What a change says; nothing of a look.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(crate) says: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) answer: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Value>,
}

impl Recorded {
    pub(crate) fn of<T: Told, E: ErrorTold>(
        call: &str,
        of: &str,
        says: Value,
        result: &Result<T, E>,
    ) -> Self {
        let (answer, error) = match result {
            Ok(answer) => (Some(answer.told()), None),
            Err(error) => (None, Some(error.told())),
        };
        Self { call: call.to_owned(), of: of.to_owned(), says, answer, error }
    }

    /// Whether it changes something, or tells somebody.
    pub(crate) fn is_change(&self) -> bool {
        const CHANGES: &[&str] = &[
            crate::rds::RESTORE,
            crate::rds::STOP,
            crate::rds::DELETE,
            "PutObject",
            "CreateObject",
            "Publish",
            "PutMetricData",
        ];
        CHANGES.contains(&self.call.as_str())
    }
}

/// The answers that an invocation gets, and what it did with them.
#[derive(Debug, Default)]
pub(crate) struct Script(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    left: Vec<Recorded>,
    made: Vec<Recorded>,
    unknown: Vec<String>,
}

impl Script {
    pub(crate) fn new(calls: Vec<Recorded>) -> Self {
        Self(Mutex::new(Inside { left: calls, ..Inside::default() }))
    }

    fn with<T>(&self, look: impl FnOnce(&mut Inside) -> T) -> T {
        look(&mut self.0.lock().expect("nobody panicked while holding it"))
    }

    /// The next answer to such a call; nothing when the history has none.
    pub(crate) fn answer<T: Told, E: ErrorTold>(
        &self,
        operation: &'static str,
        of: &str,
        says: Value,
    ) -> Option<Result<T, E>> {
        self.with(|inside| {
            let index = inside.left.iter().position(|r| r.call == operation && r.of == of);
            let Some(index) = index else {
                inside.unknown.push(format!("{operation} {of}"));
                return None;
            };
            let recorded = inside.left.remove(index);
            let result = match (&recorded.answer, &recorded.error) {
                (Some(answer), _) => T::untold(answer).map(Ok),
                (None, Some(error)) => E::untold(error, operation).map(Err),
                (None, None) => T::untold(&Value::Null).map(Ok),
            };
            if result.is_none() {
                inside.unknown.push(format!("the recorded answer of {operation} {of}"));
            }
            inside.made.push(Recorded { says, ..recorded });
            result
        })
    }

    /// The changes that were made, and what was asked that the history doesn't have.
    pub(crate) fn outcome(&self) -> (Vec<Recorded>, Vec<String>) {
        self.with(|inside| {
            let changes = inside.made.iter().filter(|r| r.is_change()).cloned().collect();
            (changes, inside.unknown.clone())
        })
    }
}
