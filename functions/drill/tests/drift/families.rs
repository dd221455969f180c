//! Tables as there are, with histories by chance.

use chrono::{DateTime, TimeDelta, Utc};
use drill::judge::drift::{Point, Purge};

use crate::dice::Dice;

/// Nights that lie behind before anything is judged, as many as the evidence that is read.
pub(crate) const WARM: usize = 35;
/// Nights of a history.
pub(crate) const NIGHTS: usize = WARM + 30;

/// The history of one table.
pub(crate) struct Series {
    /// Oldest first; those from [`WARM`] on are judged.
    pub(crate) points: Vec<Point>,
    /// Planned purges.
    pub(crate) purges: Vec<Purge>,
    /// What growth alone makes of a row by each night: taken out where a table is to shrink instead.
    pub(crate) trend: Vec<f64>,
}

/// A kind of table.
pub(crate) struct Family {
    /// Its name in the table of results.
    pub(crate) name: &'static str,
    /// The first night that is judged.
    pub(crate) from: usize,
    /// Makes one of its tables.
    pub(crate) make: fn(&mut Dice) -> Series,
}

pub(crate) const FAMILIES: &[Family] = &[
    family("constant", constant),
    family("grows linearly", linear),
    family("grows exponentially", exponential),
    family("grows on weekdays", weekdays),
    family("grows, rows deleted now and then", erasures),
    family("retention in balance", balance),
    family("retention, traffic follows the seasons", seasons),
    family("truncated and loaded every week", sawtooth),
    family("purged every week", weekly_purge),
    family("purged every month", monthly_purge),
    family("purged once, as planned", planned_purge),
    family("emptied and refilled, by chance", staging),
    family("up and down around a level", level),
    family("queue", queue),
    family("small: 0 to 100 rows", small),
    family("small, hardly ever changed", settings),
    family("bulk import, then as before", import),
    family("missed nights, a week's gap, drills at noon", irregular),
    Family { name: "new: its 2nd to 6th night", from: 1, make: new },
];

const fn family(name: &'static str, make: fn(&mut Dice) -> Series) -> Family {
    Family { name, from: WARM, make }
}

/// 2026-01-05, a Monday.
const FIRST: i64 = 1_767_578_400;

