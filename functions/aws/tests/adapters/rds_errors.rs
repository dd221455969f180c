//! Every kind of error, read off the wire.

use drill::ports::{RdsError, RdsErrorKind, ReadInstances};
use restore_drill_aws::{Rds, configuration};

use crate::replay::{replay, replay_with_retries, silence};

async fn error_of(status: u16, file: &str) -> RdsError {
    let replay = replay(&[(status, file)]);
    Rds::new(&replay.configuration).instances().await.unwrap_err()
}

async fn kinds(expected: RdsErrorKind, answers: &[(u16, &str)]) {
    for (status, file) in answers {
        let error = error_of(*status, file).await;
        assert_eq!(error.kind, expected, "{status} {file}: {error}");
        assert_eq!(error.operation, "DescribeDBInstances");
    }
}

#[tokio::test]
async fn being_asked_to_slow_down_is_throttled() {
    let answers = [
        (400, "rds/error-throttling.xml"),
        (400, "rds/error-throttling-exception.xml"),
        (503, "rds/error-request-limit-exceeded.xml"),
    ];
    kinds(RdsErrorKind::Throttled, &answers).await;
}

#[tokio::test]
async fn trouble_of_aws_is_unavailable() {
    let answers = [(500, "rds/error-internal-failure.xml"), (503, "rds/error-service-unavailable.html")];
    kinds(RdsErrorKind::Unavailable, &answers).await;
}

#[tokio::test]
async fn a_role_or_credentials_that_may_not_are_denied() {
    let answers = [
        (403, "rds/error-access-denied.xml"),
        (403, "rds/error-unauthorized-operation.xml"),
        (403, "rds/error-expired-token.xml"),
    ];
    kinds(RdsErrorKind::Denied, &answers).await;
}

#[tokio::test]
async fn what_is_named_and_missing_is_not_found() {
    let answers = [
        (404, "rds/error-instance-not-found.xml"),
        (404, "rds/error-snapshot-not-found.xml"),
        (404, "rds/error-automated-backup-not-found.xml"),
    ];
    kinds(RdsErrorKind::NotFound, &answers).await;
}

#[tokio::test]
async fn a_state_that_does_not_allow_the_call_is_invalid() {
    let answers =
        [(400, "rds/error-invalid-instance-state.xml"), (400, "rds/error-invalid-snapshot-state.xml")];
    kinds(RdsErrorKind::InvalidState, &answers).await;
}

#[tokio::test]
async fn quotas_capacity_and_keys_refuse() {
    let answers = [
        (400, "rds/error-instance-quota-exceeded.xml"),
        (400, "rds/error-storage-quota-exceeded.xml"),
        (400, "rds/error-insufficient-capacity.xml"),
        (400, "rds/error-kms-key-not-accessible.xml"),
    ];
    kinds(RdsErrorKind::Refused, &answers).await;
}

#[tokio::test]
async fn anything_else_is_rejected() {
    kinds(RdsErrorKind::Rejected, &[(400, "rds/error-invalid-parameter-combination.xml")]).await;
}

#[tokio::test]
async fn an_error_keeps_the_code_and_the_message_of_rds() {
    let error = error_of(400, "rds/error-instance-quota-exceeded.xml").await;
    assert_eq!(
        error.to_string(),
        "DescribeDBInstances failed with InstanceQuotaExceeded: DB Instance quota exceeded"
    );
}

#[tokio::test]
async fn an_answer_that_is_no_xml_is_unavailable() {
    let error = error_of(200, "rds/error-service-unavailable.html").await;
    assert_eq!(error.kind, RdsErrorKind::Unavailable);
    assert_eq!(error.code, "UnreadableAnswer");
    assert!(error.message.chars().count() <= 500);
}

#[tokio::test]
async fn a_broken_connection_is_unavailable() {
    let replay = replay(&[]);
    let error = Rds::new(&replay.configuration).instances().await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (RdsErrorKind::Unavailable, "NoAnswer"));
}

#[tokio::test]
async fn silence_is_unavailable_after_the_time_out() {
    let error = Rds::new(&silence()).instances().await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (RdsErrorKind::Unavailable, "TimeOut"));
}

#[tokio::test]
async fn a_throttled_call_is_sent_three_times_and_no_more() {
    let replay = replay_with_retries(&[(400, "rds/error-throttling.xml"); 9]);
    let error = Rds::new(&replay.configuration).instances().await.unwrap_err();
    assert_eq!(error.kind, RdsErrorKind::Throttled);
    assert_eq!(replay.sent().len(), 3);
}

#[tokio::test]
async fn a_call_that_was_refused_is_sent_once() {
    let replay = replay_with_retries(&[(400, "rds/error-instance-quota-exceeded.xml"); 9]);
    Rds::new(&replay.configuration).instances().await.unwrap_err();
    assert_eq!(replay.sent().len(), 1);
}

#[test]
fn every_call_ends_long_before_a_step_s_time_out() {
    let step_time_out_s = 120;
    let operation = configuration::time_outs().operation_timeout().expect("it is set");
    assert!(operation.as_secs() * 2 <= step_time_out_s);
}
