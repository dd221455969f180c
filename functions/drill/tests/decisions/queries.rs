//! Judging queries of one's own: which values an expectation takes.

use drill::evidence::Verdict;

use crate::judging::{answer, counted, judged};

const QUERY: &str = "[[queries]]\nname = \"orphans\"\nsql = \"SELECT 1\"\n";

#[test]
fn a_query_that_nobody_asked_breaks_the_drill() {
    assert_eq!(judged(&format!("{QUERY}equals = 0\n"), None, vec![counted("a", 1)]).verdict, Verdict::Broken);
}

#[test]
fn a_query_that_the_configuration_does_not_have_rejects() {
    assert_eq!(
        judged("", None, vec![counted("a", 1), answer("other", Some("0"))]).verdict,
        Verdict::Rejected
    );
}

/// Whether a query with this expectation takes the value.
fn takes(expectation: &str, value: Option<&str>) -> bool {
    let judgement = judged(&format!("{QUERY}{expectation}\n"), None, vec![answer("orphans", value)]);
    assert_ne!(judgement.verdict, Verdict::Broken);
    judgement.verdict == Verdict::Verified
}

#[test]
fn null_is_no_value() {
    for expectation in ["equals = 0", "equals = \"NULL\"", "equals = \"\"", "equals = false", "min = 0"] {
        assert!(!takes(expectation, None), "{expectation}");
    }
}

#[test]
fn a_number_is_compared_by_its_value() {
    for value in ["5", "5.00", " 5 "] {
        assert!(takes("equals = 5", Some(value)), "{value}");
    }
    for value in ["6", "5.01", "five", "", "NaN", "9223372036854775808"] {
        assert!(!takes("equals = 5", Some(value)), "{value}");
    }
    assert!(takes("equals = 0.5", Some("0.50")));
}

#[test]
fn a_large_number_is_compared_exactly() {
    assert!(!takes("equals = 9007199254740993", Some("9007199254740992")));
}

#[test]
fn text_is_compared_letter_by_letter() {
    assert!(takes("equals = \"5\"", Some("5")));
    assert!(!takes("equals = \"5\"", Some("5.0")));
}

#[test]
fn a_boolean_is_what_postgresql_prints_for_it() {
    assert!(takes("equals = true", Some("t")) && takes("equals = false", Some("false")));
    assert!(!takes("equals = true", Some("f")) && !takes("equals = true", Some("1")));
}

#[test]
fn a_range_holds_its_ends_and_no_text() {
    assert!(takes("min = 1\nmax = 3", Some("1")) && takes("min = 1\nmax = 3", Some("3.0")));
    for value in ["0", "3.5", "two", "NaN", "inf"] {
        assert!(!takes("min = 1\nmax = 3", Some(value)), "{value}");
    }
    assert!(!takes("min = 1", Some("inf")) && !takes("max = 1", Some("-inf")));
}
