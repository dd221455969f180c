//! The report as a page.

use std::fmt::{Display, Write as _};

use super::{facts, with_status};
use crate::evidence::{Evidence, Finding, FindingStatus, Verdict};

/// So many findings of one status are shown: more make no page that a person reads.
const SHOWN_MAX: usize = 500;

pub(super) fn render(evidence: &Evidence) -> String {
    let mut page = Page::default();
    let word = facts::headline(evidence);
    let title = format!("{word}: restore drill of {}, {}", evidence.source, facts::scheduled(evidence));
    page.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.raw("<meta name=\"color-scheme\" content=\"light dark\">\n");
    // Nothing may be loaded or run, even if something unescaped ever got in.
    page.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
    page.element("title", "", &title);
    page.raw("<style>\n");
    page.raw(include_str!("page.css"));
    page.raw("</style>\n</head>\n<body>\n<main>\n");

    head(&mut page, evidence, &word);
    numbers(&mut page, evidence);
    findings(&mut page, "Failed", "failed", &with_status(evidence, FindingStatus::Failed));
    findings(&mut page, "Not measured", "missing", &with_status(evidence, FindingStatus::NotMeasured));
    findings(&mut page, "Warning", "missing", &with_status(evidence, FindingStatus::Warned));
    let none = facts::nothing_uncovered(evidence);
    list(&mut page, "Not covered by any check", "", &evidence.not_covered, none);
    if !evidence.warnings.is_empty() {
        list(&mut page, "Warnings", "warning", &evidence.warnings, "");
    }
    let (heading, class) =
        if facts::is_costly(evidence) { ("Cost warning", "warning") } else { ("Cost", "") };
    list(&mut page, heading, class, &facts::costs(evidence), "");
    replicas(&mut page, evidence);
    findings(&mut page, "Passed", "passed", &with_status(evidence, FindingStatus::Passed));
    timeline(&mut page, evidence);
    record(&mut page, evidence);

    page.raw("</main>\n</body>\n</html>\n");
    page.0
}

fn head(page: &mut Page, evidence: &Evidence, word: &str) {
    let class = match evidence.verdict {
        Verdict::Verified if !facts::broke_afterwards(evidence) => "passed",
        Verdict::Rejected => "failed",
        Verdict::Verified | Verdict::Broken => "missing",
    };
    page.raw(&format!("<header class=\"{class}\">\n"));
    page.element("p", "verdict", word);
    page.element("h1", "", evidence.source.as_str());
    page.element("p", "when", &facts::scheduled(evidence));
    if let Some(summary) = facts::summary(evidence) {
        page.element("p", "summary", summary);
    }
    page.element("p", "", facts::meaning(evidence));
    if let Some(failure) = &evidence.failure {
        page.raw("<div class=\"failure\">\n");
        page.element("code", "", &failure.error);
        page.element("pre", "", &failure.cause);
        page.raw("</div>\n");
    }
    page.raw("</header>\n");
}

fn numbers(page: &mut Page, evidence: &Evidence) {
    page.raw("<dl class=\"numbers\">\n");
    let (age, of) = facts::data_age(evidence);
    let (time, from) = facts::recovery(evidence);
    let (backup, tally) = (facts::backup(evidence), facts::tally(evidence));
    for (name, value, note) in
        [("Data age (RPO)", &age, of.as_str()), ("Recovery time (RTO)", &time, from.as_str())]
    {
        let class = if value == facts::NOT_MEASURED { "missing" } else { "" };
        page.raw("<div>");
        page.element("dt", "", name);
        page.element("dd", class, value);
        page.element("dd", "note", note);
        page.raw("</div>\n");
    }
    let compared = facts::compared_with(evidence);
    let compared = compared.iter().map(|with| ("Compared with", with));
    for (name, value) in [("Backup", &backup), ("Checks", &tally)].into_iter().chain(compared) {
        page.raw("<div>");
        page.element("dt", "", name);
        page.element("dd", "words", value);
        page.raw("</div>\n");
    }
    page.raw("</dl>\n");
}

