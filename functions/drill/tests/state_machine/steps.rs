//! One name a step: state, handler, module and placeholder are the same words.

use std::collections::BTreeSet;

use drill::steps;

use crate::definition::{TEXT, project, tasks, words};

/// Have schedules of their own instead of a state.
const WITHOUT_A_STATE: [&str; 2] = ["sweep-orphans", "watch-restores"];

#[test]
fn the_handlers_are_the_tasks_of_the_definition_the_sweep_and_the_watchdog() {
    let mut states: BTreeSet<String> = tasks().iter().map(|t| words(&t.name, "-")).collect();
    states.extend(WITHOUT_A_STATE.map(ToOwned::to_owned));
    let handlers: BTreeSet<String> = steps::handlers().map(ToOwned::to_owned).collect();
    assert_eq!(states, handlers);
    assert_eq!(steps::handlers().count(), handlers.len(), "a handler is listed twice");
}

#[test]
fn a_state_calls_the_function_of_its_own_name() {
    for task in tasks() {
        let placeholder = format!("${{{}}}", words(&task.name, "_"));
        assert_eq!(task.body["Arguments"]["FunctionName"], placeholder, "{}", task.name);
        assert_eq!(task.body["Resource"], "arn:aws:states:::lambda:invoke", "{}", task.name);
    }
}

#[test]
fn a_handler_is_a_module() {
    for handler in steps::handlers() {
        let path = format!("functions/drill/src/steps/{}.rs", handler.replace('-', "_"));
        assert!(project(&path).is_file(), "{path} is missing");
    }
}

#[test]
fn the_only_placeholders_are_the_functions() {
    let known: BTreeSet<String> = tasks().iter().map(|t| words(&t.name, "_")).collect();
    let found: BTreeSet<String> = TEXT
        .split("${")
        .skip(1)
        .map(|rest| rest.split_once('}').map_or(rest, |(name, _)| name).to_owned())
        .collect();
    assert_eq!(found, known, "templatefile would read anything else after a dollar and a brace");
}

#[test]
fn nothing_reads_as_a_directive_of_terraform() {
    // Terraform's templatefile takes a per cent sign before a brace for a directive.
    assert!(!TEXT.contains("%{"), "write JSONata as {{% … %}} with a space on either side");
}
