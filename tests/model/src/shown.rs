//! What a step is shown: the instances, records and executions that a state stands for, as the real types.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use drill::backup::Snapshot;
use drill::evidence::{Claim, StopRecord, keys};
use drill::ids::{DbiResourceId, Deployment, DrillId, ReplicaId, SnapshotId, SourceId};
use drill::instance::{Endpoint, Instance, InstanceStatus};
use drill::ownership::{TAG_DEPLOYMENT, TAG_DRILL, TAG_HOLD, TAG_SOURCE, replica_tags};
use serde_json::{Value, json};

use crate::calendar;
use crate::state::{Data, EXECS, Fate, NIGHTS_MAX, Name, Night, Replica, SLOTS, Status, Verdict};

/// The deployment.
pub static DEPLOYMENT: LazyLock<Deployment> =
    LazyLock::new(|| Deployment::parse("main").expect("a deployment's name"));
/// Production.
pub static SOURCE: LazyLock<SourceId> =
    LazyLock::new(|| SourceId::parse("courses").expect("a source's name"));
/// Somebody else's production, whose name begins as those of this deployment's replicas do.
pub const LOOK_ALIKE: &str = "drill-main-app";
/// Another production, made by hand from a snapshot of a replica of last month: RDS copied the tags.
pub const COPY: &str = "courses-north";

/// What a call of a step sees of a state. What it has no business with is left out, so that two states that
/// differ in nothing else are one to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shown {
    /// The week.
    pub week: u8,
    /// The hour.
    pub hour: u8,
    /// Whether production exists.
    pub has_source: bool,
    /// What becomes of a replica that isn't verified.
    pub discards_failures: bool,
    /// The replicas, as RDS shows them.
    pub replicas: [Replica; SLOTS],
    /// The records.
    pub nights: [Night; NIGHTS_MAX],
    /// Which executions run.
    pub is_running: [bool; EXECS],
}

/// Something that a step asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Query {
    /// The instance of production's name.
    Source,
    /// The instance of the name of a night's replica.
    Named(u8),
    /// Every instance.
    All,
    /// Snapshots.
    Snapshots,
    /// The events of what bears the name of a night's replica.
    Events(u8),
    /// Whether an execution runs.
    IsRunning(usize),
    /// The configuration.
    Configuration,
    /// A night's claim.
    Claim(u8),
    /// A night's verdict.
    Verdict(u8),
    /// A night's record of a stop.
    Stop(u8),
    /// A night's evidence.
    Evidence(u8),
    /// An object that the model never has.
    Nothing,
    /// The folders of drills.
    Folders,
}

/// A record of a night, `verdict.json` or `evidence.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Record {
    /// The night.
    pub night: u8,
    /// Its week.
    pub week: u8,
    /// The verdict; none where it wasn't judged.
    pub verdict: Option<Verdict>,
    /// What became of the replica; absent in a verdict.
    pub fate: Option<Fate>,
}

impl Record {
    /// The record, made of one of the same night that wasn't judged.
    pub fn of(self, mut unjudged: Value) -> Value {
        let Some(verdict) = self.verdict else { return unjudged };
        let fate = match self.fate {
            None => "running",
            Some(Fate::Stopped) => "stopped",
            Some(Fate::Other) => "unknown",
        };
        unjudged["verdict"] = json!(if verdict.is_good { "verified" } else { "rejected" });
        unjudged["failure"] = Value::Null;
        unjudged["replica"] = json!({
            "id": names(self.night, self.week).replica, "resource_id": resource_id(Some(verdict.slot)),
            "instance_class": "db.t4g.medium", "fate": fate,
        });
        unjudged
    }
}

/// The most weeks of a model, the first included.
pub const WEEKS_MAX: usize = 3;

/// What follows from a night and its week, made once: it is asked for all the time.
struct Names {
    drill: DrillId,
    replica: ReplicaId,
    claim: String,
    verdict: String,
    stop: String,
    evidence: String,
}

static NAMES: LazyLock<Vec<Names>> = LazyLock::new(|| {
    let count = u8::try_from(WEEKS_MAX * NIGHTS_MAX).expect("few nights");
    let nights = u8::try_from(NIGHTS_MAX).expect("few nights");
    let name = |i: u8| {
        let drill = DrillId::of(&SOURCE, calendar::scheduled(i / nights, i % nights));
        let drill = drill.expect("the source's name leaves room for a time");
        Names {
            replica: ReplicaId::of(&DEPLOYMENT, &drill),
            claim: keys::claim(&drill),
            verdict: keys::verdict(&drill),
            stop: keys::stop(&drill),
            evidence: keys::evidence(&drill),
            drill,
        }
    };
    (0..count).map(name).collect()
});

