//! A world in memory for the tests of decisions: RDS, the evidence bucket, executions, a topic, metrics and a
//! database. Plain and deterministic: nothing happens but what a test does.

pub(crate) mod build;
#[allow(dead_code, reason = "the tests of the state machine use more of it")]
pub(crate) mod database;
pub(crate) mod fault;
pub(crate) mod night;
pub(crate) mod rds;
pub(crate) mod store;
pub(crate) mod world;

pub(crate) use build::*;
pub(crate) use database::Database;
pub(crate) use fault::Fault;
pub(crate) use night::{Night, evidence_of};
pub(crate) use world::World;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// The value of a future that never waits.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}
