//! `AbandonDrill`: the target of every Catch. Keeps the standby, puts the drill's own replica to rest by
//! policy, reports, and leaves the state machine only the way to `Fail`.
//!
//! Touches nothing when the drill belongs to another execution: a repeated event must not stop the
//! replica of the first. A verdict that was saved stands, with what broke after it beside it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::publish_report::{not_told, publish};
use super::{Restored, Settings, changes, confirm_replica, judge_drill, plan_drill, stop_replica};
use crate::configuration::{Disposal, HeartbeatSettings, pieces};
use crate::error::{StepError, WireName};
use crate::evidence::{Evidence, Failure, Fate, ReplicaRecord, SCHEMA, Timeline, Verdict, keys};
use crate::ids::{DrillId, rfc3339};
use crate::instance::StatusClass;
use crate::notification;
use crate::plan::{DrillRequest, Execution, Plan};
use crate::ports::{
    Announce, Beat, DeleteReplica, EmitMetrics, Notify, ReadInstances, ReadObjects, StopReplica, WriteObjects,
};
use crate::store;

/// What the state machine passes in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The execution's own input, whatever it is.
    pub request: Value,
    /// The execution.
    pub execution: Execution,
    /// The plan, when it was made.
    pub plan: Option<Plan>,
    /// The replica, when the restore was answered.
    pub restored: Option<Restored>,
    /// The stop, when RDS accepted it: what runs after it was started by somebody, or will stop.
    pub stop: Option<stop_replica::Output>,
    /// What was caught.
    pub failure: Caught,
}

/// What a Catch gives: `$states.errorOutput`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caught {
    /// The name of the error.
    #[serde(rename = "Error")]
    pub error: String,
    /// For a function's error the JSON text of `errorType` and `errorMessage`, else any text.
    #[serde(rename = "Cause", default)]
    pub cause: String,
}

/// What the state machine ends with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The drill, when the input names one.
    pub drill: Option<DrillId>,
    /// The verdict that stands.
    pub verdict: Verdict,
    /// The name of the error, for `Fail`.
    pub error: String,
    /// The fact and the hint, for `Fail`.
    pub cause: String,
}

/// The longest cause that is kept, in characters; Step Functions takes 32,768.
const CAUSE_MAX: usize = 2000;

impl Caught {
    fn failure(&self) -> Failure {
        let message = serde_json::from_str::<Value>(&self.cause)
            .ok()
            .and_then(|v| v.get("errorMessage").and_then(Value::as_str).map(ToOwned::to_owned));
        let cause: String = message.unwrap_or_else(|| self.cause.clone()).chars().take(CAUSE_MAX).collect();
        Failure { error: self.error.clone(), cause }
    }
}

/// Abandons the drill.
pub async fn run<P>(
    ports: &P,
    settings: &Settings,
    input: Input,
    now: DateTime<Utc>,
) -> Result<Output, StepError>
where
    P: ReadInstances
        + StopReplica
        + DeleteReplica
        + ReadObjects
        + WriteObjects
        + EmitMetrics
        + Notify
        + Announce
        + Beat,
{
    let failure = input.failure.failure();
    let Some(drill) = own_drill(ports, &input).await? else {
        let message = notification::of_refused_execution(&settings.deployment, &input.execution.id, &failure);
        ports.notify(&message).await.map_err(|e| not_told(&e))?;
        return Ok(output(None, Verdict::Broken, failure));
    };
    let mut evidence = unjudged(settings, &input, &drill, &failure);
    // What the replica is laid to rest by: a verdict that can't be read may have been verified, and then
    // nothing is deleted.
    let mut rest_by = Verdict::Broken;
    match recorded(ports, &drill).await {
        Ok(None) => {}
        Ok(Some(recorded)) => {
            rest_by = recorded.verdict;
            evidence = recorded;
        }
        Err(e) if e.name.is_retried() => return Err(e),
        Err(e) => {
            rest_by = Verdict::Verified;
            evidence.warnings.push(format!("the verdict of this drill can't be read: {}", e.fact));
        }
    }
    evidence.timeline.ended_at = Some(now);
    if let Some(plan) = input.plan.as_ref().filter(|p| p.drill == drill) {
        let rest = lay_to_rest(ports, settings, plan, rest_by, &input, now).await;
        note(&mut evidence, rest, &input, &failure);
    }
    evidence.failure = Some(failure.clone());
    let heartbeat = match &input.plan {
        Some(plan) => plan.configuration.heartbeat.clone(),
        None => heartbeat_before_plan(ports, &mut evidence).await,
    };
    publish(ports, &mut evidence, heartbeat.as_ref(), now).await?;
    Ok(output(Some(drill), evidence.verdict, failure))
}

