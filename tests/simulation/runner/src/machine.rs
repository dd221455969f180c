//! Running a definition: from a position to an end.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use serde_json::{Value, json};

use crate::Failure;
use crate::definition::{Catcher, Definition, Kind, Rule, State};
use crate::expression::{Scope, Template};
use crate::position::{Inner, Place, Position};
use crate::retry::{Retrier, Retries};
use crate::side_by_side::{Boxed, side_by_side};

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

async fn machine<E: Engine>(
    definition: &Definition,
    engine: &E,
    context: &Value,
    place: &Place,
    is_inside: bool,
) -> Ended {
    loop {
        let name = place.with(|p| p.state.clone());
        let state = &definition.states[&name];
        engine.saw(&Seen::Entered { state: &name, is_inside });
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
struct Run<'a, E> {
    name: &'a str,
    state: &'a State,
    engine: &'a E,
    context: &'a Value,
    place: &'a Place,
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

    async fn map(
        &self,
        items: &Template,
        selector: &Template,
        at_once: &Template,
        processor: &Definition,
    ) -> Result<Value, Failure> {
        let items = self.value(items, None)?;
        let Value::Array(items) = items else { return Err(Failure::query(format!("{items} is no list"))) };
        let at_once = self.value(at_once, None)?;
        let limit = at_once.as_u64().and_then(|n| usize::try_from(n).ok());
        let limit = limit.ok_or_else(|| Failure::query(format!("{at_once} iterations at once")))?;
        self.place.with_inner(|inner| inner.resize_with(items.len(), || Inner::Waiting));
        let iterations: Vec<Boxed<'_, Result<Value, Failure>>> = (items.into_iter().enumerate())
            .map(|(index, item)| {
                let iteration: Boxed<'_, _> = Box::pin(self.iteration(index, item, selector, processor));
                iteration
            })
            .collect();
        side_by_side(iterations, limit).await.map(Value::Array)
    }

    async fn iteration(
        &self,
        index: usize,
        item: Value,
        selector: &Template,
        processor: &Definition,
    ) -> Result<Value, Failure> {
        let mut context = self.context.clone();
        context["Map"] = json!({"Item": {"Index": index, "Value": item}});
        let begun = self.place.with_inner(|inner| inner[index].clone());
        let place = match begun {
            Inner::Done(value) => return Ok(value),
            Inner::At(place) => place,
            Inner::Waiting => {
                let (input, variables) = self.place.with(|own| {
                    let scope = Scope {
                        variables: &own.variables,
                        input: &own.input,
                        context: &context,
                        result: None,
                        error: None,
                    };
                    Ok::<_, Failure>((selector.value(&scope)?, own.variables.clone()))
                })?;
                let state = processor.start_at.clone();
                let place = Place::new(Position { state, input, variables, iterations: Vec::new() });
                self.place.with_inner(|inner| inner[index] = Inner::At(place.clone()));
                place
            }
        };
        match machine(processor, self.engine, &context, &place, true).await.outcome {
            Outcome::Succeeded(value) => {
                self.place.with_inner(|inner| inner[index] = Inner::Done(value.clone()));
                Ok(value)
            }
            Outcome::Failed(failure) => Err(failure),
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

    fn value(&self, template: &Template, result: Option<&Value>) -> Result<Value, Failure> {
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
