//! One deployment as the command line sees it: its state machine and its bucket of evidence.
//!
//! Talks to Step Functions here and to S3 through the adapters that the functions use. Starts
//! executions and stops none; RDS is for [`crate::operator`].

use anyhow::{Context as _, Result, bail};
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use restore_drill_aws::{EvidenceBucket, configuration};

use crate::{arguments::Place, executions::Executions};

/// The tag of the state machine that names the bucket.
const BUCKET_TAG: &str = "restore-drill:bucket";

/// A deployment whose state machine was found.
pub(crate) struct Deployment {
    pub(crate) executions: Executions,
    pub(crate) bucket: EvidenceBucket,
}

impl Deployment {
    /// Finds the state machine by its name, and the bucket by the flag or the state machine's tag.
    pub(crate) async fn find(place: &Place) -> Result<Self> {
        let configuration = load(place).await?;
        let name = format!("restore-drill-{}", place.deployment);
        let Some(executions) = Executions::of_state_machine(&configuration, &name).await? else {
            bail!(
                "there is no state machine {name} in {}\nHINT: check --deployment, --region and --profile, or \
                 deploy it with Terraform",
                region(&configuration)
            );
        };
        let bucket = match &place.bucket {
            Some(bucket) => bucket.clone(),
            None => executions.tag(BUCKET_TAG).await?.with_context(|| {
                format!(
                    "the state machine {name} has no tag {BUCKET_TAG}\nHINT: name the bucket with --bucket"
                )
            })?,
        };
        Ok(Self { executions, bucket: EvidenceBucket::new(&configuration, bucket) })
    }
}

/// The bucket alone, for commands that read evidence only: with `--bucket` they need no right in
/// Step Functions.
pub(crate) async fn bucket(place: &Place) -> Result<EvidenceBucket> {
    match &place.bucket {
        Some(bucket) => Ok(EvidenceBucket::new(&load(place).await?, bucket.clone())),
        None => Ok(Deployment::find(place).await?.bucket),
    }
}

/// Where and as whom to talk to AWS: as every program of AWS reads it, unless a flag says otherwise.
pub(crate) async fn load(place: &Place) -> Result<SdkConfig> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .app_name(AppName::new("restore-drill-cli").context("naming the program to AWS")?)
        .timeout_config(configuration::time_outs())
        .retry_config(configuration::retries());
    if let Some(profile) = &place.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &place.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(url) = &place.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    let configuration = loader.load().await;
    if configuration.region().is_none() {
        let profile = place.profile.as_deref().unwrap_or("default");
        bail!(
            "no AWS region is set\nHINT: set --region or AWS_REGION, or see that the profile {profile:?} exists and names one"
        );
    }
    Ok(configuration)
}

fn region(configuration: &SdkConfig) -> String {
    configuration.region().map_or_else(|| "no region".to_owned(), ToString::to_string)
}