/// The switch of a drill that ended before its plan was made, from the stored configuration, which may be
/// the reason why. Where its section is wrong too, the switch rings by itself, when its time is over.
async fn heartbeat_before_plan(
    ports: &impl ReadObjects,
    evidence: &mut Evidence,
) -> Option<HeartbeatSettings> {
    match ports.get(&keys::configuration(&evidence.source)).await {
        Ok(text) => pieces::heartbeat(&text?, &evidence.source),
        Err(e) => {
            evidence.warnings.push(format!("heartbeat Fail was not sent: {e}"));
            None
        }
    }
}

/// The record of the drill as far as it came: as it ended when it was published after this verdict, else as
/// it was judged; `None` when it wasn't judged.
async fn recorded(store: &impl ReadObjects, drill: &DrillId) -> Result<Option<Evidence>, StepError> {
    let Some(verdict) = store::read_verdict(store, drill).await? else { return Ok(None) };
    let published = store::read_evidence(store, drill).await?;
    let is_of_verdict =
        |e: &Evidence| e.verdict == verdict.verdict && e.timeline.judged_at == verdict.timeline.judged_at;
    Ok(Some(published.filter(is_of_verdict).unwrap_or(verdict)))
}

/// What became of the replica, as the evidence says it.
fn note(evidence: &mut Evidence, rest: Rest, input: &Input, failure: &Failure) {
    evidence.warnings.extend(rest.warning.filter(|w| !evidence.warnings.contains(w)));
    let is_restored = input.restored.is_some();
    let made_none = !is_restored && NOT_RESTORED.iter().any(|name| name.as_str() == failure.error);
    let fate = match rest.fate {
        // Either there is nothing under its name, or what is there isn't this drill's.
        None | Some(Fate::Unknown) if made_none => {
            evidence.replica = None;
            return;
        }
        Some(fate) => fate,
        None if is_restored => Fate::Deleted,
        // The restore may have been accepted though its answer was lost, and RDS may not show it yet.
        None => Fate::Unknown,
    };
    if let Some(replica) = &mut evidence.replica {
        replica.fate = fate;
    }
}

fn output(drill: Option<DrillId>, verdict: Verdict, failure: Failure) -> Output {
    Output { drill, verdict, error: failure.error, cause: failure.cause }
}

/// The drill, when this execution carries it out; `None` when the input names none or it is another's.
async fn own_drill<P: ReadObjects>(ports: &P, input: &Input) -> Result<Option<DrillId>, StepError> {
    let request: Option<DrillRequest> = serde_json::from_value(input.request.clone()).ok();
    let Some(drill) = request.and_then(|r| plan_drill::drill_of(&r, &input.execution).ok()) else {
        return Ok(None);
    };
    let claim = store::read_claim(ports, &drill).await?;
    Ok(claim.filter(|c| c.execution == input.execution.id).map(|_| drill))
}

fn unjudged(settings: &Settings, input: &Input, drill: &DrillId, failure: &Failure) -> Evidence {
    let plan = input.plan.as_ref().filter(|p| p.drill == *drill);
    let mut evidence = match plan {
        Some(plan) => judge_drill::of_plan(settings, plan),
        None => unplanned(settings, input, drill),
    };
    evidence.summary.clone_from(&failure.error);
    if let Some(plan) = plan {
        // The restore may have been accepted though its answer was lost: the replica is looked for anyway.
        evidence.replica = Some(ReplicaRecord {
            id: plan.replica.clone(),
            resource_id: input.restored.as_ref().map(|r| r.resource_id.clone()),
            instance_class: plan.configuration.replica.instance_class.clone(),
            storage_type: plan.configuration.replica.storage_type.clone(),
            fate: Fate::Unknown,
        });
    }
    evidence.timeline.restore_accepted_at = input.restored.as_ref().map(|r| r.accepted_at);
    evidence
}

