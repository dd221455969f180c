//! What is asked of AWS, in which order, and handed to the library to be judged.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use drill::{
    backup::Snapshot,
    configuration::{BackupPolicy, Configuration},
    evidence::{Evidence, keys},
    ids::{Deployment, SourceId},
    ports::{RdsErrorKind, ReadBackups as _, ReadObjects as _, StoreErrorKind},
    setup::{
        Finding, Looked, Section, configured,
        deployment::{self, Function},
        keeping, rights,
        schedule::{self, Next, Schedule},
        source::{self, Facts, KeyManager, Quotas},
        watch::{self, Alarm},
    },
    store,
};
use restore_drill_aws::{EvidenceBucket, Rds, Survey};

use crate::init::zones;

/// The steps that schedules of their own run.
const BESIDE_THE_MACHINE: [&str; 2] = ["sweep_orphans", "watch_restores"];
/// The role in the database, where no configuration says another.
const ROLE: &str = "restore_drill";
/// How far back the last drill is looked for, and how many of the newest may be without a record.
const DRILLS_SINCE: TimeDelta = TimeDelta::days(90);
const DRILLS_READ_MAX: usize = 5;

/// Whom to ask about which deployment.
pub(crate) struct Gathering {
    pub(crate) survey: Survey,
    pub(crate) rds: Rds,
    pub(crate) evidence: EvidenceBucket,
    pub(crate) deployment: Deployment,
    /// The state machine's ARN.
    pub(crate) machine: String,
    pub(crate) bucket: String,
    pub(crate) now: DateTime<Utc>,
}

/// What was found of the deployment and is needed for each source.
pub(crate) struct Parts {
    pub(crate) sources: Vec<SourceId>,
    functions: BTreeMap<String, Looked<Function>>,
    topic: Option<String>,
    quotas: Looked<Quotas>,
    alarms: Looked<Vec<Alarm>>,
}

impl Gathering {
    fn prefix(&self) -> String {
        format!("restore-drill-{}", self.deployment)
    }

    /// The deployment's own parts.
    pub(crate) async fn deployment(&self, definition: &str, only: Option<&SourceId>) -> (Section, Parts) {
        let machine = self.survey.machine(&self.machine).await;
        let (mut findings, called) = deployment::machine(definition, &machine);
        let functions = self.functions(&called).await;
        findings.push(deployment::functions(&functions));
        let verifier = functions.get("plan_checks").unwrap_or(&Looked::Absent);
        findings.extend(deployment::verifier(verifier));
        let (scheduled, watchdog) = self.schedules().await;
        let sources = match only {
            Some(source) => vec![source.clone()],
            None => scheduled,
        };
        if sources.is_empty() {
            findings.push(Finding::problem(
                "sources",
                "no schedule names one",
                "add one to sources of the module, and apply; or name one with --source",
            ));
        }
        findings.push(schedule::watchdog(&watchdog, &sources));
        findings.extend(keeping::bucket(&self.survey.bucket(&self.bucket).await));
        let told = functions
            .values()
            .filter_map(Looked::found)
            .find_map(|f| f.environment.get("RESTORE_DRILL_TOPIC_ARN"));
        let topic = told.cloned();
        let subscriptions = match &topic {
            Some(topic) => self.survey.subscriptions(topic).await,
            None => Looked::Failed { problem: "no function tells which topic it is".to_owned() },
        };
        findings.push(keeping::topic(&subscriptions));
        let quotas = self.survey.quotas().await;
        let alarms = self.survey.alarms(&format!("{}-", self.prefix())).await;
        let about = format!("deployment {}", self.deployment);
        (Section { about, findings }, Parts { sources, functions, topic, quotas, alarms })
    }

    /// The functions that the definition calls, by its own ARNs; where that couldn't be read, and beside it, by name.
    async fn functions(&self, called: &BTreeMap<String, String>) -> BTreeMap<String, Looked<Function>> {
        let by_name = |step: &str| format!("{}-{}", self.prefix(), step.replace('_', "-"));
        let mut names = called.clone();
        for step in BESIDE_THE_MACHINE {
            names.insert(step.to_owned(), by_name(step));
        }
        for step in ["plan_checks", "plan_drill"].into_iter().chain(rights::DELETING) {
            names.entry(step.to_owned()).or_insert_with(|| by_name(step));
        }
        let mut found = BTreeMap::new();
        for (step, name) in names {
            let function = self.survey.function(&name).await;
            found.insert(step, function);
        }
        found
    }

