//! Where a failure leads: every Task is limited, retried and caught, and nothing caught ends green.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::definition::{State, definition, states, tasks};

#[test]
fn every_task_has_a_time_out() {
    for task in tasks() {
        let seconds = task.body["TimeoutSeconds"].as_u64();
        assert!(seconds.is_some_and(|s| s > 0 && s <= 900), "{}: a Lambda ends after 900 s", task.name);
    }
}

#[test]
fn every_task_retries_with_jitter_and_a_longest_delay() {
    for task in tasks() {
        let retries = task.body["Retry"].as_array().unwrap_or_else(|| panic!("{} has no Retry", task.name));
        assert!(!retries.is_empty(), "{}", task.name);
        for retry in retries {
            assert_eq!(retry["JitterStrategy"], "FULL", "{}: {retry}", task.name);
            assert!(retry["MaxDelaySeconds"].as_u64().is_some_and(|s| s <= 60), "{}: {retry}", task.name);
            assert!(retry["MaxAttempts"].as_u64().is_some_and(|n| n <= 5), "{}: {retry}", task.name);
        }
    }
}

#[test]
fn every_task_is_caught_by_itself_or_by_its_map() {
    let all = states();
    for task in tasks() {
        let owner = match &task.inside {
            None => &task,
            Some(map) => all.iter().find(|s| s.name == *map).unwrap(),
        };
        let last = owner.body["Catch"].as_array().and_then(|c| c.last());
        let last = last.unwrap_or_else(|| panic!("{} has no Catch", owner.name));
        assert_eq!(last["ErrorEquals"], serde_json::json!(["States.ALL"]), "{}", owner.name);
    }
}

#[test]
fn every_catch_but_the_last_leads_to_abandon_drill() {
    for (state, target) in catches() {
        let expected = if state == "AbandonDrill" { "DrillBroken" } else { "AbandonDrill" };
        assert_eq!(target, expected, "{state}");
    }
}

#[test]
fn no_path_from_a_catch_ends_green() {
    let states: BTreeMap<String, State> = states().into_iter().map(|s| (s.name.clone(), s)).collect();
    for (from, target) in catches() {
        let mut seen = BTreeSet::new();
        let mut open = vec![target];
        while let Some(name) = open.pop() {
            let state = states.get(&name).unwrap_or_else(|| panic!("there is no state {name}"));
            assert!(!state.is("Succeed"), "a Catch of {from} can end in {name}");
            assert_ne!(state.body["End"], true, "a Catch of {from} can end in {name}");
            if seen.insert(name) {
                open.extend(state.leads_to());
            }
        }
    }
}

#[test]
fn only_a_verified_verdict_leads_to_the_one_green_end() {
    let states = states();
    // The end of an iteration is none of the execution.
    let of_execution = definition();
    let is_of_execution = |s: &&State| of_execution["States"].get(&s.name).is_some();
    let green: Vec<&State> = states.iter().filter(|s| s.is("Succeed")).filter(is_of_execution).collect();
    assert_eq!(green.len(), 1);
    let before: Vec<&State> = states.iter().filter(|s| s.leads_to().contains(&green[0].name)).collect();
    assert_eq!(before.len(), 1);
    let choices = before[0].body["Choices"].as_array().unwrap();
    let to_green: Vec<&Value> = choices.iter().filter(|c| c["Next"] == green[0].name.as_str()).collect();
    assert_eq!(to_green.len(), 1);
    assert_eq!(to_green[0]["Condition"], "{% $states.input.verdict = 'verified' %}");
    assert_ne!(before[0].body["Default"], green[0].name.as_str());
}

/// Each Catch as the state that has it and the state that it leads to.
fn catches() -> Vec<(String, String)> {
    let list = |s: &State| s.body["Catch"].as_array().cloned().unwrap_or_default();
    let target = |c: &Value| c["Next"].as_str().expect("a Catch has a Next").to_owned();
    states()
        .iter()
        .flat_map(|s| list(s).iter().map(|c| (s.name.clone(), target(c))).collect::<Vec<_>>())
        .collect()
}
