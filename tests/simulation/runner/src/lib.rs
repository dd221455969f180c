//! Runs a definition of Step Functions: just the subset of the Amazon States Language and of `JSONata`
//! that the drill's definition uses. Everything else is refused when the definition is read, so that nothing is
//! ever run in another way than AWS would.
//!
//! Time, chance and the functions themselves are the [`Engine`]'s: the runner has no clock and no threads.

mod definition;
mod expression;
mod machine;
mod map;
mod position;
mod retry;
mod side_by_side;

pub use definition::{Definition, Refused};
pub use expression::{Expression, code_of};
pub use machine::{Ended, Engine, Execution, Outcome, Seen, Task};
pub use position::{Iteration, Position};

/// An error of a state: what Retry and Catch match, and what `$states.errorOutput` holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The name of the error.
    pub error: String,
    /// What is said about it; of a function's error the JSON text of `errorType` and `errorMessage`.
    pub cause: String,
}

impl Failure {
    /// An error with what is said about it.
    pub fn new(error: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { error: error.into(), cause: cause.into() }
    }

    fn query(cause: String) -> Self {
        Self::new("States.QueryEvaluationError", cause)
    }

    /// Whether a Retry or a Catch that lists `name` takes this error.
    ///
    /// `States.ALL` takes all but two, `States.TaskFailed` all but a time-out (Step Functions developer
    /// guide, "Error names").
    pub fn is_matched_by(&self, name: &str) -> bool {
        match name {
            "States.ALL" => !matches!(self.error.as_str(), "States.DataLimitExceeded" | "States.Runtime"),
            "States.TaskFailed" => self.error != "States.Timeout",
            name => self.error == name,
        }
    }
}
