//! The ports that look at RDS, over the model of its control plane.

use chrono::TimeDelta;
use drill::ids::DbiResourceId;
use drill::instance::{Endpoint, Instance, InstanceStatus};
use drill::ownership::{TAG_HOLD, TAG_PROMOTED};
use drill::ports::{RdsError, RdsErrorKind, ReadInstances};
use rds_double::model::{self, ApiError, InstanceQuery, Page, PageRequest, View};

use crate::dice::Dice;
use crate::fault::{Fault, Kind, Sight};
use crate::invocation::{Call, Failing, Ports, Says};
use crate::mutant::Mutant;
use crate::world::{Shown, State};

/// How long RDS may show what was before a change.
pub(crate) const STALE_MAX: TimeDelta = TimeDelta::seconds(60);

impl Failing for RdsError {
    fn failing(fault: Fault, operation: &'static str, subject: &str, dice: &mut Dice) -> Self {
        let refusals = [
            (RdsErrorKind::Denied, "AccessDenied"),
            (RdsErrorKind::InvalidState, "InvalidDBInstanceState"),
            (RdsErrorKind::Rejected, "InvalidParameterCombination"),
        ];
        let (kind, code) = match (fault, operation) {
            (Fault::Throttled, _) => (RdsErrorKind::Throttled, "Throttling"),
            (Fault::Refused, RESTORE) => (RdsErrorKind::Refused, "InsufficientDBInstanceCapacity"),
            (Fault::Refused, STOP | DELETE) => *dice.pick(&refusals),
            (Fault::Refused, _) => refusals[0],
            _ => (RdsErrorKind::Unavailable, "InternalFailure"),
        };
        Self { kind, operation, code: code.to_owned(), message: format!("a fault, for {subject}") }
    }
}

pub(crate) const RESTORE: &str = "RestoreDBInstance";
pub(crate) const STOP: &str = "StopDBInstance";
pub(crate) const DELETE: &str = "DeleteDBInstance";

/// The error of the model as the adapter sorts it (`functions/aws/src/rds/error.rs`).
pub(crate) fn refused(operation: &'static str, error: &ApiError) -> RdsError {
    let kind = match error.code.as_ref() {
        "DBInstanceNotFound" | "DBSnapshotNotFound" | "DBInstanceAutomatedBackupNotFound" => {
            RdsErrorKind::NotFound
        }
        "InvalidDBInstanceState" | "InvalidDBSnapshotState" => RdsErrorKind::InvalidState,
        code if code.ends_with("QuotaExceeded") => RdsErrorKind::Refused,
        _ => RdsErrorKind::Rejected,
    };
    RdsError { kind, operation, code: error.code.to_string(), message: error.message.clone() }
}

/// The instance as the adapter translates it (`functions/aws/src/rds/translate.rs`).
pub(crate) fn translated(instance: &model::Instance) -> Instance {
    Instance {
        id: instance.id.clone(),
        resource_id: DbiResourceId::parse(instance.resource_id.as_str()).expect("the model's ids are good"),
        status: InstanceStatus::parse(instance.status.as_str()),
        tags: instance.tags.iter().map(|t| (t.key.clone(), t.value.clone())).collect(),
        endpoint: instance.endpoint.as_ref().map(|e| Endpoint { host: e.host.clone(), port: e.port }),
        engine: "postgres".to_owned(),
        engine_version: instance.engine_version.clone(),
        created_at: instance.created_at,
        automatic_restart_at: instance.automatic_restart_at(),
        instance_class: instance.settings.class.clone(),
        allocated_storage_gib: instance.settings.allocated_storage_gib,
        deletion_protection: instance.settings.deletion_protection,
    }
}

/// All pages.
pub(crate) fn all<T>(
    mut page_of: impl FnMut(PageRequest) -> Result<Page<T>, ApiError>,
) -> Result<Vec<T>, ApiError> {
    let mut items = Vec::new();
    let mut marker = None;
    loop {
        let page = page_of(PageRequest { max_records: Some(100), marker })?;
        items.extend(page.items);
        marker = page.marker;
        if marker.is_none() {
            return Ok(items);
        }
    }
}

impl State {
    /// Every instance, as it is.
    pub(crate) fn instances(&self) -> impl Iterator<Item = &model::Instance> {
        self.shown.keys().filter_map(|id| self.plane.instance_by_resource(id))
    }

