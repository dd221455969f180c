//! The Lambda artifacts outside the VPC: two programs of one source, for eleven functions. Lambda's handler
//! setting says which step a function is, and the function's role what it may do.
//!
//! `plan` reads what people wrote, their SQL included, and changes nothing at RDS. `control` restores, stops
//! and deletes, and has no parser of SQL in it: what a program doesn't name isn't linked into it.
//!
//! Knows no order of steps. Reads settings and clock, builds the clients once, and calls the library.

mod clock;
mod handler;
mod logs;
mod rights;
mod settings;
mod steps;

use std::process::ExitCode;

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;

use crate::rights::Adapters;
use crate::settings::{Settings, SettingsError};
pub use crate::steps::{Artifact, CONTROL, PLAN};

/// Why the function doesn't start. Lambda reports the end of the process as `Runtime.ExitError`; the
/// reason is the log's last line.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("serving invocations ended: {0}")]
    Runtime(lambda_runtime::Error),
}

/// Serves one step of the artifact, until Lambda ends the process.
#[tokio::main(flavor = "current_thread")]
pub async fn run(artifact: Artifact) -> ExitCode {
    logs::begin(&settings::log_settings());
    match serve(artifact).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{} doesn't start: {error}", artifact.name());
            ExitCode::FAILURE
        }
    }
}

async fn serve(artifact: Artifact) -> Result<(), StartError> {
    let Settings { handler, step, bucket, topic_arn } = settings::read()?;
    let (name, begin) = artifact.find(&handler)?;
    let configuration = restore_drill_aws::configuration::of_environment();
    let adapters = Adapters::new(&configuration, &step.deployment, bucket, topic_arn);
    let call = begin(adapters, step);
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| {
        handler::invoke(name, &call, event.payload, clock::now())
    }))
    .await
    .map_err(StartError::Runtime)
}
