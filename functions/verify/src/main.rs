//! The Lambda artifact inside the VPC. One binary for two functions: Lambda's handler setting says
//! which step a function is.
//!
//! Knows no RDS, and needs no route to AWS: the token that opens the database is signed here. Builds
//! the connector once, and calls the library.

mod settings;
mod steps;

use std::process::ExitCode;

use restore_drill_lambda::{SettingsError, of_environment};
use restore_drill_postgres::{CaBundle, CaBundleError, Postgres};

use crate::settings::Settings;

/// Why the function doesn't start.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    CaBundle(#[from] CaBundleError),
}

fn main() -> ExitCode {
    steps::VERIFY.run(|artifact| {
        let (name, begin) = artifact.handler(of_environment)?;
        let Settings { ca_bundle, region, credentials } = settings::of(of_environment)?;
        let database = Postgres::new(&CaBundle::read(&ca_bundle)?, credentials, region);
        Ok::<_, StartError>((name, begin(database)))
    })
}
