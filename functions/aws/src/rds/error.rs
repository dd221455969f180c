//! The codes of RDS, as the kinds that decide what happens next.

use aws_sdk_rds::error::{ProvideErrorMetadata, SdkError};
use drill::ports::{RdsError, RdsErrorKind};

use crate::failure::{Class, Failure};

/// The codes by which AWS says that the role or its credentials may not (API reference of RDS,
/// "Common Error Types").
const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "OptInRequired",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
];

/// The codes by which what the call *names* is missing. A missing subnet group, parameter group or
/// security group is not among them: that is a wrong setting, not a vanished backup.
const NOT_FOUND: &[&str] = &[
    "DBInstanceNotFound",
    "DBInstanceNotFoundFault",
    "DBSnapshotNotFound",
    "DBSnapshotNotFoundFault",
    "DBInstanceAutomatedBackupNotFound",
    "DBInstanceAutomatedBackupNotFoundFault",
];

const INVALID_STATE: &[&str] = &[
    "InvalidDBInstanceState",
    "InvalidDBInstanceStateFault",
    "InvalidDBSnapshotState",
    "InvalidDBSnapshotStateFault",
    "InvalidDBInstanceAutomatedBackupState",
    "InvalidDBInstanceAutomatedBackupStateFault",
    "InvalidDBClusterStateFault",
    "InvalidDBCapacityReservationState",
];

/// A lack of capacity or a key that can't be used; quotas are recognised by their ending.
const REFUSED: &[&str] = &[
    "InsufficientDBInstanceCapacity",
    "InsufficientDBInstanceCapacityFault",
    "ProvisionedIopsNotAvailableInAZFault",
    "KMSKeyNotAccessibleFault",
    "KMSKeyNotAccessible",
];

/// The failed call of `operation`, as our error.
pub(crate) fn rds_error<E>(operation: &'static str, error: SdkError<E>) -> RdsError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    of_failure(operation, Failure::of(error))
}

/// An answer of `operation` that can't be understood. It may have taken effect, as when none came.
pub(crate) fn unreadable(operation: &'static str, problem: &str) -> RdsError {
    of_failure(operation, Failure::unreadable(problem))
}

/// A list that is longer than anything that this product is made for.
pub(crate) fn too_long(operation: &'static str) -> RdsError {
    RdsError {
        kind: RdsErrorKind::Rejected,
        operation,
        code: "TooManyPages".to_owned(),
        message: format!("the list goes on after {} pages", super::PAGES_MAX),
    }
}

fn of_failure(operation: &'static str, failure: Failure) -> RdsError {
    let Failure { class, code, message } = failure;
    let kind = match class {
        Class::Throttled => RdsErrorKind::Throttled,
        Class::Unavailable => RdsErrorKind::Unavailable,
        Class::Answered => kind_of(&code),
    };
    RdsError { kind, operation, code, message }
}

fn kind_of(code: &str) -> RdsErrorKind {
    let is_quota = code.trim_end_matches("Fault").ends_with("QuotaExceeded");
    if DENIED.contains(&code) {
        RdsErrorKind::Denied
    } else if NOT_FOUND.contains(&code) {
        RdsErrorKind::NotFound
    } else if INVALID_STATE.contains(&code) {
        RdsErrorKind::InvalidState
    } else if REFUSED.contains(&code) || is_quota {
        RdsErrorKind::Refused
    } else {
        RdsErrorKind::Rejected
    }
}
