//! `JudgeDrill`: everything that was measured, and the baseline, become the verdict.
//!
//! The verdict is saved before the replica is stopped. "Verified" is only said when every planned check
//! was measured on this replica and passed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::record_measurements::Record;
use super::{Available, Restored, Settings, plan_checks, record_measurements, require_claim};
use crate::error::{StepError, WireName};
use crate::evidence::{Evidence, Fate, FindingStatus, ReplicaRecord, SCHEMA, Timeline, Verdict, keys};
use crate::judge::{Judgement, judge};
use crate::measurement::{Measurement, Unit, digest_of};
use crate::plan::Plan;
use crate::ports::{ReadObjects, WriteObjects};
use crate::store;

/// What the state machine passes in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The plan of the drill.
    pub plan: Plan,
    /// The replica.
    pub restored: Restored,
    /// When and where it was available.
    pub available: Available,
    /// The checks that were planned.
    pub checks: plan_checks::Output,
    /// The shards that were recorded.
    pub recorded: Vec<record_measurements::Output>,
}

/// What the state machine goes on with: small, as the findings are in the evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The verdict.
    pub verdict: Verdict,
    /// Its reason in one sentence.
    pub summary: String,
    /// How many checks passed.
    pub passed: usize,
    /// How many failed.
    pub failed: usize,
    /// How many couldn't be measured.
    pub not_measured: usize,
}

/// Judges the drill and saves the verdict.
pub async fn run<P>(
    ports: &P,
    settings: &Settings,
    input: Input,
    now: DateTime<Utc>,
) -> Result<Output, StepError>
where
    P: ReadObjects + WriteObjects,
{
    require_claim(ports, &input.plan).await?;
    let measurements = read_measurements(ports, &input).await?;
    let plan = &input.plan;
    let data_at = Some(plan.backup.data_at);
    let baseline = store::last_verified(ports, plan.source(), data_at, Some(&plan.drill), now).await?;
    let judgement = judge(&measurements, &plan.configuration, &plan.backup, baseline.as_ref());
    let count = |status| judgement.findings.iter().filter(|f| f.status == status).count();
    let output = Output {
        verdict: judgement.verdict,
        summary: judgement.summary.clone(),
        passed: count(FindingStatus::Passed),
        failed: count(FindingStatus::Failed),
        not_measured: count(FindingStatus::NotMeasured),
    };
    let evidence = evidence(settings, input, judgement, baseline, now);
    store::write_verdict(ports, &evidence).await?;
    Ok(output)
}

/// Reads what every shard measured; anything missing, doubled or of another plan is an error.
async fn read_measurements(ports: &impl ReadObjects, input: &Input) -> Result<Vec<Measurement>, StepError> {
    let (drill, checks) = (&input.plan.drill, &input.checks);
    let incomplete = |problem: String| {
        StepError::new(
            WireName::JudgeIncomplete,
            format!("drill {drill} can't be judged: {problem}"),
            "start a new drill; a drill that isn't fully measured never counts as verified",
        )
    };
    let mut recorded: Vec<usize> = input.recorded.iter().map(|r| r.shard).collect();
    recorded.sort_unstable();
    if recorded != checks.shards {
        return Err(incomplete(format!(
            "shards {recorded:?} were recorded, {:?} were planned",
            checks.shards
        )));
    }
    let mut measurements = Vec::new();
    for &shard in &checks.shards {
        let key = keys::measurements(drill, shard);
        let text = ports.get(&key).await?.ok_or_else(|| incomplete(format!("{key} is missing")))?;
        let record: Record =
            serde_json::from_str(&text).map_err(|e| incomplete(format!("{key} can't be read: {e}")))?;
        if record.drill != *drill || record.result.shard != shard || record.result.digest != checks.digest {
            return Err(incomplete(format!("{key} is of another drill, shard or plan")));
        }
        measurements.extend(record.result.measurements);
    }
    if measurements.len() != checks.unit_count {
        return Err(incomplete(format!(
            "{} measurements are there, {} were planned",
            measurements.len(),
            checks.unit_count
        )));
    }
    // Not what the workers say that they measured, but what lies here: each planned unit, exactly once.
    let units: Vec<Unit> = measurements.iter().map(|m| m.unit(&input.plan.configuration)).collect();
    if digest_of(&units) != checks.digest {
        return Err(incomplete("the measurements are not those that were planned".to_owned()));
    }
    Ok(measurements)
}

fn evidence(
    settings: &Settings,
    input: Input,
    judgement: Judgement,
    baseline: Option<Evidence>,
    now: DateTime<Utc>,
) -> Evidence {
    let Input { plan, restored, available, checks, .. } = input;
    let seconds = |from: DateTime<Utc>, to: DateTime<Utc>| u64::try_from((to - from).num_seconds()).ok();
    let mut evidence = of_plan(settings, &plan);
    evidence.verdict = judgement.verdict;
    evidence.summary = judgement.summary;
    evidence.recovery_s = seconds(restored.accepted_at, checks.first_query_at);
    evidence.replica = Some(ReplicaRecord {
        id: restored.replica,
        resource_id: Some(restored.resource_id),
        instance_class: plan.configuration.replica.instance_class,
        fate: Fate::Running,
    });
    evidence.timeline.restore_accepted_at = Some(restored.accepted_at);
    evidence.timeline.available_at = Some(available.observed_at);
    evidence.timeline.first_query_at = Some(checks.first_query_at);
    evidence.timeline.judged_at = Some(now);
    evidence.server_version = judgement.server_version;
    evidence.findings = judgement.findings;
    evidence.tables = judgement.tables;
    evidence.not_covered = checks.not_covered;
    evidence.baseline = baseline.map(|b| b.drill);
    evidence.warnings = judgement.warnings;
    evidence
}

/// The record of a drill as far as its plan goes; broken until somebody says better.
pub(super) fn of_plan(settings: &Settings, plan: &Plan) -> Evidence {
    Evidence {
        schema: SCHEMA.to_owned(),
        drill: plan.drill.clone(),
        deployment: settings.deployment.clone(),
        source: plan.source().clone(),
        trigger: plan.trigger,
        requested_by: plan.requested_by.clone(),
        execution: plan.execution.id.clone(),
        verdict: Verdict::Broken,
        summary: "the drill was not completed".to_owned(),
        failure: None,
        backup: Some(plan.backup.clone()),
        data_age_s: u64::try_from((plan.planned_at - plan.backup.data_at).num_seconds()).ok(),
        recovery_s: None,
        replica: None,
        timeline: Timeline {
            scheduled_at: Some(plan.drill.scheduled_at()),
            planned_at: Some(plan.planned_at),
            ..Timeline::default()
        },
        server_version: None,
        findings: Vec::new(),
        tables: Vec::new(),
        not_covered: Vec::new(),
        baseline: None,
        warnings: Vec::new(),
        retired: Vec::new(),
        kept: Vec::new(),
        configuration_hash: Some(plan.configuration_hash.clone()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}
