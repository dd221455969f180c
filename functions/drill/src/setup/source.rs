//! The source as a drill needs it: what stops drills, and what makes its backups worth less than they seem.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::finding::{Finding, Looked};
use super::hour::{self, BadHour, Lag, TimeOfDay, Window, Zone};
use crate::backup::{self, Snapshot};
use crate::configuration::BackupPolicy;
use crate::ids::{DbiResourceId, SourceId, rfc3339};

/// The first major version with the role `pg_read_all_data` (PostgreSQL 14, Release Notes).
const MAJOR_MIN: u32 = 14;
/// Instances that there are while a drill goes on beside the source: tonight's replica, and the standby.
const REPLICAS: u64 = 2;

/// An instance as RDS described it, as far as setting a drill up wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "RDS's own flags, one field each")]
pub struct Facts {
    /// Its DB instance identifier.
    pub id: String,
    /// Its ARN, with partition, Region and account.
    pub arn: String,
    /// The identity that is never reused.
    pub resource_id: DbiResourceId,
    /// Its status.
    pub status: String,
    /// `postgres`.
    pub engine: String,
    /// Such as `17.4`.
    pub engine_version: String,
    /// The cluster that it is a member of.
    pub cluster: Option<String>,
    /// The instance that it replicates, by RDS.
    pub replicates: Option<String>,
    /// Its class.
    pub instance_class: String,
    /// Its storage in GiB.
    pub storage_gib: u32,
    /// The kind of its storage.
    pub storage_type: Option<String>,
    /// Whether a second copy stands by in another zone.
    pub multi_az: bool,
    /// Whether it has a public address.
    pub is_public: bool,
    /// Whether RDS refuses to delete it.
    pub deletion_protection: bool,
    /// Whether tokens of IAM open its databases.
    pub iam_authentication: bool,
    /// The key that its storage is encrypted with.
    pub kms_key: Option<String>,
    /// Its VPC.
    pub vpc: Option<String>,
    /// The subnets of its subnet group, with their availability zones.
    pub subnets: Vec<(String, String)>,
    /// Where its backups begin, as RDS writes it.
    pub backup_window: Option<String>,
    /// How long automated backups are kept; 0 is off.
    pub retention_days: u32,
    /// Its port.
    pub port: Option<u16>,
    /// The database that was made with it.
    pub database: Option<String>,
}

impl Facts {
    /// Its major version.
    pub fn major(&self) -> Option<u32> {
        self.engine_version.split('.').next()?.parse().ok()
    }

    /// A field of its ARN: 1 the partition, 3 the Region, 4 the account.
    pub fn of_arn(&self, field: usize) -> &str {
        self.arn.split(':').nth(field).unwrap_or_default()
    }
}

/// Who manages a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyManager {
    /// AWS, as for `aws/rds`, the key that RDS takes when nobody names one.
    Aws,
    /// Whoever owns the account.
    Customer,
}

/// One of RDS's quotas, as `DescribeAccountAttributes` gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// What is there.
    pub used: u64,
    /// What may be.
    pub max: u64,
}

impl Quota {
    fn left(self) -> u64 {
        self.max.saturating_sub(self.used)
    }
}

/// The two quotas that a restore can meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// DB instances of the account in the Region.
    pub instances: Option<Quota>,
    /// The storage of all of them, in GiB.
    pub storage_gib: Option<Quota>,
}

/// Why an instance can't be drilled at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fact}\nHINT: {hint}")]
pub struct Refusal {
    fact: String,
    hint: &'static str,
}

/// Refuses what no drill can restore.
///
/// # Errors
/// [`Refusal`] for another engine, a member of a cluster, and a name that replicas have.
pub fn refuse(facts: &Facts) -> Result<(), Refusal> {
    let id = &facts.id;
    let refused = |fact: String, hint| Err(Refusal { fact, hint });
    if facts.engine.starts_with("aurora") {
        return refused(
            format!("{id} runs {}: it is Aurora", facts.engine),
            "restore-drill drills RDS for PostgreSQL; a restored Aurora cluster has no instance",
        );
    }
    if facts.engine != "postgres" {
        return refused(format!("{id} runs {}", facts.engine), "restore-drill drills RDS for PostgreSQL");
    }
    if let Some(cluster) = &facts.cluster {
        return refused(
            format!("{id} is a member of the cluster {cluster}: its backups are the cluster's"),
            "restore-drill drills DB instances, Multi-AZ ones too, but no Multi-AZ DB clusters",
        );
    }
    if id.starts_with("drill-") {
        return refused(
            format!("{id} has a name as replicas have"),
            "name the source itself, not a replica; no source may be called drill-…",
        );
    }
    Ok(())
}

