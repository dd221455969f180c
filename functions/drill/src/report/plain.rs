//! The report as text.

use std::fmt::Write as _;

use super::{facts, with_status};
use crate::evidence::{Evidence, Finding, FindingStatus};

/// Where the second column begins.
const COLUMN: usize = 17;
/// Where a line is broken, if a word ends there.
const WIDTH: usize = 100;

pub(super) fn render(evidence: &Evidence) -> String {
    let mut text = Text::default();
    text.line(&format!("{}  {}  {}", facts::headline(evidence), evidence.source, facts::scheduled(evidence)));
    if let Some(summary) = facts::summary(evidence) {
        text.wrapped("", summary);
    }
    text.wrapped("", facts::meaning(evidence));
    if let Some(failure) = &evidence.failure {
        text.row("Broke with", &failure.error);
        for line in failure.cause.lines() {
            text.row("", line);
        }
    }
    text.blank();
    text.row("Backup", &facts::backup(evidence));
    let (age, of) = facts::data_age(evidence);
    text.row("Data age", &format!("{age} (RPO): {of}"));
    let (time, from) = facts::recovery(evidence);
    text.row("Recovery time", &format!("{time} (RTO): {from}"));
    text.row("Checks", &facts::tally(evidence));
    if let Some(with) = facts::compared_with(evidence) {
        text.row("Compared with", &with);
    }

    text.findings("FAILED", &with_status(evidence, FindingStatus::Failed));
    text.findings("NOT MEASURED", &with_status(evidence, FindingStatus::NotMeasured));
    text.findings("WARNING", &with_status(evidence, FindingStatus::Warned));
    text.list("Not covered by any check", &evidence.not_covered, Some(facts::nothing_uncovered(evidence)));
    text.list("Warnings", &evidence.warnings, None);
    text.list(
        if facts::is_costly(evidence) { "COST WARNING" } else { "Cost" },
        &facts::costs(evidence),
        None,
    );
    let retired: Vec<String> = evidence.retired.iter().map(ToString::to_string).collect();
    text.list("Replicas retired", &retired, Some("none"));
    let kept: Vec<String> =
        evidence.kept.iter().map(|kept| format!("{}: {}", kept.instance, kept.reason)).collect();
    text.list("Other replicas kept", &kept, Some("none"));
    text.passed(&with_status(evidence, FindingStatus::Passed));

    text.heading("Timeline");
    for (phase, at, since) in facts::timeline(evidence) {
        text.line(format!("  {phase:<21} {at}  {since}").trim_end());
    }
    text.heading("Record");
    for (name, value) in facts::record(evidence) {
        text.row(&format!("  {name}"), &value);
    }
    text.0
}

/// The text so far. All that comes from outside is made printable on its way in.
#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.0, "{}", printable(line));
    }

    fn blank(&mut self) {
        self.0.push('\n');
    }

    fn heading(&mut self, heading: &str) {
        self.blank();
        self.line(heading);
    }

    /// A name and a value that goes on below itself.
    fn row(&mut self, name: &str, value: &str) {
        self.wrapped(&format!("{name:<COLUMN$}"), value);
    }

    /// A value after a margin, broken between words, which keeps a name's own spaces; the margin is
    /// blank from the second line on.
    fn wrapped(&mut self, margin: &str, value: &str) {
        let indent = margin.chars().count();
        let mut line = margin.to_owned();
        let mut width = indent;
        for word in value.split([' ', '\n']) {
            let length = word.chars().count();
            if width > indent && width + 1 + length > WIDTH {
                self.line(line.trim_end());
                line = " ".repeat(indent);
                width = indent;
            }
            if width > indent {
                line.push(' ');
                width += 1;
            }
            line.push_str(word);
            width += length;
        }
        self.line(line.trim_end());
    }

    fn list(&mut self, heading: &str, items: &[String], none: Option<&str>) {
        match (items, none) {
            ([], None) => {}
            ([], Some(none)) => {
                self.heading(&format!("{heading}: {none}"));
            }
            _ => {
                self.heading(heading);
                for item in items {
                    self.wrapped("  - ", item);
                }
            }
        }
    }

    fn findings(&mut self, word: &str, findings: &[&Finding]) {
        for finding in findings {
            self.blank();
            self.row(word, &name(finding));
            self.row("  expected", &finding.expected);
            self.row("  found", &finding.found);
            if let Some(hint) = &finding.hint {
                self.row("  HINT", hint);
            }
        }
    }

    fn passed(&mut self, findings: &[&Finding]) {
        if findings.is_empty() {
            return;
        }
        self.heading(&format!("Passed ({})", findings.len()));
        for finding in findings {
            self.wrapped("  ", &format!("{}: {}", name(finding), finding.found));
            self.wrapped("      ", &format!("expected {}", finding.expected));
        }
    }
}

/// The name of a check, as `accept_not_measured` takes it.
fn name(finding: &Finding) -> String {
    format!("{} {}", finding.check, finding.subject)
}

/// Without characters that move a terminal's cursor or change its colours: names of tables and
/// values of queries come from a database.
fn printable(line: &str) -> String {
    line.chars()
        .flat_map(|c| {
            let escaped = c.is_control()
                || ('\u{202a}'..='\u{202e}').contains(&c)
                || ('\u{2066}'..='\u{2069}').contains(&c);
            if escaped { c.escape_default().collect::<Vec<_>>() } else { vec![c] }
        })
        .collect()
}
