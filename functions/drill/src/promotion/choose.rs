//! Which replica is promoted, and why another isn't.
//!
//! Reads RDS and the evidence. Changes nothing.

use std::cmp::Reverse;

use crate::error::StepError;
use crate::evidence::{Evidence, Kept};
use crate::ids::{DrillId, ReplicaId, SourceId};
use crate::instance::Instance;
use crate::ownership::{Ownership, TAG_DRILL, TAG_SOURCE, TAG_SOURCE_RESOURCE_ID};
use crate::ports::{Observed, ReadInstances, ReadObjects, ReadService};
use crate::retirement::kept;
use crate::steps::Settings;
use crate::store;

use super::{NotPromotable, Promotable, is_promoted, marked_drill};

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The source whose standby is to become production.
    pub source: SourceId,
    /// A replica by its name; the newest verified one when absent.
    pub replica: Option<ReplicaId>,
    /// That the source is still there is known, and meant.
    pub even_if_source_is_alive: bool,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The replica with its configuration.
    pub observed: Observed,
    /// The proof.
    pub replica: Promotable,
    /// Other replicas of the source, with the reason why they weren't chosen.
    pub passed_over: Vec<Kept>,
    /// The source, where it is still there and isn't being deleted.
    pub source: Option<Instance>,
}

/// Why nothing is promoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What stands against it.
    pub fact: String,
    /// The way out.
    pub hint: String,
}

impl Refusal {
    pub(super) fn new(fact: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { fact: fact.into(), hint: hint.into() }
    }
}

impl From<StepError> for Refusal {
    fn from(error: StepError) -> Self {
        Self::new(error.fact, error.hint)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.fact)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, "\nHINT: {}", self.hint) }
    }
}

impl std::error::Error for Refusal {}

/// Chooses the replica: one whose promotion was begun, else the newest verified one.
///
/// # Errors
/// [`Refusal`] when no replica may be promoted, or the source is alive and that wasn't said to be known.
pub async fn choose(
    rds: &(impl ReadInstances + ReadService),
    store: &impl ReadObjects,
    settings: &Settings,
    wish: &Wish,
) -> Result<Choice, Refusal> {
    let instances = rds.instances().await.map_err(StepError::from)?;
    let source = instances.iter().find(|i| i.id == wish.source.as_str() && !i.status.is_being_deleted());
    let mut found: Vec<(Observed, Promotable)> = Vec::new();
    let mut passed_over = Vec::new();
    for instance in instances.iter().filter(|i| is_meant(i, wish)) {
        match judge(rds, store, settings, &instances, instance).await? {
            Ok(candidate) => found.push(candidate),
            Err(reason) => passed_over.push(kept(instance, reason.to_string())),
        }
    }
    // One that was begun is gone on with; beside it, and among all others, the newest data count.
    found.sort_by_key(|(observed, replica)| {
        let is_begun = marked_drill(&observed.instance).is_some();
        Reverse((is_begun, replica.data_at(), replica.drill().scheduled_at()))
    });
    let mut found = found.into_iter();
    let Some((observed, replica)) = found.next() else { return Err(nothing_stands(wish, &passed_over)) };
    passed_over.extend(found.map(|(other, _)| kept(&other.instance, "another one is newer, or was begun")));
    if let Some(source) = source
        && !wish.even_if_source_is_alive
        && !is_promoted(&observed.instance)
    {
        return Err(source_is_alive(source, &observed.instance));
    }
    Ok(Choice { observed, replica, passed_over, source: source.cloned() })
}

/// Whether the wish is about this instance.
fn is_meant(instance: &Instance, wish: &Wish) -> bool {
    let is_of_source = instance.tags.get(TAG_SOURCE).is_some_and(|tag| tag == wish.source.as_str())
        || marked_drill(instance).is_some_and(|drill| drill.source() == wish.source);
    match &wish.replica {
        // Named outright: whatever is wrong with it is told.
        Some(id) => instance.id == id.as_str(),
        None => is_of_source && instance.id != wish.source.as_str(),
    }
}

