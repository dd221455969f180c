//! What really happened: who made which instance and who did what to it, by the identity that is never
//! reused. The invariants are judged by this and by the model of RDS, never by what the product thinks.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use drill::measurement::BlockRange;

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// An invocation of the product.
    Product,
    /// A person.
    Person,
}

/// A replica: an instance that a restore of the product made.
#[derive(Debug, Clone)]
pub(crate) struct Replica {
    /// The name that it was made with.
    pub(crate) name: String,
    /// The source and the scheduled time, as the execution was started for.
    pub(crate) drill: String,
    pub(crate) source: String,
    /// The time of the data that it was restored from.
    pub(crate) data_at: DateTime<Utc>,
    /// When a verdict that says verified of it was written.
    pub(crate) verified_at: Option<DateTime<Utc>>,
    /// Whether it was to be discarded, whatever its verdict.
    pub(crate) is_to_be_discarded: bool,
    /// Whether it was seen stopped since it was verified.
    pub(crate) has_stood_by: bool,
    /// When the product last asked it to stop, with effect.
    pub(crate) stop_asked_at: Option<DateTime<Utc>>,
    /// When the product last noted that it is about to ask, which it does before each try, and which invocation
    /// did.
    pub(crate) stop_noted: Option<(DateTime<Utc>, u64)>,
    pub(crate) by_person: ByPerson,
    /// When a status was forced on it from outside.
    pub(crate) forced_at: Option<DateTime<Utc>>,
    /// When it was asked to go, and by whom.
    pub(crate) deleted: Option<(DateTime<Utc>, Who)>,
}

/// What people did to a replica, each since when.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_field_names, reason = "each is an instant, and says which")]
pub(crate) struct ByPerson {
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) stopped_at: Option<DateTime<Utc>>,
    pub(crate) held_at: Option<DateTime<Utc>>,
    pub(crate) renamed_at: Option<DateTime<Utc>>,
    pub(crate) protected_at: Option<DateTime<Utc>>,
    pub(crate) promoted_at: Option<DateTime<Utc>>,
    /// Tags of ours were taken off or changed.
    pub(crate) untagged_at: Option<DateTime<Utc>>,
    pub(crate) modified_at: Option<DateTime<Utc>>,
}

impl ByPerson {
    /// Whether a person did anything at all to it.
    pub(crate) fn is_anything(&self) -> bool {
        let Self { started_at, stopped_at, held_at, renamed_at, .. } = self;
        let Self { protected_at, promoted_at, untagged_at, modified_at, .. } = self;
        [started_at, stopped_at, held_at, renamed_at, protected_at, promoted_at, untagged_at, modified_at]
            .iter()
            .any(|at| at.is_some())
    }
}

/// Our stop and a person's can't be told apart within this time; the library says so
/// (`functions/drill/src/retirement.rs`, `STOP_MAX`).
const STOPS_APART: TimeDelta = TimeDelta::hours(2);

impl Replica {
    /// Why a person's wish forbids to stop or delete it, as it was at that instant; nothing when none does.
    pub(crate) fn wish_of_person(&self, at: DateTime<Utc>) -> Option<&'static str> {
        let since = |moment: Option<DateTime<Utc>>| moment.is_some_and(|m| m <= at);
        let p = &self.by_person;
        if since(p.held_at) {
            return Some("a person holds it");
        }
        if since(p.renamed_at) {
            return Some("a person renamed it");
        }
        if since(p.promoted_at) {
            return Some("a person promoted it");
        }
        if since(p.untagged_at) {
            return Some("a person took its tags off");
        }
        let started_at = p.started_at.filter(|s| *s <= at)?;
        match p.stopped_at.filter(|s| *s >= started_at) {
            None => Some("a person started it"),
            Some(stopped_at) => {
                let is_far = self.stop_asked_at.is_none_or(|asked| stopped_at > asked + STOPS_APART);
                (is_far && stopped_at <= at).then_some("a person started and stopped it")
            }
        }
    }

    /// Whether it was verified, and can stand in for another.
    pub(crate) fn stands_by(&self) -> bool {
        self.verified_at.is_some() && self.has_stood_by
    }
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Truth {
    /// Every replica that there ever was, by its `DbiResourceId`.
    pub(crate) replicas: BTreeMap<String, Replica>,
    /// When a restore of a drill first took effect.
    pub(crate) restored_at: BTreeMap<String, DateTime<Utc>>,
    /// What was measured in which instance: units by their names.
    measured: BTreeMap<String, BTreeSet<String>>,
    /// Up to which block a table was counted, piece after piece.
    counted: BTreeMap<(String, String), Vec<BlockRange>>,
    /// When an instance of that name was last another one: `DbiResourceId` changes under names.
    pub(crate) names_changed: BTreeMap<String, DateTime<Utc>>,
}

impl Truth {
    /// Whether an instance was made by the product.
    pub(crate) fn is_ours(&self, resource_id: &str) -> bool {
        self.replicas.contains_key(resource_id)
    }

    /// Something was measured in an instance.
    pub(crate) fn note(&mut self, instance: &str, unit: String) {
        self.measured.entry(instance.to_owned()).or_default().insert(unit);
    }

    /// Some blocks of a table were counted in an instance; once they are all of its blocks, the table was.
    pub(crate) fn note_rows(&mut self, instance: &str, table: &str, range: BlockRange) {
        let ranges = self.counted.entry((instance.to_owned(), table.to_owned())).or_default();
        ranges.push(range);
        ranges.sort();
        let mut reached = Some(0);
        for range in ranges.iter() {
            if reached.is_some_and(|to| range.from <= to) {
                reached = range.to.map(|to| to.max(reached.unwrap_or(to)));
            }
        }
        if reached.is_none() {
            self.note(instance, format!("count {table}"));
        }
    }

    /// Whether that was measured in the instance.
    pub(crate) fn is_measured(&self, instance: &str, unit: &str) -> bool {
        self.measured.get(instance).is_some_and(|units| units.contains(unit))
    }
}
