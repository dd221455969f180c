//! Histories: what each step of some nights was given, asked, was answered and gave. Another version of the
//! product that is given the same must do the same.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use asl_runner::Failure;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::course::{Orders, run_in};
use crate::dice::Dice;
use crate::executions::short;
use crate::invocation::{Invocation, Ports};
use crate::scenario::Scenario;
use crate::script::{Recorded, Script};
use crate::step::step;
use crate::tasks::Clock;
use crate::world::{State, World};

/// The nights of a course, step by step.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct History {
    /// The seed, and how many nights.
    seed: u64,
    nights: u64,
    /// Values that are long and occur often: they are written once, and by their name elsewhere.
    named: BTreeMap<String, Value>,
    steps: Vec<ToldStep>,
}

/// An invocation with all that passed through its ports.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ToldStep {
    step: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    execution: Option<String>,
    /// What its clock showed.
    at: DateTime<Utc>,
    input: Value,
    calls: Vec<Recorded>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    output: Value,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    error: Value,
}

impl ToldStep {
    pub(crate) fn of(
        ended: Invocation,
        input: Value,
        at: DateTime<Utc>,
        result: &Result<Value, Failure>,
    ) -> Self {
        let (output, error) = outcome(result);
        let execution = ended.execution.map(|arn| short(&arn).to_owned());
        Self { step: ended.handler, execution, at, input, calls: ended.calls, output, error }
    }

    /// What tells it from another: of looks in vain and of sweeps with nothing new one is enough.
    fn essence(&self) -> String {
        match self.step.as_str() {
            "observe-replica" => format!("{:?} {} {}", self.execution, self.input["goal"], self.kind()),
            "sweep-orphans" => format!("{} {}", self.kind(), self.output),
            _ => format!("{:?} {} {}", self.execution, self.input, self.at),
        }
    }

    /// What kind of step with what kind of end it is: histories are to have each.
    fn kind(&self) -> String {
        let verdict = self.output["verdict"].as_str().unwrap_or_default();
        let goal = self.output["goal"].as_str().unwrap_or_default();
        let reached = self.output["reached"].as_bool().map(|r| if r { " reached" } else { " waiting" });
        format!(
            "{} {verdict}{goal}{}{}",
            self.step,
            reached.unwrap_or_default(),
            self.error["name"].as_str().unwrap_or_default()
        )
    }
}

fn outcome(result: &Result<Value, Failure>) -> (Value, Value) {
    match result {
        Ok(output) => (output.clone(), Value::Null),
        // The name decides; how it is worded is nobody's decision.
        Err(failure) => (Value::Null, json!({"name": failure.error})),
    }
}

/// Fields whose values are no decisions: durations on a clock that a replay doesn't have, and the version.
const NO_DECISIONS: &[&str] = &["duration_ms", "first_query_at", "version"];
/// Texts and objects that are longer get a name.
const NAMED_FROM_BYTES: usize = 300;

impl History {
    /// Runs the nights of a seed and writes them down.
    pub fn record(seed: u64, nights: u64) -> Self {
        let orders = Orders { seed: Some(seed), nights, ..Orders::default() };
        let written_down = |s: &mut State| {
            s.steps = Some(Vec::new());
            // A replay has no clock, by which a shard is cut into parts.
            s.scenario.budget_s = 840;
        };
        let mut steps = run_in(orders, written_down, |s| s.steps.take()).unwrap_or_default();
        let mut kept = BTreeSet::new();
        steps.retain(|step| kept.insert(step.essence()));
        let mut history = Self { seed, nights, named: BTreeMap::new(), steps };
        let mut names = Names::default();
        for step in &mut history.steps {
            names.shorten(&mut step.input, &step.step);
            names.shorten(&mut step.output, &step.step);
            for call in &mut step.calls {
                let about = if call.of.contains('/') { call.of.clone() } else { call.call.clone() };
                if let Some(answer) = &mut call.answer {
                    names.shorten(answer, &about);
                }
                names.shorten(&mut call.says, &about);
            }
        }
        history.named = names.named;
        history
    }

    /// The kinds of steps and ends in it.
    pub fn kinds(&self) -> BTreeSet<String> {
        let unfolded = |told: &ToldStep| ToldStep { output: self.unfolded(&told.output), ..told.clone() };
        self.steps.iter().map(|told| unfolded(told).kind()).collect()
    }

    /// As it is kept in a file: a line for each step.
    pub fn to_json(&self) -> String {
        let line = |value: &dyn Fn() -> serde_json::Result<String>| value().expect("plain values serialize");
        let named = self.named.iter().map(|(name, value)| {
            line(&|| Ok(format!("{}: {}", serde_json::to_string(name)?, serde_json::to_string(value)?)))
        });
        let steps = self.steps.iter().map(|step| line(&|| serde_json::to_string(step)));
        let block = |lines: Vec<String>| format!("\n{}\n", lines.join(",\n"));
        format!(
            "{{\"seed\": {}, \"nights\": {},\n\"named\": {{{}}},\n\"steps\": [{}]}}\n",
            self.seed,
            self.nights,
            block(named.collect()),
            block(steps.collect())
        )
    }

