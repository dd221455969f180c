//! A recorded AWS: gives the answers one after the other and remembers what it was asked.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use aws_sdk_rds::config::http::{HttpRequest, HttpResponse};
use aws_sdk_rds::config::retry::RetryConfig;
use aws_sdk_rds::config::{BehaviorVersion, Region};
use aws_sdk_rds::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_http_client::test_util::{NeverClient, ReplayEvent, StaticReplayClient};
use aws_smithy_types::body::SdkBody;
use restore_drill_aws::SdkConfig;
use restore_drill_aws::configuration;

/// The recorded AWS and a configuration whose clients talk to it.
pub(crate) struct Replay {
    client: StaticReplayClient,
    pub(crate) configuration: SdkConfig,
}

/// One request as it would have gone over the wire.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

/// An AWS that gives these answers, each a status and a file under `tests/recorded`. After the last
/// one it breaks the connection.
pub(crate) fn replay(answers: &[(u16, &str)]) -> Replay {
    replay_with(answers, RetryConfig::disabled())
}

/// As [`replay`], with the number of attempts of the adapters and pauses of a millisecond.
pub(crate) fn replay_with_retries(answers: &[(u16, &str)]) -> Replay {
    replay_with(answers, configuration::retries().with_initial_backoff(Duration::from_millis(1)))
}

/// An AWS that gives one answer, which isn't worth a file.
pub(crate) fn replay_bytes(status: u16, body: Vec<u8>) -> Replay {
    replay_events(vec![event(status, body)], RetryConfig::disabled())
}

fn replay_with(answers: &[(u16, &str)], retries: RetryConfig) -> Replay {
    replay_events(answers.iter().map(|(status, file)| event(*status, recorded(file))).collect(), retries)
}

fn event(status: u16, body: Vec<u8>) -> ReplayEvent {
    let status = status.try_into().expect("it is an HTTP status");
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    // CloudWatch's protocol says its name in every answer; the others don't look.
    response.headers_mut().insert("smithy-protocol", "rpc-v2-cbor");
    ReplayEvent::new(HttpRequest::empty(), response)
}

fn replay_events(events: Vec<ReplayEvent>, retries: RetryConfig) -> Replay {
    let client = StaticReplayClient::new(events);
    let configuration = base().to_builder().http_client(client.clone()).retry_config(retries).build();
    Replay { client, configuration }
}

/// An AWS that never answers, with time-outs of 20 ms in place of seconds.
pub(crate) fn silence() -> SdkConfig {
    let short = Duration::from_millis(20);
    base()
        .to_builder()
        .http_client(NeverClient::new())
        .retry_config(RetryConfig::disabled())
        .timeout_config(configuration::time_outs().to_builder().operation_attempt_timeout(short).build())
        .build()
}

/// A region and credentials; nothing is read from the machine.
fn base() -> SdkConfig {
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "recorded");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

/// A recorded body.
pub(crate) fn recorded(file: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recorded").join(file);
    std::fs::read(&path).unwrap_or_else(|e| panic!("reading {}: {e}", path.display()))
}

impl Replay {
    /// Everything that was asked, in order.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.client.actual_requests().map(Sent::of).collect()
    }

    /// The one request that was sent.
    pub(crate) fn only(&self) -> Sent {
        let mut sent = self.sent();
        assert_eq!(sent.len(), 1, "one request was expected: {sent:?}");
        sent.remove(0)
    }
}

impl Sent {
    fn of(request: &HttpRequest) -> Self {
        Self {
            method: request.method().to_owned(),
            uri: request.uri().to_owned(),
            headers: request.headers().iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
            body: request.body().bytes().unwrap_or_default().to_vec(),
        }
    }

    /// The fields of a call of the query protocol.
    pub(crate) fn form(&self) -> BTreeMap<String, String> {
        form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// The parameters of the URI.
    pub(crate) fn query(&self) -> BTreeMap<String, String> {
        let query = self.uri.split_once('?').map(|(_, query)| query).unwrap_or_default();
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }
}