/// What is said of an instance that isn't there: the names of those that are.
pub fn missing(id: &SourceId, others: &[(String, String)]) -> String {
    let mut names: Vec<&str> = others
        .iter()
        .filter(|(name, engine)| engine == "postgres" && !name.starts_with("drill-"))
        .map(|(name, _)| name.as_str())
        .collect();
    names.sort_unstable();
    let shown = names.iter().take(20).copied().collect::<Vec<_>>().join(", ");
    let hint = match names.len() {
        0 => "this account has no RDS for PostgreSQL in this Region; see --region and --profile".to_owned(),
        more @ 21.. => format!("there are {more}, such as {shown}"),
        _ => format!("there are: {shown}"),
    };
    format!("RDS knows no instance {id} here\nHINT: {hint}")
}

/// What is to be known of a source, before anything is written or restored.
pub fn judge(
    facts: &Facts,
    snapshots: &Looked<Vec<Snapshot>>,
    key: &Looked<KeyManager>,
    quotas: &Looked<Quotas>,
    policy: &BackupPolicy,
    now: DateTime<Utc>,
) -> Vec<Finding> {
    vec![
        engine(facts),
        backups(facts),
        newest_backup(facts, snapshots, policy, now),
        protection(facts),
        encryption(facts, key),
        address(facts),
        subnets(facts),
        authentication(facts),
        storage(facts),
        quota(facts, quotas),
    ]
}

fn engine(facts: &Facts) -> Finding {
    let told = format!("PostgreSQL {} on {}, {}", facts.engine_version, facts.instance_class, facts.status);
    match facts.major() {
        None => Finding::unknown("engine", format!("{told}: its version can't be read"), "see RDS's console"),
        Some(major) if major < MAJOR_MIN => Finding::problem(
            "engine",
            format!("{told}: the drill's role needs pg_read_all_data, which came with {MAJOR_MIN}"),
            "upgrade the source; its major version is in Extended Support by now, too",
        ),
        Some(_) if facts.status != "available" => {
            Finding::warning("engine", told, "see what RDS is doing with it; a drill needs its backups only")
        }
        Some(_) => Finding::ok("engine", told),
    }
}

fn backups(facts: &Facts) -> Finding {
    let (subject, id) = ("backups", &facts.id);
    let change = |days: u32| {
        format!("aws rds modify-db-instance --db-instance-identifier {id} --backup-retention-period {days}")
    };
    let window = facts.backup_window.as_deref().unwrap_or("no window");
    match facts.retention_days {
        0 => Finding::problem(
            subject,
            "automated backups are off: there is nothing to drill, and nothing to restore",
            format!("{} --apply-immediately", change(7)),
        ),
        1 => Finding::warning(
            subject,
            format!("kept for one day, taken {window} UTC: after one missed night there is none"),
            change(7),
        ),
        days if facts.replicates.is_some() => Finding::warning(
            subject,
            format!(
                "kept for {days} days, of a read replica: they prove nothing of its own source's backups"
            ),
            "drill the instance that it replicates",
        ),
        days => Finding::ok(subject, format!("kept for {days} days, taken {window} UTC")),
    }
}

fn newest_backup(
    facts: &Facts,
    snapshots: &Looked<Vec<Snapshot>>,
    policy: &BackupPolicy,
    now: DateTime<Utc>,
) -> Finding {
    let subject = "newest backup";
    let none = || Finding::problem(subject, "there is none", "wait for the backup window");
    snapshots.judge(subject, none, |snapshots| {
        let Ok(id) = SourceId::parse(&facts.id) else { return none() };
        match backup::newest_automated(snapshots, &id, &facts.resource_id, policy, now) {
            Ok(backup) => {
                let name = backup.origin.snapshot().map(ToString::to_string).unwrap_or_default();
                Finding::ok(subject, format!("{name}, data of {}", rfc3339(backup.data_at)))
            }
            Err(error) => Finding::problem(subject, error.fact, error.hint),
        }
    })
}

fn protection(facts: &Facts) -> Finding {
    let subject = "deletion protection";
    if facts.deletion_protection {
        return Finding::ok(subject, "on");
    }
    Finding::warning(
        subject,
        "off: one call deletes it, and its automated backups with it",
        format!("aws rds modify-db-instance --db-instance-identifier {} --deletion-protection", facts.id),
    )
}

fn encryption(facts: &Facts, key: &Looked<KeyManager>) -> Finding {
    let subject = "encryption";
    let Some(key_arn) = &facts.kms_key else {
        return Finding::warning(
            subject,
            "the storage isn't encrypted, so neither are snapshots and replicas",
            "restore a snapshot's encrypted copy when there is an occasion; it can't be switched on",
        );
    };
    let name = key_arn.rsplit(':').next().unwrap_or(key_arn);
    let gone = || {
        Finding::problem(
            subject,
            format!("KMS knows no key {name}: what is encrypted with it can't be restored"),
            "see KMS for a key whose deletion is pending",
        )
    };
    key.judge(subject, gone, |manager| match manager {
        KeyManager::Customer => Finding::ok(subject, format!("with your own {name}")),
        KeyManager::Aws => Finding::warning(
            subject,
            "with AWS's key aws/rds: no snapshot under it can be shared with or copied to another account, so that \
             losing this account loses every backup",
            "drills work; for a copy elsewhere, copy snapshots to a key of your own and share that",
        ),
    })
}

