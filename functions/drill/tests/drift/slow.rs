//! The slow loss: half a per cent every night.

use drill::judge::drift::{Allowances, Drift, Point, band};

use crate::{growing, november, tonight, until_the_20th};

/// Judges night after night, as drills do: what is rejected isn't remembered. The night on which it is rejected,
/// with the drift.
fn nights_until_rejected(
    mut counts: Vec<u64>,
    lost_per_thousand: u64,
    nights: usize,
) -> Option<(usize, Drift)> {
    for night in 1..=nights {
        let last = counts[counts.len() - 1];
        // Rounded up: a hair within what one night may lose.
        let rows = last - last * lost_per_thousand / 1_000;
        let earlier = until_the_20th(&counts[counts.len().saturating_sub(35)..]);
        let drift = tonight(&earlier).judge(rows);
        if drift.is_failure() {
            return Some((night, drift));
        }
        counts.push(rows);
    }
    None
}

#[test]
fn a_table_that_only_grew_is_caught_after_losing_two_per_cent() {
    let (night, drift) = nights_until_rejected(growing(35, 2_000_000, 0), 5, 30).unwrap();
    // Five nights of half a per cent; since the last night of all rows.
    assert_eq!(night, 5);
    let Drift::Declining { since } = drift else { panic!("{drift:?}") };
    assert_eq!((since.rows, since.data_at), (2_000_000, november(16)));
}

#[test]
fn a_table_that_shrinks_from_the_first_drill_on_is_caught_after_losing_ten_per_cent() {
    let (night, drift) = nights_until_rejected(vec![2_000_000], 5, 60).unwrap();
    assert!(matches!(drift, Drift::Declining { since } if since.rows == 2_000_000), "{drift:?}");
    assert_eq!(night, 21);
}

#[test]
fn a_table_that_may_shrink_or_may_lose_all_rows_is_left_alone() {
    let counts: Vec<u64> = (0..35).map(|night| 2_000_000 - night * 9_000).collect();
    let earlier = until_the_20th(&counts);
    let rows = counts[34] - 9_000;
    assert!(tonight(&earlier).judge(rows).is_failure());
    let may_shrink = Allowances { may_shrink: true, ..Allowances::default() };
    let may_go = Allowances { max_drop: Some(1.0), ..Allowances::default() };
    for allowances in [may_shrink, may_go] {
        assert_eq!(band(&earlier, november(21), &allowances).unwrap().judge(rows), Drift::Usual);
    }
    // And still not all at once.
    assert!(band(&earlier, november(21), &may_shrink).unwrap().judge(rows / 2).is_failure());
}

#[test]
fn a_fixed_limit_of_ones_own_does_not_hide_a_slow_loss() {
    let counts: Vec<u64> = (0..35).map(|night| 2_000_000 - night * 9_000).collect();
    let allowances = Allowances { max_drop: Some(0.05), ..Allowances::default() };
    let band = band(&until_the_20th(&counts), november(21), &allowances).unwrap();
    assert!(matches!(band.judge(counts[34] - 9_000), Drift::Declining { .. }));
}

#[test]
fn a_table_that_lost_rows_slowly_and_recovers_is_not_declining() {
    let mut counts = growing(25, 1_000_000, 1_000);
    counts.extend((1..=10).map(|night| 1_024_000 - night * 4_000));
    let earlier = until_the_20th(&counts);
    assert!(matches!(tonight(&earlier).judge(980_000), Drift::Declining { .. }));
    assert_eq!(tonight(&earlier).judge(984_500), Drift::Usual);
}

#[test]
fn a_decline_is_told_with_its_first_night_and_the_way_out() {
    let mut counts = growing(30, 1_914_200, 1_000);
    counts.extend([1_937_000, 1_929_000, 1_921_000, 1_913_000, 1_906_000]);
    let band = tonight(&until_the_20th(&counts));
    let rows = 1_899_000;
    assert_eq!(
        band.found(rows),
        "1,899,000 rows: 44,200 fewer (2.27 %) than the 1,943,200 of 2026-11-15, in a decline that began after that \
         night"
    );
    assert_eq!(
        band.hint(rows).unwrap(),
        "if these rows were deleted on purpose, add to the table's rules: purges = [{ from = \"2026-11-15\", to = \
         \"2026-11-21\", max_drop = 0.04 }]; if it is meant to go on shrinking: may_shrink = true"
    );
    assert!(band.basis.contains("no more than 2.00 % in all below 2026-11-15"), "{}", band.basis);
}

#[test]
fn weekly_ups_and_downs_are_no_decline() {
    let counts: Vec<u64> = (0..70_u64).map(|night| 1_000_000 + 20_000 * (night % 7) + night * 10).collect();
    for night in 35..70 {
        let earlier: Vec<Point> = until_the_20th(&counts[night - 35..night]);
        assert_eq!(tonight(&earlier).judge(counts[night]), Drift::Usual, "night {night}");
    }
}

#[test]
fn a_fall_in_one_night_is_no_decline() {
    let mut counts = growing(30, 1_000_000, 1_000);
    counts.extend([700_000; 5]);
    assert_eq!(tonight(&until_the_20th(&counts)).judge(699_000), Drift::Usual);
}

#[test]
fn a_table_may_lose_twice_what_it_recovered_from_before() {
    let mut counts = vec![1_000_000_u64];
    for night in 1..35_u64 {
        let rows = counts[counts.len() - 1];
        // Ten nights down, eleven up, thirteen down.
        counts.push(if (11..=21).contains(&night) { rows * 1_008 / 1_000 } else { rows * 992 / 1_000 });
    }
    let rows = counts[34] * 992 / 1_000;
    assert!(rows * 100 < counts[21] * 90);
    assert_eq!(tonight(&until_the_20th(&counts)).judge(rows), Drift::Usual);
}
