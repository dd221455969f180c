//! The configuration, changed: refused with lines and ways out, or the same after it was written and read again.

use drill::configuration::{Configuration, Mistake, hash, parse_json, parse_toml};
use proptest::prelude::*;

use crate::mutation::{Mutation, mutated, mutations};

const COMPLETE: &str = include_str!("../../../../examples/drill.toml");

/// The same configuration in JSON.
fn as_json() -> String {
    serde_json::to_string(&parse_toml(COMPLETE).unwrap()).unwrap()
}

/// Each mistake says what to do, and says it in a few lines.
fn are_told(mistakes: &[Mistake]) -> Result<(), TestCaseError> {
    prop_assert!(!mistakes.is_empty());
    for mistake in mistakes {
        prop_assert!(!mistake.problem.is_empty() && !mistake.hint.is_empty(), "{}", mistake);
        prop_assert!(
            mistake.line.is_some()
                || !mistake.field.is_empty()
                || ["JSON", "bytes long"].iter().any(|of_all| mistake.problem.contains(of_all)),
            "{}",
            mistake
        );
        let value = mistake.value.as_deref().unwrap_or_default();
        prop_assert!(value.len() < 1000, "a value of {} bytes is repeated", value.len());
    }
    Ok(())
}

fn reads_back(configuration: &Configuration) -> Result<(), TestCaseError> {
    let written = serde_json::to_string(configuration).unwrap();
    let read = parse_json(&written);
    prop_assert_eq!(read.as_ref(), Ok(configuration), "{}", written);
    prop_assert_eq!(hash(&read.unwrap()), hash(configuration));
    // As the plan carries it from step to step.
    let carried: Configuration = serde_json::from_str(&written).unwrap();
    prop_assert_eq!(&carried, configuration);
    Ok(())
}

proptest! {
    #[test]
    fn a_changed_file_is_told_or_reads_back(changes in mutations()) {
        match parse_toml(&mutated(COMPLETE, &changes)) {
            Ok(configuration) => reads_back(&configuration)?,
            Err(mistakes) => are_told(&mistakes)?,
        }
    }

    #[test]
    fn changed_json_is_told_or_reads_back(changes in mutations()) {
        match parse_json(&mutated(&as_json(), &changes)) {
            Ok(configuration) => reads_back(&configuration)?,
            Err(mistakes) => are_told(&mistakes)?,
        }
    }

    #[test]
    fn a_file_that_is_cut_short_is_told_or_reads_back(at in any::<usize>()) {
        match parse_toml(&mutated(COMPLETE, &[Mutation::Cut(at)])) {
            Ok(configuration) => reads_back(&configuration)?,
            Err(mistakes) => are_told(&mistakes)?,
        }
    }
}
