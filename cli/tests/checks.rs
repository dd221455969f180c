//! `checks` as a process: no AWS, mistakes on standard error, results on standard output.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn checks(arguments: &[&str], input: &[u8]) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_restore-drill"))
        .arg("checks")
        .args(arguments)
        .current_dir(ROOT)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may end without reading all of it.
    let _ = child.stdin.take().unwrap().write_all(input);
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn the_examples_are_valid() {
    for example in ["examples/drill.toml", "examples/minimal.toml"] {
        let (exit, stdout, stderr) = checks(&["validate", example], b"");
        assert_eq!((exit, stderr.as_str()), (0, ""));
        assert!(stdout.starts_with(&format!("{example} is valid: source courses-prod")), "{stdout}");
    }
}

#[test]
fn mistakes_are_told_with_file_line_and_hint() {
    let (exit, stdout, stderr) =
        checks(&["validate", "-"], b"source = \"Courses\"\n[replica]\ninstance_class = \"t4g\"\n");
    assert_eq!((exit, stdout.as_str()), (1, ""));
    snapbox::assert_data_eq!(
        stderr,
        snapbox::str![[r#"
standard input:1: source = "Courses": must start with a lower-case letter
HINT: RDS keeps identifiers in lower case: "courses"

standard input:1: database: is missing
HINT: add, for example, a section [database] with name

standard input:2: replica.subnet_group: is missing
HINT: add, for example, subnet_group = "restore-drill"

standard input:2: replica.security_groups: is missing
HINT: add, for example, security_groups = ["sg-0a1b2c3d4e5f60718"]

standard input:3: replica.instance_class = "t4g": is not a DB instance class, which is db.FAMILY.SIZE
HINT: write the whole class, like "db.t4g.medium"

5 mistakes in standard input

"#]]
    );
}

#[test]
fn a_program_reads_the_mistakes_as_json() {
    let (exit, stdout, _) = checks(&["validate", "-", "--output", "json"], b"source = 5");
    let result: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((exit, &result["valid"]), (1, &Value::Bool(false)));
    let first = &result["mistakes"][0];
    assert_eq!(
        (&first["line"], &first["field"], &first["value"]),
        (&1.into(), &"source".into(), &"5".into())
    );
}

#[test]
fn what_is_no_text_or_too_long_is_told_and_not_read_on() {
    assert!(checks(&["validate", "-"], b"\xff").2.contains("it isn't UTF-8 text"));
    let (exit, _, stderr) = checks(&["validate", "-"], "é".repeat(1 << 20).as_bytes());
    assert_eq!(exit, 1);
    assert!(stderr.contains("the configuration is"), "{stderr}");
    assert!(checks(&["validate", "no/such/file"], b"").2.contains("reading no/such/file"));
}

#[test]
fn the_schema_is_printed_as_it_lies_in_the_documentation() {
    let (exit, stdout, _) = checks(&["schema"], b"");
    let documented = std::fs::read_to_string(format!("{ROOT}/docs/drill.schema.json")).unwrap();
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!((exit, json(&stdout)), (0, json(&documented)));
}
