//! The rows of one index, counted in ranges of its keys.
//!
//! One reader goes through an index from leaf to leaf, and several of PostgreSQL's workers take turns at it: each
//! learns from a leaf which is the next. Where each first touch of a block takes long, only ranges of keys are
//! read side by side.

use crate::measurement::{IndexCount, Outcome, TableName, Value};
use crate::ports::KeyRange;

use super::work::Task;

/// Smaller indexes are counted in one go.
const CUT_MIN_BYTES: u64 = 64 << 20;
/// What a range is to have.
const RANGE_BYTES: u64 = 16 << 20;
/// The most ranges: PostgreSQL's statistics, which tell where to cut, know a hundred.
const RANGES_MAX: u64 = 100;

/// The count of one index.
#[derive(Debug, Clone)]
pub(super) struct KeyCounting {
    parts: usize,
    /// The ranges that are left; none as long as it isn't known where to cut.
    ranges: Option<Vec<KeyRange>>,
    is_asked: bool,
    running: usize,
    rows: u64,
    failed: Option<Outcome<Value>>,
}

impl KeyCounting {
    /// Of an index of this size; none when it isn't worth to cut it.
    pub(super) fn new(size_bytes: u64) -> Option<Self> {
        let parts = usize::try_from((size_bytes / RANGE_BYTES).clamp(2, RANGES_MAX)).unwrap_or(2);
        let counting = Self { parts, ranges: None, is_asked: false, running: 0, rows: 0, failed: None };
        (size_bytes >= CUT_MIN_BYTES).then_some(counting)
    }

    /// The next task, and into how many of about its size the index is cut.
    pub(super) fn next<'a>(&mut self, table: &'a TableName, index: &'a str) -> Option<(Task<'a>, u64)> {
        if self.failed.is_some() {
            return None;
        }
        let task = match &mut self.ranges {
            Some(ranges) => Task::Keys(table, index, ranges.pop()?),
            None if self.is_asked => return None,
            None => Task::Cut(table, index, self.parts),
        };
        self.is_asked = true;
        self.running += 1;
        Some((task, self.parts as u64))
    }

    /// Whether there is a task to hand out.
    pub(super) fn has_next(&self) -> bool {
        self.failed.is_none() && self.ranges.as_ref().map_or(!self.is_asked, |ranges| !ranges.is_empty())
    }

    /// It is known where to cut.
    pub(super) fn cut(&mut self, mut ranges: Vec<KeyRange>) {
        self.running -= 1;
        ranges.reverse();
        self.ranges = Some(ranges);
    }

    /// A range was counted.
    pub(super) fn counted(&mut self, rows: u64) {
        self.running -= 1;
        self.rows = self.rows.saturating_add(rows);
    }

    /// A range couldn't be counted.
    pub(super) fn failed(&mut self, outcome: Outcome<Value>) {
        self.running -= 1;
        let is_worse = !matches!((&self.failed, &outcome), (Some(Outcome::Failed { .. }), _))
            && (self.failed.is_none() || matches!(outcome, Outcome::Failed { .. }));
        if is_worse {
            self.failed = Some(outcome);
        }
    }

    /// What came of the unit, once nothing of it is left to do.
    pub(super) fn outcome(&self) -> Option<Outcome<Value>> {
        if self.running > 0 || self.has_next() || self.ranges.is_none() && self.failed.is_none() {
            return None;
        }
        Some(self.failed.clone().unwrap_or_else(|| {
            let count = IndexCount { rows: self.rows, rows_of_predicate: None, blocks_without_rows: None };
            Outcome::Measured { value: Value::Index(count) }
        }))
    }
}
