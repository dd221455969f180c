//! The Lambda artifacts outside the VPC: two programs of one source, for eleven functions. Lambda's handler
//! setting says which step a function is, and the function's role what it may do.
//!
//! `plan` reads what people wrote, their SQL included, and changes nothing at RDS. `control` restores, stops
//! and deletes, and has no parser of SQL in it: what a program doesn't name isn't linked into it.
//!
//! Knows no order of steps. Builds the clients once, and calls the library.

mod rights;
mod settings;
mod steps;

use std::process::ExitCode;

use restore_drill_lambda::{Artifact, of_environment};

use crate::rights::Adapters;
use crate::settings::Settings;
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
        let Settings { step, bucket, topic_arn } = settings::of(of_environment)?;
        let configuration = restore_drill_aws::configuration::of_environment();
        let adapters = Adapters::new(&configuration, &step.deployment, bucket, topic_arn);
        Ok::<_, restore_drill_lambda::SettingsError>((name, begin(adapters, step)))
    })
}
