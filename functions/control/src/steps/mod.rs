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

/// A program and its handlers, each by the name that Lambda's handler setting gives.
#[derive(Debug, Clone, Copy)]
pub struct Artifact {
    name: &'static str,
    handlers: &'static [(&'static str, Begin)],
}

/// What reads what people wrote.
pub const PLAN: Artifact = Artifact { name: "plan", handlers: &[("plan-drill", plan_drill::begin)] };

/// What acts by the plan.
pub const CONTROL: Artifact = Artifact {
    name: "control",
    handlers: &[
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
    ],
};

impl Artifact {
    /// The program's name.
    pub(crate) fn name(self) -> &'static str {
        self.name
    }

    /// The handler of that name.
    ///
    /// # Errors
    /// [`SettingsError::Handler`] with every name that there is.
    pub(crate) fn find(self, name: &str) -> Result<(&'static str, Begin), SettingsError> {
        self.handlers.iter().find(|(known, _)| *known == name).copied().ok_or_else(|| {
            SettingsError::Handler {
                handler: name.to_owned(),
                known: self.handlers.iter().map(|(known, _)| *known).collect(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use drill::steps;

    use super::*;

    #[test]
    fn the_handlers_are_the_steps_of_the_library() {
        for (artifact, steps) in [(PLAN, steps::PLAN), (CONTROL, steps::CONTROL)] {
            let names: Vec<&str> = artifact.handlers.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, steps, "{}", artifact.name);
        }
    }

    #[test]
    fn an_unknown_handler_is_refused_with_every_known_one() {
        let line = CONTROL.find("bootstrap").unwrap_err().to_string();
        assert!(
            line.starts_with("handler \"bootstrap\" is unknown; this artifact has restore-replica, "),
            "{line}"
        );
        for known in steps::CONTROL {
            assert!(line.contains(known), "{line}");
        }
    }

    #[test]
    fn the_handlers_of_other_artifacts_are_unknown() {
        for other in steps::VERIFY {
            assert!(
                CONTROL.find(other).is_err() && PLAN.find(other).is_err(),
                "{other} belongs into the VPC"
            );
        }
        for other in steps::PLAN {
            assert!(CONTROL.find(other).is_err(), "{other} reads what people wrote");
        }
        for other in steps::CONTROL {
            assert!(PLAN.find(other).is_err(), "{other} acts");
        }
    }
}
