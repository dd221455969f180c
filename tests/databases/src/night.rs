//! One night: the product's own steps, from the plan to the verdict, on a server that a test runs.
//!
//! What AWS would do in between is left out: the restore is the server, and the evidence bucket is in memory.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use chrono::{DateTime, TimeDelta, Utc};
use drill::backup::BackupRequest;
use drill::configuration::Level;
use drill::error::StepError;
use drill::evidence::{Evidence, keys};
use drill::ids::{DbiResourceId, Deployment, DrillId, SnapshotId, SourceId};
use drill::plan::{DrillRequest, Execution, Plan, Trigger};
use drill::steps::{
    Available, Restored, Settings, judge_drill, plan_checks, plan_drill, record_measurements, run_check,
};
use drill::store;
use restore_drill_postgres::Postgres;
use restore_drill_postgres::token::Credentials;

use crate::bucket::Bucket;
use crate::machine::Running;

/// Every level, the least thorough first.
pub const LEVELS: [Level; 3] = [Level::Quick, Level::Standard, Level::Deep];

/// What a drill is run with.
#[derive(Debug, Clone)]
pub struct Setting<'a> {
    /// The configuration beside the source, the replica and the level.
    pub configuration: &'a str,
    /// How thoroughly it looks.
    pub level: Level,
    /// The day of the night, as `2026-11-21`: the drill is at 3 AM, the backup's data of 02:03.
    pub day: &'a str,
    /// The version that RDS says of the backup, when it isn't the server's.
    pub engine_version: Option<&'a str>,
}

/// The source that all of these drills are of.
pub fn source() -> SourceId {
    SourceId::parse("courses-prod").expect("it is well-formed")
}

/// A bucket that no drill has written to.
pub fn empty_bucket() -> Bucket {
    Bucket::new(&source(), DbiResourceId::parse("db-MUSEUM").expect("it is well-formed"))
}

/// Runs a drill on the server and gives its evidence, which is also in the bucket from then on. The inner
/// error is a drill that broke.
pub async fn run(
    bucket: &mut Bucket,
    server: &Running,
    setting: &Setting<'_>,
) -> Result<Result<Evidence, StepError>> {
    let scheduled_at = format!("{}T03:00:00Z", setting.day);
    let now: DateTime<Utc> = scheduled_at.parse().context("a day is written like 2026-11-21")?;
    let now = now + TimeDelta::seconds(2);
    let data_at = now - TimeDelta::minutes(57);
    let snapshot = SnapshotId::parse(&format!("rds:{}-{}-02-03", source(), setting.day))?;
    let version = setting.engine_version.unwrap_or(server.cluster().programs().version());
    bucket.set_snapshot(snapshot, data_at, version);
    bucket.write(keys::configuration(&source()), configuration(setting));
    let night = Night {
        bucket,
        database: Postgres::new(
            &server.authority()?,
            Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None),
            "eu-central-1",
        ),
        settings: Settings { deployment: Deployment::parse("museum")? },
        available: Available {
            endpoint: server.endpoint(),
            observed_at: now + TimeDelta::minutes(23) + TimeDelta::seconds(35),
        },
        now,
    };
    let drill = DrillId::of(&source(), now - TimeDelta::seconds(2))?;
    if let Err(broken) = night.carry_out(scheduled_at).await {
        return Ok(Err(broken));
    }
    let evidence = store::read_verdict(&*bucket, &drill).await.map_err(|e| anyhow!("{e:?}"))?;
    Ok(Ok(evidence.context("it was judged")?))
}

/// The configuration as a person would write it.
fn configuration(setting: &Setting<'_>) -> String {
    format!(
        "source = \"{}\"\nlevel = \"{}\"\n\
         [replica]\ninstance_class = \"db.t4g.medium\"\nsubnet_group = \"restore-drill\"\n\
         security_groups = [\"sg-0a1b2c3d4e5f60718\"]\n{}",
        source(),
        setting.level.as_str(),
        setting.configuration
    )
}

struct Night<'a> {
    bucket: &'a Bucket,
    database: Postgres,
    settings: Settings,
    available: Available,
    now: DateTime<Utc>,
}

impl Night<'_> {
    /// The steps in the order of the state machine.
    async fn carry_out(&self, scheduled_at: String) -> Result<(), StepError> {
        let plan = self.plan(scheduled_at).await?;
        let restored = Restored {
            replica: plan.replica.clone(),
            resource_id: DbiResourceId::parse("db-REPLICA").expect("it is well-formed"),
            accepted_at: self.now + TimeDelta::seconds(3),
        };
        // The drill's times are the story's, not this machine's: a report of it is the same every time.
        let asked_at = self.available.observed_at + TimeDelta::seconds(35);
        let input = plan_checks::Input { plan: plan.clone(), available: self.available.clone() };
        let checks = plan_checks::run(&self.database, input, asked_at, || asked_at).await?;
        let mut recorded = Vec::new();
        for &shard in &checks.shards {
            recorded.push(self.measure(&plan, &checks, shard).await?);
        }
        let judged_at = asked_at + TimeDelta::minutes(3);
        let available = self.available.clone();
        let input = judge_drill::Input { plan, restored, available, checks, recorded };
        judge_drill::run(self.bucket, &self.settings, input, judged_at).await?;
        Ok(())
    }

    async fn plan(&self, scheduled_at: String) -> Result<Plan, StepError> {
        let request = DrillRequest {
            source: source(),
            scheduled_at: Some(scheduled_at),
            trigger: Trigger::Schedule,
            requested_by: None,
            backup: BackupRequest::Latest,
            keep: None,
        };
        let execution = Execution {
            id: format!("arn:aws:states:eu-central-1:123456789012:execution:museum:{}", self.now.timestamp()),
            started_at: self.now,
        };
        plan_drill::run(self.bucket, &self.settings, plan_drill::Input { request, execution }, self.now).await
    }

    /// Measures a shard, in as many invocations as it takes.
    async fn measure(
        &self,
        plan: &Plan,
        checks: &plan_checks::Output,
        shard: usize,
    ) -> Result<record_measurements::Output, StepError> {
        let mut resume = None;
        loop {
            let input = run_check::Input {
                plan: plan.clone(),
                available: self.available.clone(),
                digest: checks.digest.clone(),
                cuts: checks.cuts.clone(),
                shard,
                readers_max: checks.readers_max,
                resume: resume.take(),
            };
            let began = Instant::now();
            let budget = Duration::from_mins(5);
            let result = run_check::run(&self.database, input, self.now, budget, || began.elapsed()).await?;
            let input = record_measurements::Input { plan: plan.clone(), result };
            let recorded = record_measurements::run(self.bucket, &self.settings, input, self.now).await?;
            if recorded.is_done {
                return Ok(recorded);
            }
            resume = recorded.resume;
        }
    }
}
