//! The drift rule: what it says of single histories, and how it does as a classifier of thousands.
//!
//! The figures in `docs/drift.md` are written by `SNAPSHOTS=overwrite cargo test -p drill --test drift`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod claims;
mod classifier;
mod dice;
mod document;
mod families;
mod planned;
mod properties;
mod rules;
mod slow;
mod trial;

use chrono::{DateTime, TimeDelta, Utc};
use drill::judge::drift::{Allowances, Band, Point, band};

/// The time of the data on a night of November 2026: 2 AM.
fn november(day: u32) -> DateTime<Utc> {
    let first: DateTime<Utc> = "2026-11-01T02:00:00Z".parse().unwrap();
    first + TimeDelta::days(i64::from(day)) - TimeDelta::days(1)
}

/// A drill on each night up to the 20th of November, the last of which found the last count.
fn until_the_20th(counts: &[u64]) -> Vec<Point> {
    let nights = (0_i64..).zip(counts.iter().rev());
    let mut points: Vec<Point> = nights
        .map(|(ago, rows)| Point { data_at: november(20) - TimeDelta::days(ago), rows: *rows })
        .collect();
    points.reverse();
    points
}

/// The band of the 21st of November with nothing written about the table.
fn tonight(earlier: &[Point]) -> Band {
    band(earlier, november(21), &Allowances::default()).unwrap()
}

/// So many nights with so many rows, each a little more than the one before.
fn growing(nights: u64, first: u64, step: u64) -> Vec<u64> {
    (0..nights).map(|night| first + night * step).collect()
}
