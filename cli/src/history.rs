//! `history`: the drills that left a record, newest first.

use anyhow::Result;
use drill::{
    configuration::Span,
    evidence::{Evidence, FindingStatus, Verdict, keys},
    ids::{DrillId, SourceId},
    ports::ReadObjects as _,
    store,
};
use restore_drill_aws::EvidenceBucket;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    arguments::{Format, History, Place},
    deployment,
    exit::Exit,
    output::{self, Output, Paint},
    table::{self, Cell},
};

/// Where the sources' folders of drills lie.
const DRILLS: &str = "drills/";
/// The most sources, and the most drills of one that are looked at: 27 years of nights.
const SOURCES_MAX: usize = 1_000;
const DRILLS_MAX: usize = 10_000;
/// Records that are read at the same time.
const READ_AT_ONCE: usize = 16;

/// What is known of a drill.
enum Record {
    Read(Box<Evidence>),
    /// The drill goes on, or was never completed, not even by its clean-up.
    Absent,
    /// Why it can't be read.
    Unreadable(String),
}

/// Lists drills.
pub(crate) async fn history(arguments: &History, place: &Place, output: Output) -> Result<Exit> {
    let bucket = deployment::bucket(place).await?;
    let sources = match &arguments.source {
        Some(source) => vec![source.clone()],
        None => sources(&bucket).await?,
    };
    let mut drills = Vec::new();
    for source in &sources {
        let folders = bucket.folders(&keys::drills(source), None, DRILLS_MAX).await?;
        drills.extend(folders.iter().filter_map(|name| DrillId::parse(name).ok()));
    }
    drills.sort_by_cached_key(|drill| std::cmp::Reverse((drill.scheduled_at(), drill.clone())));
    drills.truncate(arguments.limit.into());
    let records = read_all(&bucket, &drills).await?;
    match output.format() {
        Format::Json => {
            let entries: Vec<Value> = records.iter().map(|(drill, record)| as_json(drill, record)).collect();
            output::result(&serde_json::to_string_pretty(&entries)?)?;
        }
        Format::Table if records.is_empty() => output::progress("No drill has left a record yet."),
        Format::Table => {
            let rows: Vec<Vec<Cell>> = records.iter().map(|(drill, record)| row(drill, record)).collect();
            let headings =
                ["DRILL", "VERDICT", "DATA AGE", "RECOVERY", "FAILED", "NOT MEASURED", "PASSED", "BACKUP"];
            output::result(&table::render(&headings, &rows, output))?;
        }
    }
    for (drill, record) in &records {
        if let Record::Unreadable(problem) = record {
            output.problem(&format!("the record of {drill} can't be read: {problem}"));
        }
    }
    let is_unreadable = |(_, record): &(DrillId, Record)| matches!(record, Record::Unreadable(_));
    Ok(if records.iter().any(is_unreadable) { Exit::Other } else { Exit::Done })
}

async fn sources(bucket: &EvidenceBucket) -> Result<Vec<SourceId>> {
    let folders = bucket.folders(DRILLS, None, SOURCES_MAX).await?;
    Ok(folders.iter().filter_map(|name| SourceId::parse(name).ok()).collect())
}

/// Reads the records, some at a time, and gives them in the order of the drills. One that can't be
/// read doesn't hide the others.
async fn read_all(bucket: &EvidenceBucket, drills: &[DrillId]) -> Result<Vec<(DrillId, Record)>> {
    let mut records = Vec::with_capacity(drills.len());
    for some in drills.chunks(READ_AT_ONCE) {
        let mut reading = JoinSet::new();
        for (index, drill) in some.iter().cloned().enumerate() {
            let bucket = bucket.clone();
            reading.spawn(async move {
                let record = match store::read_evidence(&bucket, &drill).await {
                    Ok(Some(evidence)) => Record::Read(Box::new(evidence)),
                    Ok(None) => Record::Absent,
                    Err(error) => Record::Unreadable(error.fact),
                };
                (index, drill, record)
            });
        }
        let mut read = reading.join_all().await;
        read.sort_by_key(|(index, ..)| *index);
        records.extend(read.into_iter().map(|(_, drill, record)| (drill, record)));
    }
    Ok(records)
}

/// How many findings have a status.
pub(crate) fn count(evidence: &Evidence, status: FindingStatus) -> usize {
    evidence.findings.iter().filter(|finding| finding.status == status).count()
}

/// The verdict in its colour.
pub(crate) fn verdict_cell(evidence: &Evidence) -> Cell {
    let paint = match (evidence.verdict, &evidence.failure) {
        (Verdict::Verified, None) => Paint::Green,
        (Verdict::Rejected, _) => Paint::Red,
        (Verdict::Verified | Verdict::Broken, _) => Paint::Yellow,
    };
    let also = if evidence.verdict == Verdict::Verified && evidence.failure.is_some() {
        ", then broken"
    } else {
        ""
    };
    Cell::painted(format!("{}{also}", evidence.verdict), paint)
}

fn row(drill: &DrillId, record: &Record) -> Vec<Cell> {
    let evidence = match record {
        Record::Read(evidence) => evidence,
        Record::Absent => return vec![Cell::new(drill.to_string()), Cell::painted("no record", Paint::Dim)],
        Record::Unreadable(_) => {
            return vec![Cell::new(drill.to_string()), Cell::painted("unreadable", Paint::Yellow)];
        }
    };
    let span = |seconds: Option<u64>| {
        let missing = || Cell::painted("not measured", Paint::Yellow);
        seconds.map_or_else(missing, |seconds| Cell::new(Span::seconds(seconds).to_string()))
    };
    let number = |status| {
        let number = count(evidence, status);
        match (status, number) {
            (FindingStatus::Failed, 1..) => Cell::painted(number.to_string(), Paint::Red),
            (FindingStatus::NotMeasured, 1..) => Cell::painted(number.to_string(), Paint::Yellow),
            _ => Cell::new(number.to_string()),
        }
    };
    vec![
        Cell::new(drill.to_string()),
        verdict_cell(evidence),
        span(evidence.data_age_s),
        span(evidence.recovery_s),
        number(FindingStatus::Failed),
        number(FindingStatus::NotMeasured),
        number(FindingStatus::Passed),
        Cell::new(evidence.backup.as_ref().map_or_else(|| "none".to_owned(), |backup| backup.origin.tag())),
    ]
}

fn as_json(drill: &DrillId, record: &Record) -> Value {
    match record {
        Record::Read(evidence) => json!({
            "drill": drill.as_str(),
            "source": evidence.source.as_str(),
            "verdict": evidence.verdict,
            "summary": evidence.summary,
            "failure": evidence.failure,
            "backup": evidence.backup,
            "data_age_s": evidence.data_age_s,
            "recovery_s": evidence.recovery_s,
            "failed": count(evidence, FindingStatus::Failed),
            "not_measured": count(evidence, FindingStatus::NotMeasured),
            "warned": count(evidence, FindingStatus::Warned),
            "passed": count(evidence, FindingStatus::Passed),
        }),
        Record::Absent => json!({ "drill": drill.as_str(), "verdict": null }),
        Record::Unreadable(problem) => {
            json!({ "drill": drill.as_str(), "verdict": null, "problem": problem })
        }
    }
}