    /// From a file.
    ///
    /// # Errors
    /// The parser's own.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// What this version of the product does otherwise: a line each, nothing when it decides the same.
    pub fn replay(&self) -> Vec<String> {
        let mut differences = Vec::new();
        for (index, told) in self.steps.iter().enumerate() {
            let at =
                format!("step {index}, {} of {}", told.step, told.execution.as_deref().unwrap_or("a sweep"));
            differences.extend(self.replay_step(told).into_iter().map(|d| format!("{at}: {d}")));
        }
        differences
    }

    fn replay_step(&self, told: &ToldStep) -> Vec<String> {
        let calls: Vec<Recorded> = told.calls.iter().map(|call| self.unfolded_call(call)).collect();
        let changes: Vec<Recorded> = calls.iter().filter(|c| c.is_change()).cloned().collect();
        let script = Arc::new(Script::new(calls));
        let clock = Clock::new(told.at, Dice::new(0));
        let settings = crate::course::settings();
        let world = Arc::new(World::new(clock, Dice::new(0), Scenario::quiet(1), settings));
        let ports = Ports { world, invocation: 0, script: Some(Arc::clone(&script)) };
        let result = finished(step(ports, &told.step, self.unfolded(&told.input), told.at));
        let (output, error) = outcome(&result);
        let (made, unknown) = script.outcome();
        let mut differences: Vec<String> =
            unknown.iter().map(|u| format!("it asks for {u}, which the history doesn't have")).collect();
        compare("its error", &told.error, &error, &mut differences);
        compare("its output", &self.unfolded(&told.output), &output, &mut differences);
        let named = |all: &[Recorded]| all.iter().map(|c| format!("{} {}", c.call, c.of)).collect::<Vec<_>>();
        if named(&changes) == named(&made) {
            for (before, now) in changes.iter().zip(&made) {
                compare(
                    &format!("what {} {} says", now.call, now.of),
                    &before.says,
                    &now.says,
                    &mut differences,
                );
            }
        } else {
            differences.push(format!("it changed {:?}, and now {:?}", named(&changes), named(&made)));
        }
        differences
    }

    fn unfolded_call(&self, call: &Recorded) -> Recorded {
        let mut call = call.clone();
        call.says = self.unfolded(&call.says);
        call.answer = call.answer.map(|answer| self.unfolded(&answer));
        call
    }

    /// The value with what is named in its place.
    fn unfolded(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => match text.strip_prefix(MARK).and_then(|name| self.named.get(name)) {
                Some(value) => self.unfolded(value),
                None => value.clone(),
            },
            Value::Array(items) => items.iter().map(|v| self.unfolded(v)).collect(),
            Value::Object(fields) => fields.iter().map(|(n, v)| (n.clone(), self.unfolded(v))).collect(),
            other => other.clone(),
        }
    }
}

const MARK: &str = "→ ";

/// The names of long values.
#[derive(Default)]
struct Names {
    named: BTreeMap<String, Value>,
    by_value: BTreeMap<String, String>,
}

impl Names {
    /// Puts names in the place of long values, innermost first.
    fn shorten(&mut self, value: &mut Value, about: &str) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|v| self.shorten(v, about)),
            Value::Object(fields) => {
                fields.iter_mut().for_each(|(name, field)| self.shorten(field, name));
            }
            _ => {}
        }
        let text = value.to_string();
        if text.len() < NAMED_FROM_BYTES {
            return;
        }
        let count = self.by_value.len();
        let name = self.by_value.entry(text).or_insert_with(|| format!("{about} #{count}"));
        self.named.entry(name.clone()).or_insert_with(|| value.clone());
        *value = json!(format!("{MARK}{name}"));
    }
}

/// The end of a step that never waits.
fn finished(mut step: Pin<Box<crate::step::Step>>) -> Result<Value, Failure> {
    match step.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(Failure::new("Simulation.Waits", "a replay has no time to wait")),
    }
}

/// Everything that was there must be there still, and the same; a field more is no other decision.
fn compare(place: &str, before: &Value, now: &Value, differences: &mut Vec<String>) {
    match (before, now) {
        (Value::Object(before), Value::Object(now)) => {
            for (name, value) in before.iter().filter(|(name, _)| !NO_DECISIONS.contains(&name.as_str())) {
                let now = now.get(name).unwrap_or(&Value::Null);
                compare(&format!("{place}.{name}"), value, now, differences);
            }
        }
        (Value::Array(before), Value::Array(now)) if before.len() == now.len() => {
            for (index, (before, now)) in before.iter().zip(now).enumerate() {
                compare(&format!("{place}[{index}]"), before, now, differences);
            }
        }
        _ if before == now => {}
        _ => differences.push(format!("{place} was {before}, and now is {now}")),
    }
}
