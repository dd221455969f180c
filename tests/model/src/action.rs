//! What may happen, one thing a transition.

use crate::person::Act;
use crate::state::Status;

/// Something that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The event of a night arrives.
    Begin(u8),
    /// The event of a night arrives once more.
    BeginTwice(u8),
    /// The function of an execution's state runs up to its first call.
    Look {
        /// The execution.
        exec: u8,
        /// How it looks.
        look: Look,
    },
    /// The call of an execution's function happens, and the function runs on to its next call.
    Call {
        /// The execution.
        exec: u8,
        /// What becomes of the call.
        way: Way,
    },
    /// The retries of an execution's state are used up.
    GiveUp(u8),
    /// The checks can't be made.
    ChecksFail(u8),
    /// The checks are made, and the verdict is saved.
    Judge {
        /// The execution.
        exec: u8,
        /// Whether the replica is good.
        is_good: bool,
    },
    /// Somebody aborts an execution, or it runs out of time.
    Abort(u8),
    /// A person redrives an aborted execution.
    Redrive(u8),
    /// The sweep begins.
    Sweep(Look),
    /// The call of the sweep happens, and the sweep runs on to its next call.
    SweepCall(Way),
    /// The promotion that somebody runs takes its next turn, up to its first call.
    Turn(Look),
    /// The call of the promotion's turn happens, and the turn goes on.
    TurnCall(Way),
    /// An instance comes into a status by itself.
    Becomes {
        /// The replica.
        slot: u8,
        /// The status.
        status: Status,
    },
    /// AWS starts a replica that has been stopped for 7 days.
    AwsStarts(u8),
    /// A person does something.
    Person(Act),
    /// Eight days pass without an event.
    WeekPasses,
}

/// How a function looks at RDS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Look {
    /// It sees what is.
    Fresh,
    /// It sees the replica that RDS changed last as it was.
    Stale,
    /// It sees what is, past every deadline.
    Late,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// It takes effect and is answered.
    Answered,
    /// The same; what the function reads next is stale.
    AnsweredStale,
    /// It takes effect, and its answer is lost.
    Lost,
    /// It takes no effect, and no answer comes.
    Unsent,
    /// It takes effect, and the function dies.
    Died,
}
