//! What the rule says of single histories.

use chrono::TimeDelta;
use drill::judge::drift::{Allowances, Drift, Point, band};

use crate::{growing, november, tonight, until_the_20th};

#[test]
fn without_an_earlier_drill_there_is_no_band() {
    assert_eq!(band(&[], november(21), &Allowances::default()), None);
    let later = Point { data_at: november(22), rows: 5 };
    assert_eq!(band(&[later], november(21), &Allowances::default()), None);
}

#[test]
fn a_loss_is_told_with_its_size_and_the_night_that_still_had_the_rows() {
    let band = tonight(&until_the_20th(&growing(35, 1_909_200, 1_000)));
    assert_eq!(band.judge(1_843_200), Drift::Fell { since: band.last });
    assert_eq!(
        band.found(1_843_200),
        "1,843,200 rows: 100,000 fewer (5.15 %) than the 1,943,200 of 2026-11-20"
    );
    assert_eq!(
        band.expected(),
        "1,933,484 to 2,137,620 rows (35 nights: +0.05 % a night, up to 0.50 % may go)"
    );
}

#[test]
fn as_many_rows_as_in_the_last_drill_are_never_a_loss() {
    // A holiday: nothing came, though something came on every night before.
    let band = tonight(&until_the_20th(&growing(35, 1_000_000, 20_000)));
    assert_eq!(band.judge(1_680_000), Drift::Usual);
}

#[test]
fn forty_three_rows_of_two_million_are_below_what_counts_can_tell() {
    let band = tonight(&until_the_20th(&[2_000_000; 35]));
    assert_eq!(band.judge(2_000_000 - 43), Drift::Usual);
}

#[test]
fn a_table_that_never_lost_a_row_must_not_be_empty() {
    for earlier in [vec![1], vec![3, 3], vec![2; 35], growing(35, 1, 0), growing(5, 1, 1)] {
        let band = tonight(&until_the_20th(&earlier));
        assert!(band.judge(0).is_failure(), "{earlier:?}");
    }
}

#[test]
fn a_table_that_is_empty_now_and_then_may_be_empty() {
    let counts: Vec<u64> = (0..35).map(|night| if night % 3 == 0 { 0 } else { 40_000 + night }).collect();
    assert_eq!(tonight(&until_the_20th(&counts)).judge(0), Drift::Usual);
}

#[test]
fn a_queue_that_never_ran_dry_must_not_be_empty() {
    let counts: Vec<u64> = (0..35).map(|night| 50 + (night * night * 7_919) % 9_000).collect();
    let band = tonight(&until_the_20th(&counts));
    assert_eq!(band.judge(60), Drift::Usual);
    assert!(band.judge(0).is_failure());
}

#[test]
fn an_always_empty_table_may_hold_anything() {
    let band = tonight(&until_the_20th(&[0; 35]));
    assert_eq!((band.judge(0), band.judge(u64::MAX)), (Drift::Usual, Drift::Usual));
    let allowances = Allowances { max_growth: Some(0.5), ..Allowances::default() };
    let band = drill::judge::drift::band(&until_the_20th(&[0; 35]), november(21), &allowances).unwrap();
    assert_eq!(band.judge(5), Drift::Usual);
}

#[test]
fn a_few_rows_more_or_less_in_a_small_table_are_nothing() {
    let band = tonight(&until_the_20th(&[21, 19, 24, 20, 18, 22, 25, 19, 20, 23, 21, 17, 20, 22, 20, 21]));
    assert_eq!(band.judge(11), Drift::Usual);
    let lookup = tonight(&until_the_20th(&[49; 35]));
    assert_eq!((lookup.judge(42), lookup.judge(41).is_failure()), (Drift::Usual, true));
}

#[test]
fn a_small_table_that_moves_may_lose_three_roots_of_its_rows() {
    let counts: Vec<u64> = (0..35).map(|night| 100 + night % 2).collect();
    assert_eq!(tonight(&until_the_20th(&counts)).least, 70);
    // A new one twice as many, as nobody knows yet how it moves.
    assert_eq!(tonight(&until_the_20th(&[16, 18, 25])).judge(6), Drift::Usual);
}

#[test]
fn a_limit_that_comes_out_even_is_not_missed_by_rounding() {
    let allowances = Allowances { max_drop: Some(0.42), ..Allowances::default() };
    let band = band(&until_the_20th(&[100; 35]), november(21), &allowances).unwrap();
    assert_eq!(band.least, 58);
}

#[test]
fn a_new_table_must_keep_half_of_its_rows_and_one_of_two_nights_a_tenth() {
    let known_for = |nights: u64| tonight(&until_the_20th(&growing(nights, 100_000, 0)));
    assert_eq!((known_for(1).least, known_for(2).least), (10_000, 10_000));
    assert_eq!((known_for(3).least, known_for(6).least), (50_000, 50_000));
    assert!(known_for(7).least > 95_000);
    assert_eq!(known_for(6).expected(), "at least 50,000 rows (6 nights, too few to know more)");
}

#[test]
fn growth_beyond_the_band_is_a_warning_and_no_failure() {
    let band = tonight(&until_the_20th(&growing(35, 1_000_000, 1_000)));
    let drift = band.judge(3_000_000);
    assert_eq!(drift, Drift::Grew { since: band.last });
    assert!(!drift.is_failure());
    assert_eq!(band.hint(3_000_000), None);
}

