//! The pieces of the museum: each a kind of damage, with the finding that must appear.
//!
//! A piece says how it is made and everything that a drill of each level reports of it. Its test holds all
//! of that against a real server, so that neither a missing finding nor one too many goes unseen.

mod files;
mod restore;
mod rows;
mod schema;
mod server;

use drill::evidence::FindingStatus;

use crate::damage::Edit;
use drill::configuration::Level;

/// A kind of damage and what must be said of it.
#[derive(Debug)]
pub struct Piece {
    /// What happened, in words for the table of the README.
    pub name: &'static str,
    /// The same as the claim of a test.
    pub claim: &'static str,
    /// The cluster that it begins with.
    pub cluster: Origin,
    /// How the damage is made, one step after the other.
    pub damage: &'static [Step],
    /// What a drill must report beside what passed; the finding that names the damage is the first.
    pub findings: &'static [Expected],
    /// A check of which any number of warnings may come beside them, where nearly everything is different.
    pub also: Option<&'static str>,
    /// The table that `COUNT(*)` is asked about, and how many rows it has in truth.
    pub counted: (&'static str, u64),
}

/// The cluster that a piece begins with: the course platform, as it was on the night before and tonight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// As it is.
    Courses,
    /// Without data checksums.
    CoursesWithoutChecksums,
    /// With one more table, which is unlogged: filled, and emptied by each restore.
    CoursesWithUnlogged,
    /// With one more table, of 1 GB and some rows beyond it.
    CoursesWithLarge,
}

/// A step of making the damage.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// Statements of the superuser, which end with two semicolons.
    Sql(&'static str),
    /// One that the server must refuse.
    Refused(&'static str),
    /// The server stops as by a loss of power, and recovers.
    Crash,
    /// The server is stopped and the file of a relation changed: of what this expression names.
    File(&'static str, Edit),
    /// The server is stopped and its next transaction id set.
    NextTransaction(u32),
    /// The backup isn't of tonight but of the night before, whatever RDS says.
    NightBefore,
    /// RDS says another version of the backup.
    VersionOfBackup(&'static str),
}

/// A finding that isn't passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// The lowest level that reports it; every higher one does too.
    pub level: Level,
    /// The check.
    pub check: &'static str,
    /// What it looks at.
    pub subject: &'static str,
    /// How it comes out.
    pub status: FindingStatus,
}

impl Expected {
    const fn of(status: FindingStatus, level: Level, check: &'static str, subject: &'static str) -> Self {
        Self { level, check, subject, status }
    }

    /// It rejects the backup.
    const fn failed(level: Level, check: &'static str, subject: &'static str) -> Self {
        Self::of(FindingStatus::Failed, level, check, subject)
    }

    /// It is a warning, unless the configuration makes more of it.
    const fn warned(level: Level, check: &'static str, subject: &'static str) -> Self {
        Self::of(FindingStatus::Warned, level, check, subject)
    }

    /// It couldn't be measured, as what it needs is damaged.
    const fn not_measured(level: Level, check: &'static str, subject: &'static str) -> Self {
        Self::of(FindingStatus::NotMeasured, level, check, subject)
    }
}

impl Piece {
    /// A program that making the damage takes and that an installation may leave out.
    pub fn needs(&self) -> Option<&'static str> {
        self.damage.iter().any(|step| matches!(step, Step::NextTransaction(_))).then_some("pg_resetwal")
    }
}

/// Every piece, in the order of the README's table.
pub fn all() -> impl Iterator<Item = &'static Piece> {
    [files::PIECES, rows::PIECES, schema::PIECES, server::PIECES, restore::PIECES].into_iter().flatten()
}

/// The piece of a claim.
pub fn of_claim(claim: &str) -> Option<&'static Piece> {
    all().find(|piece| piece.claim == claim)
}