/// The backup's time on a night: 2 AM, give or take the half hour that RDS takes it in.
fn at(night: usize, dice: &mut Dice) -> DateTime<Utc> {
    let jitter = i64::try_from(dice.below(1_800)).unwrap();
    DateTime::from_timestamp(FIRST + 86_400 * i64::try_from(night).unwrap() + jitter, 0).unwrap()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rows are few enough")]
pub(crate) fn rows(count: f64) -> u64 {
    count.round().max(0.0) as u64
}

/// A table by its counts of each night, with what growth alone makes of a row.
fn series(dice: &mut Dice, mut night: impl FnMut(usize, &mut Dice) -> (f64, f64)) -> Series {
    let mut all = Series { points: Vec::new(), purges: Vec::new(), trend: Vec::new() };
    for n in 0..NIGHTS {
        let (count, trend) = night(n, dice);
        all.points.push(Point { data_at: at(n, dice), rows: rows(count) });
        all.trend.push(trend);
    }
    all
}

fn constant(dice: &mut Dice) -> Series {
    let count = dice.rows(4, 8);
    series(dice, |_, _| (count, 1.0))
}

fn linear(dice: &mut Dice) -> Series {
    let first = dice.rows(4, 8);
    let step = first * dice.between(0.0005, 0.01);
    let spread = dice.between(0.05, 0.3);
    let mut count = first;
    series(dice, |n, dice| {
        count += (step * (1.0 + spread * dice.noise())).max(0.0);
        (count, 1.0 + step / first * f64::from(u32::try_from(n).unwrap()))
    })
}

fn exponential(dice: &mut Dice) -> Series {
    let rate = dice.between(0.005, 0.03);
    let (mut count, mut trend) = (dice.rows(4, 7), 1.0);
    series(dice, |_, dice| {
        count *= 1.0 + (rate * (1.0 + 0.2 * dice.noise())).max(0.0);
        trend *= 1.0 + rate;
        (count, trend)
    })
}

fn weekdays(dice: &mut Dice) -> Series {
    let mut count = dice.rows(4, 8);
    let step = count * dice.between(0.001, 0.02);
    let weekend = dice.between(0.0, 0.2);
    let (phase, mut trend) = (days(dice), 1.0);
    series(dice, |n, dice| {
        let share = if (n + phase) % 7 >= 5 { weekend } else { 1.0 };
        let before = count;
        count += (share * step * (1.0 + 0.2 * dice.noise())).max(0.0);
        trend *= count / before;
        (count, trend)
    })
}

fn erasures(dice: &mut Dice) -> Series {
    let mut count = dice.rows(4, 8);
    let rate = dice.between(0.0005, 0.005);
    let often = dice.between(0.02, 0.3);
    let most = dice.between(0.0005, 0.004);
    let mut trend = 1.0;
    series(dice, |_, dice| {
        let grown = (rate * (1.0 + 0.2 * dice.noise())).max(0.0);
        let erased = if dice.chance(often) { dice.between(0.0, most) } else { 0.0 };
        count *= 1.0 + grown - erased;
        trend *= 1.0 + rate;
        (count, trend)
    })
}

fn balance(dice: &mut Dice) -> Series {
    let level = dice.rows(4, 8);
    let sigma = dice.between(0.0005, 0.01);
    let pull = dice.between(0.02, 0.2);
    let mut off = 0.0;
    series(dice, |_, dice| {
        off = off * (1.0 - pull) + sigma * dice.noise();
        (level * (1.0 + off), 1.0)
    })
}

/// Rows are kept for 30 days, and what comes in follows a wave of 20 to 60 weeks and the weekday.
fn seasons(dice: &mut Dice) -> Series {
    let daily = dice.rows(3, 6);
    let height = dice.between(0.05, 0.25);
    let length = dice.between(140.0, 420.0);
    let phase = dice.between(0.0, length);
    let weekend = dice.between(0.3, 1.0);
    let mut kept: Vec<f64> = Vec::new();
    let came_in = |n: usize, dice: &mut Dice| {
        let share = if n % 7 >= 5 { weekend } else { 1.0 };
        // A wave of parabolas: up and down, without a sine.
        let place = (f64::from(u32::try_from(n).unwrap()) + phase) % length / length;
        let half = if place < 0.5 { place * 2.0 } else { place * 2.0 - 1.0 };
        let wave = 4.0 * half * (1.0 - half) * if place < 0.5 { 1.0 } else { -1.0 };
        daily * share * (1.0 + height * wave) * dice.factor(0.05)
    };
    for n in 0..30 {
        kept.push(came_in(n, dice));
    }
    series(dice, |n, dice| {
        kept.remove(0);
        kept.push(came_in(n + 30, dice));
        (kept.iter().sum(), 1.0)
    })
}

fn sawtooth(dice: &mut Dice) -> Series {
    let daily = dice.rows(3, 6);
    let (phase, sigma) = (days(dice), dice.between(0.0, 0.08));
    let mut count = 0.0;
    series(dice, |n, dice| {
        count = if (n + phase).is_multiple_of(7) { 0.0 } else { count };
        count += daily * dice.factor(sigma);
        (count, 1.0)
    })
}

fn weekly_purge(dice: &mut Dice) -> Series {
    let mut count = dice.rows(4, 8);
    let purged = dice.between(0.02, 0.2);
    let daily = count * purged / 6.0;
    let phase = days(dice);
    series(dice, |n, dice| {
        count =
            if (n + phase).is_multiple_of(7) { count * (1.0 - purged * dice.factor(0.05)) } else { count };
        count += (daily * (1.0 + 0.2 * dice.noise())).max(0.0);
        (count, 1.0)
    })
}

fn monthly_purge(dice: &mut Dice) -> Series {
    let mut count = dice.rows(4, 8);
    let purged = dice.between(0.05, 0.5);
    let daily = count * dice.between(0.002, purged / 30.0 + 0.003);
    // The first one lies within what is known, and is due again on one of the nights that are judged.
    let first = WARM - 28 + usize::try_from(dice.below(2)).unwrap();
    let month = 28 + usize::try_from(dice.below(4)).unwrap();
    let mut trend = 1.0;
    series(dice, |n, dice| {
        if n == first || n == first + month {
            count *= 1.0 - purged * dice.between(0.85, 1.1);
        }
        let before = count;
        count += (daily * (1.0 + 0.2 * dice.noise())).max(0.0);
        trend *= count / before;
        (count, trend)
    })
}

fn planned_purge(dice: &mut Dice) -> Series {
    let purged = dice.between(0.05, 0.9);
    let mut all = if dice.chance(0.5) { linear(dice) } else { balance(dice) };
    let night = WARM - 5 + usize::try_from(dice.below(10)).unwrap();
    for point in &mut all.points[night..] {
        #[expect(clippy::cast_precision_loss, reason = "rows are few enough")]
        let left = point.rows as f64 * (1.0 - purged);
        point.rows = rows(left);
    }
    let (before, after) = (all.points[night - 1].data_at, all.points[night].data_at);
    let from = before + TimeDelta::hours(4);
    all.purges.push(Purge { from, to: after - TimeDelta::hours(4), max_drop: (purged + 0.02).min(1.0) });
    all
}

fn staging(dice: &mut Dice) -> Series {
    let full = dice.rows(1, 7);
    let often = dice.between(0.2, 0.8);
    series(dice, |_, dice| {
        let count = full * dice.factor(0.2);
        (if dice.chance(often) { 0.0 } else { count }, 1.0)
    })
}

fn level(dice: &mut Dice) -> Series {
    let level = dice.rows(4, 8);
    let sigma = dice.between(0.02, 0.15);
    series(dice, |_, dice| (level * dice.factor(sigma), 1.0))
}

fn queue(dice: &mut Dice) -> Series {
    let level = dice.rows(1, 6);
    let sigma = dice.between(0.2, 1.0);
    series(dice, |_, dice| (level * dice.factor(sigma), 1.0))
}

fn small(dice: &mut Dice) -> Series {
    let mean = dice.between(0.0, 100.0);
    series(dice, |_, dice| (dice.events(mean), 1.0))
}

fn settings(dice: &mut Dice) -> Series {
    let mut count = dice.between(5.0, 100.0).round();
    series(dice, |_, dice| {
        if dice.chance(0.05) {
            count = (count + dice.between(-3.0, 4.0).round()).max(1.0);
        }
        (count, 1.0)
    })
}

fn import(dice: &mut Dice) -> Series {
    let mut all = if dice.chance(0.5) { linear(dice) } else { balance(dice) };
    let by = dice.between(1.2, 3.0);
    let night = WARM - 10 + usize::try_from(dice.below(9)).unwrap();
    for point in &mut all.points[night..] {
        #[expect(clippy::cast_precision_loss, reason = "rows are few enough")]
        let more = point.rows as f64 * by;
        point.rows = rows(more);
    }
    all
}

fn irregular(dice: &mut Dice) -> Series {
    let all = if dice.chance(0.5) { linear(dice) } else { balance(dice) };
    let gap = 20 + usize::try_from(dice.below(20)).unwrap();
    let mut kept = Series { points: Vec::new(), purges: Vec::new(), trend: Vec::new() };
    for (n, point) in all.points.iter().enumerate() {
        let is_missed = dice.chance(0.15) || (gap..gap + 7).contains(&n);
        if !is_missed {
            kept.points.push(*point);
            kept.trend.push(all.trend[n]);
        }
        if dice.chance(0.2) && n + 1 < NIGHTS {
            let noon = point.data_at + TimeDelta::hours(10);
            kept.points
                .push(Point { data_at: noon, rows: u64::midpoint(point.rows, all.points[n + 1].rows) });
            kept.trend.push(all.trend[n]);
        }
    }
    kept
}

fn new(dice: &mut Dice) -> Series {
    match dice.below(4) {
        0 => linear(dice),
        1 => {
            let rate = dice.between(0.1, 1.0);
            let mut count = dice.rows(0, 4);
            series(dice, |n, dice| {
                count *= if n < 10 { 1.0 + rate * dice.between(0.5, 1.5) } else { 1.01 };
                (count, 1.0)
            })
        }
        2 => balance(dice),
        _ => small(dice),
    }
}

fn days(dice: &mut Dice) -> usize {
    usize::try_from(dice.below(7)).unwrap()
}
