//! Lambda: functions that are called, die, hang, answer too late, and run twice.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use asl_runner::{Engine, Failure, Seen, Task};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::executions::{Stage, short};
use crate::fault::{InvocationFault, Planned};
use crate::history::ToldStep;
use crate::invocation::{Invocation, Ports};
use crate::step::{Step, step};
use crate::world::State;

/// What an execution runs on.
pub(crate) struct Functions {
    pub(crate) stage: Stage,
    /// The execution.
    pub(crate) arn: Rc<str>,
}

/// A process that hangs is ended by Lambda some time after nobody waits for it any more.
const LAMBDA_ENDS_AFTER: TimeDelta = TimeDelta::seconds(240);

type Answer = Rc<RefCell<Option<Result<Value, Failure>>>>;

impl Engine for Functions {
    async fn invoke(&self, task: Task) -> Result<Value, Failure> {
        let handler = handler_of(&task.state);
        let time_out = TimeDelta::from_std(task.time_out).unwrap_or_default();
        self.stage.invoke(Some(&self.arn), &handler, &task.payload, time_out).await
    }

    async fn wait(&self, span: Duration) {
        self.stage.tasks.clock.sleep(TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX)).await;
    }

    fn jitter(&self, longest: Duration) -> Duration {
        let longest_ms = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.stage.world.with(|s| s.dice.between(0, longest_ms)))
    }

    fn saw(&self, seen: &Seen<'_>) {
        self.stage.world.with(|s| {
            let name = short(&self.arn);
            match seen {
                Seen::Entered { state, .. } => s.say(|| format!("{name} {state}")),
                Seen::Retried { state, failure, wait } => {
                    s.say(|| format!("{name} {state} is tried again after {wait:?}: {}", failure.error));
                }
                Seen::Caught { state, failure, next } => {
                    s.say(|| {
                        format!("{name} {state} is caught, to {next}: {} {}", failure.error, failure.cause)
                    });
                    s.judge_text("an error's cause", &failure.cause);
                    let run = s.executions.get_mut(&*self.arn);
                    if let Some(run) = run {
                        run.caught.push((*state).to_owned());
                    }
                }
            }
        });
    }
}

