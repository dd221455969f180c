//! Many tables of a family, undamaged and damaged, and what a rule says of them.

use drill::judge::drift::{Allowances, Point, Purge};

use crate::dice::Dice;
use crate::families::{Family, Series, WARM, rows};
use crate::rules::{Rule, Says, float};

/// Tables of each family.
pub(crate) const TABLES: u64 = 2_000;
/// Nights of each that are judged.
const JUDGED: usize = 5;
/// Tables of each family that shrink night after night: each is judged on many nights.
pub(crate) const SLOW_TABLES: u64 = 300;
/// Nights of a slow loss.
pub(crate) const SLOW_NIGHTS: usize = 30;
/// As many drills as the evidence that is read.
const READ: usize = 35;

/// What is lost at once.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Loss {
    Share(f64),
    Rows(u64),
}

pub(crate) const LOSSES: [(&str, Loss); 5] = [
    ("43 rows", Loss::Rows(43)),
    ("1 %", Loss::Share(0.01)),
    ("5 %", Loss::Share(0.05)),
    ("50 %", Loss::Share(0.5)),
    ("all rows", Loss::Share(1.0)),
];

/// How a rule did on a family.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Score {
    pub(crate) nights: u32,
    pub(crate) alarms: u32,
    pub(crate) warnings: u32,
    /// Tables with something to lose, and how many times the loss was seen, for each of [`LOSSES`].
    pub(crate) losses: [(u32, u32); LOSSES.len()],
    /// For each of [`SLOW_LOSSES`].
    pub(crate) slow: [Slow; SLOW_LOSSES.len()],
}

/// How a rule did on tables that shrink every night, for [`SLOW_NIGHTS`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Slow {
    pub(crate) tables: u32,
    pub(crate) caught: u32,
    /// The night by which half of the tables are caught; absent when they never are.
    pub(crate) median_night: Option<usize>,
}

/// What tables lose each night, as a share.
pub(crate) const SLOW_LOSSES: [f64; 2] = [0.005, 0.002];

/// How a rule does on so many tables of a family.
pub(crate) fn score(family: &Family, rule: Rule, tables: u64) -> Score {
    let mut score = Score::default();
    let mut caught_on = [const { Vec::new() }; SLOW_LOSSES.len()];
    for seed in 0..tables {
        let series = (family.make)(&mut Dice::new(seed * 7_919 + 1));
        false_alarms(&series, family.from, rule, &mut score);
        at_once(&series, family.from, rule, &mut score);
        if seed >= SLOW_TABLES || family.from < WARM || float(series.points[WARM].rows) < SHRINKABLE {
            continue;
        }
        for ((share, slow), nights) in SLOW_LOSSES.iter().zip(&mut score.slow).zip(&mut caught_on) {
            slow.tables += 1;
            nights.extend(slowly(&series, rule, *share));
        }
    }
    for (slow, nights) in score.slow.iter_mut().zip(&mut caught_on) {
        nights.sort_unstable();
        slow.caught = u32::try_from(nights.len()).unwrap();
        let half = usize::try_from(slow.tables).unwrap().div_ceil(2);
        slow.median_night = (half > 0).then(|| nights.get(half - 1).copied()).flatten();
    }
    score
}

/// A smaller table can't lose a few thousandths a night.
const SHRINKABLE: f64 = 1_000.0;

fn history(points: &[Point]) -> &[Point] {
    &points[points.len().saturating_sub(READ)..]
}

/// The nights of an undamaged table. A person answers each alarm, by a planned purge of that night or by
/// letting the table shrink.
fn false_alarms(series: &Series, from: usize, rule: Rule, score: &mut Score) {
    let mut purges = series.purges.clone();
    let mut may_shrink = false;
    for night in from..(from + JUDGED).min(series.points.len()) {
        let earlier = history(&series.points[..night]);
        let tonight = series.points[night];
        score.nights += 1;
        let allowances = Allowances { may_shrink, purges: &purges, ..Allowances::default() };
        match rule.expect(earlier, &allowances, tonight.data_at).judge(tonight.rows) {
            Says::Nothing => {}
            Says::Declines => {
                score.alarms += 1;
                may_shrink = true;
            }
            Says::Warning => score.warnings += 1,
            Says::Alarm => {
                score.alarms += 1;
                let before = earlier[earlier.len() - 1].data_at;
                purges.push(Purge { from: before, to: tonight.data_at, max_drop: 1.0 });
            }
        }
    }
}

fn at_once(series: &Series, from: usize, rule: Rule, score: &mut Score) {
    let night = if from == WARM { WARM } else { 3 };
    let tonight = series.points[night];
    let allowances = Allowances { purges: &series.purges, ..Allowances::default() };
    let expectation = rule.expect(history(&series.points[..night]), &allowances, tonight.data_at);
    for (seen, (_, loss)) in score.losses.iter_mut().zip(LOSSES) {
        let left = match loss {
            Loss::Share(share) => rows(float(tonight.rows) * (1.0 - share)),
            Loss::Rows(_) if tonight.rows < 1_000_000 => continue,
            Loss::Rows(lost) => tonight.rows - lost,
        };
        if left == tonight.rows {
            continue;
        }
        seen.0 += 1;
        seen.1 += u32::from(expectation.judge(left).is_alarm());
    }
}

/// The night on which a table is caught that loses a share each night from [`WARM`] on instead of growing.
fn slowly(series: &Series, rule: Rule, share: f64) -> Option<usize> {
    let mut points = series.points[..WARM].to_vec();
    let mut left = 1.0;
    for night in WARM..(WARM + SLOW_NIGHTS).min(series.points.len()) {
        left *= 1.0 - share;
        let grown = series.trend[night] / series.trend[WARM - 1];
        let whole = series.points[night];
        let tonight = Point { rows: rows(float(whole.rows) / grown * left), ..whole };
        let allowances = Allowances { purges: &series.purges, ..Allowances::default() };
        if rule.expect(history(&points), &allowances, tonight.data_at).judge(tonight.rows).is_alarm() {
            return Some(night - WARM + 1);
        }
        points.push(tonight);
    }
    None
}
