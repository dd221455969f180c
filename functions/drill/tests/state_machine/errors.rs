//! The errors' names: what the definition retries is what the library says is retried.

use std::collections::BTreeSet;

use drill::error::WireName;
use drill::steps::VERIFY;
use serde_json::Value;

use crate::definition::{State, tasks, words};

/// The families of names that AWS gives errors.
const OF_AWS: &[&str] = &["Lambda.", "Runtime.", "Sandbox.", "States."];

/// What AWS's own page "Handling errors" of Step Functions says to retry of a Lambda.
const TRANSIENT_OF_LAMBDA: &[&str] = &[
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.TooManyRequestsException",
];

fn retried(task: &State) -> Vec<String> {
    let lists = task.body["Retry"].as_array().into_iter().flatten().map(|r| &r["ErrorEquals"]);
    lists.filter_map(Value::as_array).flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}

fn is_of_aws(name: &str) -> bool {
    OF_AWS.iter().any(|family| name.starts_with(family))
}

#[test]
fn exactly_the_retried_names_are_in_the_retry_lists() {
    for task in tasks() {
        let is_verify = VERIFY.contains(&words(&task.name, "-").as_str());
        // Nothing outside the VPC talks to the database.
        let may_fail_so = |name: &str| is_verify || !name.starts_with("Database.");
        let expected: BTreeSet<String> = WireName::ALL
            .iter()
            .filter(|n| n.is_retried() && may_fail_so(n.as_str()))
            .map(ToString::to_string)
            .collect();
        let found: BTreeSet<String> = retried(&task).into_iter().filter(|n| !is_of_aws(n)).collect();
        assert_eq!(found, expected, "{}", task.name);
    }
}

#[test]
fn every_task_retries_what_aws_says_is_transient() {
    for task in tasks() {
        let retried = retried(&task);
        for name in TRANSIENT_OF_LAMBDA {
            assert!(retried.iter().any(|r| r == name), "{} doesn't retry {name}", task.name);
        }
    }
}

#[test]
fn no_name_is_retried_by_two_retriers() {
    for task in tasks() {
        let retried = retried(&task);
        let once: BTreeSet<&String> = retried.iter().collect();
        assert_eq!(retried.len(), once.len(), "{}: only the first that matches counts", task.name);
    }
}

#[test]
fn nothing_retries_everything() {
    for task in tasks() {
        for name in ["States.ALL", "States.TaskFailed"] {
            assert!(!retried(&task).iter().any(|r| r == name), "{}: {name}", task.name);
        }
    }
}
