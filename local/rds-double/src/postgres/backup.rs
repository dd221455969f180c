//! Decides how a snapshot is taken: a base backup by SQL and a copy of the files.

use std::path::Path;

use tokio_postgres::Client;

use super::files::{self, WriteAheadLog};
use super::{Doing, JobError, Owner, admin};

/// The name of the slot that keeps the log during a backup.
const SLOT: &str = "rds_double_backup";

/// Copies a running server's data, so that a server started from the copy is consistent.
pub(super) async fn take(
    client: &Client,
    major: u32,
    data: &Path,
    to: &Path,
    owner: Owner,
) -> Result<(), JobError> {
    // The slot goes with this connection; until then no segment that the copy needs is recycled.
    let (start, stop) = if major >= 15 {
        ("pg_backup_start('snapshot', true)", "pg_backup_stop(false)")
    } else {
        ("pg_start_backup('snapshot', true, false)", "pg_stop_backup(false, false)")
    };
    let begin = [
        format!("SELECT pg_create_physical_replication_slot('{SLOT}', true, true)"),
        format!("SELECT {start}"),
    ];
    admin::run(client, &begin).await?;
    copy(data, to, WriteAheadLog::LeftOut, owner).await?;
    let ended = format!("SELECT labelfile, pg_walfile_name(lsn) FROM {stop}");
    let rows = admin::run(client, &[ended]).await?;
    let (Some(Some(label)), Some(Some(last))) =
        (rows.first().and_then(|row| row.first()), rows.first().and_then(|row| row.get(1)))
    else {
        return Err(JobError::Program("the backup gave no label".into()));
    };
    let first = label
        .split_once("(file ")
        .and_then(|(_, rest)| rest.split_once(')'))
        .map(|(name, _)| name.to_owned())
        .ok_or_else(|| JobError::Program("the backup's label names no segment".into()))?;
    copy_segments(data, to, &first, last, owner)?;
    files::write(&to.join("backup_label"), label, owner)?;
    admin::run(client, &[format!("SELECT pg_drop_replication_slot('{SLOT}')")]).await?;
    Ok(())
}

/// Copies the segments that the copy must replay to be consistent, and the histories.
fn copy_segments(data: &Path, to: &Path, first: &str, last: &str, owner: Owner) -> Result<(), JobError> {
    let log = data.join("pg_wal");
    for entry in std::fs::read_dir(&log).doing(|| format!("reading {}", log.display()))? {
        let entry = entry.doing(|| format!("reading {}", log.display()))?;
        let name = entry.file_name();
        let text = name.to_string_lossy();
        let needed = text.len() == first.len() && (first..=last).contains(&text.as_ref());
        if needed || text.ends_with(".history") {
            files::copy_file(&entry.path(), &to.join("pg_wal").join(&name), owner)?;
        }
    }
    Ok(())
}

/// Copies a data directory without holding up anything else.
pub(super) async fn copy(from: &Path, to: &Path, log: WriteAheadLog, owner: Owner) -> Result<(), JobError> {
    let (source, target) = (from.to_owned(), to.to_owned());
    tokio::task::spawn_blocking(move || files::copy_data(&source, &target, log, owner))
        .await
        .map_err(|error| JobError::Program(format!("the copy ended early: {error}")))?
}
