//! The event bus.

use drill::evidence::Evidence;
use drill::ports::{Announce, StoreErrorKind};
use restore_drill_aws::EventBus;
use serde_json::Value;

use crate::replay::{Replay, replay};

fn bus(answer: (u16, &str)) -> (Replay, EventBus) {
    let replay = replay(&[answer]);
    let bus = EventBus::new(&replay.configuration, "evidence-main");
    (replay, bus)
}

fn evidence() -> Evidence {
    serde_json::from_str(include_str!("../../../drill/tests/report/rejected.json")).unwrap()
}

#[tokio::test]
async fn an_event_is_put_on_the_default_bus_in_our_own_name() {
    let (replay, bus) = bus((200, "events/put-events.json"));
    bus.announce(&evidence()).await.unwrap();
    let sent = replay.only();
    assert_eq!(sent.headers["x-amz-target"], "AWSEvents.PutEvents");
    let body: Value = serde_json::from_slice(&sent.body).unwrap();
    let entry = &body["Entries"][0];
    assert_eq!(
        (entry["Source"].as_str(), entry["DetailType"].as_str()),
        (Some("restore-drill"), Some("Drill Ended"))
    );
    assert_eq!(entry.get("EventBusName"), None);
    let detail: Value = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
    assert_eq!(
        (detail["verdict"].as_str(), detail["evidence"]["bucket"].as_str()),
        (Some("rejected"), Some("evidence-main"))
    );
}

#[tokio::test]
async fn an_answer_of_success_that_took_nothing_is_an_error() {
    let throttled = bus((200, "events/put-events-throttled.json")).1.announce(&evidence()).await.unwrap_err();
    assert_eq!(throttled.kind, StoreErrorKind::Unavailable);
    let refused = bus((200, "events/put-events-refused.json")).1.announce(&evidence()).await.unwrap_err();
    assert_eq!((refused.kind, refused.operation), (StoreErrorKind::Denied, "PutEvents"));
    assert!(refused.message.contains("NotAuthorizedForSourceException"));
}

#[tokio::test]
async fn a_missing_right_is_denied() {
    let error = bus((400, "events/error-access-denied.json")).1.announce(&evidence()).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Denied);
}