    /// The sources that schedules name, and the watchdog's schedule.
    async fn schedules(&self) -> (Vec<SourceId>, Looked<Schedule>) {
        let (group, own) = (self.prefix(), format!("{}-", self.prefix()));
        let watchdog = self.survey.schedule(&group, &format!("{own}watch-restores")).await;
        let mut sources = BTreeSet::new();
        if let Looked::Found(names) = self.survey.schedules(&group).await {
            let nights = names.iter().filter(|name| !name.starts_with(&own));
            sources.extend(nights.filter_map(|name| SourceId::parse(name).ok()));
        }
        if let Looked::Found(schedule) = &watchdog {
            let input: serde_json::Value = serde_json::from_str(&schedule.input).unwrap_or_default();
            let watched = input["sources"].as_array().into_iter().flatten();
            sources.extend(watched.filter_map(|one| SourceId::parse(one["source"].as_str()?).ok()));
        }
        (sources.into_iter().collect(), watchdog)
    }

    /// Everything about one source.
    pub(crate) async fn source(&self, source: &SourceId, parts: &Parts) -> Section {
        let facts = self.survey.source(source.as_str()).await;
        let (configured, configuration) =
            configured::configuration(source, &self.configuration(source).await);
        let mut findings = self.instance(source, &facts, parts, configuration.as_ref()).await;
        findings.push(configured);
        let verifier = parts.functions.get("plan_checks").unwrap_or(&Looked::Absent);
        if let Some(configuration) = &configuration {
            let replica = &configuration.replica;
            let subnet_group = self.survey.subnet_group(&replica.subnet_group).await;
            let family = match &replica.parameter_group {
                Some(name) => Some(self.survey.parameter_group(name).await),
                None => None,
            };
            let facts = facts.found();
            findings.extend(configured::groups(
                configuration,
                &subnet_group,
                family.as_ref(),
                verifier,
                facts,
            ));
        }
        findings.extend(self.night(source, facts.found()).await);
        findings.extend(self.rights(source, &facts, parts, configuration.as_ref()).await);
        let topic = parts.topic.as_deref();
        findings.push(watch::alarms(&self.deployment, source, topic, &parts.alarms));
        let point =
            self.survey.newest_point(&self.deployment, source, watch::METRIC, watch::POINTS_SINCE, self.now);
        findings.push(watch::points(&point.await, self.now));
        let last = self.last_drill(source).await;
        findings.push(watch::last_drill(&last));
        findings.push(watch::connecting(&last));
        Section { about: format!("source {source}"), findings }
    }

    async fn configuration(&self, source: &SourceId) -> Looked<String> {
        match self.evidence.get(&keys::configuration(source)).await {
            Ok(Some(text)) => Looked::Found(text),
            Ok(None) => Looked::Absent,
            Err(error) if error.kind == StoreErrorKind::Denied => {
                Looked::Denied { right: "s3:GetObject".to_owned() }
            }
            Err(error) => Looked::Failed { problem: error.to_string() },
        }
    }

    /// The source itself and its backups, by the age that its own configuration allows.
    async fn instance(
        &self,
        source: &SourceId,
        facts: &Looked<Facts>,
        parts: &Parts,
        configuration: Option<&Configuration>,
    ) -> Vec<Finding> {
        let Looked::Found(facts) = facts else {
            let others = match facts {
                Looked::Absent => self.survey.instances().await.found().cloned().unwrap_or_default(),
                _ => Vec::new(),
            };
            let told = source::missing(source, &others);
            let (fact, hint) = told.split_once("\nHINT: ").unwrap_or((&told, ""));
            let gone =
                || Finding::problem("source", fact, format!("{hint}; after its loss: restore-drill promote"));
            return vec![facts.judge("source", gone, |_| Finding::ok("source", ""))];
        };
        if let Err(refusal) = source::refuse(facts) {
            return vec![Finding::problem(
                "source",
                refusal.to_string().replace('\n', "; "),
                "take it out of sources",
            )];
        }
        let snapshots = snapshots(&self.rds, facts).await;
        let key = key(&self.survey, facts).await;
        let policy =
            configuration.map_or_else(BackupPolicy::default, |configuration| configuration.backup.clone());
        source::judge(facts, &snapshots, &key, &parts.quotas, &policy, self.now)
    }

