//! Reading and writing what drills leave behind, by its type.
//!
//! Decides what counts as readable: evidence of another schema or drill is refused, never guessed.

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;

use crate::error::{StepError, WireName};
use crate::evidence::{CatalogueRecord, Claim, Evidence, EvidenceError, StopRecord, Verdict, keys};
use crate::ids::{DrillId, SourceId};
use crate::measurement::{CatalogueObjects, sha256};
use crate::ports::{ReadObjects, StoreError, StoreErrorKind, WriteObjects};
use crate::seal::{opened, sealed};

const JSON: &str = "application/json";

/// How far back earlier drills are looked for.
pub(crate) const LOOK_BACK: TimeDelta = TimeDelta::days(90);
/// How many drills are listed in one call, and the most calls: a drill every two minutes for 90 days.
const DRILLS_PER_PAGE: usize = 1000;
const PAGES_MAX: usize = 64;
/// The most records that are read while looking for the last verified drill: four a day for 90 days.
const RECORDS_READ_MAX: usize = 400;
/// The most verified records that are compared by the time of their data: a week of nights.
const VERIFIED_READ_MAX: usize = 7;

impl From<StoreError> for StepError {
    fn from(error: StoreError) -> Self {
        let (name, hint) = match error.kind {
            StoreErrorKind::Unavailable => (WireName::EvidenceUnavailable, "see the AWS Health Dashboard"),
            StoreErrorKind::Denied => (
                WireName::EvidenceDenied,
                "compare the function's role with the step's rights in statemachine/README.md, and see that the bucket exists",
            ),
        };
        Self::new(name, error.to_string(), hint)
    }
}

impl From<EvidenceError> for StepError {
    fn from(error: EvidenceError) -> Self {
        Self::new(
            WireName::EvidenceInvalid,
            error.to_string(),
            "the bucket keeps versions: restore the object's earlier version, or move it away to go on without it",
        )
    }
}

async fn read<T: DeserializeOwned>(store: &impl ReadObjects, key: &str) -> Result<Option<T>, StepError> {
    let Some(text) = store.get(key).await? else { return Ok(None) };
    opened(&text)
        .map(Some)
        .map_err(|problem| EvidenceError::Malformed { key: key.to_owned(), problem }.into())
}

/// Claims the drill for an execution, once and for all; gives the claim that holds, which may be
/// another execution's.
pub async fn claim(
    store: &(impl ReadObjects + WriteObjects),
    drill: &DrillId,
    execution: &str,
    now: DateTime<Utc>,
) -> Result<Claim, StepError> {
    let claim = Claim { drill: drill.clone(), execution: execution.to_owned(), claimed_at: now };
    if store.create(&keys::claim(drill), JSON, sealed(&claim)).await? {
        return Ok(claim);
    }
    read_claim(store, drill).await?.ok_or_else(|| {
        StepError::new(
            WireName::EvidenceUnavailable,
            format!("the claim of {drill} exists and can't be read"),
            "",
        )
    })
}

/// Who carries the drill out; `None` when nobody has claimed it.
pub async fn read_claim(store: &impl ReadObjects, drill: &DrillId) -> Result<Option<Claim>, StepError> {
    let key = keys::claim(drill);
    match read::<Claim>(store, &key).await? {
        Some(claim) if claim.drill != *drill => {
            Err(EvidenceError::Mismatch { key, drill: claim.drill }.into())
        }
        claim => Ok(claim),
    }
}

/// Writes the record as it was judged.
pub async fn write_verdict(store: &impl WriteObjects, evidence: &Evidence) -> Result<(), StepError> {
    Ok(store.put(&keys::verdict(&evidence.drill), JSON, sealed(evidence)).await?)
}

/// The record as it was judged; `None` when the drill wasn't judged. One that contradicts itself is refused: what
/// is kept, deleted and compared with follows from it.
pub async fn read_verdict(store: &impl ReadObjects, drill: &DrillId) -> Result<Option<Evidence>, StepError> {
    let key = keys::verdict(drill);
    let verdict = read_evidence_at(store, drill, &key).await?;
    match verdict.as_ref().and_then(Evidence::contradiction) {
        Some(problem) => Err(EvidenceError::Contradiction { key, problem }.into()),
        None => Ok(verdict),
    }
}

/// Writes the record as it ended.
pub async fn write_evidence(store: &impl WriteObjects, evidence: &Evidence) -> Result<(), StepError> {
    Ok(store.put(&keys::evidence(&evidence.drill), JSON, sealed(evidence)).await?)
}

/// The record as it ended; `None` when the drill hasn't published any.
pub async fn read_published(
    store: &impl ReadObjects,
    drill: &DrillId,
) -> Result<Option<Evidence>, StepError> {
    read_evidence_at(store, drill, &keys::evidence(drill)).await
}

/// The record as it ended, else as it was judged; `None` when there is neither.
pub async fn read_evidence(store: &impl ReadObjects, drill: &DrillId) -> Result<Option<Evidence>, StepError> {
    match read_published(store, drill).await? {
        Some(evidence) => Ok(Some(evidence)),
        None => read_verdict(store, drill).await,
    }
}

async fn read_evidence_at(
    store: &impl ReadObjects,
    drill: &DrillId,
    key: &str,
) -> Result<Option<Evidence>, StepError> {
    let Some(text) = store.get(key).await? else { return Ok(None) };
    Ok(Some(Evidence::parse(&text, drill, key)?))
}

