//! The documents against the code: a row a state, a section an error, and no path that isn't there.

use std::collections::BTreeSet;

use drill::error::WireName;

use drill::steps::VERIFY;

use crate::definition::{project, states, tasks, text_of, words};

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
fn the_row_of_a_task_has_its_handler_its_place_and_its_time_out() {
    let readme = text_of("statemachine/README.md");
    for task in tasks() {
        let handler = words(&task.name, "-");
        let in_vpc = if VERIFY.contains(&handler.as_str()) { "yes" } else { "no" };
        let start = format!("| `{}` | `{handler}` | {in_vpc} |", task.name);
        let time_out = format!(" | {} s | ", task.body["TimeoutSeconds"]);
        let is_there = readme.lines().any(|l| l.starts_with(&start) && l.contains(&time_out));
        assert!(is_there, "statemachine/README.md has no row {start} … {time_out}");
    }
}

#[test]
fn the_table_of_retries_is_the_definitions() {
    let readme = text_of("statemachine/README.md");
    for task in tasks() {
        for retry in task.body["Retry"].as_array().into_iter().flatten() {
            assert_eq!(retry["BackoffRate"], 2, "{}: the table says doubling", task.name);
            let names = retry["ErrorEquals"].as_array().into_iter().flatten();
            let names: Vec<String> = names.map(|n| n.to_string().replace('"', "`")).collect();
            let row = format!(
                "| {} | {} | {} s, doubling, at most {} s |",
                names.join(" "),
                retry["MaxAttempts"],
                retry["IntervalSeconds"],
                retry["MaxDelaySeconds"]
            );
            assert!(readme.contains(&row), "statemachine/README.md has no row {row}");
        }
    }
}

#[test]
fn every_variable_has_a_row() {
    let readme = text_of("statemachine/README.md");
    let first_cells: Vec<&str> =
        readme.lines().filter_map(|l| l.strip_prefix("| ")?.split(" |").next()).collect();
    for state in states() {
        for variable in state.body["Assign"].as_object().into_iter().flat_map(|a| a.keys()) {
            let cell = format!("`{variable}`");
            assert!(first_cells.iter().any(|c| c.split(", ").any(|v| v == cell)), "{variable} has no row");
        }
    }
}

#[test]
fn the_runbook_quotes_the_sweep_as_it_speaks() {
    let runbook = text_of("docs/runbook.md");
    let (_, table) = runbook.split_once("\n## Messages of the sweep\n").expect("the section is there");
    let (table, _) = table.split_once("\n## ").expect("a section follows");
    let code = text_of("functions/drill/src/steps/sweep_orphans.rs");
    let rows: Vec<&str> =
        table.lines().filter_map(|l| l.strip_prefix("| `")?.split_once('`').map(|(m, _)| m)).collect();
    assert!(rows.len() > 8, "the table is written in another way now");
    for row in rows {
        let (_, message) = row.split_once("…: ").expect("a line names the instance");
        let fragments = message.split('…').map(|f| f.trim_end_matches(' '));
        // The reason and what RDS said of it are put together from two texts.
        for fragment in fragments.flat_map(|f| f.split(", but ")).filter(|f| !f.is_empty()) {
            assert!(code.contains(fragment), "the sweep doesn't say {fragment:?} any more");
        }
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
