//! Where specimens live: a server, one specimen after the other.

use anyhow::{Context, Result, anyhow, ensure};
use drill::configuration::Level;
use drill::evidence::{Evidence, Verdict};

use super::Specimen;
use crate::bucket::Bucket;
use crate::machine::{Cluster, Programs, Running};
use crate::night::{self, Setting};
use crate::visit::alarms;

const DATABASE: &str = "zoo";
const NIGHTS: [&str; 2] = ["2026-11-20", "2026-11-21"];
/// What every cage begins with. Policies hide nothing from the drill's role.
const ROLES: &str =
    "CREATE ROLE drill LOGIN BYPASSRLS;; GRANT pg_read_all_data TO drill;; CREATE ROLE \"a role\"";
/// What every specimen begins with: the rights that the README asks for.
const PROLOGUE: [&str; 4] = [
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    "CREATE EXTENSION amcheck",
    "GRANT EXECUTE ON FUNCTION bt_index_check(regclass, boolean) TO drill",
    "GRANT EXECUTE ON FUNCTION verify_heapam(regclass, boolean, boolean, text, bigint, bigint) TO drill",
];
/// Autovacuum as busy as it gets, so that it works while a drill looks.
const AUTOVACUUM: &str = "
autovacuum = on
autovacuum_naptime = 1s
autovacuum_vacuum_threshold = 0
autovacuum_analyze_threshold = 0
";

/// What a cage does beside holding specimens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habits {
    /// Nothing: the drills look at the server itself, started anew.
    Still,
    /// Autovacuum works all the time.
    Autovacuum,
    /// Each drill looks at a physical copy of the files of a server that lost its power.
    Restored,
}

impl Habits {
    /// The habits of the cage for the specimen of a number: a third of them each.
    pub fn of(number: u64) -> Self {
        match number % 3 {
            0 => Self::Still,
            1 => Self::Autovacuum,
            _ => Self::Restored,
        }
    }
}

/// A server for specimens.
#[derive(Debug)]
pub struct Cage {
    habits: Habits,
    server: Option<Running>,
}

impl Cage {
    /// Makes an empty cage.
    pub fn make(programs: &'static Programs, habits: Habits) -> Result<Self> {
        crate::wait_for(async {
            let cluster = Cluster::make(programs, "zoo", true)?;
            if habits == Habits::Autovacuum {
                cluster.append("postgresql.conf", AUTOVACUUM)?;
            }
            let server = cluster.start()?;
            server.sql("postgres", ROLES).await?;
            Ok(Self { habits, server: Some(server) })
        })
    }

    /// Lets a specimen live through two nights, and removes it.
    ///
    /// # Errors
    /// Whatever a drill said that it shouldn't have, and a specimen that couldn't be made.
    pub fn visit(&mut self, specimen: &Specimen) -> Result<()> {
        crate::wait_for(async {
            self.sql("postgres", &["CREATE DATABASE zoo TEMPLATE template0".to_owned()]).await?;
            self.sql(DATABASE, &PROLOGUE.map(ToOwned::to_owned)).await?;
            let seen = self.live(specimen).await.with_context(|| specimen.name.clone());
            self.sql("postgres", &["DROP DATABASE zoo WITH (FORCE)".to_owned()]).await?;
            seen
        })
    }

    async fn live(&mut self, specimen: &Specimen) -> Result<()> {
        let configuration =
            format!("[database]\nname = \"{DATABASE}\"\nuser = \"drill\"\n{}", specimen.rules);
        let mut bucket = night::empty_bucket();
        for (day, statements) in NIGHTS.into_iter().zip([&specimen.first, &specimen.second]) {
            self.sql(DATABASE, statements).await?;
            let setting =
                Setting { configuration: &configuration, level: Level::Deep, day, engine_version: None };
            let evidence = self.drill(&mut bucket, &setting).await?;
            compare(specimen, day, &evidence)?;
        }
        Ok(())
    }

    async fn drill(&mut self, bucket: &mut Bucket, setting: &Setting<'_>) -> Result<Evidence> {
        let server = self.server.take().context("the cage's server is gone")?;
        let drilled = if self.habits == Habits::Restored {
            let cluster = server.crash()?;
            let replica = cluster.copy("replica")?.start()?;
            let drilled = night::run(bucket, &replica, setting).await;
            drop(replica);
            self.server = Some(cluster.start()?);
            drilled
        } else {
            // Started anew, as a replica is: what was written before it has reached the server's statistics,
            // which up to PostgreSQL 14 took a while, and isn't taken for writing during the drill.
            let server = server.stop()?.start()?;
            let drilled = night::run(bucket, &server, setting).await;
            self.server = Some(server);
            drilled
        };
        drilled?.map_err(|broken| anyhow!("the drill of {} broke: {broken:?}", setting.day))
    }

    async fn sql(&self, database: &str, statements: &[String]) -> Result<()> {
        let client = self.server.as_ref().context("the cage's server is gone")?.admin(database).await?;
        for statement in statements {
            client.batch_execute(statement).await.with_context(|| format!("running {statement}"))?;
        }
        Ok(())
    }
}

/// Nothing but what belongs to the specimen, and all of that.
fn compare(specimen: &Specimen, day: &str, evidence: &Evidence) -> Result<()> {
    let said: Vec<_> = alarms(evidence).collect();
    let is_expected =
        |check: &str, subject: &str| specimen.expected.contains(&(check.to_owned(), subject.to_owned()));
    let extra: Vec<String> = said
        .iter()
        .filter(|finding| !is_expected(&finding.check, &finding.subject))
        .map(|finding| format!("{finding:#?}"))
        .collect();
    ensure!(extra.is_empty(), "a false alarm on {day}: {}", extra.join("\n"));
    for (check, subject) in &specimen.expected {
        let is_there = said.iter().any(|finding| finding.check == *check && finding.subject == *subject);
        ensure!(is_there, "{day}: missing {check} {subject}");
    }
    ensure!(evidence.verdict == Verdict::Verified, "{day}: {}", evidence.summary);
    Ok(())
}
