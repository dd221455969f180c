//! Judging: what was measured against the rules and the baseline, and what is never taken for passed.

use drill::backup::Backup;
use drill::configuration::{Configuration, Level};
use drill::evidence::{Finding, FindingStatus, Verdict};
use drill::judge::{Baseline, Judgement, Measured, judge};
use drill::measurement::*;

use crate::support::*;

fn of(unit: Unit, outcome: Outcome<Value>) -> Measurement {
    Measurement { unit, outcome, duration_ms: 1 }
}
pub(crate) fn counted(name: &str, rows: u64) -> Measurement {
    table_of(name, measured(Value::Rows(HeapCount { rows, scan: "Seq Scan".to_owned() })))
}
fn table_of(name: &str, count: Outcome<Value>) -> Measurement {
    of(Unit::Rows { table: database::table(name), blocks: None }, count)
}
fn measured(value: Value) -> Outcome<Value> {
    Outcome::Measured { value }
}
fn not_measured() -> Outcome<Value> {
    Outcome::NotMeasured { reason: "no right".to_owned(), hint: "GRANT it".to_owned() }
}
fn identity_with(change: impl FnOnce(&mut ServerIdentity)) -> Measurement {
    let mut identity = Database::new().identity;
    change(&mut identity);
    of(Unit::Identity, measured(Value::Identity(identity)))
}
fn control() -> Measurement {
    of(Unit::Control, measured(Value::Control(Database::new().control.expect("it is measured"))))
}
pub(crate) fn answer(name: &str, value: Option<&str>) -> Measurement {
    of(Unit::Query { name: name.to_owned() }, measured(Value::Query(value.map(str::to_owned))))
}
fn baseline(tables: &[(&str, u64)]) -> Baseline {
    let mut evidence = evidence_of(&night_of(20), &replica(&night_of(20)), Verdict::Verified);
    let rows = |(table, rows): &(&str, u64)| night::rows_of(&format!("public.{table}"), *rows);
    evidence.tables = tables.iter().map(rows).collect();
    Baseline { evidence, objects: None }
}

/// What comes of these measurements beside a good identity.
pub(crate) fn judged(
    more: &str,
    before: Option<&[(&str, u64)]>,
    measurements: Vec<Measurement>,
) -> Judgement {
    let measurements = [vec![identity_with(|_| {})], measurements].concat();
    judged_all(&quick(more), before, &measurements)
}
fn judged_all(
    configuration: &Configuration,
    before: Option<&[(&str, u64)]>,
    measurements: &[Measurement],
) -> Judgement {
    judge(&with_control(measurements), configuration, &backup(), before.map(baseline).as_ref())
}
/// The configuration of the tests at level quick, so that only what a test measures is wanted.
fn quick(more: &str) -> Configuration {
    Configuration { level: Level::Quick, ..configuration_with(more) }
}
/// Everything that was measured, and the two things that each drill measures.
fn with_control(measurements: &[Measurement]) -> Measured {
    let measurements = [measurements, &[control()]].concat();
    Measured { measurements, activity: vec![Outcome::Measured { value: Database::new().activity }; 3] }
}

fn finding<'a>(judgement: &'a Judgement, check: &str) -> &'a Finding {
    judgement
        .findings
        .iter()
        .find(|f| f.check == check)
        .unwrap_or_else(|| panic!("no {check}: {judgement:?}"))
}
fn status(judgement: &Judgement, check: &str) -> FindingStatus {
    finding(judgement, check).status
}

#[test]
fn a_database_that_meets_every_rule_is_verified() {
    let judgement = judged("[defaults]\nmin_rows = 1\n", Some(&[("a", 9)]), vec![counted("a", 10)]);
    assert_eq!(judgement.verdict, Verdict::Verified);
    assert_eq!(judgement.warnings, [""; 0]);
}

#[test]
fn a_table_that_is_gone_rejects() {
    let judgement = judged("", Some(&[("a", 9), ("b", 0)]), vec![counted("a", 9)]);
    assert_eq!(judgement.verdict, Verdict::Rejected);
    assert_eq!(finding(&judgement, "rows").subject, "public.b");
}

