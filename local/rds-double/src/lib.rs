//! A double of the RDS API over real PostgreSQL servers, for one machine.
//!
//! [`model`] is the control plane alone: pure, and usable without servers. The rest puts an HTTP
//! endpoint in front of it and PostgreSQL behind it.

#[cfg(feature = "server")]
pub mod api;
#[cfg(feature = "server")]
pub mod certificates;
#[cfg(feature = "server")]
pub mod clock;
#[cfg(feature = "server")]
pub mod iam_token;
#[cfg(feature = "server")]
mod ldap;
pub mod model;
#[cfg(feature = "server")]
pub mod postgres;
#[cfg(feature = "server")]
pub mod service;
