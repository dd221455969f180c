//! One state of the world: what RDS has, what the evidence bucket holds, how far each execution is.
//!
//! Small and plain, as there are millions of them. Only what the steps can tell apart is in it; instants are
//! made of it in [`crate::calendar`], instances and records in [`crate::shown`].

use crate::replay::Effect;

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

/// A status of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// There never was one.
    Absent,
    /// `creating`
    Creating,
    /// `available`
    Available,
    /// `stopping`
    Stopping,
    /// `stopped`
    Stopped,
    /// A terminal status.
    Failed,
    /// `deleting`
    Deleting,
    /// It was deleted.
    Gone,
}

/// The name that an instance bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Name {
    /// The one that follows from its drill.
    OfItsDrill,
    /// A name that a person gave it.
    Kept,
    /// The name of production, which a person gave it after production was lost.
    OfSource,
}

/// How an instance came to be stopped the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoppedBy {
    /// This product asked for it.
    Us,
    /// A person, within two hours of our own stop: RDS can't tell the two apart.
    PersonSoon,
    /// A person, later.
    Person,
}

/// The last stop of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stopped {
    /// Who stopped it.
    pub by: StoppedBy,
    /// The week.
    pub week: u8,
    /// The hour.
    pub hour: u8,
}

/// Who started an instance the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StartedBy {
    /// Its restore.
    Restore,
    /// AWS, after 7 days.
    Aws,
    /// A person.
    Person,
}

/// The data that were restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Data {
    /// Of the automated backup that was the newest in that week, an hour before that night.
    Backup {
        /// The week.
        week: u8,
        /// The night.
        night: u8,
    },
    /// Of last month's snapshot.
    LastMonth,
}

/// An instance that a drill restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Replica {
    /// Its status.
    pub status: Status,
    /// The night of its drill, by its tag.
    pub night: u8,
    /// Its name.
    pub name: Name,
    /// Its data, by its tag.
    pub data: Data,
    /// Which instance was its source, by its tag: a slot, where a promoted replica was; else production.
    pub source: Option<u8>,
    /// The week in which it was restored.
    pub week: u8,
    /// Whether it carries the tag `restore-drill:hold`.
    pub is_held: bool,
    /// Who started it the last time.
    pub started_by: StartedBy,
    /// The week in which it was started.
    pub started: u8,
    /// The last stop.
    pub stopped: Option<Stopped>,
    /// Whether this product has stopped it. Until then it is its drill's, whoever stops and starts it meanwhile.
    pub was_stopped: bool,
    /// Whether it has been stopped since it was verified.
    pub has_stood: bool,
    /// Whether a person made it, and RDS copied our tags.
    pub is_foreign: bool,
}

impl Replica {
    /// No instance.
    pub const NONE: Self = Self {
        status: Status::Absent,
        night: 0,
        name: Name::OfItsDrill,
        data: Data::LastMonth,
        source: None,
        week: 0,
        is_held: false,
        started_by: StartedBy::Restore,
        started: 0,
        stopped: None,
        was_stopped: false,
        has_stood: false,
        is_foreign: false,
    };

    /// Whether RDS has it.
    pub fn exists(&self) -> bool {
        !matches!(self.status, Status::Absent | Status::Gone)
    }

    /// Whether it is there and isn't being deleted.
    pub fn is_alive(&self) -> bool {
        self.exists() && self.status != Status::Deleting
    }

    /// Whether a person has shown that this replica is theirs by now, to the drill of a night or to a sweep.
    pub fn is_protected_from(&self, night: Option<u8>) -> bool {
        let is_used = match self.status {
            Status::Stopped => self.stopped.is_some_and(|s| s.by == StoppedBy::Person),
            _ => self.started_by == StartedBy::Person,
        };
        let is_under_way = night == Some(self.night) && !self.was_stopped;
        self.is_held || self.name != Name::OfItsDrill || (is_used && !is_under_way)
    }
}

/// Where an execution is in the state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum At {
    /// `PlanDrill`
    Plan,
    /// `RestoreReplica`
    Restore,
    /// `WaitForReplica` and `ObserveReplica`
    Wait,
    /// `PlanChecks`, `RunChecks` and `JudgeDrill`
    Checks,
    /// `StopReplica`
    Stop,
    /// `RetirePrevious`
    Retire,
    /// `PublishReport`
    Publish,
    /// `AbandonDrill`
    Abandon,
}

/// How an execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It hasn't begun.
    Waiting,
    /// RUNNING
    Running,
    /// SUCCEEDED
    Succeeded,
    /// FAILED; a redrive would enter its Fail state again.
    Failed,
    /// ABORTED or `TIMED_OUT`
    Aborted,
}

/// An execution of the state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Exec {
    /// Its night.
    pub night: u8,
    /// How it stands.
    pub standing: Standing,
    /// Where it is.
    pub at: At,
    /// Its variables, by their key in [`crate::calls::Calls`].
    pub vars: u64,
    /// Whether the last try of the step failed in a way that is retried.
    pub is_failing: bool,
    /// Whether a person started it again.
    pub is_redriven: bool,
    /// The function that runs.
    pub running: Option<Running>,
}

/// A function that has looked and is about to make a call that changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Running {
    /// What it has seen so far, by its key in [`crate::calls::Calls`].
    pub seen: u64,
    /// The call.
    pub effect: Effect,
    /// Whether a person did something since it looked: nobody can see that.
    pub is_disturbed: bool,
    /// Whether RDS has changed something, or a drill was judged, since it looked. A function lives for two
    /// minutes, and these take longer: none more happens before the function ends.
    pub is_old: bool,
}

impl Running {
    /// A function that goes on to this call.
    pub fn after(before: Option<Self>, seen: u64, effect: Effect) -> Self {
        let (is_disturbed, is_old) = before.map_or((false, false), |b| (b.is_disturbed, b.is_old));
        Self { seen, effect, is_disturbed, is_old }
    }
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
        self.execs.iter().filter_map(|e| e.running.as_ref()).chain(&self.sweep)
    }

    /// The same, to change them.
    pub fn functions_mut(&mut self) -> impl Iterator<Item = &mut Running> {
        self.execs.iter_mut().filter_map(|e| e.running.as_mut()).chain(&mut self.sweep)
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
