//! Runs the definition from its start to its end on one input: just what a night needs.
//!
//! No retries, and the Map's items one after the other: the examples need the data that flows, not
//! what engines do beside it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::definition::{definition, words};
use crate::expressions::{Expression, code_of, parse};
use crate::world::World;

/// What a function was given and gave.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    pub(crate) state: String,
    pub(crate) input: Value,
    pub(crate) output: Value,
}

/// What came of an execution.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The states that were entered: the transitions that AWS bills, when nothing is retried.
    pub(crate) entered: Vec<String>,
    pub(crate) exchanges: Vec<Exchange>,
    /// The last state's name.
    pub(crate) end: String,
}

struct Execution<'a> {
    world: &'a World,
    context: Value,
    variables: BTreeMap<String, Value>,
    ran: Ran,
}

/// Runs the definition.
pub(crate) fn run(world: &World, name: &str, input: &Value) -> Ran {
    let context = json!({"Execution": {
        "Id": format!("arn:aws:states:eu-central-1:123456789012:execution:restore-drill-main:{name}"),
        "Input": input,
        "StartTime": world.now_text(),
    }});
    let ran = Ran { entered: Vec::new(), exchanges: Vec::new(), end: String::new() };
    let mut execution = Execution { world, context, variables: BTreeMap::new(), ran };
    execution.machine(&definition(), input.clone());
    execution.ran
}

/// What `$states` says in one state.
struct Says<'a> {
    input: &'a Value,
    context: &'a Value,
    result: Option<&'a Value>,
    error: Option<&'a Value>,
}

impl Execution<'_> {
    fn machine(&mut self, machine: &Value, mut input: Value) -> Value {
        let mut at = machine["StartAt"].as_str().expect("StartAt").to_owned();
        loop {
            let state = &machine["States"][&at];
            self.ran.entered.push(at.clone());
            let (output, next) = self.state(&at, state, &input);
            let Some(next) = next else {
                self.ran.end = at;
                return output;
            };
            (at, input) = (next, output);
        }
    }

    fn state(&mut self, name: &str, state: &Value, input: &Value) -> (Value, Option<String>) {
        let next = state["Next"].as_str().map(ToOwned::to_owned);
        let context = self.context.clone();
        let says = Says { input, context: &context, result: None, error: None };
        match state["Type"].as_str().expect("Type") {
            "Pass" => {
                self.assign(state, &says);
                (input.clone(), next)
            }
            "Wait" => {
                let seconds = self.value(&state["Seconds"], &says);
                self.world.wait(seconds.as_u64().expect("whole seconds"));
                (input.clone(), next)
            }
            "Choice" => {
                let rules = state["Choices"].as_array().expect("Choices");
                let holds = |rule: &&Value| self.value(&rule["Condition"], &says) == Value::Bool(true);
                let rule = rules.iter().find(holds).unwrap_or(state);
                self.assign(rule, &says);
                let next = rule.get("Next").or(state.get("Default")).and_then(Value::as_str);
                (input.clone(), next.map(ToOwned::to_owned))
            }
            "Task" => {
                let payload = self.value(&state["Arguments"]["Payload"], &says);
                let answer = self.world.call(&words(name, "-"), &payload);
                self.ended(name, state, payload, answer, &says)
            }
            "Map" => {
                let items = self.value(&state["Items"], &says);
                let results = items.as_array().expect("Items is an array").iter().map(|item| {
                    self.context["Map"] = json!({"Item": {"Value": item}});
                    let context = self.context.clone();
                    let says = Says { input, context: &context, result: None, error: None };
                    let input = self.value(&state["ItemSelector"], &says);
                    self.machine(&state["ItemProcessor"], input)
                });
                let result = Value::Array(results.collect());
                self.assign(state, &Says { result: Some(&result), ..says });
                (result, next)
            }
            "Succeed" | "Fail" => (input.clone(), None),
            other => panic!("{name} is a {other}, which this runner doesn't know"),
        }
    }

    fn ended(
        &mut self,
        name: &str,
        state: &Value,
        input: Value,
        answer: Result<Value, Value>,
        says: &Says<'_>,
    ) -> (Value, Option<String>) {
        match answer {
            Ok(output) => {
                let result = json!({"Payload": output, "StatusCode": 200});
                let says = Says { result: Some(&result), ..*says };
                self.assign(state, &says);
                let given = state.get("Output").map(|o| self.value(o, &says));
                self.ran.exchanges.push(Exchange { state: name.to_owned(), input, output });
                (given.unwrap_or(result), state["Next"].as_str().map(ToOwned::to_owned))
            }
            Err(error) => {
                let catch = &state["Catch"][0];
                assert!(catch.is_object(), "{name} failed with {error} and isn't caught");
                self.assign(catch, &Says { error: Some(&error), ..*says });
                (error.clone(), catch["Next"].as_str().map(ToOwned::to_owned))
            }
        }
    }

    fn assign(&mut self, from: &Value, says: &Says<'_>) {
        let Some(assign) = from["Assign"].as_object() else { return };
        let new: Vec<(String, Value)> =
            assign.iter().map(|(name, v)| (name.clone(), self.value(v, says))).collect();
        self.variables.extend(new);
    }

    fn value(&self, value: &Value, says: &Says<'_>) -> Value {
        match value {
            Value::String(text) => match code_of(text) {
                None => value.clone(),
                Some(code) => match parse(code).expect("the definition holds no other expressions") {
                    Expression::Path(path) => self.look_up(&path, says),
                    Expression::Is(path, literal) => Value::Bool(self.look_up(&path, says) == literal),
                },
            },
            Value::Array(items) => items.iter().map(|v| self.value(v, says)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(name, v)| (name.clone(), self.value(v, says))).collect()
            }
            other => other.clone(),
        }
    }

    fn look_up(&self, path: &[String], says: &Says<'_>) -> Value {
        let missing = || panic!("${} isn't there", path.join("."));
        let (start, rest) = match (path[0].as_str(), path.get(1).map(String::as_str)) {
            ("states", Some("input")) => (Some(says.input), &path[2..]),
            ("states", Some("context")) => (Some(says.context), &path[2..]),
            ("states", Some("result")) => (says.result, &path[2..]),
            ("states", Some("errorOutput")) => (says.error, &path[2..]),
            (name, _) => (self.variables.get(name), &path[1..]),
        };
        let start = start.unwrap_or_else(missing);
        rest.iter().fold(start, |at, name| at.get(name).unwrap_or_else(missing)).clone()
    }
}
