//! `run`: starts a drill and follows it.

use anyhow::{Context as _, Result};
use drill::{
    ids::{DrillId, rfc3339},
    plan::{DrillRequest, Trigger},
};
use serde_json::json;

use crate::{
    arguments::{Format, Place, Run},
    clock,
    conclude::conclude,
    deployment::Deployment,
    exit::Exit,
    follow::{Followed, follow, goes_on},
    output::{self, Output},
};

/// Starts a drill; follows it unless it shall run by itself.
pub(crate) async fn run(arguments: &Run, place: &Place, output: Output) -> Result<Exit> {
    let now = clock::now();
    let drill = DrillId::of(&arguments.source, now).context("naming the drill")?;
    let deployment = Deployment::find(place).await?;
    let arn = deployment.executions.start(&drill, &request(arguments, &drill)).await?;
    if arguments.detach {
        match output.format() {
            Format::Json => {
                output::result(&json!({ "drill": drill.as_str(), "execution": arn }).to_string())?;
            }
            Format::Table => output::result(drill.as_str())?,
        }
        output::progress(&format!("Started drill {drill}. {}", goes_on(&drill)));
        return Ok(Exit::Done);
    }
    output::progress(&format!("Started drill {drill}"));
    match follow(&deployment.executions, &arn, &drill, output).await? {
        Followed::Ended(execution) => conclude(&deployment.bucket, &drill, &execution, output).await,
        Followed::Left => Ok(Exit::Other),
    }
}

/// The input of the execution. Everything is said outright: what a default would have been is then
/// in the record of the execution too.
fn request(arguments: &Run, drill: &DrillId) -> DrillRequest {
    DrillRequest {
        source: arguments.source.clone(),
        scheduled_at: Some(rfc3339(drill.scheduled_at())),
        trigger: Trigger::OnDemand,
        requested_by: Some(arguments.requested_by.clone().unwrap_or_else(somebody)),
        backup: arguments.backup.clone(),
        keep: Some(arguments.keep()),
    }
}

/// The user and the host, as far as the machine tells.
pub(crate) fn somebody() -> String {
    let name = whoami::username().unwrap_or_else(|_| "somebody".to_owned());
    let host = whoami::hostname().unwrap_or_else(|_| "somewhere".to_owned());
    format!("{name}@{host}").chars().filter(|c| !c.is_control()).take(120).collect()
}
