//! The Lambda artifact outside the VPC. One binary for eleven functions: Lambda's handler setting says
//! which step a function is, and the function's role what it may do.
//!
//! Knows no SQL and no order of steps. Reads settings and clock, builds the clients once, and calls
//! the library.

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

/// Why the function doesn't start. Lambda reports the end of the process as `Runtime.ExitError`; the
/// reason is the log's last line.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("serving invocations ended: {0}")]
    Runtime(lambda_runtime::Error),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    logs::begin(&settings::log_settings());
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("control doesn't start: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), StartError> {
    let Settings { handler, step, bucket, topic_arn } = settings::read()?;
    let (name, begin) = steps::find(&handler)?;
    let configuration = restore_drill_aws::configuration::of_environment();
    let adapters = Adapters::new(&configuration, &step.deployment, bucket, topic_arn);
    let call = begin(adapters, step);
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| {
        handler::invoke(name, &call, event.payload, clock::now())
    }))
    .await
    .map_err(StartError::Runtime)
}
