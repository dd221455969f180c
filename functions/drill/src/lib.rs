//! The decisions of a restore drill, and the ports through which they are carried out.
//!
//! Values in, values out. No AWS, no SQL client, no clock, no environment, no sleep.

pub mod configuration;
pub mod ids;
