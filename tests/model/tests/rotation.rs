//! The product's own rules keep every promise, whatever happens, and the worlds that are checked aren't empty.

#![expect(clippy::print_stdout, reason = "--nocapture shows what was found")]

use rotation_model::check::{self, Limits};
use rotation_model::naive::Rule;
use rotation_model::next::{
    ENDS_GREEN, PROMISES, PROMOTION_DONE, RETIRES, SIDE_BY_SIDE, SWEEP_DELETES, SWEEP_STOPS,
};
use rotation_model::scenario::Scenario;
use rotation_model::timeline;

/// More than any of these worlds has.
const LIMITS: Limits = Limits { states: 20_000_000, threads: 1 };

fn keeps_its_promises(scenario: &Scenario, sanity: &[&str]) {
    let model = scenario.model(Rule::Ours);
    let mut checked = check::all(model.clone(), LIMITS);
    println!(
        "{}: {} states, depth {}, {} runs of steps, {:?}",
        scenario.words, checked.states, checked.depth, checked.runs, checked.took
    );
    for promise in PROMISES {
        if checked.seen.remove(promise).is_some() {
            let path = check::shortest(&model, promise).expect("it was seen broken");
            panic!("broken: {promise}\n{}", timeline::lines(&model, path).join("\n"));
        }
    }
    assert!(checked.is_complete, "every state was reached");
    for sane in sanity {
        assert!(checked.seen.contains_key(sane), "never seen: {sane}");
    }
}

#[test]
fn two_nights_of_every_kind() {
    keeps_its_promises(&Scenario::quiet(), &[ENDS_GREEN, RETIRES, SWEEP_DELETES, SWEEP_STOPS, SIDE_BY_SIDE]);
}

#[test]
fn two_nights_with_one_thing_out_of_the_ordinary() {
    keeps_its_promises(&Scenario::one_thing(), &[ENDS_GREEN, RETIRES, SIDE_BY_SIDE]);
}

#[test]
fn one_night_with_two_things_out_of_the_ordinary() {
    keeps_its_promises(&Scenario::one_night(), &[ENDS_GREEN, SWEEP_DELETES, SWEEP_STOPS, PROMOTION_DONE]);
}