#[test]
fn a_table_with_rules_that_does_not_exist_rejects() {
    let judgement = judged("[tables.\"public.b\"]\nmin_rows = 0\n", None, vec![counted("a", 9)]);
    assert_eq!(judgement.verdict, Verdict::Rejected);
}

#[test]
fn an_emptied_table_rejects() {
    let judgement = judged("", Some(&[("a", 1)]), vec![counted("a", 0)]);
    assert_eq!((judgement.verdict, status(&judgement, "rows")), (Verdict::Rejected, FindingStatus::Failed));
}

#[test]
fn a_table_that_was_empty_may_be_empty() {
    assert_eq!(judged("", Some(&[("a", 0)]), vec![counted("a", 0)]).verdict, Verdict::Verified);
}

#[test]
fn a_table_that_is_new_may_be_empty() {
    assert_eq!(judged("", Some(&[]), vec![counted("a", 0)]).verdict, Verdict::Verified);
}

#[test]
fn a_database_without_tables_rejects() {
    assert_eq!(judged("", None, vec![]).verdict, Verdict::Rejected);
}

#[test]
fn fewer_rows_than_the_least_reject() {
    let more = "[tables.\"public.a\"]\nmin_rows = 10\n";
    assert_eq!(judged(more, None, vec![counted("a", 9)]).verdict, Verdict::Rejected);
    assert_eq!(judged(more, None, vec![counted("a", 10)]).verdict, Verdict::Verified);
}

#[test]
fn a_larger_drop_than_allowed_rejects() {
    let more = "[defaults]\nmax_drop = 0.05\n";
    assert_eq!(judged(more, Some(&[("a", 100)]), vec![counted("a", 94)]).verdict, Verdict::Rejected);
    assert_eq!(judged(more, Some(&[("a", 100)]), vec![counted("a", 95)]).verdict, Verdict::Verified);
}

#[test]
fn a_table_of_its_own_rules_leaves_the_rest_to_the_defaults() {
    let more = "[defaults]\nmax_drop = 0.0\n[tables.\"public.a\"]\nmin_rows = 1\n";
    let judgement = judged(more, Some(&[("a", 100)]), vec![counted("a", 99)]);
    assert_eq!(status(&judgement, "max_drop"), FindingStatus::Failed);
}

fn fresh(newest: Option<Outcome<Value>>) -> Judgement {
    let more = "[tables.\"public.a\"]\nfresh = { column = \"at\", within = \"2h\" }\n";
    let unit = Unit::Newest { table: database::table("a"), column: "at".to_owned() };
    let newest = newest.map(|newest| of(unit, newest));
    judged(more, None, [counted("a", 9)].into_iter().chain(newest).collect())
}

#[test]
fn the_newest_row_is_as_fresh_as_the_rule_wants() {
    let newest = |text: &str| fresh(Some(measured(Value::Newest(Some(at(text)))))).verdict;
    assert_eq!(newest("2026-11-21T00:03:00Z"), Verdict::Verified);
    assert_eq!(newest("2026-11-21T00:02:59Z"), Verdict::Rejected);
    assert_eq!(newest("2026-11-22T04:03:00Z"), Verdict::Verified);
    assert_eq!(newest("2026-11-22T04:03:01Z"), Verdict::Rejected);
}

#[test]
fn a_table_without_rows_is_not_fresh() {
    assert_eq!(fresh(Some(measured(Value::Newest(None)))).verdict, Verdict::Rejected);
}

#[test]
fn freshness_that_nobody_measured_breaks_the_drill() {
    assert_eq!(fresh(None).verdict, Verdict::Broken);
    assert_eq!(fresh(Some(not_measured())).verdict, Verdict::Broken);
}

#[test]
fn a_table_that_was_not_counted_breaks_the_drill() {
    let judgement = judged("", None, vec![table_of("a", not_measured()), counted("b", 1)]);
    assert_eq!(
        (judgement.verdict, status(&judgement, "rows")),
        (Verdict::Broken, FindingStatus::NotMeasured)
    );
}

