//! The drill's state machine and steps in a simulated AWS, where one seed decides all that happens: time,
//! order, faults, people. See the README beside.

mod account;
mod backups;
mod course;
mod database;
mod dice;
mod executions;
mod fault;
mod functions;
mod history;
mod invariants;
mod invocation;
mod log;
mod machines;
mod mutant;
mod people;
mod rds;
mod rds_change;
mod rest;
mod scenario;
mod schedules;
mod script;
mod silence;
mod step;
mod store;
mod tale;
mod tasks;
mod told;
mod trace;
mod truth;
mod verdicts;
mod world;

pub use course::{Course, Orders, run};
pub use dice::Dice;
pub use fault::{Fault, InvocationFault, Planned};
pub use history::History;
pub use mutant::Mutant;
pub use people::Act;
pub use silence::{Death, Look, Silence, silence};
pub use tale::Violation;
pub use trace::trace;
pub use world::Counts;
