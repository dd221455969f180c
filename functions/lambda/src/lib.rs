//! What every function does around its step, whatever the artifact: starts by its settings, reads the
//! input, calls the step, logs one line about it, and names the error for the state machine.
//!
//! Knows no step, no AWS and no SQL. The clock, the environment and the standard output of a function are
//! in here, and nowhere else.

mod clock;
mod handler;
mod logs;
mod settings;

use std::fmt;
use std::process::ExitCode;

pub use clock::now;
pub use handler::{Call, Invocation, call};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
pub use settings::{SettingsError, of_environment, required};

/// A program and its handlers, each with what gives its step what it may use.
#[derive(Debug, Clone, Copy)]
pub struct Artifact<B: 'static> {
    /// The program's name.
    pub name: &'static str,
    /// The crates whose lines are logged at the function's level; others' only from WARN on.
    pub logged: &'static [&'static str],
    /// By the name that Lambda's handler setting gives.
    pub handlers: &'static [(&'static str, B)],
}

impl<B: Copy> Artifact<B> {
    /// The handler that the function's settings name.
    ///
    /// # Errors
    /// [`SettingsError`]: none is named, or none of these, with every name that there is.
    pub fn handler(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<(&'static str, B), SettingsError> {
        let name = required(&variable, settings::HANDLER, "the step, set by the function's handler")?;
        self.handlers.iter().find(|(known, _)| *known == name).copied().ok_or_else(|| {
            SettingsError::Handler {
                handler: name,
                known: self.handlers.iter().map(|(known, _)| *known).collect(),
            }
        })
    }

    /// Serves the step that `begin` gives, until Lambda ends the process.
    ///
    /// Where it doesn't begin, or can't go on, the log's last line says why, and Lambda reports the end of the
    /// process as `Runtime.ExitError`.
    #[tokio::main(flavor = "current_thread")]
    pub async fn run<E>(&self, begin: impl FnOnce(&Self) -> Result<(&'static str, Call), E>) -> ExitCode
    where
        E: fmt::Display,
    {
        logs::begin(&settings::logs(), self.logged);
        let (step, call) = match begin(self) {
            Ok(served) => served,
            Err(error) => return self.ends(&error),
        };
        let served = lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| {
            let invocation = Invocation::begin(now(), event.context.deadline());
            handler::invoke(step, &call, event.payload, invocation)
        }));
        match served.await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => self.ends(&format_args!("serving invocations ended: {error}")),
        }
    }

    fn ends(&self, why: &dyn fmt::Display) -> ExitCode {
        tracing::error!("{} doesn't start: {why}", self.name);
        ExitCode::FAILURE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARTIFACT: Artifact<u8> =
        Artifact { name: "one", logged: &[], handlers: &[("plan-checks", 1), ("run-check", 2)] };

    #[test]
    fn the_handler_that_is_set_is_found() {
        assert_eq!(ARTIFACT.handler(|_| Some("run-check".to_owned())), Ok(("run-check", 2)));
    }

    #[test]
    fn an_unknown_handler_is_refused_with_every_known_one() {
        let line = ARTIFACT.handler(|_| Some("delete-source".to_owned())).unwrap_err().to_string();
        assert_eq!(line, "handler \"delete-source\" is unknown; this artifact has plan-checks, run-check");
        let line = ARTIFACT.handler(|_| None).unwrap_err().to_string();
        assert!(line.starts_with("environment variable _HANDLER is missing: "), "{line}");
    }
}
