//! Decides how the log archive is brought up to the moment, so that a point in time can be
//! reached.

use std::path::Path;
use std::time::{Duration, Instant};

use tokio_postgres::Client;

use super::{JobError, admin};
use crate::clock;

/// How long a segment may take to be archived.
const ARCHIVE_MAX: Duration = Duration::from_mins(1);

/// How often the archive is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Archives all that was committed until now. Commits once more before, because replay stops at
/// the first commit *after* the target and fails where there is none.
pub(super) async fn seal(client: &Client, archive: &Path) -> Result<(), JobError> {
    let scripts = ["SELECT txid_current()".to_owned(), "SELECT pg_walfile_name(pg_switch_wal())".to_owned()];
    let rows = admin::run(client, &scripts).await?;
    let segment = rows
        .into_iter()
        .flatten()
        .next()
        .flatten()
        .ok_or_else(|| JobError::Program("switching the log gave no segment".into()))?;
    let file = archive.join(&segment);
    let deadline = Instant::now() + ARCHIVE_MAX;
    while !file.exists() {
        if Instant::now() > deadline {
            return Err(JobError::TooSlow(format!(
                "segment {segment} was not archived within {} s",
                ARCHIVE_MAX.as_secs()
            )));
        }
        clock::pause(LOOK).await;
    }
    Ok(())
}
