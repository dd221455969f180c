//! How the process ends: scripts tell a rejected backup from a drill that couldn't be completed.

use std::process::ExitCode;

use drill::evidence::{Evidence, Verdict};

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

impl Exit {
    /// What a drill's record says. One that broke after its backup was verified isn't done: its
    /// replica may run, and an older one may not have been retired.
    pub(crate) fn of(evidence: &Evidence) -> Self {
        match (evidence.verdict, &evidence.failure) {
            (Verdict::Verified, None) => Self::Done,
            (Verdict::Rejected, _) => Self::Rejected,
            (Verdict::Verified | Verdict::Broken, _) => Self::Broken,
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
