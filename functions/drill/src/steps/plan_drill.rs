//! `PlanDrill`: claims the drill, refuses to start beside another, chooses the backup, freezes the plan.
//!
//! Creates nothing at RDS: a missing, unfinished or old backup fails here.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Settings;
use crate::backup::{self, Backup, BackupRequest, bounded_list};
use crate::configuration::{self, Configuration};
use crate::error::{StepError, WireName};
use crate::evidence::{Claim, keys};
use crate::ids::{DbiResourceId, DrillId, ReplicaId, SourceId, rfc3339};
use crate::plan::{DrillRequest, Execution, Keep, Plan};
use crate::ports::{ReadBackups, ReadExecutions, ReadInstances, ReadObjects, WriteObjects};
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

/// No drill lasts longer: the state machine's own time-out is 6 hours.
const LIVE_MAX: TimeDelta = TimeDelta::hours(48);

/// Plans the drill. Repeating it in the same execution gives a plan for the same drill.
pub async fn run<P>(
    ports: &P,
    settings: &Settings,
    input: Input,
    now: DateTime<Utc>,
) -> Result<Plan, StepError>
where
    P: ReadInstances + ReadBackups + ReadObjects + WriteObjects + ReadExecutions,
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
        choose_backup(ports, &request, &configuration, now).await?;
    let keep = request.keep.unwrap_or(match request.backup {
        BackupRequest::Latest => Keep::Standby,
        BackupRequest::Snapshot(_) | BackupRequest::PointInTime(_) => Keep::Discard,
    });
    Ok(Plan {
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

/// Refuses when another drill of the source is running. Both write their claim before either looks, so
/// that one of two which start together always sees the other; the later claim gives way.
async fn refuse_beside_live_drill<P>(ports: &P, own: &Claim, now: DateTime<Utc>) -> Result<(), StepError>
where
    P: ReadObjects + ReadExecutions,
{
    for drill in store::drills_since(ports, &own.drill.source(), now - LIVE_MAX).await? {
        if drill == own.drill {
            continue;
        }
        let Some(claim) = store::read_claim(ports, &drill).await? else { continue };
        if claim.claimed_at <= own.claimed_at && ports.is_running(&claim.execution).await? {
            return Err(StepError::new(
                WireName::DrillLive,
                format!("drill {drill} of {} is running since {}", drill.source(), rfc3339(claim.claimed_at)),
                format!("wait for it, or follow it with 'restore-drill status {drill} --follow'"),
            ));
        }
    }
    Ok(())
}

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
            let Some(resource_id) = resource_id else { return Err(source_gone(ports, name, now).await?) };
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

/// The night after the source was deleted: says what is left, since somebody reads this at 3 AM.
async fn source_gone(
    store: &impl ReadObjects,
    source: &SourceId,
    now: DateTime<Utc>,
) -> Result<StepError, StepError> {
    let left = match store::last_verified(store, source, None, None, now).await? {
        Some(evidence) => {
            let replica = evidence.replica.as_ref().map_or("unknown", |r| r.id.as_str());
            let data_at =
                evidence.backup.as_ref().map_or_else(|| "unknown".to_owned(), |b| rfc3339(b.data_at));
            format!(
                "the standby {replica} was verified by drill {} with data of {data_at} and was not touched: \
                 start it with 'aws rds start-db-instance', after tagging it restore-drill:hold",
                evidence.drill
            )
        }
        None => "no drill has verified a replica of it in the last 90 days".to_owned(),
    };
    Ok(StepError::new(
        WireName::SourceNotFound,
        format!("the source {source} does not exist, and its automated snapshots go with it; {left}"),
        "if it was renamed, change 'source' in the configuration; if it was deleted, ask AWS Support at once \
         whether its automated backups can be brought back",
    ))
}
