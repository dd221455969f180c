//! The model: what may happen in a state, and what comes of it.

use std::sync::Arc;

use crate::action::{Action, Look, Way};
use crate::bounds::Bounds;
use crate::calls::{Call, Calls, Next, Outcome, Step};
use crate::naive::Rule;
use crate::rds::Caller;
use crate::replay::{Answer, Effect};
use crate::shown::Shown;
use crate::state::{At, Exec, Running, SLOTS, Spent, Standing, State, Status};
use drill::observation::Goal;

/// The model of a number of nights by a rule.
#[derive(Clone)]
pub struct Rotation {
    /// The rule.
    pub rule: Rule,
    /// What is bounded.
    pub bounds: Bounds,
    /// Which drills are asked for, and what becomes of failures.
    pub starts: Vec<State>,
    /// The calls of steps.
    pub calls: Arc<Calls>,
}

impl Rotation {
    pub(crate) fn may(&self, state: &State, spend: impl Fn(&mut Spent)) -> bool {
        let mut would_be = state.spent;
        spend(&mut would_be);
        self.bounds.allow(would_be)
    }

    pub(crate) fn shown(state: &State, look: Look) -> Shown {
        let mut replicas = state.replicas;
        if let (Look::Stale, Some((slot, was))) = (look, state.lag) {
            replicas[usize::from(slot)] = was;
        }
        Shown {
            week: state.week,
            hour: state.hour,
            has_source: state.has_source,
            discards_failures: state.discards_failures,
            replicas,
            nights: state.nights,
            is_running: state.execs.map(|e| e.standing == Standing::Running),
        }
    }

    pub(crate) fn call(state: &State, exec: u8, is_late: bool) -> Option<Call> {
        let it = &state.execs[usize::from(exec)];
        let step = match it.at {
            At::Plan => Step::Plan { is_redriven: it.is_redriven },
            At::Restore => Step::Restore,
            At::Wait => Step::Observe { is_late },
            At::Checks => return None,
            At::Stop => Step::Stop,
            At::Retire => Step::Retire,
            At::Publish => Step::Publish,
            At::Abandon => Step::Abandon,
        };
        Some(Call {
            step,
            exec,
            night: it.night,
            kind: state.nights[usize::from(it.night)].kind,
            vars: it.vars,
        })
    }

    pub(crate) fn actions_of_exec(&self, state: &State, exec: u8, actions: &mut Vec<Action>) {
        let it = &state.execs[usize::from(exec)];
        if let Some(running) = it.running {
            self.ways(state, running, |way| actions.push(Action::Call { exec, way }));
        }
        let may_redrive = it.standing == Standing::Aborted && it.running.is_none();
        if may_redrive && self.may(state, |s| s.redrives += 1) {
            actions.push(Action::Redrive(exec));
        }
        if it.standing != Standing::Running {
            return;
        }
        if self.may(state, |s| s.aborts += 1) {
            actions.push(Action::Abort(exec));
        }
        if it.running.is_some() {
            return;
        }
        if it.is_failing {
            actions.push(Action::GiveUp(exec));
        }
        if it.at == At::Checks {
            let restored = self.calls.vars(it.vars).restored.as_ref().map(|r| r.resource_id.clone());
            let slot = restored.and_then(|id| crate::shown::slot_of(&id)).map(usize::from);
            actions.push(Action::ChecksFail(exec));
            let is_running = slot.is_some_and(|slot| state.replicas[slot].status == Status::Available);
            if is_running && !state.functions().any(|f| f.is_old) {
                actions.extend([true, false].map(|is_good| Action::Judge { exec, is_good }));
            }
            return;
        }
        actions.push(Action::Look { exec, look: Look::Fresh });
        if state.lag.is_some() && self.may(state, |s| s.stale += 1) {
            actions.push(Action::Look { exec, look: Look::Stale });
        }
        if it.at == At::Wait && self.may(state, |s| s.faults += 1) {
            actions.push(Action::Look { exec, look: Look::Late });
        }
    }

    pub(crate) fn ways(&self, state: &State, running: Running, mut push: impl FnMut(Way)) {
        push(Way::Answered);
        let is_of_rds = matches!(
            running.effect,
            Effect::Restore { .. } | Effect::Stop(_) | Effect::Delete(_) | Effect::Start(_)
        );
        if is_of_rds && self.may(state, |s| s.stale += 1) {
            push(Way::AnsweredStale);
        }
        if self.may(state, |s| s.faults += 1) {
            push(Way::Lost);
            push(Way::Unsent);
            push(Way::Died);
        }
    }

