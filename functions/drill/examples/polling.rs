//! Restores of the durations on standard input, one a line in seconds: observed by the library's own waits,
//! each source learning from its nights, and by a poll of a fixed interval. `tests/bench/polling.py` asks it.
//!
//! An empty line begins another source. Prints a line a night: the lag in seconds and the looks, ours and the
//! fixed poll's.

use std::io::{self, BufRead, Write};
use std::time::Duration;

use drill::configuration::Polling;
use drill::observation::{Goal, first_wait, next_wait};

/// The peer: a look every 30 seconds, as AWS's own waiters do (botocore, `DBInstanceAvailable`).
const FIXED_S: f64 = 30.0;
/// As many as a drill is told of.
const EARLIER_MAX: usize = 10;

fn main() -> io::Result<()> {
    let polling = Polling::default();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut earlier: Vec<u64> = Vec::new();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let Ok(restore_s) = line.trim().parse::<f64>() else {
            earlier.clear();
            continue;
        };
        let (seen_s, looks) = noticed(restore_s, &earlier, &polling);
        let fixed = (restore_s / FIXED_S).ceil();
        writeln!(out, "{} {looks} {} {fixed}", seen_s - restore_s, fixed * FIXED_S - restore_s)?;
        earlier.insert(0, Duration::from_secs_f64(seen_s).as_secs());
        earlier.truncate(EARLIER_MAX);
    }
    out.flush()
}

/// When a restore that takes so long is noticed, in seconds, and by how many looks.
fn noticed(restore_s: f64, earlier: &[u64], polling: &Polling) -> (f64, u32) {
    let (mut elapsed, mut looks) = (first_wait(earlier, polling), 1);
    while elapsed.as_secs_f64() < restore_s {
        elapsed += next_wait(Goal::Available, elapsed, earlier, polling);
        looks += 1;
    }
    (elapsed.as_secs_f64(), looks)
}
