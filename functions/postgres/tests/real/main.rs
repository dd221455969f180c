//! The adapter against a real PostgreSQL. Without one on this machine, each test prints a line
//! `SKIPPED <test>: <why>`.

#[path = "../support/mod.rs"]
mod support;

mod catalogue;
mod connection;
mod count;
mod identity;
mod newest;
mod own_query;
