//! The end of a drill: its report, and the exit code that scripts go by.

use anyhow::Result;
use drill::{
    evidence::{Evidence, Verdict},
    ids::DrillId,
    report, store,
};
use restore_drill_aws::EvidenceBucket;
use serde_json::json;

use crate::{
    arguments::Format,
    executions::{Execution, Status},
    exit::Exit,
    output::{self, Output, Paint},
};

/// Prints the report of a drill that has ended and says how.
pub(crate) async fn conclude(
    bucket: &EvidenceBucket,
    drill: &DrillId,
    execution: &Execution,
    output: Output,
) -> Result<Exit> {
    let evidence = store::read_evidence(bucket, drill).await?;
    // The record may be of another execution: this one was turned away, or repeated an older drill.
    let own = evidence.filter(|evidence| evidence.execution == execution.arn);
    let Some(evidence) = own else { return without_evidence(drill, execution, output) };
    print(&evidence, output)?;
    let exit = Exit::of(&evidence);
    if exit == Exit::Done && execution.status != Status::Succeeded {
        output::progress(&format!(
            "The execution was {} after the verdict: the record is the one before the replica was stopped.",
            execution.status.as_str()
        ));
        return Ok(Exit::Broken);
    }
    Ok(exit)
}

/// Prints a record in the form that was asked for.
pub(crate) fn print(evidence: &Evidence, output: Output) -> Result<()> {
    match output.format() {
        Format::Json => output::result(&serde_json::to_string_pretty(evidence)?),
        Format::Table => output::result(&painted(&report::text(evidence), output)),
    }
}

/// A drill that ended before anything was recorded.
fn without_evidence(drill: &DrillId, execution: &Execution, output: Output) -> Result<Exit> {
    let (error, cause) = execution.failure.clone().unwrap_or_else(|| {
        (format!("the execution {}", execution.status.as_str()), "and left no evidence".to_owned())
    });
    match output.format() {
        Format::Json => output::result(
            &json!({
                "drill": drill.as_str(),
                "execution": execution.arn,
                "verdict": Verdict::Broken.as_str(),
                "failure": { "error": error, "cause": cause },
            })
            .to_string(),
        )?,
        Format::Table => {
            let word = output.paint("BROKEN", Paint::Yellow);
            output::result(&format!("{word}  {drill}\n{error}: {cause}\nexecution {}", execution.arn))?;
        }
    }
    Ok(Exit::Broken)
}

/// The report with its telling words in colour. What wasn't measured is never green.
fn painted(text: &str, output: Output) -> String {
    const WORDS: &[(&str, Paint)] = &[
        ("VERIFIED, THEN BROKEN", Paint::Yellow),
        ("VERIFIED", Paint::Green),
        ("REJECTED", Paint::Red),
        ("BROKEN", Paint::Yellow),
        ("FAILED", Paint::Red),
        ("NOT MEASURED", Paint::Yellow),
        ("COST WARNING", Paint::Yellow),
        ("Warnings", Paint::Yellow),
        ("Passed", Paint::Green),
    ];
    let paint = |line: &str| {
        let found = WORDS.iter().find_map(|(word, paint)| Some((*word, line.strip_prefix(word)?, *paint)));
        found.map_or_else(|| line.to_owned(), |(word, rest, colour)| output.paint(word, colour) + rest)
    };
    text.lines().map(paint).collect::<Vec<_>>().join("\n")
}
