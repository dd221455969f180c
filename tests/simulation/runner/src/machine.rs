//! Running a definition: from a position to an end.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use serde_json::{Value, json};

use crate::Failure;
use crate::definition::{Catcher, Definition, Kind, Rule, State};
use crate::expression::{Scope, Template};
use crate::position::{Place, Position};
use crate::retry::{Retrier, Retries};

/// A call of a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// The state that calls.
    pub state: String,
    /// The function, as the definition names it.
    pub function: String,
    /// What it is given.
    pub payload: Value,
    /// How long it may take; the engine keeps the time.
    pub time_out: Duration,
}

/// What happened in an execution.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen<'a> {
    /// A state was entered.
    Entered {
        /// Its name.
        state: &'a str,
        /// Its input.
        input: &'a Value,
        /// Whether it is inside a Map.
        is_inside: bool,
    },
    /// A Task failed and is tried again.
    Retried {
        /// The state.
        state: &'a str,
        /// The error.
        failure: &'a Failure,
        /// The wait before.
        wait: Duration,
    },
    /// An error was caught.
    Caught {
        /// The state.
        state: &'a str,
        /// The error.
        failure: &'a Failure,
        /// Where it leads.
        next: &'a str,
    },
}

/// What a definition runs on: functions, time and chance.
pub trait Engine {
    /// Calls a function; gives its output, or the error that the state machine sees.
    fn invoke(&self, task: Task) -> impl Future<Output = Result<Value, Failure>>;
    /// Lets time pass.
    fn wait(&self, span: Duration) -> impl Future<Output = ()>;
    /// Any span up to the longest: full jitter.
    fn jitter(&self, longest: Duration) -> Duration;
    /// Is told what happens.
    fn saw(&self, seen: &Seen<'_>);
}

/// How an execution ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// The state that it ended in.
    pub state: String,
    /// What with.
    pub outcome: Outcome,
}

/// What an execution ended with.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// In a Succeed, or at the end of a machine.
    Succeeded(Value),
    /// In a Fail, or by an error that nothing caught.
    Failed(Failure),
}

/// An execution: its context, and where it stands.
#[derive(Debug, Clone)]
pub struct Execution {
    context: Value,
    place: Place,
}

/// Where a state leads.
enum Step {
    To(String, Value),
    End(Outcome),
}

impl Execution {
    /// An execution that is about to start. The context is what `$states.context` says.
    pub fn start(definition: &Definition, context: Value, input: Value) -> Self {
        let state = definition.start_at.clone();
        let position = Position { state, input, variables: BTreeMap::new(), iterations: Vec::new() };
        Self::resume(context, position)
    }

    /// An execution that is redriven: it goes on in the state where it stood, with that state's own input.
    pub fn resume(context: Value, position: Position) -> Self {
        Self { context, place: Place::new(position) }
    }

    /// Where it stands.
    pub fn position(&self) -> Position {
        self.place.copy()
    }

    /// Runs it to its end.
    pub async fn run(&self, definition: &Definition, engine: &impl Engine) -> Ended {
        machine(definition, engine, &self.context, &self.place, false).await
    }
}

/// Runs a machine, or the inside of a Map, from a place to its end.
pub(crate) async fn machine<E: Engine>(
    definition: &Definition,
    engine: &E,
    context: &Value,
    place: &Place,
    is_inside: bool,
) -> Ended {
    loop {
        let name = place.with(|p| p.state.clone());
        let state = &definition.states[&name];
        place.with(|p| engine.saw(&Seen::Entered { state: &name, input: &p.input, is_inside }));
        let run = Run { name: &name, state, engine, context, place };
        let step = match run.step().await {
            Ok(step) => step,
            Err(failure) => run.caught(failure),
        };
        match step {
            Step::To(state, input) => {
                place.with_inner(Vec::clear);
                place.with(|p| (p.state, p.input) = (state, input));
            }
            Step::End(outcome) => return Ended { state: name, outcome },
        }
    }
}

/// One state of one execution.
pub(crate) struct Run<'a, E> {
    name: &'a str,
    state: &'a State,
    pub(crate) engine: &'a E,
    pub(crate) context: &'a Value,
    pub(crate) place: &'a Place,
}

