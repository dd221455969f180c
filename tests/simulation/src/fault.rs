//! What goes wrong with one call, and with one invocation.

/// A fault of a call to AWS or to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Asked to slow down; nothing happened.
    Throttled,
    /// Refused; nothing happened.
    Refused,
    /// The request was lost; nothing happened.
    LostRequest,
    /// It took effect, and the answer was lost.
    LostAnswer,
    /// It took effect, its answer was lost, and the SDK made it again: the answer is the second one's.
    Repeated,
    /// A look that shows what was before the last minute's changes.
    Stale,
    /// A list that is empty, and says that it is whole.
    Empty,
    /// The process dies before the call.
    CrashBefore,
    /// The process dies after the call took effect.
    CrashAfter,
    /// No answer until the function's time is up; nothing happened.
    HangBefore,
    /// It takes effect, and no answer comes until the function's time is up.
    HangAfter,
    /// No answer until the function's time is up, and then it takes effect after all.
    LateEffect,
}

impl Fault {
    /// Every fault.
    pub const ALL: &[Self] = &[
        Self::Throttled,
        Self::Refused,
        Self::LostRequest,
        Self::LostAnswer,
        Self::Repeated,
        Self::Stale,
        Self::Empty,
        Self::CrashBefore,
        Self::CrashAfter,
        Self::HangBefore,
        Self::HangAfter,
        Self::LateEffect,
    ];
}

/// A fault of a whole invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InvocationFault {
    /// Lambda has no room: the function isn't run.
    NotRun,
    /// The function runs to its end, and Step Functions doesn't hear of it.
    AnswerLost,
    /// The function is run twice, side by side.
    Twice,
}

impl InvocationFault {
    /// Every one.
    pub const ALL: &[Self] = &[Self::NotRun, Self::AnswerLost, Self::Twice];
}

/// What a plan puts in the way of one call or invocation, counted from the start of the course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Planned {
    /// The call with that number and the next calls of the same operation by the same step.
    Call {
        /// Its number.
        number: usize,
        /// What goes wrong.
        fault: Fault,
        /// How often.
        times: usize,
    },
    /// The next calls of an operation by a step.
    Like {
        /// The step's handler.
        handler: String,
        /// The operation.
        operation: &'static str,
        /// What goes wrong.
        fault: Fault,
        /// How often.
        times: usize,
    },
    /// The invocation with that number and the next ones of the same step.
    Invocation {
        /// Its number.
        number: usize,
        /// What goes wrong.
        fault: InvocationFault,
        /// How often.
        times: usize,
    },
    /// The next invocations of a step.
    Again {
        /// The step's handler.
        handler: String,
        /// What goes wrong.
        fault: InvocationFault,
        /// How often.
        times: usize,
    },
    /// Somebody does something just before the call with that number.
    Act {
        /// Its number.
        number: usize,
        /// What.
        act: crate::Act,
    },
}

/// What a call is, as far as it says what can go wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A look at RDS.
    Look,
    /// A change at RDS.
    Change,
    /// Any other call: the bucket, the topic, metrics, executions, the database.
    Other,
}

impl Fault {
    /// Whether it can happen to such a call.
    pub(crate) fn fits(self, kind: Kind) -> bool {
        !matches!(self, Self::Stale | Self::Empty) || kind == Kind::Look
    }
}

/// How a look sees the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// As it is.
    Current,
    /// As it was before the last minute.
    Stale,
    /// With nothing in it.
    Empty,
}
