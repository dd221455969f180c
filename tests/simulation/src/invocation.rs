//! One run of one function: its calls, and what goes wrong with them.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;

use asl_runner::Failure;
use chrono::{DateTime, TimeDelta, Utc};
use drill::evidence::Notification;
use drill::ports::{Metric, RestoreRequest};
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::fault::{Fault, Kind, Planned, Sight};
use crate::script::{Recorded, Script};
use crate::told::{ErrorTold, Told};
use crate::world::{State, World};

/// A run of a function that hasn't ended.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    /// The step, by its handler.
    pub(crate) handler: String,
    /// The execution that called it; nothing for a sweep.
    pub(crate) execution: Option<String>,
    pub(crate) began_at: DateTime<Utc>,
    pub(crate) time_out: TimeDelta,
    /// Why the process died.
    pub(crate) died: Option<Failure>,
    /// How much went wrong with it.
    pub(crate) faults: usize,
    /// The oldest that one of its looks showed.
    pub(crate) saw_since: DateTime<Utc>,
    /// What it asked and was answered, when that is written down.
    pub(crate) calls: Vec<Recorded>,
}

/// What the product is given instead of AWS and a database: every port, in the hands of one invocation.
#[derive(Clone)]
pub(crate) struct Ports {
    pub(crate) world: Arc<World>,
    pub(crate) invocation: u64,
    /// Instead of the world, when a history is replayed.
    pub(crate) script: Option<Arc<Script>>,
}

/// How an error of a port looks when this went wrong.
pub(crate) trait Failing: Sized {
    fn failing(fault: Fault, operation: &'static str, subject: &str, dice: &mut Dice) -> Self;
}

/// A call as it is made.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) operation: &'static str,
    pub(crate) subject: &'a str,
    pub(crate) kind: Kind,
    pub(crate) says: Says<'a>,
}

