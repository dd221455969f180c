//! What the function is told by its environment, read once when it starts.
//!
//! Lambda sets the credentials of the function's role for the life of one environment, and makes a new
//! environment before they expire.

use std::path::PathBuf;

use restore_drill_postgres::token::Credentials;

/// Which step the function is: Lambda's handler setting.
const HANDLER: &str = "_HANDLER";
const CA_BUNDLE: &str = "RESTORE_DRILL_CA_BUNDLE";
const REGION: &str = "AWS_REGION";
const ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";
const SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";

/// The function's settings.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The name of the step.
    pub(crate) handler: String,
    /// PEM file with the authorities that the replica's certificate may be of; relative to the
    /// function's own files.
    pub(crate) ca_bundle: PathBuf,
    /// The region that tokens are signed for.
    pub(crate) region: String,
    /// The credentials that they are signed with.
    pub(crate) credentials: Credentials,
}

/// A setting that keeps the function from starting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SettingsError {
    /// It isn't set.
    #[error("environment variable {name} is missing: {meaning}")]
    Missing {
        /// Its name.
        name: &'static str,
        /// What it is for.
        meaning: &'static str,
    },
    /// The handler is none of ours.
    #[error("handler {handler:?} is unknown; this artifact has {}", known.join(", "))]
    Handler {
        /// What is set.
        handler: String,
        /// What there is.
        known: Vec<&'static str>,
    },
}

/// How logs are written: Lambda's own settings of the function.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogSettings {
    /// `AWS_LAMBDA_LOG_FORMAT`: `JSON` or `Text`.
    pub(crate) format: Option<String>,
    /// `AWS_LAMBDA_LOG_LEVEL`: `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR` or `FATAL`.
    pub(crate) level: Option<String>,
}

/// Reads the settings from the environment.
pub(crate) fn read() -> Result<Settings, SettingsError> {
    of(variable)
}

/// Reads how logs are written from the environment.
pub(crate) fn log_settings() -> LogSettings {
    LogSettings { format: variable("AWS_LAMBDA_LOG_FORMAT"), level: variable("AWS_LAMBDA_LOG_LEVEL") }
}

/// Names the first setting that is missing. An empty one is as good as none.
fn of(variable: impl Fn(&str) -> Option<String>) -> Result<Settings, SettingsError> {
    let required = |name, meaning| variable(name).ok_or(SettingsError::Missing { name, meaning });
    Ok(Settings {
        handler: required(HANDLER, "the step, set by the function's handler")?,
        ca_bundle: required(
            CA_BUNDLE,
            "the PEM file of the authorities that the database's certificate is of",
        )?
        .into(),
        region: required(REGION, "the region, set by Lambda")?,
        credentials: Credentials::new(
            required(ACCESS_KEY_ID, "the credentials of the function's role, set by Lambda")?,
            required(SECRET_ACCESS_KEY, "the credentials of the function's role, set by Lambda")?,
            variable(SESSION_TOKEN),
        ),
    })
}

#[expect(clippy::disallowed_methods, reason = "the one place of this shell that reads the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(name: &str) -> Option<String> {
        let value = match name {
            HANDLER => "run-check",
            CA_BUNDLE => "global-bundle.pem",
            REGION => "eu-central-1",
            ACCESS_KEY_ID => "AKIDEXAMPLE",
            SECRET_ACCESS_KEY => "wJalrXUtnFEMI",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn each_missing_setting_is_named_with_its_meaning() {
        for name in [HANDLER, CA_BUNDLE, REGION, ACCESS_KEY_ID, SECRET_ACCESS_KEY] {
            let line = of(|n| if n == name { None } else { complete(n) }).unwrap_err().to_string();
            assert!(line.starts_with(&format!("environment variable {name} is missing: ")), "{line}");
            assert!(!line.contains('\n') && !line.contains("wJalr"), "{line}");
        }
    }

    #[test]
    fn complete_settings_are_read_and_show_no_secret() {
        let settings = of(complete).expect("they are complete");
        assert_eq!((settings.handler.as_str(), settings.region.as_str()), ("run-check", "eu-central-1"));
        assert!(!format!("{settings:?}").contains("wJalr"));
    }
}
