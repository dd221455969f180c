//! What was found, and what is to be done about it.

use serde::Serialize;

/// How a finding came out, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It was looked at and is as it should be.
    Ok,
    /// It couldn't be looked at: nobody knows.
    Unknown,
    /// A drill works, and somebody should know this.
    Warning,
    /// A drill won't work, or won't be heard of.
    Problem,
}

impl Status {
    /// The word that people read.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at, in a word or three: `backups`, `schedule`.
    pub subject: String,
    /// How it came out.
    pub status: Status,
    /// What was found, in words.
    pub found: String,
    /// What to do about it; always there where the status isn't `ok`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl Finding {
    /// It is as it should be.
    pub fn ok(subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self { subject: subject.into(), status: Status::Ok, found: found.into(), fix: None }
    }
    /// It works, but somebody should know.
    pub fn warning(subject: impl Into<String>, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { subject: subject.into(), status: Status::Warning, found: found.into(), fix: Some(fix.into()) }
    }
    /// It doesn't work.
    pub fn problem(subject: impl Into<String>, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { subject: subject.into(), status: Status::Problem, found: found.into(), fix: Some(fix.into()) }
    }
    /// It couldn't be looked at.
    pub fn unknown(subject: impl Into<String>, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { subject: subject.into(), status: Status::Unknown, found: found.into(), fix: Some(fix.into()) }
    }
}

/// The findings about one thing, such as a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    /// What they are about.
    pub about: String,
    /// The findings, in the order in which they were looked for.
    pub findings: Vec<Finding>,
}

/// The worst status of all; `ok` where nothing was found.
pub fn worst(sections: &[Section]) -> Status {
    let all = sections.iter().flat_map(|section| &section.findings);
    all.map(|finding| finding.status).max().unwrap_or(Status::Ok)
}

/// What came of looking at something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looked<T> {
    /// It is there.
    Found(T),
    /// It isn't there.
    Absent,
    /// Whoever looks may not.
    Denied {
        /// The action of IAM that is missing, such as `rds:DescribeDBInstances`.
        right: String,
    },
    /// No answer that says anything.
    Failed {
        /// What was said instead.
        problem: String,
    },
}

impl<T> Looked<T> {
    /// What was found, where something was.
    pub fn found(&self) -> Option<&T> {
        match self {
            Self::Found(value) => Some(value),
            Self::Absent | Self::Denied { .. } | Self::Failed { .. } => None,
        }
    }

    /// Judges what was found, or what it means that nothing is there. What couldn't be looked at is unknown.
    pub fn judge(
        &self,
        subject: &str,
        absent: impl FnOnce() -> Finding,
        found: impl FnOnce(&T) -> Finding,
    ) -> Finding {
        match self {
            Self::Found(value) => found(value),
            Self::Absent => absent(),
            Self::Denied { right } => Finding::unknown(
                subject,
                format!("you may not look: {right} is denied"),
                format!("give yourself {right}, as in infra/iam/operator-doctor.json and operator-init.json"),
            ),
            Self::Failed { problem } => {
                Finding::unknown(subject, format!("could not be looked at: {problem}"), "try again")
            }
        }
    }

    /// What is said where it couldn't be looked at; `None` where it could.
    pub fn unlooked(&self, subject: &str) -> Option<Finding> {
        let seen = || Finding::ok(subject, "");
        match self {
            Self::Found(_) | Self::Absent => None,
            Self::Denied { .. } | Self::Failed { .. } => Some(self.judge(subject, seen, |_| seen())),
        }
    }

    /// What was found, made into something else.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Looked<U> {
        match self {
            Self::Found(value) => Looked::Found(change(value)),
            Self::Absent => Looked::Absent,
            Self::Denied { right } => Looked::Denied { right },
            Self::Failed { problem } => Looked::Failed { problem },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_be_looked_at_is_unknown_and_names_the_right() {
        let denied: Looked<()> = Looked::Denied { right: "rds:DescribeDBInstances".to_owned() };
        let finding = denied.judge("source", || Finding::ok("source", ""), |()| Finding::ok("source", ""));
        assert_eq!(finding.status, Status::Unknown);
        assert!(finding.found.contains("rds:DescribeDBInstances"));
        assert!(finding.fix.is_some());
    }

    #[test]
    fn the_worst_counts() {
        let section = |finding: Finding| Section { about: String::new(), findings: vec![finding] };
        let sections = [
            section(Finding::problem("a", "b", "c")),
            section(Finding::ok("a", "b")),
            section(Finding::unknown("a", "b", "c")),
        ];
        assert_eq!(worst(&sections), Status::Problem);
        assert_eq!(worst(&[]), Status::Ok);
    }
}
