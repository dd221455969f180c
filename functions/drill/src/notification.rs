//! What people are told of a drill: the subject that is read at 3 AM, and the text below it.

use std::fmt::Write;

use crate::evidence::{Evidence, Failure, FindingStatus, Notification, Verdict};
use crate::ids::{Deployment, rfc3339};

/// The most findings that a message lists; the report has them all.
const FINDINGS_MAX: usize = 20;

/// The message about a drill.
pub fn of_drill(evidence: &Evidence) -> Notification {
    let verdict = evidence.verdict.as_str();
    let subject = format!("[restore-drill] {}: {verdict}", evidence.source);
    let mut body = String::new();
    line(&mut body, &format!("{verdict}: {}", evidence.summary));
    if let Some(failure) = &evidence.failure {
        line(&mut body, &format!("{}: {}", failure.error, failure.cause));
    }
    line(&mut body, "");
    line(&mut body, &format!("drill      {}", evidence.drill));
    if let Some(backup) = &evidence.backup {
        line(&mut body, &format!("backup     {}, data of {}", backup.origin.tag(), rfc3339(backup.data_at)));
    }
    if let Some(replica) = &evidence.replica {
        line(&mut body, &format!("replica    {} ({:?})", replica.id, replica.fate).to_lowercase());
    }
    line(&mut body, &format!("execution  {}", evidence.execution));
    let bad = evidence.findings.iter().filter(|f| f.status != FindingStatus::Passed);
    for finding in bad.clone().take(FINDINGS_MAX) {
        let word = match finding.status {
            FindingStatus::Failed => "FAILED",
            FindingStatus::NotMeasured => "NOT MEASURED",
            FindingStatus::Warned | FindingStatus::Passed => "WARNING",
        };
        line(&mut body, "");
        line(&mut body, &format!("{word}  {} {}", finding.check, finding.subject));
        line(&mut body, &format!("  expected {}", finding.expected));
        line(&mut body, &format!("  found    {}", finding.found));
        if let Some(hint) = &finding.hint {
            line(&mut body, &format!("  HINT: {hint}"));
        }
    }
    if let more @ 1.. = bad.count().saturating_sub(FINDINGS_MAX) {
        line(&mut body, &format!("and {more} more, see the report"));
    }
    for warning in &evidence.warnings {
        line(&mut body, "");
        line(&mut body, &format!("WARNING: {warning}"));
    }
    if evidence.verdict != Verdict::Verified {
        line(&mut body, "");
        line(&mut body, "Earlier verified replicas were not touched. See docs/runbook.md for what to do.");
    }
    Notification {
        subject,
        body,
        attributes: vec![
            ("deployment", evidence.deployment.to_string()),
            ("source", evidence.source.to_string()),
            ("verdict", verdict.to_owned()),
        ],
    }
}

/// The message about an execution that left no evidence of its own: its input was wrong, or the drill
/// belongs to another execution.
pub fn of_refused_execution(deployment: &Deployment, execution: &str, failure: &Failure) -> Notification {
    Notification {
        subject: format!("[restore-drill] {deployment}: broken before it began"),
        body: format!(
            "broken: {}: {}\n\nexecution  {execution}\n\nNo replica was made, stopped or deleted by it.\n",
            failure.error, failure.cause
        ),
        attributes: vec![("deployment", deployment.to_string()), ("verdict", "broken".to_owned())],
    }
}

/// The message about replicas that the sweep found or acted on.
pub fn of_sweep(deployment: &Deployment, lines: &[String]) -> Notification {
    Notification {
        subject: format!("[restore-drill] {deployment}: sweep"),
        body: format!("The sweep of deployment {deployment}:\n\n{}\n", lines.join("\n")),
        attributes: vec![("deployment", deployment.to_string()), ("verdict", "sweep".to_owned())],
    }
}

fn line(body: &mut String, text: &str) {
    writeln!(body, "{text}").expect("writing to a String can't fail");
}
