//! A promotion: which replica, in which order, what a crash leaves, and that nothing touches it afterwards.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[allow(dead_code, unused_imports, reason = "the tests of other decisions use more of it")]
#[path = "../support/mod.rs"]
mod support;

mod alone;
mod choosing;
mod interrupted;
mod stand;
mod steps;
