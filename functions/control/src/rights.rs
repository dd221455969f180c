//! What each step may do, as a type: a struct that implements the ports of one step and no others.
//!
//! The same list belongs into the step's IAM policy. A step that asks for more doesn't compile. The clients
//! themselves stay private to this module.

use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use drill::backup::{RestorableWindow, Snapshot};
use drill::evidence::{Evidence, Notification};
use drill::heartbeat::Pulse;
use drill::ids::{DbiResourceId, ReplicaId, SnapshotId, SourceId};
use drill::instance::Instance;
use drill::ownership::OwnedReplica;
use drill::ports::{self, Metric, RdsError, RestoreAnswer, RestoreRequest, StoreError};
use restore_drill_aws::{
    CloudWatch, EventBus, EvidenceBucket, Heartbeat, Rds, SdkConfig, StepFunctions, Topic,
};

use crate::settings::Settings;

/// The clients, each made once, and only for a step whose rights name it: making one reads the system's
/// certificates, which is most of what a function does before its first invocation. Opens no connection:
/// each is opened by the first call that needs it.
#[derive(Debug, Clone)]
pub(crate) struct Adapters {
    configuration: SdkConfig,
    settings: Settings,
    rds: OnceLock<Rds>,
    bucket: OnceLock<EvidenceBucket>,
    topic: OnceLock<Topic>,
    events: OnceLock<EventBus>,
    heartbeat: OnceLock<Heartbeat>,
    metrics: OnceLock<CloudWatch>,
    executions: OnceLock<StepFunctions>,
}

impl Adapters {
    /// What clients are made of; makes none.
    pub(crate) fn new(configuration: SdkConfig, settings: Settings) -> Self {
        Self {
            configuration,
            settings,
            rds: OnceLock::new(),
            bucket: OnceLock::new(),
            topic: OnceLock::new(),
            events: OnceLock::new(),
            heartbeat: OnceLock::new(),
            metrics: OnceLock::new(),
            executions: OnceLock::new(),
        }
    }

    fn rds(&self) -> &Rds {
        self.rds.get_or_init(|| Rds::new(&self.configuration))
    }

    fn bucket(&self) -> &EvidenceBucket {
        self.bucket.get_or_init(|| EvidenceBucket::new(&self.configuration, self.settings.bucket.clone()))
    }

    fn topic(&self) -> &Topic {
        self.topic.get_or_init(|| Topic::new(&self.configuration, self.settings.topic_arn.clone()))
    }

    fn events(&self) -> &EventBus {
        self.events.get_or_init(|| EventBus::new(&self.configuration, &self.settings.bucket))
    }

    fn heartbeat(&self) -> &Heartbeat {
        self.heartbeat.get_or_init(|| Heartbeat::new(&self.configuration))
    }

    fn metrics(&self) -> &CloudWatch {
        let deployment = &self.settings.step.deployment;
        self.metrics.get_or_init(|| CloudWatch::new(&self.configuration, deployment.clone()))
    }

    fn executions(&self) -> &StepFunctions {
        self.executions.get_or_init(|| StepFunctions::new(&self.configuration))
    }
}

/// The adapter that makes a port's calls.
#[rustfmt::skip]
macro_rules! adapter {
    (ReadInstances of $adapters:expr) => { $adapters.rds() };
    (ReadBackups of $adapters:expr) => { $adapters.rds() };
    (ReadInstanceEvents of $adapters:expr) => { $adapters.rds() };
    (RestoreReplica of $adapters:expr) => { $adapters.rds() };
    (StopReplica of $adapters:expr) => { $adapters.rds() };
    (DeleteReplica of $adapters:expr) => { $adapters.rds() };
    (ReadExecutions of $adapters:expr) => { $adapters.executions() };
    (ReadObjects of $adapters:expr) => { $adapters.bucket() };
    (WriteObjects of $adapters:expr) => { $adapters.bucket() };
    (Notify of $adapters:expr) => { $adapters.topic() };
    (Announce of $adapters:expr) => { $adapters.events() };
    (Beat of $adapters:expr) => { $adapters.heartbeat() };
    (EmitMetrics of $adapters:expr) => { $adapters.metrics() };
}

