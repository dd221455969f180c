//! The clusters that pieces begin with, each made once: as it was on the night before, whose verified drill
//! is the baseline, and as it is tonight.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use anyhow::{Result, anyhow, ensure};
use drill::configuration::Level;
use drill::evidence::Verdict;

use crate::bucket::Bucket;
use crate::damage;
use crate::machine::{Cluster, Programs, Running};
use crate::night::{self, LEVELS, Setting};
use crate::pieces::Origin;

/// The database of the course platform.
pub const DATABASE: &str = "courses";
/// The night whose drill is the baseline.
const NIGHT_BEFORE: &str = "2026-11-20";
/// The night of the damage.
pub const TONIGHT: &str = "2026-11-21";
/// The configuration of its drills beside the level.
pub const CONFIGURATION: &str = include_str!("courses/drill.toml");

const SCHEMA: &str = include_str!("courses/schema.sql");
const ROWS: &str = include_str!("courses/rows.sql");
const DAY: &str = include_str!("courses/day.sql");
const UNLOGGED: &str = include_str!("courses/unlogged.sql");
/// Blocks of the first file of a relation, which then has 1 GB, as Debian and RDS build PostgreSQL.
const SEGMENT_BLOCKS: u64 = 131_072;

/// A cluster on two nights.
#[derive(Debug)]
pub struct Exhibit {
    /// As it was on the night before.
    pub night_before: Cluster,
    /// As it is tonight, without damage.
    pub tonight: Cluster,
    /// For each level, the bucket with the verified drill of the night before.
    baselines: Vec<Bucket>,
}

impl Exhibit {
    /// The exhibit of an origin, made at the first call in this process.
    pub fn of(origin: Origin, programs: &'static Programs) -> Result<Arc<Self>> {
        type Made = Arc<OnceLock<Result<Arc<Exhibit>, String>>>;
        static EXHIBITS: Mutex<BTreeMap<Origin, Made>> = Mutex::new(BTreeMap::new());
        let made = {
            let mut exhibits = EXHIBITS.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(exhibits.entry(origin).or_default())
        };
        made.get_or_init(|| Self::make(origin, programs).map(Arc::new).map_err(|error| format!("{error:#}")))
            .clone()
            .map_err(|error| anyhow!("making {origin:?}: {error}"))
    }

    /// The bucket with the verified drill of the night before.
    pub fn baseline(&self, level: Level) -> &Bucket {
        &self.baselines[level as usize]
    }

    fn make(origin: Origin, programs: &'static Programs) -> Result<Self> {
        // Before the runtime is entered: what others begin with may have to be made first, in one of its own.
        let base = match origin {
            Origin::Courses | Origin::CoursesWithoutChecksums => None,
            Origin::CoursesWithUnlogged | Origin::CoursesWithLarge => {
                Some(Self::of(Origin::Courses, programs)?)
            }
        };
        crate::wait_for(async {
            let night_before = match base {
                None => make_courses(programs, origin != Origin::CoursesWithoutChecksums).await?,
                Some(base) => add_table(origin, base.night_before.copy("more")?.start()?).await?,
            };
            let server = night_before.copy("baseline")?.start()?;
            let mut baselines = Vec::new();
            for level in LEVELS {
                baselines.push(baseline(&server, level).await?);
            }
            drop(server);
            let server = night_before.copy("tonight")?.start()?;
            server.sql(DATABASE, DAY).await?;
            Ok(Self { tonight: server.stop()?, night_before, baselines })
        })
    }
}

async fn baseline(server: &Running, level: Level) -> Result<Bucket> {
    let mut bucket = night::empty_bucket();
    let setting = Setting { configuration: CONFIGURATION, level, day: NIGHT_BEFORE, engine_version: None };
    let evidence =
        night::run(&mut bucket, server, &setting).await?.map_err(|broken| anyhow!("{broken:?}"))?;
    ensure!(evidence.verdict == Verdict::Verified, "the undamaged cluster isn't verified: {evidence:#?}");
    Ok(bucket)
}

async fn make_courses(programs: &'static Programs, with_checksums: bool) -> Result<Cluster> {
    let server = Cluster::make(programs, "courses", with_checksums)?.start()?;
    server.sql("postgres", "CREATE DATABASE courses TEMPLATE template0").await?;
    server.sql(DATABASE, SCHEMA).await?;
    server.sql(DATABASE, ROWS).await?;
    server.stop()
}

/// The course platform with the one more table of the origin.
async fn add_table(origin: Origin, server: Running) -> Result<Cluster> {
    if origin == Origin::CoursesWithLarge {
        return with_large(server).await;
    }
    server.sql(DATABASE, UNLOGGED).await?;
    // As the baseline saw it: in a replica, which a restore had recovered.
    server.crash()?.start()?.stop()
}

/// Adds a table whose first file is full and whose rows lie at its end and in the second file. All of the
/// first but its last block are zeros, which take no place on the disk: pages that are new, to PostgreSQL.
async fn with_large(server: Running) -> Result<Cluster> {
    server.sql(DATABASE, "CREATE TABLE upload (id bigint PRIMARY KEY, name text NOT NULL)").await?;
    let file = server.file_of(DATABASE, "'upload'").await?;
    let cluster = server.stop()?;
    damage::extend(&cluster, &file, SEGMENT_BLOCKS)?;
    let server = cluster.start()?;
    let rows =
        "INSERT INTO upload SELECT n, 'upload ' || n || repeat('.', 100) FROM generate_series(1, 5000) AS n";
    server.sql(DATABASE, rows).await?;
    server.stop()
}