    async fn night(&self, source: &SourceId, facts: Option<&Facts>) -> Vec<Finding> {
        let schedule = self.survey.schedule(&self.prefix(), source.as_str()).await;
        let found = schedule.found();
        let zone = found.and_then(|schedule| zones::zone(&schedule.zone, self.now));
        let at = found
            .and_then(|schedule| Some((schedule.daily_at()?, &schedule.zone)))
            .and_then(|(at, zone)| zones::next(at, zone, self.now));
        let window = facts.and_then(|facts| facts.backup_window.as_deref());
        schedule::night(source, &schedule, &self.machine, &Next { zone, at }, window)
    }

    /// What the roles may do to this source.
    async fn rights(
        &self,
        source: &SourceId,
        facts: &Looked<Facts>,
        parts: &Parts,
        configuration: Option<&Configuration>,
    ) -> Vec<Finding> {
        let Some(place) = rights::Place::of_arn(&self.machine) else { return Vec::new() };
        let role = |step: &str| {
            let function = parts.functions.get(step).and_then(Looked::found);
            function.map(|function| function.role.clone()).filter(|role| !role.is_empty())
        };
        let mut findings = Vec::new();
        for step in rights::DELETING {
            // A function that isn't there, or that nobody may look at, has its line above.
            let Some(role) = role(step) else { continue };
            let [production, replica] = rights::about_deleting(&place, &self.deployment, source);
            let production = self.survey.simulate(&role, &production).await;
            let replica = self.survey.simulate(&role, &replica).await;
            findings.push(rights::deleting(step, source, &production, &replica));
        }
        if let (Some(role), Some(facts)) = (role("plan_checks"), facts.found()) {
            let user = configuration.map_or(ROLE, |configuration| configuration.database.user.as_str());
            let [production, replica] = rights::about_signing_in(&place, &facts.resource_id, user);
            let production = self.survey.simulate(&role, &production).await;
            let replica = self.survey.simulate(&role, &replica).await;
            findings.push(rights::signing_in(source, &production, &replica));
        }
        findings
    }

    /// The newest drill of which there is a record.
    async fn last_drill(&self, source: &SourceId) -> Looked<Evidence> {
        let drills = match store::drills_since(&self.evidence, source, self.now - DRILLS_SINCE).await {
            Ok(drills) => drills,
            Err(error) => return Looked::Failed { problem: error.fact },
        };
        let mut drills: Vec<_> = drills.into_iter().collect();
        drills.sort_by_key(|drill| std::cmp::Reverse(drill.scheduled_at()));
        for drill in drills.iter().take(DRILLS_READ_MAX) {
            match store::read_evidence(&self.evidence, drill).await {
                Ok(Some(evidence)) => return Looked::Found(evidence),
                Ok(None) => {}
                Err(error) => return Looked::Failed { problem: error.fact },
            }
        }
        Looked::Absent
    }
}

/// The automated snapshots of a source.
pub(crate) async fn snapshots(rds: &Rds, facts: &Facts) -> Looked<Vec<Snapshot>> {
    match rds.automated_snapshots(&facts.resource_id).await {
        Ok(snapshots) => Looked::Found(snapshots),
        Err(error) if error.kind == RdsErrorKind::Denied => {
            Looked::Denied { right: "rds:DescribeDBSnapshots".to_owned() }
        }
        Err(error) => Looked::Failed { problem: error.to_string() },
    }
}

/// Who manages the key of a source; of one that isn't encrypted nobody asks.
pub(crate) async fn key(survey: &Survey, facts: &Facts) -> Looked<KeyManager> {
    match &facts.kms_key {
        Some(arn) => survey.key(arn).await,
        None => Looked::Absent,
    }
}
