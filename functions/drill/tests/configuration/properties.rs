//! Claims over all inputs, tried on many.

use drill::configuration::{Span, hash, parse_json, parse_toml};
use proptest::prelude::*;

use crate::{COMPLETE, MINIMAL};

/// Pieces that a configuration is made of, so that random texts come near to real ones.
fn piece() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "source",
        "replica",
        "tables",
        "queries",
        "max_drop",
        "polling",
        "min",
        "max",
        "equals",
        "name",
        "sql",
        "[",
        "]",
        "[[",
        "]]",
        "{",
        "}",
        "=",
        ".",
        ",",
        "\"",
        "'",
        "\"\"\"",
        "\n",
        "#",
        "0",
        "-1",
        "1e400",
        "nan",
        "0x",
        "true",
        "1979-05-27",
        "\"26h\"",
        "\"public.a\"",
        "\u{0}",
        "é",
        "\r\n",
        "null",
        ":",
    ]);
    prop_oneof![4 => words.prop_map(str::to_owned), 1 => any::<String>()]
}

proptest! {
    #[test]
    fn parsing_never_panics_and_a_refusal_names_a_mistake(text in any::<String>()) {
        for result in [parse_toml(&text), parse_json(&text)] {
            prop_assert!(!result.is_err_and(|mistakes| mistakes.is_empty()));
        }
    }

    #[test]
    fn parsing_near_configurations_never_panics(pieces in prop::collection::vec(piece(), 0..40)) {
        let text = pieces.concat();
        for result in [parse_toml(&text), parse_json(&text)] {
            prop_assert!(!result.is_err_and(|mistakes| mistakes.is_empty()));
        }
    }

    #[test]
    fn damaging_the_example_never_panics(at in any::<prop::sample::Index>(), new in piece(), length in 0usize..8) {
        let mut chars: Vec<char> = COMPLETE.chars().collect();
        let start = at.index(chars.len());
        let end = (start + length).min(chars.len());
        chars.splice(start..end, new.chars());
        let text: String = chars.into_iter().collect();
        if let Err(mistakes) = parse_toml(&text) {
            prop_assert!(!mistakes.is_empty());
            let lines = text.matches('\n').count() + 1;
            for mistake in mistakes {
                prop_assert!(mistake.line.is_none_or(|line| (1..=lines).contains(&line)), "{}", mistake);
                prop_assert!(!mistake.hint.is_empty() && !mistake.problem.is_empty());
            }
        }
    }

    #[test]
    fn a_span_reads_back_as_it_is_written(seconds in 0..=u64::MAX) {
        let span = Span::seconds(seconds);
        prop_assert_eq!(Span::try_from(span.to_string()), Ok(span));
    }

    #[test]
    fn the_hash_is_independent_of_the_order_of_fields(order in Just((0..4usize).collect::<Vec<_>>()).prop_shuffle()) {
        let sections = [
            "[replica]\nsubnet_group = \"restore-drill\"\nsecurity_groups = [\"sg-0a1b2c3d4e5f60718\"]\ninstance_class = \"db.t4g.medium\"\n",
            "[database]\nname = \"courses\"\n",
            "[backup]\nmax_age = \"26h\"\n",
            "[polling]\nmax = \"2m\"\nmin = \"10s\"\n",
        ];
        let text: String = order.into_iter().map(|at| sections[at]).collect();
        let shuffled = parse_toml(&format!("source = \"courses-prod\"\n{text}")).unwrap();
        prop_assert_eq!(hash(&shuffled), hash(&parse_toml(MINIMAL).unwrap()));
    }

    #[test]
    fn what_is_read_is_what_serde_reads(drop in 0.0..=1.0f64, rows in 0..=i64::MAX, age in 60u64..3_000_000) {
        let text = format!(
            "{MINIMAL}\n[backup]\nmax_age = \"{}\"\n[tables.\"public.t\"]\nmin_rows = {rows}\nmax_drop = {drop:?}\n",
            Span::seconds(age)
        );
        prop_assert_eq!(parse_toml(&text).unwrap(), toml::from_str(&text).unwrap());
    }
}
