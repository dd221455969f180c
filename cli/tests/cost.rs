//! `cost` without AWS: figures line by line, and what isn't known said as unknown.

use std::path::Path;
use std::process::{Command, Output};

use snapbox::assert_data_eq;

fn cost(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_restore-drill"))
        .arg("cost")
        .args(arguments)
        .env_remove("RESTORE_DRILL_SOURCE")
        .env_remove("AWS_REGION")
        .output()
        .expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it is text")
}

const OF_THE_README: &[&str] = &["--class", "db.t4g.medium", "--storage", "100", "--region", "us-east-1"];

#[test]
fn a_night_is_told_line_by_line() {
    let output = cost(OF_THE_README);
    assert_data_eq!(text(&output.stdout), snapbox::file!["cost.txt"].raw());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn an_unknown_class_is_unknown_with_the_way_out_and_not_free() {
    let output =
        cost(&["--class", "db.x9.huge", "--storage", "100", "--region", "us-east-1", "--output", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let bill: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(bill["is_complete"], false);
    let line = bill["lines"].as_array().expect("lines").iter().find(|l| l["item"] == "instance db.x9.huge");
    assert_eq!(line.expect("the instance's line")["night_usd"], serde_json::Value::Null);
    assert!(text(&output.stderr).contains("--prices"));
}

#[test]
fn prices_of_ones_own_are_taken() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prices.toml");
    let prices =
        "[us-east-1]\nas_of = \"today\"\nsource = \"us\"\ninstance_hour = { \"db.t4g.medium\" = 6.0 }\n";
    std::fs::write(&file, prices).expect("it is written");
    let file = file.to_str().expect("a path");
    let output = cost(&[OF_THE_README, &["--prices", file]].concat());
    assert!(text(&output.stdout).contains("today"), "{}", text(&output.stderr));
    assert!(
        text(&output.stdout)
            .lines()
            .any(|l| l.starts_with("instance db.t4g.medium") && l.contains(" 1.1000"))
    );
}

#[test]
fn neither_a_source_nor_a_class_is_told_what_to_say() {
    let output = cost(&["--region", "us-east-1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("--source, or --class and --storage"));
}
