//! `JudgeDrill`: everything that was measured, and the baseline, become the verdict.
//!
//! The verdict is saved before the replica is stopped. "Verified" is only said when every planned check
//! was measured on this replica and passed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::record_measurements::Record;
use super::{Available, Restored, Settings, plan_checks, record_measurements, require_claim};
use crate::error::{StepError, WireName};
use crate::evidence::{
    CatalogueRecord, Evidence, Fate, FindingStatus, ReplicaRecord, SCHEMA, Timeline, Verdict, keys,
};
use crate::judge::{Baseline, Judgement, Measured, judge};
use crate::measurement::{Activity, Measurement, Outcome, digest_of};
use crate::plan::Plan;
use crate::ports::{ReadObjects, WriteObjects};
use crate::seal::opened;
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
    /// How many are warnings.
    pub warned: usize,
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
    let measured = read_measurements(ports, &input).await?;
    let baseline = read_baseline(ports, &input.plan).await?;
    let judgement = judge(&measured, &input.plan.configuration, &input.plan.backup, baseline.as_ref());
    let count = |status| judgement.findings.iter().filter(|f| f.status == status).count();
    let output = Output {
        verdict: judgement.verdict,
        summary: judgement.summary.clone(),
        passed: count(FindingStatus::Passed),
        failed: count(FindingStatus::Failed),
        warned: count(FindingStatus::Warned),
        not_measured: count(FindingStatus::NotMeasured),
    };
    let catalogue = match &judgement.objects {
        Some(objects) => Some(store::write_catalogue(ports, &input.plan.drill, objects).await?),
        None => None,
    };
    let evidence = evidence(settings, input, judgement, catalogue, now);
    store::write_verdict(ports, &evidence).await?;
    Ok(output)
}

/// The evidence that the plan names as the baseline, with its catalogue; one that is gone or was changed is an
/// error, not a drill without a baseline.
async fn read_baseline(ports: &impl ReadObjects, plan: &Plan) -> Result<Option<Baseline>, StepError> {
    let Some(drill) = &plan.baseline else { return Ok(None) };
    let evidence = store::read_verdict(ports, drill).await?.ok_or_else(|| {
        StepError::new(
            WireName::EvidenceInvalid,
            format!("the evidence of {drill}, which this drill is compared with, is gone"),
            "the bucket keeps versions: restore the object's earlier version",
        )
    })?;
    if evidence.verdict != Verdict::Verified {
        return Err(StepError::new(
            WireName::EvidenceInvalid,
            format!("{drill}, which this drill is compared with, is {}", evidence.verdict),
            "the record changed since the drill was planned: see who wrote it, then start a new drill",
        ));
    }
    let objects = match &evidence.catalogue {
        Some(record) => Some(store::read_catalogue(ports, drill, record).await?),
        None => None,
    };
    Ok(Some(Baseline { evidence, objects }))
}

/// Reads what every shard measured; anything missing, doubled or of another plan is an error.
async fn read_measurements(ports: &impl ReadObjects, input: &Input) -> Result<Measured, StepError> {
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
    let mut activity: Vec<Outcome<Activity>> = vec![checks.activity.clone()];
    let mut measurements: Vec<Measurement> = Vec::new();
    for recorded in &input.recorded {
        let shard = recorded.shard;
        for part in 0..recorded.parts {
            let key = keys::measurements(drill, shard, part);
            let text = ports.get(&key).await?.ok_or_else(|| incomplete(format!("{key} is missing")))?;
            let record: Record =
                opened(&text).map_err(|problem| incomplete(format!("{key} can't be read: {problem}")))?;
            let result = record.result;
            if record.drill != *drill
                || (result.shard, result.part) != (shard, part)
                || result.digest != checks.digest
            {
                return Err(incomplete(format!("{key} is of another drill, shard or plan")));
            }
            if result.is_done != (part + 1 == recorded.parts) {
                return Err(incomplete(format!("{key} isn't where shard {shard} ended")));
            }
            activity.extend(result.activity);
            measurements.extend(result.measurements);
        }
    }
    if measurements.len() != checks.unit_count {
        return Err(incomplete(format!(
            "{} measurements are there, {} were planned",
            measurements.len(),
            checks.unit_count
        )));
    }
    // Not what the workers say that they measured, but what lies here: each planned unit, exactly once.
    if digest_of(measurements.iter().map(|m| &m.unit)) != checks.digest {
        return Err(incomplete("the measurements are not those that were planned".to_owned()));
    }
    Ok(Measured { measurements, activity })
}

fn evidence(
    settings: &Settings,
    input: Input,
    judgement: Judgement,
    catalogue: Option<CatalogueRecord>,
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
        storage_type: plan.configuration.replica.storage_type,
        fate: Fate::Running,
    });
    evidence.timeline.restore_accepted_at = Some(restored.accepted_at);
    evidence.timeline.available_at = Some(available.observed_at);
    evidence.timeline.first_query_at = Some(checks.first_query_at);
    evidence.timeline.judged_at = Some(now);
    evidence.server_version = judgement.server_version;
    evidence.level = Some(plan.configuration.level);
    evidence.findings = judgement.findings;
    evidence.tables = judgement.tables;
    evidence.history = judgement.history;
    evidence.catalogue = catalogue;
    evidence.not_covered = checks.not_covered;
    evidence.baseline = plan.baseline;
    evidence.warnings.extend(judgement.warnings);
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
        level: None,
        findings: Vec::new(),
        tables: Vec::new(),
        history: Vec::new(),
        catalogue: None,
        not_covered: Vec::new(),
        baseline: None,
        warnings: plan.heartbeat_problem.iter().cloned().collect(),
        retired: Vec::new(),
        kept: Vec::new(),
        configuration_hash: Some(plan.configuration_hash.clone()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}
