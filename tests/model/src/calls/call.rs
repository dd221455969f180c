//! What a call of a step is, and how it may end.

use chrono::{DateTime, Utc};
use drill::observation::{Awaited, Goal};
use drill::plan::Plan;
use drill::steps::{Restored, retire_previous, stop_replica};
use serde::Serialize;

use crate::replay::Effect;
use crate::state::{Fate, Kind};

/// A function that is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// `plan-drill`; whether the execution was redriven.
    Plan {
        /// Whether the execution was redriven.
        is_redriven: bool,
    },
    /// `restore-replica`
    Restore,
    /// `observe-replica`
    Observe {
        /// Whether the look comes after every deadline.
        is_late: bool,
    },
    /// `stop-replica`
    Stop,
    /// `retire-previous`
    Retire,
    /// `publish-report`
    Publish,
    /// `abandon-drill`
    Abandon,
    /// `sweep-orphans`
    Sweep,
    /// A turn of `restore-drill promote`.
    Promote,
}

/// A call of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Call {
    /// The function.
    pub step: Step,
    /// The execution that calls it; of a promotion, the replica that it is of; meaningless for the sweep.
    pub exec: u8,
    /// Its night; meaningless for the sweep.
    pub night: u8,
    /// What its drill was asked for.
    pub kind: Kind,
    /// Its variables.
    pub vars: u64,
}

/// The variables of an execution, as the state machine carries them.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Vars {
    /// `plan`
    pub plan: Option<Plan>,
    /// `restored`
    pub restored: Option<Restored>,
    /// `stop`
    pub stop: Option<stop_replica::Output>,
    /// `goal`
    pub goal: Option<Goal>,
    /// `awaited`
    pub awaited: Vec<Awaited>,
    /// `began_at`
    pub began_at: Option<DateTime<Utc>>,
    /// `retired`
    pub retired: Option<retire_previous::Output>,
    /// What a naive plan says that is to be deleted.
    pub doomed: Vec<String>,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The state machine goes on, with these variables.
    Went(u64),
    /// What is waited for is reached.
    Reached(Goal),
    /// Not yet.
    NotYet,
    /// The report is published; whether the drill ends green.
    Published {
        /// Whether the drill ends green.
        is_green: bool,
        /// What the evidence says of the replica.
        fate: Fate,
    },
    /// The drill is abandoned.
    Abandoned {
        /// What the evidence says of the replica, where evidence was written.
        fate: Option<Fate>,
    },
    /// The sweep is done.
    Swept,
    /// A turn of a promotion is done, and there may be more.
    Turned,
    /// The promotion is done, or refused.
    Promoted,
    /// It failed.
    Failed {
        /// Whether the state machine tries again.
        is_retried: bool,
    },
}

/// How far a call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// To a call of its own, after having seen this.
    Calls(u64, Effect),
    /// To its end.
    Ended(Outcome),
    /// The function died on the way.
    Died,
}
