//! The boundary of trust as a fact of the dependencies: what runs beside the database can't ask AWS
//! for anything.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer, also in its helpers")]

use std::process::Command;

/// Every crate that the artifact is built from, by name.
fn crates() -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", "verify", "--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .args(["--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn no_client_of_aws_is_in_the_artifact() {
    let crates = crates();
    assert!(crates.iter().any(|name| name == "tokio-postgres"), "{crates:?}");
    let clients: Vec<&String> = crates
        .iter()
        .filter(|name| {
            name.starts_with("aws-sdk-")
                || ["aws-config", "aws-runtime", "aws-smithy-http-client", "restore-drill-aws"]
                    .contains(&name.as_str())
        })
        .collect();
    assert!(clients.is_empty(), "{clients:?}");
}
