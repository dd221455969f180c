//! `PublishReport`: completes the evidence, writes the report, emits metrics and tells people.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Restored, Settings, require_claim, retire_previous, stop_replica};
use crate::error::{StepError, WireName};
use crate::evidence::{Evidence, Fate, Verdict, keys};
use crate::ids::DrillId;
use crate::notification;
use crate::plan::Plan;
use crate::ports::{EmitMetrics, Metric, Notify, ReadObjects, StoreError, StoreErrorKind, WriteObjects};
use crate::report;
use crate::retirement::ONLY_VERIFIED;
use crate::store;

/// What the state machine passes in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The plan of the drill.
    pub plan: Plan,
    /// The replica.
    pub restored: Restored,
    /// The stop that was asked for.
    pub stop: stop_replica::Output,
    /// When the replica was seen stopped.
    pub stopped_at: DateTime<Utc>,
    /// What was retired.
    pub retired: retire_previous::Output,
}

/// What the state machine ends with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The drill.
    pub drill: DrillId,
    /// The verdict.
    pub verdict: Verdict,
    /// Its reason in one sentence.
    pub summary: String,
    /// Key of the evidence.
    pub evidence_key: String,
}

/// Publishes the drill. Repeating it writes the same objects again and tells people again.
pub async fn run<P>(ports: &P, _: &Settings, input: Input, now: DateTime<Utc>) -> Result<Output, StepError>
where
    P: ReadObjects + WriteObjects + EmitMetrics + Notify,
{
    let plan = &input.plan;
    require_claim(ports, plan).await?;
    let Some(mut evidence) = store::read_verdict(ports, &plan.drill).await? else {
        return Err(StepError::new(
            WireName::JudgeIncomplete,
            format!("drill {} has no saved verdict", plan.drill),
            "start a new drill",
        ));
    };
    let own = |awaited: &crate::observation::Awaited| awaited.resource_id == input.restored.resource_id;
    let is_discarded = input.retired.awaited.iter().any(own);
    let is_in_doubt = input
        .retired
        .kept
        .iter()
        .any(|k| k.instance == input.restored.replica.as_str() && k.reason != ONLY_VERIFIED);
    if let Some(replica) = &mut evidence.replica {
        replica.fate = match (is_discarded, is_in_doubt) {
            (true, _) => Fate::Deleted,
            // It was to be deleted and is kept, as it isn't as this drill left it.
            (false, true) => Fate::Unknown,
            (false, false) => Fate::Stopped,
        };
    }
    evidence.timeline.stop_requested_at = Some(input.stop.requested_at);
    evidence.timeline.stopped_at = Some(input.stopped_at);
    evidence.timeline.ended_at = Some(now);
    evidence.retired = input.retired.awaited.iter().filter(|a| !own(a)).map(|a| a.replica.clone()).collect();
    evidence.kept = input.retired.kept;
    publish(ports, &evidence, now).await?;
    Ok(Output {
        evidence_key: keys::evidence(&evidence.drill),
        drill: evidence.drill,
        verdict: evidence.verdict,
        summary: evidence.summary,
    })
}

/// Writes evidence and report, emits metrics, tells people, in this order: the record comes first. A metric
/// that isn't taken doesn't keep the message back.
pub(super) async fn publish<P>(ports: &P, evidence: &Evidence, now: DateTime<Utc>) -> Result<(), StepError>
where
    P: WriteObjects + EmitMetrics + Notify,
{
    store::write_evidence(ports, evidence).await?;
    ports.put(&keys::report(&evidence.drill), "text/html; charset=utf-8", report::html(evidence)).await?;
    let emitted = ports.emit(&evidence.source, now, &metrics(evidence)).await;
    ports.notify(&notification::of_drill(evidence)).await.map_err(|e| not_told(&e))?;
    Ok(emitted?)
}

/// The step's error for a message that wasn't taken.
pub(super) fn not_told(error: &StoreError) -> StepError {
    let name = match error.kind {
        StoreErrorKind::Unavailable => WireName::NotifyUnavailable,
        StoreErrorKind::Denied => WireName::NotifyRefused,
    };
    StepError::new(
        name,
        error.to_string(),
        "the evidence is written; see that the topic exists and may be published to",
    )
}

#[expect(clippy::cast_precision_loss, reason = "a metric is a double")]
fn metrics(evidence: &Evidence) -> Vec<Metric> {
    let is = |verdict| if evidence.verdict == verdict { 1.0 } else { 0.0 };
    let mut metrics = vec![
        Metric { name: "Verified", value: is(Verdict::Verified), unit: "Count" },
        Metric { name: "Rejected", value: is(Verdict::Rejected), unit: "Count" },
        Metric { name: "Broken", value: is(Verdict::Broken), unit: "Count" },
    ];
    let mut add = |name, value: Option<f64>, unit| {
        metrics.extend(value.map(|value| Metric { name, value, unit }));
    };
    add("BackupDataAge", evidence.data_age_s.map(|s| s as f64), "Seconds");
    add("RecoveryTime", evidence.recovery_s.map(|s| s as f64), "Seconds");
    let rows = evidence.tables.iter().fold(0_u64, |rows, table| rows.saturating_add(table.rows));
    add("RowsCounted", (!evidence.tables.is_empty()).then_some(rows as f64), "Count");
    metrics
}
