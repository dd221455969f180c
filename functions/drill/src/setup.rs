//! Setting a drill up, and looking whether it is: what was found about an account becomes findings, each with its fix.
//!
//! Decides from facts that somebody else gathered. Never looks at AWS, never asks a person, never writes a file.
//! What could not be looked at is `unknown` with the right that was missing, never `ok`.

pub mod configured;
pub mod definition;
pub mod deployment;
pub mod files;
pub mod finding;
pub mod hour;
pub mod keeping;
pub mod rights;
pub mod schedule;
pub mod source;
pub mod watch;

pub use finding::{Finding, Looked, Section, Status};
