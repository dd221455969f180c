//! The dead man's switch outside AWS: reads its address from Secrets Manager and asks it.
//!
//! By the HTTP client that the SDK brings: TLS by rustls, no redirects, no proxy. The address is read anew for
//! each pulse and never kept, printed or logged; an answer's body isn't read.

use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;
use drill::heartbeat::{Address, Plain, Pulse};
use drill::ports::{Beat, StoreError, StoreErrorKind};

use crate::failure::Failure;

/// To open a connection, and from there to the first byte of an answer: 5 seconds together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);
/// The first try and one more.
const TRIES: u32 = 2;

/// Reaches dead man's switches. Cheap to clone; opens no connection until it is used.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    secrets: aws_sdk_secretsmanager::Client,
    plain: Plain,
}

impl Heartbeat {
    /// With the configuration's region, credentials, time-outs and retries for reading the secret.
    pub fn new(configuration: &SdkConfig) -> Self {
        // One machine: AWS itself is asked on this one.
        let is_here =
            |url: &str| url.starts_with("http://127.0.0.1:") || url.starts_with("http://localhost:");
        let plain = if configuration.endpoint_url().is_some_and(is_here) {
            Plain::OnThisMachine
        } else {
            Plain::Never
        };
        Self { secrets: aws_sdk_secretsmanager::Client::new(configuration), plain }
    }

    async fn address(&self, secret: &str) -> Result<Address, StoreError> {
        let answer = self
            .secrets
            .get_secret_value()
            .secret_id(secret)
            .send()
            .await
            .map_err(|e| Failure::of(e).of_store("GetSecretValue", secret))?;
        let text = answer.secret_string().unwrap_or_default();
        Address::parse(text, self.plain).map_err(|e| failed(StoreErrorKind::Denied, secret, &e.to_string()))
    }
}

/// The client for one pulse. Made when it's needed: it reads the system's certificates, which a function that
/// reaches no switch has no time for.
fn connector() -> Connector {
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(ANSWER_TIMEOUT)
        .build();
    Connector::builder()
        .tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc))
        .connector_settings(settings)
        .build()
}

/// One try; says what happened without naming the address, which errors of the client may do.
async fn ask(client: &Connector, secret: &str, url: &str, body: &str) -> Result<(), StoreError> {
    let refused = |problem: &str| failed(StoreErrorKind::Denied, secret, problem);
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method("POST").map_err(|_| refused("the request can't be built"))?;
    request.set_uri(url).map_err(|_| refused("the secret holds no address that may be asked"))?;
    request.headers_mut().insert("content-type", "text/plain; charset=utf-8");
    request.headers_mut().insert("user-agent", "restore-drill");
    request.headers_mut().insert("content-length", body.len().to_string());
    let answer = client.call(request).await.map_err(|e| {
        let problem = if e.is_timeout() {
            "no answer in time"
        } else if e.is_io() {
            "the connection failed"
        } else {
            "the request failed"
        };
        failed(StoreErrorKind::Unavailable, secret, problem)
    })?;
    match answer.status().as_u16() {
        200..=299 => Ok(()),
        status @ 300..=399 => Err(refused(&format!("answered {status}; redirects aren't followed"))),
        status @ (429 | 500..) => {
            Err(failed(StoreErrorKind::Unavailable, secret, &format!("answered {status}")))
        }
        status => Err(refused(&format!("answered {status}"))),
    }
}

impl Beat for Heartbeat {
    async fn beat(&self, secret: &str, pulse: Pulse, body: &str) -> Result<(), StoreError> {
        let url = self.address(secret).await?.of(pulse);
        let client = connector();
        let mut answer = ask(&client, secret, &url, body).await;
        for _ in 1..TRIES {
            if answer.as_ref().is_err_and(|e| e.kind == StoreErrorKind::Unavailable) {
                answer = ask(&client, secret, &url, body).await;
            }
        }
        answer
    }
}

fn failed(kind: StoreErrorKind, secret: &str, problem: &str) -> StoreError {
    StoreError {
        kind,
        operation: "Ping",
        subject: format!("the address in {secret}"),
        message: problem.to_owned(),
    }
}
