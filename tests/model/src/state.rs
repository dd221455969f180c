//! One state of the world: what RDS has, what the evidence bucket holds, how far each execution is.
//!
//! Small and plain, as there are millions of them. Only what the steps can tell apart is in it; instants are
//! made of it in [`crate::calendar`], instances and records in [`crate::shown`].

mod execution;
mod replica;

pub use execution::{At, Exec, Running, Standing};
pub use replica::{Data, Name, Promotion, Replica, StartedBy, Status, Stopped, StoppedBy};

/// The most nights of a model.
pub const NIGHTS_MAX: usize = 3;
/// An execution for each night, and one more for an event that arrives twice.
pub const EXECS: usize = NIGHTS_MAX + 1;
/// The execution of the event that arrived twice.
pub const TWICE: usize = NIGHTS_MAX;
/// A replica for each night, and one more for what is restored under a night's name again.
pub const SLOTS: usize = NIGHTS_MAX + 1;
/// The slot of what is restored again.
pub const AGAIN: usize = NIGHTS_MAX;

/// The state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    /// How many weeks have passed; 8 days each, see [`crate::calendar`].
    pub week: u8,
    /// How often a person has started a replica this week. Stopping and starting each take a while, so that what
    /// happens after it is later than any retry of what was before.
    pub hour: u8,
    /// Whether the production instance still exists.
    pub has_source: bool,
    /// What becomes of a replica that isn't verified, by the configuration.
    pub discards_failures: bool,
    /// The scheduled times, with what the evidence bucket holds of each.
    pub nights: [Night; NIGHTS_MAX],
    /// The executions.
    pub execs: [Exec; EXECS],
    /// The replicas.
    pub replicas: [Replica; SLOTS],
    /// The sweep that is under way.
    pub sweep: Option<Running>,
    /// The replica that somebody promotes by `restore-drill promote`, which takes turns until it is done.
    pub promoting: Option<u8>,
    /// The turn that is under way.
    pub turn: Option<Running>,
    /// A replica that RDS has changed and may still show as it was.
    pub lag: Option<(u8, Replica)>,
    /// What has been spent of what happens rarely.
    pub spent: Spent,
    /// The promise that was broken by the last transition.
    pub broken: Option<Broken>,
}

/// A promise that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Broken {
    /// Something that isn't ours was stopped or deleted.
    NotOurs,
    /// The last verified replica was deleted.
    LastVerified,
    /// A replica that a person holds, started, renamed or promoted was stopped or deleted.
    Protected,
    /// A second restore of one scheduled time took effect though nobody asked for it.
    RestoredTwice,
}

/// What is rare is bounded: how often each of it has happened so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Spent {
    /// Acts of a person.
    pub acts: u8,
    /// Calls whose answer was lost, functions that died, replicas that failed, deadlines that passed.
    pub faults: u8,
    /// Executions that were aborted or ran out of time.
    pub aborts: u8,
    /// Aborted executions that a person started again.
    pub redrives: u8,
    /// Looks at RDS that showed what was.
    pub stale: u8,
    /// Events that arrived twice.
    pub twice: u8,
    /// Sweeps.
    pub sweeps: u8,
}

impl Spent {
    /// All that was out of the ordinary.
    pub fn total(self) -> u8 {
        self.acts + self.faults + self.aborts + self.redrives + self.stale + self.twice
    }
}

/// What a drill is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The schedule: the newest automated backup, to become the standby.
    Nightly,
    /// The newest automated backup, on demand, to be discarded.
    Discarded,
    /// A snapshot of last month, to become the standby.
    Old,
    /// A snapshot of last month, to be discarded.
    OldDiscarded,
}

/// A scheduled time, and what the evidence bucket holds of its drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Night {
    /// What was asked for.
    pub kind: Kind,
    /// The week of its scheduled time; absent until its event arrived.
    pub week: Option<u8>,
    /// `claim.json`.
    pub claim: Option<Claim>,
    /// `verdict.json`.
    pub verdict: Option<Verdict>,
    /// `stop.json`.
    pub stop: Option<Stop>,
    /// `evidence.json`: what it says that became of the replica.
    pub published: Option<Fate>,
    /// How many restores of it took effect.
    pub restores: u8,
    /// Whether a person took its replica away, so that its name was free again.
    pub is_taken: bool,
}

/// What a drill's evidence says that became of its replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It was stopped, or asked to.
    Stopped,
    /// It runs, was deleted, or nobody knows.
    Other,
}

/// `claim.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Claim {
    /// The execution that carries the drill out.
    pub exec: u8,
    /// The week in which it was written.
    pub week: u8,
    /// How many claims there were before it.
    pub order: u8,
}

/// `verdict.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Verdict {
    /// Whether it says verified; else rejected.
    pub is_good: bool,
    /// The replica that was judged.
    pub slot: u8,
}

/// `stop.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stop {
    /// The replica.
    pub slot: u8,
    /// The week in which it was asked to stop.
    pub week: u8,
    /// The hour of it.
    pub hour: u8,
}

impl State {
    /// The beginning: nobody has drilled yet.
    pub fn new(kinds: [Kind; NIGHTS_MAX], discards_failures: bool) -> Self {
        let night = |kind| Night {
            kind,
            week: None,
            claim: None,
            verdict: None,
            stop: None,
            published: None,
            restores: 0,
            is_taken: false,
        };
        let exec = Exec {
            night: 0,
            standing: Standing::Waiting,
            at: At::Plan,
            vars: 0,
            is_failing: false,
            is_redriven: false,
            running: None,
        };
        let mut execs = [exec; EXECS];
        for (i, exec) in (0..).zip(&mut execs[..NIGHTS_MAX]) {
            exec.night = i;
        }
        Self {
            week: 0,
            hour: 0,
            has_source: true,
            discards_failures,
            nights: kinds.map(night),
            execs,
            replicas: [Replica::NONE; SLOTS],
            sweep: None,
            promoting: None,
            turn: None,
            lag: None,
            spent: Spent::default(),
            broken: None,
        }
    }

    /// Whether the stored verdict says verified of the replica in that slot.
    pub fn is_verified(&self, slot: usize) -> bool {
        let replica = &self.replicas[slot];
        let verdict = self.nights[usize::from(replica.night)].verdict;
        verdict.is_some_and(|v| v.is_good && usize::from(v.slot) == slot)
    }

    /// The functions that run.
    pub fn functions(&self) -> impl Iterator<Item = &Running> {
        self.execs.iter().filter_map(|e| e.running.as_ref()).chain(&self.sweep).chain(&self.turn)
    }

    /// The same, to change them.
    pub fn functions_mut(&mut self) -> impl Iterator<Item = &mut Running> {
        let steps = self.execs.iter_mut().filter_map(|e| e.running.as_mut());
        steps.chain(&mut self.sweep).chain(&mut self.turn)
    }

    /// The replica that bears production's name by now.
    pub fn promoted(&self) -> Option<usize> {
        self.replicas.iter().position(|r| r.exists() && r.name == Name::OfSource)
    }

    /// The instance that bears the name of a night's replica.
    pub fn named(&self, night: u8) -> Option<usize> {
        self.replicas.iter().position(|r| r.exists() && r.name == Name::OfItsDrill && r.night == night)
    }
}
