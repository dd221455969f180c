//! The command line.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use rds_double::model::Delays;

/// A double of the RDS API over real PostgreSQL servers, for one machine.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serve: ServeOptions,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Keeps one server; the double runs itself so.
    #[command(hide = true)]
    Keep(KeepOptions),
}

#[derive(Debug, Args)]
pub(crate) struct KeepOptions {
    /// The user that the server runs as.
    #[arg(long, requires = "group")]
    user: Option<u32>,
    /// Its group.
    #[arg(long, requires = "user")]
    group: Option<u32>,
    /// The server and its arguments.
    #[arg(last = true, required = true)]
    pub(crate) program: Vec<String>,
}

impl KeepOptions {
    pub(crate) fn owner(&self) -> Option<(u32, u32)> {
        self.user.zip(self.group)
    }
}

#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    /// The port of the API on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Where data, snapshots and ca.pem lie. What an earlier double left there is removed.
    #[arg(long, default_value = "rds-double-state")]
    pub(crate) state_dir: PathBuf,
    /// The directory of `postgres` and `initdb`; the newest in /usr/lib/postgresql unless given.
    #[arg(long)]
    postgres_bin: Option<PathBuf>,
    /// Whom to run servers as, when started by root.
    #[arg(long)]
    pub(crate) run_as: Option<String>,
    /// How long statuses last at least, as `creating=1.0,stopping=0.3` (seconds).
    #[arg(long, default_value = "")]
    pub(crate) delay: Delays,
    /// The region in ARNs.
    #[arg(long, default_value = "us-east-1")]
    pub(crate) region: String,
    /// The account in ARNs.
    #[arg(long, default_value = "000000000000")]
    pub(crate) account: String,
    /// The secret that tokens of IAM are signed with; empty lets any signature pass.
    #[arg(long, default_value = "test", hide_default_value = true)]
    pub(crate) secret_access_key: String,
    /// The most instances.
    #[arg(long, default_value_t = 40)]
    pub(crate) instance_quota: usize,
    /// The most manual snapshots.
    #[arg(long, default_value_t = 100)]
    pub(crate) snapshot_quota: usize,
    /// The most storage of all instances together.
    #[arg(long, default_value_t = 100_000)]
    pub(crate) storage_quota_gib: u32,
}

impl ServeOptions {
    /// The programs to use.
    pub(crate) fn postgres_bin(&self) -> anyhow::Result<PathBuf> {
        if let Some(given) = &self.postgres_bin {
            return Ok(given.clone());
        }
        let major = |path: &PathBuf| {
            let name = path.file_name()?.to_str()?;
            name.parse::<u32>().ok()
        };
        std::fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .max_by_key(major)
            .map(|path| path.join("bin"))
            .context("no PostgreSQL in /usr/lib/postgresql\nHINT: name a directory of its programs with --postgres-bin")
    }
}
