//! The documents against the code: a row a state, a section an error, and no path that isn't there.

use std::collections::BTreeSet;

use drill::error::WireName;

use crate::definition::{project, states, text_of};

/// Names that an execution can end with beside those of the steps.
const OTHER_NAMES: &[&str] = &[
    "Drill.Rejected",
    "Drill.Broken",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Runtime.ExitError",
    "Sandbox.Timedout",
    "States.Timeout",
];

/// The names in back quotes in the headings of a level.
fn headings(document: &str, mark: &str) -> Vec<String> {
    let lines = document.lines().filter_map(|line| line.strip_prefix(mark));
    lines.flat_map(|line| line.split('`').skip(1).step_by(2).map(ToOwned::to_owned)).collect()
}

#[test]
fn every_state_has_a_row_in_the_state_machines_readme() {
    let readme = text_of("statemachine/README.md");
    for state in states() {
        let rows = readme.lines().filter(|l| l.starts_with(&format!("| `{}` |", state.name))).count();
        assert_eq!(rows, 1, "{} has {rows} rows in statemachine/README.md", state.name);
    }
}

#[test]
fn every_error_is_in_the_state_machines_readme() {
    let readme = text_of("statemachine/README.md");
    for name in WireName::ALL.iter().map(|n| n.as_str()).chain(OTHER_NAMES.iter().copied()) {
        assert!(readme.contains(&format!("`{name}`")), "{name} is not in statemachine/README.md");
    }
}

#[test]
fn every_error_has_one_section_in_the_runbook() {
    let sections = headings(&text_of("docs/runbook.md"), "### ");
    for name in WireName::ALL.iter().map(|n| n.as_str()).chain(OTHER_NAMES.iter().copied()) {
        let count = sections.iter().filter(|s| *s == name).count();
        assert_eq!(count, 1, "{name} has {count} sections in docs/runbook.md");
    }
}

#[test]
fn the_runbook_has_no_section_of_an_error_that_is_gone() {
    let known: BTreeSet<&str> =
        WireName::ALL.iter().map(|n| n.as_str()).chain(OTHER_NAMES.iter().copied()).collect();
    for section in headings(&text_of("docs/runbook.md"), "### ") {
        let is_of_states = section.starts_with("States.");
        assert!(is_of_states || known.contains(section.as_str()), "{section} is no error any more");
    }
}

/// What looks like a path of the project in back quotes.
fn paths(document: &str) -> BTreeSet<String> {
    let roots = ["functions/", "statemachine/", "docs/", "infra/", "local/", "tests/", "cli/", "examples/"];
    let quoted = document.split('`').skip(1).step_by(2);
    quoted
        .filter(|text| roots.iter().any(|root| text.starts_with(root)) && !text.contains(['*', ' ', '<']))
        .map(|text| text.split("::").next().unwrap_or(text).to_owned())
        .collect()
}

#[test]
fn every_path_in_the_documents_exists() {
    let mut count = 0;
    for document in [
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "docs/conventions.md",
        "docs/glossary.md",
        "docs/runbook.md",
        "statemachine/README.md",
    ] {
        for path in paths(&text_of(document)) {
            assert!(project(&path).exists(), "{document} names {path}, which isn't there");
            count += 1;
        }
    }
    assert!(count > 40, "paths are written in another way now: only {count} were found");
}
