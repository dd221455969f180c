//! PostgreSQL's programs on this machine, and the user that they run as.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail, ensure};

/// The oldest major version that the product supports.
const OLDEST: u32 = 14;

/// An installation of PostgreSQL.
#[derive(Debug, Clone)]
pub struct Programs {
    directory: PathBuf,
    version: String,
    major: u32,
}

impl Programs {
    /// The installation that `POSTGRES_BIN` names, else the newest of the system's.
    ///
    /// # Errors
    /// Why there is none that this machine could run: nothing from 14 on, or no user to run it as.
    pub fn find() -> Result<&'static Self, &'static str> {
        static FOUND: OnceLock<Result<Programs, String>> = OnceLock::new();
        FOUND
            .get_or_init(|| {
                let programs = newest().map_err(|error| error.to_string())?;
                server_user().map_err(|error| error.to_string())?;
                Ok(programs)
            })
            .as_ref()
            .map_err(String::as_str)
    }

    /// The version, such as `15.18`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The major version, such as 15.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// Whether the installation has the program: some packages leave the client's out.
    pub fn has(&self, program: &str) -> bool {
        self.directory.join(program).exists()
    }

    /// The directory of the programs.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// A call of the program as the server's user.
    pub fn command(&self, program: &str) -> Command {
        as_server_user(self.directory.join(program))
    }
}

#[expect(clippy::disallowed_methods, reason = "the choice of a server is the tests' own setting")]
fn newest() -> Result<Programs> {
    if let Some(directory) = std::env::var_os("POSTGRES_BIN") {
        return at(PathBuf::from(directory)).context("POSTGRES_BIN");
    }
    fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| at(entry.path().join("bin")).ok())
        .max_by_key(|programs| programs.major)
        .context("no PostgreSQL 14 or later in /usr/lib/postgresql or POSTGRES_BIN")
}

/// The installation in a directory, by what `postgres --version` says: `postgres (PostgreSQL) 15.18 (…)`.
fn at(directory: PathBuf) -> Result<Programs> {
    let output = Command::new(directory.join("postgres"))
        .arg("--version")
        .output()
        .with_context(|| format!("there is no postgres in {}", directory.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.split_whitespace().nth(2).context("it doesn't say its version")?.to_owned();
    let major = version.split('.').next().unwrap_or_default().parse()?;
    ensure!(major >= OLDEST, "PostgreSQL {version} is older than {OLDEST}");
    Ok(Programs { directory, version, major })
}

/// Root can't run a server: as root, the command runs as the system's user for it.
pub(super) fn as_server_user(program: impl AsRef<OsStr>) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

/// Gives a file or an empty directory to the user that servers run as.
pub(super) fn own(path: &Path) -> Result<()> {
    if let Some((user, group)) = server_user()? {
        chown(path, Some(user), Some(group))?;
    }
    Ok(())
}

/// The ids of the server's user; `None` when that is whoever runs this.
fn server_user() -> Result<Option<(u32, u32)>> {
    if !is_root() {
        return Ok(None);
    }
    let passwd = fs::read_to_string("/etc/passwd")?;
    let Some(entry) = passwd.lines().find(|line| line.starts_with("postgres:")) else {
        bail!("root can't run PostgreSQL, and there is no user named postgres");
    };
    let mut ids = entry.split(':').skip(2);
    let mut next = || -> Result<u32> { Ok(ids.next().context("a short line in /etc/passwd")?.parse()?) };
    Ok(Some((next()?, next()?)))
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}
