//! How the process ends: scripts tell a rejected backup from a drill that couldn't be completed.

use std::process::ExitCode;

use drill::evidence::Verdict;

/// What the exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The backup was verified, or a command that judges nothing has done its work.
    Done,
    /// Anything that isn't named here. Usage is 2, which clap ends with itself.
    Other,
    /// A check failed on the restored backup.
    Rejected,
    /// The drill couldn't be completed and says nothing about the backup.
    Broken,
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Verified => Self::Done,
            Verdict::Rejected => Self::Rejected,
            Verdict::Broken => Self::Broken,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Other => 1,
            Exit::Rejected => 10,
            Exit::Broken => 20,
        })
    }
}
