//! The definition of the state machine against the steps, its examples and its documents: what is
//! written in several places says the same in each.

#[path = "../support/database.rs"]
#[allow(dead_code, reason = "the tests of decisions use more of it")]
mod database;
mod definition;
mod documents;
mod errors;
mod examples;
mod expressions;
mod limits;
mod machine;
mod night;
mod paths;
mod steps;
mod world;
