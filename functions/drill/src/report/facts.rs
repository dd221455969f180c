//! What the reports say, in words, before it gets a form.

use chrono::{DateTime, Utc};

use super::with_status;
use crate::{
    backup::Origin,
    configuration::Span,
    cost::{Bill, PriceList},
    evidence::{Evidence, Fate, FindingStatus, Verdict},
    ids::rfc3339,
    plan::Trigger,
};

/// What can't be said because nobody measured it.
pub(super) const NOT_MEASURED: &str = "not measured";

/// The verdict in one or three words. A drill that broke after its backup was verified doesn't
/// get the word that people look for alone: something is still to be done.
pub(super) fn headline(evidence: &Evidence) -> String {
    let word = evidence.verdict.as_str().to_uppercase();
    if broke_afterwards(evidence) { format!("{word}, THEN BROKEN") } else { word }
}

/// Whether the verdict stood already when the drill broke.
pub(super) fn broke_afterwards(evidence: &Evidence) -> bool {
    evidence.failure.is_some() && evidence.verdict != Verdict::Broken
}

/// What the verdict means for somebody who has to rely on the backup.
pub(super) fn meaning(evidence: &Evidence) -> &'static str {
    match (evidence.verdict, broke_afterwards(evidence)) {
        (Verdict::Verified, false) => "This backup restores, and every check that counts passed on it.",
        (Verdict::Verified, true) => {
            "This backup restores, and every check that counts passed on it. What follows the verdict failed: \
             look after the replica."
        }
        (Verdict::Rejected, _) => "This backup restores, but a check failed on it: don't rely on it.",
        (Verdict::Broken, _) => "The drill could not be completed. It says nothing about the backup.",
    }
}

/// The verdict's reason, unless it says no more than the failure that follows it.
pub(super) fn summary(evidence: &Evidence) -> Option<&str> {
    let is_said = evidence.failure.as_ref().is_some_and(|failure| failure.error == evidence.summary);
    (!is_said).then_some(evidence.summary.as_str())
}

/// When the drill was scheduled, for people.
pub(super) fn scheduled(evidence: &Evidence) -> String {
    clock(evidence.drill.scheduled_at())
}

/// An instant for people.
pub(super) fn clock(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Which backup it was.
pub(super) fn backup(evidence: &Evidence) -> String {
    let Some(backup) = &evidence.backup else { return "none was chosen".to_owned() };
    let name = match &backup.origin {
        Origin::Automated { snapshot } => format!("{snapshot}, automated"),
        Origin::Manual { snapshot } => format!("{snapshot}, taken by somebody"),
        Origin::PointInTime { at } => format!("the state of {}", rfc3339(*at)),
    };
    format!("{name}, PostgreSQL {}, {} GiB", backup.engine_version, backup.allocated_storage_gib)
}

/// How old the backup's data was, and when it's of.
pub(super) fn data_age(evidence: &Evidence) -> (String, String) {
    let age = evidence.data_age_s.map_or_else(|| NOT_MEASURED.to_owned(), span);
    let of = evidence.backup.as_ref().map(|backup| format!("data of {}, ", clock(backup.data_at)));
    (age, format!("{}seen from when the drill was planned", of.unwrap_or_default()))
}

/// How long it took until the first query was answered.
pub(super) fn recovery(evidence: &Evidence) -> (String, String) {
    let time = evidence.recovery_s.map_or_else(|| NOT_MEASURED.to_owned(), span);
    (time, "from the accepted restore to the first answered query".to_owned())
}

/// So many seconds, for people.
pub(super) fn span(seconds: u64) -> String {
    Span::seconds(seconds).to_string()
}

/// How many checks came out in which way.
pub(super) fn tally(evidence: &Evidence) -> String {
    let [failed, missing, warned, passed] =
        [FindingStatus::Failed, FindingStatus::NotMeasured, FindingStatus::Warned, FindingStatus::Passed]
            .map(|status| with_status(evidence, status).len());
    if failed + missing + warned + passed == 0 {
        return "none was made".to_owned();
    }
    let warnings = match warned {
        0 => String::new(),
        1 => ", 1 warning".to_owned(),
        more => format!(", {more} warnings"),
    };
    let level = evidence.level.map(|level| format!("; level {}", level.as_str())).unwrap_or_default();
    format!("{failed} failed, {missing} not measured{warnings}, {passed} passed{level}")
}

/// The last verified drill, after which came whatever is wrong; `None` for the first drill of a source.
pub(super) fn compared_with(evidence: &Evidence) -> Option<String> {
    let drill = evidence.baseline.as_ref()?;
    let data_at = evidence.history.iter().find(|point| point.drill == *drill).map(|point| point.data_at);
    let of = data_at.map(|at| format!(", data of {}", clock(at))).unwrap_or_default();
    Some(format!("{drill}, the last verified drill{of}"))
}

/// What to say where no gap was reported: without a check, nothing at all is covered.
pub(super) fn nothing_uncovered(evidence: &Evidence) -> &'static str {
    if evidence.findings.is_empty() { "everything, as no check was made" } else { "no gap was reported" }
}

