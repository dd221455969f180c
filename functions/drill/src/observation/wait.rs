//! How long to wait for the next look, learned from how long the last restores took.
//!
//! A look costs three transitions; a look that comes late adds its lag to the recovery time that the drill
//! proves. Where a look pays is where the restore is likely to end: with a hazard `h` (the chance to end in
//! the next second) waits of `sqrt(2 c / h)` give the least lag for a number of looks, `c` being the seconds
//! of lag that one look may cost. The restore's time is taken as log-logistic, whose hazard needs no more
//! than a power; `tests/bench/polling.py` measures what comes of it.

use std::f64::consts::PI;
use std::time::Duration;

use super::Goal;
use crate::configuration::{Polling, limits};

/// So many of the newest restores are learned from: a week, after which a source whose restores take
/// longer for good is known.
const NEWEST: usize = 7;
/// How far apart restores lie before anything is known, as a part of their time: 99 of 100 nights between
/// 20 and 30 minutes.
const SPREAD: f64 = 0.08;
/// How many restores that guess weighs as much as.
const GUESS_WEIGHT: f64 = 6.0;
/// The largest distance from the middle that counts, as a logarithm: one strange night doesn't make all
/// the others unsure.
const DISTANCE_MAX: f64 = 0.3;
/// Seconds of lag that are taken for one look less.
const LOOK_COST_S: f64 = 0.35;
/// The part of restores that may end before the first look.
const BEFORE_FIRST: f64 = 0.01;
/// A restore that takes longer than the middle by this is another than those that are known.
const OVERDUE: f64 = 1.25;

/// What is known of a source's restores.
struct Learned {
    /// Their middle, in seconds.
    middle_s: f64,
    /// The scale of the logistic distribution of their logarithms.
    scale: f64,
}

impl Learned {
    /// From restores in seconds, newest first; `None` without any.
    #[expect(clippy::cast_precision_loss, reason = "no restore takes 2^52 seconds")]
    fn of(earlier_restores_s: &[u64]) -> Option<Self> {
        let newest = earlier_restores_s.iter().take(NEWEST);
        let mut logarithms: Vec<f64> = newest.map(|s| ((*s).max(1) as f64).ln()).collect();
        logarithms.sort_unstable_by(f64::total_cmp);
        let number = logarithms.len();
        let upper = *logarithms.get(number / 2)?;
        let lower = *logarithms.get((number - 1) / 2)?;
        let middle = f64::midpoint(lower, upper);
        let squares: f64 = logarithms.iter().map(|l| (l - middle).abs().min(DISTANCE_MAX).powi(2)).sum();
        let n = number as f64;
        let variance = (squares + GUESS_WEIGHT * SPREAD.powi(2)) / (n - 1.0 + GUESS_WEIGHT);
        // The middle is itself only known as well as n nights tell it.
        let deviation = (variance * (1.0 + 1.0 / n)).sqrt();
        Some(Self { middle_s: middle.exp(), scale: deviation * 3.0_f64.sqrt() / PI })
    }

    /// The time by which this part of restores has ended, in seconds.
    fn quantile_s(&self, part: f64) -> f64 {
        self.middle_s * (part / (1.0 - part)).powf(self.scale)
    }

    /// The wait after so many seconds.
    fn wait_s(&self, elapsed_s: f64) -> f64 {
        let before_middle = (self.middle_s / elapsed_s.max(1.0)).powf(1.0 / self.scale);
        let hazard = 1.0 / (elapsed_s.max(1.0) * self.scale * (1.0 + before_middle));
        let overdue_s = elapsed_s - OVERDUE * self.middle_s;
        (2.0 * LOOK_COST_S / hazard).sqrt().max(overdue_s / 4.0)
    }
}

/// How long to wait before the first look at a replica that is being restored: until one restore in a
/// hundred would have ended. Never longer than may be configured for it: a failed restore is noticed at
/// the first look only.
pub fn first_wait(earlier_restores_s: &[u64], polling: &Polling) -> Duration {
    let learned = Learned::of(earlier_restores_s);
    let first = learned.map_or(polling.first.duration(), |l| whole_seconds(l.quantile_s(BEFORE_FIRST)));
    first.min(limits::POLL_FIRST_MAX.duration()).max(polling.min.duration())
}

/// How long to wait before the next look.
///
/// For a restore by what is known of earlier ones, else a twelfth of the time passed. While it stops, half
/// of the time passed: that lag is billed, little. While it goes, as long as it went already: that lag is free.
pub fn next_wait(goal: Goal, elapsed: Duration, earlier_restores_s: &[u64], polling: &Polling) -> Duration {
    let wait = match (goal, Learned::of(earlier_restores_s)) {
        (Goal::Available, Some(learned)) => whole_seconds(learned.wait_s(elapsed.as_secs_f64())),
        (Goal::Available, None) => whole_seconds(elapsed.as_secs_f64() / 12.0),
        (Goal::Stopped, _) => whole_seconds(elapsed.as_secs_f64() / 2.0),
        (Goal::Gone, _) => whole_seconds(elapsed.as_secs_f64()),
    };
    wait.clamp(polling.min.duration(), polling.max.duration().max(polling.min.duration()))
}

/// Whole seconds, as a Wait takes them: at most a day, which every configuration is below.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 0 and a day")]
fn whole_seconds(seconds: f64) -> Duration {
    const DAY_S: f64 = 86_400.0;
    // Not a number, which nothing here makes, is as little as nothing known.
    let bounded = if seconds.is_nan() { 0.0 } else { seconds.clamp(0.0, DAY_S) };
    Duration::from_secs(bounded as u64)
}
