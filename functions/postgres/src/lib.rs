//! The adapter from the ports of `drill` to PostgreSQL 14 to 18: connecting, the catalogue, counts,
//! newest values and somebody's own SQL.
//!
//! What it never does: write. The session is read-only, every measurement runs in a read-only
//! transaction of its own that is rolled back, and the role is expected to hold rights to read only
//! (see [`drill::measurement::ServerIdentity::excess_rights`]). It judges nothing either: it says
//! what was measured, or why nothing was.
//!
//! It has no client of AWS: the token that opens the session is signed locally ([`token`]), so that
//! the function around it needs no route out of its network.

mod activity;
mod blocks;
mod catalogue;
mod connection;
mod control;
mod count;
mod count_index;
mod digest;
mod failure;
mod health;
mod identifier;
mod identity;
mod index_ranges;
mod newest;
mod objects;
mod orphans;
mod own_query;
mod plan;
mod session;
mod structure;
pub mod token;

pub use connection::{CaBundle, CaBundleError, Postgres};
pub use identifier::quote_identifier;
pub use session::PostgresSession;

// The tests of the second lock are inside of the crate, as what they call is reached from nowhere else;
// what they share with the tests around it knows the crate by its name.
#[cfg(test)]
extern crate self as restore_drill_postgres;
#[cfg(test)]
#[path = "../tests/support/mod.rs"]
#[allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "made for the tests around the crate")]
mod support;
mod uniqueness;