fn names(night: u8, week: u8) -> &'static Names {
    &NAMES[usize::from(week) * NIGHTS_MAX + usize::from(night)]
}

/// The ARN of an execution.
pub fn arn(exec: usize) -> String {
    format!("arn:aws:states:eu-central-1:123456789012:execution:restore-drill:{exec}")
}

/// The execution of an ARN.
pub fn exec_of(arn: &str) -> Option<usize> {
    arn.rsplit(':').next()?.parse().ok()
}

/// The identity of the replica in a slot, or of production.
pub fn resource_id(slot: Option<u8>) -> DbiResourceId {
    let text = slot.map_or("db-SOURCE".to_owned(), |slot| format!("db-R{slot}"));
    DbiResourceId::parse(&text).expect("a DbiResourceId")
}

/// The slot of an identity.
pub fn slot_of(id: &DbiResourceId) -> Option<u8> {
    id.as_str().strip_prefix("db-R")?.parse().ok()
}

/// The snapshot that a restore takes: of which source, and with which data.
pub fn snapshot_id(source: Option<u8>, data: Data) -> SnapshotId {
    let of = source.map_or("courses".to_owned(), |slot| format!("promoted{slot}"));
    let text = match data {
        Data::Backup { week, night } => format!("rds:{of}-{week}-{night}"),
        Data::LastMonth => "last-month".to_owned(),
    };
    SnapshotId::parse(&text).expect("a snapshot id")
}

/// Reads back what [`snapshot_id`] wrote: the source and the data.
pub fn snapshot_of(id: &SnapshotId) -> (Option<u8>, Data) {
    let Some(automated) = id.as_str().strip_prefix("rds:") else { return (None, Data::LastMonth) };
    let mut parts = automated.split('-');
    let source = parts.next().and_then(|of| of.strip_prefix("promoted")?.parse().ok());
    let mut number =
        || parts.next().and_then(|number| number.parse().ok()).expect("a snapshot's week and night");
    (source, Data::Backup { week: number(), night: number() })
}

/// A snapshot.
pub fn snapshot(id: &SnapshotId) -> Snapshot {
    let (source, data) = snapshot_of(id);
    let data_at = calendar::data_at(data);
    Snapshot {
        id: id.clone(),
        resource_id: resource_id(source),
        instance_id: SOURCE.to_string(),
        snapshot_type: if data == Data::LastMonth { "manual" } else { "automated" }.to_owned(),
        status: "available".to_owned(),
        created_at: Some(data_at),
        database_at: Some(data_at),
        engine: "postgres".to_owned(),
        engine_version: "16.4".to_owned(),
        storage_type: None,
        allocated_storage_gib: 100,
    }
}

fn instance(id: &str, resource_id: DbiResourceId, created_at: DateTime<Utc>) -> Instance {
    Instance {
        id: id.to_owned(),
        resource_id,
        status: InstanceStatus::Available,
        tags: BTreeMap::new(),
        endpoint: Some(Endpoint { host: format!("{id}.example"), port: 5432 }),
        engine: "postgres".to_owned(),
        engine_version: "16.4".to_owned(),
        created_at: Some(created_at),
        automatic_restart_at: None,
        instance_class: "db.t4g.medium".to_owned(),
        allocated_storage_gib: 100,
        deletion_protection: false,
    }
}

impl Shown {
    /// A digest of what is shown to a query, beside the week and the nights' weeks.
    pub fn digest(&self, query: Query) -> u64 {
        let mut hasher = DefaultHasher::new();
        let mut show = |slot: usize| {
            let replica = Replica { was_stopped: false, has_stood: false, ..self.replicas[slot] };
            (slot, replica).hash(&mut hasher);
        };
        let mut show_all = |is_asked: &dyn Fn(&Replica) -> bool| {
            let slots = 0..SLOTS;
            slots.filter(|s| self.replicas[*s].exists() && is_asked(&self.replicas[*s])).for_each(&mut show);
        };
        let named = |night| move |r: &Replica| r.name == Name::OfItsDrill && r.night == night;
        match query {
            Query::Source => show_all(&|r| r.name == Name::OfSource),
            Query::Named(night) | Query::Events(night) => show_all(&named(night)),
            Query::All => show_all(&|_| true),
            _ => {}
        }
        match query {
            Query::Source | Query::All => self.has_source.hash(&mut hasher),
            Query::IsRunning(exec) => self.is_running[exec].hash(&mut hasher),
            Query::Configuration => self.discards_failures.hash(&mut hasher),
            Query::Claim(night) => self.nights[usize::from(night)].claim.hash(&mut hasher),
            Query::Verdict(night) => self.nights[usize::from(night)].verdict.hash(&mut hasher),
            Query::Stop(night) => self.nights[usize::from(night)].stop.hash(&mut hasher),
            Query::Evidence(night) => {
                let records = &self.nights[usize::from(night)];
                (records.verdict, records.published).hash(&mut hasher);
            }
            Query::Folders => self.nights.map(|night| night.claim.is_some()).hash(&mut hasher),
            Query::Named(_) | Query::Events(_) | Query::Snapshots | Query::Nothing => {}
        }
        hasher.finish()
    }

