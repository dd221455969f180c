//! The Lambda artifacts outside the VPC: two programs of one source, for eleven functions. Lambda's handler
//! setting says which step a function is, and the function's role what it may do.
//!
//! `plan` reads what people wrote, their SQL included, and changes nothing at RDS. `control` restores, stops
//! and deletes, and has no parser of SQL in it: what a program doesn't name isn't linked into it.
//!
//! Knows no order of steps. Builds the step's clients once, and calls the library.

mod rights;
mod settings;
mod steps;

use std::process::ExitCode;

use restore_drill_lambda::{Artifact, SettingsError, of_environment};

use crate::rights::Adapters;
use crate::steps::Begin;

/// The artifact that reads what people wrote: serves its step, until Lambda ends the process.
pub fn plan() -> ExitCode {
    run(steps::PLAN)
}

/// The artifact that acts by the plan: serves one of its steps, until Lambda ends the process.
pub fn control() -> ExitCode {
    run(steps::CONTROL)
}

fn run(artifact: Artifact<Begin>) -> ExitCode {
    artifact.run(|artifact| {
        let (name, begin) = artifact.handler(of_environment)?;
        let settings = settings::of(of_environment)?;
        let step = settings.step.clone();
        let adapters = Adapters::new(restore_drill_aws::configuration::of_environment(), settings);
        Ok::<_, SettingsError>((name, begin(adapters, step)))
    })
}
