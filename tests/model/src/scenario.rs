//! Which worlds are checked: how many nights of which kind, and how much may go wrong.

use std::sync::Arc;

use crate::bounds::Bounds;
use crate::calls::Calls;
use crate::model::Rotation;
use crate::naive::Rule;
use crate::next::{LAST_VERIFIED, NOT_OURS, PROTECTED, RESTORED_TWICE};
use crate::state::{Kind, NIGHTS_MAX, Spent, State};

use Kind::{Discarded, Nightly, Old, OldDiscarded};

/// A world to check.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// What it is, in words.
    pub words: &'static str,
    /// What is bounded.
    pub bounds: Bounds,
    /// What the drills of its nights are asked for, and whether failed replicas are discarded; each is a start.
    pub starts: Vec<(Vec<Kind>, bool)>,
}

/// Of everything that is rare at most one, of a person two.
const ONE_OF_EACH: Spent =
    Spent { acts: 2, faults: 1, aborts: 1, redrives: 1, stale: 1, twice: 1, sweeps: 1 };

fn bounds(nights: u8, total: u8) -> Bounds {
    Bounds { nights, is_in_turn: false, weeks: 1, most: ONE_OF_EACH, total }
}

impl Scenario {
    /// Worlds that take longer than anybody waits, or that nobody has seen the end of; only by name.
    pub fn larger() -> Vec<(&'static str, Self)> {
        vec![("three-nights", Self::three_nights())]
    }

    /// The worlds of `make model`, by name.
    pub fn named() -> Vec<(&'static str, Self)> {
        vec![
            ("one-night", Self::one_night()),
            ("quiet", Self::quiet()),
            ("two-nights", Self::two_things()),
            ("on-demand", Self::two_of_two_kinds()),
            ("three-quiet", Self::three_quiet_nights()),
            ("three-in-turn", Self::three_in_turn()),
        ]
    }

    /// Two nights of which one isn't the schedule's, with one thing out of the ordinary and a sweep.
    pub fn two_of_two_kinds() -> Self {
        let pairs = [
            [Nightly, Discarded],
            [Discarded, Nightly],
            [Nightly, Old],
            [Old, Nightly],
            [Discarded, Discarded],
        ];
        let starts = pairs.iter().flat_map(|pair| [(pair.to_vec(), false), (pair.to_vec(), true)]);
        Self {
            words: "two nights, one of them on demand, one thing out of the ordinary, a sweep",
            bounds: bounds(2, 1),
            starts: starts.collect(),
        }
    }

    /// Two nights of every kind that go as they should, with a sweep at any moment.
    pub fn quiet() -> Self {
        let kinds = [Nightly, Discarded, Old, OldDiscarded];
        let pairs = kinds.into_iter().flat_map(|first| kinds.map(|second| vec![first, second]));
        Self {
            words: "two nights of every kind, nothing out of the ordinary",
            bounds: bounds(2, 0),
            starts: pairs.map(|pair| (pair, false)).collect(),
        }
    }

    /// Two nights with one thing out of the ordinary, without a sweep.
    pub fn one_thing() -> Self {
        let mut bounds = bounds(2, 1);
        bounds.most.sweeps = 0;
        Self {
            words: "two nights, one thing out of the ordinary, no sweep",
            bounds,
            starts: vec![(vec![Nightly, Nightly], false)],
        }
    }

    /// One night with two things out of the ordinary and two sweeps.
    pub fn one_night() -> Self {
        let mut bounds = bounds(1, 2);
        bounds.most.sweeps = 2;
        Self {
            words: "one night, two things out of the ordinary, two sweeps",
            bounds,
            starts: vec![(vec![Nightly], false), (vec![Nightly], true)],
        }
    }

    /// Two nights with two things out of the ordinary and a sweep.
    pub fn two_things() -> Self {
        Self {
            words: "two nights, two things out of the ordinary, a sweep",
            bounds: bounds(2, 2),
            starts: vec![(vec![Nightly, Nightly], false)],
        }
    }

    /// Three nights that go as they should, with a sweep at any moment.
    pub fn three_quiet_nights() -> Self {
        Self {
            words: "three nights, nothing out of the ordinary, a sweep",
            bounds: bounds(3, 0),
            starts: vec![(vec![Nightly, Nightly, Nightly], false)],
        }
    }

    /// Three nights of which each begins after the one before has ended, with one thing out of the ordinary and a
    /// sweep.
    pub fn three_in_turn() -> Self {
        Self {
            words: "three nights one after the other, one thing out of the ordinary, a sweep",
            bounds: Bounds { is_in_turn: true, ..bounds(3, 1) },
            starts: vec![(vec![Nightly, Nightly, Nightly], false)],
        }
    }

    /// Three nights with one thing out of the ordinary, without a sweep.
    pub fn three_nights() -> Self {
        let mut bounds = bounds(3, 1);
        bounds.most.sweeps = 0;
        Self {
            words: "three nights, one thing out of the ordinary, no sweep",
            bounds,
            starts: vec![(vec![Nightly, Nightly, Nightly], false)],
        }
    }

    /// The smallest world in which a naive rule must be found wrong, and the promise that it must break.
    pub fn against(rule: Rule) -> (Self, &'static str) {
        let none = Spent::default();
        let (most, weeks, promise) = match rule {
            Rule::Ours => (ONE_OF_EACH, 1, NOT_OURS),
            Rule::YesterdayByDate | Rule::AllButTheNewestName | Rule::NotYetStopped => {
                (none, 0, LAST_VERIFIED)
            }
            Rule::NoClaims => (Spent { faults: 1, twice: 1, ..none }, 0, RESTORED_TWICE),
            Rule::OwnershipByName | Rule::OwnershipByTag => (none, 0, NOT_OURS),
            Rule::PlannedDeletions | Rule::HoldIgnored => (Spent { acts: 1, ..none }, 0, PROTECTED),
            Rule::TagsLeftOn => (Spent { acts: 2, ..none }, 0, PROTECTED),
            Rule::SweepByAge => (Spent { sweeps: 1, ..none }, 1, LAST_VERIFIED),
        };
        let bounds = Bounds { nights: 2, is_in_turn: true, weeks, most, total: most.total() };
        let starts = vec![(vec![Nightly, Nightly], false)];
        (Self { words: rule.words(), bounds, starts }, promise)
    }

    /// The model of this world by a rule.
    pub fn model(&self, rule: Rule) -> Rotation {
        let start = |(kinds, discards_failures): &(Vec<Kind>, bool)| {
            let mut all = [Nightly; NIGHTS_MAX];
            all[..kinds.len()].copy_from_slice(kinds);
            State::new(all, *discards_failures)
        };
        Rotation {
            rule,
            bounds: self.bounds,
            starts: self.starts.iter().map(start).collect(),
            calls: Arc::new(Calls::new(rule)),
        }
    }
}