fn address(facts: &Facts) -> Finding {
    if facts.is_public {
        return Finding::warning(
            "address",
            "the source is publicly accessible; its replicas never are",
            format!(
                "aws rds modify-db-instance --db-instance-identifier {} --no-publicly-accessible",
                facts.id
            ),
        );
    }
    Finding::ok("address", "private")
}

/// The subject of the finding about subnets.
pub const SUBNETS: &str = "subnets";

fn subnets(facts: &Facts) -> Finding {
    let zones: BTreeSet<&str> = facts.subnets.iter().map(|(_, zone)| zone.as_str()).collect();
    let vpc = facts.vpc.as_deref().unwrap_or("no VPC");
    let told = format!("{} of {vpc}, in {} availability zones", facts.subnets.len(), zones.len());
    if facts.subnets.len() < 2 || zones.len() < 2 || facts.vpc.is_none() {
        let fix = "name private subnets in two zones with --subnet, once each";
        return Finding::problem(SUBNETS, format!("{told}: RDS wants two"), fix);
    }
    Finding::ok(SUBNETS, told)
}

fn authentication(facts: &Facts) -> Finding {
    let on = if facts.iam_authentication { "on" } else { "off" };
    Finding::ok(
        "IAM sign-in",
        format!("{on} at the source; only replicas need it, and the drill sets it there"),
    )
}

fn storage(facts: &Facts) -> Finding {
    let kind = facts.storage_type.as_deref().unwrap_or("storage");
    let copies = if facts.multi_az { ", Multi-AZ; replicas have one copy" } else { "" };
    let told = format!("{} GiB of {kind}{copies}", facts.storage_gib);
    if kind.starts_with("io") {
        return Finding::warning(
            "storage",
            format!("{told}: the standby would have it too, IOPS billed by the hour, stopped or not"),
            "storage_type = \"gp3\" in [replica] costs less, and a slower restore",
        );
    }
    Finding::ok("storage", told)
}

fn quota(facts: &Facts, quotas: &Looked<Quotas>) -> Finding {
    let subject = "quotas";
    let none = || Finding::unknown(subject, "RDS told of no quota", "see Service Quotas in the console");
    quotas.judge(subject, none, |quotas| {
        let (Some(instances), Some(storage)) = (quotas.instances, quotas.storage_gib) else { return none() };
        let wanted_gib = REPLICAS * u64::from(facts.storage_gib);
        let told = format!(
            "{} instances and {} GiB are left; a night needs {REPLICAS} and {wanted_gib}",
            instances.left(),
            storage.left()
        );
        if instances.left() < REPLICAS || storage.left() < wanted_gib {
            return Finding::problem(
                subject,
                told,
                "ask for more in Service Quotas, or delete what nobody needs",
            );
        }
        Finding::ok(subject, told)
    })
}

/// The hour of the drill against the source's backup window.
pub fn judge_hour(at: TimeOfDay, zone: &Zone, window: Option<&str>) -> Finding {
    let subject = "hour";
    let parsed = match window.map(Window::parse) {
        Some(Ok(window)) => window,
        Some(Err(problem)) => {
            return Finding::unknown(subject, problem, "see the source's backup window in the console");
        }
        None => return Finding::unknown(subject, "RDS told of no backup window", "switch backups on"),
    };
    let good = hour::first_good(zone, parsed);
    match hour::judge(at, zone, parsed) {
        Ok(lag) if lag.is_late() => Finding::warning(
            subject,
            format!("{at} {} is {} after the backup window {parsed}", zone.name, told(lag)),
            match good {
                Some(good) => format!("{good} in {} is soon after it, all year", zone.name),
                None => "choose an hour that is sooner after it".to_owned(),
            },
        ),
        Ok(lag) => Finding::ok(
            subject,
            format!("{at} {} is {} after the backup window {parsed}", zone.name, told(lag)),
        ),
        Err(bad) => Finding::problem(subject, bad.to_string(), way_out(&bad, zone, good)),
    }
}

/// What to do about an hour that is no good.
pub fn way_out(bad: &BadHour, zone: &Zone, good: Option<TimeOfDay>) -> String {
    match (bad, good) {
        (_, Some(good)) => format!("{good} in {} is after it, all year", zone.name),
        (BadHour::LeftOut { .. }, None) => "choose another hour".to_owned(),
        (BadHour::TooSoon { .. }, None) => "make the source's backup window shorter".to_owned(),
    }
}

fn told(lag: Lag) -> String {
    let hours = |min: u16| match (min / 60, min % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    };
    if lag.min == lag.max {
        return hours(lag.min);
    }
    format!("{} or, as clocks change, {}", hours(lag.min), hours(lag.max))
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
