//! The topic that people are told by.

use aws_sdk_sns::types::MessageAttributeValue;
use aws_types::SdkConfig;
use drill::evidence::Notification;
use drill::ports::{Notify, StoreError, StoreErrorKind};

use crate::failure::Failure;

/// The longest subject: "less than 100 characters" (Amazon SNS API reference, `Publish`).
const SUBJECT_MAX: usize = 99;
/// The longest text that is sent, in bytes. SNS takes 256 KiB with the attributes; a mail of this
/// size is no longer read anyway.
const BODY_MAX_BYTES: usize = 200 << 10;

/// The topic of a deployment. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Topic {
    client: aws_sdk_sns::Client,
    arn: String,
}

impl Topic {
    /// The topic of that ARN.
    pub fn new(configuration: &SdkConfig, arn: impl Into<String>) -> Self {
        Self { client: aws_sdk_sns::Client::new(configuration), arn: arn.into() }
    }
}

impl Notify for Topic {
    async fn notify(&self, notification: &Notification) -> Result<(), StoreError> {
        let mut call = self
            .client
            .publish()
            .topic_arn(&self.arn)
            .set_subject(subject(&notification.subject))
            .message(body(&notification.body));
        for (name, value) in notification.attributes.iter().filter(|(_, value)| !value.is_empty()) {
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value)
                .build()
                .map_err(|e| not_built(&self.arn, &e.to_string()))?;
            call = call.message_attributes(*name, value);
        }
        call.send().await.map(drop).map_err(|e| Failure::of(e).of_store("Publish", &self.arn))
    }
}

/// The subject as SNS takes it: printable ASCII in one line that doesn't begin with a space. A
/// message that loses a letter is better than one that is rejected; `None` when nothing is left.
fn subject(text: &str) -> Option<String> {
    let folded: String = text.chars().map(fold).collect();
    let folded = folded.trim();
    let cut = if folded.len() > SUBJECT_MAX {
        format!("{}...", &folded[..SUBJECT_MAX - 3])
    } else {
        folded.to_owned()
    };
    (!cut.is_empty()).then_some(cut)
}

fn fold(c: char) -> char {
    match c {
        ' '..='~' => c,
        '\u{2010}'..='\u{2015}' => '-',
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{201c}' | '\u{201d}' => '"',
        c if c.is_whitespace() || c.is_control() => ' ',
        _ => '?',
    }
}

/// The text, cut with a word about it where it is too long. SNS rejects an empty one.
fn body(text: &str) -> String {
    if text.is_empty() {
        return "(no text)".to_owned();
    }
    if text.len() <= BODY_MAX_BYTES {
        return text.to_owned();
    }
    let cut = text.floor_char_boundary(BODY_MAX_BYTES);
    format!("{}\n[cut: see the evidence for all of it]", &text[..cut])
}

fn not_built(arn: &str, problem: &str) -> StoreError {
    StoreError {
        kind: StoreErrorKind::Denied,
        operation: "Publish",
        subject: arn.to_owned(),
        message: problem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_becomes_printable_ascii_in_one_line() {
        assert_eq!(subject(" drill – Köln\n“ok” ").as_deref(), Some("drill - K?ln \"ok\""));
        assert_eq!(subject("\n\t").as_deref(), None);
    }

    #[test]
    fn a_long_subject_is_cut_below_a_hundred_characters() {
        let cut = subject(&"é".repeat(300)).expect("there is a subject");
        assert_eq!(cut.len(), SUBJECT_MAX);
        assert!(cut.ends_with("..."));
    }

    #[test]
    fn a_long_body_is_cut_between_characters() {
        let cut = body(&"€".repeat(BODY_MAX_BYTES));
        assert!(cut.len() < BODY_MAX_BYTES + 100);
        assert!(cut.ends_with("for all of it]"));
    }
}
