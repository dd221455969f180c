//! `promote` and `sweep` as processes: what they print, what they ask AWS, and what they never ask.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../drills/fake.rs"]
mod fake;
mod promote;
mod rds;
mod sweep;

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use fake::{Answers, Fake};

const DRILL: &str = "courses-prod-20261121t030000z";
const BUCKET: &str = "/drill-evidence";
const CONFIGURATION: &str = "/drill-evidence/config/courses-prod.toml?x-id=GetObject";
const VERDICT: &str = "/drill-evidence/drills/courses-prod/{drill}/verdict.json?x-id=GetObject";
const PUBLISHED: &str = "/drill-evidence/drills/courses-prod/{drill}/evidence.json?x-id=GetObject";
const VERIFIED: &str = include_str!("../../../functions/drill/tests/report/verified.json");

/// The calls of RDS that change something.
const CHANGES: &[&str] = &[
    "AddTagsToResource",
    "StartDBInstance",
    "ModifyDBInstance",
    "RebootDBInstance",
    "RemoveTagsFromResource",
    "StopDBInstance",
    "DeleteDBInstance",
];

/// Runs the command with an answer on its standard input.
fn run_with(fake: &Fake, arguments: &[&str], answer: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_restore-drill"))
        .args(arguments)
        .args(["--region", "eu-central-1", "--endpoint-url", &fake.url, "--bucket", "drill-evidence"])
        .env_clear()
        .env("AWS_ACCESS_KEY_ID", "recorded")
        .env("AWS_SECRET_ACCESS_KEY", "recorded")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("HOME", "/nonexistent")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that never asks may have ended already.
    let _ = child.stdin.take().unwrap().write_all(answer.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn run(fake: &Fake, arguments: &[&str]) -> (i32, String, String) {
    run_with(fake, arguments, "")
}

/// What RDS was asked to change.
fn changes(fake: &Fake) -> Vec<String> {
    let asked = |call: &&str| fake.asked(call).into_iter();
    CHANGES.iter().flat_map(asked).collect()
}

/// A bucket with the drill's evidence.
fn evidence() -> Answers {
    assert!(VERIFIED.contains(rds::RESOURCE_ID), "the evidence is of this replica");
    Answers::default().to(VERDICT, 200, VERIFIED).to(PUBLISHED, 200, VERIFIED)
}
