//! `doctor`: whether a deployment would go through the night, without restoring anything.
//!
//! Looks with the rights of who runs it; what they may not see is unknown. Everything is judged in the library.

use anyhow::{Context as _, Result};
use drill::{
    ids::SourceId,
    setup::{Section, Status, finding},
};
use restore_drill_aws::{EvidenceBucket, Survey};
use serde_json::json;

use crate::{
    arguments::{Doctor, Format, Place},
    clock, deployment,
    doctor::gather::Gathering,
    executions::Executions,
    exit::Exit,
    output::{self, Output},
};

mod gather;
pub(crate) mod told;

pub(crate) use gather::{key, snapshots};

/// The definition of this version.
const DEFINITION: &str = include_str!("../../statemachine/drill.asl.json");

/// Looks at a deployment and its sources.
pub(crate) async fn doctor(arguments: &Doctor, place: &Place, output: Output) -> Result<Exit> {
    let configuration = deployment::load(place).await?;
    let name = format!("restore-drill-{}", place.deployment);
    let executions = Executions::of_state_machine(&configuration, &name).await?.with_context(|| {
        let region = configuration.region().map(ToString::to_string).unwrap_or_default();
        format!(
            "there is no state machine {name} in {region}\nHINT: check --deployment, --region and --profile, or deploy \
             it: restore-drill init writes what Terraform needs"
        )
    })?;
    let bucket = match &place.bucket {
        Some(bucket) => bucket.clone(),
        None => executions.tag("restore-drill:bucket").await?.with_context(|| {
            format!("the state machine {name} has no tag restore-drill:bucket\nHINT: name the bucket with --bucket")
        })?,
    };
    let gathering = Gathering {
        survey: Survey::new(&configuration),
        rds: restore_drill_aws::Rds::new(&configuration),
        evidence: EvidenceBucket::new(&configuration, bucket.clone()),
        deployment: place.deployment.clone(),
        machine: executions.state_machine().to_owned(),
        bucket,
        now: clock::now(),
    };
    output::progress(&format!("Looking at {name}; nothing is restored or changed."));
    let sections = look(&gathering, arguments.source.as_ref()).await;
    match output.format() {
        Format::Json => {
            let result = json!({ "deployment": place.deployment, "sections": sections });
            output::result(&serde_json::to_string_pretty(&result)?)?;
        }
        Format::Table => output::result(&told::sections(&sections, output))?,
    }
    Ok(if finding::worst(&sections) == Status::Problem { Exit::Other } else { Exit::Done })
}

async fn look(gathering: &Gathering, only: Option<&SourceId>) -> Vec<Section> {
    let (own, parts) = gathering.deployment(DEFINITION, only).await;
    let mut sections = vec![own];
    for source in &parts.sources {
        sections.push(gathering.source(source, &parts).await);
    }
    sections
}
