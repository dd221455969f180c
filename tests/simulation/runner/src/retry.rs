//! When a failed Task is tried again, and how long that waits.

use std::time::Duration;

use crate::Failure;

/// One retrier of a state.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Retrier {
    /// The errors that it takes.
    pub(crate) errors: Vec<String>,
    /// The wait before the first retry.
    pub(crate) interval: Duration,
    /// What each next wait is multiplied by.
    pub(crate) backoff: u32,
    /// The most retries.
    pub(crate) attempts_max: u32,
    /// The longest wait.
    pub(crate) delay_max: Duration,
}

impl Retrier {
    /// The longest that retry number `attempt` (from 0) waits; full jitter takes any time up to it.
    pub(crate) fn longest_wait(&self, attempt: u32) -> Duration {
        self.interval.saturating_mul(self.backoff.saturating_pow(attempt)).min(self.delay_max)
    }
}

/// How often each retrier of a state was used; each counts for itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Retries(Vec<u32>);

impl Retries {
    /// The longest wait before the next try; `None` when the first retrier that takes the error is used up
    /// or none takes it.
    pub(crate) fn next(&mut self, retriers: &[Retrier], failure: &Failure) -> Option<Duration> {
        self.0.resize(retriers.len(), 0);
        let is_taken = |r: &Retrier| r.errors.iter().any(|name| failure.is_matched_by(name));
        let index = retriers.iter().position(is_taken)?;
        let (retrier, used) = (&retriers[index], &mut self.0[index]);
        (*used < retrier.attempts_max).then(|| {
            *used += 1;
            retrier.longest_wait(*used - 1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retrier(errors: &[&str], attempts_max: u32) -> Retrier {
        Retrier {
            errors: errors.iter().map(ToString::to_string).collect(),
            interval: Duration::from_secs(5),
            backoff: 2,
            attempts_max,
            delay_max: Duration::from_secs(15),
        }
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits: Vec<u64> = (0..4).map(|n| retrier(&[], 5).longest_wait(n).as_secs()).collect();
        assert_eq!(waits, [5, 10, 15, 15]);
    }

    #[test]
    fn each_retrier_counts_its_own_tries() {
        let retriers = [retrier(&["A"], 1), retrier(&["B"], 2)];
        let mut used = Retries::default();
        let mut tries = |name: &str| used.next(&retriers, &Failure::new(name, "")).is_some();
        assert_eq!(
            [tries("A"), tries("A"), tries("B"), tries("B"), tries("B"), tries("C")],
            [true, false, true, true, false, false]
        );
    }
}
