//! Checking a model, and the shortest path to what breaks a promise.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use stateright::{Checker, HasDiscoveries, Model, Path};

use crate::action::Action;
use crate::model::Rotation;
use crate::naive::Rule;
use crate::scenario::Scenario;
use crate::state::State;

/// What came of checking.
#[derive(Debug)]
pub struct Checked {
    /// The states that were reached, each counted once.
    pub states: usize,
    /// The longest path that was walked.
    pub depth: usize,
    /// How often a step was really run.
    pub runs: usize,
    /// How long it took.
    pub took: Duration,
    /// Whether every state that can be reached was.
    pub is_complete: bool,
    /// The properties that were seen broken, where they are promises, or seen to happen.
    pub seen: BTreeMap<&'static str, Path<State, Action>>,
}

/// When checking gives up.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// After so many states, repeats included.
    pub states: usize,
    /// How many threads walk.
    pub threads: usize,
}

/// Walks every state, depth first: that takes the least memory, and no path is the shortest.
pub fn all(model: Rotation, limits: Limits) -> Checked {
    let calls = model.calls.clone();
    let began = Instant::now();
    let checker =
        model.checker().threads(limits.threads).target_state_count(limits.states).spawn_dfs().join();
    Checked {
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        runs: calls.runs(),
        took: began.elapsed(),
        is_complete: checker.state_count() < limits.states,
        seen: checker.discoveries().into_iter().collect(),
    }
}

/// The shortest path to a state that breaks the promise; `None` when there is none.
pub fn shortest(model: &Rotation, promise: &'static str) -> Option<Path<State, Action>> {
    let mut shortest: Option<Path<State, Action>> = None;
    loop {
        let only = HasDiscoveries::AnyOf(BTreeSet::from([promise]));
        let mut builder = model.clone().checker().finish_when(only);
        if let Some(path) = &shortest {
            // A path of n states is looked for among those of less.
            builder = builder.target_max_depth(path.clone().into_states().len());
        }
        match builder.spawn_bfs().join().discovery(promise) {
            Some(path) => shortest = Some(path),
            None => return shortest,
        }
    }
}

/// The shortest path by which a naive rule breaks the promise that it must break.
pub fn against(rule: Rule) -> (&'static str, Option<Path<State, Action>>, Rotation) {
    let (scenario, promise) = Scenario::against(rule);
    let model = scenario.model(rule);
    (promise, shortest(&model, promise), model)
}
