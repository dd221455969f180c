//! `WatchRestores`: the watchdog. Runs on a schedule of its own and publishes, for each source, the hours since
//! its last verified restore and the replicas that exist and run.
//!
//! Reads the evidence itself, never a metric of a drill, and only looks: an alarm on the hours rings when drills
//! fail, when they never start, and, by the missing points, when the watchdog itself is dead. One source that
//! can't be looked at doesn't silence the others. Repeating it publishes the same points again.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::stream;
use serde::{Deserialize, Serialize};
use tracing::info;

use super::Settings;
use crate::backup::bounded_list;
use crate::error::{StepError, WireName};
use crate::ids::{DrillId, SourceId};
use crate::instance::Instance;
use crate::ports::{EmitMetrics, ReadInstances, ReadObjects};
use crate::silence::{Fleet, Proof, Silence, metrics, proof};
use crate::store;

/// What the watchdog's schedule says: what is to be watched, whatever the bucket holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The sources.
    pub sources: Vec<Watched>,
}

/// A source under watch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watched {
    /// The source.
    pub source: SourceId,
    /// Since when it is watched, for the hours until its first verified restore.
    #[serde(default)]
    pub since: Option<DateTime<Utc>>,
}

/// What was published.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// A line for each source.
    pub sources: Vec<Seen>,
}

/// What was seen of a source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// The source.
    pub source: SourceId,
    /// Hours since the last verified restore, as published.
    pub hours: f64,
    /// The drill that proves it; absent where none does.
    pub drill: Option<DrillId>,
    /// Its replicas that exist; absent where RDS didn't say.
    pub replicas: Option<u32>,
    /// Those of them that aren't stopped.
    pub running: Option<u32>,
    /// Records that weren't believed, with the reason; at most five.
    pub refused: Vec<String>,
}

/// The most sources that one watchdog looks after: within its time-out, at a second each.
pub const SOURCES_MAX: usize = 100;
/// Sources that are looked at side by side, so that one whose reads hang doesn't hold the others up.
const SIDE_BY_SIDE: usize = 4;
/// The most records of a source that are read: more than a month of nights without a verified one.
const RECORDS_READ_MAX: usize = 40;
/// The most refused records that are told.
const REFUSED_MAX: usize = 5;

/// Publishes what there is to say of every source.
///
/// # Errors
/// After everything was published that could be: with the name of the first thing that couldn't be looked at or
/// published. `Input.Invalid` when nothing is to be watched, or too much.
pub async fn run<P>(
    ports: &P,
    settings: &Settings,
    input: Input,
    now: DateTime<Utc>,
) -> Result<Output, StepError>
where
    P: ReadInstances + ReadObjects + EmitMetrics,
{
    let mut problems = Vec::new();
    let instances = match ports.instances().await {
        Ok(instances) => Some(instances),
        Err(error) => {
            problems.push(StepError::from(error));
            None
        }
    };
    let watched = each_once(input.sources, &mut problems);
    let looks: Vec<_> =
        watched.iter().map(|w| watch(ports, settings, w, instances.as_deref(), now)).collect();
    let mut output = Output::default();
    let mut looked = stream::iter(looks).buffered(SIDE_BY_SIDE);
    while let Some((seen, met)) = looked.next().await {
        output.sources.push(seen);
        problems.extend(met);
    }
    conclude(output, problems)
}

/// Each source once, and no more than can be looked at in time: the rest has no points, which alarms.
fn each_once(sources: Vec<Watched>, problems: &mut Vec<StepError>) -> Vec<Watched> {
    let mut met = BTreeSet::new();
    let mut watched: Vec<Watched> = sources.into_iter().filter(|w| met.insert(w.source.clone())).collect();
    if watched.is_empty() {
        problems.push(StepError::new(
            WireName::InputInvalid,
            "the watchdog is given no source to watch",
            "the input of its schedule names the sources: {\"sources\": [{\"source\": \"courses-prod\"}]}",
        ));
    }
    if watched.len() > SOURCES_MAX {
        problems.push(StepError::new(
            WireName::InputInvalid,
            format!("the watchdog is given {} sources, and looks at {SOURCES_MAX}", watched.len()),
            "share them out over several deployments",
        ));
        watched.truncate(SOURCES_MAX);
    }
    watched
}

