//! The decisions of a drill: what each step does, and above all what it refuses to do.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod abandoning;
mod alarm;
mod checks;
mod cost;
mod fleets;
mod heartbeat;
mod judging;
mod looking_again;
mod observing;
mod ownership;
mod planning;
mod publishing;
mod queries;
mod readers;
mod restoring;
mod retiring;
mod silence;
mod stopping;
mod sweeping;
mod trends;
mod verdicts;
mod watching;
