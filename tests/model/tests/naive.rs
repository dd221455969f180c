//! Each naive rule must be found wrong, by the promise that it breaks: a check that can't fail is no check.

#![expect(clippy::print_stdout, reason = "--nocapture shows what was found")]

use rotation_model::check;
use rotation_model::naive::Rule;
use rotation_model::timeline;

fn is_found_wrong(rule: Rule) {
    let (promise, path, model) = check::against(rule);
    let path = path.unwrap_or_else(|| panic!("nothing breaks {promise:?} though {}", rule.words()));
    println!("{}\nbreaks: {promise}\n{}", rule.words(), timeline::lines(&model, path).join("\n"));
}

#[test]
fn yesterday_s_replica_by_date() {
    is_found_wrong(Rule::YesterdayByDate);
}

#[test]
fn all_but_the_newest_name() {
    is_found_wrong(Rule::AllButTheNewestName);
}

#[test]
fn verified_and_not_yet_stopped() {
    is_found_wrong(Rule::NotYetStopped);
}

#[test]
fn no_claims() {
    is_found_wrong(Rule::NoClaims);
}

#[test]
fn ownership_by_name() {
    is_found_wrong(Rule::OwnershipByName);
}

#[test]
fn ownership_by_tag() {
    is_found_wrong(Rule::OwnershipByTag);
}

#[test]
fn planned_deletions() {
    is_found_wrong(Rule::PlannedDeletions);
}

#[test]
fn holds_ignored() {
    is_found_wrong(Rule::HoldIgnored);
}

#[test]
fn sweeping_by_age() {
    is_found_wrong(Rule::SweepByAge);
}

#[test]
fn a_promotion_that_leaves_the_tags_on() {
    is_found_wrong(Rule::TagsLeftOn);
}
