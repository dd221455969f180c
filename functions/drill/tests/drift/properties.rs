//! Claims over all histories, tried on many.

use chrono::{DateTime, Utc};
use drill::judge::drift::{Allowances, Drift, Point, Purge, band};
use proptest::prelude::*;

fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    (0_i64..60 * 86_400).prop_map(|after| DateTime::from_timestamp(1_793_498_400 + after, 0).unwrap())
}

fn point() -> impl Strategy<Value = Point> {
    let rows = prop_oneof![0_u64..100, 0_u64..5_000_000, any::<u64>()];
    (instant(), rows).prop_map(|(data_at, rows)| Point { data_at, rows })
}

fn purge() -> impl Strategy<Value = Purge> {
    (instant(), instant(), 0.0..=1.0).prop_map(|(from, to, max_drop)| Purge { from, to, max_drop })
}

prop_compose! {
    fn history()(mut points in prop::collection::vec(point(), 1..40)) -> Vec<Point> {
        points.sort_by_key(|point| point.data_at);
        points
    }
}

proptest! {
    #[test]
    fn no_history_makes_it_panic_and_none_makes_the_last_count_a_loss(
        points in prop::collection::vec(point(), 0..40),
        purges in prop::collection::vec(purge(), 0..4),
        data_at in instant(),
        may_shrink in any::<bool>(),
    ) {
        let allowances = Allowances { may_shrink, purges: &purges, ..Allowances::default() };
        if let Some(band) = band(&points, data_at, &allowances) {
            for rows in [0, band.least, band.last.rows, u64::MAX] {
                prop_assert_eq!(band.hint(rows).is_some(), band.judge(rows).is_failure());
                prop_assert!(!band.found(rows).is_empty());
            }
            let is_loss = matches!(band.judge(band.last.rows), Drift::Fell { .. });
            prop_assert!(!is_loss, "{}", band.expected());
        }
    }

    #[test]
    fn more_rows_are_never_a_loss_where_fewer_are_none(
        points in history(),
        data_at in instant(),
        rows in any::<u64>(),
        more in any::<u64>(),
    ) {
        if let Some(band) = band(&points, data_at, &Allowances::default()) {
            let rows = rows % band.last.rows.max(1);
            if !band.judge(rows).is_failure() {
                prop_assert!(!band.judge(rows.saturating_add(more)).is_failure());
            }
            prop_assert!(!band.judge(band.least).is_failure());
            prop_assert!(band.least == 0 || band.judge(band.least - 1) != Drift::Usual);
        }
    }

    #[test]
    fn what_is_later_than_tonight_does_not_count(points in history(), data_at in instant()) {
        let earlier: Vec<Point> = points.iter().copied().filter(|point| point.data_at <= data_at).collect();
        let allowances = Allowances::default();
        prop_assert_eq!(band(&points, data_at, &allowances), band(&earlier, data_at, &allowances));
    }
}
