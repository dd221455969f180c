//! Reading the definition: its states, those inside the Map included.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The definition's text, placeholders and all.
pub(crate) const TEXT: &str = include_str!("../../../../statemachine/drill.asl.json");

/// A file or folder of the project, by its path from the root.
pub(crate) fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// A text of the project, by its path from the root.
pub(crate) fn text_of(path: &str) -> String {
    std::fs::read_to_string(project(path)).unwrap_or_else(|e| panic!("reading {path}: {e}"))
}

/// A state of the definition.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) name: String,
    pub(crate) body: Value,
    /// The Map around it.
    pub(crate) inside: Option<String>,
}

impl State {
    pub(crate) fn is(&self, kind: &str) -> bool {
        self.body["Type"] == kind
    }

    /// The states that a field of this one can lead to.
    pub(crate) fn leads_to(&self) -> Vec<String> {
        let lists = ["Choices", "Catch"].iter().filter_map(|list| self.body[*list].as_array()).flatten();
        let next = |v: &Value| v["Next"].as_str().map(ToOwned::to_owned);
        let default = self.body["Default"].as_str().map(ToOwned::to_owned);
        lists.filter_map(next).chain(next(&self.body)).chain(default).collect()
    }
}

/// The definition as JSON.
pub(crate) fn definition() -> Value {
    serde_json::from_str(TEXT).expect("the definition is JSON")
}

/// Every state, those inside a Map after their Map.
pub(crate) fn states() -> Vec<State> {
    let mut found = Vec::new();
    collect(&definition()["States"], None, &mut found);
    found
}

fn collect(states: &Value, inside: Option<&str>, found: &mut Vec<State>) {
    for (name, body) in states.as_object().expect("States is an object") {
        found.push(State { name: name.clone(), body: body.clone(), inside: inside.map(ToOwned::to_owned) });
        if let Some(inner) = body.get("ItemProcessor") {
            collect(&inner["States"], Some(name), found);
        }
    }
}

/// Every Task.
pub(crate) fn tasks() -> Vec<State> {
    states().into_iter().filter(|s| s.is("Task")).collect()
}

/// `PlanDrill` as `plan-drill` or `plan_drill`.
pub(crate) fn words(state: &str, between: &str) -> String {
    let mut words = String::new();
    for (at, letter) in state.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            words.push_str(between);
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}
