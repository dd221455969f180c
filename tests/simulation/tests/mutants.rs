//! The invariants can fail: each deliberate breakage of the product is found by the one that it breaks, within
//! some seeds.

mod support;

use std::collections::BTreeSet;

use simulation::{Mutant, Orders, run};

const SEEDS_MAX: u64 = 150;
const NIGHTS: u64 = 4;

/// The first seed that finds the mutant, with the number of the invariant.
fn found(mutant: Mutant) -> Option<(u64, u8)> {
    (1..=SEEDS_MAX).find_map(|seed| {
        let orders = Orders { seed: Some(seed), nights: NIGHTS, mutant: Some(mutant), ..Orders::default() };
        Some((seed, run(orders).violation?.invariant))
    })
}

#[test]
fn each_mutant_is_found() {
    let results = support::side_by_side(Mutant::ALL, |(mutant, _)| (*mutant, found(*mutant)));
    for (mutant, found) in &results {
        println!("{mutant:?}: {found:?}");
    }
    for ((mutant, found), (_, invariant)) in results.iter().zip(Mutant::ALL) {
        let found = found.map(|(_, i)| i);
        assert_eq!(found, Some(*invariant), "{mutant:?} is to break invariant {invariant}");
    }
}

#[test]
fn each_invariant_has_a_mutant_that_breaks_it() {
    let broken: BTreeSet<u8> = Mutant::ALL.iter().map(|(_, invariant)| *invariant).collect();
    assert_eq!(broken, (1..=10).collect());
}
