//! Decides which statuses there are by name and which actions each of them admits.
//!
//! Any text can be a status, because tests force statuses that AWS documents and ones that it
//! doesn't. Never decides when a status is reached.

use std::borrow::Cow;
use std::fmt;

/// A status of a DB instance, as the API spells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status(Cow<'static, str>);

macro_rules! statuses {
    ($($name:ident = $text:literal),* $(,)?) => {
        impl Status {
            $(#[doc = concat!("The status `", $text, "`.")]
            pub const $name: Self = Self(Cow::Borrowed($text));)*
        }
    };
}

statuses! {
    AVAILABLE = "available",
    BACKING_UP = "backing-up",
    CREATING = "creating",
    DELETING = "deleting",
    FAILED = "failed",
    MODIFYING = "modifying",
    REBOOTING = "rebooting",
    RENAMING = "renaming",
    STARTING = "starting",
    STOPPED = "stopped",
    STOPPING = "stopping",
    STORAGE_OPTIMIZATION = "storage-optimization",
}

/// Statuses in which a database answers queries.
const READY: [&str; 4] = ["available", "storage-optimization", "storage-initialization", "backing-up"];

/// Statuses that end a restore badly: no server runs behind them.
const TERMINAL: [&str; 15] = [
    "failed",
    "restore-error",
    "incompatible-create",
    "incompatible-credentials",
    "incompatible-network",
    "incompatible-option-group",
    "incompatible-parameters",
    "incompatible-restore",
    "insufficient-capacity",
    "storage-full",
    "inaccessible-encryption-credentials",
    "inaccessible-encryption-credentials-recoverable",
    "upgrade_failed",
    "upgrade-failed",
    "modify-failed",
];

/// Statuses from which an instance is deleted only without a final snapshot.
const NO_FINAL_SNAPSHOT: [&str; 5] = [
    "failed",
    "incompatible-restore",
    "incompatible-network",
    "restore-error",
    "inaccessible-encryption-credentials",
];

impl Status {
    /// A status by its text, whatever it is.
    pub fn named(text: impl Into<String>) -> Self {
        Self(Cow::Owned(text.into()))
    }

    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a database answers queries.
    pub fn is_ready(&self) -> bool {
        READY.contains(&self.as_str())
    }

    /// Whether it is an end that nothing but deleting leaves.
    pub fn is_terminal(&self) -> bool {
        TERMINAL.contains(&self.as_str())
    }

    pub(crate) fn admits_stop(&self) -> bool {
        matches!(self.as_str(), "available" | "storage-optimization" | "storage-initialization")
    }

    pub(crate) fn admits_snapshot(&self) -> bool {
        self.admits_stop()
    }

    pub(crate) fn admits_modify(&self) -> bool {
        self.admits_stop() || matches!(self.as_str(), "incompatible-parameters" | "storage-full")
    }

    pub(crate) fn admits_delete(&self) -> bool {
        self.admits_stop() || *self == Self::STOPPED || self.is_terminal()
    }

    pub(crate) fn admits_final_snapshot(&self) -> bool {
        !NO_FINAL_SNAPSHOT.contains(&self.as_str())
    }
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
