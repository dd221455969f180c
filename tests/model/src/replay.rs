//! The ports of a step over a state: reading is answered from what the step is shown, and a call that changes
//! something ends the run, for the model to let it happen at any later moment.
//!
//! So a step is run again from its beginning with the answers that it got so far, and goes on by one call.
//! What it asks and is shown is noted: two runs of a step that were shown the same are one.

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use drill::instance::Instance;
use drill::ownership::TAG_HOLD;

use crate::shown::{self, Query, Record, Shown};
use crate::state::Data;

mod ports;

/// A call that changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Writes the claim of a night for an execution, unless there is one.
    Claim {
        /// The night.
        night: u8,
        /// The execution.
        exec: u8,
        /// How many claims there were when it looked.
        order: u8,
    },
    /// Asks RDS to restore the replica of a night.
    Restore {
        /// The night.
        night: u8,
        /// The source: a promoted replica's slot, else production.
        source: Option<u8>,
        /// The data.
        data: Data,
    },
    /// Writes that the replica in a slot is about to be asked to stop.
    RecordStop {
        /// The night.
        night: u8,
        /// The replica.
        slot: u8,
    },
    /// Asks RDS to stop what bears a name.
    Stop(Target),
    /// Asks RDS to delete what bears a name.
    Delete(Target),
    /// Puts the hold and the mark of a promotion on what bears a name.
    Mark(Target),
    /// Asks RDS to start what bears a name.
    Start(Target),
    /// Takes our tags off what bears a name.
    Disown(Target),
}

/// What a call to RDS names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// The name of a night's replica.
    Night(u8),
    /// The name that a person gave the replica in a slot.
    Kept(u8),
    /// Production's name.
    Source,
    /// Somebody else's production, whose name begins as those of our replicas do.
    LookAlike,
    /// A production that carries our tags, since it was made from a snapshot of a replica.
    Copy,
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It took effect.
    Done,
    /// There is one already: a claim, an instance of that name.
    Exists,
    /// There is no instance or snapshot of that name.
    NotFound,
    /// The instance's status doesn't allow it.
    InvalidState,
    /// No answer; it may have taken effect or not.
    Unavailable,
}

/// What a step was shown until its next call, and that call's answer once it has one.
#[derive(Debug, Clone)]
pub struct Segment {
    /// What it was shown.
    pub shown: Shown,
    /// The answer.
    pub answer: Option<Answer>,
}

/// The ports of one run of a step.
pub struct Replay<'a> {
    segments: &'a [Segment],
    /// The execution that asks, for the rule that knows no claims: it finds its own.
    claimless: Option<usize>,
    hides_holds: bool,
    texts: &'a (dyn Fn(&Shown, Record) -> String + Sync),
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    at: usize,
    /// What was asked in the last segment, with a digest of what was shown.
    asked: Vec<(Query, u64)>,
    effect: Option<Effect>,
    evidence: Option<String>,
}

impl Inner {
    fn shown<'a>(&self, replay: &Replay<'a>) -> &'a Shown {
        &replay.segments[self.at].shown
    }
}

impl<'a> Replay<'a> {
    /// The ports of a run; `texts` gives the records of nights.
    pub fn new(segments: &'a [Segment], texts: &'a (dyn Fn(&Shown, Record) -> String + Sync)) -> Self {
        Self { segments, claimless: None, hides_holds: false, texts, inner: Mutex::default() }
    }

    /// Where no claim is ever found to be another execution's.
    #[must_use]
    pub fn without_claims(self, exec: Option<usize>) -> Self {
        Self { claimless: exec, ..self }
    }

    /// Where nobody sees the tag that holds a replica.
    #[must_use]
    pub fn without_holds(self, hides_holds: bool) -> Self {
        Self { hides_holds, ..self }
    }

    /// Runs the step until its next call that has no answer yet, or to its end.
    pub fn run<T>(&self, step: impl Future<Output = T>) -> Result<T, Effect> {
        match pin!(step).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Ok(value),
            Poll::Pending => Err(self.with(|i| i.effect).expect("a step waits for nothing but its calls")),
        }
    }

    /// What was asked since the last call was answered, with a digest of what was shown.
    pub fn asked(&self) -> Vec<(Query, u64)> {
        self.with(|i| std::mem::take(&mut i.asked))
    }

    /// The evidence that the step wrote.
    pub fn evidence(&self) -> Option<String> {
        self.with(|i| i.evidence.clone())
    }

    fn with<T>(&self, look: impl FnOnce(&mut Inner) -> T) -> T {
        look(&mut self.inner.lock().expect("nobody panicked while holding it"))
    }

    fn read<T>(&self, query: impl FnOnce(&Shown) -> Query, read: impl FnOnce(&Shown) -> T) -> T {
        self.with(|i| {
            let shown = i.shown(self);
            let query = query(shown);
            i.asked.push((query, shown.digest(query)));
            read(shown)
        })
    }

    async fn call(&self, effect: Effect) -> Answer {
        let answer = self.with(|i| {
            let answer = self.segments[i.at].answer;
            match answer {
                Some(_) => {
                    i.at += 1;
                    i.asked.clear();
                }
                None => i.effect = Some(effect),
            }
            answer
        });
        match answer {
            Some(answer) => answer,
            None => pending().await,
        }
    }

    /// Deletes by name, as only naive rules do: the port wants a proof.
    pub async fn delete_named(&self, instance: &Instance) -> Answer {
        let target = self.read(|_| Query::All, |shown| target(shown, &instance.id));
        self.call(Effect::Delete(target)).await
    }

    fn instance_shown(&self, mut instance: Instance) -> Instance {
        if self.hides_holds {
            instance.tags.remove(TAG_HOLD);
        }
        instance
    }
}

fn target(shown: &Shown, name: &str) -> Target {
    let slots = 0..shown.replicas.len();
    let bearer = slots.clone().find(|s| shown.replicas[*s].exists() && shown.name(*s) == name);
    match bearer {
        _ if name == shown::SOURCE.as_str() => Target::Source,
        None if name == shown::LOOK_ALIKE => Target::LookAlike,
        None => Target::Copy,
        Some(slot) if shown.replicas[slot].name == crate::state::Name::OfItsDrill => {
            Target::Night(shown.replicas[slot].night)
        }
        Some(slot) => Target::Kept(u8::try_from(slot).expect("few slots")),
    }
}
