//! The transitions, and the promises that are looked at after each.

use stateright::{Model, Property};

use crate::action::{Action, Look, Way};
use crate::calls::{Call, Next, Step};
use crate::model::Rotation;
use crate::naive::Rule;
use crate::person::Act;
use crate::replay::{Effect, Target};
use crate::state::{At, Broken, Exec, Kind, Promotion, Standing, State, TWICE, Verdict};

impl Exec {
    /// The execution ends, and nothing of it is needed any more.
    pub fn end(&mut self, standing: Standing) {
        self.standing = standing;
        self.forget();
    }

    /// The step of its place fails for good.
    pub fn fail(&mut self) {
        match self.at.caught() {
            Some(at) => self.at = at,
            None => self.end(Standing::Failed),
        }
    }

    fn forget(&mut self) {
        (self.at, self.vars) = (At::Plan, 0);
        (self.is_failing, self.is_redriven) = (false, false);
    }
}

impl Rotation {
    fn begin(&self, state: &mut State, night: u8) -> Option<()> {
        let index = usize::from(night);
        // A late event is of a time that isn't before its week.
        let is_late = state.nights[index + 1..].iter().any(|n| n.week.is_some_and(|week| week != state.week));
        if is_late {
            return None;
        }
        state.nights[index].week = Some(state.week);
        state.execs[index].standing = Standing::Running;
        self.look(state, night, Look::Fresh)
    }

    fn look(&self, state: &mut State, exec: u8, look: Look) -> Option<()> {
        match look {
            Look::Fresh => {}
            Look::Stale => state.spent.stale += 1,
            Look::Late => state.spent.faults += 1,
        }
        let call = Self::call(state, exec, look == Look::Late)?;
        let next = self.calls.begin(call, Self::shown(state, look));
        self.proceed(state, exec, next, None)
    }

    fn happens(&self, state: &mut State, exec: u8, way: Way) -> Option<()> {
        let it = &mut state.execs[usize::from(exec)];
        let running = it.running.take()?;
        let caller = *it;
        let next = self.happen(state, running, way, Some(caller))?;
        self.proceed(state, exec, next, Some(running))?;
        self.forget_aborted(state, exec);
        Some(())
    }

    fn sweep(&self, state: &mut State, look: Look) -> Option<()> {
        state.spent.sweeps += 1;
        if look == Look::Stale {
            state.spent.stale += 1;
        }
        let call = Call { step: Step::Sweep, exec: 0, night: 0, kind: Kind::Nightly, vars: 0 };
        let next = self.calls.begin(call, Self::shown(state, look));
        if let Next::Ended(_) = next {
            return None;
        }
        Self::proceed_sweep(state, next, None);
        Some(())
    }

    fn judge(&self, state: &mut State, exec: u8, is_good: bool) -> Option<()> {
        let it = &mut state.execs[usize::from(exec)];
        let night = usize::from(it.night);
        let restored = self.calls.vars(it.vars).restored.clone()?;
        let slot = crate::shown::slot_of(&restored.resource_id)?;
        it.at = if self.rule == Rule::NotYetStopped { At::Retire } else { it.at.after()? };
        state.pass_minutes();
        state.nights[night].verdict = Some(Verdict { is_good, slot });
        Some(())
    }

    /// An aborted execution that nobody can redrive any more is over.
    fn forget_aborted(&self, state: &mut State, exec: u8) {
        let can_redrive = self.may(state, |s| s.redrives += 1);
        let it = &mut state.execs[usize::from(exec)];
        if it.standing == Standing::Aborted && !can_redrive {
            it.forget();
        }
    }

    fn transition(&self, state: &mut State, action: Action) -> Option<()> {
        match action {
            Action::Begin(night) => self.begin(state, night)?,
            Action::BeginTwice(night) => {
                state.spent.twice += 1;
                state.execs[TWICE].night = night;
                state.execs[TWICE].standing = Standing::Running;
                self.look(state, u8::try_from(TWICE).expect("few executions"), Look::Fresh)?;
            }
            Action::Look { exec, look } => self.look(state, exec, look)?,
            Action::Call { exec, way } => self.happens(state, exec, way)?,
            Action::GiveUp(exec) => {
                let it = &mut state.execs[usize::from(exec)];
                it.is_failing = false;
                it.fail();
            }
            Action::ChecksFail(exec) => state.execs[usize::from(exec)].fail(),
            Action::Judge { exec, is_good } => self.judge(state, exec, is_good)?,
            Action::Abort(exec) => {
                state.spent.aborts += 1;
                let it = &mut state.execs[usize::from(exec)];
                (it.standing, it.is_failing) = (Standing::Aborted, false);
                self.forget_aborted(state, exec);
            }
            Action::Redrive(exec) => {
                state.spent.redrives += 1;
                let it = &mut state.execs[usize::from(exec)];
                (it.standing, it.is_redriven) = (Standing::Running, true);
            }
            Action::Sweep(look) => self.sweep(state, look)?,
            Action::SweepCall(way) => {
                let running = state.sweep.take()?;
                let next = self.happen(state, running, way, None)?;
                Self::proceed_sweep(state, next, Some(running));
            }
            Action::Becomes { slot, status } => {
                state.spent.faults += u8::from(status == crate::state::Status::Failed);
                state.become_status(slot.into(), status);
            }
            Action::AwsStarts(slot) => state.start_by_aws(slot.into()),
            Action::Person(act) => self.act(state, act),
            Action::Turn(look) => self.turn(state, look)?,
            Action::TurnCall(way) => self.turn_call(state, way)?,
            Action::WeekPasses => {
                (state.week, state.hour) = (state.week + 1, 0);
                (state.lag, state.promoting) = (None, None);
            }
        }
        Some(())
    }
}

