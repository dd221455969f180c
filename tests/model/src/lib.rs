//! A model of how replicas rotate: nights, sweeps, RDS and a person, in every order of events.
//!
//! The decisions are not modelled: the steps of [`drill`] run as they are deployed, over the few things that a
//! state holds. See `README.md` beside this crate.

pub mod action;
pub mod bounds;
pub mod calendar;
pub mod calls;
pub mod check;
pub mod model;
pub mod naive;
pub mod next;
pub mod order;
pub mod person;
pub mod promotion;
pub mod rds;
pub mod replay;
pub mod scenario;
pub mod shown;
pub mod state;
pub mod timeline;
