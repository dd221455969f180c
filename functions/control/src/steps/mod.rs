//! The handlers, one a file: each names the step, its rights, and nothing else.

use drill::steps::Settings;
use restore_drill_lambda::{Artifact, Call};

use crate::rights::Adapters;

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

const LOGGED: &[&str] = &["restore_drill_aws"];

/// What reads what people wrote.
pub(crate) const PLAN: Artifact<Begin> =
    Artifact { name: "plan", logged: LOGGED, handlers: &[("plan-drill", plan_drill::begin)] };

/// What acts by the plan.
pub(crate) const CONTROL: Artifact<Begin> = Artifact {
    name: "control",
    logged: LOGGED,
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
    fn the_handlers_of_other_artifacts_are_unknown() {
        let is_in =
            |artifact: Artifact<Begin>, name: &str| artifact.handler(|_| Some(name.to_owned())).is_ok();
        for other in steps::VERIFY {
            assert!(!is_in(CONTROL, other) && !is_in(PLAN, other), "{other} belongs into the VPC");
        }
        for other in steps::PLAN {
            assert!(!is_in(CONTROL, other) && is_in(PLAN, other), "{other} reads what people wrote");
        }
        for other in steps::CONTROL {
            assert!(!is_in(PLAN, other) && is_in(CONTROL, other), "{other} acts");
        }
    }
}
