//! What other means say of the same database, each as people call it.

use std::fmt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::machine::{Cluster, Programs, Running};

/// What somebody else said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// All is well.
    Well,
    /// So many rows, of so many that there should be.
    Rows {
        /// The answer.
        found: u64,
        /// The truth.
        truth: u64,
    },
    /// Something is wrong.
    Wrong,
    /// It doesn't look, as the cluster has no checksums.
    Blind,
    /// The program isn't part of this installation.
    Absent,
}

impl Word {
    /// Whether somebody who looks would know.
    pub fn is_alarm(&self) -> bool {
        match self {
            Self::Well | Self::Blind | Self::Absent => false,
            Self::Rows { found, truth } => found != truth,
            Self::Wrong => true,
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Well => f.write_str("no word"),
            Self::Rows { found, truth } if found == truth => write!(f, "all {found}"),
            Self::Rows { found, truth } => write!(f, "**{found}** of {truth}"),
            Self::Wrong => f.write_str("**error**"),
            Self::Blind => f.write_str("no checksums"),
            Self::Absent => f.write_str("not installed"),
        }
    }
}

/// What each of them said of one database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peers {
    /// `SELECT COUNT(*)` of the table, with the server's own settings.
    pub count: Word,
    /// `pg_amcheck --heapallindexed` of the database.
    pub amcheck: Word,
    /// `pg_dump` of the database, thrown away.
    pub dump: Word,
    /// `pg_basebackup`, then `pg_verifybackup` of what it wrote.
    pub backup: Word,
    /// `pg_checksums --check` of the stopped cluster.
    pub checksums: Word,
}

impl Peers {
    /// The names of the columns, in the order of [`Peers::words`].
    pub const NAMES: [&'static str; 5] = [
        "`SELECT COUNT(*)`",
        "`pg_amcheck --heapallindexed`",
        "`pg_dump`",
        "`pg_basebackup` and `pg_verifybackup`",
        "`pg_checksums --check`",
    ];

    /// Their words.
    pub fn words(&self) -> [&Word; 5] {
        [&self.count, &self.amcheck, &self.dump, &self.backup, &self.checksums]
    }

    /// Asks them all, and stops the server in the end.
    pub async fn ask(server: Running, database: &str, table: &str, truth: u64) -> Result<Self> {
        let asking = Asking { server: &server, programs: server.cluster().programs(), database };
        let count = asking.count(table, truth).await?;
        let amcheck = asking.client("pg_amcheck", &["--heapallindexed"])?;
        let dump = asking.client("pg_dump", &["--file=/dev/null"])?;
        let backup = asking.backup()?;
        let stopped = server.stop()?;
        let checksums = checksums(&stopped)?;
        Ok(Self { count, amcheck, dump, backup, checksums })
    }
}

struct Asking<'a> {
    server: &'a Running,
    programs: &'static Programs,
    database: &'a str,
}

impl Asking<'_> {
    async fn count(&self, table: &str, truth: u64) -> Result<Word> {
        let client = self.server.admin(self.database).await?;
        match client.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await {
            Ok(row) => Ok(Word::Rows { found: u64::try_from(row.get::<_, i64>(0))?, truth }),
            Err(error) if error.as_db_error().is_some() => Ok(Word::Wrong),
            Err(error) => Err(error.into()),
        }
    }

    /// A client's program with the database as its argument.
    fn client(&self, program: &str, arguments: &[&str]) -> Result<Word> {
        if !self.programs.has(program) {
            return Ok(Word::Absent);
        }
        said(self.programs.command(program).args(arguments).args(self.way()).arg(self.database))
    }

    fn backup(&self) -> Result<Word> {
        if !self.programs.has("pg_basebackup") || !self.programs.has("pg_verifybackup") {
            return Ok(Word::Absent);
        }
        let place = self.server.cluster().beside("backup");
        let mut backup = self.programs.command("pg_basebackup");
        backup.args(["--checkpoint=fast", "--no-sync", "--pgdata"]).arg(&place).args(self.way());
        Ok(match said(&mut backup)? {
            Word::Well => said(self.programs.command("pg_verifybackup").arg("--quiet").arg(&place))?,
            word => word,
        })
    }

    fn way(&self) -> [String; 3] {
        [
            "--host=127.0.0.1".to_owned(),
            format!("--port={}", self.server.port()),
            "--username=postgres".to_owned(),
        ]
    }
}

fn checksums(cluster: &Cluster) -> Result<Word> {
    if !cluster.programs().has("pg_checksums") {
        return Ok(Word::Absent);
    }
    let mut check = cluster.programs().command("pg_checksums");
    let output = check.arg("--check").arg("--pgdata").arg(cluster.data()).output()?;
    let is_blind = String::from_utf8_lossy(&output.stderr).contains("not enabled");
    Ok(match output.status.success() {
        true => Word::Well,
        false if is_blind => Word::Blind,
        false => Word::Wrong,
    })
}

/// Whether a program was content, which its exit says.
fn said(command: &mut Command) -> Result<Word> {
    let output = command.output().with_context(|| format!("running {}", command.get_program().display()))?;
    Ok(if output.status.success() { Word::Well } else { Word::Wrong })
}
