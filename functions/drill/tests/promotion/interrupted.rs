//! A promotion that ends anywhere and is begun again comes to the same end.

use std::sync::Mutex;

use drill::instance::InstanceStatus;
use drill::ownership::{OwnedReplica, TAG_HOLD, TAG_PROMOTED};
use drill::ports::Service;
use drill::promotion::Turn;
use proptest::prelude::*;

use crate::stand::{Mishap, Stand};
use crate::support::*;

/// What is left at the end: the instance's tags and settings.
fn end_of(stand: &Stand) -> (Vec<(String, String)>, bool, InstanceStatus, Service) {
    stand.settle();
    let replica = stand.replica();
    let tags = replica.tags.into_iter().collect();
    (tags, replica.deletion_protection, replica.status, stand.service(&Stand::id()))
}

fn undisturbed() -> (Vec<(String, String)>, bool, InstanceStatus, Service) {
    let stand = Stand::new();
    stand.carry_out();
    end_of(&stand)
}

#[test]
fn a_crash_after_each_step_comes_to_the_same_end() {
    let end = undisturbed();
    for crash_after in 0..12 {
        let stand = Stand::new();
        // Every turn is a command of its own here: what the crashed one knew is lost.
        for _ in 0..crash_after {
            let _ = stand.turn().unwrap();
        }
        stand.carry_out();
        assert_eq!(end_of(&stand), end, "after {crash_after} turns");
    }
}

#[test]
fn an_answer_that_was_lost_and_a_call_that_was_throttled_come_to_the_same_end() {
    let end = undisturbed();
    for mishap in [Mishap::Lost, Mishap::Throttled] {
        for at in 0..6 {
            let stand = Stand::new();
            // The calls before it go well: a mishap for each call is popped in order.
            stand.meet(&vec![mishap; at + 1]);
            stand.carry_out();
            assert_eq!(end_of(&stand), end, "{mishap:?} {at}");
        }
    }
}

#[test]
fn a_tag_that_was_taken_off_in_the_middle_goes_on_again() {
    let end = undisturbed();
    for (turns, tag) in [(2, TAG_HOLD), (4, TAG_HOLD)] {
        let stand = Stand::new();
        for _ in 0..turns {
            let _ = stand.turn().unwrap();
            stand.settle();
        }
        stand.world.edit(&Stand::id(), |i| drop(i.tags.remove(tag)));
        stand.carry_out();
        assert_eq!(end_of(&stand), end);
    }
}

#[test]
fn our_tags_taken_off_by_halves_are_taken_off_wholly_without_another_change() {
    for left in [vec!["restore-drill:drill"], vec!["restore-drill:source", "restore-drill:backup"]] {
        let stand = Stand::new();
        while stand.replica().status != InstanceStatus::Starting {
            let _ = stand.turn().unwrap();
        }
        stand.world.edit(&Stand::id(), |i| {
            let kept = [TAG_HOLD, TAG_PROMOTED];
            i.tags.retain(|tag, _| kept.contains(&tag.as_str()) || left.contains(&tag.as_str()));
        });
        let before = stand.changes().len();
        assert!(matches!(stand.turn().unwrap(), Turn::Did(drill::promotion::Step::Disown)));
        assert!(matches!(stand.turn().unwrap(), Turn::Done(_)));
        assert_eq!(stand.changes().len(), before + 1);
    }
}

/// What happens between two turns.
#[derive(Debug, Clone, Copy)]
enum Event {
    Turn,
    Settle,
    Lose,
    Throttle,
    Sweep,
    /// Somebody stops it: AWS's console is open at 3 AM.
    StopByHand,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => Just(Event::Turn),
        4 => Just(Event::Settle),
        1 => Just(Event::Lose),
        1 => Just(Event::Throttle),
        1 => Just(Event::Sweep),
        1 => Just(Event::StopByHand),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_between_the_turns_the_end_is_the_same_and_nothing_of_ours_acts(
        events in proptest::collection::vec(event(), 0..60)
    ) {
        let stand = Stand::new();
        let is_held = Mutex::new(false);
        for event in events {
            match event {
                Event::Turn => drop(stand.turn().unwrap()),
                Event::Settle => stand.settle(),
                Event::Lose => stand.meet(&[Mishap::Lost]),
                Event::Throttle => stand.meet(&[Mishap::Throttled]),
                Event::Sweep => drop(stand.world.sweep().unwrap()),
                Event::StopByHand => {
                    if stand.replica().status == InstanceStatus::Available {
                        stand.world.set_status(&Stand::id(), InstanceStatus::Stopped);
                    }
                }
            }
            let replica = stand.replica();
            let mut held = is_held.lock().unwrap();
            *held |= replica.tags.contains_key(TAG_HOLD);
            // From the first step on the proof that stopping and deleting take can't be made.
            if *held {
                prop_assert!(OwnedReplica::confirm(&replica, &ownership()).is_err());
            }
            prop_assert!(stand.world.changes().is_empty(), "{:?}", stand.world.changes());
        }
        stand.meet(&[]);
        stand.carry_out();
        let (mut end, expected) = (end_of(&stand), undisturbed());
        // Somebody may have stopped production after it was done: that is theirs.
        end.2 = expected.2.clone();
        prop_assert_eq!(end, expected);
    }
}
