//! The order of the steps. `statemachine/drill.asl.json` decides it; a test compares the two.

use drill::observation::Goal;

use crate::state::At;

/// Every place where an execution may be.
pub const PLACES: [At; 8] =
    [At::Plan, At::Restore, At::Wait, At::Checks, At::Stop, At::Retire, At::Publish, At::Abandon];

impl At {
    /// The states of the definition that this place stands for.
    pub fn states(self) -> &'static [&'static str] {
        match self {
            Self::Plan => &["BeginDrill", "PlanDrill"],
            Self::Restore => &["RestoreReplica"],
            Self::Wait => &["WaitForReplica", "ObserveReplica", "GoalReached"],
            Self::Checks => &["PlanChecks", "RunChecks", "JudgeDrill"],
            Self::Stop => &["StopReplica"],
            Self::Retire => &["RetirePrevious"],
            Self::Publish => &["PublishReport", "DrillEnded"],
            Self::Abandon => &["AbandonDrill"],
        }
    }

    /// Where an execution goes when the step of this place is done; `None` where that depends on what was waited
    /// for, or the execution ends.
    pub fn after(self) -> Option<Self> {
        match self {
            Self::Plan => Some(Self::Restore),
            Self::Restore | Self::Stop | Self::Retire => Some(Self::Wait),
            Self::Checks => Some(Self::Stop),
            Self::Wait | Self::Publish | Self::Abandon => None,
        }
    }

    /// Where an execution goes when what it waits for is reached.
    pub fn reached(goal: Goal) -> Self {
        match goal {
            Goal::Available => Self::Checks,
            Goal::Stopped => Self::Retire,
            Goal::Gone => Self::Publish,
        }
    }

    /// Where an execution goes when a step fails for good; `None` where it ends.
    pub fn caught(self) -> Option<Self> {
        (self != Self::Abandon).then_some(Self::Abandon)
    }
}
