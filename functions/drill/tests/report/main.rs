//! The reports as people see them. The golden files beside this one are the reports; a change of
//! one is looked at in the diff (`SNAPSHOTS=overwrite cargo test -p drill --test report` writes them).

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use drill::{
    evidence::{Evidence, Finding, FindingStatus, Verdict},
    report,
};
use proptest::prelude::*;
use snapbox::assert_data_eq;

fn evidence(text: &str) -> Evidence {
    let evidence: Evidence = serde_json::from_str(text).unwrap();
    Evidence::parse(text, &evidence.drill, "fixture").unwrap()
}

fn verified() -> Evidence {
    evidence(include_str!("verified.json"))
}

fn rejected() -> Evidence {
    evidence(include_str!("rejected.json"))
}

fn broken() -> Evidence {
    evidence(include_str!("broken.json"))
}

fn without_backup() -> Evidence {
    evidence(include_str!("without-backup.json"))
}

#[test]
fn a_verified_drill_is_reported_as_in_the_golden_files() {
    assert_data_eq!(report::text(&verified()), snapbox::file!["verified.txt"].raw());
    assert_data_eq!(report::html(&verified()), snapbox::file!["verified.html"].raw());
}

#[test]
fn a_rejected_drill_is_reported_as_in_the_golden_files() {
    assert_data_eq!(report::text(&rejected()), snapbox::file!["rejected.txt"].raw());
    assert_data_eq!(report::html(&rejected()), snapbox::file!["rejected.html"].raw());
}

#[test]
fn a_broken_drill_is_reported_as_in_the_golden_files() {
    assert_data_eq!(report::text(&broken()), snapbox::file!["broken.txt"].raw());
    assert_data_eq!(report::html(&broken()), snapbox::file!["broken.html"].raw());
}

#[test]
fn a_drill_without_a_backup_is_reported_as_in_the_golden_files() {
    assert_data_eq!(report::text(&without_backup()), snapbox::file!["without-backup.txt"].raw());
    assert_data_eq!(report::html(&without_backup()), snapbox::file!["without-backup.html"].raw());
}

/// The part of a page from one class of section to that section's end.
fn sections<'p>(page: &'p str, class: &str) -> Vec<&'p str> {
    page.split(&format!("<section class=\"{class}\">"))
        .skip(1)
        .map(|rest| &rest[..rest.find("</section>").unwrap()])
        .collect()
}

#[test]
fn what_was_not_measured_is_never_shown_as_passed() {
    let page = report::html(&verified());
    assert!(sections(&page, "passed").iter().all(|section| !section.contains("newest enrolment")));
    assert_eq!(sections(&page, "missing").len(), 1);
    assert!(sections(&page, "missing")[0].contains("newest enrolment"));
    let text = report::text(&verified());
    let passed = &text[text.find("\nPassed (").unwrap()..];
    assert!(!passed.contains("newest enrolment"));
}

#[test]
fn green_is_kept_for_what_was_measured_and_for_a_verified_verdict() {
    let css = include_str!("../../src/report/page.css");
    for rule in css.lines().filter(|line| line.contains("var(--passed")) {
        assert!(rule.starts_with(".passed {"), "{rule}");
    }
    for evidence in [rejected(), broken(), without_backup()] {
        assert!(!report::html(&evidence).contains("<header class=\"passed\">"));
    }
    for evidence in [broken(), without_backup()] {
        assert!(!report::html(&evidence).contains("class=\"passed\""));
    }
}

#[test]
fn a_drill_that_broke_after_its_verdict_is_not_green() {
    let mut evidence = verified();
    evidence.failure = broken().failure;
    assert!(report::html(&evidence).contains("<header class=\"missing\">"));
    assert!(report::text(&evidence).starts_with("VERIFIED, THEN BROKEN  courses-prod"));
    assert!(report::text(&evidence).contains("Replica.Late"));
}

#[test]
fn a_number_that_nobody_measured_says_so() {
    for evidence in [broken(), without_backup()] {
        assert!(report::html(&evidence).contains("<dd class=\"missing\">not measured</dd>"));
        assert!(report::text(&evidence).contains("Recovery time    not measured (RTO)"));
    }
}

#[test]
fn failed_checks_stand_before_unmeasured_ones_and_those_before_passed_ones() {
    let mut shuffled = rejected();
    shuffled.findings.reverse();
    for report in [report::text(&shuffled), report::html(&shuffled)] {
        let places = ["courses_answer", "sixty_three", "TLSv1.3"].map(|piece| report.find(piece).unwrap());
        assert!(places.is_sorted(), "{report}");
    }
}

#[test]
fn a_page_needs_nothing_and_runs_nothing() {
    for evidence in [verified(), rejected(), broken(), without_backup()] {
        let page = report::html(&evidence).to_lowercase();
        for forbidden in
            ["<script", "http://", "https://", "src=", "href=", "@import", "url(", "<iframe", " on"]
        {
            let allowed = forbidden == " on";
            assert!(allowed || !page.contains(forbidden), "{forbidden}");
        }
    }
}

#[test]
fn every_check_stands_in_both_reports_with_what_was_expected_and_found() {
    for evidence in [verified(), rejected()] {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
        let text = words(&report::text(&evidence));
        for finding in &evidence.findings {
            if finding.found.contains('\u{1b}') {
                continue;
            }
            for piece in [&finding.subject, &finding.expected, &finding.found] {
                assert!(text.contains(&words(piece)), "{piece}");
            }
        }
    }
}

/// Evidence whose every free text is the same.
fn all_texts(text: &str, verdict: Verdict) -> Evidence {
    let mut evidence = rejected();
    evidence.verdict = verdict;
    let texts =
        [&mut evidence.requested_by, &mut evidence.execution, &mut evidence.summary, &mut evidence.version];
    for place in texts {
        text.clone_into(place);
    }
    evidence.server_version = Some(text.to_owned());
    evidence.configuration_hash = Some(text.to_owned());
    evidence.not_covered = vec![text.to_owned()];
    evidence.warnings = vec![text.to_owned()];
    for kept in &mut evidence.kept {
        text.clone_into(&mut kept.instance);
        text.clone_into(&mut kept.reason);
    }
    evidence.findings = [FindingStatus::Failed, FindingStatus::NotMeasured, FindingStatus::Passed]
        .map(|status| Finding {
            check: text.to_owned(),
            subject: text.to_owned(),
            status,
            expected: text.to_owned(),
            found: text.to_owned(),
            hint: Some(text.to_owned()),
        })
        .to_vec();
    evidence
}

proptest! {
    #[test]
    fn no_text_becomes_markup(text in any::<String>()) {
        // The same page with a harmless text has the same tags.
        let tags = |page: &str| page.matches('<').count();
        let (page, plain) = (report::html(&all_texts(&text, Verdict::Broken)), report::html(&all_texts("x", Verdict::Broken)));
        prop_assert_eq!(tags(&page), tags(&plain));
        let is_printable = page.chars().all(|c| c == '\n' || !c.is_control());
        prop_assert!(is_printable, "{page}");
    }

    #[test]
    fn no_text_moves_the_cursor(text in any::<String>()) {
        let report = report::text(&all_texts(&text, Verdict::Rejected));
        prop_assert!(report.chars().all(|c| c == '\n' || !c.is_control()));
    }
}
