//! Judging rows by a table's own past, through evidence that carries it from night to night.

use chrono::TimeDelta;
use drill::configuration::{Configuration, Level};
use drill::evidence::{Evidence, FindingStatus, Verdict};
use drill::judge::{Baseline, Judgement, Measured, judge};
use drill::measurement::*;

use crate::judging::counted;
use crate::support::*;

/// What comes of so many rows each night, one after the other; verified nights become baselines.
fn nights(more: &str, rows: &[u64]) -> Vec<Judgement> {
    let configuration = Configuration { level: Level::Quick, ..configuration_with(more) };
    let mut baseline: Option<Baseline> = None;
    let mut judgements = Vec::new();
    for (night, rows) in rows.iter().enumerate() {
        let mut backup = backup();
        backup.data_at += TimeDelta::days(i64::try_from(night).unwrap());
        let database = Database::new();
        let identity = Value::Identity(database.identity.clone());
        let control = Value::Control(database.control.clone().expect("it is measured"));
        let of = |unit, value| Measurement { unit, outcome: Outcome::Measured { value }, duration_ms: 1 };
        let measurements =
            vec![of(Unit::Identity, identity), of(Unit::Control, control), counted("a", *rows)];
        let activity = vec![Outcome::Measured { value: database.activity }];
        let judgement =
            judge(&Measured { measurements, activity }, &configuration, &backup, baseline.as_ref());
        if judgement.verdict == Verdict::Verified {
            let evidence = evidence_of(&night_of(20), &replica(&night_of(20)), Verdict::Verified);
            let (tables, history) = (judgement.tables.clone(), judgement.history.clone());
            let evidence = Evidence { tables, history, backup: Some(backup), ..evidence };
            baseline = Some(Baseline { evidence, objects: None });
        }
        judgements.push(judgement);
    }
    judgements
}

fn drift(judgement: &Judgement) -> Option<(FindingStatus, &str)> {
    judgement.findings.iter().find(|f| f.check == "drift").map(|f| (f.status, f.found.as_str()))
}

fn growing(nights: u64) -> Vec<u64> {
    (0..nights).map(|night| 1_000_000 + night * 3_000).collect()
}

#[test]
fn a_table_that_grows_as_ever_is_usual() {
    let judged = nights("", &growing(40));
    assert!(judged.iter().all(|j| j.verdict == Verdict::Verified));
    assert_eq!(drift(&judged[0]), None);
    assert_eq!(drift(&judged[39]).unwrap().0, FindingStatus::Passed);
}

#[test]
fn five_weeks_of_counts_travel_with_the_evidence() {
    let judged = nights("", &growing(40));
    let last = judged.last().unwrap();
    assert_eq!((last.history.len(), last.tables[0].earlier.len()), (35, 35));
    assert_eq!(last.tables[0].earlier[34], Some(1_000_000 + 38 * 3_000));
}

#[test]
fn a_loss_is_rejected_and_says_since_when() {
    let judged = nights("", &[growing(20), vec![900_000]].concat());
    let last = judged.last().unwrap();
    assert_eq!(last.verdict, Verdict::Rejected);
    let (status, found) = drift(last).unwrap();
    assert_eq!(status, FindingStatus::Failed);
    assert!(found.contains("fewer (15 %) than the 1,057,000 of 2026-12-10"), "{found}");
}

#[test]
fn a_table_that_loses_half_a_percent_every_night_is_caught() {
    let mut rows = growing(20);
    for _ in 0..20 {
        rows.push(rows.last().unwrap() * 995 / 1000);
    }
    let judged = nights("", &rows);
    let caught = judged.iter().position(|j| j.verdict == Verdict::Rejected).expect("it is caught");
    assert!((20..30).contains(&caught), "night {caught}");
    assert!(
        nights("[defaults]\nmay_shrink = true\ndrift = \"warn\"\n", &rows)
            .iter()
            .all(|j| j.verdict == Verdict::Verified)
    );
}

#[test]
fn a_planned_purge_is_let_through_also_by_max_drop() {
    let rows = [growing(20), vec![750_000]].concat();
    // The backup's data of the 21st night.
    let day = (backup().data_at + TimeDelta::days(20)).date_naive();
    for rules in ["", "max_drop = 0.01\n"] {
        let more = format!(
            "[tables.\"public.a\"]\n{rules}purges = [{{ from = \"{day}\", to = \"{day}\", max_drop = 0.3 }}]\n"
        );
        assert_eq!(nights(&more, &rows).last().unwrap().verdict, Verdict::Verified, "{rules}");
        let unplanned = format!("[tables.\"public.a\"]\n{rules}");
        assert_eq!(nights(&unplanned, &rows).last().unwrap().verdict, Verdict::Rejected, "{rules}");
    }
}

#[test]
fn a_rule_and_the_band_do_not_say_the_same_twice() {
    let judged = nights("[defaults]\nmax_drop = 0.01\n", &[growing(20), vec![900_000]].concat());
    let last = judged.last().unwrap();
    assert_eq!(drift(last), None);
    assert_eq!(last.findings.iter().filter(|f| f.status == FindingStatus::Failed).count(), 1);
}

#[test]
fn a_staging_table_that_may_be_emptied_raises_no_alarm() {
    let rows: Vec<u64> = (0..30).map(|night| if night % 2 == 0 { 5_000 } else { 0 }).collect();
    let judged = nights("[tables.\"public.a\"]\nmax_drop = 1.0\n", &rows);
    assert!(judged.iter().all(|j| j.verdict == Verdict::Verified), "{:?}", judged[1].summary);
    assert_eq!(nights("", &rows)[1].verdict, Verdict::Rejected);
}

#[test]
fn growth_beyond_the_band_is_a_warning() {
    let judged = nights("", &[growing(20), vec![3_000_000]].concat());
    let last = judged.last().unwrap();
    assert_eq!((last.verdict, drift(last).unwrap().0), (Verdict::Verified, FindingStatus::Warned));
}
