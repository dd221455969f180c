//! How far an execution is, and the function that it runs.

use crate::replay::Effect;

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
