//! What a promotion will do, by its own rules: each step is followed by what RDS would then say.
//!
//! A forecast for the person who is asked. What is done follows from what RDS says then.

use crate::configuration::PromotionSettings;
use crate::ids::DrillId;
use crate::instance::InstanceStatus;
use crate::ownership::{OWNERSHIP_TAGS, TAG_HOLD, TAG_PROMOTED};
use crate::ports::{Changes, Observed};

use super::{Step, next};

/// More steps than any promotion has: a forecast that doesn't end is a mistake of the rules.
const STEPS_MAX: usize = 32;

/// The steps that lie ahead, in their order, the waiting between them left out.
pub fn plan(observed: &Observed, drill: &DrillId, wanted: &PromotionSettings) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut seen = observed.clone();
    for _ in 0..STEPS_MAX {
        let step = next(&seen, wanted);
        foresee(&mut seen, drill, &step);
        match step {
            Step::Done => break,
            Step::Wait => {}
            step => steps.push(step),
        }
    }
    steps
}

/// What RDS says after the step.
fn foresee(seen: &mut Observed, drill: &DrillId, step: &Step) {
    let instance = &mut seen.instance;
    match step {
        Step::Hold => {
            instance.tags.entry(TAG_HOLD.to_owned()).or_default();
            instance.tags.insert(TAG_PROMOTED.to_owned(), drill.to_string());
        }
        Step::Wait => {
            let is_stopping = instance.status == InstanceStatus::Stopping;
            instance.status = if is_stopping { InstanceStatus::Stopped } else { InstanceStatus::Available };
            seen.service.is_changing = false;
        }
        Step::Start => instance.status = InstanceStatus::Available,
        Step::Configure(changes) | Step::Protect(changes) => take(seen, changes),
        Step::Reboot => seen.service.is_reboot_pending = false,
        Step::Disown => instance.tags.retain(|tag, _| !OWNERSHIP_TAGS.contains(&tag.as_str())),
        Step::Done => {}
    }
}

fn take(seen: &mut Observed, changes: &Changes) {
    let service = &mut seen.service;
    if let Some(groups) = &changes.security_groups {
        service.security_groups.clone_from(groups);
    }
    if let Some(group) = &changes.parameter_group {
        service.parameter_group = Some(group.clone());
        service.is_reboot_pending = true;
    }
    if let Some(class) = &changes.instance_class {
        service.instance_class.clone_from(class);
    }
    if let Some(is_protected) = changes.deletion_protection {
        seen.instance.deletion_protection = is_protected;
    }
    if let Some(days) = changes.backup_retention_days {
        service.backup_retention_days = days;
    }
    if let Some(multi_az) = changes.multi_az {
        service.multi_az = multi_az;
    }
}
