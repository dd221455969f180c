//! Judging somebody's own query: its one value against what the configuration expects.

use super::{finding, measured};
use crate::configuration::{ExpectedValue, QueryCheck};
use crate::evidence::Finding;
use crate::measurement::{Outcome, Value};

pub(super) fn judge_query(name: &str, check: Option<&QueryCheck>, value: &Outcome<Value>) -> Finding {
    let Some(check) = check else {
        return finding("query", name, false, "a query of the configuration", "a query that it doesn't have");
    };
    let expected = expectation(check);
    let value = match measured(value, Value::as_query, "query", name, &expected) {
        Ok(value) => value.as_deref(),
        Err(finding) => return finding,
    };
    let found = value.map_or_else(|| "NULL".to_owned(), ToOwned::to_owned);
    finding("query", name, value.is_some_and(|v| is_expected(check, v)), expected, found)
}

fn expectation(check: &QueryCheck) -> String {
    match (&check.equals, check.min, check.max) {
        (Some(ExpectedValue::Text(text)), _, _) => text.clone(),
        (Some(ExpectedValue::Boolean(value)), _, _) => value.to_string(),
        (Some(ExpectedValue::Integer(value)), _, _) => value.to_string(),
        (Some(ExpectedValue::Number(value)), _, _) => value.to_string(),
        (None, Some(min), Some(max)) => format!("from {min} to {max}"),
        (None, Some(min), None) => format!("at least {min}"),
        (None, None, Some(max)) => format!("at most {max}"),
        (None, None, None) => "nothing that the configuration says".to_owned(),
    }
}

#[expect(clippy::float_cmp, reason = "equality by value is what the configuration asks for")]
fn is_expected(check: &QueryCheck, value: &str) -> bool {
    let number = || value.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    match (&check.equals, check.min, check.max) {
        (Some(ExpectedValue::Text(text)), _, _) => text == value,
        (Some(ExpectedValue::Boolean(expected)), _, _) => {
            matches!((expected, value), (true, "t" | "true") | (false, "f" | "false"))
        }
        (Some(ExpectedValue::Integer(expected)), _, _) => whole_number(value) == Some(*expected),
        (Some(ExpectedValue::Number(expected)), _, _) => number().is_some_and(|n| n == *expected),
        (None, None, None) => false,
        (None, min, max) => {
            number().is_some_and(|n| min.is_none_or(|least| n >= least) && max.is_none_or(|most| n <= most))
        }
    }
}

/// The whole number that PostgreSQL printed, `5` or as a numeric `5.00`; exact, as a double isn't.
fn whole_number(value: &str) -> Option<i64> {
    let value = value.trim();
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    whole.parse().ok().filter(|_| fraction.bytes().all(|b| b == b'0'))
}
