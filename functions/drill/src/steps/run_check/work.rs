//! What is left to measure of a shard, handed out in order as jobs for one reader each.
//!
//! A large table's rows and a large index's are cut; what reads a table waits until its rows are counted, as that
//! loads its blocks. What an invocation gives back is a beginning of the shard's units without a gap, as long as
//! fits its answer: whatever lies behind the first that isn't done is measured again in the next.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Resume;
use super::heap::{Counting, RangeLength};
use super::keys::KeyCounting;
use crate::measurement::{BlockRange, HeapCount, Measurement, RESULT_SIZE_MAX_BYTES, TableName, Unit, Value};
use crate::ports::KeyRange;

/// Tables up to 32 MiB are counted in one statement; PostgreSQL shares it among workers of its own.
const WHOLE_MAX_BLOCKS: u32 = 1 << 12;
const BLOCK_SIZE_BYTES: u64 = 8192;
/// What a unit takes besides what it reads, as if it were read: its statements.
const UNIT_SIZE_BYTES: u64 = 64 << 10;

/// A unit with what it reads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sized<'a> {
    pub(super) unit: &'a Unit,
    /// Of the table, or of the index, or of both.
    pub(super) size_bytes: u64,
    /// The blocks of the table's heap.
    pub(super) table_blocks: u32,
}

/// What one reader does in one go.
#[derive(Debug, Clone)]
pub(super) struct Job<'a> {
    pub(super) task: Task<'a>,
    /// What it reads, at a guess.
    pub(super) size_bytes: u64,
    pub(super) entry: usize,
}

/// See [`Job`].
#[derive(Debug, Clone)]
pub(super) enum Task<'a> {
    /// A whole unit.
    Unit(&'a Unit),
    /// The rows of some blocks.
    Blocks(&'a TableName, BlockRange),
    /// Cutting an index into so many ranges.
    Cut(&'a TableName, &'a str, usize),
    /// The rows of a range of an index.
    Keys(&'a TableName, &'a str, KeyRange),
    /// The blocks without rows of a table that has fewer than its index.
    EmptyBlocks(&'a TableName),
}

/// What came of a [`Task`], by its kind.
#[derive(Debug)]
pub(super) enum Answer {
    Unit(Value),
    Blocks(HeapCount),
    Cut(Vec<KeyRange>),
    Keys(u64),
    EmptyBlocks(String),
}

/// How long the invocation and its statements may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) budget: Duration,
    pub(super) statement_timeout: Duration,
}

/// The units of a shard that aren't measured yet.
#[derive(Debug)]
pub(super) struct Work<'a> {
    pub(super) entries: Vec<Entry<'a>>,
    pub(super) start: Resume,
    pub(super) limits: Limits,
    /// Entries of which something can be handed out.
    pub(super) open: BTreeSet<usize>,
    /// Entries that wait for the rows of a table, and how many counts of it aren't done.
    pub(super) waiting: BTreeMap<&'a TableName, Vec<usize>>,
    pub(super) counts_left: BTreeMap<&'a TableName, usize>,
    /// The rows of whole tables, and the most that an index leads to.
    pub(super) rows: BTreeMap<&'a TableName, u64>,
    pub(super) rows_by_index: BTreeMap<&'a TableName, u64>,
    /// Tables that have fewer rows than an index leads to, and what is known of their empty blocks.
    pub(super) empty_blocks: BTreeMap<&'a TableName, Option<String>>,
    /// Those of them that nobody looks at yet.
    pub(super) to_look_at: BTreeSet<&'a TableName>,
    pub(super) range_length: RangeLength,
    /// What the answer has so far, and what is being measured will add to it, at a guess.
    pub(super) answer_size_bytes: usize,
    /// What is left to read, at a guess.
    left_size_bytes: u64,
}

/// A unit and where it is.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) sized: Sized<'a>,
    pub(super) began: Option<Duration>,
    pub(super) state: State,
}

/// See [`Entry`].
#[derive(Debug)]
pub(super) enum State {
    /// Not begun, or ended by the invocation's time.
    Left,
    /// One reader is at it.
    Running,
    /// A table's rows, in ranges of blocks.
    Blocks(Counting),
    /// An index's rows, in ranges of keys.
    Keys(KeyCounting),
    /// Measured.
    Done(Measurement),
}

