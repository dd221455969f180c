//! Purges that a person planned, or explained afterwards.

use chrono::{DateTime, NaiveTime, Utc};
use drill::judge::drift::{Allowances, Band, Drift, Point, Purge, band};

use crate::{growing, november, tonight, until_the_20th};

/// Whole days, as a configuration says them.
fn purge(first: u32, last: u32, max_drop: f64) -> Purge {
    let midnight = |at: DateTime<Utc>| at.date_naive().and_time(NaiveTime::MIN).and_utc();
    Purge { from: midnight(november(first)), to: midnight(november(last + 1)), max_drop }
}

fn with(earlier: &[Point], night: u32, purges: &[Purge]) -> Band {
    band(earlier, november(night), &Allowances { purges, ..Allowances::default() }).unwrap()
}

fn history() -> Vec<Point> {
    until_the_20th(&growing(35, 966_000, 1_000))
}

#[test]
fn a_first_purge_is_rejected_unless_it_was_planned() {
    assert!(tonight(&history()).judge(700_000).is_failure());
    let band = with(&history(), 21, &[purge(20, 20, 0.31)]);
    assert_eq!(band.judge(700_000), Drift::Usual);
    assert!(
        band.basis.contains("a purge is planned of up to 31 % of the 999,000 rows of 2026-11-19"),
        "{}",
        band.basis
    );
}

#[test]
fn a_purge_that_takes_more_than_was_planned_is_rejected() {
    assert!(with(&history(), 21, &[purge(20, 20, 0.31)]).judge(600_000).is_failure());
}

#[test]
fn a_purge_planned_for_another_day_allows_nothing() {
    for other in [purge(1, 18, 0.5), purge(22, 30, 0.5)] {
        assert!(with(&history(), 21, &[other]).judge(700_000).is_failure(), "{other:?}");
    }
}

#[test]
fn the_nights_after_a_planned_purge_are_judged_by_the_new_level() {
    let purges = [purge(20, 20, 0.5)];
    let mut earlier = history();
    for (night, rows) in [(21, 600_000), (22, 601_000), (23, 602_000)] {
        assert_eq!(with(&earlier, night, &purges).judge(rows), Drift::Usual, "night {night}");
        earlier.push(Point { data_at: november(night), rows });
    }
    let band = with(&earlier, 24, &purges);
    assert!(band.judge(580_000).is_failure());
    assert_eq!(band.judge(603_000), Drift::Usual);
}

#[test]
fn a_window_of_many_nights_allows_its_share_once() {
    let purges = [purge(20, 27, 0.5)];
    let mut earlier = history();
    for (night, rows) in [(21, 800_000), (22, 600_000)] {
        assert_eq!(with(&earlier, night, &purges).judge(rows), Drift::Usual, "night {night}");
        earlier.push(Point { data_at: november(night), rows });
    }
    assert!(with(&earlier, 23, &purges).judge(400_000).is_failure());
}

#[test]
fn a_purge_explained_afterwards_ends_the_rejections() {
    // It came on the 20th, unplanned: the nights since were rejected and aren't in the history.
    let earlier = history();
    for night in 21..25 {
        assert!(with(&earlier, night, &[]).judge(700_000).is_failure(), "night {night}");
    }
    let purges = [purge(20, 20, 0.31)];
    assert_eq!(with(&earlier, 25, &purges).judge(700_000), Drift::Usual);
    let mut after = earlier;
    after.push(Point { data_at: november(25), rows: 700_000 });
    assert_eq!(with(&after, 26, &purges).judge(701_000), Drift::Usual);
    assert!(with(&after, 26, &purges).judge(650_000).is_failure());
}

#[test]
fn the_hint_is_a_purge_with_which_the_same_night_passes() {
    for rows in [985_000, 700_000, 3, 0] {
        let hint = tonight(&history()).hint(rows).unwrap();
        let max_drop: f64 = hint.split("max_drop = ").nth(1).unwrap()[..4].parse().unwrap();
        assert!(hint.contains("from = \"2026-11-20\", to = \"2026-11-21\""), "{hint}");
        assert_eq!(with(&history(), 21, &[purge(20, 21, max_drop)]).judge(rows), Drift::Usual, "{hint}");
    }
}

#[test]
fn a_decline_explained_afterwards_is_not_held_against_the_table() {
    let mut counts = growing(30, 970_000, 1_000);
    counts.extend([995_500, 992_000, 988_500, 985_000, 981_500]);
    let earlier = until_the_20th(&counts);
    assert!(matches!(tonight(&earlier).judge(978_000), Drift::Declining { .. }));
    let purges = [purge(15, 21, 0.05)];
    assert_eq!(with(&earlier, 21, &purges).judge(978_000), Drift::Usual);
    let mut after = earlier;
    for night in [21, 22] {
        after.push(Point { data_at: november(night), rows: 978_000 });
    }
    assert_eq!(with(&after, 23, &purges).judge(977_000), Drift::Usual);
    assert!(matches!(with(&after, 23, &[]).judge(977_000), Drift::Declining { .. }));
}

#[test]
fn a_planned_purge_does_not_make_an_empty_table_usual() {
    let mut counts = vec![3; 20];
    counts.extend([1; 15]);
    let earlier = until_the_20th(&counts);
    assert!(with(&earlier, 21, &[purge(5, 5, 0.7)]).judge(0).is_failure());
}

#[test]
fn weeks_before_a_planned_purge_are_of_another_table() {
    // Emptied every Saturday, and half of it purged for good on the 18th.
    let counts: Vec<u64> = (0..35)
        .map(|night| if night < 33 { 100_000 * (night % 7 + 1) } else { 50_000 * (night % 7 + 1) })
        .collect();
    let earlier = until_the_20th(&counts);
    assert!(with(&earlier, 21, &[]).judge(50_000).is_failure());
    assert_eq!(with(&earlier, 21, &[purge(18, 18, 0.5)]).judge(50_000), Drift::Usual);
}
