//! The table of the museum, as it stands in the README beside this crate.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context, Result};
use drill::evidence::{Evidence, Finding, Verdict};

use crate::night::LEVELS;
use crate::peers::Peers;
use crate::pieces::Piece;
use crate::visit::{Visit, alarms};

const BEGIN: &str = "<!-- museum: begin, written by `make museum` -->\n";
const END: &str = "<!-- museum: end -->";

/// The files of the checkout that hold the table: the README beside this crate, and the project's own.
pub fn readmes() -> [PathBuf; 2] {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    [here.join("README.md"), here.join("../../README.md")]
}

/// Whether a README has a place for the table.
pub fn has_place(readme: &str) -> bool {
    readme.contains(BEGIN)
}

/// The table, with its heading, of visits in the order of their rows.
pub fn table(version: &str, visits: &[Visit]) -> String {
    let mut text = format!("{}\n\n| Damage | restore-drill | its finding |", made_with(version));
    for name in Peers::NAMES {
        let _ = write!(text, " {name} |");
    }
    text.push_str("\n|---|---|---|");
    text.push_str(&"---|".repeat(Peers::NAMES.len()));
    text.push('\n');
    for visit in visits {
        text.push_str(&row(visit));
        text.push('\n');
    }
    text
}

/// The line that says which PostgreSQL the table was made with; rows of another one aren't compared.
pub fn made_with(version: &str) -> String {
    let major = version.split('.').next().unwrap_or_default();
    format!("Made with PostgreSQL {major}.")
}

/// One row: the damage, the least thorough level that speaks of it, what it says, and what the peers say.
pub fn row(visit: &Visit) -> String {
    let (level, finding) = product(visit);
    let mut text = format!("| {} | {level} | {finding} |", visit.piece.name);
    for word in visit.peers.words() {
        let _ = write!(text, " {word} |");
    }
    text
}

fn product(visit: &Visit) -> (String, String) {
    for (level, drill) in LEVELS.into_iter().zip(&visit.drills) {
        let Ok(evidence) = drill else {
            return (format!("{}: broken", level.as_str()), "-".to_owned());
        };
        if alarms(evidence).next().is_some() {
            return (
                format!("**{}** {}", level.as_str(), outcome(evidence)),
                headline(visit.piece, evidence),
            );
        }
    }
    ("no word".to_owned(), "-".to_owned())
}

/// What becomes of the backup.
fn outcome(evidence: &Evidence) -> &'static str {
    match evidence.verdict {
        Verdict::Rejected => "rejects",
        Verdict::Verified => "warns",
        Verdict::Broken => "breaks off",
    }
}

/// The finding that names the damage, and how many more there are.
fn headline(piece: &Piece, evidence: &Evidence) -> String {
    let all: Vec<_> = alarms(evidence).collect();
    let named = piece.findings.first();
    let is_named = |f: &&&Finding| named.is_some_and(|n| n.check == f.check && n.subject == f.subject);
    let first = all.iter().find(is_named).or(all.first());
    let first = first.map_or_else(String::new, |f| format!("`{} {}`", f.check, f.subject));
    match all.len() {
        0 | 1 => first,
        more => format!("{first} and {} more", more - 1),
    }
}

/// The README with another table.
///
/// # Errors
/// When the README has no place for it.
pub fn replace(readme: &str, table: &str) -> Result<String> {
    let (before, rest) = readme.split_once(BEGIN).context("the README has no begin of the table")?;
    let (_, after) = rest.split_once(END).context("the README has no end of the table")?;
    Ok(format!("{before}{BEGIN}{table}{END}{after}"))
}
