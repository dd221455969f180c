//! The evidence bucket.

use drill::ports::{ReadObjects, StoreErrorKind, WriteObjects};
use restore_drill_aws::EvidenceBucket;

use crate::replay::{Replay, replay, replay_bytes};

fn bucket(answers: &[(u16, &str)]) -> (Replay, EvidenceBucket) {
    let replay = replay(answers);
    let bucket = EvidenceBucket::new(&replay.configuration, "evidence");
    (replay, bucket)
}

const KEY: &str = "drills/courses-prod/courses-prod-20261121t030000z/claim.json";

#[tokio::test]
async fn an_object_is_read_as_text() {
    let (replay, bucket) = bucket(&[(200, "s3/configuration.toml")]);
    let text = bucket.get("config/courses-prod.toml").await.unwrap();
    assert_eq!(text.as_deref(), Some("source = \"courses-prod\"\n"));
    let sent = replay.only();
    assert_eq!(sent.method, "GET");
    assert!(
        sent.uri.starts_with("https://evidence.s3.eu-central-1.amazonaws.com/config/courses-prod.toml"),
        "{}",
        sent.uri
    );
}

#[tokio::test]
async fn an_object_that_is_not_there_is_none() {
    let (_, bucket) = bucket(&[(404, "s3/error-no-such-key.xml")]);
    assert_eq!(bucket.get(KEY).await, Ok(None));
}

#[tokio::test]
async fn a_missing_bucket_and_a_missing_right_are_denied() {
    for answer in [(404, "s3/error-no-such-bucket.xml"), (403, "s3/error-access-denied.xml")] {
        let (_, bucket) = bucket(&[answer]);
        let error = bucket.get(KEY).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Denied, "{answer:?}");
        assert_eq!((error.operation, error.subject.as_str()), ("GetObject", KEY));
    }
}

#[tokio::test]
async fn trouble_of_s3_is_unavailable() {
    for answer in [(503, "s3/error-slow-down.xml"), (500, "s3/error-internal-error.xml")] {
        let (_, bucket) = bucket(&[answer]);
        let error = bucket.put(KEY, "application/json", "{}".to_owned()).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Unavailable, "{answer:?}");
    }
}

#[tokio::test]
async fn an_object_above_the_limit_is_an_error() {
    let replay = replay_bytes(200, vec![b' '; (8 << 20) + 1]);
    let bucket = EvidenceBucket::new(&replay.configuration, "evidence");
    let error = bucket.get(KEY).await.unwrap_err();
    assert_eq!(error.message, "it is larger than 8388608 bytes");
}

#[tokio::test]
async fn an_object_that_is_no_text_is_an_error() {
    let replay = replay_bytes(200, vec![0xff, 0xfe]);
    let bucket = EvidenceBucket::new(&replay.configuration, "evidence");
    assert_eq!(bucket.get(KEY).await.unwrap_err().message, "it isn't UTF-8 text");
}

#[tokio::test]
async fn putting_sends_the_text_with_its_type_and_no_condition() {
    let (replay, bucket) = bucket(&[(200, "s3/empty")]);
    bucket.put(KEY, "application/json", "{\"a\":1}".to_owned()).await.unwrap();
    let sent = replay.only();
    assert_eq!(sent.method, "PUT");
    assert_eq!(sent.headers["content-type"], "application/json");
    assert!(!sent.headers.contains_key("if-none-match"));
    assert_eq!(sent.body, b"{\"a\":1}");
}

#[tokio::test]
async fn creating_is_conditional_on_there_being_none() {
    let (replay, bucket) = bucket(&[(200, "s3/empty")]);
    assert_eq!(bucket.create(KEY, "application/json", "{}".to_owned()).await, Ok(true));
    assert_eq!(replay.only().headers["if-none-match"], "*");
}

#[tokio::test]
async fn creating_what_another_has_created_or_is_creating_is_false() {
    for answer in
        [(412, "s3/error-precondition-failed.xml"), (409, "s3/error-conditional-request-conflict.xml")]
    {
        let (_, bucket) = bucket(&[answer]);
        let created = bucket.create(KEY, "application/json", "{}".to_owned()).await;
        assert_eq!(created, Ok(false), "{answer:?}");
    }
}

#[tokio::test]
async fn creating_without_the_right_is_denied_and_not_false() {
    let (_, bucket) = bucket(&[(403, "s3/error-access-denied.xml")]);
    let error = bucket.create(KEY, "application/json", "{}".to_owned()).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Denied);
}

const PREFIX: &str = "drills/courses-prod/";

#[tokio::test]
async fn folders_come_from_all_pages_without_prefix_and_slash() {
    let (replay, bucket) = bucket(&[(200, "s3/list-page-1.xml"), (200, "s3/list-page-2.xml")]);
    let folders = bucket.folders(PREFIX, None, 50).await.unwrap();
    let expected =
        ["courses-prod-20261119t030000z", "courses-prod-20261120t030000z", "courses-prod-20261121t030000z"];
    assert_eq!(folders, expected);
    let sent = replay.sent();
    let query = sent[0].query();
    assert_eq!((query["prefix"].as_str(), query["delimiter"].as_str()), (PREFIX, "/"));
    assert_eq!(query["max-keys"], "51");
    assert_eq!(sent[1].query()["continuation-token"], "1ueGcxLPRx1Tr");
}

#[tokio::test]
async fn folders_begin_after_the_one_that_is_given() {
    let (replay, bucket) = bucket(&[(200, "s3/list-page-1.xml"), (200, "s3/list-page-2.xml")]);
    let after = Some("courses-prod-20261120t030000z");
    let folders = bucket.folders(PREFIX, after, 50).await.unwrap();
    assert_eq!(folders, ["courses-prod-20261121t030000z"]);
    assert_eq!(replay.sent()[0].query()["start-after"], "drills/courses-prod/courses-prod-20261120t030000z");
}

#[tokio::test]
async fn folders_stop_at_the_limit() {
    let (replay, bucket) = bucket(&[(200, "s3/list-page-1.xml"), (200, "s3/list-page-2.xml")]);
    assert_eq!(bucket.folders(PREFIX, None, 1).await.unwrap(), ["courses-prod-20261119t030000z"]);
    assert_eq!(replay.sent().len(), 1);
}

#[tokio::test]
async fn a_source_without_drills_has_no_folders() {
    let (_, bucket) = bucket(&[(200, "s3/list-empty.xml")]);
    assert_eq!(bucket.folders(PREFIX, None, 50).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_local_aws_is_addressed_by_path() {
    let replay = replay(&[(404, "s3/error-no-such-key.xml")]);
    let local = replay.configuration.to_builder().endpoint_url("http://localhost:4566").build();
    EvidenceBucket::new(&local, "evidence").get("config/courses-prod.toml").await.unwrap();
    let uri = replay.only().uri;
    assert!(uri.starts_with("http://localhost:4566/evidence/config/courses-prod.toml"), "{uri}");
}
