//! Findings as a person reads them: a line each, its fix below it, within 100 columns.

use drill::setup::{Finding, Section, Status};

use crate::output::{Output, Paint};

/// What fits most terminals, and a mail.
const COLUMNS: usize = 100;
/// The widest status is `warning`, with two spaces before it and after it.
const STATUS: usize = 7;
/// How a fix begins that is a command: it isn't broken into lines, so that it can be copied.
const PROGRAMS: [&str; 2] = ["aws ", "restore-drill "];

/// Sections with their findings, and the counts below.
pub(crate) fn sections(sections: &[Section], output: Output) -> String {
    let all = || sections.iter().flat_map(|section| &section.findings);
    let subjects = all().map(|finding| finding.subject.chars().count()).max().unwrap_or_default();
    let mut lines = Vec::new();
    for section in sections {
        lines.push(line(&section.about));
        for each in &section.findings {
            finding(each, subjects, output, &mut lines);
        }
        lines.push(String::new());
    }
    let count = |status: Status| all().filter(|finding| finding.status == status).count();
    let counts = [Status::Ok, Status::Warning, Status::Problem, Status::Unknown]
        .map(|status| (count(status), status.as_str()))
        .into_iter()
        .filter(|(count, word)| *count > 0 || *word == "ok" || *word == "problem");
    let plural = |count: usize, word: &str| match (count, word) {
        (1, _) | (_, "ok" | "unknown") => format!("{count} {word}"),
        (_, word) => format!("{count} {word}s"),
    };
    lines.push(counts.map(|(count, word)| plural(count, word)).collect::<Vec<_>>().join(", "));
    lines.join("\n")
}

fn finding(finding: &Finding, subjects: usize, output: Output, lines: &mut Vec<String>) {
    let paint = match finding.status {
        Status::Ok => Paint::Green,
        Status::Unknown => Paint::Dim,
        Status::Warning => Paint::Yellow,
        Status::Problem => Paint::Red,
    };
    let word = finding.status.as_str();
    let status = format!("{}{}", output.paint(word, paint), " ".repeat(STATUS - word.len()));
    let subject = line(&finding.subject);
    let gap = " ".repeat(subjects - subject.chars().count().min(subjects));
    let indent = 2 + STATUS + 2 + subjects + 2;
    let mut found = wrapped(&line(&finding.found), COLUMNS - indent).into_iter();
    lines.push(
        format!("  {status}  {subject}{gap}  {}", found.next().unwrap_or_default()).trim_end().to_owned(),
    );
    lines.extend(found.map(|rest| format!("{}{rest}", " ".repeat(indent))));
    let Some(fix) = finding.fix.as_ref().filter(|fix| !fix.is_empty()) else { return };
    let is_command = PROGRAMS.iter().any(|program| fix.starts_with(program));
    // A command begins further left, where it may be long.
    let (indent, width) = if is_command { (2 + STATUS + 2, usize::MAX) } else { (indent, COLUMNS - indent) };
    let fix = wrapped(&line(&format!("fix: {fix}")), width);
    lines.extend(fix.into_iter().map(|text| format!("{}{text}", " ".repeat(indent))));
}

/// What comes from AWS must not move the cursor or make a line of its own.
fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The text in lines of a width at most, broken between words; a longer word has a line of its own.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(last) if last.chars().count().saturating_add(word.chars().count() + 1) <= width => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Format;

    fn told(findings: Vec<Finding>) -> String {
        let section = Section { about: "courses-prod".to_owned(), findings };
        sections(&[section], Output::of_process(Format::Json))
    }

    #[test]
    fn lines_fit_a_hundred_columns_but_for_commands() {
        let text = told(vec![
            Finding::ok("engine", "PostgreSQL 17.4"),
            Finding::problem("deletion protection", "word ".repeat(60), "again and ".repeat(20)),
            Finding::warning(
                "backups",
                "off",
                format!("aws rds modify-db-instance {}", "--flag ".repeat(30)),
            ),
        ]);
        for line in text.lines().filter(|line| !line.contains("fix: aws")) {
            assert!(line.chars().count() <= COLUMNS, "{line}");
        }
        assert_eq!(text.lines().filter(|line| line.contains("fix: aws")).count(), 1, "{text}");
        assert!(text.ends_with("1 ok, 1 warning, 1 problem"), "{text}");
    }

    #[test]
    fn what_comes_from_outside_makes_no_line() {
        let text = told(vec![Finding::ok("engine", "one\n  ok  forged\u{1b}[2J")]);
        assert_eq!(text.lines().count(), 4, "{text}");
        assert!(!text.contains('\u{1b}'));
    }
}
