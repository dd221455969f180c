//! Decides as which user the servers run: oneself, or another when oneself is root, which
//! PostgreSQL refuses.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Doing, JobError};

/// The user that servers run as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner(Option<(u32, u32)>);

impl Owner {
    /// The user to run as: `wanted`, else `postgres`, else `nobody` for root; oneself otherwise.
    ///
    /// # Errors
    /// `Program` if the wanted user isn't known.
    pub fn choose(wanted: Option<&str>) -> Result<Self, JobError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self(None));
        }
        let names = wanted.map_or_else(|| vec!["postgres", "nobody"], |name| vec![name]);
        for name in &names {
            if let (Some(user), Some(group)) = (id_of("-u", name), id_of("-g", name)) {
                return Ok(Self(Some((user, group))));
            }
        }
        Err(JobError::Program(format!(
            "no user {} on this machine\nHINT: PostgreSQL doesn't run as root; name a user with --run-as",
            names.join(" or ")
        )))
    }

    /// The user and the group, unless they are one's own.
    pub fn ids(self) -> Option<(u32, u32)> {
        self.0
    }

    /// Makes a command run as this user.
    pub(super) fn run(self, command: &mut Command) {
        if let Some((user, group)) = self.0 {
            command.uid(user).gid(group);
        }
    }

    /// Gives a file or a directory to this user.
    pub(super) fn give(self, path: &Path) -> Result<(), JobError> {
        let Some((user, group)) = self.0 else {
            return Ok(());
        };
        std::os::unix::fs::lchown(path, Some(user), Some(group))
            .doing(|| format!("giving {} to user {user}", path.display()))
    }

    /// Checks that this user can get into a directory: its parents too must let it pass.
    ///
    /// # Errors
    /// `Program` with a hint, if not.
    pub fn check_access(self, directory: &Path) -> Result<(), JobError> {
        let mut command = Command::new("test");
        command.arg("-x").arg(directory).current_dir("/");
        self.run(&mut command);
        let passed = command.stdin(Stdio::null()).status().doing(|| "running `test`".into())?;
        if passed.success() {
            return Ok(());
        }
        Err(JobError::Program(format!(
            "the user that servers run as can't get into {}\nHINT: each directory above it needs the `x` permission for others (chmod o+x), or name another --state-dir or --run-as",
            directory.display()
        )))
    }
}

fn id_of(which: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([which, name]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.trim().parse().ok()
}
