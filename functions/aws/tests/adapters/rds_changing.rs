//! Stopping and deleting: from what RDS describes to the proof, and from the proof to the call.

use drill::ids::{DbiResourceId, Deployment};
use drill::ownership::{OwnedReplica, Ownership};
use drill::ports::{DeleteReplica, RdsErrorKind, ReadInstances, StopReplica};
use restore_drill_aws::Rds;

use crate::rds_reading::REPLICA;
use crate::replay::{Replay, replay};

/// The proof, made from the recorded description as a step makes it.
async fn owned(rds: &Rds) -> OwnedReplica {
    let instance = rds.instance(REPLICA).await.unwrap().unwrap();
    let ownership = Ownership {
        deployment: Deployment::parse("prod").unwrap(),
        source_resource_ids: vec![DbiResourceId::parse("db-PRODUCTION0000000000000001").unwrap()],
    };
    OwnedReplica::confirm(&instance, &ownership).expect("its tags and name are ours")
}

async fn confirmed(answer: (u16, &str)) -> (Replay, Rds, OwnedReplica) {
    let replay = replay(&[(200, "rds/describe-instance-replica-available.xml"), answer]);
    let rds = Rds::new(&replay.configuration);
    let replica = owned(&rds).await;
    (replay, rds, replica)
}

fn fields(replay: &Replay) -> Vec<(String, String)> {
    replay.sent().last().expect("a call was sent").form().into_iter().collect()
}

fn expected(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

#[tokio::test]
async fn stopping_names_the_replica_and_asks_for_no_snapshot() {
    let (replay, rds, replica) = confirmed((200, "rds/stop-instance.xml")).await;
    rds.stop(&replica).await.unwrap();
    let wanted = [("Action", "StopDBInstance"), ("DBInstanceIdentifier", REPLICA), ("Version", "2014-10-31")];
    assert_eq!(fields(&replay), expected(&wanted));
}

#[tokio::test]
async fn deleting_skips_the_final_snapshot_and_destroys_no_backups() {
    let (replay, rds, replica) = confirmed((200, "rds/delete-instance.xml")).await;
    rds.delete(&replica).await.unwrap();
    let wanted = [
        ("Action", "DeleteDBInstance"),
        ("DBInstanceIdentifier", REPLICA),
        ("DeleteAutomatedBackups", "false"),
        ("SkipFinalSnapshot", "true"),
        ("Version", "2014-10-31"),
    ];
    assert_eq!(fields(&replay), expected(&wanted));
}

#[tokio::test]
async fn an_instance_that_is_gone_already_is_for_the_caller_to_judge() {
    let (_, rds, replica) = confirmed((404, "rds/error-instance-not-found.xml")).await;
    assert_eq!(rds.delete(&replica).await.unwrap_err().kind, RdsErrorKind::NotFound);
}

#[tokio::test]
async fn a_replica_that_is_already_stopping_is_in_an_invalid_state() {
    let (_, rds, replica) = confirmed((400, "rds/error-invalid-instance-state.xml")).await;
    assert_eq!(rds.stop(&replica).await.unwrap_err().kind, RdsErrorKind::InvalidState);
}

#[tokio::test]
async fn an_explicit_deny_of_iam_is_denied() {
    let (_, rds, replica) = confirmed((403, "rds/error-access-denied.xml")).await;
    let error = rds.delete(&replica).await.unwrap_err();
    assert_eq!(error.kind, RdsErrorKind::Denied);
    assert_eq!(error.operation, "DeleteDBInstance");
}

#[tokio::test]
async fn a_full_quota_of_retained_backups_refuses_the_deletion() {
    let (_, rds, replica) = confirmed((400, "rds/error-retained-backup-quota-exceeded.xml")).await;
    assert_eq!(rds.delete(&replica).await.unwrap_err().kind, RdsErrorKind::Refused);
}
