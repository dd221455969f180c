//! Looking at snapshots and automated backups.

use aws_sdk_rds::types::DbSnapshot;
use drill::backup::{RestorableWindow, Snapshot};
use drill::ids::{DbiResourceId, SnapshotId, SourceId};
use drill::ports::{RdsError, RdsErrorKind, ReadBackups};

use super::error::{rds_error, too_long, unreadable};
use super::{PAGE_RECORDS, PAGES_MAX, Rds, translate};

const SNAPSHOTS: &str = "DescribeDBSnapshots";
const AUTOMATED_BACKUPS: &str = "DescribeDBInstanceAutomatedBackups";

impl ReadBackups for Rds {
    async fn automated_snapshots(&self, resource_id: &DbiResourceId) -> Result<Vec<Snapshot>, RdsError> {
        let mut snapshots = Vec::new();
        let mut marker = None;
        for _ in 0..PAGES_MAX {
            let page = self
                .client
                .describe_db_snapshots()
                .dbi_resource_id(resource_id.as_str())
                .snapshot_type("automated")
                .max_records(PAGE_RECORDS)
                .set_marker(marker)
                .send()
                .await
                .map_err(|e| rds_error(SNAPSHOTS, e))?;
            snapshots.extend(page.db_snapshots().iter().filter_map(usable));
            marker = page.marker.filter(|marker| !marker.is_empty());
            if marker.is_none() {
                return Ok(snapshots);
            }
        }
        Err(too_long(SNAPSHOTS))
    }

    async fn snapshot(&self, id: &SnapshotId) -> Result<Option<Snapshot>, RdsError> {
        // Without a type RDS lists automated and manual snapshots, and leaves out AWS Backup's.
        let of_aws_backup = id.as_str().starts_with("awsbackup:").then(|| "awsbackup".to_owned());
        let answer = self
            .client
            .describe_db_snapshots()
            .db_snapshot_identifier(id.as_str())
            .set_snapshot_type(of_aws_backup)
            .send()
            .await;
        let answer = match answer.map_err(|e| rds_error(SNAPSHOTS, e)) {
            Err(error) if error.kind == RdsErrorKind::NotFound => return Ok(None),
            answer => answer?,
        };
        let Some(described) = answer.db_snapshots().iter().find(|d| is_named(d, id)) else {
            return Ok(None);
        };
        translate::snapshot(described)
            // Restoring takes what was asked for: of a snapshot that somebody shared, its ARN.
            .map(|snapshot| Some(Snapshot { id: id.clone(), ..snapshot }))
            .map_err(|problem| unreadable(SNAPSHOTS, &format!("snapshot {id}: {problem}")))
    }

    async fn restorable_window(&self, source: &SourceId) -> Result<Option<RestorableWindow>, RdsError> {
        let mut newest: Option<RestorableWindow> = None;
        let mut marker = None;
        for _ in 0..PAGES_MAX {
            let page = self
                .client
                .describe_db_instance_automated_backups()
                .db_instance_identifier(source.as_str())
                .max_records(PAGE_RECORDS)
                .set_marker(marker)
                .send()
                .await;
            let page = match page.map_err(|e| rds_error(AUTOMATED_BACKUPS, e)) {
                Err(error) if error.kind == RdsErrorKind::NotFound => return Ok(newest),
                page => page?,
            };
            for described in page.db_instance_automated_backups() {
                let window = translate::window(described).map_err(|problem| {
                    unreadable(AUTOMATED_BACKUPS, &format!("automated backups of {source}: {problem}"))
                })?;
                // A name can have had several instances, each with backups of its own that may be
                // retained. The one in use reaches nearest to now; one just created reaches nowhere yet.
                if newest.as_ref().is_none_or(|n| window.latest_at > n.latest_at) {
                    newest = Some(window);
                }
            }
            marker = page.marker.filter(|marker| !marker.is_empty());
            if marker.is_none() {
                return Ok(newest);
            }
        }
        Err(too_long(AUTOMATED_BACKUPS))
    }
}

/// A snapshot is asked for by its name, or by its ARN when somebody shared it.
fn is_named(described: &DbSnapshot, id: &SnapshotId) -> bool {
    described.db_snapshot_identifier().is_some_and(|found| found.eq_ignore_ascii_case(id.as_str()))
        || described.db_snapshot_arn().is_some_and(|arn| arn == id.as_str())
}

fn usable(described: &DbSnapshot) -> Option<Snapshot> {
    translate::snapshot(described)
        .inspect_err(|problem| {
            let id = described.db_snapshot_identifier().unwrap_or("without a name");
            tracing::warn!(snapshot = id, "left snapshot {id} out of the list: {problem}");
        })
        .ok()
}
