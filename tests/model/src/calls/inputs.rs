//! What each step is given, as the state machine would give it.

use chrono::{DateTime, Utc};
use drill::configuration::PromotionSettings;
use drill::observation::{Awaited, Goal};
use drill::plan::{DrillRequest, Execution, Plan};
use drill::promotion::Promotion;
use drill::steps::{Restored, abandon_drill, publish_report};
use serde_json::{Value, json};

use super::{Call, Step, Vars, settings};
use crate::calendar;
use crate::shown::{self, Shown};
use crate::state::Kind;

pub(super) fn now(call: Call, first: &Shown) -> DateTime<Utc> {
    match call.step {
        Step::Plan { is_redriven } => {
            let own = first.nights[usize::from(call.night)].claim.filter(|c| c.exec == call.exec);
            let count = first.nights.iter().filter(|night| night.claim.is_some()).count();
            match own {
                Some(_) if is_redriven => calendar::planned_again(first.week),
                Some(claim) => calendar::planned(first.week, claim.order),
                None => calendar::planned(first.week, u8::try_from(count).expect("few nights")),
            }
        }
        Step::Observe { is_late: false } => calendar::looking(first.week, first.hour),
        Step::Observe { is_late: true } => calendar::looking_late(first.week),
        _ => calendar::acting(first.week, first.hour),
    }
}

fn request_json(shown: &Shown, call: Call) -> Value {
    let drill = shown.drill(call.night);
    let (backup, keep) = match call.kind {
        Kind::Nightly => (json!("latest"), "standby"),
        Kind::Discarded => (json!("latest"), "discard"),
        Kind::Old => (json!({"snapshot": "last-month"}), "standby"),
        Kind::OldDiscarded => (json!({"snapshot": "last-month"}), "discard"),
    };
    let scheduled_at = drill::ids::rfc3339(drill.scheduled_at());
    json!({"source": *shown::SOURCE, "scheduled_at": scheduled_at, "backup": backup, "keep": keep})
}

pub(super) fn request(shown: &Shown, call: Call) -> DrillRequest {
    serde_json::from_value(request_json(shown, call)).expect("a request")
}

pub(super) fn execution(shown: &Shown, call: Call) -> Execution {
    Execution { id: shown::arn(call.exec.into()), started_at: shown.drill(call.night).scheduled_at() }
}

pub(super) fn plan(vars: &Vars) -> Plan {
    vars.plan.clone().expect("it was planned")
}

pub(super) fn restored(vars: &Vars) -> Restored {
    vars.restored.clone().expect("it was restored")
}

pub(super) fn waiting(vars: &Vars, goal: Goal, awaited: Vec<Awaited>, began_at: DateTime<Utc>) -> Vars {
    Vars { goal: Some(goal), awaited, began_at: Some(began_at), ..vars.clone() }
}

pub(super) fn abandoned(first: &Shown, call: Call, vars: &Vars) -> abandon_drill::Input {
    abandon_drill::Input {
        request: request_json(first, call),
        execution: execution(first, call),
        plan: vars.plan.clone(),
        restored: vars.restored.clone(),
        stop: vars.stop.clone(),
        failure: abandon_drill::Caught { error: "States.TaskFailed".to_owned(), cause: String::new() },
    }
}

pub(super) fn ended(vars: &Vars, stopped_at: DateTime<Utc>) -> publish_report::Input {
    publish_report::Input {
        plan: plan(vars),
        restored: restored(vars),
        stop: vars.stop.clone().expect("the stop was asked for"),
        stopped_at,
        retired: vars.retired.clone().expect("it was retired"),
    }
}

/// A promotion that leaves the replica's settings as they are, so that its turns are those that concern others.
pub(super) fn promotion(first: &Shown, call: Call) -> Promotion {
    let wanted = PromotionSettings {
        security_groups: Vec::new(),
        parameter_group: None,
        instance_class: None,
        backup_retention_days: 0,
        multi_az: false,
        deletion_protection: false,
    };
    Promotion {
        settings: settings(),
        replica: first.replica_id(call.night).clone(),
        resource_id: shown::resource_id(Some(call.exec)),
        wanted,
        by: "a person".to_owned(),
    }
}