#[test]
fn what_was_not_measured_says_the_way_out_where_there_is_one() {
    let hint = |hint: &str| {
        let outcome = Outcome::NotMeasured { reason: "no right".to_owned(), hint: hint.to_owned() };
        finding(&judged("", None, vec![table_of("a", outcome), counted("b", 1)]), "rows").hint.clone()
    };
    assert_eq!((hint("GRANT it").as_deref(), hint("")), (Some("GRANT it"), None));
}

#[test]
fn an_index_that_leads_to_other_rows_than_its_table_holds_rejects() {
    let index = |rows| {
        let unit = Unit::Index { table: database::table("a"), index: "a_pkey".to_owned() };
        let by_index = of(unit, measured(Value::Index(database::index_count(rows))));
        let judgement = judged("", None, vec![counted("a", 9), by_index]);
        let found = judgement.findings.iter().find(|f| f.subject == "public.a_pkey").map(|f| f.status);
        (judgement.verdict, found)
    };
    assert_eq!(index(8), (Verdict::Rejected, Some(FindingStatus::Failed)));
    assert_eq!(index(10), (Verdict::Rejected, Some(FindingStatus::Failed)));
    // What passed for many is one finding, under another name.
    assert_eq!(index(9).0, Verdict::Verified);
}

#[test]
fn what_each_drill_measures_is_missed_when_it_is_not_there() {
    let of_each_drill = [identity_with(|_| {}), control()];
    for (left_out, check) in [(0, "connect"), (1, "control")] {
        let mut measurements = of_each_drill.to_vec();
        measurements.remove(left_out);
        measurements.push(counted("a", 1));
        let measured = Measured { measurements, ..with_control(&[]) };
        let judgement = judge(&measured, &quick(""), &backup(), None);
        assert_eq!(judgement.verdict, Verdict::Broken);
        assert_eq!(status(&judgement, check), FindingStatus::NotMeasured);
    }
}

#[test]
fn every_check_that_passed_is_in_the_judgement() {
    let judgement = judged("", None, vec![counted("a", 1)]);
    for check in ["connect", "control", "rows"] {
        assert_eq!(status(&judgement, check), FindingStatus::Passed, "{check}");
    }
}

#[test]
fn a_name_that_was_never_a_table_s_gets_a_hint_and_a_table_that_is_gone_none() {
    let hint = |more: &str, before: &[(&str, u64)]| {
        let judgement = judged(more, Some(before), vec![counted("a", 1)]);
        let absent = judgement.findings.iter().find(|f| f.subject == "public.b").expect("it is missed");
        absent.hint.is_some()
    };
    let rule = "[tables.\"public.b\"]\nmin_rows = 1\n";
    assert!(hint(rule, &[("a", 1)]));
    assert!(!hint(rule, &[("a", 1), ("b", 5)]));
    assert!(finding(&judged("", None, vec![]), "rows").hint.is_some(), "the wrong database, perhaps");
}

#[test]
fn what_passed_for_many_becomes_one_finding_and_what_failed_never_does() {
    let names: Vec<String> = (0..8).map(|i| format!("t{i}")).collect();
    let indexes = |rows| {
        let of_table = |name: &String| {
            let index = Unit::Index { table: database::table(name), index: format!("{name}_pkey") };
            [counted(name, 9), of(index, measured(Value::Index(database::index_count(rows))))]
        };
        let judgement = judged("", None, names.iter().flat_map(of_table).collect());
        let of_indexes = judgement.findings.iter().filter(|f| f.check == "index_count");
        (judgement.verdict, of_indexes.map(|f| f.status).collect::<Vec<_>>())
    };
    assert_eq!(indexes(9), (Verdict::Verified, vec![FindingStatus::Passed]));
    assert_eq!(indexes(8), (Verdict::Rejected, vec![FindingStatus::Failed; 8]));
}

#[test]
fn a_count_that_failed_rejects() {
    let damaged = Outcome::Failed { reason: "XX001: invalid page in block 7".to_owned() };
    assert_eq!(judged("", None, vec![table_of("a", damaged)]).verdict, Verdict::Rejected);
}

