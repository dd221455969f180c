//! Starting: what keeps the function from serving is said in one line, before any invocation.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer, also in its helpers")]

use std::process::{Command, Output};

fn start(settings: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_verify"))
        .env_clear()
        .envs(settings.iter().copied())
        .output()
        .expect("the binary was built for this test")
}

const COMPLETE: [(&str, &str); 5] = [
    ("_HANDLER", "run-check"),
    ("RESTORE_DRILL_CA_BUNDLE", "/no/such/bundle.pem"),
    ("AWS_REGION", "eu-central-1"),
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI"),
];

fn refusal(settings: &[(&str, &str)]) -> String {
    let output = start(settings);
    assert!(!output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains("wJalr"), "{text}");
    text
}

#[test]
fn an_unknown_handler_is_refused_at_start() {
    let mut settings = COMPLETE;
    settings[0].1 = "delete-replica";
    let line = refusal(&settings);
    assert!(line.contains("handler \"delete-replica\" is unknown"), "{line}");
}

#[test]
fn a_bundle_that_is_not_there_is_named_at_start() {
    let line = refusal(&COMPLETE);
    assert!(line.contains("reading the CA bundle /no/such/bundle.pem"), "{line}");
}

#[test]
fn a_missing_setting_is_named_at_start() {
    let line = refusal(&COMPLETE[..2]);
    assert!(line.contains("AWS_REGION is missing"), "{line}");
}

#[test]
fn logs_are_json_where_the_function_asks_for_it() {
    let mut settings = COMPLETE.to_vec();
    settings.push(("AWS_LAMBDA_LOG_FORMAT", "JSON"));
    let line = refusal(&settings);
    let line: serde_json::Value = serde_json::from_str(line.trim()).unwrap();
    assert_eq!(line["level"], "ERROR");
}
