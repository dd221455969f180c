//! What a drill is asked for, and the immutable plan that it is carried out by.
//!
//! The plan is made once, by the first step; every later step reads it and none changes it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backup::{Backup, BackupRequest};
use crate::configuration::{Configuration, Disposal};
use crate::ids::{DbiResourceId, Deployment, DrillId, ReplicaId, SourceId};

/// The input of an execution: what starts a drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrillRequest {
    /// The source, as the configuration names it.
    pub source: SourceId,
    /// The time that the drill was scheduled for, RFC 3339; the execution's start when absent.
    /// The same source and time are the same drill.
    #[serde(default)]
    pub scheduled_at: Option<String>,
    /// What started it.
    #[serde(default)]
    pub trigger: Trigger,
    /// Who started it, for the evidence; free text.
    #[serde(default)]
    pub requested_by: Option<String>,
    /// Which backup.
    #[serde(default)]
    pub backup: BackupRequest,
    /// What becomes of a verified replica; the standby for the newest automated backup, else discarded.
    #[serde(default)]
    pub keep: Option<Keep>,
}

/// What started a drill.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// The nightly schedule.
    #[default]
    Schedule,
    /// A person.
    OnDemand,
}

/// What becomes of the replica of a verified drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// It becomes the standby: stopped, kept, and the older replicas are retired.
    Standby,
    /// It is stopped and deleted; older replicas stay.
    Discard,
}

/// The execution that carries a drill out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// Its ARN.
    pub id: String,
    /// When it started.
    pub started_at: DateTime<Utc>,
}

/// The immutable plan of a drill. Holds no secret: it travels through the state machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The deployment that the drill is of.
    pub deployment: Deployment,
    /// The drill.
    pub drill: DrillId,
    /// The id that the replica gets.
    pub replica: ReplicaId,
    /// The source's identity that is never reused, at the time of planning; of the backup when the
    /// source itself is gone.
    pub source_resource_id: DbiResourceId,
    /// Whether the source existed when the drill was planned.
    pub source_exists: bool,
    /// When the plan was made.
    pub planned_at: DateTime<Utc>,
    /// What started it.
    pub trigger: Trigger,
    /// Who started it.
    pub requested_by: String,
    /// The execution that it is carried out by.
    pub execution: Execution,
    /// What becomes of a verified replica.
    pub keep: Keep,
    /// The backup to restore.
    pub backup: Backup,
    /// The drill whose evidence this one is compared with; absent for the first.
    pub baseline: Option<DrillId>,
    /// The newest value of each table's `history` column in the baseline, by `schema.table`.
    pub marks: BTreeMap<String, String>,
    /// How long earlier restores of this source took, in seconds, newest first; at most ten.
    pub earlier_restores_s: Vec<u64>,
    /// Why the heartbeat of the beginning wasn't taken; absent when it was, or none is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat_problem: Option<String>,
    /// The configuration, frozen.
    pub configuration: Configuration,
    /// SHA-256 of the configuration, as evidence names it.
    pub configuration_hash: String,
}

impl Plan {
    /// The source.
    pub fn source(&self) -> &SourceId {
        &self.configuration.source
    }

    /// The tags that the replica gets.
    pub fn tags(&self) -> BTreeMap<String, String> {
        crate::ownership::replica_tags(
            &self.deployment,
            &self.drill,
            &self.source_resource_id,
            &self.backup.origin.tag(),
            self.backup.data_at,
        )
    }

    /// What becomes of the replica when the drill ends with this verdict.
    pub fn disposal(&self, verdict: crate::evidence::Verdict) -> Disposal {
        use crate::evidence::Verdict;
        match (verdict, self.keep) {
            (Verdict::Verified, Keep::Standby) => Disposal::Stop,
            (Verdict::Verified, Keep::Discard) => Disposal::Delete,
            (Verdict::Rejected, _) => self.configuration.replica.on_rejected,
            (Verdict::Broken, _) => self.configuration.replica.on_broken,
        }
    }
}
