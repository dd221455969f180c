//! What a failed call says, the same for every service: its code, its message, and whether the
//! same call may work later.

use aws_sdk_rds::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_smithy_types::error::metadata::ErrorMetadata;
use drill::ports::{StoreError, StoreErrorKind};

/// The longest message that is kept, in characters: it travels through the state machine.
const MESSAGE_MAX: usize = 500;
/// The longest code that is kept, in characters: every known one is shorter.
const CODE_MAX: usize = 100;

/// Codes by which AWS asks to slow down. The SDK's own list (`aws_runtime::retries::classifiers`)
/// with the ones of SNS and KMS that it lacks.
const THROTTLED: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "Throttled",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "SlowDown",
    "EC2ThrottledException",
    "KMSThrottling",
    "KMSThrottlingException",
    "KMS.ThrottlingException",
];

/// Codes of AWS's own trouble, also where the HTTP status is below 500.
const UNAVAILABLE: &[&str] = &[
    "InternalFailure",
    "InternalError",
    "InternalServerError",
    "InternalServiceError",
    "InternalServiceFault",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "RequestTimeout",
    "RequestTimeoutException",
];

/// A failed call, as far as every service agrees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Whether and how it may pass.
    pub(crate) class: Class,
    /// The code on the wire, or what happened where no answer came.
    pub(crate) code: String,
    /// The message, bounded.
    pub(crate) message: String,
}

/// Whether a failed call may work later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// AWS asked to slow down.
    Throttled,
    /// No answer, or AWS's own trouble; the call may have taken effect.
    Unavailable,
    /// AWS answered and means it.
    Answered,
}

impl Failure {
    /// Reads the failure from what the SDK reports.
    pub(crate) fn of<E>(error: SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        match error {
            // The SDK reports an answer of success whose body it can't parse as an error of the service.
            SdkError::ServiceError(ref answered) if answered.raw().status().is_success() => {
                Self::unreadable(&DisplayErrorContext(&error).to_string())
            }
            SdkError::ServiceError(answered) => {
                Self::answered(answered.err().meta(), answered.raw().status().as_u16())
            }
            SdkError::TimeoutError(_) => Self::unanswered("TimeOut", "no answer in time"),
            SdkError::ConstructionFailure(_) => Self {
                class: Class::Answered,
                code: "RequestNotBuilt".to_owned(),
                message: bounded(&DisplayErrorContext(&error).to_string()),
            },
            SdkError::ResponseError(_) => {
                Self::unanswered("UnreadableAnswer", &DisplayErrorContext(&error).to_string())
            }
            other => Self::unanswered("NoAnswer", &DisplayErrorContext(&other).to_string()),
        }
    }

    /// An answer that can't be understood, or that is of something else: as good as none.
    pub(crate) fn unreadable(problem: &str) -> Self {
        Self::unanswered("UnreadableAnswer", problem)
    }

    fn unanswered(code: &str, message: &str) -> Self {
        Self { class: Class::Unavailable, code: code.to_owned(), message: bounded(message) }
    }

    fn answered(meta: &ErrorMetadata, status: u16) -> Self {
        let said = meta.code().map(|code| code.chars().take(CODE_MAX).collect::<String>());
        let code = said.filter(|code| !code.is_empty()).unwrap_or_else(|| format!("Http{status}"));
        let class = if THROTTLED.contains(&code.as_str()) || status == 429 {
            Class::Throttled
        } else if UNAVAILABLE.contains(&code.as_str()) || status >= 500 {
            Class::Unavailable
        } else {
            Class::Answered
        };
        Self { class, code, message: bounded(meta.message().unwrap_or("no message")) }
    }

    /// The failure as one of a store or a topic. Whatever won't pass by itself counts as denied.
    pub(crate) fn of_store(self, operation: &'static str, subject: &str) -> StoreError {
        let kind = match self.class {
            Class::Throttled | Class::Unavailable => StoreErrorKind::Unavailable,
            Class::Answered => StoreErrorKind::Denied,
        };
        let message = bounded(&format!("{}: {}", self.code, self.message));
        StoreError { kind, operation, subject: subject.to_owned(), message }
    }
}

/// The text on one line, cut to what the state machine may carry.
fn bounded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MESSAGE_MAX).collect()
}
