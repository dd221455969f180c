//! The handlers, one a file: each names the step and nothing else.

use restore_drill_lambda::{Artifact, Call};
use restore_drill_postgres::Postgres;

mod plan_checks;
mod run_check;

/// Gives a step its connector.
pub(crate) type Begin = fn(Postgres) -> Call;

/// What reads the replica.
pub(crate) const VERIFY: Artifact<Begin> = Artifact {
    name: "verify",
    logged: &["restore_drill_postgres"],
    handlers: &[("plan-checks", plan_checks::begin), ("run-check", run_check::begin)],
};

#[cfg(test)]
mod tests {
    use drill::steps;

    use super::*;

    #[test]
    fn the_handlers_are_the_steps_of_the_library() {
        let names: Vec<&str> = VERIFY.handlers.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, steps::VERIFY);
    }

    #[test]
    fn the_handlers_outside_the_vpc_are_unknown_here() {
        for other in [steps::PLAN, steps::CONTROL].concat() {
            let line = VERIFY.handler(|_| Some(other.to_owned())).unwrap_err().to_string();
            assert!(line.ends_with("is unknown; this artifact has plan-checks, run-check"), "{line}");
        }
    }
}
