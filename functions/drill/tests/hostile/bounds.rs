//! Documents without measure: ten megabytes, ten thousand levels, a line a byte. Each is refused, in a bounded time.

use std::sync::mpsc;
use std::time::Duration;

use drill::configuration::{limits, parse_json, parse_toml};
use drill::evidence::{Claim, Evidence};
use drill::plan::DrillRequest;
use drill::steps::record_measurements::Record;
use serde::de::DeserializeOwned;

use crate::support::*;

const LEVELS: usize = 10_000;
/// Not how long anything takes, which is a hundredth of it: what takes longer has no bound.
const FOR_EVER: Duration = Duration::from_mins(1);

/// What the work gives, in a thread with the stack of a Lambda's (2 MiB, tokio's), unless it takes for ever.
fn bounded<T: Send + 'static>(what: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, wait) = mpsc::channel();
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    thread.spawn(move || drop(done.send(work()))).unwrap();
    wait.recv_timeout(FOR_EVER).unwrap_or_else(|e| panic!("{what}: {e}"))
}

fn nested(open: &str, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(LEVELS), close.repeat(LEVELS))
}

/// Documents of JSON whose nesting or length has no measure.
fn monsters() -> Vec<(&'static str, String)> {
    vec![
        ("nested lists", nested("[", "", "]")),
        ("nested lists without an end", "[".repeat(LEVELS)),
        ("nested tables", nested("{\"a\":", "1", "}")),
        (
            "nested findings",
            format!("{{\"schema\":\"restore-drill/evidence/1\",\"findings\":{}", nested("[", "", "]")),
        ),
        ("a long text", format!("{{\"source\":\"{}\"}}", "x".repeat(10 << 20))),
        ("a long number", format!("{{\"source\":{}}}", "9".repeat(1 << 20))),
        ("a long list", format!("[{}0]", "0,".repeat(5 << 20))),
        ("nothing but blanks", " ".repeat(10 << 20)),
        (
            "a request with a nest",
            format!("{{\"source\":\"courses-prod\",\"keep\":{}}}", nested("[", "", "]")),
        ),
    ]
}

fn is_refused<T: DeserializeOwned + 'static>(what: &'static str, text: String) {
    let is_refused = bounded(what, move || serde_json::from_str::<T>(&text).is_err());
    assert!(is_refused, "{what} is read");
}

#[test]
fn a_record_without_measure_is_refused() {
    for (what, text) in monsters() {
        let problem = bounded(what, move || {
            Evidence::parse(&text, &night_of(21), "the key").expect_err("it is no evidence").to_string()
        });
        assert!(problem.contains("the key") && problem.len() < 1000, "{what}: {} bytes", problem.len());
    }
}

#[test]
fn a_record_that_is_too_long_is_refused_before_it_is_read() {
    let long = format!("{} {{}}", " ".repeat(drill::seal::SIZE_MAX_BYTES));
    let problem = Evidence::parse(&long, &night_of(21), "k").unwrap_err().to_string();
    assert!(problem.contains("larger than 8388608 bytes"), "{problem}");
}

#[test]
fn inputs_and_objects_without_measure_are_refused() {
    for (what, text) in monsters() {
        is_refused::<DrillRequest>(what, text.clone());
        is_refused::<Claim>(what, text.clone());
        is_refused::<Record>(what, text.clone());
        is_refused::<drill::steps::judge_drill::Input>(what, text.clone());
        is_refused::<drill::measurement::CatalogueObjects>(what, text);
    }
}

#[test]
fn a_configuration_that_is_too_long_is_refused_before_it_is_read() {
    for (what, text) in monsters().into_iter().filter(|(_, text)| text.len() > limits::FILE_MAX_BYTES) {
        let mistakes = bounded(what, move || [parse_toml(&text), parse_json(&text)].map(Result::unwrap_err));
        for mistakes in mistakes {
            assert_eq!(mistakes.len(), 1, "{what}");
            assert!(mistakes[0].hint.contains("65536 bytes"), "{what}: {}", mistakes[0]);
        }
    }
}

/// As many of the pieces as the longest file holds.
fn filled_with(piece: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for i in 0.. {
        let piece = piece(i);
        if text.len() + piece.len() > limits::FILE_MAX_BYTES {
            break;
        }
        text.push_str(&piece);
    }
    text
}

#[test]
fn the_worst_configurations_of_the_longest_length_are_told_in_time() {
    let nest = |open: &str, close: &str| format!("a = {}{}", open.repeat(LEVELS), close.repeat(LEVELS));
    let files = [
        ("nested lists", nest("[", "]")),
        ("nested lists without an end", nest("[", "")),
        ("nested tables", nest("{a=", "}")),
        ("a dotted key", format!("{}a = 1", "a.".repeat(30_000))),
        ("a dotted header", format!("[{}a]", "a.".repeat(30_000))),
        ("dotted headers", filled_with(|i| format!("[{}b{i}]\n", "a.".repeat(60)))),
        ("a list of dotted headers", filled_with(|_| "[[a.a.a.a]]\n".to_owned())),
        ("a line a byte", "\n".repeat(limits::FILE_MAX_BYTES)),
        ("nothing but mistakes of syntax", filled_with(|_| "=\n".to_owned())),
        ("mistakes of both kinds", filled_with(|i| format!("a{i}=1\n=\n"))),
        ("unknown fields", filled_with(|i| format!("a{i}=1\n"))),
        ("the same field", filled_with(|_| "source=1\n".to_owned())),
        ("tables", filled_with(|i| format!("[tables.\"a.b{i}\"]\n"))),
        ("tables with a mistake", filled_with(|i| format!("[tables.\"a.b{i}\"]\nx=1\n"))),
        ("queries", filled_with(|_| "[[queries]]\n".to_owned())),
        ("a long name", format!("{} = 1", "a".repeat(65_000))),
        ("a long text", format!("source = \"{}\"", "a".repeat(65_000))),
        ("a long number", format!("level = {}", "9".repeat(65_000))),
        ("quotes", "\"".repeat(limits::FILE_MAX_BYTES)),
        ("brackets", "[".repeat(limits::FILE_MAX_BYTES)),
    ];
    for (what, text) in files {
        let as_json = text.clone();
        let mistakes = bounded(what, move || parse_toml(&text).expect_err("it is no configuration"));
        assert!(!mistakes.is_empty(), "{what}");
        let told: usize = mistakes.iter().map(|mistake| mistake.to_string().len()).sum();
        assert!(told < 16 << 20, "{what} is told in {told} bytes");
        assert!(bounded(what, move || parse_json(&as_json).is_err()), "{what}");
    }
}

#[test]
fn the_worst_json_configurations_are_told_in_time() {
    let files = [
        ("nested lists", nested("[", "", "]")),
        ("nested tables", nested("{\"a\":", "1", "}").chars().take(limits::FILE_MAX_BYTES).collect()),
        (
            "unknown fields",
            format!("{{{}\"z\":1}}", filled_with(|i| format!("\"a{i}\":1,")).split_at(60_000).0),
        ),
        ("the same field", format!("{{{}\"level\":1}}", "\"level\":1,".repeat(6000))),
    ];
    for (what, text) in files {
        let mistakes = bounded(what, move || parse_json(&text).expect_err("it is no configuration"));
        assert!(!mistakes.is_empty() && mistakes.len() < 20_000, "{what}");
    }
}
