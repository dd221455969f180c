//! Logs as Lambda's settings of the function ask for them: format and level.

use lambda_runtime::tracing::subscriber::filter::{LevelFilter, Targets};
use lambda_runtime::tracing::subscriber::fmt;
use lambda_runtime::tracing::subscriber::layer::SubscriberExt;
use lambda_runtime::tracing::subscriber::util::SubscriberInitExt;

use crate::settings::LogSettings;

/// Writes logs to the standard output from here on: one JSON object a line where the function's log
/// format is `JSON`, with the keys `timestamp` and `level` that Lambda reads, else text.
pub(crate) fn begin(settings: &LogSettings, crates: &[&str]) {
    let lines = lambda_runtime::tracing::subscriber::registry().with(targets(settings, crates));
    let is_json = settings.format.as_deref().is_some_and(|format| format.eq_ignore_ascii_case("json"));
    if is_json {
        lines
            .with(fmt::layer().json().flatten_event(true).with_current_span(false).with_target(false))
            .init();
    } else {
        lines.with(fmt::layer().with_ansi(false).with_target(false)).init();
    }
}

/// Our crates at the level of the settings, everybody else's warnings at most, whatever the level: at
/// `DEBUG` and `TRACE` the SDK and the runtime print whole events and answers, the client of PostgreSQL
/// its statements.
fn targets(settings: &LogSettings, crates: &[&str]) -> Targets {
    let level = match settings.level.as_deref() {
        Some("FATAL") => LevelFilter::ERROR,
        Some(level) => level.parse().unwrap_or(LevelFilter::INFO),
        None => LevelFilter::INFO,
    };
    Targets::new()
        .with_default(LevelFilter::WARN.min(level))
        .with_targets(["drill", "restore_drill_lambda"].map(|target| (target, level)))
        .with_targets(crates.iter().map(|target| (*target, level)))
        // The runtime's span of an invocation, with the request id; nothing else is in that module.
        .with_target("lambda_runtime::layers::trace", LevelFilter::INFO)
        // The runtime repeats every error that a step returns; `handler` has logged it with its fields.
        .with_target("lambda_runtime::layers::panic", LevelFilter::OFF)
}

#[cfg(test)]
mod tests {
    use lambda_runtime::tracing::Level;

    use super::*;

    fn at(level: &str) -> Targets {
        targets(&LogSettings { level: Some(level.to_owned()), format: None }, &["restore_drill_aws"])
    }

    #[test]
    fn other_crates_stay_at_warnings_whatever_the_level() {
        for level in ["TRACE", "DEBUG", "INFO", "nonsense"] {
            for other in ["aws_smithy_runtime::client", "tokio_postgres::query"] {
                assert!(!at(level).would_enable(other, &Level::INFO), "{level}");
                assert!(at(level).would_enable(other, &Level::WARN), "{level}");
            }
        }
    }

    #[test]
    fn our_crates_follow_the_level() {
        for ours in ["restore_drill_lambda::handler", "restore_drill_aws::rds", "drill::steps"] {
            assert!(at("DEBUG").would_enable(ours, &Level::DEBUG));
            assert!(!at("WARN").would_enable(ours, &Level::INFO));
            assert!(at("FATAL").would_enable(ours, &Level::ERROR));
        }
        assert!(targets(&LogSettings::default(), &[]).would_enable("drill::steps", &Level::INFO));
    }
}
