//! One piece, looked at: the damage made, a drill of each level run, the peers asked.

use std::fmt::Write as _;

use anyhow::{Context, Result, bail, ensure};
use drill::configuration::Level;
use drill::error::StepError;
use drill::evidence::{Evidence, Finding, FindingStatus};

use crate::damage;
use crate::exhibit::{CONFIGURATION, DATABASE, Exhibit, TONIGHT};
use crate::machine::{Cluster, Programs, Running};
use crate::night::{self, LEVELS, Setting};
use crate::peers::Peers;
use crate::pieces::{Expected, Piece, Step};

/// What was seen of a piece.
#[derive(Debug)]
pub struct Visit {
    /// The piece.
    pub piece: &'static Piece,
    /// What a drill of each level came to, in the order of the levels; an error is a drill that broke.
    pub drills: Vec<Result<Evidence, StepError>>,
    /// What the peers said.
    pub peers: Peers,
}

impl Visit {
    /// Makes the damage and looks at it. Takes a few seconds, and 40 MB of disk meanwhile.
    pub fn pay(piece: &'static Piece, programs: &'static Programs) -> Result<Self> {
        let exhibit = Exhibit::of(piece.cluster, programs)?;
        crate::wait_for(async {
            let (server, version) = make_damage(piece, &exhibit).await?;
            let mut drills = Vec::new();
            for level in LEVELS {
                let mut bucket = exhibit.baseline(level).clone();
                let setting =
                    Setting { configuration: CONFIGURATION, level, day: TONIGHT, engine_version: version };
                drills.push(night::run(&mut bucket, &server, &setting).await?);
            }
            let (table, truth) = piece.counted;
            let peers = Peers::ask(server, DATABASE, table, truth).await?;
            Ok(Self { piece, drills, peers })
        })
    }

    /// The drill of a level.
    pub fn drill(&self, level: Level) -> &Result<Evidence, StepError> {
        &self.drills[level as usize]
    }

    /// Compares what the drills reported with what the piece says that they must report, and nothing else.
    ///
    /// # Errors
    /// Every difference, with the words of the findings that nobody expected.
    pub fn compare(&self) -> Result<()> {
        let mut differences = String::new();
        for level in LEVELS {
            let evidence = match self.drill(level) {
                Ok(evidence) => evidence,
                Err(broken) => {
                    let _ = writeln!(differences, "{}: the drill broke: {broken:?}", level.as_str());
                    continue;
                }
            };
            let expected = || self.piece.findings.iter().filter(|expected| expected.level <= level);
            for missing in expected().filter(|expected| !alarms(evidence).any(|f| is(f, expected))) {
                let _ = writeln!(differences, "{}: missing {missing:?}", level.as_str());
            }
            let is_known = |f: &Finding| expected().any(|e| is(f, e)) || is_beside(f, self.piece);
            for extra in alarms(evidence).filter(|f| !is_known(f)) {
                let _ = writeln!(differences, "{}: nobody expected {extra:?}", level.as_str());
            }
        }
        ensure!(differences.is_empty(), "{}:\n{differences}", self.piece.name);
        Ok(())
    }
}

/// The findings that aren't passed.
pub fn alarms(evidence: &Evidence) -> impl Iterator<Item = &Finding> {
    evidence.findings.iter().filter(|finding| finding.status != FindingStatus::Passed)
}

fn is(finding: &Finding, expected: &Expected) -> bool {
    finding.check == expected.check
        && finding.subject == expected.subject
        && finding.status == expected.status
}

fn is_beside(finding: &Finding, piece: &Piece) -> bool {
    piece.also == Some(finding.check.as_str()) && finding.status == FindingStatus::Warned
}

/// Makes the damage on a copy of the exhibit; with the version that RDS says, if it is another.
async fn make_damage(piece: &Piece, exhibit: &Exhibit) -> Result<(Running, Option<&'static str>)> {
    let mut version = None;
    let mut server = exhibit.tonight.copy("damaged")?.start()?;
    for step in piece.damage {
        server = match *step {
            Step::Sql(statements) => {
                server.sql(DATABASE, statements).await?;
                server
            }
            Step::Refused(statement) => {
                ensure!(server.sql(DATABASE, statement).await.is_err(), "it was to be refused: {statement}");
                server
            }
            Step::Crash => server.crash()?.start()?,
            Step::File(relation, edit) => {
                let file = server.file_of(DATABASE, relation).await?;
                let cluster = server.stop()?;
                damage::edit(&cluster, &file, edit).with_context(|| format!("{edit:?} of {relation}"))?;
                cluster.start()?
            }
            Step::NextTransaction(id) => {
                let cluster = server.stop()?;
                set_next_transaction(&cluster, id)?;
                cluster.start()?
            }
            Step::NightBefore => {
                drop(server);
                exhibit.night_before.copy("damaged")?.start()?
            }
            Step::VersionOfBackup(text) => {
                version = Some(text);
                server
            }
        };
    }
    Ok((server, version))
}

/// Lets the cluster go on with a transaction id far ahead. Its commit log has the page of that id when the
/// id is the first of the page, which the server makes by itself.
fn set_next_transaction(cluster: &Cluster, id: u32) -> Result<()> {
    const IDS_PER_PAGE: u32 = 8192 * 4;
    let id = id - id % IDS_PER_PAGE;
    // Else the server vacuums at once, autovacuum or not, and is far from the end again.
    cluster.append("postgresql.conf", "autovacuum_freeze_max_age = 2000000000\n")?;
    let mut resetwal = cluster.programs().command("pg_resetwal");
    let output = resetwal.arg("-x").arg(id.to_string()).arg("-D").arg(cluster.data()).output()?;
    if !output.status.success() {
        bail!("pg_resetwal: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
