//! Stopping and deleting a replica: the only calls of what is deployed that change an instance.
//!
//! Each takes the proof of ownership, made in this invocation from what RDS said. The lint on the
//! SDK's calls is lifted for these two alone.

use drill::ownership::OwnedReplica;
use drill::ports::{DeleteReplica, RdsError, StopReplica};

use super::Rds;
use super::error::rds_error;

impl StopReplica for Rds {
    /// Takes no snapshot on the way. The SDK may send the call twice when the first answer is lost;
    /// the second then fails with `InvalidState`, as the replica is stopping.
    #[expect(clippy::disallowed_methods, reason = "the one place that stops an instance; it takes the proof")]
    async fn stop(&self, replica: &OwnedReplica) -> Result<(), RdsError> {
        self.client
            .stop_db_instance()
            .db_instance_identifier(replica.id().as_str())
            .send()
            .await
            .map(drop)
            .map_err(|e| rds_error("StopDBInstance", e))
    }
}

impl DeleteReplica for Rds {
    /// Says both things that RDS would otherwise assume.
    ///
    /// `SkipFinalSnapshot=true`: RDS takes a final snapshot by default, which is billed and counts
    /// against the quota, and a failed or incompatible instance can't be deleted without this.
    ///
    /// `DeleteAutomatedBackups=false`: RDS's default is to destroy them with the instance, which is
    /// how a production database lost its backups. A replica is restored with a retention of 0 days
    /// and has none, so there is nothing to keep; but were somebody to turn backups on for a replica
    /// and work on it, they would outlive this call, and where AWS Backup keeps points in time RDS
    /// wants this value anyway. The cost of being wrong is storage for the days of retention; the cost
    /// of the other value is data.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that deletes an instance; it takes the proof"
    )]
    async fn delete(&self, replica: &OwnedReplica) -> Result<(), RdsError> {
        self.client
            .delete_db_instance()
            .db_instance_identifier(replica.id().as_str())
            .skip_final_snapshot(true)
            .delete_automated_backups(false)
            .send()
            .await
            .map(drop)
            .map_err(|e| rds_error("DeleteDBInstance", e))
    }
}
