//! The handlers, one a file: each names the step, its rights, and nothing else.

use drill::steps::Settings;

use crate::handler::Call;
use crate::rights::Adapters;
use crate::settings::SettingsError;

mod abandon_drill;
mod judge_drill;
mod observe_replica;
mod plan_drill;
mod publish_report;
mod record_measurements;
mod restore_replica;
mod retire_previous;
mod stop_replica;
mod sweep_orphans;
mod watch_restores;

/// Gives a step its rights and settings.
pub(crate) type Begin = fn(Adapters, Settings) -> Call;

/// Every handler of this artifact by the name that Lambda's handler setting gives.
const HANDLERS: &[(&str, Begin)] = &[
    ("plan-drill", plan_drill::begin),
    ("restore-replica", restore_replica::begin),
    ("observe-replica", observe_replica::begin),
    ("record-measurements", record_measurements::begin),
    ("judge-drill", judge_drill::begin),
    ("stop-replica", stop_replica::begin),
    ("retire-previous", retire_previous::begin),
    ("publish-report", publish_report::begin),
    ("abandon-drill", abandon_drill::begin),
    ("sweep-orphans", sweep_orphans::begin),
    ("watch-restores", watch_restores::begin),
];

/// The handler of that name.
///
/// # Errors
/// [`SettingsError::Handler`] with every name that there is.
pub(crate) fn find(name: &str) -> Result<(&'static str, Begin), SettingsError> {
    HANDLERS.iter().find(|(known, _)| *known == name).copied().ok_or_else(|| SettingsError::Handler {
        handler: name.to_owned(),
        known: HANDLERS.iter().map(|(known, _)| *known).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handlers_are_the_steps_of_the_library() {
        let names: Vec<&str> = HANDLERS.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, drill::steps::CONTROL);
    }

    #[test]
    fn an_unknown_handler_is_refused_with_every_known_one() {
        let line = find("bootstrap").unwrap_err().to_string();
        assert!(
            line.starts_with("handler \"bootstrap\" is unknown; this artifact has plan-drill, "),
            "{line}"
        );
        for known in drill::steps::CONTROL {
            assert!(line.contains(known), "{line}");
        }
    }

    #[test]
    fn the_verifier_s_handlers_are_unknown_here() {
        for other in drill::steps::VERIFY {
            assert!(find(other).is_err(), "{other} belongs into the VPC");
        }
    }
}
