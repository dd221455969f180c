//! Bands and drifts in words, for somebody who was asleep a minute ago.

use super::decline::Decline;
use super::forecast::{Forecast, Forecasts, WEEK};
use super::history::History;
use super::purge::Planned;
use super::{Band, Drift, Point};

impl Band {
    /// The band for people: the rows, and what they follow from.
    pub fn expected(&self) -> String {
        let rows = match self.most {
            Some(most) => format!("{} to {} rows", grouped(self.least), grouped(most)),
            None if self.least == 0 => "any number of rows".to_owned(),
            None => format!("at least {} rows", grouped(self.least)),
        };
        format!("{rows} ({})", self.basis)
    }

    /// So many rows for people: how many more or fewer they are, and since which night.
    pub fn found(&self, rows: u64) -> String {
        let drift = self.judge(rows);
        let fact = format!("{} rows", grouped(rows));
        match drift {
            Drift::Usual => fact,
            Drift::Fell { since } | Drift::Grew { since } => format!("{fact}: {}", compared(rows, &since)),
            Drift::Declining { since } => {
                format!("{fact}: {}, in a decline that began after that night", compared(rows, &since))
            }
            Drift::PurgedAgain { before } => {
                let now = compared(rows, &self.last);
                format!("{fact}: {now}, as many as a purge took shortly before {}", day(&before))
            }
        }
    }

    /// The way out for rows that were lost on purpose; `None` when the check doesn't fail.
    pub fn hint(&self, rows: u64) -> Option<String> {
        let (since, is_slow) = match self.judge(rows) {
            Drift::Fell { since } => (since, false),
            Drift::Declining { since } => (since, true),
            Drift::Usual | Drift::PurgedAgain { .. } | Drift::Grew { .. } => return None,
        };
        let lost = u128::from(since.rows.saturating_sub(rows));
        // Rounded up and one more, as the purge is measured from the count before its first day.
        let percent = (lost * 100).div_ceil(u128::from(since.rows.max(1))).saturating_add(1).min(100);
        let purge = format!(
            "if these rows were deleted on purpose, add to the table's rules: purges = [{{ from = \"{}\", to = \"{}\", \
             max_drop = {}.{:02} }}]",
            day(&since),
            self.data_at.format("%Y-%m-%d"),
            percent / 100,
            percent % 100,
        );
        Some(if is_slow {
            format!("{purge}; if it is meant to go on shrinking: may_shrink = true")
        } else {
            purge
        })
    }
}

/// What a band follows from.
pub(super) fn basis(history: &History, forecasts: Option<&Forecasts>, least: f64) -> String {
    let nights = history.nights.len();
    let of = format!("{nights} {}", if nights == 1 { "night" } else { "nights" });
    let mut basis = match forecasts {
        None if nights <= WEEK as usize => format!("{of}, too few to know more"),
        None => format!("{of}, too few of them with rows and without a purge"),
        Some(Forecasts { weekly: Some(Forecast { spread, .. }), .. }) => {
            let off = percent(spread.down.min(1.0));
            format!("{of}: {} on a week before, give or take {off}", signed(spread.center))
        }
        Some(Forecasts { nightly, .. }) => {
            let known = history.last().rows;
            let lost = if known > 0.0 { 1.0 - least / known } else { 0.0 };
            format!("{of}: {} a night, up to {} may go", signed(nightly.spread.center), percent(lost))
        }
    };
    if history.last().age > 1 {
        add(&mut basis, &format!("the last of them {} nights ago", history.last().age));
    }
    basis
}

/// One more reason.
pub(super) fn add(basis: &mut String, reason: &str) {
    basis.push_str("; ");
    basis.push_str(reason);
}

pub(super) fn planned(planned: &Planned) -> String {
    let share = percent(planned.purge.max_drop);
    let before = planned.before;
    format!("a purge is planned of up to {share} of the {} rows of {}", grouped(before.rows), day(&before))
}

pub(super) fn recurring(before: &Point) -> String {
    format!("a purge like the one before {} may be due", day(before))
}

pub(super) fn declining(decline: &Decline) -> String {
    format!("no more than {} in all below {}", percent(decline.limit), day(&decline.since))
}

fn compared(rows: u64, then: &Point) -> String {
    let (apart, word) =
        if rows < then.rows { (then.rows - rows, "fewer") } else { (rows - then.rows, "more") };
    let share = match then.rows {
        0 => String::new(),
        before => format!(" ({})", percent(float(apart) / float(before))),
    };
    format!("{} {word}{share} than the {} of {}", grouped(apart), grouped(then.rows), day(then))
}

fn day(point: &Point) -> String {
    point.data_at.format("%Y-%m-%d").to_string()
}

#[expect(clippy::cast_precision_loss, reason = "a share for people")]
fn float(rows: u64) -> f64 {
    rows as f64
}

/// A share for people; hundredths of a per cent where it is small.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent.abs() >= 10.0 { format!("{percent:.0} %") } else { format!("{percent:.2} %") }
}

fn signed(share: f64) -> String {
    let sign = if share >= 0.00005 { "+" } else { "" };
    // No minus before a zero.
    format!("{sign}{}", percent(if share.abs() < 0.00005 { 0.0 } else { share }))
}

/// A number in groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
