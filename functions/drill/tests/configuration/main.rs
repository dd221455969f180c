//! The configuration as people write it: what is read, what is refused, and how that is told.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod mistakes;
mod promotion;
mod properties;
mod reading;
mod schema;

/// The least configuration, to which tests add what they are about.
const MINIMAL: &str = include_str!("../../../../examples/minimal.toml");
/// The example that shows every field.
const COMPLETE: &str = include_str!("../../../../examples/drill.toml");

/// [`MINIMAL`] with more lines after it, which therefore begin with a header.
fn minimal_and(more: &str) -> String {
    format!("{MINIMAL}\n{more}")
}
