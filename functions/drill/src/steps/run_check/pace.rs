//! How many readers read at a time: as many as it takes, found out while they read.
//!
//! Right after a restore the storage answers each first touch of a block late and any number of them at once:
//! then twice the readers read twice as much. On warm storage the processors are what is short, and more
//! readers than those only get into each other's way. So the number is doubled for as long as that gains a
//! fifth, and halved for as long as that loses next to nothing; now and then, and whenever the readers become
//! much slower, it is tried again.

use std::time::Duration;

/// With how many readers it begins: more than there are processors costs little, and right after a restore each
/// doubling costs the time of a few tasks.
const READERS_FIRST: usize = 8;
/// Doubling the readers has to gain so much.
const GAIN: f64 = 1.2;
/// Halving the readers may lose so much.
const LOSS: f64 = 0.95;
/// Readers that have become so much slower are on other storage, or at other work.
const COLLAPSE: f64 = 0.6;
/// How many samples it stays at what it found before it tries more readers again.
const SAMPLES_SETTLED: u32 = 24;
/// The fewest tasks in a sample.
const TASKS_MIN: usize = 4;
/// The shortest sample: below, what a task takes is mostly chance.
const SAMPLE_MIN: Duration = Duration::from_millis(60);

/// The search for the best number of readers.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    readers: usize,
    readers_max: usize,
    search: Search,
    /// When the readers were that many; nothing that began before tells about them.
    since: Option<Duration>,
    sample: Sample,
}

/// Where the search is.
#[derive(Debug, Clone, Copy)]
enum Search {
    /// Nothing is known yet.
    Begin,
    /// More readers than before.
    More {
        /// How many there were, and what they read.
        before: (usize, f64),
    },
    /// Fewer readers than before.
    Fewer {
        /// How many there were, and what they read.
        before: (usize, f64),
    },
    /// Found.
    Settled {
        /// What they read then.
        speed: f64,
        /// For how many samples already.
        samples: u32,
    },
}

/// Tasks that were carried out by the same number of readers.
#[derive(Debug, Clone, Copy, Default)]
struct Sample {
    tasks: usize,
    work: u64,
    time: Duration,
}

impl Pace {
    /// Begins with a few readers, at most so many.
    pub(super) fn new(readers_max: usize) -> Self {
        let readers_max = readers_max.max(1);
        let readers = READERS_FIRST.min(readers_max);
        Self { readers, readers_max, search: Search::Begin, since: None, sample: Sample::default() }
    }

    /// How many readers there should be now.
    pub(super) const fn readers(&self) -> usize {
        self.readers
    }

    /// So many readers have begun a task at this time.
    pub(super) fn busy(&mut self, readers: usize, now: Duration) {
        if readers >= self.readers && self.since.is_none() {
            self.since = Some(now);
        }
    }

    /// There can't be more readers than this.
    pub(super) fn limit(&mut self, readers_max: usize) {
        self.readers_max = readers_max.max(1);
        if self.readers > self.readers_max {
            self.go_on_with(self.readers_max, Search::Begin);
        }
    }

    /// A task was carried out. Its work is in bytes, or whatever is the same for tasks that take as long.
    pub(super) fn done(&mut self, work: u64, began: Duration, ended: Duration) {
        if self.since.is_none_or(|since| began < since) {
            return;
        }
        self.sample.tasks += 1;
        self.sample.work = self.sample.work.saturating_add(work);
        self.sample.time += ended.saturating_sub(began);
        let readers = u32::try_from(self.readers).unwrap_or(u32::MAX);
        if self.sample.tasks >= TASKS_MIN.max(self.readers) && self.sample.time >= SAMPLE_MIN * readers {
            let speed = self.speed();
            self.sample = Sample::default();
            self.decide(speed);
        }
    }

    /// What all readers together read in a second: each of them reads for as long as its tasks take.
    #[expect(clippy::cast_precision_loss, reason = "a comparison of speeds needs no more than 52 bits")]
    fn speed(&self) -> f64 {
        self.sample.work as f64 / self.sample.time.as_secs_f64() * self.readers as f64
    }

