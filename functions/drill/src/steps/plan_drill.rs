//! `PlanDrill`: claims the drill, refuses to start beside another, chooses the backup, freezes the plan.
//!
//! Creates nothing at RDS: a missing, unfinished or old backup fails here.

use std::collections::BTreeMap;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::source_gone::source_gone;
use super::{Settings, is_running, publish_report};
use crate::backup::{self, Backup, BackupRequest, bounded_list};
use crate::configuration::{self, Configuration};
use crate::error::{StepError, WireName};
use crate::evidence::{Claim, Evidence, TableRows, keys};
use crate::heartbeat::Pulse;
use crate::ids::{DbiResourceId, DrillId, ReplicaId, SourceId, rfc3339};
use crate::plan::{DrillRequest, Execution, Keep, Plan};
use crate::ports::{Beat, ReadBackups, ReadExecutions, ReadInstances, ReadObjects, WriteObjects};
use crate::store;

/// What the state machine passes in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The execution's own input.
    pub request: DrillRequest,
    /// The execution.
    pub execution: Execution,
}

/// EventBridge Scheduler's placeholder, which reaches us unreplaced where a schedule is tried by hand.
const PLACEHOLDER: &str = "<aws.scheduler.scheduled-time>";

/// No drill lasts longer: the state machine's own time-out is 16 hours.
const LIVE_MAX: TimeDelta = TimeDelta::hours(48);

/// Plans the drill. Repeating it in the same execution gives a plan for the same drill.
pub async fn run<P>(
    ports: &P,
    settings: &Settings,
    input: Input,
    now: DateTime<Utc>,
) -> Result<Plan, StepError>
where
    P: ReadInstances + ReadBackups + ReadObjects + WriteObjects + ReadExecutions + Beat,
{
    let Input { request, execution } = input;
    let drill = drill_of(&request, &execution)?;
    let claim = store::claim(ports, &drill, &execution.id, now).await?;
    if claim.execution != execution.id {
        return Err(StepError::new(
            WireName::DrillRepeated,
            format!("drill {drill} was begun at {} by {}", rfc3339(claim.claimed_at), claim.execution),
            "the same event arrived twice; there is nothing to do",
        ));
    }
    refuse_beside_live_drill(ports, &claim, now).await?;
    let configuration = read_configuration(ports, &request.source).await?;
    let (backup, source_resource_id, source_exists) =
        choose_backup(ports, settings, &request, &configuration, now).await?;
    let keep = request.keep.unwrap_or(match request.backup {
        BackupRequest::Latest => Keep::Standby,
        BackupRequest::Snapshot(_) | BackupRequest::PointInTime(_) => Keep::Discard,
    });
    let data_at = Some(backup.data_at);
    let baseline = store::last_verified(ports, &request.source, data_at, Some(&drill), now).await?;
    let heartbeat = configuration.heartbeat.as_ref();
    let heartbeat_problem = publish_report::beat(ports, heartbeat, Pulse::Start, &drill, None).await;
    Ok(Plan {
        heartbeat_problem,
        marks: baseline.as_ref().map(|b| marks(b, &configuration)).unwrap_or_default(),
        baseline: baseline.map(|b| b.drill),
        deployment: settings.deployment.clone(),
        replica: ReplicaId::of(&settings.deployment, &drill),
        source_resource_id,
        source_exists,
        planned_at: now,
        trigger: request.trigger,
        requested_by: request.requested_by.unwrap_or_else(|| "schedule".to_owned()),
        keep,
        backup,
        earlier_restores_s: store::earlier_restores(ports, &request.source, now).await?,
        configuration_hash: configuration::hash(&configuration),
        configuration,
        drill,
        execution,
    })
}

/// The newest values of the baseline's `history` columns, where the configuration still names the same.
fn marks(baseline: &Evidence, configuration: &Configuration) -> BTreeMap<String, String> {
    let mark = |rows: &TableRows| {
        let digest = rows.digest.as_ref()?;
        let is_same = configuration.rules_for(&rows.table).history == digest.column;
        digest.newest.clone().filter(|_| is_same).map(|newest| (rows.table.clone(), newest))
    };
    baseline.tables.iter().filter_map(mark).collect()
}

/// The drill that a request names: the source at the scheduled time, or at the execution's start.
///
/// # Errors
/// `Input.Invalid` when the time can't be read.
pub fn drill_of(request: &DrillRequest, execution: &Execution) -> Result<DrillId, StepError> {
    let scheduled_at = match request.scheduled_at.as_deref() {
        None | Some(PLACEHOLDER) => execution.started_at,
        Some(text) => DateTime::parse_from_rfc3339(text)
            .map_err(|e| {
                StepError::new(
                    WireName::InputInvalid,
                    format!("scheduled_at {text:?} is not a time: {e}"),
                    "write it like 2026-11-21T03:00:00Z, or leave it out",
                )
            })?
            .to_utc(),
    };
    DrillId::of(&request.source, scheduled_at.trunc_subsecs(0)).map_err(|e| {
        StepError::new(WireName::InputInvalid, e.to_string(), "the source's id leaves no room for the time")
    })
}