type Judged = Result<(Observed, Promotable), NotPromotable>;

async fn judge(
    rds: &impl ReadService,
    store: &impl ReadObjects,
    settings: &Settings,
    instances: &[Instance],
    instance: &Instance,
) -> Result<Judged, Refusal> {
    let observed = rds.observe(&instance.id).await.map_err(StepError::from)?;
    let Some(observed) = observed.filter(|o| o.instance.resource_id == instance.resource_id) else {
        return Ok(Err(NotPromotable::Status(instance.status.clone())));
    };
    let ownership = ownership_among(settings, instances, instance);
    let verdict = read_verdict(store, &observed.instance).await?;
    Ok(Promotable::confirm(&observed, &ownership, verdict.as_ref()).map(|replica| (observed, replica)))
}

/// The verdict on the drill that the instance names; one that can't be read vouches for nothing.
pub(super) async fn read_verdict(
    store: &impl ReadObjects,
    instance: &Instance,
) -> Result<Option<Evidence>, StepError> {
    let tagged = instance.tags.get(TAG_DRILL).and_then(|tag| DrillId::parse(tag).ok());
    let Some(drill) = marked_drill(instance).or(tagged) else { return Ok(None) };
    match store::read_verdict(store, &drill).await {
        Err(error) if error.name.is_retried() => Err(error),
        verdict => Ok(verdict.ok().flatten()),
    }
}

/// The sources that this instance must not be, by what RDS listed under the names that it gives.
pub(super) fn ownership_among(settings: &Settings, instances: &[Instance], instance: &Instance) -> Ownership {
    let by_tag = instance.tags.get(TAG_SOURCE).cloned();
    let by_mark = marked_drill(instance).map(|drill| drill.source().to_string());
    let sources: Vec<String> = by_tag.into_iter().chain(by_mark).collect();
    let named = instances.iter().filter(|i| sources.contains(&i.id)).map(|i| i.resource_id.clone());
    let tagged = instance.tags.get(TAG_SOURCE_RESOURCE_ID);
    let tagged = tagged.and_then(|id| crate::ids::DbiResourceId::parse(id).ok());
    Ownership { deployment: settings.deployment.clone(), source_resource_ids: named.chain(tagged).collect() }
}

fn nothing_stands(wish: &Wish, passed_over: &[Kept]) -> Refusal {
    let reasons: Vec<String> = passed_over.iter().map(|k| format!("{}: {}", k.instance, k.reason)).collect();
    let of = match &wish.replica {
        Some(id) if reasons.is_empty() => format!("there is no instance {id} here"),
        Some(_) => format!("it isn't promoted: {}", reasons.join("; ")),
        None if reasons.is_empty() => format!("there is no replica of {} here", wish.source),
        None => format!("no replica of {} may be promoted: {}", wish.source, reasons.join("; ")),
    };
    let is_held = passed_over.iter().any(|k| k.reason.starts_with("somebody holds it"));
    let hint = if is_held {
        "if the hold is yours, take it off and promote at once: aws rds remove-tags-from-resource \
         --tag-keys restore-drill:hold --resource-name ARN"
    } else {
        "see restore-drill history for what was verified; a retained backup can still be restored: ask AWS Support, \
         and see docs/runbook.md"
    };
    Refusal::new(of, hint)
}

fn source_is_alive(source: &Instance, replica: &Instance) -> Refusal {
    let drilled = replica.tags.get(TAG_SOURCE_RESOURCE_ID);
    let is_another = drilled.is_some_and(|id| *id != source.resource_id.as_str());
    let which = if is_another { ", made anew since the drill" } else { "" };
    Refusal::new(
        format!(
            "the source {} is alive ({}{which}): with {} there would be two productions",
            source.id, source.status, replica.id
        ),
        "see first whether it holds your data; if the replica is to become production all the same, add \
         --source-is-alive",
    )
}
