//! `promote` as a process.

use serde_json::{Value, json};

use crate::{
    CONFIGURATION, VERDICT, changes, evidence,
    fake::{Answers, Fake},
    rds::{MARKS, OURS, REPLICA, State, described, source, standby, taken},
    run, run_with,
};

const PROMOTE: &[&str] = &["promote", "--source", "courses-prod"];
const TOML: &str = r#"
source = "courses-prod"
[replica]
instance_class = "db.t4g.medium"
subnet_group = "restore-drill"
security_groups = ["sg-0a1b2c3d"]
[polling]
min = "1s"
[database]
name = "courses"
[promotion]
security_groups = ["sg-0f1e2d3c"]
parameter_group = "courses-postgres16"
"#;

/// The replica as it goes through a promotion: what RDS says at each look of a turn.
fn on_the_way() -> Vec<State> {
    let held = State { tags: [OURS, MARKS].concat(), ..standby() };
    let started = State { status: "available", ..held.clone() };
    let configured = State {
        security_group: "sg-0f1e2d3c",
        parameters: ("courses-postgres16", "pending-reboot"),
        is_protected: true,
        ..started.clone()
    };
    let rebooted = State { parameters: ("courses-postgres16", "in-sync"), ..configured.clone() };
    let protected = State {
        status: "modifying",
        pending: "<BackupRetentionPeriod>7</BackupRetentionPeriod><MultiAZ>true</MultiAZ>",
        ..rebooted.clone()
    };
    let promoted = State { tags: MARKS.to_vec(), ..protected.clone() };
    vec![standby(), held, started, configured, rebooted, protected, promoted]
}

fn with_configuration(text: &str) -> Answers {
    evidence().to(CONFIGURATION, 200, text)
}

/// RDS with the instances, the same at every look.
fn standing(instances: &[State]) -> Answers {
    with_configuration(TOML).to("DescribeDBInstances", 200, &described(instances))
}

/// RDS through a whole promotion: two looks to choose, and two in each turn.
fn promoting() -> Answers {
    let mut answers = with_configuration(TOML);
    let looks = [vec![standby()], on_the_way()].concat();
    for state in looks.iter().flat_map(|state| [state, state]) {
        answers = answers.to("DescribeDBInstances", 200, &described(std::slice::from_ref(state)));
    }
    for call in [
        "AddTagsToResource",
        "StartDBInstance",
        "ModifyDBInstance",
        "RebootDBInstance",
        "RemoveTagsFromResource",
    ] {
        answers = answers.to(call, 200, &taken(call));
    }
    answers
}

fn fields(body: &str) -> Vec<String> {
    let unescaped = body.replace("%3A", ":").replace("%20", " ").replace("%40", "@");
    unescaped.split('&').map(ToOwned::to_owned).collect()
}

#[test]
fn the_plan_is_shown_and_a_no_changes_nothing() {
    for answer in ["no\n", "", "y\n", "YES please\n"] {
        let fake = Fake::start(standing(&[standby()]));
        let (exit, stdout, stderr) = run_with(&fake, PROMOTE, answer);
        assert_eq!((exit, stdout.as_str()), (1, ""), "{stderr}");
        assert_eq!(changes(&fake), Vec::<String>::new());
        let without_age: Vec<&str> =
            stderr.lines().map(|line| line.split_once("Z, ").map_or(line, |(start, _)| start)).collect();
        snapbox::assert_data_eq!(without_age.join("\n"), snapbox::file!["plan.txt"].raw());
    }
}