/// Looks at one source and publishes its points at once, so that nothing that happens to another holds them up.
async fn watch<P>(
    ports: &P,
    settings: &Settings,
    watched: &Watched,
    instances: Option<&[Instance]>,
    now: DateTime<Utc>,
) -> (Seen, Vec<StepError>)
where
    P: ReadObjects + EmitMetrics,
{
    let source = &watched.source;
    let mut problems = Vec::new();
    let mut refused = Vec::new();
    let silence = match last_proof(ports, settings, source, now, &mut refused).await {
        Ok(silence) => silence,
        Err(error) => {
            problems.push(error);
            Silence::Unknown
        }
    };
    let hours = silence.hours(watched.since, now);
    let fleet = instances.map(|all| Fleet::of(all, &settings.deployment, source));
    if let Err(error) = ports.emit(source, now, &metrics(hours, fleet)).await {
        problems.push(error.into());
    }
    for problem in &mut problems {
        problem.fact = format!("{source}: {}", problem.fact);
    }
    let drill = match silence {
        Silence::Since(_, drill) => Some(drill),
        Silence::Never(_) | Silence::Unknown => None,
    };
    let (replicas, running) = (fleet.map(|f| f.replicas), fleet.map(|f| f.running));
    let proven_by = drill.as_ref().map(DrillId::as_str);
    info!(%source, hours, proven_by, replicas, running, "{source}: {hours:.1} hours without a verified restore");
    refused.truncate(REFUSED_MAX);
    (Seen { source: source.clone(), hours, drill, replicas, running, refused }, problems)
}

/// The newest drill whose record proves a verified restore.
///
/// A record that isn't believed proves nothing and hides nothing older: the hours that an older proof gives are
/// true, and larger. Where no proof is left beside it, nobody knows.
async fn last_proof(
    store: &impl ReadObjects,
    settings: &Settings,
    source: &SourceId,
    now: DateTime<Utc>,
    refused: &mut Vec<String>,
) -> Result<Silence, StepError> {
    let drills = store::drills_since(store, source, now - store::LOOK_BACK).await?;
    let mut is_refused: Option<StepError> = None;
    for drill in drills.iter().take(RECORDS_READ_MAX) {
        match proof_of(store, settings, drill, now).await {
            Ok(Proof::Verified(at)) => return Ok(Silence::Since(at, drill.clone())),
            Ok(Proof::Nothing) => {}
            Ok(Proof::Refused(reason)) => {
                refused.push(reason.clone());
                is_refused.get_or_insert_with(|| not_believed(reason));
            }
            // The next record would be as far away.
            Err(error) if error.name != WireName::EvidenceInvalid => return Err(error),
            Err(error) => {
                refused.push(error.fact.clone());
                is_refused.get_or_insert(error);
            }
        }
    }
    match is_refused {
        Some(error) => Err(error),
        None if drills.len() > RECORDS_READ_MAX => Ok(Silence::Unknown),
        None => Ok(Silence::Never(drills.iter().map(DrillId::scheduled_at).min())),
    }
}

async fn proof_of(
    store: &impl ReadObjects,
    settings: &Settings,
    drill: &DrillId,
    now: DateTime<Utc>,
) -> Result<Proof, StepError> {
    let Some(verdict) = store::read_verdict(store, drill).await? else { return Ok(Proof::Nothing) };
    let published = store::read_published(store, drill).await?;
    let found = proof(&verdict, published.as_ref(), &settings.deployment, now);
    if let (Proof::Verified(_), Some(catalogue)) = (&found, &verdict.catalogue) {
        store::read_catalogue(store, drill, catalogue).await?;
    }
    Ok(found)
}

fn not_believed(reason: String) -> StepError {
    StepError::new(
        WireName::EvidenceInvalid,
        reason,
        "the bucket keeps versions: see who wrote the object, and restore its earlier version",
    )
}

/// The output, or the first problem with what else there was.
fn conclude(output: Output, problems: Vec<StepError>) -> Result<Output, StepError> {
    let facts: Vec<String> = problems.iter().map(|p| p.fact.clone()).collect();
    match problems.into_iter().next() {
        None => Ok(output),
        Some(first) => Err(StepError { fact: bounded_list(&facts), ..first }),
    }
}
