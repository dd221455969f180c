//! Answers requests under `/_double/`: what tests see and do beside the API.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::faults::FaultRule;
use super::state::Double;
use super::wishes::{BackupWish, NextRestoreWish, SqlWish, StatusWish};
use crate::clock::{now, pause};
use crate::model::{ApiError, SnapshotQuery, Status, View};

/// How long a backup may take until its request is answered without it.
const BACKUP_MAX: std::time::Duration = std::time::Duration::from_mins(5);

/// How often a backup under way is looked at.
const LOOK: std::time::Duration = std::time::Duration::from_millis(20);

/// A control request that could not be done: an HTTP status and a reason.
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) reason: String,
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self { status: error.status, reason: error.to_string() }
    }
}

/// Answers a control request; `path` is what follows `/_double/`.
pub(super) async fn answer(double: &Double, method: &str, path: &str, body: &[u8]) -> Result<Value, Refusal> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match (method, parts.as_slice()) {
        ("GET", ["health"]) => Ok(json!({"status": "ok", "pid": std::process::id()})),
        ("GET", ["calls"]) => Ok(json!({"calls": double.calls().all()})),
        ("DELETE", ["calls"]) => {
            double.calls().clear();
            Ok(json!({}))
        }
        ("GET", ["faults"]) => Ok(json!({"faults": double.faults().all()})),
        ("POST", ["faults"]) => {
            double.faults().set(read::<FaultRule>(body)?);
            Ok(json!({}))
        }
        ("DELETE", ["faults"]) => {
            double.faults().clear();
            Ok(json!({}))
        }
        ("POST", ["next-restore"]) => {
            let wish = read::<NextRestoreWish>(body)?;
            double.plane().set_next_restore(wish.into());
            Ok(json!({}))
        }
        (method, ["instances", id, what]) => on_instance(double, method, id, what, body).await,
        _ => Err(Refusal { status: 404, reason: format!("nothing answers {method} /_double/{path}") }),
    }
}

async fn on_instance(
    double: &Double,
    method: &str,
    id: &str,
    what: &str,
    body: &[u8],
) -> Result<Value, Refusal> {
    let mut fleet = double.fleet.clone();
    match (method, what) {
        ("POST", "status") => {
            let wish = read::<StatusWish>(body)?;
            double.plane().force_status(id, Status::named(wish.status))?;
            Ok(json!({}))
        }
        ("POST", "backup") => back_up(double, id, body).await,
        ("DELETE", "backups") => {
            let removed = double.plane().remove_automated_backups(now(), id, &mut fleet)?;
            Ok(json!({"removed": removed}))
        }
        ("POST", "auto-restart") => {
            double.plane().restart_automatically(now(), id, &mut fleet)?;
            Ok(json!({}))
        }
        ("POST", "sql") => run_sql(double, id, body).await,
        _ => Err(Refusal {
            status: 404,
            reason: format!("nothing answers {method} /_double/instances/{id}/{what}"),
        }),
    }
}

/// Takes the automated backup and answers when it is finished, unless it is to stay unfinished.
async fn back_up(double: &Double, id: &str, body: &[u8]) -> Result<Value, Refusal> {
    let wish = if body.is_empty() { BackupWish::default() } else { read::<BackupWish>(body)? };
    let asked = wish.at(now());
    let mut fleet = double.fleet.clone();
    let snapshot = double.plane().take_automated_backup(now(), id, &asked, &mut fleet)?;
    if asked.unfinished {
        return Ok(json!({"snapshot": snapshot, "status": "creating"}));
    }
    let query = SnapshotQuery { snapshot_id: Some(snapshot.clone()), ..SnapshotQuery::default() };
    let deadline = tokio::time::Instant::now() + BACKUP_MAX;
    loop {
        let page = double.plane().describe_snapshots(&query, View::Current)?;
        let status = page.items.first().map_or("gone", |view| view.status_text);
        if status != "creating" || tokio::time::Instant::now() > deadline {
            return Ok(json!({"snapshot": snapshot, "status": status}));
        }
        pause(LOOK).await;
    }
}

async fn run_sql(double: &Double, id: &str, body: &[u8]) -> Result<Value, Refusal> {
    let wish = read::<SqlWish>(body)?;
    let (instance, own) = {
        let plane = double.plane();
        let found = plane.instance(id)?;
        (found.resource_id.clone(), found.database.clone())
    };
    let database = wish.database.or(own).unwrap_or_else(|| "postgres".into());
    let rows = double
        .fleet
        .run_sql(&instance, &database, &wish.sql.into_vec())
        .await
        .map_err(|error| Refusal { status: 400, reason: error.to_string() })?;
    Ok(json!({"rows": rows}))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal { status: 400, reason: format!("the body can't be read: {error}") })
}