    /// Every instance, as a look shows it: a stale one shows what changed in the last minute as it was.
    fn seen(&self, sight: Sight) -> Vec<Instance> {
        if sight == Sight::Empty {
            return Vec::new();
        }
        let is_new = |id: &str| self.shown.get(id).is_some_and(|(at, _)| self.now - *at < STALE_MAX);
        let is_hidden = |id: &str| sight == Sight::Stale && is_new(id);
        let mut seen: Vec<Instance> =
            self.instances().filter(|i| !is_hidden(i.resource_id.as_str())).map(translated).collect();
        if sight == Sight::Stale {
            let query = |page| InstanceQuery { page, ..InstanceQuery::default() };
            let before = all(|page| self.plane.describe_instances(self.now, &query(page), View::Stale));
            let before = before.expect("asking for all is no error").into_iter().map(|v| v.instance);
            seen.extend(before.filter(|i| is_new(i.resource_id.as_str())).map(|i| translated(&i)));
        }
        seen.sort_by(|a, b| a.id.cmp(&b.id));
        seen
    }

    /// An instance was made: from now on it is looked at.
    pub(crate) fn made(&mut self, instance: &model::Instance) {
        self.truth.names_changed.insert(instance.id.clone(), self.now);
        self.shown.insert(instance.resource_id.as_str().to_owned(), (self.now, Shown::of(instance)));
    }

    /// Notes what RDS shows otherwise than at the last look.
    pub(crate) fn look_for_changes(&mut self) {
        let Self { plane, shown, truth, tale, now, .. } = self;
        shown.retain(|id, (at, before)| match plane.instance_by_resource(id) {
            Some(instance) => {
                if before.is_of(instance) {
                    return true;
                }
                if before.name != instance.id {
                    truth.names_changed.insert(instance.id.clone(), *now);
                    // Until its new name is there a person's wish shows in nothing but the status.
                    if let Some(replica) = truth.replicas.get_mut(id) {
                        replica.by_person.renamed_at.get_or_insert(*now);
                    }
                }
                if instance.status.as_str() == "stopped"
                    && let Some(replica) = truth.replicas.get_mut(id)
                {
                    replica.has_stood_by |= replica.verified_at.is_some();
                }
                tale.say(*now, || format!("    {} is {}", instance.id, instance.status));
                (*at, *before) = (*now, Shown::of(instance));
                true
            }
            // What is gone can still be seen for a while.
            None if before.status == "gone" => *now - *at <= STALE_MAX,
            None => {
                tale.say(*now, || format!("    {} is gone", before.name));
                "gone".clone_into(&mut before.status);
                *at = *now;
                true
            }
        });
    }
}

impl Shown {
    fn of(instance: &model::Instance) -> Self {
        Self {
            name: instance.id.clone(),
            status: instance.status.to_string(),
            tags: instance.tags.len(),
            has_endpoint: instance.endpoint.is_some(),
            is_protected: instance.settings.deletion_protection,
        }
    }

    fn is_of(&self, instance: &model::Instance) -> bool {
        self.name == instance.id
            && self.status == instance.status.as_str()
            && self.tags == instance.tags.len()
            && self.has_endpoint == instance.endpoint.is_some()
            && self.is_protected == instance.settings.deletion_protection
    }
}

impl ReadInstances for Ports {
    async fn instance(&self, id: &str) -> Result<Option<Instance>, RdsError> {
        let call =
            Call { operation: "DescribeDBInstances", subject: id, kind: Kind::Look, says: Says::Nothing };
        self.call(call, |s, sight| {
            if sight == Sight::Empty {
                // Which the adapter takes for no answer: asked by name RDS gives one or an error.
                return Err(RdsError::failing(Fault::LostRequest, "DescribeDBInstances", id, &mut s.dice));
            }
            let found = match sight {
                Sight::Current => s.plane.instance(id).ok().map(translated),
                _ => s.seen(sight).into_iter().find(|i| i.id == id),
            };
            Ok(found.map(|i| s.mutated(i)))
        })
        .await
    }

    async fn instances(&self) -> Result<Vec<Instance>, RdsError> {
        let call =
            Call { operation: "DescribeDBInstances", subject: "all", kind: Kind::Look, says: Says::Nothing };
        self.call(call, |s, sight| {
            let page = if s.mutant == Some(Mutant::FirstPageOnly) { 3 } else { usize::MAX };
            Ok(s.seen(sight).into_iter().take(page).map(|i| s.mutated(i)).collect())
        })
        .await
    }
}

impl State {
    fn mutated(&self, mut instance: Instance) -> Instance {
        if self.mutant == Some(Mutant::HoldUnseen) {
            instance.tags.remove(TAG_HOLD);
        }
        if self.mutant == Some(Mutant::PromotionUnseen) {
            instance.tags.remove(TAG_PROMOTED);
        }
        instance
    }
}
