//! Nights by chance: people, AWS, faults and time, as a seed has them.

mod support;

use simulation::{Counts, Orders, run};
use support::side_by_side;

/// As many as make at least [`NIGHTS_MIN`] nights, beside the exhaustive ones.
const SEEDS: u64 = 860;
const NIGHTS_MIN: usize = 10_000;

fn orders(seed: u64) -> Orders {
    // Mostly short courses, so that many kinds are met, and some longer than AWS leaves an instance stopped.
    let nights = if seed.is_multiple_of(10) { 24 } else { 5 };
    Orders { seed: Some(seed), nights, calm_nights: 2, ..Orders::default() }
}

#[test]
fn no_seed_violates_anything() {
    let seeds: Vec<u64> = (1..=SEEDS).collect();
    let courses = side_by_side(&seeds, |seed| run(orders(*seed)));
    let mut counts = Counts::default();
    let mut violations = Vec::new();
    for (seed, course) in seeds.iter().zip(courses) {
        counts += course.counts;
        let nights = orders(*seed).nights;
        violations.extend(
            course.violation.map(|v| format!("{v}\n  the tale: make simulate SEED={seed} NIGHTS={nights}")),
        );
    }
    println!("{counts:#?}");
    assert!(violations.is_empty(), "{} of {SEEDS} seeds:\n{}", violations.len(), violations.join("\n"));
    assert!(counts.nights >= NIGHTS_MIN, "only {} nights", counts.nights);
    // A simulation in which nothing happens would violate nothing either.
    for (what, count) in [
        ("verified", counts.verified),
        ("rejected", counts.rejected),
        ("broken", counts.broken),
        ("cut off", counts.cut_off),
        ("redriven", counts.redriven),
    ] {
        assert!(count >= 10, "only {count} executions were {what}");
    }
}

#[test]
fn a_seed_is_one_course() {
    for seed in 1..=5 {
        let told = || run(Orders { is_told: true, ..orders(seed) }).tale;
        let (first, second) = (told(), told());
        assert!(first.len() > 100, "seed {seed} has a short tale");
        assert!(first == second, "seed {seed} has two tales");
    }
}

#[test]
fn a_quiet_account_has_verified_nights_and_one_standby() {
    let course = run(Orders { nights: 10, calm_nights: 1, ..Orders::default() });
    assert_eq!(course.violation, None);
    let Counts { nights, verified, broken, replicas, .. } = course.counts;
    assert_eq!((nights, verified, broken, replicas), (11, 11, 0, 11));
}
