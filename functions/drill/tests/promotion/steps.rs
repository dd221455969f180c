//! The order of the steps, and what each follows from.

use drill::instance::InstanceStatus;
use drill::ownership::{OWNERSHIP_TAGS, TAG_HOLD, TAG_PROMOTED};
use drill::promotion::{Step, Turn, is_promoted, plan};

use crate::stand::{Mishap, Stand, wanted};
use crate::support::*;

const ALL: [&str; 6] = [
    "AddTagsToResource",
    "StartDBInstance",
    "ModifyDBInstance",
    "RebootDBInstance",
    "ModifyDBInstance",
    "RemoveTagsFromResource",
];

#[test]
fn the_hold_goes_on_first_and_our_tags_come_off_last() {
    let stand = Stand::new();
    let outcome = stand.carry_out();
    assert_eq!(stand.changes(), ALL);
    let replica = stand.replica();
    assert!(is_promoted(&replica) && replica.deletion_protection);
    assert_eq!(replica.tags[TAG_PROMOTED], night_of(20).to_string());
    assert_eq!(replica.tags[TAG_HOLD], "promoted at 2026-11-21T03:00:02Z by ada@laptop");
    assert!(OWNERSHIP_TAGS.iter().all(|tag| !replica.tags.contains_key(*tag)));
    let service = stand.service(&Stand::id());
    assert_eq!(service.security_groups, wanted().security_groups);
    assert_eq!(service.parameter_group, wanted().parameter_group);
    assert_eq!(Some(service.instance_class), wanted().instance_class);
    assert_eq!((service.backup_retention_days, service.multi_az), (14, true));
    assert!(!service.is_reboot_pending);
    assert_eq!(outcome.data_at, at("2026-11-20T02:00:00Z"));
    assert_eq!(outcome.endpoint, replica.endpoint);
}

#[test]
fn the_plan_that_is_shown_is_what_is_done() {
    let stand = Stand::new();
    let choice = stand.choose().unwrap();
    let planned = plan(&choice.observed, choice.replica.drill(), &wanted());
    let mut done = Vec::new();
    loop {
        match stand.turn().unwrap() {
            Turn::Did(step) => done.push(step),
            Turn::Done(_) => break,
            Turn::Waits(_) | Turn::Again(_) => {}
        }
        stand.settle();
    }
    assert_eq!(done, planned);
    assert_eq!(planned.len(), 6);
    let after = stand.choose().unwrap();
    assert_eq!(plan(&after.observed, after.replica.drill(), &wanted()), []);
}

#[test]
fn what_is_as_wanted_already_is_not_asked_for() {
    let stand = Stand::new();
    stand.set_service(&Stand::id(), |service| {
        let wanted = wanted();
        service.security_groups = wanted.security_groups.into_iter().rev().collect();
        service.parameter_group = wanted.parameter_group;
        service.instance_class = wanted.instance_class.unwrap();
        service.backup_retention_days = wanted.backup_retention_days;
        service.multi_az = true;
    });
    stand.world.edit(&Stand::id(), |i| i.deletion_protection = true);
    stand.carry_out();
    assert_eq!(stand.changes(), ["AddTagsToResource", "StartDBInstance", "RemoveTagsFromResource"]);
}

#[test]
fn nothing_is_changed_while_something_is_under_way() {
    let stand = Stand::new();
    assert!(matches!(stand.turn().unwrap(), Turn::Did(Step::Hold)));
    for status in [
        InstanceStatus::Stopping,
        InstanceStatus::Starting,
        InstanceStatus::Rebooting,
        InstanceStatus::Modifying,
        InstanceStatus::BackingUp,
        InstanceStatus::Maintenance,
        InstanceStatus::Other("levitating".to_owned()),
    ] {
        stand.world.set_status(&Stand::id(), status.clone());
        assert_eq!(stand.turn().unwrap(), Turn::Waits(status));
    }
    assert_eq!(stand.changes(), ["AddTagsToResource"]);
}

#[test]
fn the_second_copy_and_the_first_backup_are_not_waited_for() {
    for status in [InstanceStatus::Modifying, InstanceStatus::BackingUp] {
        let stand = Stand::new();
        while !matches!(stand.turn().unwrap(), Turn::Did(Step::Protect(_))) {
            stand.settle();
        }
        stand.world.set_status(&Stand::id(), status);
        assert!(matches!(stand.turn().unwrap(), Turn::Did(Step::Disown)));
        let Turn::Done(outcome) = stand.turn().unwrap() else { panic!("it is done") };
        assert_eq!(outcome.going_on, ["multi_az"]);
    }
}

#[test]
fn what_is_production_is_never_changed_again() {
    let stand = Stand::new();
    stand.carry_out();
    let changes = stand.changes();
    // Months later: other people, other settings, even a stop.
    stand.world.edit(&Stand::id(), |i| {
        i.deletion_protection = false;
        i.status = InstanceStatus::Stopped;
        i.tags.remove(TAG_HOLD);
    });
    stand.set_service(&Stand::id(), |service| service.security_groups = vec!["sg-0".to_owned()]);
    assert!(matches!(stand.turn().unwrap(), Turn::Done(_)));
    assert_eq!(stand.changes(), changes);
}

#[test]
fn one_that_cannot_be_started_and_one_that_is_being_deleted_are_given_up_with_the_reason() {
    for status in [InstanceStatus::IncompatibleNetwork, InstanceStatus::Deleting] {
        let stand = Stand::new();
        let promotion = stand.promotion();
        stand.world.set_status(&Stand::id(), status.clone());
        let refused = ready(promotion.turn(&stand, &stand.world, stand.world.now())).unwrap_err();
        assert!(refused.fact.contains(status.as_str()), "{refused}");
        assert_eq!(stand.changes(), Vec::<String>::new());
    }
}

#[test]
fn another_instance_under_the_name_is_left_alone() {
    let stand = Stand::new();
    let promotion = stand.promotion();
    stand.world.edit(&Stand::id(), |i| i.resource_id = resource_id("OTHER"));
    let refused = ready(promotion.turn(&stand, &stand.world, stand.world.now())).unwrap_err();
    assert!(refused.fact.contains("another instance"), "{refused}");
    assert_eq!(stand.changes(), Vec::<String>::new());
}

#[test]
fn a_missing_right_ends_it_with_the_policy_s_name_and_the_way_to_go_on() {
    let stand = Stand::new();
    stand.meet(&[Mishap::Denied]);
    let refused = stand.turn().unwrap_err();
    assert!(refused.hint.contains("infra/iam/operator-promote.json"), "{refused}");
    assert!(refused.hint.contains("same command again"), "{refused}");
    stand.carry_out();
}
