//! Which replica is promoted, and the reasons why another one isn't.

use drill::evidence::{Verdict, keys};
use drill::ids::{Deployment, ReplicaId};
use drill::instance::{Instance, InstanceStatus};
use drill::ownership::{TAG_HOLD, TAG_PROMOTED};
use drill::ports::StoreErrorKind;

use crate::stand::{NIGHT, Stand, replica_id};
use crate::support::*;

fn chosen(stand: &Stand) -> String {
    stand.choose().expect("one is chosen").replica.id().to_string()
}

fn refused(change: impl FnOnce(&Stand)) -> String {
    let stand = Stand::new();
    change(&stand);
    stand.choose().expect_err("none is chosen").to_string()
}

fn edited(change: impl FnOnce(&mut Instance)) -> String {
    refused(|stand| stand.world.edit(&Stand::id(), change))
}

#[test]
fn the_newest_verified_one_is_chosen_and_the_others_are_named_with_reasons() {
    let stand = Stand::new();
    let rejected = stand.world.earlier(&night_of(NIGHT + 1), Verdict::Rejected);
    let older = stand.world.earlier(&night_of(NIGHT - 1), Verdict::Verified);
    let choice = stand.choose().unwrap();
    assert_eq!(choice.replica.id().as_str(), Stand::id());
    assert_eq!(choice.replica.data_at(), at("2026-11-20T02:00:00Z"));
    let passed: Vec<(&str, &str)> =
        choice.passed_over.iter().map(|k| (k.instance.as_str(), k.reason.as_str())).collect();
    assert_eq!(passed.len(), 2);
    assert!(passed.iter().any(|(id, why)| *id == rejected.id && why.contains("no evidence says")));
    assert!(passed.iter().any(|(id, why)| *id == older.id && why.contains("newer")));
    assert!(choice.source.is_none());
}

#[test]
fn a_replica_is_taken_by_its_name_when_it_is_given() {
    let stand = Stand::new();
    let older = stand.world.earlier(&night_of(NIGHT - 1), Verdict::Verified);
    let id = ReplicaId::parse(&older.id).unwrap();
    let choice = stand.choose_with(|wish| wish.replica = Some(id)).unwrap();
    assert_eq!(choice.replica.id().as_str(), older.id);
}

#[test]
fn one_whose_promotion_was_begun_goes_before_a_newer_one() {
    let stand = Stand::new();
    let _ = stand.turn().unwrap();
    stand.world.earlier(&night_of(NIGHT + 1), Verdict::Verified);
    assert_eq!(chosen(&stand), Stand::id());
}

#[test]
fn what_was_not_verified_is_refused() {
    for verdict in [Verdict::Rejected, Verdict::Broken] {
        let text = refused(|stand| {
            stand.world.remove(&Stand::id());
            stand.world.earlier(&night_of(NIGHT), verdict);
        });
        assert!(text.contains("no evidence says that drill"), "{text}");
    }
    let lost = refused(|stand| stand.world.forget(&keys::verdict(&night_of(NIGHT))));
    assert!(lost.contains("no evidence says"), "{lost}");
    let damaged = refused(|stand| stand.world.write(&keys::verdict(&night_of(NIGHT)), "{"));
    assert!(damaged.contains("no evidence says"), "{damaged}");
    // Verified, but another instance than this one.
    let remade = edited(|i| i.resource_id = resource_id("REMADE"));
    assert!(remade.contains("no evidence says"), "{remade}");
}

#[test]
fn what_somebody_holds_is_refused_with_their_words() {
    let text = edited(|i| drop(i.tags.insert(TAG_HOLD.to_owned(), "ben looks at it".to_owned())));
    assert!(text.contains("somebody holds it") && text.contains("ben looks at it"), "{text}");
    assert!(text.contains("HINT: if the hold is yours"), "{text}");
}

