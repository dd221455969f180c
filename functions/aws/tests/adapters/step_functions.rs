//! Whether an execution runs.

use drill::ports::{ReadExecutions, StoreError, StoreErrorKind};
use restore_drill_aws::StepFunctions;

use crate::replay::{Replay, replay};

const ARN: &str =
    "arn:aws:states:eu-central-1:123456789012:execution:drill-prod:courses-prod-20261121t030000z";

async fn ask(answer: (u16, &str)) -> (Replay, Result<bool, StoreError>) {
    let replay = replay(&[answer]);
    let running = StepFunctions::new(&replay.configuration).is_running(ARN).await;
    (replay, running)
}

#[tokio::test]
async fn an_execution_that_runs_or_waits_for_its_redrive_is_running() {
    for file in ["step-functions/describe-running.json", "step-functions/describe-pending-redrive.json"] {
        let (replay, running) = ask((200, file)).await;
        assert_eq!(running, Ok(true), "{file}");
        let body = String::from_utf8(replay.only().body).unwrap();
        assert_eq!(body, format!("{{\"executionArn\":\"{ARN}\"}}"));
    }
}

#[tokio::test]
async fn an_execution_that_ended_is_not_running() {
    for end in ["succeeded", "failed", "timed-out", "aborted"] {
        let file = format!("step-functions/describe-{end}.json");
        assert_eq!(ask((200, &file)).await.1, Ok(false), "{end}");
    }
}

#[tokio::test]
async fn an_unknown_execution_is_not_running() {
    let answer = (400, "step-functions/error-execution-does-not-exist.json");
    assert_eq!(ask(answer).await.1, Ok(false));
}

#[tokio::test]
async fn not_knowing_is_an_error_and_not_false() {
    for (file, kind) in [
        ("step-functions/error-access-denied.json", StoreErrorKind::Denied),
        ("step-functions/error-invalid-arn.json", StoreErrorKind::Denied),
        ("step-functions/error-throttling.json", StoreErrorKind::Unavailable),
    ] {
        let error = ask((400, file)).await.1.unwrap_err();
        assert_eq!(error.kind, kind, "{file}: {error}");
    }
}
