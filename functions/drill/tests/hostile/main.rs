//! Hostile input: whatever stands where a document is expected is refused or is what was written, and never more
//! than was written is believed. `PROPTEST_CASES=20000 cargo test -p drill --test hostile` tries longer.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests of decisions use more of it")]
mod support;

mod beliefs;
mod bounds;
mod configuration;
mod inputs;
mod measurements;
mod mutation;
mod names;
mod records;
