//! Looking at an account and a deployment, for `restore-drill init` and `restore-drill doctor`.
//!
//! Reads only. Never fails: what could not be looked at is a value, with the right that was missing. No deployed
//! function is built with it: the clients of IAM, KMS, Lambda and Scheduler come in with the feature `survey`.

mod account;
mod deployment;
mod keeping;
mod watch;

use aws_sdk_rds::error::{ProvideErrorMetadata, SdkError};
use drill::setup::Looked;

use crate::SdkConfig;
use crate::failure::Failure;

/// The codes by which the services say that somebody may not.
const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "NotAuthorized",
    "UnauthorizedOperation",
    "Http403",
];
/// The most pages that are read of one list.
const PAGES_MAX: usize = 20;

/// Everything that is looked at. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Survey {
    cloudwatch: aws_sdk_cloudwatch::Client,
    iam: aws_sdk_iam::Client,
    kms: aws_sdk_kms::Client,
    lambda: aws_sdk_lambda::Client,
    rds: aws_sdk_rds::Client,
    s3: aws_sdk_s3::Client,
    scheduler: aws_sdk_scheduler::Client,
    sfn: aws_sdk_sfn::Client,
    sns: aws_sdk_sns::Client,
}

impl Survey {
    /// Clients with the configuration's region, credentials, time-outs and retries.
    pub fn new(configuration: &SdkConfig) -> Self {
        // As for the evidence: a local host has no name for each bucket.
        let is_local = configuration.endpoint_url().is_some();
        let s3 = aws_sdk_s3::config::Builder::from(configuration).force_path_style(is_local).build();
        Self {
            cloudwatch: aws_sdk_cloudwatch::Client::new(configuration),
            iam: aws_sdk_iam::Client::new(configuration),
            kms: aws_sdk_kms::Client::new(configuration),
            lambda: aws_sdk_lambda::Client::new(configuration),
            rds: aws_sdk_rds::Client::new(configuration),
            s3: aws_sdk_s3::Client::from_conf(s3),
            scheduler: aws_sdk_scheduler::Client::new(configuration),
            sfn: aws_sdk_sfn::Client::new(configuration),
            sns: aws_sdk_sns::Client::new(configuration),
        }
    }
}

/// What came of a call: `right` is the action of IAM that it needs, `absent` the codes that say that there is none.
fn looked<T, E>(answer: Result<T, SdkError<E>>, right: &str, absent: &[&str]) -> Looked<T>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let failure = match answer {
        Ok(answer) => return Looked::Found(answer),
        Err(error) => Failure::of(error),
    };
    let code = failure.code.as_str();
    if absent.contains(&code) {
        Looked::Absent
    } else if DENIED.contains(&code) {
        Looked::Denied { right: right.to_owned() }
    } else {
        Looked::Failed { problem: format!("{code}: {}", failure.message) }
    }
}

/// Makes something of what was found that may not be there after all.
fn present<T, U>(looked: Looked<T>, take: impl FnOnce(T) -> Option<U>) -> Looked<U> {
    match looked.map(take) {
        Looked::Found(Some(value)) => Looked::Found(value),
        Looked::Found(None) | Looked::Absent => Looked::Absent,
        Looked::Denied { right } => Looked::Denied { right },
        Looked::Failed { problem } => Looked::Failed { problem },
    }
}