    fn begun(&self) -> impl Iterator<Item = u8> {
        let begun = (0_u8..).zip(&self.nights).filter(|(_, night)| night.week.is_some());
        begun.map(|(night, _)| night)
    }

    /// The query that a look at an instance by its name is.
    pub fn query_of_name(&self, name: &str) -> Query {
        if name == SOURCE.as_str() {
            return Query::Source;
        }
        let night = self.begun().find(|night| self.replica_id(*night).as_str() == name);
        Query::Named(night.expect("only names of replicas are asked for"))
    }

    /// The query that a look at events is.
    pub fn query_of_events(&self, name: &str) -> Query {
        match self.query_of_name(name) {
            Query::Named(night) => Query::Events(night),
            other => panic!("the events of {other:?} are nobody's business"),
        }
    }

    /// The query that reading an object is.
    pub fn query_of_key(&self, key: &str) -> Query {
        if key == keys::configuration(&SOURCE) {
            return Query::Configuration;
        }
        let query = |night| {
            let names = names(night, self.week_of(night));
            let kinds = [
                (&names.claim, Query::Claim(night)),
                (&names.verdict, Query::Verdict(night)),
                (&names.stop, Query::Stop(night)),
                (&names.evidence, Query::Evidence(night)),
            ];
            kinds.into_iter().find(|(name, _)| *name == key).map(|(_, query)| query)
        };
        self.begun().find_map(query).unwrap_or(Query::Nothing)
    }

