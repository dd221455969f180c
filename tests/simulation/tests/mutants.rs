//! The invariants can fail: each deliberate breakage of the product is found by the one that it breaks, within
//! some seeds.

mod support;

use std::collections::BTreeSet;

use simulation::{Mutant, Orders, run};

const SEEDS_MAX: u64 = 150;
const NIGHTS: u64 = 4;

/// The first seed that finds the mutant by that invariant.
fn found(mutant: Mutant, invariant: u8) -> Option<u64> {
    // What is left behind shows when all is at rest.
    let calm_nights = if invariant == 10 { 2 } else { 0 };
    (1..=SEEDS_MAX).find(|&seed| {
        let orders = Orders {
            seed: Some(seed),
            nights: NIGHTS,
            calm_nights,
            mutant: Some(mutant),
            ..Orders::default()
        };
        run(orders).violation.is_some_and(|v| v.invariant == invariant)
    })
}

#[test]
fn each_mutant_is_found() {
    let results = support::side_by_side(Mutant::ALL, |(mutant, invariant)| found(*mutant, *invariant));
    let missed: Vec<_> = Mutant::ALL.iter().zip(&results).filter(|(_, found)| found.is_none()).collect();
    assert!(missed.is_empty(), "not found by its invariant within {SEEDS_MAX} seeds: {missed:?}");
}

#[test]
fn each_invariant_has_a_mutant_that_breaks_it() {
    let broken: BTreeSet<u8> = Mutant::ALL.iter().map(|(_, invariant)| *invariant).collect();
    assert_eq!(broken, (1..=10).collect());
}