    pub(crate) fn actions_of_rds(&self, state: &State, actions: &mut Vec<Action>) {
        if state.functions().any(|running| running.is_old) {
            return;
        }
        for slot in 0..SLOTS {
            let it = &state.replicas[slot];
            let slot = u8::try_from(slot).expect("few slots");
            let becomes = |status| Action::Becomes { slot, status };
            let may_fail = self.may(state, |s| s.faults += 1);
            match it.status {
                Status::Creating => {
                    actions.push(becomes(Status::Available));
                    actions.extend(may_fail.then(|| becomes(Status::Failed)));
                }
                Status::Available => actions.extend(may_fail.then(|| becomes(Status::Failed))),
                Status::Stopping => actions.push(becomes(Status::Stopped)),
                Status::Deleting => actions.push(becomes(Status::Gone)),
                Status::Stopped if it.stopped.is_some_and(|stop| stop.week < state.week) => {
                    actions.push(Action::AwsStarts(slot));
                }
                Status::Stopped | Status::Failed | Status::Absent | Status::Gone => {}
            }
        }
    }

    pub(crate) fn may_week_pass(&self, state: &State) -> bool {
        let is_quiet = |status| !matches!(status, Status::Creating | Status::Stopping | Status::Deleting);
        state.week < self.bounds.weeks
            && state.sweep.is_none()
            && state.turn.is_none()
            && state.execs.iter().all(|e| e.standing != Standing::Running && e.running.is_none())
            && state.replicas.iter().all(|r| is_quiet(r.status))
            && state.nights.iter().any(|n| n.week.is_some())
    }

    /// The execution goes on with what came of its call.
    pub(crate) fn proceed(
        &self,
        state: &mut State,
        exec: u8,
        next: Next,
        before: Option<Running>,
    ) -> Option<()> {
        let it = &mut state.execs[usize::from(exec)];
        let outcome = match next {
            Next::Calls(seen, effect) => {
                it.running = Some(Running::after(before, seen, effect));
                return Some(());
            }
            Next::Ended(outcome) => outcome,
            Next::Died => Outcome::Failed { is_retried: true },
        };
        it.running = None;
        if let Outcome::Published { fate, .. } | Outcome::Abandoned { fate: Some(fate) } = outcome {
            state.nights[usize::from(it.night)].published = Some(fate);
        }
        if it.standing == Standing::Aborted {
            return Some(());
        }
        it.is_failing = false;
        match outcome {
            Outcome::Went(vars) => {
                it.vars = vars;
                it.at = it.at.after().expect("a step went, and the definition goes on");
            }
            Outcome::Reached(goal) => {
                it.at = match goal {
                    Goal::Stopped if self.rule == Rule::NotYetStopped => At::Publish,
                    Goal::Gone if self.rule == Rule::NotYetStopped => At::Stop,
                    goal => At::reached(goal),
                };
            }
            Outcome::NotYet => return None,
            Outcome::Published { is_green: true, .. } => it.end(Standing::Succeeded),
            Outcome::Published { is_green: false, .. } | Outcome::Abandoned { .. } => {
                it.end(Standing::Failed);
            }
            Outcome::Failed { is_retried: true } => it.is_failing = true,
            Outcome::Failed { is_retried: false } => it.fail(),
            Outcome::Swept | Outcome::Turned | Outcome::Promoted => {
                unreachable!("an execution calls neither a sweep nor a promotion")
            }
        }
        Some(())
    }

    pub(crate) fn proceed_sweep(state: &mut State, next: Next, before: Option<Running>) {
        state.sweep = match next {
            Next::Calls(seen, effect) => Some(Running::after(before, seen, effect)),
            Next::Ended(_) | Next::Died => None,
        };
    }

    /// The call of a function happens; what the function does next.
    pub(crate) fn happen(
        &self,
        state: &mut State,
        running: Running,
        way: Way,
        exec: Option<Exec>,
    ) -> Option<Next> {
        let caller = Caller {
            is_disturbed: running.is_disturbed,
            is_redriven: exec.is_some_and(|e| e.is_redriven),
            night: exec.map(|e| e.night),
        };
        match way {
            Way::Answered => {}
            Way::AnsweredStale => state.spent.stale += 1,
            Way::Lost | Way::Unsent | Way::Died => state.spent.faults += 1,
        }
        let answer = match way {
            Way::Unsent => Answer::Unavailable,
            _ => state.apply(running.effect, caller)?,
        };
        let (answer, look) = match way {
            Way::Answered => (answer, Look::Fresh),
            // What took effect is in its own answer; what was refused is looked at again.
            Way::AnsweredStale if answer == Answer::Done || state.lag.is_none() => return None,
            Way::AnsweredStale => (answer, Look::Stale),
            Way::Lost | Way::Unsent => (Answer::Unavailable, Look::Fresh),
            Way::Died => return Some(Next::Died),
        };
        Some(self.calls.resume(running.seen, answer, Self::shown(state, look)))
    }
}
