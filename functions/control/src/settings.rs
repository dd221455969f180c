//! What the function is told by its environment, read once when it starts.

use drill::ids::{Deployment, MalformedId};

/// Which step the function is: Lambda's handler setting.
const HANDLER: &str = "_HANDLER";
const DEPLOYMENT: &str = "RESTORE_DRILL_DEPLOYMENT";
const BUCKET: &str = "RESTORE_DRILL_BUCKET";
const TOPIC_ARN: &str = "RESTORE_DRILL_TOPIC_ARN";

/// The function's settings.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The name of the step.
    pub(crate) handler: String,
    /// What the step itself knows.
    pub(crate) step: drill::steps::Settings,
    /// The evidence bucket.
    pub(crate) bucket: String,
    /// The topic that people are told by.
    pub(crate) topic_arn: String,
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
    /// The deployment isn't a name that we take.
    #[error("environment variable {DEPLOYMENT}: {0}")]
    Deployment(#[from] MalformedId),
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
        step: drill::steps::Settings {
            deployment: Deployment::parse(&required(DEPLOYMENT, "the name of the deployment")?)?,
        },
        bucket: required(BUCKET, "the name of the evidence bucket")?,
        topic_arn: required(TOPIC_ARN, "the ARN of the topic that people are told by")?,
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
            HANDLER => "plan-drill",
            DEPLOYMENT => "prod",
            BUCKET => "evidence",
            TOPIC_ARN => "arn:aws:sns:eu-central-1:123456789012:drills",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn each_missing_setting_is_named_with_its_meaning() {
        for name in [HANDLER, DEPLOYMENT, BUCKET, TOPIC_ARN] {
            let error = of(|n| if n == name { None } else { complete(n) }).unwrap_err();
            let line = error.to_string();
            assert!(line.starts_with(&format!("environment variable {name} is missing: ")), "{line}");
            assert!(!line.contains('\n'));
        }
    }

    #[test]
    fn a_malformed_deployment_is_refused_with_the_variable_s_name() {
        let error =
            of(|n| if n == DEPLOYMENT { Some("Prod_1".to_owned()) } else { complete(n) }).unwrap_err();
        assert_eq!(
            error.to_string(),
            "environment variable RESTORE_DRILL_DEPLOYMENT: deployment \"Prod_1\" must start with a lower-case letter"
        );
    }

    #[test]
    fn complete_settings_are_read() {
        let settings = of(complete).expect("they are complete");
        assert_eq!(settings.handler, "plan-drill");
        assert_eq!(settings.step.deployment.as_str(), "prod");
        assert_eq!(settings.bucket, "evidence");
    }
}