fn unplanned(settings: &Settings, input: &Input, drill: &DrillId) -> Evidence {
    let request: Option<DrillRequest> = serde_json::from_value(input.request.clone()).ok();
    Evidence {
        schema: SCHEMA.to_owned(),
        drill: drill.clone(),
        deployment: settings.deployment.clone(),
        source: drill.source(),
        trigger: request.as_ref().map(|r| r.trigger).unwrap_or_default(),
        requested_by: request.and_then(|r| r.requested_by).unwrap_or_else(|| "schedule".to_owned()),
        execution: input.execution.id.clone(),
        verdict: Verdict::Broken,
        summary: String::new(),
        failure: None,
        backup: None,
        data_age_s: None,
        recovery_s: None,
        replica: None,
        timeline: Timeline { scheduled_at: Some(drill.scheduled_at()), ..Timeline::default() },
        server_version: None,
        level: None,
        findings: Vec::new(),
        history: Vec::new(),
        catalogue: None,
        tables: Vec::new(),
        not_covered: Vec::new(),
        baseline: None,
        warnings: Vec::new(),
        retired: Vec::new(),
        kept: Vec::new(),
        configuration_hash: None,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Errors that say for certain that the restore made no instance.
const NOT_RESTORED: &[WireName] =
    &[WireName::BackupVanished, WireName::RestoreRefused, WireName::RestoreConflict, WireName::DrillRepeated];

/// How the drill's own replica was left.
struct Rest {
    /// What became of it; `None` when RDS doesn't know it.
    fate: Option<Fate>,
    warning: Option<String>,
}

impl Rest {
    fn of(fate: Fate) -> Self {
        Self { fate: Some(fate), warning: None }
    }
    fn doubtful(fate: Fate, warning: String) -> Self {
        Self { fate: Some(fate), warning: Some(warning) }
    }
}

/// Stops or deletes the drill's own replica, by policy. What fails here becomes a warning: people are told
/// in any case, and the sweep looks again.
async fn lay_to_rest<P>(
    ports: &P,
    settings: &Settings,
    plan: &Plan,
    verdict: Verdict,
    input: &Input,
    now: DateTime<Utc>,
) -> Rest
where
    P: ReadInstances + StopReplica + DeleteReplica + ReadObjects + WriteObjects,
{
    let replica = match confirm_replica(ports, settings, plan).await {
        Ok((_, replica)) => replica,
        Err(e) if e.name == WireName::ReplicaVanished => return Rest { fate: None, warning: None },
        Err(e) => {
            return Rest::doubtful(Fate::Unknown, format!("the replica was left as it is: {}", e.fact));
        }
    };
    if input.restored.as_ref().is_some_and(|r| r.resource_id != *replica.resource_id()) {
        let warning = format!(
            "another instance, {}, is named {}: it was left alone",
            replica.resource_id(),
            plan.replica
        );
        return Rest::doubtful(Fate::Unknown, warning);
    }
    if replica.status().is_being_deleted() {
        return Rest::of(Fate::Deleted);
    }
    let class = replica.status().class();
    let asked_at = match changes::asked_to_stop_before(ports, &replica, now).await {
        Ok(asked_at) => {
            let answered = input.stop.as_ref().filter(|_| class == StatusClass::Ready);
            asked_at.or(answered.map(|s| s.requested_at))
        }
        Err(e) => {
            return Rest::doubtful(Fate::Unknown, format!("the replica was left as it is: {}", e.fact));
        }
    };
    if let Some(asked_at) = asked_at.map(rfc3339) {
        let warning = format!(
            "COST: replica {} is {} though it was asked to stop at {asked_at}: it was left to whoever started it",
            plan.replica,
            replica.status()
        );
        return Rest::doubtful(Fate::Running, warning);
    }
    // RDS stops only what runs. Of what it can't stop, only this drill's own failed replica is deleted, and
    // never one whose backup was verified.
    let is_unstoppable = class == StatusClass::Terminal && verdict == Verdict::Broken;
    if verdict != Verdict::Verified && (plan.disposal(verdict) == Disposal::Delete || is_unstoppable) {
        return match changes::delete(ports, &replica).await {
            Ok(()) => Rest::of(Fate::Deleted),
            Err(e) => Rest::doubtful(
                Fate::Unknown,
                format!("COST: replica {} wasn't deleted and is billed: {e}", plan.replica),
            ),
        };
    }
    match changes::stop(ports, &replica, now).await {
        Ok(_) if class == StatusClass::Stopped => Rest::of(Fate::Stopped),
        Ok(_) => Rest::of(Fate::Stopping),
        Err(e) => Rest::doubtful(
            Fate::Running,
            format!("COST: replica {} goes on running and is billed: {}", plan.replica, e.fact),
        ),
    }
}
