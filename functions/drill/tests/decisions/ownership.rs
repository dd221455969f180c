//! Whose an instance is: each condition by itself, and all of them against an oracle written anew.

use drill::ids::{Deployment, DrillId, ReplicaId, SourceId};
use drill::instance::{Instance, InstanceStatus};
use drill::ownership::*;
use proptest::prelude::*;

use crate::support::*;

/// Why a replica that a test changed isn't ours.
fn refusal(change: impl FnOnce(&mut Instance)) -> NotOurs {
    let mut instance = replica(&night_of(20));
    change(&mut instance);
    OwnedReplica::confirm(&instance, &ownership()).expect_err("it isn't ours")
}

/// The tag that speaks against a replica whose tag has this value instead, or none.
fn tag_refused(tag: &'static str, value: Option<&str>) -> NotOurs {
    refusal(|i| {
        match value {
            Some(value) => i.tags.insert(tag.to_owned(), value.to_owned()),
            None => i.tags.remove(tag),
        };
    })
}

fn is_of_tag(refusal: &NotOurs, expected: &str) -> bool {
    matches!(refusal, NotOurs::Tag { tag, .. } if *tag == expected)
}

#[test]
fn a_replica_with_its_tags_and_its_name_is_ours() {
    let instance = replica(&night_of(20));
    let replica = OwnedReplica::confirm(&instance, &ownership()).expect("it is ours");
    assert_eq!(replica.id().as_str(), instance.id);
    assert_eq!(*replica.resource_id(), instance.resource_id);
    assert_eq!(*replica.drill(), night_of(20));
}

#[test]
fn an_instance_without_one_of_our_tags_is_not_ours() {
    let tags =
        [TAG_DEPLOYMENT, TAG_DRILL, TAG_SOURCE, TAG_SOURCE_RESOURCE_ID, TAG_BACKUP, TAG_BACKUP_DATA_AT];
    for tag in tags {
        let refusal = tag_refused(tag, None);
        assert_eq!(refusal, NotOurs::Tag { tag, found: "absent".to_owned() });
    }
}

#[test]
fn a_replica_of_another_deployment_is_not_ours() {
    assert!(is_of_tag(&tag_refused(TAG_DEPLOYMENT, Some("staging")), TAG_DEPLOYMENT));
}

#[test]
fn a_tag_that_names_no_drill_is_refused() {
    assert!(is_of_tag(&tag_refused(TAG_DRILL, Some("courses-prod-yesterday")), TAG_DRILL));
}

#[test]
fn a_source_that_is_not_the_drill_s_is_refused() {
    assert!(is_of_tag(&tag_refused(TAG_SOURCE, Some("orders-prod")), TAG_SOURCE));
}

#[test]
fn a_malformed_identity_of_the_source_is_refused() {
    assert!(is_of_tag(&tag_refused(TAG_SOURCE_RESOURCE_ID, Some("unknown")), TAG_SOURCE_RESOURCE_ID));
}

#[test]
fn a_time_of_data_that_is_none_is_refused() {
    assert!(is_of_tag(&tag_refused(TAG_BACKUP_DATA_AT, Some("2 AM")), TAG_BACKUP_DATA_AT));
}

#[test]
fn the_instance_that_its_own_tag_names_as_the_source_is_refused() {
    assert_eq!(refusal(|i| i.resource_id = resource_id("SOURCE")), NotOurs::IsSource);
}

#[test]
fn an_instance_that_rds_lists_as_a_source_is_refused_whatever_its_tags_say() {
    let instance = replica(&night_of(20));
    let mut ownership = ownership();
    ownership.source_resource_ids.push(instance.resource_id.clone());
    assert_eq!(OwnedReplica::confirm(&instance, &ownership), Err(NotOurs::IsSource));
}

#[test]
fn the_source_with_a_replica_s_tags_is_refused_by_its_name() {
    assert_eq!(refusal(|i| i.id = "courses-prod".to_owned()), NotOurs::IsSource);
}

#[test]
fn a_renamed_replica_is_not_ours() {
    assert!(matches!(refusal(|i| i.id.push_str("-old")), NotOurs::Name { .. }));
}

