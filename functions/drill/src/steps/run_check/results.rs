//! What comes of the jobs, and what is given back of it.

use std::time::Duration;

use super::heap::Counting;
use super::work::{Answer, Job, State, Task, Work, answer_guess_bytes};
use super::{Resume, outcome};
use crate::error::StepError;
use crate::measurement::{BlockRange, Measurement, Outcome, RESULT_SIZE_MAX_BYTES, TableName, Unit, Value};
use crate::ports::MeasureError;

/// A job's result with how it ended.
struct Ended {
    result: Outcome<Answer>,
    took: Duration,
    is_timed_out: bool,
    /// It was ended as the invocation's time was over, and may have more in the next.
    is_cut_off: bool,
}

impl<'a> Work<'a> {
    /// Takes what came of a job.
    ///
    /// # Errors
    /// The step's, when the connection was lost.
    pub(super) fn done(
        &mut self,
        job: &Job<'a>,
        result: Result<Answer, MeasureError>,
        began: Duration,
        now: Duration,
    ) -> Result<(), StepError> {
        let is_timed_out = matches!(result, Err(MeasureError::TimedOut { .. }));
        // The first unit had all the time there is, and wouldn't have more in the next invocation.
        let is_cut_off =
            is_timed_out && job.entry > 0 && began + self.limits.statement_timeout > self.limits.budget;
        let took = now.saturating_sub(began);
        let ended = Ended { result: outcome(result)?, took, is_timed_out, is_cut_off };
        let outcome = match job.task {
            Task::Unit(unit) => self.unit_ended(job.entry, unit, ended),
            Task::Blocks(_, range) => self.blocks_ended(job.entry, range, ended),
            Task::Cut(..) | Task::Keys(..) => self.keys_ended(job.entry, ended),
            Task::EmptyBlocks(table) => {
                self.empty_blocks_ended(table, ended);
                None
            }
        };
        if let Some(outcome) = outcome {
            self.finish(job.entry, outcome, now);
        }
        Ok(())
    }

    fn unit_ended(&mut self, i: usize, unit: &Unit, ended: Ended) -> Option<Outcome<Value>> {
        let table_blocks = self.entries[i].sized.table_blocks;
        match ended.result {
            Outcome::Measured { value: Answer::Unit(value) } => Some(Outcome::Measured { value }),
            _ if ended.is_timed_out && matches!(unit, Unit::Rows { .. }) && table_blocks > 1 => {
                self.entries[i].state = State::Blocks(Counting::of_halves(table_blocks));
                self.open.insert(i);
                None
            }
            _ if ended.is_cut_off => {
                self.entries[i].state = State::Left;
                None
            }
            other => Some(without_value(other)),
        }
    }

    fn blocks_ended(&mut self, i: usize, range: BlockRange, ended: Ended) -> Option<Outcome<Value>> {
        let State::Blocks(counting) = &mut self.entries[i].state else { return None };
        let length = &mut self.range_length;
        match ended.result {
            Outcome::Measured { value: Answer::Blocks(count) } => {
                counting.counted(range, count, ended.took, length);
            }
            other if ended.is_timed_out => counting.timed_out(range, without_value(other), length),
            other => counting.failed(range, without_value(other)),
        }
        if counting.has_next() {
            self.open.insert(i);
        }
        counting.outcome()
    }

    fn keys_ended(&mut self, i: usize, ended: Ended) -> Option<Outcome<Value>> {
        // When it isn't counting any more, another of its ranges was cut off.
        let State::Keys(counting) = &mut self.entries[i].state else { return None };
        match ended.result {
            Outcome::Measured { value: Answer::Cut(ranges) } => counting.cut(ranges),
            Outcome::Measured { value: Answer::Keys(rows) } => counting.counted(rows),
            Outcome::Measured { value: Answer::Unit(value) } => return Some(Outcome::Measured { value }),
            _ if ended.is_cut_off => {
                self.entries[i].state = State::Left;
                self.open.remove(&i);
                return None;
            }
            other => counting.failed(without_value(other)),
        }
        if counting.has_next() {
            self.open.insert(i);
        }
        counting.outcome()
    }

    fn empty_blocks_ended(&mut self, table: &'a TableName, ended: Ended) {
        if let Outcome::Measured { value: Answer::EmptyBlocks(text) } = ended.result {
            self.empty_blocks.insert(table, Some(text));
        }
    }

