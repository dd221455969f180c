//! Decides what the bodies of control requests may say.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use crate::model::{DatabaseFault, NextRestore, Status, TakeBackup, Tampering};

/// `POST /_double/next-restore`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NextRestoreWish {
    ends_in: Option<String>,
    database: Option<DatabaseWish>,
    #[serde(default)]
    sql: Vec<String>,
    database_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum DatabaseWish {
    RefuseConnections,
    WrongAuthority,
    WrongHostName,
}

impl From<NextRestoreWish> for NextRestore {
    fn from(wish: NextRestoreWish) -> Self {
        Self {
            ends_in: wish.ends_in.map(Status::named),
            tampering: Tampering {
                fault: wish.database.map(|fault| match fault {
                    DatabaseWish::RefuseConnections => DatabaseFault::RefuseConnections,
                    DatabaseWish::WrongAuthority => DatabaseFault::WrongAuthority,
                    DatabaseWish::WrongHostName => DatabaseFault::WrongHostName,
                }),
                sql: wish.sql,
                database: wish.database_name,
            },
        }
    }
}

/// `POST /_double/instances/{id}/status`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusWish {
    pub(super) status: String,
}

/// `POST /_double/instances/{id}/backup`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BackupWish {
    snapshot_database_age_s: Option<i64>,
    database_time: Option<DateTime<Utc>>,
    snapshot_create_age_s: Option<i64>,
    #[serde(default)]
    status: BackupStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum BackupStatus {
    #[default]
    Available,
    Creating,
}

impl BackupWish {
    pub(super) fn at(&self, now: DateTime<Utc>) -> TakeBackup {
        let ago = |age_s: i64| TimeDelta::try_seconds(age_s).map(|age| now - age);
        TakeBackup {
            database_at: self.database_time.or_else(|| self.snapshot_database_age_s.and_then(ago)),
            created_at: self.snapshot_create_age_s.and_then(ago),
            unfinished: matches!(self.status, BackupStatus::Creating),
        }
    }
}

/// `POST /_double/instances/{id}/sql`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SqlWish {
    pub(super) database: Option<String>,
    pub(super) sql: Scripts,
}

/// One script or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Scripts {
    One(String),
    Many(Vec<String>),
}

impl Scripts {
    pub(super) fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(script) => vec![script],
            Self::Many(scripts) => scripts,
        }
    }
}
