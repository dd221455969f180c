//! Runs the definition from its start to its end on one input, in the world of the examples.

use std::cell::RefCell;
use std::time::Duration;

use asl_runner::{Definition, Engine, Execution, Failure, Seen, Task};
use serde_json::{Value, json};

use crate::definition::{TEXT, words};
use crate::world::World;

/// What a function was given and gave.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    pub(crate) state: String,
    pub(crate) input: Value,
    pub(crate) output: Value,
}

/// What came of an execution.
#[derive(Debug, Default)]
pub(crate) struct Ran {
    /// The states that were entered: the transitions that AWS bills, when nothing is retried.
    pub(crate) entered: Vec<String>,
    pub(crate) exchanges: Vec<Exchange>,
    /// The last state's name.
    pub(crate) end: String,
}

struct Examples<'a> {
    world: &'a World,
    ran: RefCell<Ran>,
}

impl Engine for Examples<'_> {
    async fn invoke(&self, task: Task) -> Result<Value, Failure> {
        let Task { state, payload: input, .. } = task;
        let output = self.world.call(&words(&state, "-"), &input)?;
        self.ran.borrow_mut().exchanges.push(Exchange { state, input, output: output.clone() });
        Ok(output)
    }

    async fn wait(&self, span: Duration) {
        self.world.wait(span.as_secs());
    }

    fn jitter(&self, _: Duration) -> Duration {
        Duration::ZERO
    }

    fn saw(&self, seen: &Seen<'_>) {
        if let Seen::Entered { state, .. } = seen {
            self.ran.borrow_mut().entered.push((*state).to_owned());
        }
    }
}

/// Runs the definition.
pub(crate) fn run(world: &World, name: &str, input: &Value) -> Ran {
    let context = json!({"Execution": {
        "Id": format!("arn:aws:states:eu-central-1:123456789012:execution:restore-drill-main:{name}"),
        "Input": input,
        "StartTime": world.now_text(),
    }});
    let definition = Definition::read(TEXT).expect("the definition keeps to the runner's subset");
    let examples = Examples { world, ran: RefCell::default() };
    let execution = Execution::start(&definition, context, input.clone());
    let ended = crate::world::ready(execution.run(&definition, &examples));
    Ran { end: ended.state, ..examples.ran.into_inner() }
}