#[test]
fn a_replica_under_the_name_of_another_night_is_not_ours() {
    let other = replica(&night_of(19)).id;
    assert!(matches!(refusal(|i| i.id = other), NotOurs::Name { .. }));
}

#[test]
fn a_held_replica_is_not_ours_to_touch_whatever_the_tag_s_value() {
    for value in ["", "false", "until Monday"] {
        assert_eq!(tag_refused(TAG_HOLD, Some(value)), NotOurs::Held);
    }
}

#[test]
fn any_status_can_be_ours() {
    for status in InstanceStatus::KNOWN {
        let mut instance = replica(&night_of(20));
        instance.status = status.clone();
        assert_eq!(owned(&instance).status(), status);
    }
}

/// The conditions, written from the promise and not from the code: each answers for itself.
fn may_be_ours(instance: &Instance, ownership: &Ownership) -> bool {
    let tag = |key: &str| instance.tags.get(key).map_or("", String::as_str);
    let stamp = tag("restore-drill:drill").rsplit_once('-').unwrap_or_default().1;
    let digits: String = stamp.chars().filter(char::is_ascii_digit).collect();
    let expected_start = format!("drill-{}-{}-{digits}-", ownership.deployment, tag("restore-drill:source"));
    [
        tag("restore-drill:deployment") == ownership.deployment.as_str(),
        tag("restore-drill:drill") == format!("{}-{stamp}", tag("restore-drill:source")),
        digits.len() == 14,
        !tag("restore-drill:backup").is_empty(),
        tag("restore-drill:backup-data-at").parse::<chrono::DateTime<chrono::Utc>>().is_ok(),
        tag("restore-drill:source-resource-id").starts_with("db-"),
        tag("restore-drill:source-resource-id") != instance.resource_id.as_str(),
        !ownership.source_resource_ids.contains(&instance.resource_id),
        instance.id != tag("restore-drill:source"),
        instance.id.len() == expected_start.len() + 8 && instance.id.starts_with(&expected_start),
        !instance.tags.contains_key("restore-drill:hold"),
    ]
    .iter()
    .all(|holds| *holds)
}

/// Ways in which an instance may differ from a replica of ours, each alone harmless to write down.
fn change(instance: &mut Instance, what: usize) {
    let mut set = |tag: &str, value: &str| instance.tags.insert(tag.to_owned(), value.to_owned());
    match what {
        0 => drop(set(TAG_DEPLOYMENT, "staging")),
        1 => drop(set(TAG_SOURCE, "orders-prod")),
        2 => drop(set(TAG_DRILL, night_of(7).as_str())),
        3 => drop(set(TAG_DRILL, "orders-prod-20261107t030000z")),
        4 => drop(set(TAG_SOURCE_RESOURCE_ID, instance.resource_id.clone().as_str())),
        5 => drop(set(TAG_BACKUP_DATA_AT, "soon")),
        6 => drop(set(TAG_HOLD, "yes")),
        7 => instance.resource_id = resource_id("SOURCE"),
        8 => "courses-prod".clone_into(&mut instance.id),
        9 => instance.id = replica(&night_of(7)).id,
        10 => instance.tags.clear(),
        11 => drop(instance.tags.remove(TAG_BACKUP)),
        12 => instance.id = replica_of(&Deployment::parse("staging").unwrap(), &night_of(20)).id,
        13 => drop(set(TAG_SOURCE_RESOURCE_ID, "SOURCE")),
        // What may differ.
        14 => instance.status = InstanceStatus::Available,
        15 => drop(set("environment", "production")),
        16 => "17.1".clone_into(&mut instance.engine_version),
        _ => instance.deletion_protection = true,
    }
}

