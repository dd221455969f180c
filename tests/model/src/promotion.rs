//! A promotion by `restore-drill promote`: a person begins it, and the real command takes its turns.
//!
//! It is read and written as steps are. That it may be interrupted anywhere follows from no turn being forced.

use crate::action::{Look, Way};
use crate::calls::{Call, Next, Outcome, Step};
use crate::model::Rotation;
use crate::naive::Rule;
use crate::person::Act;
use crate::state::{Kind, Name, Promotion, Running, State};

impl Rotation {
    /// Whether a person can do it now: by our rules a promotion isn't an act of one moment.
    pub(crate) fn is_possible(&self, act: Act, state: &State) -> bool {
        match act {
            Act::Promote(slot) if self.rule != Rule::TagsLeftOn => {
                let it = &state.replicas[usize::from(slot)];
                let is_idle = state.promoting.is_none() && state.turn.is_none();
                is_idle && it.is_alive() && it.name == Name::OfItsDrill && it.promotion != Promotion::Done
            }
            act => act.is_possible(state),
        }
    }

    pub(crate) fn act(&self, state: &mut State, act: Act) {
        state.spent.acts += 1;
        match act {
            Act::Promote(slot) if self.rule != Rule::TagsLeftOn => state.promoting = Some(slot),
            act => act.apply(state),
        }
    }

    pub(crate) fn turn(&self, state: &mut State, look: Look) -> Option<()> {
        let slot = state.promoting?;
        state.spent.stale += u8::from(look == Look::Stale);
        let night = state.replicas[usize::from(slot)].night;
        let call = Call { step: Step::Promote, exec: slot, night, kind: Kind::Nightly, vars: 0 };
        let next = self.calls.begin(call, Self::shown(state, look));
        Self::proceed_promotion(state, next, None)
    }

    pub(crate) fn turn_call(&self, state: &mut State, way: Way) -> Option<()> {
        let running = state.turn.take()?;
        let next = self.happen(state, running, way, None)?;
        Self::proceed_promotion(state, next, Some(running))
    }

    fn proceed_promotion(state: &mut State, next: Next, before: Option<Running>) -> Option<()> {
        match next {
            Next::Calls(seen, effect) => state.turn = Some(Running::after(before, seen, effect)),
            Next::Ended(Outcome::NotYet) => return None,
            Next::Ended(Outcome::Turned) => {}
            Next::Ended(_) | Next::Died => state.promoting = None,
        }
        Some(())
    }
}
