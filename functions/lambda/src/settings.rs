//! What a function is told by its environment, read once when it starts.

/// Which step the function is: Lambda's handler setting.
pub(crate) const HANDLER: &str = "_HANDLER";

/// A setting that keeps a function from starting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// It isn't set.
    #[error("environment variable {name} is missing: {meaning}")]
    Missing {
        /// Its name.
        name: &'static str,
        /// What it is for.
        meaning: &'static str,
    },
    /// It isn't what we take.
    #[error("environment variable {name}: {problem}")]
    Malformed {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The handler is none of the artifact's.
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

/// Reads how logs are written from the environment.
pub(crate) fn logs() -> LogSettings {
    LogSettings {
        format: of_environment("AWS_LAMBDA_LOG_FORMAT"),
        level: of_environment("AWS_LAMBDA_LOG_LEVEL"),
    }
}

/// A setting that has to be there.
///
/// # Errors
/// [`SettingsError::Missing`], with what it is for.
pub fn required(
    variable: impl Fn(&str) -> Option<String>,
    name: &'static str,
    meaning: &'static str,
) -> Result<String, SettingsError> {
    variable(name).ok_or(SettingsError::Missing { name, meaning })
}

/// A variable of the process's environment. An empty one is as good as none.
#[expect(clippy::disallowed_methods, reason = "the one place of the functions that reads the environment")]
pub fn of_environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
