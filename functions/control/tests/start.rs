//! Starting: what keeps the function from serving is said in one line, before any invocation.

use std::process::Command;

/// The settings of a function that would start.
const COMPLETE: [(&str, &str); 4] = [
    ("_HANDLER", "plan-drill"),
    ("RESTORE_DRILL_DEPLOYMENT", "main"),
    ("RESTORE_DRILL_BUCKET", "evidence"),
    ("RESTORE_DRILL_TOPIC_ARN", "arn:aws:sns:eu-central-1:123456789012:drills"),
];

const CONTROL: &str = env!("CARGO_BIN_EXE_control");
const PLAN: &str = env!("CARGO_BIN_EXE_plan");

/// What a function with these settings prints before it gives up.
fn refusal<'a>(program: &str, settings: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let output = Command::new(program)
        .env_clear()
        .envs(settings)
        .output()
        .expect("the binary was built for this test");
    assert!(!output.status.success(), "it doesn't start");
    String::from_utf8(output.stdout).expect("logs are text")
}

#[test]
fn a_handler_of_another_artifact_is_refused_at_start_with_every_known_one() {
    for (program, handler, known) in [
        (CONTROL, "plan-drill", "this artifact has restore-replica, "),
        (PLAN, "stop-replica", "this artifact has plan-drill\n"),
    ] {
        let mut settings = COMPLETE;
        settings[0].1 = handler;
        let line = refusal(program, settings);
        assert!(line.contains(&format!("handler \"{handler}\" is unknown; {known}")), "{line}");
        assert_eq!(line.lines().count(), 1);
    }
}

#[test]
fn each_missing_setting_is_named_at_start() {
    for (program, handler) in [(CONTROL, "stop-replica"), (PLAN, "plan-drill")] {
        let mut settings = COMPLETE;
        settings[0].1 = handler;
        for (missing, _) in settings {
            let line = refusal(program, settings.into_iter().filter(|(name, _)| *name != missing));
            assert!(line.contains(&format!("environment variable {missing} is missing")), "{line}");
            assert_eq!(line.lines().count(), 1);
        }
    }
}

#[test]
fn logs_are_json_where_the_function_asks_for_it() {
    for (program, name) in [(CONTROL, "control"), (PLAN, "plan")] {
        let line = refusal(program, [("AWS_LAMBDA_LOG_FORMAT", "JSON")]);
        let line: serde_json::Value = serde_json::from_str(line.trim()).expect("the line is JSON");
        assert_eq!(line["level"], "ERROR");
        assert!(line["timestamp"].is_string());
        let message = line["message"].as_str().expect("a line says something");
        assert!(message.starts_with(&format!("{name} doesn't start: ")), "{message}");
    }
}
