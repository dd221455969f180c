//! A double of the RDS API over real PostgreSQL servers, for one machine.
//!
//! [`model`] is the control plane alone: pure, and usable without servers. The rest puts an HTTP
//! endpoint in front of it and PostgreSQL behind it.

pub mod api;
pub mod certificates;
pub mod clock;
pub mod iam_token;
mod ldap;
pub mod model;
pub mod postgres;
pub mod service;
