//! The report of a drill for people: as text for a terminal, and as a page.
//!
//! Within ten seconds a reader must know the verdict, which backup it is about, how old its data
//! was, how long recovery took, what failed, what wasn't measured, and what nobody looked at.
//! Both forms say the same, in the same order, from the same facts. Neither judges: a check that
//! wasn't measured is shown as that, also below a verdict that accepts it.

use crate::evidence::{Evidence, Finding, FindingStatus};

mod facts;
mod page;
mod plain;

/// The report as text, without colours, at most about 100 columns wide where names allow it.
pub fn text(evidence: &Evidence) -> String {
    plain::render(evidence)
}

/// The report as one page of HTML that needs nothing else: no script, no font, no picture. It
/// follows the reader's light or dark setting, and prints.
pub fn html(evidence: &Evidence) -> String {
    page::render(evidence)
}

/// The findings of one status.
fn with_status(evidence: &Evidence, status: FindingStatus) -> Vec<&Finding> {
    evidence.findings.iter().filter(|finding| finding.status == status).collect()
}