impl Model for Rotation {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        self.starts.clone()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.broken.is_some() {
            return;
        }
        for night in 0..self.bounds.nights {
            match state.nights[usize::from(night)].week {
                None if self.bounds.is_in_turn && !is_turn(state, night) => {}
                None => actions.push(Action::Begin(night)),
                // Of two executions of one event the one that claims the drill is the first.
                Some(_) if state.nights[usize::from(night)].claim.is_some() => {
                    let is_free = state.execs[TWICE].standing == Standing::Waiting;
                    if is_free && self.may(state, |s| s.twice += 1) {
                        actions.push(Action::BeginTwice(night));
                    }
                }
                Some(_) => {}
            }
        }
        for exec in 0..u8::try_from(state.execs.len()).expect("few executions") {
            self.actions_of_exec(state, exec, actions);
        }
        match state.sweep {
            Some(running) => self.ways(state, running, |way| actions.push(Action::SweepCall(way))),
            None if self.may(state, |s| s.sweeps += 1) => {
                actions.push(Action::Sweep(Look::Fresh));
                if state.lag.is_some() && self.may(state, |s| s.stale += 1) {
                    actions.push(Action::Sweep(Look::Stale));
                }
            }
            None => {}
        }
        match state.turn {
            Some(running) => self.ways(state, running, |way| actions.push(Action::TurnCall(way))),
            None if state.promoting.is_some() => {
                actions.push(Action::Turn(Look::Fresh));
                if state.lag.is_some() && self.may(state, |s| s.stale += 1) {
                    actions.push(Action::Turn(Look::Stale));
                }
            }
            None => {}
        }
        self.actions_of_rds(state, actions);
        if self.may(state, |s| s.acts += 1) {
            actions.extend(Act::all().filter(|act| self.is_possible(*act, state)).map(Action::Person));
        }
        if self.may_week_pass(state) {
            actions.push(Action::WeekPasses);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        self.transition(&mut state, action)?;
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(NOT_OURS, |_, s: &State| s.broken != Some(Broken::NotOurs)),
            Property::always(LAST_VERIFIED, |_, s: &State| s.broken != Some(Broken::LastVerified)),
            Property::always(PROTECTED, |_, s: &State| s.broken != Some(Broken::Protected)),
            Property::always(RESTORED_TWICE, |_, s: &State| s.broken != Some(Broken::RestoredTwice)),
            Property::sometimes(ENDS_GREEN, |_, s: &State| {
                s.execs.iter().any(|e| e.standing == Standing::Succeeded)
            }),
            Property::sometimes(RETIRES, |_, s: &State| s.execs.iter().any(is_retiring)),
            Property::sometimes(SWEEP_DELETES, |_, s: &State| {
                s.sweep.is_some_and(|r| matches!(r.effect, Effect::Delete(_)))
            }),
            Property::sometimes(SWEEP_STOPS, |_, s: &State| {
                s.sweep.is_some_and(|r| matches!(r.effect, Effect::Stop(_)))
            }),
            Property::sometimes(SIDE_BY_SIDE, |_, s: &State| {
                s.execs
                    .iter()
                    .filter(|e| e.standing == Standing::Running && e.at != At::Plan && e.vars != 0)
                    .count()
                    > 1
            }),
            Property::sometimes(PROMOTION_DONE, |_, s: &State| {
                s.replicas.iter().any(|r| r.promotion == Promotion::Done)
            }),
            Property::sometimes(PROMOTED, |_, s: &State| {
                let verified_since =
                    |slot: u8| s.replicas.iter().any(|r| r.source == Some(slot) && r.has_stood);
                s.promoted().and_then(|slot| u8::try_from(slot).ok()).is_some_and(verified_since)
            }),
        ]
    }
}

/// Whether every night before this one has ended.
fn is_turn(state: &State, night: u8) -> bool {
    let before = &state.execs[..usize::from(night)];
    before.iter().all(|e| !matches!(e.standing, Standing::Waiting | Standing::Running))
}

fn is_retiring(exec: &Exec) -> bool {
    let is_older = |target| matches!(target, Target::Night(night) if night != exec.night);
    exec.at == At::Retire
        && exec.running.is_some_and(|r| matches!(r.effect, Effect::Delete(target) if is_older(target)))
}

/// Promise: nothing that isn't ours is touched.
pub const NOT_OURS: &str = "nothing is stopped or deleted that isn't ours";
/// Promise: there is always a verified replica.
pub const LAST_VERIFIED: &str = "a verified replica exists until a newer one is verified and stopped";
/// Promise: what a person uses is theirs.
pub const PROTECTED: &str = "what a person holds, started, renamed or promoted is never stopped or deleted";
/// Promise: once.
pub const RESTORED_TWICE: &str = "one scheduled time gives at most one restore that took effect";
/// Sanity.
pub const ENDS_GREEN: &str = "a night ends verified";
/// Sanity.
pub const RETIRES: &str = "a night deletes an older replica";
/// Sanity.
pub const SWEEP_DELETES: &str = "a sweep deletes";
/// Sanity.
pub const SWEEP_STOPS: &str = "a sweep stops";
/// Sanity.
pub const SIDE_BY_SIDE: &str = "two drills are under way side by side";
/// Sanity.
pub const PROMOTED: &str = "a promoted replica is drilled as the new production";
/// Sanity.
pub const PROMOTION_DONE: &str = "the command makes a replica production";
/// The sanity checks.
pub const SANITY: [&str; 7] =
    [ENDS_GREEN, RETIRES, SWEEP_DELETES, SWEEP_STOPS, SIDE_BY_SIDE, PROMOTED, PROMOTION_DONE];
/// The promises.
pub const PROMISES: [&str; 4] = [NOT_OURS, LAST_VERIFIED, PROTECTED, RESTORED_TWICE];
