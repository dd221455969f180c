//! What the state machine passes in: every step's input and the request that starts a drill. A changed one is
//! refused at the field, or carried out without a panic.

use std::fmt::Debug;

use chrono::TimeDelta;
use drill::error::{StepError, WireName};
use drill::plan::{DrillRequest, Plan};
use drill::steps::*;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::mutation::{Mutation, mutated, mutations, odd_value};
use crate::support::*;

macro_rules! example {
    ($file:literal) => {
        include_str!(concat!("../../../../statemachine/examples/", $file))
    };
}

/// The input of an example.
fn input_of(example: &str) -> String {
    serde_json::from_str::<Value>(example).unwrap()["input"].to_string()
}

/// The input after the changes, as Lambda hands it over; `None` when that isn't JSON any more.
fn read<I>(example: &str, changes: &[Mutation]) -> Option<I>
where
    I: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let text = mutated(&input_of(example), changes);
    let value: Value = serde_json::from_str(&text).ok()?;
    let input: I = serde_path_to_error::deserialize(value).ok()?;
    let written = serde_json::to_value(&input).unwrap();
    assert_eq!(serde_json::from_value::<I>(written).unwrap(), input, "it reads back as it was written");
    Some(input)
}

/// A world in which the drill of the plan is claimed by its execution, and its replica is there.
fn world_of(plan: &Plan) -> World {
    let world = World::new();
    world.claim(&plan.drill, &plan.execution.id, world.now());
    let mut instance = replica_of(&plan.deployment, &plan.drill);
    instance.id = plan.replica.to_string();
    world.leave(&night_of(20), &replica(&night_of(20)), drill::evidence::Verdict::Verified);
    world.add(instance);
    world
}

/// An error is one that people can act on.
fn is_told<O>(answer: Result<O, StepError>) {
    if let Err(error) = answer {
        assert!(!error.fact.is_empty(), "{error:?}");
    }
}

/// A step that takes a plan and the ports of the world.
macro_rules! step {
    ($claim:ident, $module:ident, $file:literal) => {
        proptest! {
            #[test]
            fn $claim(changes in mutations()) {
                if let Some(input) = read::<$module::Input>(example!($file), &changes) {
                    let world = world_of(&input.plan);
                    is_told(ready($module::run(&world, &world.settings, input, world.now())));
                }
            }
        }
    };
}

step!(a_changed_input_of_restore_replica_never_panics, restore_replica, "RestoreReplica.json");
step!(a_changed_input_of_observe_replica_never_panics, observe_replica, "ObserveReplica.json");
step!(a_changed_input_of_record_measurements_never_panics, record_measurements, "RecordMeasurements.json");
step!(a_changed_input_of_judge_drill_never_panics, judge_drill, "JudgeDrill.json");
step!(a_changed_input_of_stop_replica_never_panics, stop_replica, "StopReplica.json");
step!(a_changed_input_of_retire_previous_never_panics, retire_previous, "RetirePrevious.json");
step!(a_changed_input_of_publish_report_never_panics, publish_report, "PublishReport.json");

