//! What a step can fail with: a closed set of stable names that the state machine matches.
//!
//! A name is added here together with a row in `statemachine/README.md`, a section in
//! `docs/runbook.md` and a decision whether the state machine retries it; a test compares the three.

use std::fmt;

macro_rules! wire_names {
    ($($(#[$doc:meta])* $variant:ident = $text:literal $(, $retry:ident)?;)*) => {
        /// The name of an error on the wire: Lambda's `errorType`, which Retry and Catch match.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum WireName {
            $($(#[$doc])* $variant,)*
        }

        impl WireName {
            /// Every name, in the order of the runbook.
            pub const ALL: &[WireName] = &[$(WireName::$variant),*];

            /// The text on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Whether the state machine tries the step again, since the same call may work later.
            pub const fn is_retried(self) -> bool {
                match self { $(Self::$variant => wire_names!(@retried $($retry)?),)* }
            }
        }
    };
    (@retried retried) => { true };
    (@retried) => { false };
}

wire_names! {
    /// The execution's input isn't what a drill takes.
    InputInvalid = "Input.Invalid";
    /// There is no configuration for the source.
    ConfigMissing = "Config.Missing";
    /// The configuration can't be read.
    ConfigInvalid = "Config.Invalid";
    /// This drill has run already, or runs in another execution: a repeated event.
    DrillRepeated = "Drill.Repeated";
    /// Another drill of the source is running.
    DrillLive = "Drill.Live";
    /// RDS knows no instance of the source's name and no backup says what it was.
    SourceNotFound = "Source.NotFound";
    /// The source isn't RDS for PostgreSQL.
    SourceUnsupported = "Source.Unsupported";
    /// There is no backup at all.
    BackupMissing = "Backup.Missing";
    /// The backup isn't finished.
    BackupUnfinished = "Backup.Unfinished";
    /// The newest backup is older than the configuration allows.
    BackupStale = "Backup.Stale";
    /// There is no snapshot of that name.
    BackupNotFound = "Backup.NotFound";
    /// The named snapshot is of another instance.
    BackupNotOfSource = "Backup.NotOfSource";
    /// The instant can't be restored.
    BackupOutOfWindow = "Backup.OutOfWindow";
    /// The chosen backup was gone when the restore was asked for.
    BackupVanished = "Backup.Vanished";
    /// An instance of the replica's name exists and isn't this drill's.
    RestoreConflict = "Restore.Conflict";
    /// RDS refused the restore: a quota, a capacity, a key or a parameter.
    RestoreRefused = "Restore.Refused";
    /// The replica ended in a status that it won't leave by itself.
    ReplicaFailed = "Replica.Failed";
    /// The replica didn't reach its goal in time.
    ReplicaLate = "Replica.Late";
    /// The replica is gone though nobody here deleted it.
    ReplicaVanished = "Replica.Vanished";
    /// The instance is not a replica of this deployment, or somebody holds it.
    ReplicaNotOurs = "Replica.NotOurs";
    /// RDS asked to slow down.
    RdsThrottled = "Rds.Throttled", retried;
    /// RDS didn't answer or had an internal error.
    RdsUnavailable = "Rds.Unavailable", retried;
    /// The function's role may not make the call.
    RdsDenied = "Rds.Denied";
    /// RDS rejected the call for another reason.
    RdsRejected = "Rds.Rejected";
    /// RDS refused to stop the replica.
    StopRefused = "Stop.Refused";
    /// RDS refused to delete a replica.
    DeleteRefused = "Delete.Refused";
    /// The database didn't answer.
    DatabaseUnreachable = "Database.Unreachable", retried;
    /// The database turned the role away.
    DatabaseRefused = "Database.Refused";
    /// The server's certificate isn't of a trusted authority, or is for another host.
    DatabaseUntrusted = "Database.Untrusted";
    /// The connection broke, or a statement failed that should not.
    DatabaseLost = "Database.Lost", retried;
    /// The catalogue changed between two looks: the replica isn't quiescent.
    ChecksChanged = "Checks.Changed";
    /// The checks don't fit the limits.
    ChecksTooMany = "Checks.TooMany";
    /// A shard wasn't measured in all its invocations.
    ChecksUnfinished = "Checks.Unfinished";
    /// Not every planned check was measured, or not on this replica.
    JudgeIncomplete = "Judge.Incomplete";
    /// The store of evidence didn't answer or asked to slow down.
    EvidenceUnavailable = "Evidence.Unavailable", retried;
    /// The function's role may not read or write evidence.
    EvidenceDenied = "Evidence.Denied";
    /// Evidence can't be read: damaged, or of a newer version.
    EvidenceInvalid = "Evidence.Invalid";
    /// Step Functions didn't say whether an execution runs.
    ExecutionsUnavailable = "Executions.Unavailable", retried;
    /// The notification couldn't be sent.
    NotifyUnavailable = "Notify.Unavailable", retried;
    /// The notification isn't allowed or its topic doesn't exist.
    NotifyRefused = "Notify.Refused";
}

impl fmt::Display for WireName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a step failed: the name for the state machine, the fact and the way out for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepError {
    /// The stable name.
    pub name: WireName,
    /// The fact: what we were doing and to what.
    pub fact: String,
    /// The way out; may be empty.
    pub hint: String,
}

impl StepError {
    /// An error with its fact and its way out.
    pub fn new(name: WireName, fact: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name, fact: fact.into(), hint: hint.into() }
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fact)?;
        if !self.hint.is_empty() {
            write!(f, "\nHINT: {}", self.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for StepError {}