/// What the drill's replica is now, and what keeps being billed.
pub(super) fn costs(evidence: &Evidence) -> Vec<String> {
    let mut costs = Vec::new();
    match &evidence.replica {
        None => costs.push("No replica was created.".to_owned()),
        Some(replica) => {
            let (id, class) = (&replica.id, &replica.instance_class);
            costs.push(match replica.fate {
                Fate::Running => format!("{id} ({class}) is RUNNING and billed by the second."),
                Fate::Stopping => format!(
                    "{id} ({class}) was asked to stop and is billed as running until it has, which can take an hour."
                ),
                Fate::Stopped => format!(
                    "{id} is stopped: its storage is still billed. AWS starts it again after 7 days; the sweep \
                     then stops it again. Starting it takes minutes to hours and can fail for lack of capacity."
                ),
                Fate::Deleted => format!("{id} was deleted and costs nothing any more."),
                Fate::Unknown => {
                    format!("Nobody knows whether {id} ({class}) runs: it may be billed. The sweep looks for it.")
                }
            });
        }
    }
    if !evidence.kept.is_empty() {
        let number = evidence.kept.len();
        let replicas = if number == 1 { "replica is" } else { "replicas are" };
        costs.push(format!(
            "{number} more {replicas} kept, of which at least the storage is billed; see below."
        ));
    }
    costs.extend(bill(evidence));
    costs
}

/// What the night costs, line by line; nothing where there was no replica.
fn bill(evidence: &Evidence) -> Vec<String> {
    let Some(bill) = Bill::of_evidence(evidence, &PriceList::built_in()) else { return Vec::new() };
    let region = &bill.region;
    let Some(as_of) = &bill.prices_as_of else {
        let hint = "restore-drill cost --prices FILE";
        return vec![format!(
            "What the night costs is unknown: no prices of {region:?} are known. {hint} takes yours."
        )];
    };
    let unknown: Vec<&str> = bill.unknown().map(|line| line.item.as_str()).collect();
    let but = if unknown.is_empty() {
        String::new()
    } else {
        format!(
            ", WITHOUT what has no known price: {}; restore-drill cost --prices FILE takes yours",
            unknown.join(", ")
        )
    };
    let mut lines = vec![format!(
        "A night like this one, with the standby until the next: {:.2} USD, {:.2} USD a month{but}. List prices of \
         {region}, {as_of}, without free tiers; what wasn't measured is assumed.",
        bill.night_usd(),
        bill.month_usd(),
    )];
    lines.extend(bill.lines.iter().filter_map(|line| {
        let usd = line.night_usd().filter(|usd| *usd >= SHOWN_MIN_USD)?;
        let price = line.price_text().unwrap_or_default();
        Some(format!("{}: {:.2} {} at {price} USD, {usd:.3} USD", line.item, line.quantity, line.unit))
    }));
    lines
}

/// Less than this of a night isn't shown by itself.
const SHOWN_MIN_USD: f64 = 0.001;

/// Whether something is, or may be, billed by the second right now.
pub(super) fn is_costly(evidence: &Evidence) -> bool {
    evidence
        .replica
        .as_ref()
        .is_some_and(|replica| matches!(replica.fate, Fate::Running | Fate::Stopping | Fate::Unknown))
}

/// The phases that were reached, with the time since the one before.
pub(super) fn timeline(evidence: &Evidence) -> Vec<(&'static str, String, String)> {
    let times = &evidence.timeline;
    let phases = [
        ("scheduled", times.scheduled_at),
        ("planned", times.planned_at),
        ("restore accepted", times.restore_accepted_at),
        ("replica available", times.available_at),
        ("first query answered", times.first_query_at),
        ("judged", times.judged_at),
        ("stop requested", times.stop_requested_at),
        ("stopped", times.stopped_at),
        ("ended", times.ended_at),
    ];
    let mut before: Option<DateTime<Utc>> = None;
    let mut rows = Vec::new();
    for (name, at) in phases {
        let Some(at) = at else { continue };
        let since = before.and_then(|before| u64::try_from((at - before).num_seconds()).ok());
        rows.push((name, clock(at), since.map_or_else(String::new, |seconds| format!("+{}", span(seconds)))));
        before = Some(at);
    }
    rows
}

/// Where the drill came from and by which rules it was judged.
pub(super) fn record(evidence: &Evidence) -> Vec<(&'static str, String)> {
    let trigger = match evidence.trigger {
        Trigger::Schedule => "the schedule",
        Trigger::OnDemand => "a person",
    };
    let or_else = |value: Option<String>, text: &str| value.unwrap_or_else(|| text.to_owned());
    let without_baseline = if evidence.findings.is_empty() {
        "nothing, as no check was made"
    } else {
        "nothing: there was no earlier verified drill"
    };
    vec![
        ("Drill", evidence.drill.to_string()),
        ("Deployment", evidence.deployment.to_string()),
        ("Started by", format!("{trigger}: {}", evidence.requested_by)),
        ("Compared with", or_else(evidence.baseline.as_ref().map(ToString::to_string), without_baseline)),
        ("Server", or_else(evidence.server_version.clone(), "didn't answer")),
        ("Configuration", or_else(evidence.configuration_hash.clone(), "none was read")),
        ("Execution", evidence.execution.clone()),
        ("restore-drill", evidence.version.clone()),
    ]
}
