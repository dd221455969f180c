//! The stored record of a drill, readable by a machine and by an auditor, and where it lies.
//!
//! Holds no secret and no row of the database: counts, times, names, and the one value that each of
//! somebody's own queries gives.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backup::Backup;
use crate::configuration::Level;
use crate::ids::{DbiResourceId, Deployment, DrillId, ReplicaId, SourceId};
use crate::measurement::RowDigest;
use crate::plan::Trigger;
use crate::seal::{opened, told};

pub mod keys;
mod schema;
pub use schema::schema;

/// The version of the schema of [`Evidence`]; a reader refuses one that it doesn't know.
pub const SCHEMA: &str = "restore-drill/evidence/1";

/// How a drill ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every planned check was measured on the replica of this backup, and passed.
    Verified,
    /// A check failed.
    Rejected,
    /// The drill could not be completed, so that it says nothing about the backup.
    Broken,
}

impl Verdict {
    /// The word that people read.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Rejected => "rejected",
            Self::Broken => "broken",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The record of a drill. `verdict.json` holds it as it was judged, before the replica was stopped;
/// `evidence.json` as it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// [`SCHEMA`].
    pub schema: String,
    /// The drill.
    pub drill: DrillId,
    /// The deployment that ran it.
    pub deployment: Deployment,
    /// The source.
    pub source: SourceId,
    /// What started it.
    pub trigger: Trigger,
    /// Who started it.
    pub requested_by: String,
    /// ARN of the execution.
    pub execution: String,
    /// How it ended.
    pub verdict: Verdict,
    /// The verdict's reason in one sentence.
    pub summary: String,
    /// What broke, also beside a verdict that stood already; absent when nothing did.
    pub failure: Option<Failure>,
    /// The backup; absent when none was chosen.
    pub backup: Option<Backup>,
    /// Age of the backup's data when the drill was planned: the recovery point that was proven (RPO).
    pub data_age_s: Option<u64>,
    /// From the accepted restore to the first answered query: the recovery time that was proven (RTO).
    pub recovery_s: Option<u64>,
    /// The replica; absent when none was created.
    pub replica: Option<ReplicaRecord>,
    /// When each phase ended.
    pub timeline: Timeline,
    /// Version of the server that answered.
    pub server_version: Option<String>,
    /// How much was checked; absent when nothing was.
    pub level: Option<Level>,
    /// Every check, with what it expected and found. Those that passed for many objects are one finding.
    pub findings: Vec<Finding>,
    /// The rows of every table that was counted: the baseline of later drills.
    pub tables: Vec<TableRows>,
    /// The verified drills before this one whose row counts `tables[].earlier` holds, oldest first.
    pub history: Vec<HistoryPoint>,
    /// The catalogue's objects, which lie beside this record; absent at level quick.
    pub catalogue: Option<CatalogueRecord>,
    /// What no check looked at, in words.
    pub not_covered: Vec<String>,
    /// The drill whose evidence was compared with; absent for the first.
    pub baseline: Option<DrillId>,
    /// What a person should know though it doesn't change the verdict.
    pub warnings: Vec<String>,
    /// Older replicas that were being deleted when this drill ended: by this drill, or already when it came to them.
    pub retired: Vec<ReplicaId>,
    /// Replicas that it kept, with the reason.
    pub kept: Vec<Kept>,
    /// SHA-256 of the configuration; absent when none was read.
    pub configuration_hash: Option<String>,
    /// Version of restore-drill.
    pub version: String,
}

/// What broke.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// The name of the error on the wire.
    pub error: String,
    /// The fact and the hint, for a person; at most 2,000 characters.
    pub cause: String,
}

