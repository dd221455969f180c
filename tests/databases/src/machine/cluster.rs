//! The files of a cluster whose server doesn't run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};

use super::Running;
use super::programs::{Programs, as_server_user, own};
use super::room::Room;

/// Settings of every cluster. No autovacuum, so that a piece is as it was made; no sync, as nothing here
/// has to survive the machine.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 40
shared_buffers = 32MB
fsync = off
autovacuum = off
max_wal_size = 128MB
ssl = on
";

/// The superuser comes from this machine without a password; everybody else needs TLS, as on RDS.
const PG_HBA: &str = "\
host    all         postgres 127.0.0.1/32 trust
host    replication postgres 127.0.0.1/32 trust
hostssl all         all      127.0.0.1/32 trust
";

/// A stopped cluster. Its files are removed when it is dropped.
#[derive(Debug)]
pub struct Cluster {
    programs: &'static Programs,
    directory: PathBuf,
}

impl Cluster {
    /// Makes an empty cluster, in the C locale and UTF-8, with 1 MB segments of WAL to copy fast.
    pub fn make(programs: &'static Programs, word: &str, with_checksums: bool) -> Result<Self> {
        let cluster = Self::place(programs, word)?;
        let mut initdb = programs.command("initdb");
        initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]);
        initdb.args(["--wal-segsize", "1", "-D"]).arg(cluster.data());
        if with_checksums {
            initdb.arg("--data-checksums");
        } else if programs.major() >= 18 {
            // On by default from then on (PostgreSQL 18 release notes).
            initdb.arg("--no-data-checksums");
        }
        run(&mut initdb)?;
        let room = Room::get()?.directory().display();
        let settings =
            format!("{SETTINGS}ssl_cert_file = '{room}/server.pem'\nssl_key_file = '{room}/server.key'\n");
        cluster.append("postgresql.conf", &settings)?;
        fs::write(cluster.file("pg_hba.conf"), PG_HBA)?;
        Ok(cluster)
    }

    /// A copy; a sparse file stays one.
    pub fn copy(&self, word: &str) -> Result<Self> {
        let copy = Self::place(self.programs, word)?;
        let mut cp = as_server_user("cp");
        run(cp.args(["-a", "--reflink=auto", "--sparse=always"]).arg(self.data()).arg(copy.data()))?;
        Ok(copy)
    }

    /// Starts a server on the cluster.
    pub fn start(self) -> Result<Running> {
        Running::start(self)
    }

    /// The installation that the cluster was made by.
    pub fn programs(&self) -> &'static Programs {
        self.programs
    }

    /// A file of the data directory, by its path in it.
    pub fn file(&self, path: &str) -> PathBuf {
        self.data().join(path)
    }

    /// Writes below the end of a text file.
    pub fn append(&self, path: &str, text: &str) -> Result<()> {
        let path = self.file(path);
        let before = fs::read_to_string(&path)?;
        Ok(fs::write(path, before + text)?)
    }

    /// An unused directory beside the data that the server's user can write, and that goes with the cluster.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    fn place(programs: &'static Programs, word: &str) -> Result<Self> {
        let directory = Room::get()?.place(word);
        fs::create_dir(&directory).with_context(|| format!("making {}", directory.display()))?;
        own(&directory)?;
        Ok(Self { programs, directory })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Runs a program that has to succeed.
pub(super) fn run(command: &mut Command) -> Result<Output> {
    let output = command.output().with_context(|| format!("running {}", command.get_program().display()))?;
    ensure!(
        output.status.success(),
        "{:?} failed: {}{}",
        command,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output)
}

/// The end of a server's log, for messages.
pub(super) fn end_of_log(path: &Path) -> String {
    let log = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = log.lines().rev().take(15).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