impl<E: Engine> Run<'_, E> {
    async fn step(&self) -> Result<Step, Failure> {
        match &self.state.kind {
            Kind::Pass => {
                self.assign(self.state.assign.as_ref(), None, None)?;
                Ok(self.on(self.input()))
            }
            Kind::Wait { seconds } => {
                let seconds = self.value(seconds, None)?;
                let whole = seconds.as_u64().ok_or_else(|| Failure::query(format!("{seconds} seconds")))?;
                self.engine.wait(Duration::from_secs(whole)).await;
                self.assign(self.state.assign.as_ref(), None, None)?;
                Ok(self.on(self.input()))
            }
            Kind::Choice { rules } => self.choose(rules),
            Kind::Task { function, payload, time_out, retriers } => {
                let payload = self.value(payload, None)?;
                let task = Task {
                    state: self.name.to_owned(),
                    function: function.clone(),
                    payload,
                    time_out: *time_out,
                };
                let output = self.tried(task, retriers).await?;
                let result = json!({"Payload": output, "StatusCode": 200});
                let given = self.state.output.as_ref().map(|o| self.value(o, Some(&result))).transpose()?;
                self.assign(self.state.assign.as_ref(), Some(&result), None)?;
                Ok(self.on(given.unwrap_or(result)))
            }
            Kind::Map { items, selector, at_once, processor } => {
                let result = self.map(items, selector, at_once, processor).await?;
                self.assign(self.state.assign.as_ref(), Some(&result), None)?;
                Ok(self.on(result))
            }
            Kind::Succeed => Ok(Step::End(Outcome::Succeeded(self.input()))),
            Kind::Fail { error, cause } => {
                let text =
                    |t: &Template| self.value(t, None).map(|v| v.as_str().unwrap_or_default().to_owned());
                Ok(Step::End(Outcome::Failed(Failure::new(text(error)?, text(cause)?))))
            }
        }
    }

    fn input(&self) -> Value {
        self.place.with(|p| p.input.clone())
    }

    fn on(&self, output: Value) -> Step {
        match &self.state.next {
            Some(next) => Step::To(next.clone(), output),
            None => Step::End(Outcome::Succeeded(output)),
        }
    }

    fn choose(&self, rules: &[Rule]) -> Result<Step, Failure> {
        for rule in rules {
            if self.value(&Template::Expression(rule.condition.clone()), None)? == Value::Bool(true) {
                self.assign(rule.assign.as_ref(), None, None)?;
                return Ok(Step::To(rule.next.clone(), self.input()));
            }
        }
        self.assign(self.state.assign.as_ref(), None, None)?;
        Ok(self.on(self.input()))
    }

    async fn tried(&self, task: Task, retriers: &[Retrier]) -> Result<Value, Failure> {
        let mut used = Retries::default();
        loop {
            let failure = match self.engine.invoke(task.clone()).await {
                Ok(output) => return Ok(output),
                Err(failure) => failure,
            };
            let Some(longest) = used.next(retriers, &failure) else { return Err(failure) };
            let wait = self.engine.jitter(longest);
            self.engine.saw(&Seen::Retried { state: self.name, failure: &failure, wait });
            self.engine.wait(wait).await;
        }
    }

    fn caught(&self, failure: Failure) -> Step {
        let takes = |c: &&Catcher| c.errors.iter().any(|name| failure.is_matched_by(name));
        let Some(catcher) = self.state.catchers.iter().find(takes) else {
            return Step::End(Outcome::Failed(failure));
        };
        self.engine.saw(&Seen::Caught { state: self.name, failure: &failure, next: &catcher.next });
        let error = json!({"Error": failure.error, "Cause": failure.cause});
        match self.assign(catcher.assign.as_ref(), None, Some(&error)) {
            Ok(()) => Step::To(catcher.next.clone(), error),
            Err(failure) => Step::End(Outcome::Failed(failure)),
        }
    }

    fn scoped<T>(
        &self,
        result: Option<&Value>,
        error: Option<&Value>,
        look: impl FnOnce(&Scope<'_>) -> T,
    ) -> T {
        self.place.with(|own| {
            let (variables, input, context) = (&own.variables, &own.input, self.context);
            look(&Scope { variables, input, context, result, error })
        })
    }

    pub(crate) fn value(&self, template: &Template, result: Option<&Value>) -> Result<Value, Failure> {
        self.scoped(result, None, |scope| template.value(scope))
    }

    /// Sets variables; each expression sees the values from before.
    fn assign(
        &self,
        assign: Option<&Template>,
        result: Option<&Value>,
        error: Option<&Value>,
    ) -> Result<(), Failure> {
        let Some(assign) = assign else { return Ok(()) };
        if let Value::Object(new) = self.scoped(result, error, |scope| assign.value(scope))? {
            self.place.with(|own| own.variables.extend(new));
        }
        Ok(())
    }
}
