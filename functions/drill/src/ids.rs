//! Identities. Each is a type of its own, so that a source can never be passed where a
//! replica is meant. Parsing checks the form; there is no conversion between them.
//!
//! What this module never does: look at RDS. A well-formed `ReplicaId` is a name, not a
//! proof of ownership; that is [`crate::ownership::OwnedReplica`].

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// An identifier that doesn't have the form that RDS or this product gives it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {value:?} {problem}")]
pub struct MalformedId {
    /// Which identity was being read, in words: "source id".
    pub kind: &'static str,
    /// What was given.
    pub value: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// The longest identifier of a DB instance, in characters (RDS API reference, `CreateDBInstance`).
pub const INSTANCE_ID_MAX: usize = 63;
/// The longest identifier of a DB snapshot, in characters.
pub const SNAPSHOT_ID_MAX: usize = 255;
/// The longest name of a Step Functions execution, in characters.
pub const EXECUTION_NAME_MAX: usize = 80;
/// The longest name of a deployment; leaves room for the source in a replica's id.
pub const DEPLOYMENT_MAX: usize = 16;

/// What is wrong with `value` as an RDS instance identifier; `None` when nothing is.
fn instance_id_problem(value: &str, max: usize) -> Option<&'static str> {
    let bytes = value.as_bytes();
    if value.is_empty() {
        Some("is empty")
    } else if value.len() > max {
        Some("is too long")
    } else if !bytes[0].is_ascii_lowercase() {
        Some("must start with a lower-case letter")
    } else if !bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-') {
        Some("may hold only lower-case letters, digits and hyphens")
    } else if value.ends_with('-') || value.contains("--") {
        Some("must not end with a hyphen or hold two in a row")
    } else {
        None
    }
}

macro_rules! identity {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $problem:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads the identity from text.
            ///
            /// # Errors
            /// [`MalformedId`] when the text doesn't have the form.
            pub fn parse(value: &str) -> Result<Self, MalformedId> {
                let check: fn(&str) -> Option<&'static str> = $problem;
                match check(value) {
                    None => Ok(Self(value.to_owned())),
                    Some(problem) => Err(MalformedId { kind: $kind, value: value.to_owned(), problem }),
                }
            }

            /// The identity as the text that RDS and people use.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = MalformedId;
            fn try_from(value: String) -> Result<Self, MalformedId> {
                Self::parse(&value)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "description": $kind })
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }
    };
}

identity!(
    /// The identifier of the source, the production instance. Nothing in this product may
    /// change or delete what it names.
    SourceId, "source id", |v| instance_id_problem(v, INSTANCE_ID_MAX)
);
identity!(
    /// The identifier of a replica: an instance that a drill restored from a backup.
    ReplicaId, "replica id", |v| instance_id_problem(v, INSTANCE_ID_MAX)
);
identity!(
    /// The name of one deployment of this product in an account; part of every replica's id
    /// and tags, so that two deployments never see each other's replicas.
    Deployment, "deployment", |v| instance_id_problem(v, DEPLOYMENT_MAX)
);
identity!(
    /// The identifier of a DB snapshot; automated ones look like `rds:courses-prod-2026-11-21-02-03`.
    SnapshotId, "snapshot id", |v| {
        if v.is_empty() {
            Some("is empty")
        } else if v.len() > SNAPSHOT_ID_MAX {
            Some("is too long")
        } else if !v.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b':') {
            Some("may hold only letters, digits, hyphens and a colon")
        } else {
            None
        }
    }
);
identity!(
    /// The identity that RDS gives an instance once and never reuses (`db-ABC…`). Names can be
    /// reused and changed, this can't.
    DbiResourceId, "DbiResourceId", |v| {
        if v.starts_with("db-") && v.len() > 3 && v.len() <= 128 && v[3..].bytes().all(|b| b.is_ascii_alphanumeric()) {
            None
        } else {
            Some("must be 'db-' and letters or digits")
        }
    }
);
identity!(
    /// The identity of a drill: the source and the scheduled time, `courses-prod-20261121t030000z`.
    /// Also the name of its execution and of its folder of evidence.
    DrillId, "drill id", |v| {
        if v.len() > EXECUTION_NAME_MAX {
            Some("is too long")
        } else if drill_id_parts(v).is_none() {
            Some("must be a source id and a time, like courses-prod-20261121t030000z")
        } else {
            None
        }
    }
);

/// Format of the time in a drill id; sorts as text in the order of time.
const DRILL_TIME: &str = "%Y%m%dt%H%M%Sz";
/// Its length in characters, with the hyphen before it.
const DRILL_TIME_LEN: usize = 17;

fn drill_id_parts(value: &str) -> Option<(SourceId, DateTime<Utc>)> {
    let cut = value.len().checked_sub(DRILL_TIME_LEN)?;
    let source = SourceId::parse(value.get(..cut)?).ok()?;
    let time = value.get(cut..)?.strip_prefix('-')?;
    let at = chrono::NaiveDateTime::parse_from_str(time, DRILL_TIME).ok()?;
    // chrono also reads blanks and signs: only what it would write itself names a drill.
    (at.format(DRILL_TIME).to_string() == time).then(|| (source, at.and_utc()))
}

impl DrillId {
    /// The drill of a source at a scheduled time. The same two give the same drill, so that a
    /// repeated event can't make a second one.
    ///
    /// # Errors
    /// [`MalformedId`] when the source's id is so long that the drill's would pass
    /// [`EXECUTION_NAME_MAX`].
    pub fn of(source: &SourceId, scheduled_at: DateTime<Utc>) -> Result<Self, MalformedId> {
        Self::parse(&format!("{source}-{}", scheduled_at.format(DRILL_TIME)))
    }

    /// The source that the drill is of.
    pub fn source(&self) -> SourceId {
        self.parts().0
    }

    /// The time that the drill was scheduled for.
    pub fn scheduled_at(&self) -> DateTime<Utc> {
        self.parts().1
    }

    fn parts(&self) -> (SourceId, DateTime<Utc>) {
        drill_id_parts(&self.0).expect("a DrillId is only made by parsing, which checks its parts")
    }
}

impl ReplicaId {
    /// The prefix of the ids of a deployment's replicas; an IAM policy can name it.
    pub fn prefix(deployment: &Deployment) -> String {
        format!("drill-{deployment}-")
    }

    /// The id of the replica of a drill: the deployment's prefix, as much of the source's id as
    /// fits, the scheduled time, and eight hexadecimal digits of a hash over all of it, so that two
    /// sources that are cut to the same text still differ.
    pub fn of(deployment: &Deployment, drill: &DrillId) -> Self {
        let (source, scheduled_at) = drill.parts();
        let time = scheduled_at.format("%Y%m%d%H%M%S");
        let hash = short_hash(&format!("{deployment}/{drill}"));
        let prefix = Self::prefix(deployment);
        let room = INSTANCE_ID_MAX - prefix.len() - "-20261121030000-01234567".len();
        let source: String = source.as_str().chars().take(room).collect();
        let source = source.trim_end_matches('-');
        let id = format!("{prefix}{source}-{time}-{hash}");
        Self::parse(&id).expect("its parts are checked and cut to the room that there is")
    }
}

fn short_hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(4).map(|b| format!("{b:02x}")).collect()
}

/// An instant as evidence and events write it: RFC 3339, whole seconds, UTC.
pub fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