impl<'a> Work<'a> {
    /// The units of a shard from where an earlier invocation left off.
    pub(super) fn new(units: &[Sized<'a>], start: Resume, limits: Limits) -> Self {
        let entries: Vec<Entry<'a>> = units
            .iter()
            .skip(start.unit)
            .map(|sized| Entry { sized: *sized, began: None, state: State::Left })
            .collect();
        let left_size_bytes = entries.iter().map(|e| e.sized.size_bytes + UNIT_SIZE_BYTES).sum();
        let mut counts_left: BTreeMap<&TableName, usize> = BTreeMap::new();
        for entry in &entries {
            if let Unit::Rows { table, .. } = entry.sized.unit {
                *counts_left.entry(table).or_default() += 1;
            }
        }
        let (mut open, mut waiting) = (BTreeSet::new(), BTreeMap::<&TableName, Vec<usize>>::new());
        for (i, entry) in entries.iter().enumerate() {
            match reads_heap_of(entry.sized.unit).filter(|table| counts_left.contains_key(table)) {
                Some(table) => waiting.entry(table).or_default().push(i),
                None => {
                    open.insert(i);
                }
            }
        }
        Self {
            entries,
            start,
            limits,
            open,
            waiting,
            counts_left,
            rows: BTreeMap::new(),
            rows_by_index: BTreeMap::new(),
            empty_blocks: BTreeMap::new(),
            to_look_at: BTreeSet::new(),
            range_length: RangeLength::first(),
            answer_size_bytes: 0,
            left_size_bytes,
        }
    }

    /// Whether there is enough to do for one more beside so many readers to pay for its connection.
    pub(super) fn is_worth_another(&self, readers: usize) -> bool {
        let readers = readers as u64;
        self.left_size_bytes >= readers * (8 << 20) || self.open.len() as u64 >= readers * 32
    }

    /// The next job for one of so many readers; none when there is none now, or when no room for its answer is.
    pub(super) fn next(&mut self, readers: usize, now: Duration) -> Option<Job<'a>> {
        if let Some(table) = self.to_look_at.pop_first() {
            return Some(Job { task: Task::EmptyBlocks(table), size_bytes: 0, entry: 0 });
        }
        loop {
            let i = *self.open.first()?;
            if self.entries[i].began.is_none() && !self.begin(i, now) {
                return None;
            }
            if let Some(job) = self.job_of(i, readers) {
                self.left_size_bytes = self.left_size_bytes.saturating_sub(job.size_bytes);
                return Some(job);
            }
            self.open.remove(&i);
        }
    }

    /// Begins an entry, if its answer still fits.
    fn begin(&mut self, i: usize, now: Duration) -> bool {
        let guess = answer_guess_bytes(self.entries[i].sized.unit);
        let is_full = self.answer_size_bytes + guess > RESULT_SIZE_MAX_BYTES;
        if is_full && self.answer_size_bytes > 0 {
            return false;
        }
        self.answer_size_bytes += guess;
        let base = if i == 0 { (self.start.block, self.start.rows) } else { (0, 0) };
        let entry = &mut self.entries[i];
        entry.began = Some(now);
        let Sized { unit, table_blocks, size_bytes } = entry.sized;
        match unit {
            Unit::Rows { blocks, .. }
                if blocks.is_some() || base.0 > 0 || table_blocks > WHOLE_MAX_BLOCKS =>
            {
                entry.state = State::Blocks(Counting::new(*blocks, base, table_blocks));
            }
            Unit::Index { .. } => {
                if let Some(counting) = KeyCounting::new(size_bytes) {
                    entry.state = State::Keys(counting);
                }
            }
            _ => {}
        }
        true
    }

    fn job_of(&mut self, i: usize, readers: usize) -> Option<Job<'a>> {
        let Entry { sized: Sized { unit, size_bytes, .. }, state, .. } = &mut self.entries[i];
        let (unit, size_bytes) = (*unit, *size_bytes);
        let job = |task, size_bytes| Some(Job { task, size_bytes, entry: i });
        match (state, unit) {
            (state @ State::Left, _) => {
                *state = State::Running;
                job(Task::Unit(unit), size_bytes + UNIT_SIZE_BYTES)
            }
            (State::Blocks(counting), Unit::Rows { table, .. }) => {
                let range = counting.next(self.range_length, readers)?;
                job(Task::Blocks(table, range), u64::from(counting.blocks_of(range)) * BLOCK_SIZE_BYTES)
            }
            (State::Keys(counting), Unit::Index { table, index }) => {
                let (task, share) = counting.next(table, index)?;
                job(task, size_bytes / share)
            }
            _ => None,
        }
    }
}

/// The table whose heap a unit reads, so that it is measured after the table's rows.
fn reads_heap_of(unit: &Unit) -> Option<&TableName> {
    match unit {
        Unit::Newest { table, .. }
        | Unit::Heap { table }
        | Unit::Btree { table, .. }
        | Unit::ForeignKey { table, .. }
        | Unit::Digest { table, .. } => Some(table),
        Unit::Identity
        | Unit::Control
        | Unit::Rows { .. }
        | Unit::Index { .. }
        | Unit::Objects { .. }
        | Unit::Health { .. }
        | Unit::Query { .. } => None,
    }
}

/// What a unit's measurement takes in the answer, at a guess.
pub(super) fn answer_guess_bytes(unit: &Unit) -> usize {
    match unit {
        Unit::Objects { kind, .. } => 300 + kind.per_part() as usize * 200,
        _ => 300,
    }
}
