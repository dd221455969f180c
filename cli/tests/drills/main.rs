//! The command line as a process: what it prints where, what it asks AWS, and how it ends.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod fake;

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Output, Stdio},
};

use fake::{Answers, Fake};
use serde_json::{Value, json};

const VERIFIED: &str = include_str!("../../../functions/drill/tests/report/verified.json");
const REJECTED: &str = include_str!("../../../functions/drill/tests/report/rejected.json");
const BROKEN: &str = include_str!("../../../functions/drill/tests/report/broken.json");
const DRILL: &str = "courses-prod-20261121t030000z";
const EVIDENCE: &str = "/drill-evidence/drills/courses-prod/{drill}/evidence.json?x-id=GetObject";

/// The evidence of the drill that was started last.
fn evidence(text: &str) -> String {
    text.replace(DRILL, "{drill}")
}

/// A deployment whose state machine stands on the second page.
fn deployment() -> Answers {
    Answers::default()
        .to("ListStateMachines", 200, include_str!("recorded/list-state-machines-first.json"))
        .to("ListStateMachines", 200, include_str!("recorded/list-state-machines-last.json"))
        .to("ListTagsForResource", 200, include_str!("recorded/list-tags.json"))
        .to("StartExecution", 200, include_str!("recorded/start-execution.json"))
        .to("GetExecutionHistory", 200, include_str!("recorded/history-newest.json"))
        .to("GetExecutionHistory", 200, include_str!("recorded/history-oldest.json"))
        .to("GetExecutionHistory", 200, r#"{"events":[]}"#)
}

fn ended(describe: &str, evidence_text: &str) -> Answers {
    deployment().to("DescribeExecution", 200, describe).to(EVIDENCE, 200, &evidence(evidence_text))
}

fn command(fake: &Fake, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_restore-drill"));
    command
        .args(arguments)
        .env_clear()
        .env("AWS_ACCESS_KEY_ID", "recorded")
        .env("AWS_SECRET_ACCESS_KEY", "recorded")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("HOME", "/nonexistent");
    command.args(["--region", "eu-central-1", "--endpoint-url", &fake.url]);
    command
}

fn run(fake: &Fake, arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command(fake, arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

const SUCCEEDED: &str = include_str!("recorded/describe-succeeded.json");
const FAILED: &str = include_str!("recorded/describe-failed.json");
const RUNNING: &str = include_str!("recorded/describe-running.json");
const RUN: &[&str] = &["run", "--source", "courses-prod"];

#[test]
fn the_exit_code_is_the_verdict() {
    for (describe, evidence, code, word) in [
        (SUCCEEDED, VERIFIED, 0, "VERIFIED  courses-prod"),
        (FAILED, REJECTED, 10, "REJECTED  courses-prod"),
        (FAILED, BROKEN, 20, "BROKEN  courses-prod"),
        // The record says verified, but the execution did not end well after it.
        (FAILED, VERIFIED, 20, "VERIFIED  courses-prod"),
    ] {
        let fake = Fake::start(ended(describe, evidence));
        let (exit, stdout, stderr) = run(&fake, RUN);
        assert_eq!(exit, code, "{stderr}");
        assert!(stdout.starts_with(word), "{stdout}");
    }
}

#[test]
fn results_go_to_standard_output_and_progress_to_standard_error_without_escapes() {
    let fake = Fake::start(ended(SUCCEEDED, VERIFIED));
    let (_, stdout, stderr) = run(&fake, RUN);
    assert!(!stdout.contains('\u{1b}') && !stderr.contains('\u{1b}'));
    let lines: Vec<&str> = stderr.lines().skip(1).map(str::trim).collect();
    assert_eq!(
        lines,
        [
            "+0s  choosing the backup",
            "+3s  restoring the backup",
            "+26m 39s  planning the checks",
            "+26m 49s  running the checks",
            "2 of 4 shards of checks are done",
        ]
    );
    assert!(!stdout.contains("choosing the backup"));
}

#[test]
fn the_execution_is_asked_for_what_was_typed_and_named_after_the_drill() {
    let fake = Fake::start(ended(SUCCEEDED, VERIFIED));
    let backup = "rds:courses-prod-2026-11-20-02-03";
    let _ =
        run(&fake, &["run", "--source", "courses-prod", "--backup", backup, "--requested-by", "ada@laptop"]);
    let asked: Value = serde_json::from_str(&fake.asked("StartExecution")[0]).unwrap();
    let input: Value = serde_json::from_str(asked["input"].as_str().unwrap()).unwrap();
    let scheduled_at = input["scheduled_at"].as_str().unwrap().to_owned();
    assert_eq!(
        input,
        json!({
            "source": "courses-prod",
            "scheduled_at": scheduled_at,
            "trigger": "on-demand",
            "requested_by": "ada@laptop",
            "backup": { "snapshot": backup },
            "keep": "discard",
        })
    );
    let time: String = scheduled_at.to_lowercase().chars().filter(|c| !"-:".contains(*c)).collect();
    assert_eq!(asked["name"], json!(format!("courses-prod-{time}")));
    assert_eq!(
        asked["stateMachineArn"],
        json!("arn:aws:states:eu-central-1:123456789012:stateMachine:restore-drill-main")
    );
}

#[test]
fn a_detached_run_prints_the_drill_and_nothing_else() {
    let fake = Fake::start(deployment());
    let (exit, stdout, stderr) = run(&fake, &[RUN, &["--detach"]].concat());
    assert_eq!((exit, stdout.lines().count()), (0, 1));
    assert!(stdout.starts_with("courses-prod-20"), "{stdout}");
    assert!(stderr.contains(&format!("restore-drill status {} --follow", stdout.trim())), "{stderr}");
    assert!(fake.asked("DescribeExecution").is_empty());
}

#[test]
fn json_is_all_that_a_program_reads() {
    let fake = Fake::start(ended(SUCCEEDED, VERIFIED));
    let (_, stdout, _) = run(&fake, &[RUN, &["--output", "json"]].concat());
    let record: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(record["verdict"], json!("verified"));
    assert_eq!(record["schema"], json!("restore-drill/evidence/1"));
}

#[test]
fn a_drill_that_was_turned_away_is_broken_and_not_taken_for_the_one_whose_record_lies_there() {
    let other = evidence(VERIFIED).replace("restore-drill-main:{drill}", "restore-drill-main:another");
    let fake = Fake::start(deployment().to("DescribeExecution", 200, FAILED).to(EVIDENCE, 200, &other));
    let (exit, stdout, _) = run(&fake, RUN);
    assert_eq!(exit, 20);
    assert!(stdout.starts_with("BROKEN  courses-prod-20"), "{stdout}");
    assert!(stdout.contains("Config.Missing: there is no configuration"), "{stdout}");
}

#[test]
fn ctrl_c_leaves_the_drill_running_and_says_how_to_follow_it_again() {
    let fake = Fake::start(deployment().to("DescribeExecution", 200, RUNNING));
    let mut child = command(&fake, RUN).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    // Once a phase is shown it follows.
    let shown = stderr.by_ref().map(Result::unwrap).find(|line| line.contains("choosing the backup"));
    assert!(shown.is_some());
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let rest: Vec<String> = stderr.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let rest = rest.join("\n");
    assert!(rest.contains("The drill goes on by itself"), "{rest}");
    assert!(rest.contains("restore-drill status courses-prod-20"), "{rest}");
    assert!(fake.asked("StopExecution").is_empty());
}

#[test]
fn status_says_how_far_a_drill_is() {
    let fake = Fake::start(deployment().to("DescribeExecution", 200, RUNNING));
    let (exit, stdout, _) = run(&fake, &["status", DRILL, "--output", "json"]);
    let status: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(exit, 0);
    assert_eq!(status["state"], json!("RunChecks"));
    assert_eq!((&status["shards_done"], &status["shards"]), (&json!(2), &json!(4)));
}

#[test]
fn status_finds_a_scheduled_drill_by_its_claim() {
    let arn = "arn:aws:states:eu-central-1:123456789012:execution:restore-drill-main:0f3c-from-the-scheduler";
    let claim = json!({ "drill": DRILL, "execution": arn, "claimed_at": "2026-11-21T03:00:01Z" }).to_string();
    let key = "/drill-evidence/drills/courses-prod/{drill}/claim.json?x-id=GetObject";
    let fake = Fake::start(deployment().to("DescribeExecution", 200, RUNNING).to(key, 200, &claim));
    let _ = run(&fake, &["status", DRILL]);
    assert_eq!(fake.asked("DescribeExecution"), [json!({ "executionArn": arn }).to_string()]);
}

#[test]
fn status_lists_executions_with_the_verdict_of_their_drills() {
    let answers =
        ended(SUCCEEDED, VERIFIED).to("ListExecutions", 200, include_str!("recorded/list-executions.json"));
    let (exit, stdout, _) = run(&Fake::start(answers), &["status"]);
    assert_eq!(exit, 0);
    snapbox::assert_data_eq!(
        stdout,
        snapbox::str![[r"
DRILL                          EXECUTION  STARTED               TOOK    VERDICT
courses-prod-20261121t030000z  succeeded  2026-11-21T03:00:00Z  36m 9s  verified

"]]
    );
}

#[test]
fn history_lists_records_newest_first_and_an_unreadable_one_does_not_hide_the_others() {
    let key =
        |drill: &str| format!("/drill-evidence/drills/courses-prod/{drill}/evidence.json?x-id=GetObject");
    let verdict =
        "/drill-evidence/drills/courses-prod/courses-prod-20261120t030000z/verdict.json?x-id=GetObject";
    let rejected = REJECTED.replace(DRILL, "courses-prod-20261120t030000z");
    let answers = deployment()
        .to(
            "/drill-evidence/?list-type=2&delimiter=%2F&max-keys=1000&prefix=drills%2F",
            200,
            include_str!("recorded/folders-of-sources.xml"),
        )
        .to(
            "/drill-evidence/?list-type=2&delimiter=%2F&max-keys=1000&prefix=drills%2Fcourses-prod%2F",
            200,
            include_str!("recorded/folders-of-drills.xml"),
        )
        .to(&key("courses-prod-20261119t030000z"), 200, "{}")
        .to(verdict, 200, &rejected)
        .to(&key(DRILL), 200, VERIFIED);
    let fake = Fake::start(answers);
    let (exit, stdout, stderr) = run(&fake, &["history"]);
    snapbox::assert_data_eq!(
        stdout,
        snapbox::str![[r"
DRILL                          VERDICT     DATA AGE  RECOVERY  FAILED  NOT MEASURED  PASSED  BACKUP
courses-prod-20261121t030000z  verified    56m 51s   24m 10s   0       1             9       rds:courses-prod-2026-11-21-02-03
courses-prod-20261120t030000z  rejected    56m 51s   24m 10s   5       1             4       rds:courses-prod-2026-11-21-02-03
courses-prod-20261119t030000z  unreadable

"]]
    );
    assert_eq!(exit, 1);
    assert!(stderr.contains("courses-prod-20261119t030000z can't be read"), "{stderr}");
    let (exit, stdout, _) =
        run(&fake, &["history", "--limit", "1", "--output", "json", "--bucket", "drill-evidence"]);
    let entries: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((exit, entries.as_array().unwrap().len()), (0, 1));
    assert_eq!(entries[0]["data_age_s"], json!(3411));
}

#[test]
fn a_report_of_a_drill_that_never_was_says_where_to_look() {
    let (exit, stdout, stderr) = run(&Fake::start(deployment()), &["report", DRILL]);
    assert_eq!((exit, stdout.as_str()), (1, ""));
    assert!(stderr.contains("there is no record of drill") && stderr.contains("HINT:"), "{stderr}");
}

#[test]
fn a_missing_deployment_is_told_with_a_way_out() {
    let (exit, _, stderr) = run(&Fake::start(deployment()), &["status", "--deployment", "other"]);
    assert_eq!(exit, 1);
    assert!(
        stderr.contains("there is no state machine restore-drill-other in eu-central-1\nHINT:"),
        "{stderr}"
    );
}

#[test]
fn what_aws_refuses_is_told_by_its_code() {
    let refused = r#"{"__type":"com.amazonaws.swf.base.model#AccessDeniedException","message":"not authorized to perform: states:ListStateMachines"}"#;
    let fake = Fake::start(Answers::default().to("ListStateMachines", 400, refused));
    let (exit, _, stderr) = run(&fake, &["status"]);
    assert_eq!(exit, 1);
    assert!(stderr.contains("listing state machines: AccessDeniedException: not authorized"), "{stderr}");
}

#[test]
fn a_command_that_is_typed_wrong_asks_aws_nothing() {
    let fake = Fake::start(deployment());
    for wrong in [
        &["run"][..],
        &["run", "--source", "Courses"],
        &["run", "--source", "courses-prod", "--backup", "2026-11-21"],
        &["report", "courses-prod"],
        &["history", "--limit", "0"],
        &["status", "--follow"],
    ] {
        assert_eq!(run(&fake, wrong).0, 2, "{wrong:?}");
    }
    assert!(fake.asked("ListStateMachines").is_empty());
}
