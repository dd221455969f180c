//! Real PostgreSQL clusters: made, copied, started, stopped.

mod cluster;
mod programs;
mod room;
mod running;

pub use cluster::Cluster;
pub use programs::Programs;
pub use running::Running;