    /// A unit is measured.
    fn finish(&mut self, i: usize, outcome: Outcome<Value>, now: Duration) {
        let entry = &mut self.entries[i];
        let unit = entry.sized.unit;
        let took = now.saturating_sub(entry.began.unwrap_or(now)).as_millis();
        let duration_ms = u64::try_from(took).unwrap_or(u64::MAX);
        self.open.remove(&i);
        match (unit, &outcome) {
            (Unit::Rows { table, blocks }, _) => {
                let left = self.counts_left.get_mut(table).expect("it counts this one");
                *left -= 1;
                if *left == 0 {
                    self.open.extend(self.waiting.remove(table).unwrap_or_default());
                }
                if let (None, Outcome::Measured { value: Value::Rows(count) }) = (blocks, &outcome) {
                    self.rows.insert(table, count.rows);
                    self.look_for_loss(table);
                }
            }
            (Unit::Index { table, .. }, Outcome::Measured { value: Value::Index(count) }) => {
                match count.rows_of_predicate {
                    Some(rows) if rows < count.rows => self.want_empty_blocks(table),
                    Some(_) => {}
                    None => {
                        let most = self.rows_by_index.entry(table).or_default();
                        *most = count.rows.max(*most);
                        self.look_for_loss(table);
                    }
                }
            }
            _ => {}
        }
        let measurement = Measurement { unit: unit.clone(), outcome, duration_ms };
        self.answer_size_bytes -= answer_guess_bytes(unit);
        self.answer_size_bytes += size_bytes(&measurement);
        self.entries[i].state = State::Done(measurement);
    }

    fn look_for_loss(&mut self, table: &'a TableName) {
        if self.rows.get(table).is_some_and(|rows| self.rows_by_index.get(table) > Some(rows)) {
            self.want_empty_blocks(table);
        }
    }

    fn want_empty_blocks(&mut self, table: &'a TableName) {
        if !self.empty_blocks.contains_key(table) {
            self.empty_blocks.insert(table, None);
            self.to_look_at.insert(table);
        }
    }

    /// What was measured, and where the next invocation goes on; nowhere when all is measured.
    pub(super) fn parts(mut self) -> (Vec<Measurement>, Option<Resume>) {
        let (mut measurements, mut answer_bytes) = (Vec::new(), 0);
        let part = self.start.part + 1;
        for (i, entry) in std::mem::take(&mut self.entries).into_iter().enumerate() {
            let here = Resume { part, unit: self.start.unit + i, block: 0, rows: 0 };
            match entry.state {
                State::Done(mut measurement) => {
                    self.name_empty_blocks(&mut measurement);
                    answer_bytes += size_bytes(&measurement);
                    if answer_bytes > RESULT_SIZE_MAX_BYTES && !measurements.is_empty() {
                        return (measurements, Some(here));
                    }
                    measurements.push(measurement);
                }
                State::Blocks(counting) => {
                    let (block, rows) = counting.so_far();
                    return (measurements, Some(Resume { block, rows, ..here }));
                }
                State::Left if i == 0 => return (measurements, Some(Resume { part, ..self.start })),
                _ => return (measurements, Some(here)),
            }
        }
        (measurements, None)
    }

    /// Adds to the count by an index which blocks may have held the rows that the heap lacks.
    fn name_empty_blocks(&self, measurement: &mut Measurement) {
        let Measurement { unit: Unit::Index { table, .. }, outcome, .. } = measurement else { return };
        let Outcome::Measured { value: Value::Index(count) } = outcome else { return };
        let by_heap = count.rows_of_predicate.or_else(|| self.rows.get(table).copied());
        if by_heap.is_some_and(|rows| rows < count.rows) {
            count.blocks_without_rows = self.empty_blocks.get(table).cloned().flatten();
        }
    }
}

/// An outcome that isn't a value.
fn without_value(outcome: Outcome<Answer>) -> Outcome<Value> {
    match outcome {
        Outcome::NotMeasured { reason, hint } => Outcome::NotMeasured { reason, hint },
        Outcome::Failed { reason } => Outcome::Failed { reason },
        Outcome::Measured { .. } => Outcome::NotMeasured {
            reason: "the answer is to another question".to_owned(),
            hint: "tell the maintainers".to_owned(),
        },
    }
}

fn size_bytes(measurement: &Measurement) -> usize {
    serde_json::to_string(measurement).map_or(0, |text| text.len())
}
