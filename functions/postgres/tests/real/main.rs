//! The adapter against a real PostgreSQL. Without one on this machine, each test prints a line
//! `SKIPPED <test>: <why>`.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer, also in its helpers")]

#[path = "../support/mod.rs"]
mod support;

mod activity;
mod catalogue;
mod connection;
mod control;
mod count;
mod count_range;
mod digest;
mod health;
mod hostile_names;
mod identity;
mod index;
mod newest;
mod objects;
mod own_query;
mod structure;
