//! The functions' code: the steps of the library, called as the deployed artifacts call them, and what a
//! mutant does to them.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use asl_runner::Failure;
use chrono::{DateTime, TimeDelta, Utc};
use drill::error::{StepError, WireName};
use drill::steps;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::invocation::Ports;

/// A step that is being run.
pub(crate) type Step = dyn Future<Output = Result<Value, Failure>>;

/// The step of a handler, on its input, at the time that the function's clock shows.
pub(crate) fn step(ports: Ports, handler: &str, payload: Value, now: DateTime<Utc>) -> Pin<Box<Step>> {
    macro_rules! control {
        ($step:ident) => {
            Box::pin(async move {
                let settings = ports.world.settings.clone();
                let input = read(payload)?;
                let answer = steps::$step::run(&ports, &settings, input, now).await;
                ports.mutate_after(stringify!($step)).await;
                written(answer)
            })
        };
    }
    match handler {
        "plan-drill" => control!(plan_drill),
        "restore-replica" => control!(restore_replica),
        "observe-replica" => control!(observe_replica),
        "record-measurements" => control!(record_measurements),
        "judge-drill" => control!(judge_drill),
        "stop-replica" => control!(stop_replica),
        "retire-previous" => control!(retire_previous),
        "publish-report" => control!(publish_report),
        "abandon-drill" => control!(abandon_drill),
        "sweep-orphans" => control!(sweep_orphans),
        "watch-restores" => control!(watch_restores),
        "plan-checks" => Box::pin(async move {
            let clock = ports.world.clock.clone();
            let off = now - clock.now();
            written(steps::plan_checks::run(&ports, read(payload)?, now, || clock.now() + off).await)
        }),
        "run-check" => Box::pin(async move {
            let clock = ports.world.clock.clone();
            let began_at = clock.now();
            let elapsed = || (clock.now() - began_at).max(TimeDelta::zero()).to_std().unwrap_or_default();
            let budget = Duration::from_secs(ports.world.with(|s| s.scenario.budget_s));
            written(steps::run_check::run(&ports, read(payload)?, now, budget, elapsed).await)
        }),
        other => {
            let cause = format!("handler {other:?} is unknown");
            Box::pin(async move { Err(Failure::new("Runtime.ExitError", cause)) })
        }
    }
}

fn read<I: DeserializeOwned>(payload: Value) -> Result<I, Failure> {
    serde_json::from_value(payload).map_err(|e| {
        failure(&StepError::new(WireName::InputInvalid, format!("the step's input can't be read: {e}"), ""))
    })
}

fn written<O: Serialize>(answer: Result<O, StepError>) -> Result<Value, Failure> {
    answer.map(|output| serde_json::to_value(output).expect("an output serializes")).map_err(|e| failure(&e))
}

/// The error as Step Functions shows a function's error.
fn failure(error: &StepError) -> Failure {
    let cause = json!({"errorMessage": error.to_string(), "errorType": error.name.as_str()});
    Failure::new(error.name.as_str(), cause.to_string())
}