#[test]
fn after_a_bulk_import_the_higher_level_is_usual_and_the_lower_one_is_a_loss() {
    let mut counts = growing(34, 1_000_000, 1_000);
    counts.push(3_000_000);
    let band = tonight(&until_the_20th(&counts));
    assert_eq!(band.judge(3_001_000), Drift::Usual);
    assert_eq!(band.judge(1_034_000), Drift::Fell { since: band.last });
}

#[test]
fn growth_that_one_of_the_forecasts_knows_is_not_worth_a_warning() {
    // Emptied and refilled week by week, and thrice as much since the day before yesterday.
    let mut counts: Vec<u64> = (5..40).map(|night| 100_000 * (night % 7 + 1)).collect();
    counts[33] *= 3;
    counts[34] *= 3;
    assert_eq!(counts[32..], [300_000, 1_200_000, 1_500_000]);
    let earlier = until_the_20th(&counts[..34]);
    assert_eq!(tonight(&earlier).judge(1_500_000), Drift::Usual);
}

#[test]
fn changes_are_told_by_the_night_when_drills_are_further_apart() {
    let earlier: Vec<Point> =
        until_the_20th(&growing(35, 1_000_000, 10_000)).into_iter().step_by(2).collect();
    let band = tonight(&earlier);
    assert!(band.basis.starts_with("18 nights: +0.85 % a night"), "{}", band.basis);
}

#[test]
fn the_newest_drill_counts_whatever_its_time_of_day() {
    let mut earlier = until_the_20th(&[50_000; 35]);
    earlier.push(Point { data_at: november(20) + TimeDelta::hours(13), rows: 150_000 });
    let band = tonight(&earlier);
    assert_eq!((band.last.rows, band.judge(150_000)), (150_000, Drift::Usual));
    assert!(band.judge(50_000).is_failure());
}

#[test]
fn a_weekly_cycle_without_noise_still_has_some_slack() {
    let counts: Vec<u64> = (0..35).map(|night| 100_000 * (night % 7 + 1)).collect();
    assert_eq!(tonight(&until_the_20th(&counts)).judge(99_500), Drift::Usual);
}

#[test]
fn a_table_that_is_emptied_every_monday_may_be_on_mondays_only() {
    // The 21st of November 2026 is a Saturday.
    let week = |emptied: usize| -> Vec<u64> {
        (0..35_usize).map(|night| 100_000 * ((night + 7 - emptied) % 7 + 1) as u64).collect()
    };
    assert_eq!(tonight(&until_the_20th(&week(0))).judge(100_000), Drift::Usual);
    assert!(tonight(&until_the_20th(&week(3))).judge(100_000).is_failure());
}

#[test]
fn a_purge_of_a_month_ago_is_due_again_with_a_warning() {
    let mut counts = growing(35, 1_000_000, 10_000);
    for rows in &mut counts[5..] {
        *rows = *rows * 7 / 10;
    }
    let band = tonight(&until_the_20th(&counts));
    let drift = band.judge(counts[34] * 7 / 10);
    assert!(matches!(drift, Drift::PurgedAgain { .. }), "{drift:?}");
    assert!(!drift.is_failure());
    assert!(band.judge(counts[34] / 3).is_failure());
}

#[test]
fn a_purge_that_happened_last_night_is_not_due_again() {
    let mut counts = growing(35, 1_000_000, 10_000);
    for rows in &mut counts[5..] {
        *rows = *rows * 7 / 10;
    }
    counts[34] = counts[34] * 7 / 10;
    assert!(tonight(&until_the_20th(&counts)).judge(counts[34] * 7 / 10).is_failure());
}

#[test]
fn a_rejected_loss_does_not_become_good_by_waiting() {
    // Retention in balance: give or take a few per cent.
    let counts: Vec<u64> = (0..35).map(|night| 1_000_000 + (night * night * 7_919) % 20_000).collect();
    let earlier = until_the_20th(&counts);
    let lost = tonight(&earlier).least - 1;
    for night in 21..60 {
        let band = band(&earlier, november(night), &Allowances::default()).unwrap();
        assert!(band.judge(lost - lost / 100).is_failure(), "night {night}");
    }
}

#[test]
fn noon_is_not_compared_with_midnight() {
    // A table that fills by day and is cleared at night; somebody drills at noon, every other day.
    let mut earlier = until_the_20th(&[50_000; 35]);
    let noons: Vec<Point> = earlier
        .iter()
        .step_by(2)
        .filter(|point| point.data_at < november(19))
        .map(|point| Point { data_at: point.data_at + TimeDelta::hours(10), rows: 80_000 })
        .collect();
    earlier.extend(noons);
    earlier.sort_by_key(|point| point.data_at);
    assert!(tonight(&earlier).judge(49_000).is_failure());
    assert_eq!(tonight(&earlier).judge(50_000), Drift::Usual);
}

#[test]
fn what_a_person_wrote_goes_before_what_was_learnt() {
    let earlier = until_the_20th(&growing(35, 1_000_000, 0));
    let allowances = Allowances { max_drop: Some(0.3), max_growth: Some(0.01), ..Allowances::default() };
    let band = band(&earlier, november(21), &allowances).unwrap();
    assert_eq!((band.least, band.most), (700_000, Some(1_010_000)));
    assert!(band.expected().ends_with("; max_drop 30 %; max_growth 1.00 %)"), "{}", band.expected());
}

#[test]
fn a_missed_week_is_said_and_no_alarm() {
    let earlier = until_the_20th(&growing(35, 1_000_000, 3_000));
    let band = band(&earlier, november(28), &Allowances::default()).unwrap();
    assert_eq!(band.judge(1_126_000), Drift::Usual);
    assert!(band.basis.contains("the last of them 8 nights ago"), "{}", band.basis);
}
