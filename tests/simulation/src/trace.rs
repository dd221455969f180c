//! The runner beside another engine: the same definition and input, the functions' answers as the other
//! engine's history has them, and the states that the runner then enters, each with its input.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use asl_runner::{Definition, Engine, Execution, Failure, Outcome, Seen, Task};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What the other engine's history says.
#[derive(Debug, Deserialize)]
struct Told {
    /// The definition as it was deployed.
    definition: String,
    /// What `$states.context.Execution` was.
    execution: Value,
    /// The answers of each state's function, in their order.
    answers: BTreeMap<String, VecDeque<Answer>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Answer {
    Failed { error: String, cause: String },
    Output { output: Value },
}

/// What the runner made of it.
#[derive(Debug, Default, Serialize)]
struct Trace {
    /// The states that were entered, but for those inside a Map.
    states: Vec<Value>,
    /// How it ended.
    end: Value,
    /// Answers that nobody asked for, by state: another way was taken.
    left: BTreeMap<String, usize>,
}

struct Scripted {
    answers: RefCell<BTreeMap<String, VecDeque<Answer>>>,
    trace: RefCell<Trace>,
}

impl Engine for Scripted {
    async fn invoke(&self, task: Task) -> Result<Value, Failure> {
        let answer = self.answers.borrow_mut().get_mut(&task.state).and_then(VecDeque::pop_front);
        match answer {
            Some(Answer::Output { output }) => Ok(output),
            Some(Answer::Failed { error, cause }) => Err(Failure::new(error, cause)),
            None => Err(Failure::new("Trace.Unknown", format!("{} was not called so often", task.state))),
        }
    }

    async fn wait(&self, _: Duration) {}

    fn jitter(&self, _: Duration) -> Duration {
        Duration::ZERO
    }

    fn saw(&self, seen: &Seen<'_>) {
        if let Seen::Entered { state, input, is_inside: false } = seen {
            self.trace.borrow_mut().states.push(json!({"name": state, "input": input}));
        }
    }
}

/// Runs what a history tells, and gives the trace as JSON.
///
/// # Errors
/// What isn't as it should be, in words.
pub fn trace(told: &str) -> Result<String, String> {
    let told: Told = serde_json::from_str(told).map_err(|e| format!("reading what is told: {e}"))?;
    let definition = Definition::read(&told.definition).map_err(|e| e.to_string())?;
    let scripted = Scripted { answers: RefCell::new(told.answers), trace: RefCell::default() };
    let input = told.execution["Input"].clone();
    let execution = Execution::start(&definition, json!({"Execution": told.execution}), input);
    let ended = {
        let mut run = pin!(execution.run(&definition, &scripted));
        match run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(ended) => ended,
            Poll::Pending => return Err("the runner waits though nothing takes time".to_owned()),
        }
    };
    let Scripted { answers, trace } = scripted;
    let left = answers.into_inner().into_iter().map(|(state, left)| (state, left.len()));
    let end = match ended.outcome {
        Outcome::Succeeded(output) => json!({"state": ended.state, "output": output}),
        Outcome::Failed(f) => json!({"state": ended.state, "error": f.error, "cause": f.cause}),
    };
    let left = left.filter(|(_, count)| *count > 0).collect();
    let trace = Trace { end, left, ..trace.into_inner() };
    serde_json::to_string(&trace).map_err(|e| e.to_string())
}
