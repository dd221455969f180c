//! The machines behind the control plane: real PostgreSQL servers on 127.0.0.1.
//!
//! Does the jobs that the control plane begins, in the background, one at a time for an instance.
//! Never decides whether a job is allowed.

mod admin;
mod backup;
mod binaries;
mod config;
mod files;
mod fleet;
mod keeper;
mod owner;
mod perform;
mod prepare;
mod recovery;
mod server;

pub use admin::Rows;
pub use binaries::Binaries;
pub use fleet::{Fleet, IamAuthentication};
pub use keeper::keep;
pub use owner::Owner;

/// Why a job could not be done.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// A file or a process failed.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A statement or a connection failed.
    #[error("{doing}: {}", said(.source))]
    Sql {
        /// What was being done.
        doing: String,
        /// What the server said.
        source: tokio_postgres::Error,
    },
    /// A program of PostgreSQL failed.
    #[error("{0}")]
    Program(String),
    /// A server did not get as far as it should in time.
    #[error("{0}")]
    TooSlow(String),
    /// No such server runs.
    #[error("no server runs for {0}")]
    NotRunning(String),
}

/// The server's own message where there is one: the library's says only "db error".
fn said(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |inner| inner.message().to_owned())
}

/// Gives an I/O error its context.
trait Doing<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, JobError>;
}

impl<T> Doing<T> for std::io::Result<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, JobError> {
        self.map_err(|source| JobError::Io { doing: what(), source })
    }
}

impl<T> Doing<T> for Result<T, tokio_postgres::Error> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, JobError> {
        self.map_err(|source| JobError::Sql { doing: what(), source })
    }
}

/// Removes a directory that an earlier double left.
///
/// # Errors
/// `Io`.
pub fn remove_leftover(path: &std::path::Path) -> Result<(), JobError> {
    files::remove(path)
}