/// Declares a step's rights, and implements each port by its adapter.
macro_rules! rights {
    ($($(#[$doc:meta])* $rights:ident: $($port:ident)+;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone)]
            pub(crate) struct $rights(Adapters);

            impl From<Adapters> for $rights {
                /// Makes the clients of these rights.
                fn from(adapters: Adapters) -> Self {
                    $(let _ = adapter!($port of adapters);)+
                    Self(adapters)
                }
            }

            $(grant!($port to $rights);)+
        )*

        /// The table, for the test that holds it against the library.
        #[cfg(test)]
        const GRANTED: &[(&str, &[&str])] = &[$((stringify!($rights), &[$(stringify!($port)),+])),*];
    };
}

/// Hands the calls of a port to its adapter.
macro_rules! delegate {
    ($port:ident of $rights:ident:
        $(fn $call:ident($($name:ident: $type:ty),*) -> $answer:ty;)+
    ) => {
        impl ports::$port for $rights {
            $(async fn $call(&self, $($name: $type),*) -> $answer {
                ports::$port::$call(adapter!($port of self.0), $($name),*).await
            })+
        }
    };
}

/// The calls of each port.
macro_rules! grant {
    (ReadInstances to $rights:ident) => {
        delegate! { ReadInstances of $rights:
            fn instance(id: &str) -> Result<Option<Instance>, RdsError>;
            fn instances() -> Result<Vec<Instance>, RdsError>;
        }
    };
    (ReadBackups to $rights:ident) => {
        delegate! { ReadBackups of $rights:
            fn automated_snapshots(resource_id: &DbiResourceId) -> Result<Vec<Snapshot>, RdsError>;
            fn snapshot(id: &SnapshotId) -> Result<Option<Snapshot>, RdsError>;
            fn restorable_window(source: &SourceId) -> Result<Option<RestorableWindow>, RdsError>;
        }
    };
    (ReadInstanceEvents to $rights:ident) => {
        delegate! { ReadInstanceEvents of $rights:
            fn events_since(
                id: &ReplicaId, since: DateTime<Utc>
            ) -> Result<Vec<(DateTime<Utc>, String)>, RdsError>;
        }
    };
    (RestoreReplica to $rights:ident) => {
        delegate! { RestoreReplica of $rights:
            fn restore(request: &RestoreRequest) -> Result<RestoreAnswer, RdsError>;
        }
    };
    (StopReplica to $rights:ident) => {
        delegate! { StopReplica of $rights:
            fn stop(replica: &OwnedReplica) -> Result<(), RdsError>;
        }
    };
    (DeleteReplica to $rights:ident) => {
        delegate! { DeleteReplica of $rights:
            fn delete(replica: &OwnedReplica) -> Result<(), RdsError>;
        }
    };
    (ReadExecutions to $rights:ident) => {
        delegate! { ReadExecutions of $rights:
            fn is_running(execution: &str) -> Result<bool, StoreError>;
        }
    };
    (ReadObjects to $rights:ident) => {
        delegate! { ReadObjects of $rights:
            fn get(key: &str) -> Result<Option<String>, StoreError>;
            fn folders(prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, StoreError>;
        }
    };
    (WriteObjects to $rights:ident) => {
        delegate! { WriteObjects of $rights:
            fn put(key: &str, content_type: &'static str, body: String) -> Result<(), StoreError>;
            fn create(key: &str, content_type: &'static str, body: String) -> Result<bool, StoreError>;
        }
    };
    (Notify to $rights:ident) => {
        delegate! { Notify of $rights:
            fn notify(notification: &Notification) -> Result<(), StoreError>;
        }
    };
    (Announce to $rights:ident) => {
        delegate! { Announce of $rights:
            fn announce(ended: &Evidence) -> Result<(), StoreError>;
        }
    };
    (Beat to $rights:ident) => {
        delegate! { Beat of $rights:
            fn beat(secret: &str, pulse: Pulse, body: &str) -> Result<(), StoreError>;
        }
    };
    (EmitMetrics to $rights:ident) => {
        delegate! { EmitMetrics of $rights:
            fn emit(source: &SourceId, at: DateTime<Utc>, metrics: &[Metric]) -> Result<(), StoreError>;
        }
    };
}

rights! {
    /// `plan-drill`: looks, and writes its claim. Changes nothing at RDS.
    PlanDrill: ReadInstances ReadBackups ReadExecutions ReadObjects WriteObjects Beat;
    /// `restore-replica`: the only step that creates an instance.
    RestoreReplica: ReadInstances RestoreReplica ReadObjects;
    /// `observe-replica`: looks.
    ObserveReplica: ReadInstances;
    /// `record-measurements`: doesn't know RDS.
    RecordMeasurements: ReadObjects WriteObjects;
    /// `judge-drill`: doesn't know RDS.
    JudgeDrill: ReadObjects WriteObjects;
    /// `stop-replica`: stops what it can prove to be its own.
    StopReplica: ReadInstances StopReplica ReadObjects WriteObjects;
    /// `retire-previous`: deletes what it can prove to be its own.
    RetirePrevious: ReadInstances DeleteReplica ReadObjects;
    /// `publish-report`: doesn't know RDS.
    PublishReport: ReadObjects WriteObjects EmitMetrics Notify Announce Beat;
    /// `abandon-drill`: stops or deletes what it can prove to be its own, and tells people.
    AbandonDrill:
        ReadInstances StopReplica DeleteReplica ReadObjects WriteObjects EmitMetrics Notify Announce Beat;
    /// `sweep-orphans`: stops or deletes what it can prove to be its own, and tells people.
    SweepOrphans:
        ReadInstances ReadInstanceEvents StopReplica DeleteReplica ReadExecutions ReadObjects WriteObjects Notify;
    /// `watch-restores`: looks, and publishes what it saw. Changes nothing anywhere.
    WatchRestores: ReadInstances ReadObjects EmitMetrics;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::GRANTED;

    /// The ports that the library's step asks for: the bounds of its `run`.
    fn asked_for(step: &str) -> BTreeSet<String> {
        let file = format!("../drill/src/steps/{}.rs", step.replace('-', "_"));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let source = std::fs::read_to_string(path).expect("every step is a module of the library");
        let (_, run) =
            source.split_once("pub async fn run<P>").expect("a step is run through one type of ports");
        let (bounds, _) = run.split_once('{').expect("it has a body");
        let (_, bounds) = bounds.split_once("where\n    P:").expect("its bounds follow");
        bounds.split('+').map(|port| port.trim().trim_end_matches(',').to_owned()).collect()
    }

    fn type_name(step: &str) -> String {
        let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
        step.split('-').map(capital).collect()
    }

    #[test]
    fn every_step_is_granted_exactly_what_it_asks_for() {
        let steps: Vec<&str> = [drill::steps::PLAN, drill::steps::CONTROL].concat();
        for step in &steps {
            let (_, granted) = GRANTED.iter().find(|(rights, _)| *rights == type_name(step)).expect(step);
            let granted: BTreeSet<String> = granted.iter().map(|port| (*port).to_owned()).collect();
            assert_eq!(granted, asked_for(step), "{step}");
        }
        assert_eq!(GRANTED.len(), steps.len());
    }

    #[test]
    fn only_three_steps_may_delete_and_only_one_may_restore() {
        let with = |port: &str| {
            let has = GRANTED.iter().filter(|(_, ports)| ports.contains(&port));
            has.map(|(rights, _)| *rights).collect::<Vec<_>>()
        };
        assert_eq!(with("DeleteReplica"), ["RetirePrevious", "AbandonDrill", "SweepOrphans"]);
        assert_eq!(with("RestoreReplica"), ["RestoreReplica"]);
    }
}