/// The replica of a drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReplicaRecord {
    /// Its id.
    pub id: ReplicaId,
    /// Its identity that is never reused; absent when RDS never described it.
    pub resource_id: Option<DbiResourceId>,
    /// DB instance class.
    pub instance_class: String,
    /// Storage type that the configuration asked for; absent when the backup's was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_type: Option<String>,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a drill's replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// It runs and is billed.
    Running,
    /// It was asked to stop, and hadn't stopped yet.
    Stopping,
    /// It is stopped; its storage is billed.
    Stopped,
    /// It was deleted, or was asked to.
    Deleted,
    /// Nobody knows; the sweep looks.
    Unknown,
}

/// When each phase of a drill ended; absent for a phase that wasn't reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Timeline {
    /// The time that it was scheduled for.
    pub scheduled_at: Option<DateTime<Utc>>,
    /// The plan was made.
    pub planned_at: Option<DateTime<Utc>>,
    /// RDS accepted the restore.
    pub restore_accepted_at: Option<DateTime<Utc>>,
    /// The replica was seen ready to be queried.
    pub available_at: Option<DateTime<Utc>>,
    /// The first query was answered.
    pub first_query_at: Option<DateTime<Utc>>,
    /// The checks were done and judged.
    pub judged_at: Option<DateTime<Utc>>,
    /// The replica was asked to stop.
    pub stop_requested_at: Option<DateTime<Utc>>,
    /// The replica was seen stopped.
    pub stopped_at: Option<DateTime<Utc>>,
    /// The drill ended.
    pub ended_at: Option<DateTime<Utc>>,
}

/// A measurement, judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The kind of check: `connect`, `version`, `role`, `control`, `quiescent`, `rows`, `min_rows`, `max_drop`,
    /// `max_growth`, `drift`, `fresh`, `query`; at level standard `index_count`, `catalogue`, `sequence`,
    /// `index_valid`, `constraint_valid`, `collation`, `unlogged`, `extension`, `wraparound`; at level deep
    /// `heap`, `btree`, `foreign_key`, `digest`.
    pub check: String,
    /// What it looked at: a table, a query's name, the server.
    pub subject: String,
    /// How it came out.
    pub status: FindingStatus,
    /// What was expected, in words.
    pub expected: String,
    /// What was found, in words.
    pub found: String,
    /// The way out, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Finding {
    /// What a verified record warns of where this wasn't measured and the configuration accepts it.
    pub fn accepted_warning(&self) -> String {
        format!("{} {} was not measured, as the configuration accepts", self.check, self.subject)
    }
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingStatus {
    /// It was measured and isn't what was expected.
    Failed,
    /// It couldn't be measured; never counted as passed.
    NotMeasured,
    /// It was measured, isn't what was expected, and the configuration says that this is a warning.
    Warned,
    /// It was measured and is what was expected.
    Passed,
}

/// The rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableRows {
    /// The table, as `schema.table`.
    pub table: String,
    /// Its rows.
    pub rows: u64,
    /// What it had in the drills of the record's `history`; null where it wasn't counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Option<u64>>,
    /// The digest of its rows, where the configuration asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<TableDigest>,
}

/// The digest of a table's rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableDigest {
    /// How it was made: two are comparable when this is the same.
    pub method: String,
    /// The column up to whose newest value rows count; absent when all do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The newest value of the column, as PostgreSQL prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<String>,
    /// Rows and digest.
    #[serde(flatten)]
    pub of: RowDigest,
}

/// A verified drill before this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryPoint {
    /// The drill.
    pub drill: DrillId,
    /// The time of its backup's data.
    pub data_at: DateTime<Utc>,
}

/// The catalogue's objects of a drill, which lie in `catalogue.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogueRecord {
    /// How many.
    pub objects: usize,
    /// SHA-256 of `catalogue.json`: another content is refused as a baseline.
    pub sha256: String,
}

/// A replica that was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kept {
    /// The instance's id, as RDS reports it.
    pub instance: String,
    /// Why it was kept.
    pub reason: String,
}

