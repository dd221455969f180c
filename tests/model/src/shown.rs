//! What a step is shown: the instances, records and executions that a state stands for, as the real types.

use std::hash::{DefaultHasher, Hash, Hasher};

use drill::evidence::keys;
use drill::ids::{DrillId, ReplicaId};

use crate::state::{EXECS, NIGHTS_MAX, Name, Night, Replica, SLOTS};

mod instances;
mod names;
mod records;

pub use instances::is_tagged_ours;
use names::names;
pub use names::{
    COPY, DEPLOYMENT, LOOK_ALIKE, SOURCE, WEEKS_MAX, arn, exec_of, resource_id, slot_of, snapshot,
    snapshot_id, snapshot_of,
};
pub use records::Record;

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
}
