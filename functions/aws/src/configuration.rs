//! How every client talks to AWS: time-outs, retries, and where to.
//!
//! Reads the environment as the SDK does (region, credentials, `AWS_ENDPOINT_URL` and its forms for
//! one service, such as `AWS_ENDPOINT_URL_RDS`), which is how a drill runs on one machine.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};

/// To open a connection. Regional endpoints answer within milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// To the first byte of an answer. `DescribeDBInstances` of a full page takes about a second.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// One attempt, with the reading of its body: at most 8 MiB of evidence.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);
/// All attempts of one call and the pauses between them.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(50);
/// The first try and two more. The state machine retries above this, with longer pauses; more here
/// would multiply, and a throttled account would be asked by a storm.
const ATTEMPTS_MAX: u32 = 3;
/// The longest pause between two attempts.
const BACKOFF_MAX: Duration = Duration::from_secs(4);

/// The configuration that every client is made from. Reads the environment; calls AWS only where
/// credentials aren't in the environment, which they are in Lambda.
pub async fn load() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .app_name(AppName::new("restore-drill").expect("the name holds only letters and a hyphen"))
        .timeout_config(time_outs())
        .retry_config(retries())
        .load()
        .await
}

/// The time-outs of every call.
pub fn time_outs() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

/// The retries of every call: exponential, with jitter, on throttling, time-outs and errors of the
/// connection or of AWS.
pub fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX).with_max_backoff(BACKOFF_MAX)
}