/// What a call that changes something says.
#[derive(Clone, Copy)]
pub(crate) enum Says<'a> {
    Nothing,
    Text(&'a str),
    Restore(&'a RestoreRequest),
    Message(&'a Notification),
    Metrics(&'a [Metric]),
}

impl Says<'_> {
    fn told(self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            // How a page looks is nobody's decision.
            Self::Text(text) if text.starts_with("<!") => json!("a page"),
            Self::Text(text) => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
            Self::Restore(request) => json!({
                "replica": request.replica,
                "from": format!("{:?}", request.from),
                "instance_class": request.instance_class,
                "subnet_group": request.subnet_group,
                "security_groups": request.security_groups,
                "parameter_group": request.parameter_group,
                "storage_type": request.storage_type,
                "extended_support": request.extended_support,
                "tags": request.tags,
            }),
            Self::Message(message) => {
                json!({"subject": message.subject, "attributes": message.attributes})
            }
            Self::Metrics(metrics) => metrics.iter().map(|m| json!([m.name, m.value, m.unit])).collect(),
        }
    }
}

impl Ports {
    /// Makes a call: takes its time, lets others go on meanwhile, and has its effect, unless it's at fault.
    pub(crate) async fn call<T: Told, E: Failing + ErrorTold>(
        &self,
        call: Call<'_>,
        effect: impl FnMut(&mut State, Sight) -> Result<T, E> + Send,
    ) -> Result<T, E> {
        let Call { operation, subject, says, .. } = call;
        if let Some(script) = &self.script {
            let answer = script.answer(operation, subject, says.told());
            let unknown = || E::failing(Fault::LostRequest, operation, subject, &mut Dice::new(0));
            return answer.unwrap_or_else(|| Err(unknown()));
        }
        let result = self.called(call, effect).await;
        self.world.with(|s| {
            if s.steps.is_some()
                && let Some(invocation) = s.invocations.get_mut(&self.invocation)
            {
                invocation.calls.push(Recorded::of(operation, subject, says.told(), &result));
            }
        });
        result
    }

    async fn called<T, E: Failing>(
        &self,
        call: Call<'_>,
        mut effect: impl FnMut(&mut State, Sight) -> Result<T, E> + Send,
    ) -> Result<T, E> {
        let (latency, fault) = self.world.with(|s| s.begin_call(self.invocation, call));
        if latency > TimeDelta::zero() {
            self.world.clock.sleep(latency).await;
        }
        let mut take_effect =
            |sight| self.world.with(|s| s.effect(self.invocation, call, sight, &mut effect));
        let Some(fault) = fault else { return take_effect(Sight::Current) };
        let fails = || {
            self.world.with(|s| {
                s.advance();
                E::failing(fault, call.operation, call.subject, &mut s.dice)
            })
        };
        match fault {
            Fault::Throttled | Fault::Refused | Fault::LostRequest => Err(fails()),
            Fault::LostAnswer => {
                let _ = take_effect(Sight::Current);
                Err(fails())
            }
            Fault::Repeated => {
                let _ = take_effect(Sight::Current);
                take_effect(Sight::Current)
            }
            Fault::Stale => take_effect(Sight::Stale),
            Fault::Empty => take_effect(Sight::Empty),
            Fault::CrashBefore => self.die().await,
            Fault::CrashAfter => {
                let _ = take_effect(Sight::Current);
                self.die().await
            }
            Fault::HangBefore => self.hang().await,
            Fault::HangAfter => {
                let _ = take_effect(Sight::Current);
                self.hang().await
            }
            Fault::LateEffect => {
                self.wait_out(TimeDelta::seconds(5)).await;
                let _ = take_effect(Sight::Current);
                self.die().await
            }
        }
    }

    async fn wait_out(&self, longer: TimeDelta) {
        let until = self.world.with(|s| {
            let later = TimeDelta::seconds(s.dice.between(0, 90).cast_signed());
            s.invocations.get(&self.invocation).map_or(s.now, |i| i.began_at + i.time_out + longer + later)
        });
        self.world.clock.sleep_until(until).await;
    }

    async fn hang<T>(&self) -> T {
        self.wait_out(TimeDelta::zero()).await;
        self.die().await
    }

    /// The process ends here: nobody hears of it again.
    async fn die<T>(&self) -> T {
        self.world.with(|s| {
            let names = [
                "Lambda.Unknown",
                "Runtime.ExitError",
                "Lambda.ServiceException",
                "Lambda.SdkClientException",
                "Sandbox.Timedout",
            ];
            let name = *s.dice.pick(&names);
            if let Some(invocation) = s.invocations.get_mut(&self.invocation) {
                invocation.died = Some(Failure::new(name, "the process died"));
            }
        });
        match pending::<Infallible>().await {}
    }
}

impl State {
    /// Counts the call, and decides how long it takes and what goes wrong with it.
    fn begin_call(&mut self, invocation: u64, call: Call<'_>) -> (TimeDelta, Option<Fault>) {
        self.counts.calls += 1;
        if let Some(act) = self.planned_act() {
            self.act(act);
        }
        self.beside();
        let latency_max_ms = if self.is_calm { 40 } else { self.scenario.latency_max_ms };
        let mut latency = TimeDelta::milliseconds(self.dice.between(8, latency_max_ms).cast_signed());
        if self.steps.is_some() && self.invocations.get(&invocation).is_some_and(|i| i.handler == "run-check")
        {
            // How many readers pay depends on the time that each takes, which a replay doesn't have.
            latency = TimeDelta::zero();
        }
        let fault = self.planned_fault(invocation, call).or_else(|| self.fault_by_chance(call.kind));
        if let Some(fault) = fault {
            self.counts.faults += 1;
            if let Some(i) = self.invocations.get_mut(&invocation) {
                i.faults += 1;
            }
            let execution = self.invocations.get(&invocation).and_then(|i| i.execution.clone());
            if let Some(run) = execution.and_then(|arn| self.executions.get_mut(&arn)) {
                run.faults += 1;
            }
            self.say(|| format!("  … {} {}: {fault:?}", call.operation, call.subject));
        }
        (latency, fault)
    }

    /// What a plan puts in the way: of the call with a number, and then of the next ones like it.
    fn planned_fault(&mut self, invocation: u64, call: Call<'_>) -> Option<Fault> {
        let handler = self.invocations.get(&invocation)?.handler.clone();
        let number_now = self.counts.calls;
        let index = self.planned.iter().position(|p| match p {
            Planned::Call { number, fault, .. } => *number == number_now && fault.fits(call.kind),
            Planned::Like { handler: h, operation, .. } => *h == handler && *operation == call.operation,
            Planned::Invocation { .. } | Planned::Again { .. } | Planned::Act { .. } => false,
        })?;
        let (fault, left) = match self.planned.remove(index) {
            Planned::Call { fault, times, .. } | Planned::Like { fault, times, .. } => (fault, times - 1),
            Planned::Invocation { .. } | Planned::Again { .. } | Planned::Act { .. } => return None,
        };
        if left > 0 {
            self.planned.push(Planned::Like { handler, operation: call.operation, fault, times: left });
        }
        Some(fault)
    }

    fn fault_by_chance(&mut self, kind: Kind) -> Option<Fault> {
        let rate = self.scenario.faults_per_mille(self.now);
        if self.is_calm || rate == 0 || !self.dice.per_mille(rate) {
            return None;
        }
        Some(*self.dice.pick(Fault::ALL)).filter(|f| f.fits(kind))
    }

    /// Has the effect, with a line in the tale.
    fn effect<T, E>(
        &mut self,
        invocation: u64,
        call: Call<'_>,
        sight: Sight,
        effect: &mut impl FnMut(&mut Self, Sight) -> Result<T, E>,
    ) -> Result<T, E> {
        self.advance();
        if sight != Sight::Current
            && let Some(i) = self.invocations.get_mut(&invocation)
        {
            i.saw_since = i.saw_since.min(self.now - crate::rds::STALE_MAX);
        }
        let result = effect(self, sight);
        self.look_for_changes();
        self.say(|| {
            let (word, sight) = (
                if result.is_ok() { "ok" } else { "refused" },
                match sight {
                    Sight::Current => "",
                    Sight::Stale => " (stale)",
                    Sight::Empty => " (empty)",
                },
            );
            format!("  {} {}: {word}{sight}", call.operation, call.subject)
        });
        result
    }
}