proptest! {
    #[test]
    fn a_changed_input_of_plan_drill_never_panics(changes in mutations()) {
        if let Some(input) = read::<plan_drill::Input>(example!("PlanDrill.json"), &changes) {
            let world = World::new();
            is_told(ready(plan_drill::run(&world, &world.settings, input, world.now())));
        }
    }

    #[test]
    fn a_changed_input_of_plan_checks_never_panics(changes in mutations()) {
        if let Some(input) = read::<plan_checks::Input>(example!("PlanChecks.json"), &changes) {
            let now = World::new().now();
            is_told(ready(plan_checks::run(&Database::new(), input, now, || now + TimeDelta::seconds(1))));
        }
    }

    #[test]
    fn a_changed_input_of_run_check_never_panics(changes in mutations()) {
        if let Some(mut input) = read::<run_check::Input>(example!("RunCheck.json"), &changes) {
            let (database, now) = (Database::new(), World::new().now());
            // The plan of this database, so that it is measured and not only found changed.
            let checks = plan_checks::Input { plan: input.plan.clone(), available: input.available.clone() };
            if let Ok(checks) = ready(plan_checks::run(&database, checks, now, || now)) {
                (input.digest, input.cuts) = (checks.digest, checks.cuts);
            }
            let budget = std::time::Duration::from_mins(14);
            is_told(ready(run_check::run(&database, input, now, budget, || std::time::Duration::ZERO)));
        }
    }

    #[test]
    fn any_resume_of_run_check_is_carried_out_without_a_panic(
        part in any::<u32>(), unit in prop_oneof![0_usize..8, any::<usize>()], block in any::<u32>(), rows in any::<u64>(),
        shard in prop_oneof![0_usize..5, any::<usize>()], readers_max in 0_usize..20,
    ) {
        let (database, now) = (Database::new(), World::new().now());
        let mut input: run_check::Input = read(example!("RunCheck.json"), &[]).unwrap();
        let checks = plan_checks::Input { plan: input.plan.clone(), available: input.available.clone() };
        let checks = ready(plan_checks::run(&database, checks, now, || now)).unwrap();
        (input.digest, input.cuts, input.shard, input.readers_max) = (checks.digest, checks.cuts, shard, readers_max);
        input.resume = Some(run_check::Resume { part, unit, block, rows });
        let budget = std::time::Duration::from_mins(14);
        is_told(ready(run_check::run(&database, input, now, budget, || std::time::Duration::ZERO)));
    }

    #[test]
    fn a_changed_input_of_abandon_drill_never_panics(changes in mutations()) {
        if let Some(input) = read::<abandon_drill::Input>(example!("AbandonDrill.json"), &changes) {
            let world = input.plan.as_ref().map_or_else(World::new, world_of);
            is_told(world.abandon(input));
        }
    }

    #[test]
    fn any_request_is_abandoned_without_a_panic(request in odd_value(), error in any::<String>(), cause in any::<String>()) {
        let world = World::new();
        let execution = night::execution("x", &world);
        let failure = abandon_drill::Caught { error, cause };
        let input = abandon_drill::Input { request, execution, plan: None, restored: None, stop: None, failure };
        is_told(world.abandon(input));
    }

    #[test]
    fn a_changed_input_of_the_watchdog_never_panics(changes in mutations()) {
        let text = json!({"sources": [{"source": "courses-prod", "since": "2026-11-20T18:00:00Z"}, {"source": "shop"}]});
        let text = mutated(&text.to_string(), &changes);
        if let Ok(input) = serde_json::from_str::<watch_restores::Input>(&text) {
            let world = World::new();
            is_told(ready(watch_restores::run(&world, &world.settings, input, world.now())));
        }
    }

    #[test]
    fn whatever_starts_the_sweep_is_no_matter(event in odd_value()) {
        if let Ok(input) = serde_json::from_value::<sweep_orphans::Input>(event) {
            let world = World::new();
            is_told(ready(sweep_orphans::run(&world, &world.settings, input, world.now())));
        }
    }

    #[test]
    fn a_changed_request_is_refused_at_the_field_or_is_what_it_says(changes in mutations()) {
        let text = mutated(example!("execution.json"), &changes);
        let Ok(value) = serde_json::from_str::<Value>(&text) else { return Ok(()) };
        match serde_path_to_error::deserialize::<_, DrillRequest>(value.clone()) {
            Ok(request) => {
                let written = serde_json::to_value(&request).unwrap();
                prop_assert_eq!(serde_json::from_value::<DrillRequest>(written).unwrap(), request.clone());
                let world = World::new();
                match plan_drill::drill_of(&request, &night::execution("x", &world)) {
                    Ok(drill) => prop_assert_eq!(drill.source(), request.source),
                    Err(error) => {
                        prop_assert_eq!(error.name, WireName::InputInvalid);
                        prop_assert!(!error.hint.is_empty());
                    }
                }
            }
            Err(error) => {
                // The field by its path, or by its name where it is missing or unknown.
                let (path, told) = (error.path().to_string(), error.inner().to_string());
                prop_assert!(path != "." || told.contains('`') || !value.is_object(), "{}: {}", path, told);
            }
        }
    }
}
