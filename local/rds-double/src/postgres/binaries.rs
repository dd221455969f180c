//! Decides which programs of PostgreSQL are used and what they can do.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Doing, JobError, Owner};

/// The oldest major version that the double runs.
const MAJOR_MIN: u32 = 14;

/// Where servers find `cp` and `mv`, which archive and restore the log.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A directory with `postgres` and `initdb`.
#[derive(Debug, Clone)]
pub struct Binaries {
    directory: PathBuf,
    version: String,
    major: u32,
    has_ldap: bool,
}

impl Binaries {
    /// Looks at a directory of programs.
    ///
    /// # Errors
    /// `Program` if they don't run or are too old.
    pub fn find(directory: &Path) -> Result<Self, JobError> {
        let directory = directory.canonicalize().doing(|| format!("looking for {}", directory.display()))?;
        let mut found = Self { directory, version: String::new(), major: 0, has_ldap: false };
        let postgres = found.program("postgres");
        let output = found
            .command("postgres")
            .arg("--version")
            .output()
            .doing(|| format!("running {}", postgres.display()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let version =
            text.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()));
        let version = version.ok_or_else(|| {
            let said = String::from_utf8_lossy(&output.stderr);
            JobError::Program(format!("{} gives no version: {said}", postgres.display()))
        })?;
        let digits = version.split(|each: char| !each.is_ascii_digit()).next();
        found.major = digits.and_then(|text| text.parse().ok()).unwrap_or(0);
        version.clone_into(&mut found.version);
        if found.major < MAJOR_MIN {
            return Err(JobError::Program(format!(
                "{} is version {version}; the double needs {MAJOR_MIN} or newer",
                postgres.display()
            )));
        }
        found.has_ldap = links_ldap(&postgres);
        Ok(found)
    }

    /// The version, such as `15.18`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether the server can ask an LDAP server about passwords.
    pub fn has_ldap(&self) -> bool {
        self.has_ldap
    }

    /// The major version, such as 15.
    pub(super) fn major(&self) -> u32 {
        self.major
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Checks that the user may run the programs.
    ///
    /// # Errors
    /// `Program` with a hint, if not.
    pub fn check_access(&self, owner: Owner) -> Result<(), JobError> {
        owner.check_access(&self.directory)
    }

    /// A command without anything of this process's environment that PostgreSQL would heed.
    pub(super) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.program(name));
        command.env_clear().env("LC_ALL", "C").env("PATH", PATH).current_dir("/");
        // Unpacked builds bring their libraries beside the programs.
        let libraries = self.directory.with_file_name("lib");
        if libraries.join("libpq.so.5").exists() {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        command
    }
}

fn links_ldap(postgres: &Path) -> bool {
    Command::new("ldd")
        .arg(postgres)
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("libldap"))
}
