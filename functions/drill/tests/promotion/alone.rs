//! Nothing of ours touches what is promoted: from its first step on, and for ever after.

use chrono::TimeDelta;
use drill::error::WireName;
use drill::evidence::Verdict;
use drill::instance::InstanceStatus;
use drill::ownership::{
    NotOurs, OwnedReplica, TAG_DEPLOYMENT, TAG_DRILL, TAG_HOLD, TAG_PROMOTED, TAG_SOURCE,
};
use drill::promotion::Turn;
use drill::steps::sweep_orphans::Action;

use crate::stand::Stand;
use crate::support::*;

/// Every state that a promotion can be found in from its first step on: after each turn, settled or not.
fn states() -> Vec<Stand> {
    let mut states = Vec::new();
    for turns in 1..20 {
        for is_settled in [false, true] {
            let stand = Stand::new();
            let mut is_done = false;
            for _ in 0..turns {
                is_done |= matches!(stand.turn().unwrap(), Turn::Done(_));
                if is_settled || turns > 10 {
                    stand.settle();
                }
            }
            states.push(stand);
            assert!(!is_done || turns > 6);
        }
    }
    states
}

#[test]
fn the_proof_that_stopping_and_deleting_take_cannot_be_made() {
    for stand in states() {
        let refused = OwnedReplica::confirm(&stand.replica(), &ownership()).unwrap_err();
        assert!(matches!(refused, NotOurs::Promoted | NotOurs::BeingPromoted), "{refused}");
    }
}

#[test]
fn the_mark_alone_keeps_everything_off_even_where_somebody_puts_our_tags_back() {
    let stand = Stand::new();
    let ours = stand.replica().tags;
    stand.carry_out();
    stand.world.edit(&Stand::id(), |i| {
        i.tags.extend(ours);
        i.tags.remove(TAG_HOLD);
    });
    let refused = OwnedReplica::confirm(&stand.replica(), &ownership()).unwrap_err();
    assert_eq!(refused, NotOurs::BeingPromoted);
}

#[test]
fn the_hold_alone_keeps_everything_off_even_where_somebody_takes_the_mark_off() {
    let stand = Stand::new();
    let _ = stand.turn().unwrap();
    stand.world.edit(&Stand::id(), |i| drop(i.tags.remove(TAG_PROMOTED)));
    assert_eq!(OwnedReplica::confirm(&stand.replica(), &ownership()), Err(NotOurs::Held));
    // And without both our tags are gone at the end.
    let stand = Stand::new();
    stand.carry_out();
    stand.world.edit(&Stand::id(), |i| i.tags.clear());
    let refused = OwnedReplica::confirm(&stand.replica(), &ownership()).unwrap_err();
    assert!(matches!(refused, NotOurs::Tag { tag: TAG_DEPLOYMENT, .. }), "{refused}");
}

#[test]
fn the_sweep_leaves_it_alone_in_every_state_and_whatever_stands_beside_it() {
    for stand in states() {
        // A newer verified one would make it dispensable, and it is past any age.
        stand.world.earlier(&night_of(21), Verdict::Verified);
        stand.world.wait(TimeDelta::days(60));
        for status in [InstanceStatus::Stopped, InstanceStatus::Available, InstanceStatus::Failed] {
            stand.world.set_status(&Stand::id(), status);
            stand.world.clear_log();
            let items = stand.world.sweep().unwrap().items;
            assert_eq!(stand.world.changes(), Vec::<String>::new());
            let item = items.iter().find(|item| item.instance == Stand::id()).unwrap();
            let is_done = !stand.replica().tags.contains_key(TAG_DRILL);
            let expected = if is_done { Action::Keep } else { Action::Report };
            assert_eq!(item.action, expected, "{item:?}");
            assert!(item.reason.contains("promot"), "{item:?}");
        }
    }
}

#[test]
fn a_promotion_that_is_done_does_not_ring_anybody() {
    let stand = Stand::new();
    stand.carry_out();
    stand.world.sweep().unwrap();
    assert_eq!(stand.world.messages(), []);
}

#[test]
fn the_drill_after_it_does_not_retire_it() {
    for done in [false, true] {
        let stand = Stand::with_source();
        let choice = stand.choose_with(|wish| wish.even_if_source_is_alive = true).unwrap();
        let promotion = drill::promotion::Promotion {
            settings: stand.world.settings.clone(),
            replica: choice.replica.id().clone(),
            resource_id: choice.replica.resource_id().clone(),
            wanted: crate::stand::wanted(),
            by: "ada".to_owned(),
        };
        for _ in 0..(if done { 20 } else { 1 }) {
            let _ = ready(promotion.turn(&stand, &stand.world, stand.world.now())).unwrap();
            stand.settle();
        }
        assert_eq!(!stand.replica().tags.contains_key(TAG_SOURCE), done);
        let database = Database::new();
        let mut night = stand.world.begin();
        night.make_standby(&database);
        stand.world.clear_log();
        let retired = night.retire().unwrap();
        assert_eq!(stand.world.changes(), Vec::<String>::new(), "{retired:?}");
        assert!(stand.world.find(&Stand::id()).is_some());
    }
}

#[test]
fn a_drill_whose_own_replica_is_promoted_neither_stops_nor_deletes_it() {
    let world = World::new();
    let database = Database::new();
    let mut night = world.begin();
    night.measure(&database).judge().unwrap();
    world.edit(night.id(), |i| {
        i.tags.insert(TAG_PROMOTED.to_owned(), night_of(21).to_string());
    });
    world.clear_log();
    assert_eq!(night.stop().unwrap_err().name, WireName::ReplicaNotOurs);
    for error in ["Replica.NotOurs", "Database.Refused"] {
        let _ = night.abandon(error);
        assert_eq!(world.changes(), Vec::<String>::new());
    }
    assert_eq!(night.instance().status, InstanceStatus::Available);
}

#[test]
fn the_drill_of_the_vanished_source_says_what_happened() {
    let stand = Stand::new();
    let refused = stand.world.plan().unwrap_err();
    assert_eq!(refused.name, WireName::SourceNotFound);
    assert!(refused.fact.contains("'restore-drill promote --source courses-prod'"), "{refused}");

    let _ = stand.turn().unwrap();
    let refused = stand.world.plan().unwrap_err();
    assert_eq!(refused.name, WireName::SourceNotFound);
    assert!(refused.fact.contains("was begun and isn't finished"), "{refused}");
    assert!(refused.fact.contains("by ada@laptop"), "{refused}");
    assert!(refused.hint.contains("goes on where it stopped"), "{refused}");

    stand.carry_out();
    let refused = stand.world.plan().unwrap_err();
    assert_eq!(refused.name, WireName::SourceNotFound);
    assert!(refused.fact.contains(&Stand::id()), "{refused}");
    assert!(refused.fact.contains("is production in its place"), "{refused}");
    let rename = "--new-db-instance-identifier courses-prod";
    assert!(refused.hint.contains(rename), "{refused}");
}
