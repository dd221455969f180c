//! The adapter against a real PostgreSQL. Without one on this machine, each test prints a line
//! `SKIPPED <test>: <why>`.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer, also in its helpers")]

#[path = "../support/mod.rs"]
mod support;

mod catalogue;
mod connection;
mod count;
mod identity;
mod newest;
mod own_query;
