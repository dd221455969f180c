//! A museum of damaged databases, and a zoo of undamaged ones.
//!
//! Each piece of the museum is a small real PostgreSQL cluster with one kind of damage. The product's own
//! steps run on it at each level, and what they report is held against what the piece says that they must
//! report, no more and no less. Beside it stands what others say of the same cluster. The table of both is
//! in the README beside this crate; `make museum` writes it.
//!
//! What this never does: stand in for a server. Without PostgreSQL on the machine the tests are skipped,
//! and say so.

pub mod bucket;
pub mod damage;
pub mod exhibit;
pub mod machine;
pub mod night;
pub mod peers;
pub mod pieces;
pub mod table;
pub mod visit;
pub mod zoo;

/// Runs a future to its end, in a runtime of its own.
pub fn wait_for<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}
