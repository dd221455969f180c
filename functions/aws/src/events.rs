//! The account's event bus, by which programs are told of drills that ended.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_types::SdkConfig;
use drill::event::{DETAIL_TYPE, DrillEnded, SOURCE};
use drill::evidence::Evidence;
use drill::ports::{Announce, StoreError, StoreErrorKind};

use crate::failure::Failure;

/// The bus that every account has. Its name in errors.
const BUS: &str = "the default event bus";
/// Codes of a refused entry that pass by themselves (EventBridge API reference, `PutEventsResultEntry`).
const PASSING: &[&str] = &["ThrottlingException", "InternalFailure", "InternalException", "InternalError"];

/// The default bus of the account and region. Cheap to clone.
#[derive(Debug, Clone)]
pub struct EventBus {
    client: aws_sdk_eventbridge::Client,
    bucket: String,
}

impl EventBus {
    /// The bus; the bucket is where events say that the evidence lies.
    pub fn new(configuration: &SdkConfig, bucket: &str) -> Self {
        Self { client: aws_sdk_eventbridge::Client::new(configuration), bucket: bucket.to_owned() }
    }
}

impl Announce for EventBus {
    async fn announce(&self, ended: &Evidence) -> Result<(), StoreError> {
        let event = DrillEnded::of(ended, &self.bucket);
        let detail =
            serde_json::to_string(&event).expect("an event is made of plain values, which serialize");
        let entry = PutEventsRequestEntry::builder()
            .source(SOURCE)
            .detail_type(DETAIL_TYPE)
            .resources(&event.execution)
            .detail(detail)
            .build();
        let answer = self
            .client
            .put_events()
            .entries(entry)
            .send()
            .await
            .map_err(|e| Failure::of(e).of_store("PutEvents", BUS))?;
        // EventBridge answers 200 also where it took nothing.
        if answer.failed_entry_count() == 0 {
            return Ok(());
        }
        let refused = answer.entries().iter().find(|entry| entry.error_code().is_some());
        let code = refused.and_then(|entry| entry.error_code()).unwrap_or("no code");
        let message = refused.and_then(|entry| entry.error_message()).unwrap_or("no message");
        let is_passing = PASSING.contains(&code);
        Err(StoreError {
            kind: if is_passing { StoreErrorKind::Unavailable } else { StoreErrorKind::Denied },
            operation: "PutEvents",
            subject: BUS.to_owned(),
            message: format!("{code}: {message}").chars().take(500).collect(),
        })
    }
}
