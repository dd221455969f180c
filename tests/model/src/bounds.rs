//! What keeps the model finite: how often each rare thing may happen, and how many of them together.

use crate::state::Spent;

/// The bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// How many nights there are.
    pub nights: u8,
    /// Whether a night begins only after the one before has ended.
    pub is_in_turn: bool,
    /// How often 8 days may pass.
    pub weeks: u8,
    /// The most of each.
    pub most: Spent,
    /// The most of all together; sweeps and weeks apart.
    pub total: u8,
}

impl Bounds {
    /// Whether that much may have happened.
    pub fn allow(&self, spent: Spent) -> bool {
        let most = self.most;
        spent.acts <= most.acts
            && spent.faults <= most.faults
            && spent.aborts <= most.aborts
            && spent.redrives <= most.redrives
            && spent.stale <= most.stale
            && spent.twice <= most.twice
            && spent.sweeps <= most.sweeps
            && spent.total() <= self.total
    }
}
