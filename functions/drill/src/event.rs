//! What programs are told of a drill that ended with a verdict: the detail of an event on the account's bus.
//!
//! Its published schema is `docs/event.schema.json`. Holds what a rule may filter by and a person may want to
//! read first; the evidence has everything. No secret, no row, and never more than some KiB: a bus takes 256.

use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};

use crate::evidence::{Evidence, Fate, FindingStatus, Verdict, keys};
use crate::ids::{DbiResourceId, Deployment, DrillId, ReplicaId, SourceId};
use crate::plan::Trigger;

/// The version of the schema of [`DrillEnded`]. A field may be added without another one.
pub const SCHEMA: &str = "restore-drill/event/1";
/// Who says it; names that begin with "aws." are AWS's own.
pub const SOURCE: &str = "restore-drill";
/// What kind of event it is.
pub const DETAIL_TYPE: &str = "Drill Ended";

/// The longest text, in characters; each identity is shorter by its form.
const TEXT_MAX: usize = 1000;

/// A drill ended with a verdict. At least once each time that it is told: after a retry the same again, and
/// for a drill that broke after its verdict once more, with `error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DrillEnded {
    /// [`SCHEMA`].
    pub schema: String,
    /// The deployment that ran it.
    pub deployment: Deployment,
    /// The source.
    pub source: SourceId,
    /// The drill.
    pub drill: DrillId,
    /// What started it.
    pub trigger: Trigger,
    /// How it ended.
    pub verdict: Verdict,
    /// The verdict's reason in one sentence; at most 1,000 characters.
    pub summary: String,
    /// The name of the error that broke it, also beside a verdict that stood already; absent when nothing did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The backup, as the replica's tag names it; absent when none was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<String>,
    /// The replica; absent when none was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replica: Option<ReplicaTold>,
    /// How many checks came out how.
    pub findings: FindingCounts,
    /// The rows of all tables that were counted together.
    pub rows: u64,
    /// Age of the backup's data in seconds: the recovery point that was proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rpo_s: Option<u64>,
    /// Seconds from the accepted restore to the first answered query: the recovery time that was proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rto_s: Option<u64>,
    /// Where the evidence lies.
    pub evidence: EvidencePlace,
    /// ARN of the execution.
    pub execution: String,
}

/// The replica of a drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReplicaTold {
    /// Its id.
    pub id: ReplicaId,
    /// Its identity that is never reused; absent when RDS never described it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<DbiResourceId>,
    /// What became of it.
    pub fate: Fate,
}

/// How many checks came out how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingCounts {
    /// Measured, and not what was expected.
    pub failed: u64,
    /// Not measured; never counted as passed.
    pub not_measured: u64,
    /// Not what was expected, which the configuration only warns of.
    pub warned: u64,
    /// Measured, and what was expected.
    pub passed: u64,
}

/// Where the evidence of a drill lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidencePlace {
    /// The bucket.
    pub bucket: String,
    /// Key of the record.
    pub record: String,
    /// Key of the page for people.
    pub report: String,
}

impl DrillEnded {
    /// The event about a drill; the bucket is told by who knows it.
    pub fn of(evidence: &Evidence, bucket: &str) -> Self {
        let count = |status| {
            let found = evidence.findings.iter().filter(|f| f.status == status).count();
            u64::try_from(found).unwrap_or(u64::MAX)
        };
        Self {
            schema: SCHEMA.to_owned(),
            deployment: evidence.deployment.clone(),
            source: evidence.source.clone(),
            drill: evidence.drill.clone(),
            trigger: evidence.trigger,
            verdict: evidence.verdict,
            summary: cut(&evidence.summary),
            error: evidence.failure.as_ref().map(|failure| cut(&failure.error)),
            backup: evidence.backup.as_ref().map(|backup| cut(&backup.origin.tag())),
            replica: evidence.replica.as_ref().map(|replica| ReplicaTold {
                id: replica.id.clone(),
                resource_id: replica.resource_id.clone(),
                fate: replica.fate,
            }),
            findings: FindingCounts {
                failed: count(FindingStatus::Failed),
                not_measured: count(FindingStatus::NotMeasured),
                warned: count(FindingStatus::Warned),
                passed: count(FindingStatus::Passed),
            },
            rows: evidence.tables.iter().fold(0, |rows, table| rows.saturating_add(table.rows)),
            rpo_s: evidence.data_age_s,
            rto_s: evidence.recovery_s,
            evidence: EvidencePlace {
                bucket: bucket.to_owned(),
                record: keys::evidence(&evidence.drill),
                report: keys::report(&evidence.drill),
            },
            execution: cut(&evidence.execution),
        }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_MAX).collect()
}

/// The JSON Schema of [`DrillEnded`], made from the types.
pub fn schema() -> Schema {
    let mut schema = schema_for!(DrillEnded);
    schema.insert("title".to_owned(), SCHEMA.into());
    schema
}
