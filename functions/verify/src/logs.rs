//! Logs as Lambda's settings of the function ask for them: format and level.

use lambda_runtime::tracing::subscriber::filter::{LevelFilter, Targets};
use lambda_runtime::tracing::subscriber::fmt;
use lambda_runtime::tracing::subscriber::layer::SubscriberExt;
use lambda_runtime::tracing::subscriber::util::SubscriberInitExt;

use crate::settings::LogSettings;

/// Writes logs to the standard output from here on: one JSON object a line where the function's log
/// format is `JSON`, with the keys `timestamp` and `level` that Lambda reads, else text.
pub(crate) fn begin(settings: &LogSettings) {
    let lines = lambda_runtime::tracing::subscriber::registry().with(targets(settings));
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
/// `DEBUG` and `TRACE` the client of PostgreSQL prints statements and the runtime whole events.
fn targets(settings: &LogSettings) -> Targets {
    let level = match settings.level.as_deref() {
        Some("FATAL") => LevelFilter::ERROR,
        Some(level) => level.parse().unwrap_or(LevelFilter::INFO),
        None => LevelFilter::INFO,
    };
    Targets::new()
        .with_default(LevelFilter::WARN.min(level))
        .with_targets(["verify", "drill", "restore_drill_postgres"].map(|target| (target, level)))
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
        targets(&LogSettings { level: Some(level.to_owned()), format: None })
    }

    #[test]
    fn the_client_of_postgresql_stays_at_warnings_whatever_the_level() {
        for level in ["TRACE", "DEBUG", "INFO", "nonsense"] {
            assert!(!at(level).would_enable("tokio_postgres::query", &Level::INFO), "{level}");
            assert!(at(level).would_enable("tokio_postgres::query", &Level::WARN), "{level}");
        }
    }

    #[test]
    fn our_crates_follow_the_level() {
        assert!(at("DEBUG").would_enable("verify::handler", &Level::DEBUG));
        assert!(!at("WARN").would_enable("verify::handler", &Level::INFO));
        assert!(at("FATAL").would_enable("verify::handler", &Level::ERROR));
        assert!(targets(&LogSettings::default()).would_enable("drill::steps", &Level::INFO));
    }
}