/// How long after its claim a drill may still be one of two that start together: what a step's retries last.
const TOGETHER_MAX: TimeDelta = TimeDelta::minutes(15);

/// Refuses when another drill of the source is running. Both write their claim before either looks, so
/// that one of two which start together always sees the other; the later claim gives way, by the drill's
/// name when both are of the same instant. A drill that is redriven long after its claim gives way to any.
async fn refuse_beside_live_drill<P>(ports: &P, own: &Claim, now: DateTime<Utc>) -> Result<(), StepError>
where
    P: ReadObjects + ReadExecutions,
{
    for drill in
        store::drills_since(ports, &own.drill.source(), now.min(own.drill.scheduled_at()) - LIVE_MAX).await?
    {
        if drill == own.drill {
            continue;
        }
        let Some(claim) = store::read_claim(ports, &drill).await? else { continue };
        let is_first = (claim.claimed_at, &claim.drill) < (own.claimed_at, &own.drill);
        let is_together = now - own.claimed_at <= TOGETHER_MAX;
        if (is_first || !is_together) && is_running(ports, &claim.execution).await? {
            return Err(StepError::new(
                WireName::DrillLive,
                format!("drill {drill} of {} is running since {}", drill.source(), rfc3339(claim.claimed_at)),
                format!("wait for it, or follow it with 'restore-drill status {drill} --follow'"),
            ));
        }
    }
    Ok(())
}

/// The stored configuration of a source.
///
/// # Errors
/// `Config.Missing`, `Config.Invalid`, or the store's.
async fn read_configuration(ports: &impl ReadObjects, source: &SourceId) -> Result<Configuration, StepError> {
    let key = keys::configuration(source);
    let text = ports.get(&key).await?.ok_or_else(|| {
        StepError::new(
            WireName::ConfigMissing,
            format!("there is no configuration {key} in the evidence bucket"),
            "write a drill.toml, check it with 'restore-drill checks validate' and put it there",
        )
    })?;
    let configuration = configuration::parse_toml(&text).map_err(|mistakes| {
        let mistakes: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        StepError::new(
            WireName::ConfigInvalid,
            format!("{key} has {} mistakes: {}", mistakes.len(), bounded_list(&mistakes)),
            "see them all with 'restore-drill checks validate'",
        )
    })?;
    if configuration.source != *source {
        return Err(StepError::new(
            WireName::ConfigInvalid,
            format!("{key} is the configuration of {}, not of {source}", configuration.source),
            "put the configuration under its own source's name",
        ));
    }
    Ok(configuration)
}

/// The backup, the source's identity, and whether the source exists.
async fn choose_backup<P>(
    ports: &P,
    settings: &Settings,
    request: &DrillRequest,
    configuration: &Configuration,
    now: DateTime<Utc>,
) -> Result<(Backup, DbiResourceId, bool), StepError>
where
    P: ReadInstances + ReadBackups + ReadObjects,
{
    let name = &request.source;
    let source = ports.instance(name.as_str()).await?;
    if let Some(other) = source.as_ref().map(|s| &s.engine).filter(|engine| *engine != "postgres") {
        return Err(StepError::new(
            WireName::SourceUnsupported,
            format!("{name} runs {other}"),
            "restore-drill drills RDS for PostgreSQL",
        ));
    }
    let resource_id = source.map(|s| s.resource_id);
    let exists = resource_id.is_some();
    match &request.backup {
        BackupRequest::Latest => {
            let Some(resource_id) = resource_id else {
                return Err(source_gone(ports, settings, name).await?);
            };
            let snapshots = ports.automated_snapshots(&resource_id).await?;
            let backup =
                backup::newest_automated(&snapshots, name, &resource_id, &configuration.backup, now)?;
            Ok((backup, resource_id, exists))
        }
        BackupRequest::Snapshot(id) => {
            let snapshot = ports.snapshot(id).await?;
            let backup = backup::named(snapshot.as_ref(), id, name, resource_id.as_ref())?;
            let of = snapshot.map(|s| s.resource_id);
            Ok((backup, resource_id.or(of).expect("a named snapshot has been found"), exists))
        }
        BackupRequest::PointInTime(at) => {
            let window = ports.restorable_window(name).await?;
            let backup = backup::point_in_time(window.as_ref(), *at, name)?;
            let of = window.map(|w| w.resource_id);
            Ok((backup, of.expect("a window has been found"), exists))
        }
    }
}
