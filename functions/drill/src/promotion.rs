//! Making a replica production: which one may be, and which step comes next.
//!
//! Decides from what RDS and the evidence said in the same turn, never from what an earlier turn did: a
//! promotion that was interrupted goes on where it stopped, by the same rules. Never acts; [`Promotion`] does.
//!
//! The order keeps two promises. The hold and the mark come first, so that nothing else of ours touches the
//! replica while it is half production; the tags by which it is ours go last, so that a promotion that stopped
//! anywhere is found again. What has none of them left is production, and is never changed from here again.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::configuration::PromotionSettings;
use crate::evidence::Evidence;
use crate::ids::{DbiResourceId, DrillId, ReplicaId, rfc3339};
use crate::instance::{Instance, InstanceStatus, StatusClass};
use crate::ownership::{
    NotOurs, OwnedReplica, Ownership, TAG_DEPLOYMENT, TAG_DRILL, TAG_HOLD, TAG_PROMOTED, is_tagged_ours,
};
use crate::ports::{Changes, Observed};

mod carry;
mod choose;
mod foresee;
mod words;

pub use carry::{Outcome, Promotion, Turn};
pub use choose::{Choice, Refusal, Wish, choose};
pub use foresee::plan;
pub use words::{NOT_DONE, kept_as_restored, remaining};

/// The longest value of a tag (Amazon RDS User Guide, "Tagging Amazon RDS resources").
const TAG_VALUE_MAX: usize = 256;

/// Why an instance isn't promoted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPromotable {
    /// It isn't a replica of this deployment.
    #[error("{0}")]
    NotOurs(NotOurs),
    /// Somebody else holds it.
    #[error("somebody holds it: its tag {TAG_HOLD} says {0:?}")]
    Held(String),
    /// No evidence says verified of this very instance.
    #[error("no evidence says that drill {0} verified it")]
    Unverified(DrillId),
    /// RDS can't start it, or deletes it.
    #[error("it is {0}")]
    Status(InstanceStatus),
}

/// Proof that an instance is a verified replica of this deployment which nobody but a promotion holds. All calls
/// of a promotion take it instead of a name.
///
/// Its only constructor is [`Promotable::confirm`], on what RDS said in the same turn. A name won't do:
/// ```compile_fail,E0308
/// # use drill::{ids::*, ports::*};
/// async fn start(rds: &impl PromoteReplica, replica: &ReplicaId) -> Result<(), RdsError> {
///     rds.start(replica).await
/// }
/// ```
/// and the proof does:
/// ```
/// # use drill::{promotion::*, ports::*};
/// async fn start(rds: &impl PromoteReplica, replica: &Promotable) -> Result<(), RdsError> {
///     rds.start(replica).await
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promotable {
    id: ReplicaId,
    arn: String,
    resource_id: DbiResourceId,
    drill: DrillId,
    data_at: DateTime<Utc>,
}

impl Promotable {
    /// Confirms that `observed`, as RDS described it in this turn, may be made production or is on the way to it.
    ///
    /// # Errors
    /// [`NotPromotable`] with the first thing that speaks against it.
    pub fn confirm(
        observed: &Observed,
        ownership: &Ownership,
        verdict: Option<&Evidence>,
    ) -> Result<Self, NotPromotable> {
        let instance = &observed.instance;
        let (id, drill) = identify(instance, ownership)?;
        let Some(data_at) = verified_data_at(instance, &drill, verdict) else {
            return Err(NotPromotable::Unverified(drill));
        };
        let status = &instance.status;
        if status.class() == StatusClass::Terminal || status.is_being_deleted() {
            return Err(NotPromotable::Status(status.clone()));
        }
        let resource_id = instance.resource_id.clone();
        Ok(Self { id, arn: observed.arn.clone(), resource_id, drill, data_at })
    }

    /// Its DB instance identifier.
    pub fn id(&self) -> &ReplicaId {
        &self.id
    }
    /// Its ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }
    /// Its identity that is never reused.
    pub fn resource_id(&self) -> &DbiResourceId {
        &self.resource_id
    }
    /// The drill that made and verified it.
    pub fn drill(&self) -> &DrillId {
        &self.drill
    }
    /// The time of the data in it, by the evidence.
    pub fn data_at(&self) -> DateTime<Utc> {
        self.data_at
    }
}

/// The drill of a promotion that the instance is marked with.
pub fn marked_drill(instance: &Instance) -> Option<DrillId> {
    DrillId::parse(instance.tags.get(TAG_PROMOTED)?).ok()
}

/// Whether the instance is production by a promotion that was completed.
pub fn is_promoted(instance: &Instance) -> bool {
    marked_drill(instance).is_some() && !is_tagged_ours(instance)
}

