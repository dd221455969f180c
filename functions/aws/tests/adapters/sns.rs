//! The topic.

use drill::evidence::Notification;
use drill::ports::{Notify, StoreErrorKind};
use restore_drill_aws::Topic;

use crate::replay::{Replay, replay};

const ARN: &str = "arn:aws:sns:eu-central-1:123456789012:drill-prod";

fn topic(answer: (u16, &str)) -> (Replay, Topic) {
    let replay = replay(&[answer]);
    let topic = Topic::new(&replay.configuration, ARN);
    (replay, topic)
}

fn notification() -> Notification {
    Notification {
        subject: "courses-prod: verified – 1,943,200 rows".to_owned(),
        body: "Backup of 02:03 restored in 24 min.\nKöln ✓".to_owned(),
        attributes: vec![
            ("deployment", "prod".to_owned()),
            ("verdict", "verified".to_owned()),
            ("source", String::new()),
        ],
    }
}

#[tokio::test]
async fn a_notification_is_published_with_a_plain_subject_and_its_attributes() {
    let (replay, topic) = topic((200, "sns/publish.xml"));
    topic.notify(&notification()).await.unwrap();
    let form = replay.only().form();
    assert_eq!((form["Action"].as_str(), form["TopicArn"].as_str()), ("Publish", ARN));
    assert_eq!(form["Subject"], "courses-prod: verified - 1,943,200 rows");
    assert_eq!(form["Message"], "Backup of 02:03 restored in 24 min.\nKöln ✓");
    let attributes: Vec<(&str, &str)> = form
        .iter()
        .filter(|(key, _)| key.starts_with("MessageAttributes.entry."))
        .map(|(_, value)| value.as_str())
        .collect::<Vec<_>>()
        .chunks_exact(3)
        .map(|entry| (entry[0], entry[2]))
        .collect();
    assert_eq!(attributes.len(), 2, "an empty attribute is left out, as SNS rejects it: {form:?}");
    assert!(attributes.contains(&("deployment", "prod")) && attributes.contains(&("verdict", "verified")));
}

#[tokio::test]
async fn a_missing_topic_or_right_is_denied() {
    for answer in [
        (404, "sns/error-not-found.xml"),
        (403, "sns/error-authorization-error.xml"),
        (400, "sns/error-kms-access-denied.xml"),
    ] {
        let (_, topic) = topic(answer);
        let error = topic.notify(&notification()).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Denied, "{answer:?}");
        assert_eq!((error.operation, error.subject.as_str()), ("Publish", ARN));
    }
}

#[tokio::test]
async fn trouble_of_sns_is_unavailable() {
    for answer in [
        (400, "sns/error-throttled.xml"),
        (400, "sns/error-kms-throttling.xml"),
        (500, "sns/error-internal-error.xml"),
    ] {
        let (_, topic) = topic(answer);
        let error = topic.notify(&notification()).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Unavailable, "{answer:?}");
    }
}