#[test]
fn what_the_configuration_accepts_as_not_measured_is_a_warning() {
    let accept = "accept_not_measured = [\"rows public.a\"]\n";
    let configuration = accepting(accept, "");
    let measurements = [identity_with(|_| {}), table_of("a", not_measured()), counted("b", 1)];
    let judgement = judged_all(&configuration, None, &measurements);
    assert_eq!(judgement.verdict, Verdict::Verified);
    assert_eq!(judgement.warnings, ["rows public.a was not measured, as the configuration accepts"]);
    assert!(judgement.summary.contains("1 tables"), "{}", judgement.summary);
}

#[test]
fn accepting_the_rows_does_not_accept_the_rules_on_them() {
    let accept = "accept_not_measured = [\"rows public.a\"]\n";
    let configuration = accepting(accept, "[tables.\"public.a\"]\nmin_rows = 5\n");
    let measurements = [identity_with(|_| {}), table_of("a", not_measured()), counted("b", 1)];
    assert_eq!(judged_all(&configuration, None, &measurements).verdict, Verdict::Broken);
}

#[test]
fn an_unknown_server_is_never_accepted() {
    let configuration = accepting("accept_not_measured = [\"connect server\"]\n", "");
    let unknown = of(Unit::Identity, not_measured());
    assert_eq!(judged_all(&configuration, None, &[unknown, counted("a", 1)]).verdict, Verdict::Broken);
    assert_eq!(judged_all(&configuration, None, &[counted("a", 1)]).verdict, Verdict::Broken);
}

fn accepting(accept: &str, more: &str) -> Configuration {
    let text = format!("level = \"quick\"\n{accept}{CONFIGURATION}{more}");
    drill::configuration::parse_toml(&text).expect("a good configuration")
}

#[test]
fn a_server_of_another_version_than_the_backup_s_rejects() {
    let measurements = [identity_with(|i| i.server_version = "16.3".to_owned()), counted("a", 1)];
    let judgement = judged_all(&quick(""), None, &measurements);
    assert_eq!(
        (judgement.verdict, status(&judgement, "version")),
        (Verdict::Rejected, FindingStatus::Failed)
    );
}

fn with_rights(rights: &[&str]) -> Judgement {
    let rights = rights.iter().map(|r| (*r).to_owned()).collect();
    let measurements = [identity_with(|i| i.excess_rights = rights), counted("a", 1)];
    judged_all(&quick(""), None, &measurements)
}

#[test]
fn a_role_that_may_write_rejects() {
    for right in [
        "superuser",
        "createrole",
        "insert on table public.a",
        "create on schema s",
        "create on schema \"Public\"",
        "create on 2 schemas, such as public",
        "create on database public",
    ] {
        let judgement = with_rights(&[right]);
        assert_eq!(
            (judgement.verdict, status(&judgement, "role")),
            (Verdict::Rejected, FindingStatus::Failed)
        );
        assert!(finding(&judgement, "role").found.contains(right));
    }
}

#[test]
fn a_role_that_may_create_in_public_as_everybody_may_is_a_warning() {
    let judgement = with_rights(&["create on schema public"]);
    assert_eq!((judgement.verdict, status(&judgement, "role")), (Verdict::Verified, FindingStatus::Passed));
    assert_eq!(
        judgement.warnings,
        ["role restore_drill may create in schema public, as PUBLIC may; revoke it on the source: \
          REVOKE CREATE ON SCHEMA public FROM PUBLIC"]
    );
}

#[test]
fn a_right_beside_the_one_in_public_still_rejects() {
    let judgement = with_rights(&["createdb", "create on schema public"]);
    assert_eq!((judgement.verdict, status(&judgement, "role")), (Verdict::Rejected, FindingStatus::Failed));
    assert_eq!(judgement.warnings.len(), 1);
}

#[test]
fn failed_findings_come_first() {
    let judgement = judged("", Some(&[("z", 1)]), vec![counted("z", 0), table_of("a", not_measured())]);
    assert_eq!(judgement.findings[0].subject, "public.z");
    assert_eq!(judgement.verdict, Verdict::Rejected);
}

#[test]
fn the_backup_s_own_version_is_what_counts() {
    let backup = Backup { engine_version: "15.1".to_owned(), ..backup() };
    let measured = with_control(&[identity_with(|_| {}), counted("a", 1)]);
    let judgement = judge(&measured, &quick(""), &backup, None);
    assert_eq!(judgement.verdict, Verdict::Rejected);
}
