//! What was measured, changed between the measuring and the judging: the drill isn't judged, or as it would have been.

use drill::error::WireName;
use drill::evidence::{Evidence, keys};
use proptest::prelude::*;

use crate::mutation::mutations;
use crate::records::changed_under_its_seal;
use crate::support::*;

/// What is judged of a database of which one record of measurements was changed meanwhile, and what would have been.
fn judged(rows: u64, pick: usize, change: impl Fn(&str) -> String) -> (Result<Evidence, WireName>, Evidence) {
    let world = World::new();
    let mut night = world.begin();
    night.measure(&Database::new().with("courses_course", Ok(rows)));
    let judge = |night: &Night<'_>| {
        night.judge().map(|_| world.verdict(night.drill()).expect("a verdict is saved")).map_err(|e| e.name)
    };
    let unchanged = judge(&night).expect("it is judged");
    let folder = keys::measurements(night.drill(), 0, 0).replace("000-0.json", "");
    let keys: Vec<String> =
        world.change(|s| s.objects.keys().filter(|key| key.starts_with(&folder)).cloned().collect());
    let key = &keys[pick % keys.len()];
    world.write(key, &change(&world.read(key).unwrap()));
    world.forget(&keys::verdict(night.drill()));
    (judge(&night), unchanged)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 2, ..ProptestConfig::default() })]

    #[test]
    fn changed_measurements_are_refused_or_judged_as_they_were(pick in any::<usize>(), changes in mutations()) {
        let (answer, unchanged) = judged(212, pick, |text| changed_under_its_seal(text, &changes));
        match answer {
            Ok(evidence) => prop_assert_eq!(evidence, unchanged),
            Err(name) => prop_assert_eq!(name, WireName::JudgeIncomplete),
        }
    }
}

#[test]
fn a_count_that_was_changed_is_refused() {
    let (answer, _) = judged(212, 0, |text| {
        assert!(text.contains("\"duration_ms\":"));
        text.replacen("\"duration_ms\":", "\"duration_ms\":1", 1)
    });
    assert_eq!(answer.unwrap_err(), WireName::JudgeIncomplete);
}

#[test]
fn counts_without_measure_are_added_without_a_panic() {
    let (answer, unchanged) = judged(u64::MAX, 0, str::to_owned);
    assert_eq!(answer.unwrap(), unchanged);
    assert!(unchanged.summary.contains(&u64::MAX.to_string()), "{}", unchanged.summary);
}
