//! The rule on thousands of tables: few false alarms, and what it sees of damage.

use std::path::Path;
use std::sync::OnceLock;

use snapbox::{Data, assert_data_eq};

use crate::document::{self, Scores};
use crate::families::FAMILIES;
use crate::rules::{RULES, Rule};
use crate::trial::{LOSSES, Score, TABLES, score};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/drift.md");

/// The scores of all rules, once for all tests.
fn scores() -> &'static Scores {
    static SCORES: OnceLock<Scores> = OnceLock::new();
    SCORES.get_or_init(|| {
        std::thread::scope(|scope| {
            let families: Vec<_> = FAMILIES
                .iter()
                .map(|family| scope.spawn(|| RULES.map(|rule| score(family, rule, TABLES))))
                .collect();
            families.into_iter().map(|family| family.join().unwrap()).collect()
        })
    })
}

/// What the rule must be as good as.
struct Bound {
    family: &'static str,
    /// False alarms in 1,000 nights.
    alarms: f64,
    /// Tables in a hundred of which it sees the loss of 1 %, 5 %, 50 % and all rows.
    seen: [u32; 4],
    /// The night by which half of the tables are caught that lose 0.5 % a night.
    slow: Option<usize>,
}

const fn bound(family: &'static str, alarms: f64, seen: [u32; 4], slow: Option<usize>) -> Bound {
    Bound { family, alarms, seen, slow }
}

/// Not rewritten with the document: a change that makes one of these worse is a decision.
const BOUNDS: &[Bound] = &[
    bound("constant", 0.0, [99, 100, 100, 100], Some(2)),
    bound("grows linearly", 0.0, [40, 99, 100, 100], Some(4)),
    bound("grows exponentially", 0.0, [1, 95, 100, 100], Some(5)),
    bound("grows on weekdays", 0.0, [12, 92, 100, 100], Some(6)),
    bound("grows, rows deleted now and then", 0.0, [60, 99, 100, 100], Some(3)),
    bound("retention in balance", 1.0, [5, 60, 100, 100], Some(23)),
    bound("retention, traffic follows the seasons", 26.0, [8, 60, 100, 100], Some(26)),
    bound("truncated and loaded every week", 1.0, [0, 1, 75, 100], None),
    bound("purged every week", 0.2, [0, 30, 100, 100], Some(23)),
    bound("purged every month", 0.0, [0, 1, 65, 100], Some(7)),
    bound("purged once, as planned", 0.5, [15, 75, 100, 100], Some(11)),
    bound("emptied and refilled, by chance", 0.2, [0, 0, 0, 0], None),
    bound("up and down around a level", 0.2, [0, 0, 24, 100], None),
    bound("queue", 0.0, [0, 0, 0, 95], None),
    bound("small: 0 to 100 rows", 0.0, [0, 0, 0, 80], None),
    bound("small, hardly ever changed", 0.5, [0, 0, 98, 100], None),
    bound("bulk import, then as before", 0.3, [20, 78, 100, 100], Some(8)),
    bound("missed nights, a week's gap, drills at noon", 1.0, [20, 80, 100, 100], Some(9)),
    bound("new: its 2nd to 6th night", 0.5, [0, 0, 8, 97], None),
];

fn of_this_rule() -> impl Iterator<Item = (&'static Bound, &'static Score)> {
    let names = FAMILIES.iter().map(|family| family.name);
    assert!(names.eq(BOUNDS.iter().map(|bound| bound.family)));
    assert_eq!(RULES[0], Rule::Drift);
    BOUNDS.iter().zip(scores().iter().map(|scores| &scores[0]))
}

#[test]
fn undamaged_tables_hardly_ever_alarm() {
    for (bound, score) in of_this_rule() {
        let alarms = f64::from(score.alarms) * 1_000.0 / f64::from(score.nights);
        assert!(alarms <= bound.alarms, "{}: {alarms} alarms in 1,000 nights", bound.family);
    }
}

#[test]
fn growth_as_usual_and_purges_as_planned_are_not_even_worth_a_warning() {
    for (bound, score) in of_this_rule() {
        // A purge of a month ago is due, and told when it comes: once in each table.
        let due = if bound.family == "purged every month" { u32::try_from(TABLES).unwrap() } else { 0 };
        let warnings = f64::from(score.warnings - due) * 1_000.0 / f64::from(score.nights);
        assert!(warnings <= 7.0, "{}: {warnings} warnings in 1,000 nights", bound.family);
    }
}

#[test]
fn losses_are_seen_as_far_as_counts_can_tell() {
    for (bound, score) in of_this_rule() {
        for ((least, (tables, seen)), (loss, _)) in
            bound.seen.iter().zip(&score.losses[1..]).zip(&LOSSES[1..])
        {
            assert!(seen * 100 >= least * tables, "{}: {loss}: {seen} of {tables}", bound.family);
        }
    }
}

#[test]
fn a_slow_loss_is_caught_in_tables_that_grow() {
    for (bound, score) in of_this_rule() {
        let Some(latest) = bound.slow else { continue };
        let night = score.slow[0].median_night;
        assert!(night.is_some_and(|night| night <= latest), "{}: night {night:?}", bound.family);
    }
}

#[test]
fn no_other_rule_has_as_few_false_alarms() {
    let alarms: Vec<u32> =
        (0..RULES.len()).map(|at| scores().iter().map(|scores| scores[at].alarms).sum()).collect();
    assert!(alarms[1..].iter().all(|others| *others > 10 * alarms[0]), "{alarms:?}");
}

#[test]
fn the_document_has_these_figures() {
    let document = std::fs::read_to_string(DOCUMENT).unwrap();
    let written = Data::read_from(Path::new(DOCUMENT), None).raw();
    assert_data_eq!(document::with_figures(&document, scores()), written);
}
