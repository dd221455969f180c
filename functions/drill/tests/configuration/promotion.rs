//! What may be written about a promotion, and how a mistake in it is told.

use drill::configuration::{PromotionSettings, hash, parse_toml};

use crate::{MINIMAL, minimal_and};

fn read(more: &str) -> PromotionSettings {
    parse_toml(&minimal_and(&format!("[promotion]\n{more}"))).unwrap().promotion.unwrap()
}

/// The one mistake of a section, as `problem / hint`.
fn mistake(more: &str) -> String {
    let mistakes = parse_toml(&minimal_and(&format!("[promotion]\n{more}"))).unwrap_err();
    let [mistake] = mistakes.as_slice() else { panic!("{mistakes:#?}") };
    format!("{}: {} / {}", mistake.field, mistake.problem, mistake.hint)
}

#[test]
fn the_security_groups_are_enough_and_the_rest_is_what_production_wants() {
    let promotion = read("security_groups = [\"sg-0f1e2d3c\"]\n");
    assert_eq!((promotion.parameter_group, promotion.instance_class), (None, None));
    assert_eq!(promotion.backup_retention_days, 7);
    assert!(promotion.multi_az && promotion.deletion_protection);
}

#[test]
fn a_configuration_without_it_is_whole_and_keeps_its_hash() {
    let without = parse_toml(MINIMAL).unwrap();
    assert_eq!(without.promotion, None);
    let text = serde_json::to_string(&without).unwrap();
    assert!(!text.contains("promotion"), "earlier evidence names the hash without it");
    let with = parse_toml(&minimal_and("[promotion]\nsecurity_groups = [\"sg-0f1e2d3c\"]\n")).unwrap();
    assert_ne!(hash(&with), hash(&without));
}

#[test]
fn mistakes_are_told_with_the_way_out() {
    let groups = "security_groups = [\"sg-0f1e2d3c\"]\n";
    let missing = mistake("multi_az = true\n");
    assert!(missing.starts_with("promotion.security_groups: is missing / add, for example,"), "{missing}");
    let isolated = mistake("security_groups = [\"sg-0a1b2c3d4e5f60718\"]\n");
    assert!(isolated.contains("let in the verifier alone"), "{isolated}");
    let none = mistake(&format!("{groups}backup_retention_days = 0\n"));
    assert!(none.contains("without automated backups"), "{none}");
    let long = mistake(&format!("{groups}backup_retention_days = 36\n"));
    assert!(long.contains("must be from 1 to 35"), "{long}");
    let class = mistake(&format!("{groups}instance_class = \"r7g.large\"\n"));
    assert!(class.contains("did you mean \"db.r7g.large\"?"), "{class}");
    let days = mistake(&format!("{groups}backup_retention = 7\n"));
    assert!(days.contains("did you mean \"backup_retention_days\"?"), "{days}");
    let name = mistake("security_groups = [\"production\"]\n");
    assert!(name.contains("not the group's name"), "{name}");
}