#[test]
fn yes_carries_it_out_in_the_order_that_keeps_it_safe() {
    let fake = Fake::start(promoting());
    let (exit, stdout, stderr) =
        run(&fake, &[PROMOTE, &["--yes", "--requested-by", "ada@laptop", "--output", "json"]].concat());
    assert_eq!(exit, 0, "{stderr}");
    let result: Value = serde_json::from_str(&stdout).unwrap();
    let steps: Vec<&str> =
        result["timeline"].as_array().unwrap().iter().map(|s| s["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["hold", "start", "configure", "reboot", "protect", "disown"]);
    assert_eq!(result["replica"], json!(REPLICA));
    assert_eq!(result["endpoint"]["port"], json!(5432));
    assert_eq!(result["data_at"], json!("2026-11-21T02:03:11Z"));
    assert_eq!(result["going_on"], json!(["backup_retention_days", "multi_az"]));
    assert_eq!(result["remaining"].as_array().unwrap().len(), 2);

    let hold = fields(&fake.asked("AddTagsToResource")[0]);
    assert!(hold.contains(&"Tags.Tag.1.Key=restore-drill:hold".to_owned()), "{hold:?}");
    assert!(
        hold.iter().any(|f| f.starts_with("Tags.Tag.1.Value=promoted at 20") && f.ends_with("by ada@laptop"))
    );
    assert!(hold.contains(&"Tags.Tag.2.Key=restore-drill:promoted".to_owned()), "{hold:?}");
    let modified = fake.asked("ModifyDBInstance");
    let [configured, protected] = [fields(&modified[0]), fields(&modified[1])];
    for wanted in [
        "ApplyImmediately=true",
        "DeletionProtection=true",
        "DBParameterGroupName=courses-postgres16",
        "VpcSecurityGroupIds.VpcSecurityGroupId.1=sg-0f1e2d3c",
    ] {
        assert!(configured.contains(&wanted.to_owned()), "{wanted} in {configured:?}");
    }
    assert!(!modified[0].contains("MultiAZ") && !modified[0].contains("BackupRetentionPeriod"));
    for wanted in ["ApplyImmediately=true", "MultiAZ=true", "BackupRetentionPeriod=7"] {
        assert!(protected.contains(&wanted.to_owned()), "{wanted} in {protected:?}");
    }
    let disowned = fields(&fake.asked("RemoveTagsFromResource")[0]);
    assert_eq!(disowned.iter().filter(|f| f.starts_with("TagKeys.member.")).count(), 6, "{disowned:?}");
    assert!(disowned.iter().all(|f| !f.ends_with("=restore-drill:hold")), "{disowned:?}");
    for other in ["StopDBInstance", "DeleteDBInstance"] {
        assert!(fake.asked(other).is_empty());
    }
}

#[test]
fn what_was_promoted_before_is_told_again_and_not_touched() {
    let promoted = State { tags: MARKS.to_vec(), status: "available", is_protected: true, ..standby() };
    let fake = Fake::start(standing(&[promoted]));
    let (exit, stdout, stderr) = run(&fake, PROMOTE);
    assert_eq!(exit, 0, "{stderr}");
    assert!(stdout.starts_with(&format!("PROMOTED  {REPLICA}\n")), "{stdout}");
    assert!(stdout.contains("it was promoted before; nothing was left to do"), "{stdout}");
    assert!(stdout.contains(".rds.amazonaws.com:5432"), "{stdout}");
    assert_eq!(changes(&fake), Vec::<String>::new());
}

#[test]
fn a_program_gets_the_plan_as_json_and_is_not_asked() {
    let fake = Fake::start(standing(&[standby()]));
    let (exit, stdout, _) = run_with(&fake, &[PROMOTE, &["--output", "json"]].concat(), "yes\n");
    let plan: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((exit, &plan["acted"]), (0, &json!(false)));
    assert_eq!(plan["steps"], json!(["hold", "start", "configure", "reboot", "protect", "disown"]));
    assert_eq!(changes(&fake), Vec::<String>::new());
}

/// What stands against it, as the command says it.
fn refused(answers: Answers, more: &[&str]) -> String {
    let fake = Fake::start(answers);
    let (exit, stdout, stderr) = run(&fake, &[PROMOTE, &["--yes"], more].concat());
    assert_eq!((exit, stdout.as_str()), (1, ""), "{stderr}");
    assert_eq!(changes(&fake), Vec::<String>::new());
    assert!(stderr.contains("HINT:"), "{stderr}");
    stderr
}

#[test]
fn a_living_source_takes_more_than_a_yes() {
    let both = [standby(), source()];
    let text = refused(standing(&both), &[]);
    assert!(text.contains("the source courses-prod is alive (available)"), "{text}");
    // With the flag it is said in the plan, and asked.
    let fake = Fake::start(standing(&both));
    let (exit, _, stderr) = run_with(&fake, &[PROMOTE, &["--source-is-alive"]].concat(), "no\n");
    assert_eq!(exit, 1);
    assert!(stderr.contains("source       courses-prod is available, and stays untouched"), "{stderr}");
}

#[test]
fn what_may_not_be_promoted_is_refused_with_the_reason() {
    let held = State { tags: [OURS, &[("restore-drill:hold", "ben")]].concat(), ..standby() };
    assert!(refused(standing(&[held]), &[]).contains("somebody holds it"));
    let remade = State { resource_id: "db-REMADE", ..standby() };
    assert!(refused(standing(&[remade]), &[]).contains("no evidence says that drill"));
    assert!(refused(standing(&[]), &[]).contains("there is no replica of courses-prod here"));
    assert!(refused(standing(&[source()]), &["--replica", "courses-prod"]).contains("it isn't promoted"));
    let rejected = include_str!("../../../functions/drill/tests/report/rejected.json");
    let answers = Answers::default().to(CONFIGURATION, 200, TOML).to(VERDICT, 200, rejected).to(
        "DescribeDBInstances",
        200,
        &described(&[standby()]),
    );
    assert!(refused(answers, &[]).contains("no evidence says that drill"));
}

#[test]
fn a_configuration_that_does_not_say_how_is_refused_and_a_file_may_say_it() {
    let (without, _) = TOML.split_once("[promotion]").unwrap();
    let answers = || with_configuration(without).to("DescribeDBInstances", 200, &described(&[standby()]));
    assert!(refused(answers(), &[]).contains("has no [promotion]"));
    let none = evidence().to("DescribeDBInstances", 200, &described(&[standby()]));
    assert!(refused(none, &[]).contains("there is no configuration config/courses-prod.toml"));
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join("promotion.toml");
    std::fs::write(&file, TOML).unwrap();
    let fake = Fake::start(answers());
    let file = file.to_str().unwrap();
    let (exit, stdout, stderr) = run(&fake, &[PROMOTE, &["--file", file, "--output", "json"]].concat());
    assert_eq!(exit, 0, "{stderr}");
    assert!(stdout.contains("\"disown\""), "{stdout}");
    let wrong = refused(with_configuration(&TOML.replace("sg-0f1e2d3c", "sg-0a1b2c3d")), &[]);
    assert!(wrong.contains("let in the verifier alone"), "{wrong}");
}

#[test]
fn a_missing_right_is_told_with_the_policy_that_has_it() {
    let denied = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized\
                  </Message></Error></ErrorResponse>";
    let fake = Fake::start(standing(&[standby()]).to("AddTagsToResource", 403, denied));
    let (exit, _, stderr) = run(&fake, &[PROMOTE, &["--yes"]].concat());
    assert_eq!(exit, 1);
    assert!(stderr.contains("AccessDenied"), "{stderr}");
    assert!(stderr.contains("infra/iam/operator-promote.json"), "{stderr}");
}

#[test]
fn its_time_is_up_when_it_was_said_to_be_and_what_was_done_stays() {
    let starting = State { tags: [OURS, MARKS].concat(), status: "starting", ..standby() };
    let fake = Fake::start(standing(&[starting]));
    let (exit, _, stderr) = run(&fake, &[PROMOTE, &["--yes", "--max-wait", "1s"]].concat());
    assert_eq!(exit, 1);
    assert!(stderr.contains("isn't done after 1s: it is starting"), "{stderr}");
    assert!(stderr.contains("the same command goes on where it stopped"), "{stderr}");
}
