//! One table's rows, counted in ranges of blocks that are cut as they are handed out.
//!
//! Where a range ends doesn't matter to anybody: the ranges touch each other, the last has no end where the unit
//! has none, and the sum is the count.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::measurement::{BlockRange, HeapCount, Outcome, Value};

/// The shortest range that is cut without need: 8 MiB, a few milliseconds on warm storage.
pub(super) const RANGE_MIN_BLOCKS: u32 = 1 << 10;
/// The longest: 256 MiB, ten seconds on storage that gives 25 MB/s to a reader.
const RANGE_MAX_BLOCKS: u32 = 1 << 15;
/// A range that took less costs too much for its statements: the next ones are longer.
const SHORT: Duration = Duration::from_millis(250);
/// A range that took more keeps others waiting at the end: the next ones are shorter.
const LONG: Duration = Duration::from_secs(4);

/// How long ranges are, of all tables: the storage is the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct RangeLength(u32);

impl RangeLength {
    /// Short ones to begin with, so that soon something is known.
    pub(super) const fn first() -> Self {
        Self(RANGE_MIN_BLOCKS)
    }

    /// A range of so many blocks took so long.
    fn took(&mut self, blocks: u32, took: Duration) {
        if blocks >= self.0 && took < SHORT {
            self.0 = (self.0.saturating_mul(2)).min(RANGE_MAX_BLOCKS);
        } else if took > LONG {
            self.0 = (blocks / 2).clamp(1, self.0);
        }
    }
}

/// The count of one unit's rows.
#[derive(Debug, Clone)]
pub(super) struct Counting {
    /// The block after those that were handed out; nothing when all were.
    next: Option<u32>,
    /// The block after the last; none when the unit has no end.
    end: Option<u32>,
    /// Where the table ended when the catalogue was read.
    end_guess: u32,
    /// Ranges that took too long, in halves, by their first block.
    again: BTreeMap<u32, Option<u32>>,
    /// How many are being counted.
    running: usize,
    /// What was counted, by the first block: the block after the last, and the rows.
    counted: BTreeMap<u32, (Option<u32>, u64)>,
    /// The first block that isn't counted yet at the beginning, and the rows before it.
    base: (u32, u64),
    scan: String,
    /// What went wrong in the first range where something did.
    failed: Option<(u32, Outcome<Value>)>,
}

impl Counting {
    /// Of the blocks of a unit, from where an earlier invocation left off, in a table of so many blocks.
    pub(super) fn new(blocks: Option<BlockRange>, base: (u32, u64), table_blocks: u32) -> Self {
        let BlockRange { from, to } = blocks.unwrap_or(BlockRange { from: 0, to: None });
        let base = (base.0.max(from), base.1);
        Self {
            next: Some(base.0),
            end: to,
            end_guess: to.unwrap_or(table_blocks),
            again: BTreeMap::new(),
            running: 0,
            counted: BTreeMap::new(),
            base,
            scan: String::new(),
            failed: None,
        }
    }

    /// Of a table whose count as a whole took too long.
    pub(super) fn of_halves(table_blocks: u32) -> Self {
        let mut counting = Self { next: None, ..Self::new(None, (0, 0), table_blocks) };
        counting.cut(BlockRange { from: 0, to: None });
        counting
    }

    /// The next range, for one of so many readers.
    pub(super) fn next(&mut self, length: RangeLength, readers: usize) -> Option<BlockRange> {
        if self.failed.is_some() {
            return None;
        }
        self.running += 1;
        if let Some((from, to)) = self.again.pop_first() {
            return Some(BlockRange { from, to });
        }
        let Some(from) = self.next else {
            self.running -= 1;
            return None;
        };
        // Shorter towards the end, so that nobody reads alone for long.
        let left = self.end_guess.saturating_sub(from);
        let share = left / u32::try_from(readers.max(1) * 2).unwrap_or(u32::MAX);
        let blocks = length.0.min(share.max(RANGE_MIN_BLOCKS));
        let to = from.saturating_add(blocks);
        if to >= self.end_guess {
            self.next = None;
            return Some(BlockRange { from, to: self.end });
        }
        self.next = Some(to);
        Some(BlockRange { from, to: Some(to) })
    }

    /// Whether there is a range to hand out.
    pub(super) fn has_next(&self) -> bool {
        self.failed.is_none() && (self.next.is_some() || !self.again.is_empty())
    }

    /// How many blocks a range has, as far as is known.
    pub(super) fn blocks_of(&self, range: BlockRange) -> u32 {
        range.to.unwrap_or(self.end_guess).saturating_sub(range.from).max(1)
    }

    /// A range was counted.
    pub(super) fn counted(
        &mut self,
        range: BlockRange,
        count: HeapCount,
        took: Duration,
        length: &mut RangeLength,
    ) {
        self.running -= 1;
        length.took(self.blocks_of(range), took);
        self.scan = count.scan;
        self.counted.insert(range.from, (range.to, count.rows));
    }

    /// A range took too long: it is cut in two, or if that can't be done, this is what came of it.
    pub(super) fn timed_out(&mut self, range: BlockRange, outcome: Outcome<Value>, length: &mut RangeLength) {
        let blocks = self.blocks_of(range);
        if blocks == 1 {
            return self.failed(range, outcome);
        }
        self.running -= 1;
        length.0 = length.0.min(blocks / 2);
        self.cut(range);
    }

    fn cut(&mut self, range: BlockRange) {
        let middle = range.from + self.blocks_of(range) / 2;
        if middle > range.from {
            self.again.insert(range.from, Some(middle));
        }
        self.again.insert(middle, range.to);
    }

    /// A range couldn't be counted. Nothing more of the unit is: it has no count.
    pub(super) fn failed(&mut self, range: BlockRange, outcome: Outcome<Value>) {
        self.running -= 1;
        let is_worse = match (&self.failed, &outcome) {
            (None, _) | (Some((_, Outcome::NotMeasured { .. })), Outcome::Failed { .. }) => true,
            (Some((_, Outcome::Failed { .. })), Outcome::NotMeasured { .. }) => false,
            (Some((from, _)), _) => range.from < *from,
        };
        if is_worse {
            self.failed = Some((range.from, outcome));
        }
    }

    /// What came of the unit, once nothing of it is left to do.
    pub(super) fn outcome(&self) -> Option<Outcome<Value>> {
        if self.running > 0 || self.has_next() {
            return None;
        }
        if let Some((_, outcome)) = &self.failed {
            return Some(outcome.clone());
        }
        let (_, rows) = self.so_far();
        Some(Outcome::Measured { value: Value::Rows(HeapCount { rows, scan: self.scan.clone() }) })
    }

    /// The first block that isn't counted yet, and the rows of those before it.
    pub(super) fn so_far(&self) -> (u32, u64) {
        let (mut block, mut rows) = self.base;
        while let Some((to, more)) = self.counted.get(&block) {
            rows = rows.saturating_add(*more);
            match to {
                Some(to) => block = *to,
                None => break,
            }
        }
        (block, rows)
    }
}
