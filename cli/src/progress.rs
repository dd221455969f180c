//! How far a drill is, from the history of its execution.
//!
//! Values in, values out. A person sees phases, not states: waiting for the replica and looking at
//! it again is part of what is being waited for.

use chrono::{DateTime, Utc};

/// An event of an execution's history, as far as it says something about progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its number; they ascend.
    pub(crate) id: i64,
    pub(crate) at: DateTime<Utc>,
    pub(crate) kind: EventKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EventKind {
    TaskEntered(String),
    MapEntered(String),
    /// The Map's iterations begin, this many.
    MapStarted(usize),
    IterationSucceeded,
    MapExited,
    Other,
}

/// A phase of a drill, named by the state that begins it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phase {
    pub(crate) state: String,
    pub(crate) began_at: DateTime<Utc>,
}

/// How far a drill is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The phases so far, the last of them going on.
    pub(crate) phases: Vec<Phase>,
    /// Shards of checks that are done, and all of them; `None` before they began.
    pub(crate) shards: Option<(usize, usize)>,
    /// The number of the last event.
    pub(crate) last_event: i64,
    is_in_map: bool,
}

/// The state that looks at a replica for whoever waits for it; it begins no phase of its own.
const OBSERVER: &str = "ObserveReplica";

/// What each phase does, in the words of the person who waits.
const WORDS: &[(&str, &str)] = &[
    ("PlanDrill", "choosing the backup"),
    ("RestoreReplica", "restoring the backup"),
    ("PlanChecks", "planning the checks"),
    ("RunChecks", "running the checks"),
    ("JudgeDrill", "judging what was found"),
    ("StopReplica", "stopping the replica"),
    ("RetirePrevious", "retiring the previous replica"),
    ("PublishReport", "publishing the report"),
    ("AbandonDrill", "cleaning up after a failure"),
];

impl Phase {
    /// What it does; the state's own name where this version doesn't know it.
    pub(crate) fn words(&self) -> &str {
        WORDS.iter().find(|(state, _)| *state == self.state).map_or(&self.state, |(_, words)| words)
    }
}

impl Progress {
    /// Takes in more events, oldest first; those that it has seen already change nothing.
    pub(crate) fn take(&mut self, events: &[Event]) {
        for event in events {
            if event.id <= self.last_event {
                continue;
            }
            self.last_event = event.id;
            match &event.kind {
                // AWS shows the states inside a Map as well, those of all iterations mixed.
                EventKind::TaskEntered(_) if self.is_in_map => {}
                EventKind::TaskEntered(state) => self.enter(state, event.at),
                EventKind::MapEntered(state) => {
                    self.is_in_map = true;
                    self.enter(state, event.at);
                }
                EventKind::MapStarted(all) => self.shards = Some((0, *all)),
                EventKind::IterationSucceeded => {
                    if let Some((done, all)) = &mut self.shards {
                        *done = (*done + 1).min(*all);
                    }
                }
                EventKind::MapExited => self.is_in_map = false,
                EventKind::Other => {}
            }
        }
    }

    /// The phase that is going on; `None` before the first.
    pub(crate) fn phase(&self) -> Option<&Phase> {
        self.phases.last()
    }

    fn enter(&mut self, state: &str, at: DateTime<Utc>) {
        let goes_on = state == OBSERVER || self.phase().is_some_and(|phase| phase.state == state);
        if !goes_on {
            self.phases.push(Phase { state: state.to_owned(), began_at: at });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(kinds: &[EventKind]) -> Vec<Event> {
        let start = DateTime::from_timestamp(1_795_230_000, 0).unwrap();
        let event = |(index, kind): (usize, &EventKind)| Event {
            id: i64::try_from(index).unwrap() + 1,
            at: start + chrono::TimeDelta::seconds(i64::try_from(index).unwrap()),
            kind: kind.clone(),
        };
        kinds.iter().enumerate().map(event).collect()
    }

    fn task(state: &str) -> EventKind {
        EventKind::TaskEntered(state.to_owned())
    }

    fn map() -> EventKind {
        EventKind::MapEntered("RunChecks".to_owned())
    }

    fn states(progress: &Progress) -> Vec<&str> {
        progress.phases.iter().map(|phase| phase.state.as_str()).collect()
    }

    #[test]
    fn looking_again_and_again_stays_in_the_phase_that_waits() {
        let mut progress = Progress::default();
        let observe = || task("ObserveReplica");
        progress.take(&events(&[
            task("PlanDrill"),
            task("RestoreReplica"),
            observe(),
            observe(),
            observe(),
            task("PlanChecks"),
        ]));
        assert_eq!(states(&progress), ["PlanDrill", "RestoreReplica", "PlanChecks"]);
        assert_eq!(progress.phase().unwrap().words(), "planning the checks");
    }

    #[test]
    fn states_inside_the_map_are_no_phases_and_iterations_are_counted() {
        let mut progress = Progress::default();
        let mut kinds = vec![map(), EventKind::MapStarted(3)];
        kinds.extend([task("RunCheck"), EventKind::IterationSucceeded, task("RecordMeasurements")]);
        progress.take(&events(&kinds));
        assert_eq!((states(&progress), progress.shards), (vec!["RunChecks"], Some((1, 3))));
        kinds.extend([EventKind::IterationSucceeded, EventKind::MapExited, task("JudgeDrill")]);
        progress.take(&events(&kinds));
        assert_eq!((states(&progress), progress.shards), (vec!["RunChecks", "JudgeDrill"], Some((2, 3))));
    }

    #[test]
    fn an_event_counts_once_however_often_it_is_read() {
        let mut progress = Progress::default();
        let all = events(&[map(), EventKind::MapStarted(5), EventKind::IterationSucceeded]);
        progress.take(&all);
        let once = progress.clone();
        progress.take(&all);
        assert_eq!(progress, once);
    }

    #[test]
    fn an_unknown_state_is_shown_by_its_name() {
        let mut progress = Progress::default();
        progress.take(&events(&[task("InventedLater")]));
        assert_eq!(progress.phase().unwrap().words(), "InventedLater");
    }

    #[test]
    fn every_working_state_of_the_definition_has_words() {
        let definition: serde_json::Value =
            serde_json::from_str(include_str!("../../statemachine/drill.asl.json")).unwrap();
        let working = definition["States"]
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, state)| matches!(state["Type"].as_str(), Some("Task" | "Map")))
            .map(|(name, _)| name.as_str())
            .filter(|name| *name != OBSERVER);
        let mut working: Vec<&str> = working.collect();
        let mut known: Vec<&str> = WORDS.iter().map(|(state, _)| *state).collect();
        working.sort_unstable();
        known.sort_unstable();
        assert_eq!(known, working);
    }
}
