//! The report of a drill for people.

use crate::evidence::Evidence;

/// The report as a page.
pub fn html(evidence: &Evidence) -> String {
    evidence.summary.clone()
}
