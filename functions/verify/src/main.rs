//! The Lambda artifact inside the VPC. One binary for two functions: Lambda's handler setting says
//! which step a function is.
//!
//! Knows no RDS, and needs no route to AWS: the token that opens the database is signed here. Reads
//! settings and clock, builds the connector once, and calls the library.

mod clock;
mod handler;
mod logs;
mod settings;
mod steps;

use std::process::ExitCode;

use lambda_runtime::{LambdaEvent, service_fn};
use restore_drill_postgres::{CaBundle, CaBundleError, Postgres};
use serde_json::Value;

use crate::handler::Invocation;
use crate::settings::{Settings, SettingsError};

/// Why the function doesn't start. Lambda reports the end of the process as `Runtime.ExitError`; the
/// reason is the log's last line.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    CaBundle(#[from] CaBundleError),
    #[error("serving invocations ended: {0}")]
    Runtime(lambda_runtime::Error),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    logs::begin(&settings::log_settings());
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("verify doesn't start: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), StartError> {
    let Settings { handler, ca_bundle, region, credentials } = settings::read()?;
    let (name, begin) = steps::find(&handler)?;
    let call = begin(Postgres::new(&CaBundle::read(&ca_bundle)?, credentials, region));
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| {
        let invocation = Invocation::begin(clock::now(), event.context.deadline());
        handler::invoke(name, &call, event.payload, invocation)
    }))
    .await
    .map_err(StartError::Runtime)
}