/// Writes the catalogue's objects, and gives the record by which the evidence holds them.
pub async fn write_catalogue(
    store: &impl WriteObjects,
    drill: &DrillId,
    objects: &CatalogueObjects,
) -> Result<CatalogueRecord, StepError> {
    let body = serde_json::to_string(objects).expect("objects are plain text and always serialize");
    let record = CatalogueRecord { objects: objects.values().map(Vec::len).sum(), sha256: sha256(&body) };
    store.put(&keys::catalogue(drill), JSON, body).await?;
    Ok(record)
}

/// Reads the catalogue's objects, and refuses others than the evidence was written with.
pub async fn read_catalogue(
    store: &impl ReadObjects,
    drill: &DrillId,
    record: &CatalogueRecord,
) -> Result<CatalogueObjects, StepError> {
    let key = keys::catalogue(drill);
    let malformed = |problem: String| EvidenceError::Malformed { key: key.clone(), problem };
    let text = store.get(&key).await?.ok_or_else(|| malformed("it is gone".to_owned()))?;
    if sha256(&text) != record.sha256 {
        return Err(malformed("it isn't what the drill wrote: its SHA-256 differs".to_owned()).into());
    }
    serde_json::from_str(&text).map_err(|e| malformed(e.to_string()).into())
}

/// Records that the replica is about to be asked to stop.
pub async fn write_stop(
    store: &impl WriteObjects,
    drill: &DrillId,
    stop: &StopRecord,
) -> Result<(), StepError> {
    Ok(store.put(&keys::stop(drill), JSON, sealed(stop)).await?)
}

/// Whether and when this product asked the replica of a drill to stop.
pub async fn read_stop(store: &impl ReadObjects, drill: &DrillId) -> Result<Option<StopRecord>, StepError> {
    read(store, &keys::stop(drill)).await
}

/// The drills of a source that were scheduled since an instant, newest first.
pub async fn drills_since(
    store: &impl ReadObjects,
    source: &SourceId,
    since: DateTime<Utc>,
) -> Result<Vec<DrillId>, StepError> {
    let prefix = keys::drills(source);
    let mut after = DrillId::of(source, since).map(|id| id.to_string()).ok();
    let mut drills: Vec<DrillId> = Vec::new();
    // To the end: they are listed oldest first, and the newest matter most.
    for _ in 0..PAGES_MAX {
        let folders = store.folders(&prefix, after.as_deref(), DRILLS_PER_PAGE).await?;
        drills.extend(folders.iter().filter_map(|name| DrillId::parse(name).ok()));
        if folders.len() < DRILLS_PER_PAGE {
            drills.sort_by_key(|drill| std::cmp::Reverse(drill.scheduled_at()));
            return Ok(drills);
        }
        after = folders.last().cloned();
    }
    Err(StepError::new(
        WireName::EvidenceInvalid,
        format!("{prefix} holds more than {} drills", PAGES_MAX * DRILLS_PER_PAGE),
        "something starts drills without end: look at the schedule, then move the folders away",
    ))
}

/// The evidence of the last verified drill of a source: the baseline, and the record of the standby.
///
/// The last by the time of its data, and with data not newer than `data_at` where that is given: a drill of
/// an old snapshot, made on demand, neither becomes the baseline of the next night nor is it compared with
/// data of later. Unreadable evidence on the way is an error, not a gap.
pub async fn last_verified(
    store: &impl ReadObjects,
    source: &SourceId,
    data_at: Option<DateTime<Utc>>,
    except: Option<&DrillId>,
    now: DateTime<Utc>,
) -> Result<Option<Evidence>, StepError> {
    let mut verified = Vec::new();
    for drill in drills_since(store, source, now - LOOK_BACK).await?.into_iter().take(RECORDS_READ_MAX) {
        if verified.len() == VERIFIED_READ_MAX {
            break;
        }
        if Some(&drill) == except {
            continue;
        }
        let Some(evidence) = read_verdict(store, &drill).await? else { continue };
        let Some(backup) = evidence.backup.as_ref().filter(|_| evidence.verdict == Verdict::Verified) else {
            continue;
        };
        if data_at.is_none_or(|newest| backup.data_at <= newest) {
            verified.push((backup.data_at, drill.scheduled_at(), evidence));
        }
    }
    let newest = verified.into_iter().max_by_key(|(data_at, scheduled_at, _)| (*data_at, *scheduled_at));
    Ok(newest.map(|(_, _, evidence)| evidence))
}

/// How long the last restores of a source took, in seconds, newest first; at most ten.
pub async fn earlier_restores(
    store: &impl ReadObjects,
    source: &SourceId,
    now: DateTime<Utc>,
) -> Result<Vec<u64>, StepError> {
    let mut spans = Vec::new();
    for drill in drills_since(store, source, now - LOOK_BACK).await?.into_iter().take(15) {
        // A record that can't be read costs a guess here, not the drill.
        let Ok(Some(evidence)) = read_evidence(store, &drill).await else { continue };
        let timeline = &evidence.timeline;
        if let (Some(from), Some(to)) = (timeline.restore_accepted_at, timeline.available_at) {
            spans.extend(u64::try_from((to - from).num_seconds()).ok());
        }
        if spans.len() == 10 {
            break;
        }
    }
    Ok(spans)
}
