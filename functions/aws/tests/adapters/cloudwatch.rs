//! Metrics. The body of a call is CBOR, in which texts stand as they are and numbers as bytes.

use chrono::DateTime;
use drill::ids::{Deployment, SourceId};
use drill::ports::{EmitMetrics, Metric, StoreErrorKind};
use restore_drill_aws::CloudWatch;

use crate::replay::{Replay, replay};

fn cloudwatch(answers: &[(u16, &str)]) -> (Replay, CloudWatch) {
    let replay = replay(answers);
    let cloudwatch = CloudWatch::new(&replay.configuration, Deployment::parse("prod").unwrap());
    (replay, cloudwatch)
}

async fn emit(cloudwatch: &CloudWatch, metrics: &[Metric]) -> Result<(), drill::ports::StoreError> {
    let at = DateTime::parse_from_rfc3339("2026-11-21T03:40:00Z").unwrap().to_utc();
    cloudwatch.emit(&SourceId::parse("courses-prod").unwrap(), at, metrics).await
}

fn metrics() -> Vec<Metric> {
    vec![
        Metric { name: "Verified", value: 1.0, unit: "Count" },
        Metric { name: "RecoveryTime", value: 1452.5, unit: "Seconds" },
    ]
}

/// A text as CBOR writes it: its length and its bytes (RFC 8949, section 3, major type 3).
fn text(value: &str) -> Vec<u8> {
    let length = u8::try_from(value.len()).expect("it is short");
    let mut bytes = if length < 24 { vec![0x60 | length] } else { vec![0x78, length] };
    bytes.extend(value.as_bytes());
    bytes
}

fn holds(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn points_carry_namespace_dimensions_units_and_values() {
    let (replay, cloudwatch) = cloudwatch(&[(200, "cloudwatch/put-metric-data.cbor")]);
    emit(&cloudwatch, &metrics()).await.unwrap();
    let sent = replay.only();
    assert!(sent.uri.ends_with("/operation/PutMetricData"), "{}", sent.uri);
    for word in [
        "RestoreDrill",
        "Deployment",
        "prod",
        "Source",
        "courses-prod",
        "Verified",
        "Count",
        "RecoveryTime",
        "Seconds",
    ] {
        assert!(holds(&sent.body, &text(word)), "{word} is missing");
    }
    // 1452.5 as a float of 64 or 32 bits, whichever the SDK writes.
    assert!(
        holds(&sent.body, &1452.5_f64.to_be_bytes()) || holds(&sent.body, &1452.5_f32.to_be_bytes()),
        "the value is missing"
    );
}

#[tokio::test]
async fn nothing_to_publish_is_no_call() {
    let (replay, cloudwatch) = cloudwatch(&[]);
    emit(&cloudwatch, &[]).await.unwrap();
    assert!(replay.sent().is_empty());
}

#[tokio::test]
async fn errors_are_told_apart() {
    for (status, file, kind) in [
        (403, "cloudwatch/error-access-denied.cbor", StoreErrorKind::Denied),
        (400, "cloudwatch/error-invalid-parameter-value.cbor", StoreErrorKind::Denied),
        (400, "cloudwatch/error-throttling.cbor", StoreErrorKind::Unavailable),
    ] {
        let (_, cloudwatch) = cloudwatch(&[(status, file)]);
        let error = emit(&cloudwatch, &metrics()).await.unwrap_err();
        assert_eq!(error.kind, kind, "{file}: {error}");
    }
}
