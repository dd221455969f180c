//! Decides what an API error looks like on the wire: code, HTTP status, message.
//!
//! The codes are those that the API model gives for each exception (`error.code`), which are not
//! always the exception's name. Never decides *when* an error is raised.

use std::borrow::Cow;

use super::status::Status;

/// An answer of the API that refuses the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// The code on the wire, as clients match it.
    pub code: Cow<'static, str>,
    /// The HTTP status that carries it.
    pub status: u16,
    /// The sentence for people.
    pub message: String,
}

impl ApiError {
    /// An error with any code, as injected by a test.
    pub fn new(code: impl Into<Cow<'static, str>>, status: u16, message: impl Into<String>) -> Self {
        Self { code: code.into(), status, message: message.into() }
    }

    pub(crate) fn instance_not_found(id: &str) -> Self {
        Self::new("DBInstanceNotFound", 404, format!("DBInstance {id} not found."))
    }

    pub(crate) fn instance_exists() -> Self {
        Self::new("DBInstanceAlreadyExists", 400, "DB instance already exists")
    }

    pub(crate) fn instance_state(id: &str, status: &Status, wanted: &str) -> Self {
        let message = if *status == Status::DELETING {
            format!("Instance {id} is already being deleted.")
        } else {
            format!("Instance {id} is not in {wanted} state. Its status is {status}.")
        };
        Self::new("InvalidDBInstanceState", 400, message)
    }

    pub(crate) fn snapshot_not_found(id: &str) -> Self {
        Self::new("DBSnapshotNotFound", 404, format!("DBSnapshot {id} not found."))
    }

    pub(crate) fn snapshot_exists(id: &str) -> Self {
        Self::new(
            "DBSnapshotAlreadyExists",
            400,
            format!("Cannot create the snapshot because a snapshot with the identifier {id} already exists."),
        )
    }

    pub(crate) fn snapshot_state(id: &str, reason: &str) -> Self {
        Self::new("InvalidDBSnapshotState", 400, format!("Snapshot {id} {reason}"))
    }

    pub(crate) fn automated_backup_not_found(id: &str) -> Self {
        Self::new(
            "DBInstanceAutomatedBackupNotFound",
            404,
            format!("No automated backup for {id} was found."),
        )
    }

    /// A parameter whose value can't be used.
    pub fn value(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterValue", 400, message)
    }

    /// Parameters that contradict each other.
    pub fn combination(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterCombination", 400, message)
    }

    /// A required parameter that isn't there.
    pub fn missing(name: &str) -> Self {
        Self::new("MissingParameter", 400, format!("The request must contain the parameter {name}."))
    }

    pub(crate) fn quota(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, 400, message)
    }
}
