//! The model takes the order of the steps from its own table: it must be that of the definition that is deployed.

use std::collections::BTreeSet;

use drill::observation::Goal;
use rotation_model::order::PLACES;
use rotation_model::state::At;
use serde_json::Value;

/// Where an execution ends, and the place of a goal that no step names.
const ENDS: [&str; 4] = ["DrillVerified", "DrillRejected", "DrillBroken", "ObserverUnknown"];

fn definition() -> Value {
    let text = include_str!("../../../statemachine/drill.asl.json");
    serde_json::from_str(text).expect("the definition is JSON")
}

fn place_of(state: &str) -> Option<At> {
    PLACES.into_iter().find(|at| at.states().contains(&state))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is a text"))
}

#[test]
fn every_state_of_the_definition_has_a_place() {
    let definition = definition();
    let states = definition["States"].as_object().unwrap();
    let known = PLACES.iter().flat_map(|at| at.states()).chain(&ENDS).copied();
    let found: BTreeSet<&str> = states.keys().map(String::as_str).collect();
    assert_eq!(known.collect::<BTreeSet<_>>(), found);
    assert_eq!(place_of(text(&definition["StartAt"])), Some(At::Plan));
}

#[test]
fn a_step_that_is_done_leads_where_the_definition_leads() {
    let definition = definition();
    for at in PLACES {
        let last = *at.states().last().unwrap();
        let Some(next) = definition["States"][last].get("Next") else { continue };
        let next = text(next);
        if ENDS.contains(&next) {
            assert_eq!(at.after(), None, "{last} leads to {next}");
        } else {
            assert_eq!(at.after(), place_of(next), "{last} leads to {next}");
        }
    }
}

#[test]
fn a_goal_that_is_reached_leads_where_the_definition_leads() {
    let definition = definition();
    let choices = definition["States"]["GoalReached"]["Choices"].as_array().unwrap();
    for (goal, word) in [(Goal::Available, "available"), (Goal::Stopped, "stopped"), (Goal::Gone, "gone")] {
        let condition = format!("$states.input.goal = '{word}'");
        let choice = choices.iter().find(|c| text(&c["Condition"]).contains(&condition)).unwrap();
        assert_eq!(Some(At::reached(goal)), place_of(text(&choice["Next"])), "{word}");
    }
}

#[test]
fn what_fails_for_good_is_caught_where_the_definition_catches() {
    let definition = definition();
    for (name, state) in definition["States"].as_object().unwrap() {
        for catch in state.get("Catch").and_then(Value::as_array).into_iter().flatten() {
            let at = place_of(name).unwrap();
            assert_eq!(at.caught(), place_of(text(&catch["Next"])), "{name}");
        }
    }
}
