//! `status`: which drills go on and how the last ones ended, or how far one drill is.

use anyhow::{Result, bail};
use drill::{
    evidence::Evidence,
    ids::{DrillId, rfc3339},
    store,
};
use serde_json::{Value, json};

use crate::{
    arguments::{Format, Place, Status as Arguments},
    clock,
    conclude::conclude,
    deployment::Deployment,
    executions::{Execution, Status},
    exit::Exit,
    follow::{Followed, follow, since},
    history::verdict_cell,
    output::{self, Output, Paint},
    progress::Progress,
    table::{self, Cell},
};

/// How many of the last executions are listed.
const LISTED: u16 = 10;

/// Shows one drill, or the last ones.
pub(crate) async fn status(arguments: &Arguments, place: &Place, output: Output) -> Result<Exit> {
    let deployment = Deployment::find(place).await?;
    match &arguments.drill {
        None => list(arguments, &deployment, output).await,
        Some(drill) => one(drill, arguments.follow, &deployment, output).await,
    }
}

async fn one(drill: &DrillId, follows: bool, deployment: &Deployment, output: Output) -> Result<Exit> {
    let Some(execution) = find(drill, deployment).await? else {
        bail!(
            "Step Functions knows no execution of drill {drill}\nHINT: 90 days after its end it forgets one; the \
             record stays: restore-drill report {drill}"
        );
    };
    if execution.status != Status::Running {
        return conclude(&deployment.bucket, drill, &execution, output).await;
    }
    if follows {
        return match follow(&deployment.executions, &execution.arn, drill, output).await? {
            Followed::Ended(execution) => conclude(&deployment.bucket, drill, &execution, output).await,
            Followed::Left => Ok(Exit::Other),
        };
    }
    let mut progress = Progress::default();
    progress.take(&deployment.executions.events_after(&execution.arn, 0).await?);
    match output.format() {
        Format::Json => output::result(&going_on_as_json(drill, &execution, &progress).to_string())?,
        Format::Table => output::result(&going_on(drill, &execution, &progress))?,
    }
    Ok(Exit::Done)
}

/// The execution of a drill: one that was started from here has its name, one of the schedule is
/// named in the drill's claim.
async fn find(drill: &DrillId, deployment: &Deployment) -> Result<Option<Execution>> {
    let executions = &deployment.executions;
    if let Some(claim) = store::read_claim(&deployment.bucket, drill).await? {
        return executions.describe(&claim.execution).await;
    }
    executions.describe(&executions.arn_of(drill.as_str())).await
}

fn going_on(drill: &DrillId, execution: &Execution, progress: &Progress) -> String {
    let now = clock::now();
    let mut lines = vec![format!("{drill} has been running for {}", since(execution.started_at, now))];
    for pair in progress.phases.windows(2) {
        lines.push(format!("  {:<32} {}", pair[0].words(), since(pair[0].began_at, pair[1].began_at)));
    }
    if let Some(phase) = progress.phase() {
        let shards = progress.shards.filter(|_| phase.state == "RunChecks");
        let shards = shards.map(|(done, all)| format!(", {done} of {all} shards done")).unwrap_or_default();
        lines.push(format!("  {:<32} {} so far{shards}", phase.words(), since(phase.began_at, now)));
    }
    lines.join("\n")
}

fn going_on_as_json(drill: &DrillId, execution: &Execution, progress: &Progress) -> Value {
    json!({
        "drill": drill.as_str(),
        "execution": execution.arn,
        "status": execution.status.as_str(),
        "started_at": rfc3339(execution.started_at),
        "elapsed_s": since(execution.started_at, clock::now()).as_secs(),
        "state": progress.phase().map(|phase| phase.state.as_str()),
        "shards_done": progress.shards.map(|(done, _)| done),
        "shards": progress.shards.map(|(_, all)| all),
    })
}

async fn list(arguments: &Arguments, deployment: &Deployment, output: Output) -> Result<Exit> {
    let mut found = Vec::new();
    for arn in deployment.executions.last(LISTED).await? {
        let Some(execution) = deployment.executions.describe(&arn).await? else { continue };
        let source = execution.drill.as_ref().map(DrillId::source);
        if arguments.source.is_some() && arguments.source != source {
            continue;
        }
        let evidence = match &execution.drill {
            // One whose record can't be read is listed all the same; history says what is wrong.
            Some(drill) if execution.status != Status::Running => {
                store::read_evidence(&deployment.bucket, drill).await.ok().flatten()
            }
            _ => None,
        };
        let own = evidence.filter(|evidence| evidence.execution == execution.arn);
        found.push((execution, own));
    }
    match output.format() {
        Format::Json => {
            let entries: Vec<Value> =
                found.iter().map(|(execution, own)| as_json(execution, own.as_ref())).collect();
            output::result(&serde_json::to_string_pretty(&entries)?)?;
        }
        Format::Table if found.is_empty() => output::progress("No drill has been started yet."),
        Format::Table => {
            let rows: Vec<Vec<Cell>> =
                found.iter().map(|(execution, own)| row(execution, own.as_ref())).collect();
            let headings = ["DRILL", "EXECUTION", "STARTED", "TOOK", "VERDICT"];
            output::result(&table::render(&headings, &rows, output))?;
        }
    }
    Ok(Exit::Done)
}

fn row(execution: &Execution, evidence: Option<&Evidence>) -> Vec<Cell> {
    let name = execution.drill.as_ref().map(ToString::to_string);
    let last = |arn: &str| arn.rsplit(':').next().unwrap_or_default().to_owned();
    let took = since(execution.started_at, execution.ended_at.unwrap_or_else(clock::now));
    vec![
        Cell::new(name.unwrap_or_else(|| last(&execution.arn))),
        Cell::new(execution.status.as_str()),
        Cell::new(rfc3339(execution.started_at)),
        Cell::new(took.to_string()),
        match (evidence, &execution.failure) {
            (Some(evidence), _) => verdict_cell(evidence),
            (None, Some((error, _))) => Cell::painted(format!("broken: {error}"), Paint::Yellow),
            (None, None) if execution.status == Status::Running => Cell::new(""),
            (None, None) => Cell::painted("no record", Paint::Yellow),
        },
    ]
}

fn as_json(execution: &Execution, evidence: Option<&Evidence>) -> Value {
    json!({
        "drill": execution.drill.as_ref().map(DrillId::as_str),
        "execution": execution.arn,
        "status": execution.status.as_str(),
        "started_at": rfc3339(execution.started_at),
        "ended_at": execution.ended_at.map(rfc3339),
        "verdict": evidence.map(|evidence| evidence.verdict),
        "error": execution.failure.as_ref().map(|(error, _)| error),
    })
}
