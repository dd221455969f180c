//! The handlers, one a file: each names the step and nothing else.

use restore_drill_postgres::Postgres;

use crate::handler::Call;
use crate::settings::SettingsError;

mod plan_checks;
mod run_check;

/// Gives a step its connector.
pub(crate) type Begin = fn(Postgres) -> Call;

/// Every handler of this artifact by the name that Lambda's handler setting gives.
const HANDLERS: &[(&str, Begin)] = &[("plan-checks", plan_checks::begin), ("run-check", run_check::begin)];

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
        assert_eq!(names, drill::steps::VERIFY);
    }

    #[test]
    fn the_handlers_outside_the_vpc_are_unknown_here() {
        for other in [drill::steps::PLAN, drill::steps::CONTROL].concat() {
            let line = find(other).unwrap_err().to_string();
            assert!(line.ends_with("is unknown; this artifact has plan-checks, run-check"), "{line}");
        }
    }
}