    fn decide(&mut self, speed: f64) {
        match self.search {
            Search::More { before: (_, before) } if speed >= before * GAIN => self.try_more(speed),
            Search::More { before: (readers, before) } => self.try_fewer(readers, before),
            Search::Fewer { before: (_, before) } if speed >= before * LOSS => {
                self.try_fewer(self.readers, speed);
            }
            Search::Fewer { before: (readers, before) } => self.settle(readers, before),
            Search::Settled { speed: settled, .. } if speed < settled * COLLAPSE => self.try_again(speed),
            Search::Begin | Search::Settled { samples: SAMPLES_SETTLED.., .. } => self.try_again(speed),
            Search::Settled { speed: settled, samples } => {
                // What it is compared with follows slowly, as the work changes.
                self.search = Search::Settled { speed: settled.midpoint(speed), samples: samples + 1 };
            }
        }
    }

    /// Begins a search from as many readers as now, which read so much.
    fn try_again(&mut self, speed: f64) {
        if self.readers == self.readers_max {
            self.try_fewer(self.readers, speed);
        } else {
            self.try_more(speed);
        }
    }

    /// Goes on with more readers than now, which read so much.
    fn try_more(&mut self, speed: f64) {
        if self.readers < self.readers_max {
            let readers = (self.readers * 2).min(self.readers_max);
            self.go_on_with(readers, Search::More { before: (self.readers, speed) });
        } else {
            self.settle(self.readers, speed);
        }
    }

    /// Goes on with fewer readers than these, which read so much.
    fn try_fewer(&mut self, readers: usize, speed: f64) {
        if readers > 1 {
            self.go_on_with(readers / 2, Search::Fewer { before: (readers, speed) });
        } else {
            self.settle(readers, speed);
        }
    }

    fn settle(&mut self, readers: usize, speed: f64) {
        self.go_on_with(readers, Search::Settled { speed, samples: 0 });
    }

    fn go_on_with(&mut self, readers: usize, search: Search) {
        *self = Self { readers, search, since: None, sample: Sample::default(), ..*self };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets tasks be carried out that take so many milliseconds when so many readers are at it, and gives the
    /// numbers of readers that there were.
    fn run(pace: &mut Pace, tasks: usize, takes_ms: impl Fn(usize) -> u64) -> Vec<usize> {
        let (mut now, mut seen) = (Duration::ZERO, Vec::new());
        for _ in 0..tasks {
            let readers = pace.readers();
            pace.busy(readers, now);
            let took = Duration::from_millis(takes_ms(readers));
            for _ in 0..readers {
                pace.done(1, now, now + took);
            }
            now += took;
            if seen.last() != Some(&readers) {
                seen.push(readers);
            }
        }
        seen
    }

    #[test]
    fn storage_that_answers_late_gets_as_many_readers_as_there_may_be() {
        let mut pace = Pace::new(32);
        assert_eq!(run(&mut pace, 20, |_| 100), [8, 16, 32], "and stays there");
        let mut odd = Pace::new(11);
        assert_eq!(run(&mut odd, 20, |_| 100), [8, 11]);
    }

    #[test]
    fn as_many_processors_as_there_are_are_kept_busy() {
        // Two processors: two readers are as fast as one, more only take turns.
        let mut pace = Pace::new(16);
        let seen = run(&mut pace, 20, |readers| 50 * readers.div_ceil(2) as u64);
        assert_eq!(seen, [8, 16, 4, 2, 1, 2]);
        // Where one is as fast as many, one stays.
        let mut single = Pace::new(16);
        assert_eq!(*run(&mut single, 20, |readers| 50 * readers as u64).last().unwrap(), 1);
        let mut few = Pace::new(3);
        assert_eq!(*run(&mut few, 20, |readers| 50 * readers as u64).last().unwrap(), 1);
    }

    #[test]
    fn it_looks_again_when_the_storage_is_another_one() {
        let mut pace = Pace::new(16);
        run(&mut pace, 20, |readers| 50 * readers as u64);
        assert_eq!(pace.readers(), 1);
        // Twenty times as slow, and no faster with fewer readers.
        assert_eq!(*run(&mut pace, 20, |_| 1000).last().unwrap(), 16);
        // And as fast as before: it is tried now and then.
        assert_eq!(*run(&mut pace, 80, |readers| 50 * readers as u64).last().unwrap(), 1);
    }

    #[test]
    fn a_limit_holds_from_then_on() {
        let mut pace = Pace::new(16);
        pace.limit(2);
        assert_eq!(pace.readers(), 2);
        assert_eq!(run(&mut pace, 20, |_| 100), [2, 1, 2]);
        assert_eq!(Pace::new(0).readers(), 1);
    }

    #[test]
    fn what_took_no_time_decides_nothing() {
        let mut pace = Pace::new(16);
        assert_eq!(run(&mut pace, 1000, |_| 0), [8]);
    }
}