fn findings(page: &mut Page, heading: &str, class: &str, findings: &[&Finding]) {
    if findings.is_empty() {
        return;
    }
    page.raw(&format!("<section class=\"{class}\">\n"));
    page.element("h2", "", &format!("{heading} ({})", findings.len()));
    page.raw("<table>\n<thead><tr><th scope=\"col\">Check</th><th scope=\"col\">Expected</th><th scope=\"col\">Found</th></tr></thead>\n<tbody>\n");
    for finding in findings.iter().take(SHOWN_MAX) {
        page.raw("<tr>");
        page.raw("<th scope=\"row\">");
        page.element("span", "mark", &heading.to_uppercase());
        page.text(&format!("{} ", finding.check));
        page.element("code", "", &finding.subject);
        page.raw("</th>");
        page.element("td", "", &finding.expected);
        page.raw("<td>");
        page.text(&finding.found);
        if let Some(hint) = &finding.hint {
            page.element("p", "hint", &format!("Hint: {hint}"));
        }
        page.raw("</td></tr>\n");
    }
    page.raw("</tbody>\n</table>\n");
    if let more @ 1.. = findings.len().saturating_sub(SHOWN_MAX) {
        page.element("p", "", &format!("and {more} more, which evidence.json has"));
    }
    page.raw("</section>\n");
}

fn list(page: &mut Page, heading: &str, class: &str, items: &[String], none: &str) {
    page.raw(&format!("<section class=\"{class}\">\n"));
    page.element("h2", "", heading);
    if items.is_empty() {
        page.element("p", "", none);
    } else {
        page.raw("<ul>\n");
        for item in items {
            page.element("li", "", item);
        }
        page.raw("</ul>\n");
    }
    page.raw("</section>\n");
}

fn replicas(page: &mut Page, evidence: &Evidence) {
    let retired: Vec<String> = evidence.retired.iter().map(ToString::to_string).collect();
    list(page, "Replicas retired", "", &retired, "none");
    let kept: Vec<String> =
        evidence.kept.iter().map(|kept| format!("{}: {}", kept.instance, kept.reason)).collect();
    list(page, "Other replicas kept", "", &kept, "none");
}

fn timeline(page: &mut Page, evidence: &Evidence) {
    page.raw("<section>\n<h2>Timeline</h2>\n<table class=\"plain\">\n<tbody>\n");
    for (phase, at, since) in facts::timeline(evidence) {
        page.raw("<tr>");
        page.element("th", "", phase);
        page.element("td", "", &at);
        page.element("td", "", &since);
        page.raw("</tr>\n");
    }
    page.raw("</tbody>\n</table>\n</section>\n");
}

fn record(page: &mut Page, evidence: &Evidence) {
    page.raw("<section>\n<h2>Record</h2>\n<table class=\"plain\">\n<tbody>\n");
    for (name, value) in facts::record(evidence) {
        page.raw("<tr>");
        page.element("th", "", name);
        page.raw("<td>");
        page.element("code", "", &value);
        page.raw("</td></tr>\n");
    }
    page.raw("</tbody>\n</table>\n</section>\n");
}

/// The page so far. Only [`Page::raw`] takes markup, and only this file's own.
#[derive(Default)]
struct Page(String);

impl Page {
    fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    fn text(&mut self, text: &str) {
        let _ = write!(self.0, "{}", Escaped(text));
    }

    fn element(&mut self, name: &'static str, class: &str, text: &str) {
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        let _ = write!(self.0, "<{name}{class}>{}</{name}>", Escaped(text));
        if !matches!(name, "span" | "code" | "td" | "th") {
            self.0.push('\n');
        }
    }
}

/// Text in which nothing is markup, between tags and in attributes alike.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // HTML has no NUL, and a control character has no place in a report.
                c if c.is_control() && c != '\n' => write!(f, "{}", c.escape_default())?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}
