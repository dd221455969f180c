//! The servers under the model of RDS: none, but what data each would hold.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use rds_double::model::{Address, Job, JobId, Progress, ResourceId, RestoreFrom, Servers, SnapshotKey};

/// What is wrong with a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// A table with rules isn't there.
    TableMissing,
    /// A table has far fewer rows than it had and must have.
    RowsMissing,
    /// A table can't be read.
    Unreadable,
    /// Nothing was written for days.
    Old,
    /// A query of one's own gives what it must not.
    Orphans,
}

impl Damage {
    pub(crate) const ALL: &[Self] =
        &[Self::TableMissing, Self::RowsMissing, Self::Unreadable, Self::Old, Self::Orphans];
}

/// The data of an instance or a snapshot.
#[derive(Debug, Clone)]
pub(crate) struct Data {
    pub(crate) at: DateTime<Utc>,
    pub(crate) damage: Option<Damage>,
}

/// The tables, their rows at the beginning and the rows that an hour adds, and the heap's size, which of the first
/// is the scenario's.
pub(crate) const TABLES: &[(&str, u64, u64, u64)] = &[
    ("courses_answer", 1_943_200, 120, 0),
    ("courses_course", 212, 0, 64 << 10),
    ("courses_enrolment", 48_310, 3, 12 << 20),
];

/// When the course platform began, in hours of Unix time: 2026-01-01.
const BEGAN_AT_H: i64 = 490_896;

impl Data {
    /// The rows of a table; nothing when it isn't there.
    pub(crate) fn rows(&self, table: &str) -> Option<u64> {
        let (name, rows, an_hour, _) = TABLES.iter().find(|(name, ..)| *name == table)?;
        let is_answers = *name == "courses_answer";
        match self.damage {
            Some(Damage::TableMissing) if is_answers => None,
            Some(Damage::RowsMissing) if is_answers => Some(rows / 3),
            _ => {
                let hours = u64::try_from(self.at.timestamp() / 3600 - BEGAN_AT_H).unwrap_or(0);
                Some(rows + an_hour * hours)
            }
        }
    }

    pub(crate) fn tables(&self) -> impl Iterator<Item = &'static (&'static str, u64, u64, u64)> {
        TABLES.iter().filter(|(name, ..)| self.rows(name).is_some())
    }

    /// The newest row of a table.
    pub(crate) fn newest(&self) -> DateTime<Utc> {
        let back = if self.damage == Some(Damage::Old) { TimeDelta::days(9) } else { TimeDelta::minutes(4) };
        self.at - back
    }
}

/// The servers.
#[derive(Debug, Default)]
pub(crate) struct Machines {
    /// The time, for what is backed up now.
    pub(crate) now: DateTime<Utc>,
    /// What is wrong with the next automated backup.
    pub(crate) next_damage: Option<Damage>,
    pub(crate) of_instances: BTreeMap<ResourceId, Data>,
    of_snapshots: BTreeMap<SnapshotKey, Data>,
    addresses: BTreeMap<JobId, Address>,
    count: u64,
}

impl Machines {
    fn number(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// The data as an instance has it at a time: those of production grow, a replica's don't.
    fn grown(&mut self, instance: &ResourceId, at: DateTime<Utc>) -> Data {
        let damage = self.next_damage.take();
        let known = self.of_instances.get(instance).map(|d| d.damage);
        Data { at, damage: damage.or(known.flatten()) }
    }
}

impl Servers for Machines {
    fn begin(&mut self, job: Job) -> JobId {
        let id = JobId(self.number());
        match job {
            Job::Create { instance, .. } => {
                let data = Data { at: self.now, damage: None };
                self.addresses.insert(id, address_of(&instance));
                self.of_instances.insert(instance, data);
            }
            Job::Backup { instance, snapshot } => {
                let data = self.grown(&instance, self.now);
                self.of_snapshots.insert(snapshot, data);
            }
            Job::Restore { instance, from, .. } => {
                self.addresses.insert(id, address_of(&instance));
                let (base, until) = match from {
                    RestoreFrom::Snapshot(key) => (key, None),
                    RestoreFrom::PointInTime { base, until, .. } => (base, until),
                };
                if let Some(data) = self.of_snapshots.get(&base).cloned() {
                    let at = until.unwrap_or(data.at);
                    self.of_instances.insert(instance, Data { at, ..data });
                }
            }
            Job::CopySnapshot { from, to } => {
                if let Some(data) = self.of_snapshots.get(&from).cloned() {
                    self.of_snapshots.insert(to, data);
                }
            }
            Job::DeleteSnapshot(key) => {
                self.of_snapshots.remove(&key);
            }
            Job::Start(_) | Job::Stop(_) | Job::Delete { .. } | Job::Configure { .. } => {}
        }
        id
    }

    fn progress(&mut self, id: JobId) -> Progress {
        Progress::Done(self.addresses.remove(&id))
    }
}

const HOST: &str = ".c9akciq32rgu.eu-central-1.rds.amazonaws.com";

/// Each instance has a host of its own for ever. At AWS it has the instance's name in it.
fn address_of(instance: &ResourceId) -> Address {
    Address { host: format!("{}{HOST}", instance.as_str().to_ascii_lowercase()), port: 5432 }
}

/// The instance that listens at a host.
pub(crate) fn instance_at(host: &str) -> Option<String> {
    let name = host.strip_suffix(HOST)?.strip_prefix("db-")?;
    Some(format!("db-{}", name.to_ascii_uppercase()))
}