    /// The name of a night's replica.
    pub fn replica_id(&self, night: u8) -> &'static ReplicaId {
        &names(night, self.week_of(night)).replica
    }

    /// The drill of a night that has begun.
    pub fn drill(&self, night: u8) -> &'static DrillId {
        &names(night, self.week_of(night)).drill
    }

    /// The week of a night that has begun.
    pub fn week_of(&self, night: u8) -> u8 {
        self.nights[usize::from(night)].week.expect("the night has begun")
    }

    /// The night of a drill.
    pub fn night_of(&self, drill: &DrillId) -> Option<u8> {
        self.begun().find(|night| self.drill(*night) == drill)
    }

    /// The name of the instance in a slot.
    pub fn name(&self, slot: usize) -> String {
        let replica = &self.replicas[slot];
        match replica.name {
            Name::OfItsDrill => self.replica_id(replica.night).to_string(),
            Name::Kept => format!("courses-kept-{slot}"),
            Name::OfSource => SOURCE.to_string(),
        }
    }

    /// The instance in a slot, as RDS describes it.
    fn replica(&self, slot: usize) -> Instance {
        let it = &self.replicas[slot];
        let drill = self.drill(it.night);
        let source = resource_id(it.source);
        let backup = snapshot_id(it.source, it.data);
        let data_at = calendar::data_at(it.data);
        let mut tags = replica_tags(&DEPLOYMENT, drill, &source, backup.as_str(), data_at);
        if it.is_held {
            tags.insert(TAG_HOLD.to_owned(), "by the model".to_owned());
        }
        let id = u8::try_from(slot).expect("few slots");
        let described = instance(&self.name(slot), resource_id(Some(id)), calendar::created(it.week));
        let is_made = it.status != Status::Creating;
        let stopped = it.stopped.filter(|_| it.status == Status::Stopped);
        Instance {
            status: match it.status {
                Status::Absent | Status::Gone => panic!("slot {slot} is empty"),
                Status::Creating => InstanceStatus::Creating,
                Status::Available => InstanceStatus::Available,
                Status::Stopping => InstanceStatus::Stopping,
                Status::Stopped => InstanceStatus::Stopped,
                Status::Failed => InstanceStatus::StorageFull,
                Status::Deleting => InstanceStatus::Deleting,
            },
            tags,
            endpoint: described.endpoint.filter(|_| is_made),
            created_at: described.created_at.filter(|_| is_made),
            automatic_restart_at: stopped
                .map(|stop| calendar::stopped(stop) + drill::retirement::AUTOMATIC_RESTART_AFTER),
            ..described
        }
    }

    /// Everything that RDS lists: production, what isn't ours and looks like it, and the replicas.
    pub fn instances(&self) -> Vec<Instance> {
        let long_ago = calendar::data_at(Data::LastMonth);
        let db = |text: &str| DbiResourceId::parse(text).expect("a DbiResourceId");
        let mut all = Vec::new();
        if self.has_source {
            all.push(instance(SOURCE.as_str(), resource_id(None), long_ago));
        }
        all.push(instance(LOOK_ALIKE, db("db-LOOKALIKE"), long_ago));
        let drill = DrillId::of(&SOURCE, long_ago).expect("a drill");
        all.push(Instance {
            tags: replica_tags(&DEPLOYMENT, &drill, &resource_id(None), "rds:long-ago", long_ago),
            ..instance(COPY, db("db-COPY"), long_ago)
        });
        all.extend((0..SLOTS).filter(|slot| self.replicas[*slot].exists()).map(|slot| self.replica(slot)));
        all
    }

    /// The newest automated snapshot of an instance: an hour older than the newest night that has begun.
    pub fn snapshots(&self, of: &DbiResourceId) -> Vec<Snapshot> {
        let newest = self.nights.iter().rposition(|night| night.week.is_some()).expect("a night has begun");
        let data = Data::Backup { week: self.week, night: u8::try_from(newest).expect("few nights") };
        vec![snapshot(&snapshot_id(slot_of(of), data))]
    }

    /// The messages of the events of the instance that bears the name, oldest first.
    pub fn events(&self, name: &str) -> Vec<(DateTime<Utc>, String)> {
        let mut events = Vec::new();
        for slot in (0..SLOTS).filter(|slot| self.replicas[*slot].exists() && self.name(*slot) == name) {
            let it = &self.replicas[slot];
            if it.status != Status::Creating {
                events.push((calendar::created(it.week), "Restored from snapshot.".to_owned()));
            }
            events.extend(it.stopped.map(|s| (calendar::stopped(s), "DB instance stopped".to_owned())));
            events.extend(calendar::started(it).map(|at| {
                let message = match it.started_by {
                    crate::state::StartedBy::Aws => {
                        "DB instance is being started due to it exceeding the maximum allowed time being stopped."
                    }
                    _ => "DB instance started",
                };
                (at, message.to_owned())
            }));
        }
        events
    }

    /// The object of the evidence bucket that a query asks for; `records` are those of nights.
    pub fn object(&self, query: Query, texts: &dyn Fn(&Self, Record) -> String) -> Option<String> {
        let records = |night| self.nights[usize::from(night)];
        let object = match query {
            Query::Configuration => return Some(configuration(self.discards_failures)),
            Query::Claim(night) => {
                let claim = records(night).claim?;
                let claimed_at = calendar::claimed(claim);
                json!(Claim {
                    drill: self.drill(night).clone(),
                    execution: arn(claim.exec.into()),
                    claimed_at
                })
            }
            Query::Verdict(night) => {
                let verdict = Some(records(night).verdict?);
                return Some(texts(self, Record { night, week: self.week_of(night), verdict, fate: None }));
            }
            Query::Evidence(night) => {
                let fate = Some(records(night).published?);
                let verdict = records(night).verdict;
                return Some(texts(self, Record { night, week: self.week_of(night), verdict, fate }));
            }
            Query::Stop(night) => {
                let stop = records(night).stop?;
                let resource_id = resource_id(Some(stop.slot));
                json!(StopRecord { resource_id, requested_at: calendar::acting(stop.week, stop.hour) })
            }
            _ => return None,
        };
        Some(object.to_string())
    }

    /// The folders of drills: those whose claim was written.
    pub fn folders(&self) -> Vec<String> {
        let claimed = (0_u8..).zip(&self.nights).filter(|(_, night)| night.claim.is_some());
        claimed.map(|(night, _)| self.drill(night).to_string()).collect()
    }
}

/// The configuration of the source.
pub fn configuration(discards_failures: bool) -> String {
    let disposal = if discards_failures { "delete" } else { "stop" };
    format!(
        "source = \"{}\"\n[replica]\ninstance_class = \"db.t4g.medium\"\nsubnet_group = \"restore-drill\"\n\
         security_groups = [\"sg-0a1b2c3d\"]\non_rejected = \"{disposal}\"\non_broken = \"{disposal}\"\n\
         [database]\nname = \"courses\"\n",
        *SOURCE
    )
}

/// Whether the tags of an instance, and nothing else, make it look like a replica of this source.
pub fn is_tagged_ours(instance: &Instance) -> bool {
    instance.tags.get(TAG_DEPLOYMENT).is_some_and(|tag| tag == DEPLOYMENT.as_str())
        && instance.tags.get(TAG_SOURCE).is_some_and(|tag| tag == SOURCE.as_str())
        && instance.tags.contains_key(TAG_DRILL)
}
