//! Decides what a new database begins with: cluster, roles, the master user, a first database.

use std::path::Path;

use tokio_postgres::Client;

use super::admin::{self, ADMIN, identifier, literal};
use super::files;
use super::{Binaries, Doing, JobError, Owner};
use crate::model::Password;

/// Makes an empty cluster with page checksums.
pub(super) async fn initialise(binaries: &Binaries, owner: Owner, data: &Path) -> Result<(), JobError> {
    files::make_directory(data, owner)?;
    let mut command = binaries.command("initdb");
    command.arg("-D").arg(data).args(["-U", ADMIN, "-E", "UTF8", "--no-locale"]).args([
        "--data-checksums",
        // Small segments: each snapshot and each point in time copies at least one.
        "--wal-segsize=4",
        "--auth=trust",
        "--no-sync",
    ]);
    owner.run(&mut command);
    let output = tokio::process::Command::from(command).output().await.doing(|| "running initdb".into())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(JobError::Program(format!("initdb failed: {said}")))
}

/// Makes the roles that RDS has, the master user and its database.
pub(super) async fn populate(
    client: &Client,
    master: &str,
    password: &Password,
    database: Option<&str>,
) -> Result<(), JobError> {
    let master = identifier(master);
    let secret = literal(password.reveal());
    let mut scripts = vec![
        "CREATE ROLE rds_superuser NOLOGIN;
         CREATE ROLE rds_iam NOLOGIN;
         CREATE ROLE rds_password NOLOGIN;
         CREATE ROLE rds_replication NOLOGIN;
         GRANT pg_monitor, pg_signal_backend, pg_read_all_data, pg_write_all_data TO rds_superuser WITH ADMIN OPTION"
            .to_owned(),
    ];
    let make = format!("CREATE ROLE {master} LOGIN CREATEDB CREATEROLE PASSWORD {secret}");
    scripts.push(format!("{make}; GRANT rds_superuser TO {master}"));
    if let Some(name) = database.filter(|name| *name != "postgres") {
        scripts.push(format!("CREATE DATABASE {} OWNER {master}", identifier(name)));
    }
    let failed = |error: JobError| match error {
        // The statement holds the password: say only what the server said.
        JobError::Sql { source, .. } => {
            JobError::Sql { doing: "making roles and the database".into(), source }
        }
        other => other,
    };
    admin::run(client, &scripts).await.map_err(failed)?;
    Ok(())
}

/// Gives the master user a new password.
pub(super) async fn set_password(client: &Client, master: &str, password: &Password) -> Result<(), JobError> {
    let statement = format!("ALTER ROLE {} PASSWORD {}", identifier(master), literal(password.reveal()));
    client.batch_execute(&statement).await.doing(|| "setting the master password".into())
}