proptest! {
    #[test]
    fn only_what_meets_every_condition_is_ours(
        changes in prop::collection::vec(0_usize..18, 0..4),
        is_listed_as_source in prop::bool::weighted(0.2),
    ) {
        let mut instance = replica(&night_of(20));
        for what in &changes {
            change(&mut instance, *what);
        }
        let mut ownership = ownership();
        if is_listed_as_source {
            ownership.source_resource_ids.push(instance.resource_id.clone());
        }
        let confirmed = OwnedReplica::confirm(&instance, &ownership);
        prop_assert_eq!(confirmed.is_ok(), may_be_ours(&instance, &ownership), "{:?}", changes);
        if ownership.source_resource_ids.contains(&instance.resource_id) {
            prop_assert!(confirmed.is_err());
        }
    }

    #[test]
    fn a_replica_s_id_is_one_that_rds_takes(
        deployment in "[a-z](-?[a-z0-9]){0,7}", source in "[a-z](-?[a-z0-9]){0,31}", time in 0_i64..7_258_118_400,
    ) {
        let deployment = Deployment::parse(&deployment).unwrap();
        let drill = drill_of(&source, time);
        let id = ReplicaId::of(&deployment, &drill);
        prop_assert!(id.as_str().len() <= 63);
        prop_assert!(!id.as_str().contains("--") && !id.as_str().ends_with('-'));
        prop_assert!(id.as_str().starts_with(&ReplicaId::prefix(&deployment)));
        prop_assert_eq!(ReplicaId::parse(id.as_str()), Ok(id.clone()));
    }

    #[test]
    fn different_drills_have_different_replicas(
        sources in prop::collection::vec("[a-z]{50,52}[0-9]{0,3}", 2),
        times in prop::collection::vec(1_700_000_000_i64..1_700_000_005, 2),
    ) {
        let drills = [drill_of(&sources[0], times[0]), drill_of(&sources[1], times[1])];
        let ids = drills.each_ref().map(|drill| ReplicaId::of(&DEPLOYMENT, drill));
        prop_assert_eq!(drills[0] == drills[1], ids[0] == ids[1]);
    }

    #[test]
    fn a_drill_s_id_gives_back_its_source_and_its_time(
        source in "[a-z](-?[a-z0-9]){0,31}", time in 0_i64..7_258_118_400,
    ) {
        let drill = drill_of(&source, time);
        prop_assert_eq!(drill.source().to_string(), source);
        prop_assert_eq!(drill.scheduled_at().timestamp(), time);
        prop_assert_eq!(DrillId::parse(drill.as_str()), Ok(drill.clone()));
    }

    #[test]
    fn what_is_read_as_a_drill_s_id_is_what_would_be_written(text in "[a-z]{1,3}-[0-9 +]{8}t[0-9 +]{6}z") {
        if let Ok(drill) = DrillId::parse(&text) {
            prop_assert_eq!(DrillId::of(&drill.source(), drill.scheduled_at()), Ok(drill));
        }
    }
}

fn drill_of(source: &str, time: i64) -> DrillId {
    let at = chrono::DateTime::from_timestamp(time, 0).unwrap();
    DrillId::of(&SourceId::parse(source).unwrap(), at).expect("a drill id")
}

#[test]
fn two_sources_that_are_cut_to_the_same_text_have_different_replicas() {
    let long = "a".repeat(60);
    let [one, other] = ["1", "2"].map(|end| drill_of(&format!("{long}{end}"), 1_700_000_000));
    let [one, other] = [one, other].map(|drill| ReplicaId::of(&DEPLOYMENT, &drill));
    assert_eq!(one.as_str().rsplit_once('-').unwrap().0, other.as_str().rsplit_once('-').unwrap().0);
    assert_ne!(one, other);
}

#[test]
fn two_deployments_never_give_a_replica_the_same_id() {
    let [one, other] = ["a", "a-b"].map(|name| Deployment::parse(name).unwrap());
    assert_ne!(ReplicaId::of(&one, &drill_of("b-c", 0)), ReplicaId::of(&other, &drill_of("c", 0)));
}

#[test]
fn a_name_alone_looks_like_ours_only_while_no_tag_names_another_deployment() {
    let mut instance = replica_of(&Deployment::parse("main-eu").unwrap(), &night_of(20));
    assert!(instance.id.starts_with(&ReplicaId::prefix(&DEPLOYMENT)));
    assert!(!looks_like_ours(&instance, &DEPLOYMENT));
    instance.tags.clear();
    assert!(looks_like_ours(&instance, &DEPLOYMENT));
}