/// `PlanDrill` as `plan-drill`.
fn handler_of(state: &str) -> String {
    let mut words = String::new();
    for letter in state.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push('-');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

impl Stage {
    /// Calls a function and waits for it as long as it may take.
    pub(crate) async fn invoke(
        &self,
        execution: Option<&str>,
        handler: &str,
        payload: &Value,
        time_out: TimeDelta,
    ) -> Result<Value, Failure> {
        let (fault, start_ms) = self.world.with(|s| {
            s.judge_value("an input", payload);
            (s.invocation_fault(handler), s.dice.between(5, 1500))
        });
        self.tasks.clock.sleep(TimeDelta::milliseconds(start_ms.cast_signed())).await;
        if fault == Some(InvocationFault::NotRun) {
            return Err(Failure::new("Lambda.TooManyRequestsException", "Rate Exceeded."));
        }
        let answer: Answer = Rc::default();
        let times = if fault == Some(InvocationFault::Twice) { 2 } else { 1 };
        for _ in 0..times {
            self.begin(execution, handler, payload, time_out, &answer);
        }
        let mut end = pin!(self.tasks.clock.sleep(time_out));
        let answer = poll_fn(|context| {
            if let Some(answer) = answer.borrow_mut().take() {
                return Poll::Ready(answer);
            }
            end.as_mut().poll(context).map(|()| Err(Failure::new("States.Timeout", "")))
        })
        .await;
        match fault {
            Some(InvocationFault::AnswerLost) => {
                Err(Failure::new("Lambda.SdkClientException", "the answer was lost"))
            }
            _ => answer,
        }
    }

    /// Runs the function as a task of its own, which goes on when nobody waits for it any more.
    fn begin(
        &self,
        execution: Option<&str>,
        handler: &str,
        payload: &Value,
        time_out: TimeDelta,
        answer: &Answer,
    ) {
        let (id, now) = self.world.with(|s| s.begin_invocation(execution, handler, time_out));
        let ports = Ports { world: Arc::clone(&self.world), invocation: id, script: None };
        let (stage, payload, answer, handler) =
            (self.clone(), payload.clone(), Rc::clone(answer), handler.to_owned());
        let caller = self.tasks.clock.current();
        self.tasks.begin(async move {
            let result = stage.run(ports, &handler, payload.clone(), now).await;
            stage.world.with(|s| s.end_invocation(id, payload, now, &result));
            answer.borrow_mut().get_or_insert(result);
            stage.tasks.clock.wake(caller, stage.tasks.clock.now());
        });
    }

    async fn run(
        &self,
        ports: Ports,
        handler: &str,
        payload: Value,
        now: DateTime<Utc>,
    ) -> Result<Value, Failure> {
        let id = ports.invocation;
        let ends_after = self.world.with(|s| s.invocations[&id].time_out) + LAMBDA_ENDS_AFTER;
        let mut step: Pin<Box<Step>> = step(ports, handler, payload, now);
        let mut timer = pin!(self.tasks.clock.sleep(ends_after));
        poll_fn(|context| {
            let died = || self.world.with(|s| s.invocations.get(&id).and_then(|i| i.died.clone()));
            match step.as_mut().poll(context) {
                Poll::Ready(answer) => return Poll::Ready(answer),
                Poll::Pending => {}
            }
            if let Some(failure) = died() {
                return Poll::Ready(Err(failure));
            }
            timer.as_mut().poll(context).map(|()| Err(Failure::new("Sandbox.Timedout", "")))
        })
        .await
    }
}

impl State {
    fn invocation_fault(&mut self, handler: &str) -> Option<InvocationFault> {
        self.counts.invocations += 1;
        let number_now = self.counts.invocations;
        let planned = self.planned.iter().position(|p| match p {
            Planned::Invocation { number, .. } => *number == number_now,
            Planned::Again { handler: h, .. } => h == handler,
            Planned::Call { .. } | Planned::Like { .. } | Planned::Act { .. } => false,
        });
        if let Some(index) = planned {
            let (fault, left) = match self.planned.remove(index) {
                Planned::Invocation { fault, times, .. } | Planned::Again { fault, times, .. } => {
                    (fault, times - 1)
                }
                Planned::Call { .. } | Planned::Like { .. } | Planned::Act { .. } => return None,
            };
            if left > 0 {
                self.planned.push(Planned::Again { handler: handler.to_owned(), fault, times: left });
            }
            self.counts.faults += 1;
            return Some(fault);
        }
        let rate = self.scenario.faults_per_mille(self.now);
        if self.is_calm || rate == 0 || !self.dice.per_mille(rate) {
            return None;
        }
        self.counts.faults += 1;
        Some(*self.dice.pick(InvocationFault::ALL))
    }

    /// Notes the invocation; gives its number and the time that its clock shows.
    fn begin_invocation(
        &mut self,
        execution: Option<&str>,
        handler: &str,
        time_out: TimeDelta,
    ) -> (u64, DateTime<Utc>) {
        self.advance();
        self.counts.begun += 1;
        let id = self.counts.begun as u64;
        let invocation = Invocation {
            handler: handler.to_owned(),
            execution: execution.map(ToOwned::to_owned),
            began_at: self.now,
            time_out,
            died: None,
            faults: 0,
            saw_since: self.now,
            calls: Vec::new(),
        };
        self.invocations.insert(id, invocation);
        let skew_max = if self.is_calm { 0 } else { self.scenario.skew_max_s };
        let skew = self.dice.between(0, 2 * skew_max).cast_signed() - skew_max.cast_signed();
        self.say(|| {
            format!(
                " {handler} runs{}",
                if skew == 0 { String::new() } else { format!(", clock off by {skew} s") }
            )
        });
        (id, self.now + TimeDelta::seconds(skew))
    }

    fn end_invocation(&mut self, id: u64, input: Value, at: DateTime<Utc>, result: &Result<Value, Failure>) {
        match result {
            Ok(output) => {
                self.judge_value("an output", output);
                if self.invocations.get(&id).is_some_and(|i| i.handler == "sweep-orphans") {
                    self.say(|| format!(" the sweep says {output}"));
                    self.judge_sweep(id, output);
                }
            }
            Err(failure) => {
                self.judge_text("an error's cause", &failure.cause);
                self.say(|| format!(" it fails: {}", json!(failure.error)));
            }
        }
        let Some(ended) = self.invocations.remove(&id) else { return };
        if let Some(steps) = &mut self.steps
            && ended.died.is_none()
        {
            steps.push(ToldStep::of(ended, input, at, result));
        }
    }
}