/// Evidence that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// It isn't JSON of the expected form.
    #[error("reading evidence {key}: {problem}")]
    Malformed {
        /// Its key.
        key: String,
        /// The parser's message.
        problem: String,
    },
    /// It is of another schema.
    #[error("evidence {key} is of schema {schema:?}, this version reads {SCHEMA:?}")]
    Schema {
        /// Its key.
        key: String,
        /// The schema that it names.
        schema: String,
    },
    /// It says what can't be.
    #[error("evidence {key} isn't believed: {problem}")]
    Contradiction {
        /// Its key.
        key: String,
        /// What speaks against it.
        problem: String,
    },
    /// It is of another drill than its key says.
    #[error("evidence {key} is of drill {drill}")]
    Mismatch {
        /// Its key.
        key: String,
        /// The drill that it names.
        drill: DrillId,
    },
}

impl Evidence {
    /// Reads a record, and refuses one of another schema or another drill than its key says.
    ///
    /// # Errors
    /// [`EvidenceError`]
    pub fn parse(text: &str, drill: &DrillId, key: &str) -> Result<Self, EvidenceError> {
        #[derive(Deserialize)]
        struct Header {
            #[serde(default)]
            schema: String,
        }
        let malformed = |problem: String| EvidenceError::Malformed { key: key.to_owned(), problem };
        // Before anything else: another schema may be another form.
        let Header { schema } = opened(text).map_err(malformed)?;
        if schema != SCHEMA {
            return Err(EvidenceError::Schema { key: key.to_owned(), schema: bounded(schema) });
        }
        let evidence: Self = serde_json::from_str(text).map_err(|e| malformed(told(&e)))?;
        if evidence.drill != *drill {
            return Err(EvidenceError::Mismatch { key: key.to_owned(), drill: evidence.drill });
        }
        Ok(evidence)
    }

    /// What speaks against the record by itself; `None` where nothing does.
    pub fn contradiction(&self) -> Option<String> {
        if self.source != self.drill.source() {
            return Some(format!("it is of source {}", self.source));
        }
        if self.verdict != Verdict::Verified {
            return None;
        }
        let of = |status| self.findings.iter().filter(move |f| f.status == status);
        if of(FindingStatus::Failed).next().is_some() {
            return Some("it says verified beside a check that failed".to_owned());
        }
        if let Some(finding) =
            of(FindingStatus::NotMeasured).find(|f| !self.warnings.contains(&f.accepted_warning()))
        {
            let Finding { check, subject, .. } = finding;
            return Some(format!("it says verified though {check} {subject} was not measured"));
        }
        if self.replica.as_ref().is_none_or(|r| r.resource_id.is_none()) {
            return Some("it says verified of no replica".to_owned());
        }
        if self.backup.is_none() {
            return Some("it says verified of no backup".to_owned());
        }
        self.timeline.judged_at.is_none().then(|| "it doesn't say when it was judged".to_owned())
    }

    /// Whether it says verified of this very instance as the replica of this drill.
    pub fn verifies(&self, drill: &DrillId, resource_id: &DbiResourceId) -> bool {
        let recorded = self.replica.as_ref().and_then(|r| r.resource_id.as_ref());
        self.verdict == Verdict::Verified && self.drill == *drill && recorded == Some(resource_id)
    }
}

/// What somebody else wrote, for a message.
fn bounded(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(100));
    text
}

/// Who carries a drill out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The drill.
    pub drill: DrillId,
    /// ARN of the execution.
    pub execution: String,
    /// When it was claimed.
    pub claimed_at: DateTime<Utc>,
}

/// That this product asked a replica to stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopRecord {
    /// The replica, by the identity that is never reused.
    pub resource_id: DbiResourceId,
    /// When it was asked to stop, just before the call.
    pub requested_at: DateTime<Utc>,
}

/// A message to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// At most 100 characters of printable ASCII (Amazon SNS API reference, `Publish`).
    pub subject: String,
    /// The text.
    pub body: String,
    /// Message attributes that subscribers filter by: deployment, source, verdict.
    pub attributes: Vec<(&'static str, String)>,
}
