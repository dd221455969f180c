//! The decisions of a restore drill, and the ports through which they are carried out.
//!
//! Values in, values out. No AWS, no SQL client, no clock, no environment, no sleep.

pub mod backup;
pub mod configuration;
pub mod cost;
pub mod error;
pub mod event;
pub mod evidence;
pub mod heartbeat;
pub mod ids;
pub mod instance;
pub mod judge;
pub mod measurement;
pub mod notification;
pub mod observation;
pub mod own_sql;
pub mod ownership;
pub mod plan;
pub mod ports;
pub mod promotion;
pub mod report;
pub mod retirement;
pub mod seal;
pub mod setup;
pub mod silence;
pub mod standing;
pub mod steps;
pub mod store;