#[test]
fn what_is_not_ours_is_refused() {
    let stand = Stand::new();
    let staging = replica_of(&Deployment::parse("staging").unwrap(), &night_of(NIGHT));
    stand.world.add(staging.clone());
    let id = ReplicaId::parse(&staging.id).unwrap();
    let text = stand.choose_with(|wish| wish.replica = Some(id)).unwrap_err().to_string();
    assert!(text.contains("not ours"), "{text}");
    let renamed = edited(|i| i.id = "old-replica".to_owned());
    assert!(renamed.contains("renamed"), "{renamed}");
    let untagged = refused(|stand| stand.world.edit(&Stand::id(), |i| i.tags.clear()));
    assert!(untagged.contains("there is no replica of courses-prod"), "{untagged}");
}

#[test]
fn a_mark_does_not_make_anything_ours() {
    // Somebody's instance with the mark of a real drill, under another name.
    let stand = Stand::new();
    let mark = night_of(NIGHT).to_string();
    stand.world.add(Instance {
        id: "shop-prod".to_owned(),
        resource_id: resource_id("SHOP"),
        tags: [(TAG_PROMOTED.to_owned(), mark.clone())].into(),
        ..source()
    });
    assert_eq!(chosen(&stand), Stand::id());
    // Under our name, with tags of another deployment or drill.
    for tag in ["restore-drill:deployment", "restore-drill:drill"] {
        let text = edited(|i| {
            i.tags.insert(TAG_PROMOTED.to_owned(), mark.clone());
            i.tags.insert(tag.to_owned(), "other-20261120t030000z".to_owned());
        });
        assert!(text.contains(tag), "{text}");
    }
    // A mark of a drill that didn't make it.
    let other = edited(|i| drop(i.tags.insert(TAG_PROMOTED.to_owned(), night_of(3).to_string())));
    assert!(other.contains("not ours") || other.contains("renamed"), "{other}");
}

#[test]
fn the_source_itself_is_never_promoted() {
    let stand = Stand::with_source();
    let as_replica = ReplicaId::parse("courses-prod").unwrap();
    let text = stand
        .choose_with(|wish| {
            wish.replica = Some(as_replica);
            wish.even_if_source_is_alive = true;
        })
        .unwrap_err();
    assert!(text.to_string().contains("it isn't promoted"), "{text}");
    // Not even one that carries a mark and the name that the drill gives.
    let stand = Stand::new();
    stand.world.edit(&Stand::id(), |i| {
        i.resource_id = resource_id("SOURCE");
        i.tags.insert(TAG_PROMOTED.to_owned(), night_of(NIGHT).to_string());
    });
    let text = stand.choose().unwrap_err().to_string();
    assert!(text.contains("the source itself"), "{text}");
}

#[test]
fn a_living_source_is_refused_until_it_is_said_to_be_known() {
    let stand = Stand::with_source();
    let text = stand.choose().unwrap_err().to_string();
    assert!(text.contains("the source courses-prod is alive (available)"), "{text}");
    assert!(text.contains("--source-is-alive"), "{text}");
    stand.world.edit("courses-prod", |i| i.resource_id = resource_id("EMPTY"));
    let anew = stand.choose().unwrap_err().to_string();
    assert!(anew.contains("made anew since the drill"), "{anew}");
    let choice = stand.choose_with(|wish| wish.even_if_source_is_alive = true).unwrap();
    assert_eq!(choice.source.unwrap().id, "courses-prod");
    // Terraform is on its way: that is no life.
    stand.world.set_status("courses-prod", InstanceStatus::Deleting);
    assert_eq!(chosen(&stand), Stand::id());
}

#[test]
fn without_any_replica_it_says_so_and_where_to_look() {
    let text = refused(|stand| stand.world.remove(&Stand::id()));
    assert!(text.starts_with("there is no replica of courses-prod here\nHINT:"), "{text}");
    let stand = Stand::new();
    let missing = replica_id(&night_of(2));
    let text = stand.choose_with(|wish| wish.replica = Some(missing.clone())).unwrap_err().to_string();
    assert!(text.starts_with(&format!("there is no instance {missing} here")), "{text}");
}

#[test]
fn evidence_that_cannot_be_reached_just_now_is_no_verdict() {
    let stand = Stand::new();
    stand.world.fault(Fault::store("GetObject", StoreErrorKind::Unavailable));
    let text = stand.choose().unwrap_err().to_string();
    assert!(!text.contains("no evidence says"), "{text}");
}
