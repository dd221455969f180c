//! The switch's address as Secrets Manager gives it. Asking it is tried end to end, with a real server.

use drill::heartbeat::Pulse;
use drill::ports::{Beat, StoreErrorKind};
use restore_drill_aws::Heartbeat;

use crate::replay::replay;

const SECRET: &str = "restore-drill/prod/x";

#[tokio::test]
async fn a_missing_secret_is_denied_by_its_name() {
    let replay = replay(&[(400, "secrets-manager/error-not-found.json")]);
    let error = Heartbeat::new(&replay.configuration).beat(SECRET, Pulse::Start, "b").await.unwrap_err();
    assert_eq!((error.kind, error.operation), (StoreErrorKind::Denied, "GetSecretValue"));
    assert_eq!(error.subject, SECRET);
    assert_eq!(replay.only().headers["x-amz-target"], "secretsmanager.GetSecretValue");
}

#[tokio::test]
async fn an_address_that_may_not_be_asked_is_refused_and_not_quoted() {
    let replay = replay(&[(200, "secrets-manager/no-address.json")]);
    let error = Heartbeat::new(&replay.configuration).beat(SECRET, Pulse::Fail, "b").await.unwrap_err();
    assert_eq!((error.kind, error.operation), (StoreErrorKind::Denied, "Ping"));
    assert!(!format!("{error} {error:?}").contains("5a3c0ffee"));
}