/// Whose it is: by our tags before the mark is on it, by the mark and its name from then on.
fn identify(instance: &Instance, ownership: &Ownership) -> Result<(ReplicaId, DrillId), NotPromotable> {
    let wrong = |tag: &'static str, found: &str| {
        Err(NotPromotable::NotOurs(NotOurs::Tag { tag, found: format!("{found:?}") }))
    };
    let Some(mark) = instance.tags.get(TAG_PROMOTED) else {
        return match OwnedReplica::confirm(instance, ownership) {
            Ok(replica) => Ok((replica.id().clone(), replica.drill().clone())),
            Err(NotOurs::Held) => {
                Err(NotPromotable::Held(instance.tags.get(TAG_HOLD).cloned().unwrap_or_default()))
            }
            Err(reason) => Err(NotPromotable::NotOurs(reason)),
        };
    };
    let Ok(drill) = DrillId::parse(mark) else { return wrong(TAG_PROMOTED, mark) };
    for (tag, expected) in [(TAG_DEPLOYMENT, ownership.deployment.as_str()), (TAG_DRILL, drill.as_str())] {
        if let Some(found) = instance.tags.get(tag).filter(|found| *found != expected) {
            return wrong(tag, found);
        }
    }
    if ownership.source_resource_ids.contains(&instance.resource_id) {
        return Err(NotPromotable::NotOurs(NotOurs::IsSource));
    }
    let id = ReplicaId::of(&ownership.deployment, &drill);
    if instance.id != id.as_str() {
        let renamed = NotOurs::Name { expected: id.to_string(), found: instance.id.clone() };
        return Err(NotPromotable::NotOurs(renamed));
    }
    Ok((id, drill))
}

/// The time of the data, where the evidence says verified of this very instance.
fn verified_data_at(
    instance: &Instance,
    drill: &DrillId,
    verdict: Option<&Evidence>,
) -> Option<DateTime<Utc>> {
    let verdict = verdict.filter(|e| e.verifies(drill, &instance.resource_id))?;
    verdict.backup.as_ref().map(|backup| backup.data_at)
}

/// One step of a promotion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Put the hold and the mark on.
    Hold,
    /// Something is under way in RDS: look again later.
    Wait,
    /// Start it.
    Start,
    /// Let applications in and make it what production is: security groups, parameter group, class, protection.
    Configure(Changes),
    /// Put the parameter group in force.
    Reboot,
    /// Begin what RDS goes on with while it serves: backups, the second copy.
    Protect(Changes),
    /// Take the tags off by which it is ours.
    Disown,
    /// It is production.
    Done,
}

/// The next step, by what RDS says now.
pub fn next(observed: &Observed, wanted: &PromotionSettings) -> Step {
    let instance = &observed.instance;
    if is_promoted(instance) {
        return Step::Done;
    }
    // The deployment's tag is what rights go by: without it nothing is left but to take the others off.
    if !instance.tags.contains_key(TAG_DEPLOYMENT) && instance.tags.contains_key(TAG_PROMOTED) {
        return Step::Disown;
    }
    if !instance.tags.contains_key(TAG_HOLD) || !instance.tags.contains_key(TAG_PROMOTED) {
        return Step::Hold;
    }
    let is_ready = match instance.status.class() {
        StatusClass::Stopped => return Step::Start,
        StatusClass::Ready => true,
        // A changed instance and one that is backed up answer queries, and take no further change.
        _ if matches!(instance.status, InstanceStatus::Modifying | InstanceStatus::BackingUp) => false,
        _ => return Step::Wait,
    };
    let or_wait = |step: Step| if is_ready { step } else { Step::Wait };
    let service = &observed.service;
    let configure = to_configure(observed, wanted);
    if configure != Changes::default() {
        return or_wait(Step::Configure(configure));
    }
    if service.is_changing {
        return Step::Wait;
    }
    if service.is_reboot_pending && wanted.parameter_group.is_some() {
        return or_wait(Step::Reboot);
    }
    let protect = Changes {
        backup_retention_days: differing(&service.backup_retention_days, &wanted.backup_retention_days),
        multi_az: differing(&service.multi_az, &wanted.multi_az),
        ..Changes::default()
    };
    if protect != Changes::default() {
        return or_wait(Step::Protect(protect));
    }
    Step::Disown
}

/// What must hold before the first application connects.
fn to_configure(observed: &Observed, wanted: &PromotionSettings) -> Changes {
    let service = &observed.service;
    let sorted = |groups: &[String]| {
        let mut groups = groups.to_vec();
        groups.sort_unstable();
        groups
    };
    let has_groups = sorted(&service.security_groups) == sorted(&wanted.security_groups);
    let group =
        wanted.parameter_group.as_ref().filter(|group| service.parameter_group.as_ref() != Some(group));
    let class = wanted.instance_class.as_ref().filter(|class| service.instance_class != **class);
    Changes {
        security_groups: (!has_groups).then(|| wanted.security_groups.clone()),
        parameter_group: group.cloned(),
        instance_class: class.cloned(),
        deletion_protection: differing(&observed.instance.deletion_protection, &wanted.deletion_protection),
        ..Changes::default()
    }
}

fn differing<T: PartialEq + Copy>(found: &T, wanted: &T) -> Option<T> {
    (found != wanted).then_some(*wanted)
}

/// The tags that begin a promotion: the hold says by whom and when, the mark says of which drill.
fn first_tags(drill: &DrillId, by: &str, now: DateTime<Utc>) -> BTreeMap<String, String> {
    let is_allowed = |c: &char| c.is_alphanumeric() || " _.:/=+-@".contains(*c);
    let hold: String = format!("promoted at {} by {by}", rfc3339(now)).chars().filter(is_allowed).collect();
    let hold = hold.chars().take(TAG_VALUE_MAX).collect();
    [(TAG_HOLD.to_owned(), hold), (TAG_PROMOTED.to_owned(), drill.to_string())].into()
}
