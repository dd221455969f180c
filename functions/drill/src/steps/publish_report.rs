//! `PublishReport`: completes the evidence, writes the report, emits metrics and tells people.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Restored, Settings, require_claim, retire_previous, stop_replica};
use crate::configuration::HeartbeatSettings;
use crate::cost::{Bill, PriceList};
use crate::error::{StepError, WireName};
use crate::evidence::{Evidence, Fate, Verdict, keys};
use crate::heartbeat::{self, Pulse};
use crate::ids::DrillId;
use crate::notification;
use crate::plan::Plan;
use crate::ports::{
    Announce, Beat, EmitMetrics, Metric, Notify, ReadObjects, StoreError, StoreErrorKind, WriteObjects,
};
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
    P: ReadObjects + WriteObjects + EmitMetrics + Notify + Announce + Beat,
{
    let plan = &input.plan;
    let heartbeat = plan.configuration.heartbeat.clone();
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
    publish(ports, &mut evidence, heartbeat.as_ref(), now).await?;
    Ok(Output {
        evidence_key: keys::evidence(&evidence.drill),
        drill: evidence.drill,
        verdict: evidence.verdict,
        summary: evidence.summary,
    })
}

/// Writes evidence and report, tells people and programs, then reaches the switch, in this order: the record
/// comes first, and success is only told when everybody was.
///
/// A heartbeat that isn't taken never fails a drill: the switch then rings, which is right. It is warned of in
/// the evidence.
pub(super) async fn publish<P>(
    ports: &P,
    evidence: &mut Evidence,
    heartbeat: Option<&HeartbeatSettings>,
    now: DateTime<Utc>,
) -> Result<(), StepError>
where
    P: WriteObjects + EmitMetrics + Notify + Announce + Beat,
{
    write(ports, evidence).await?;
    let told = tell(ports, evidence, now).await;
    let pulse = Pulse::of(evidence);
    if told.is_ok() || pulse == Pulse::Fail {
        let problem = beat(ports, heartbeat, pulse, &evidence.drill, Some(evidence)).await;
        if let Some(problem) = problem.filter(|p| !evidence.warnings.contains(p)) {
            evidence.warnings.push(problem);
            write(ports, evidence).await?;
        }
    }
    told
}

async fn write(ports: &impl WriteObjects, evidence: &Evidence) -> Result<(), StepError> {
    store::write_evidence(ports, evidence).await?;
    Ok(ports.put(&keys::report(&evidence.drill), "text/html; charset=utf-8", report::html(evidence)).await?)
}

/// Emits metrics, tells programs and people. None of them keeps the others back.
async fn tell<P>(ports: &P, evidence: &Evidence, now: DateTime<Utc>) -> Result<(), StepError>
where
    P: EmitMetrics + Notify + Announce,
{
    let emitted = ports.emit(&evidence.source, now, &metrics(evidence)).await;
    let announced = ports.announce(evidence).await;
    ports.notify(&notification::of_drill(evidence)).await.map_err(|e| not_told(&e))?;
    announced.map_err(|e| not_told(&e))?;
    Ok(emitted?)
}

/// Reaches the switch, if there is one; says why it couldn't.
pub(super) async fn beat(
    ports: &impl Beat,
    heartbeat: Option<&HeartbeatSettings>,
    pulse: Pulse,
    drill: &DrillId,
    ended: Option<&Evidence>,
) -> Option<String> {
    let error = ports.beat(&heartbeat?.secret, pulse, &heartbeat::body(drill, ended)).await.err()?;
    Some(format!("heartbeat {pulse:?} was not taken: {error}"))
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
        "the evidence is written; see that the topic and the event bus exist and may be told",
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
    // US dollars, for which CloudWatch has no unit.
    let bill = Bill::of_evidence(evidence, &PriceList::built_in());
    add("EstimatedCost", bill.and_then(|bill| bill.whole_night_usd()), "None");
    metrics
}
