//! Decides what the control plane asks of the machines behind it: one job at a time, begun and
//! then watched.
//!
//! The control plane never waits: it begins a job and asks later how it went. Servers that are
//! real work in the background; servers that are none answer at once.

use std::fmt;

use chrono::{DateTime, Utc};

use super::ids::{ResourceId, SnapshotKey};

/// The machines under the control plane.
pub trait Servers {
    /// Begins a job and returns at once.
    fn begin(&mut self, job: Job) -> JobId;

    /// How a job stands. Once it has ended, the answer may be asked for only once.
    fn progress(&mut self, id: JobId) -> Progress;
}

/// What a job is known by until it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// How a job stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Not ended yet.
    Running,
    /// Done; a server that was made says where it listens.
    Done(Option<Address>),
    /// Not done, with the reason.
    Failed(String),
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The host name.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

/// A password. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Wraps a password.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The password itself, for the one who must set it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Password(…)")
    }
}

/// How a server is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// Whether tokens of IAM open the database.
    pub iam_authentication: bool,
    /// Whether the write-ahead log is archived for points in time.
    pub archiving: bool,
}

/// What is wrong with the database of the next restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseFault {
    /// Nothing listens at the endpoint.
    RefuseConnections,
    /// The certificate is of an authority that nobody trusts.
    WrongAuthority,
    /// The certificate is for another host name.
    WrongHostName,
}

/// What a test does to the next restored database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tampering {
    /// What is wrong with its connections.
    pub fault: Option<DatabaseFault>,
    /// Statements run in it before it becomes available.
    pub sql: Vec<String>,
    /// The database that they run in; the instance's own unless given.
    pub database: Option<String>,
}

/// Where a restore gets its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreFrom {
    /// A snapshot as it is.
    Snapshot(SnapshotKey),
    /// A snapshot and the archived log after it.
    PointInTime {
        /// The snapshot to begin with.
        base: SnapshotKey,
        /// The instance whose log is replayed.
        source: ResourceId,
        /// Where replay stops; at the log's end unless given.
        until: Option<DateTime<Utc>>,
    },
}

/// One piece of work on one instance or snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// Makes an empty database and starts its server.
    Create {
        /// The instance.
        instance: ResourceId,
        /// Its settings.
        settings: ServerSettings,
        /// The first database, besides `postgres`.
        database: Option<String>,
        /// The master user.
        master_user: String,
        /// The master user's password.
        password: Password,
    },
    /// Makes a database from a backup and starts its server.
    Restore {
        /// The new instance.
        instance: ResourceId,
        /// Its settings.
        settings: ServerSettings,
        /// Where the data comes from.
        from: RestoreFrom,
        /// The instance's own database, if it has one.
        database: Option<String>,
        /// What a test wants to be wrong.
        tampering: Tampering,
    },
    /// Starts a stopped server.
    Start(ResourceId),
    /// Stops a server and keeps its data.
    Stop(ResourceId),
    /// Ends a server and removes its data.
    Delete {
        /// The instance.
        instance: ResourceId,
        /// Whether its archived log is kept, for points in time.
        keep_archive: bool,
    },
    /// Puts new settings in force.
    Configure {
        /// The instance.
        instance: ResourceId,
        /// Its settings.
        settings: ServerSettings,
        /// The master user and a new password, if it changes.
        password: Option<(String, Password)>,
    },
    /// Takes a snapshot of a server, running or stopped.
    Backup {
        /// The instance.
        instance: ResourceId,
        /// The snapshot to make.
        snapshot: SnapshotKey,
    },
    /// Copies a snapshot.
    CopySnapshot {
        /// The snapshot to read.
        from: SnapshotKey,
        /// The snapshot to make.
        to: SnapshotKey,
    },
    /// Removes a snapshot's data.
    DeleteSnapshot(SnapshotKey),
}

/// No machines: every job is done at once. For simulations of the control plane.
#[derive(Debug, Clone, Default)]
pub struct NoServers {
    begun: Vec<Job>,
}

impl NoServers {
    /// All jobs so far, in order.
    pub fn begun(&self) -> &[Job] {
        &self.begun
    }
}

impl Servers for NoServers {
    fn begin(&mut self, job: Job) -> JobId {
        self.begun.push(job);
        JobId(self.begun.len() as u64)
    }

    fn progress(&mut self, id: JobId) -> Progress {
        let begun = usize::try_from(id.0).ok().and_then(|number| self.begun.get(number.checked_sub(1)?));
        Progress::Done(match begun {
            Some(Job::Create { .. } | Job::Restore { .. }) => {
                Some(Address { host: "localhost".into(), port: 5432 })
            }
            _ => None,
        })
    }
}
