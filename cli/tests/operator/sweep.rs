//! `sweep` as a process.

use serde_json::{Value, json};

use crate::{
    BUCKET, PUBLISHED, VERDICT, changes, evidence,
    fake::{Answers, Fake},
    rds::{MARKS, OURS, REPLICA, RESOURCE_ID, State, described, standby, taken},
    run,
};

const BROKEN: &str = include_str!("../../../functions/drill/tests/report/broken.json");
const STOP: &str = "/drill-evidence/drills/courses-prod/{drill}/stop.json?x-id=GetObject";

/// An abandoned replica, past its age, as every look finds it.
fn abandoned() -> Answers {
    // Whoever runs this reads the clock of the day: the record says when it was stopped.
    let stop = json!({ "resource_id": RESOURCE_ID, "requested_at": "2026-11-21T03:54:00Z" }).to_string();
    Answers::default().to(VERDICT, 200, BROKEN).to(PUBLISHED, 200, BROKEN).to(STOP, 200, &stop)
}

fn old(state: State) -> String {
    described(&[state])
        .replace("2026-11-21T03:04:05Z", "2020-01-01T03:04:05Z")
        .replace("2026-11-28T03:55:00Z", "2026-11-28T03:54:30Z")
}

#[test]
fn the_standby_is_kept_and_nothing_is_asked_of_rds() {
    let fake = Fake::start(evidence().to("DescribeDBInstances", 200, &described(&[standby()])));
    let (exit, stdout, stderr) = run(&fake, &["sweep", "--delete"]);
    assert_eq!(exit, 0, "{stderr}");
    assert!(stdout.contains(REPLICA) && stdout.contains("keep"), "{stdout}");
    assert!(stdout.contains("it is the standby"), "{stdout}");
    assert_eq!(changes(&fake), Vec::<String>::new());
}

#[test]
fn it_says_what_it_would_do_and_does_it_only_when_told() {
    let answers = || {
        abandoned().to("DescribeDBInstances", 200, &old(standby())).to(
            "DeleteDBInstance",
            200,
            &taken("DeleteDBInstance"),
        )
    };
    let fake = Fake::start(answers());
    let (exit, stdout, stderr) = run(&fake, &["sweep"]);
    assert_eq!(exit, 0, "{stderr}");
    assert!(stdout.contains("would delete  abandoned, and past its age"), "{stdout}");
    assert!(stderr.contains("Nothing was done."), "{stderr}");
    assert_eq!(changes(&fake), Vec::<String>::new());
    assert!(fake.asked(BUCKET).is_empty());

    let fake = Fake::start(answers());
    let (exit, stdout, _) = run(&fake, &["sweep", "--delete", "--output", "json"]);
    let swept: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((exit, &swept["acted"]), (0, &json!(true)));
    assert_eq!(swept["items"][0]["action"], json!("delete"));
    assert_eq!(changes(&fake).len(), 1);
    assert!(changes(&fake)[0].contains("DeleteAutomatedBackups=false"), "{:?}", changes(&fake));
}

#[test]
fn what_changed_since_the_first_look_is_not_deleted() {
    let held = State { tags: [OURS, &[("restore-drill:hold", "ben")]].concat(), ..standby() };
    let started = State { status: "starting", ..standby() };
    for changed in [held, started] {
        let fake = Fake::start(abandoned().to("DescribeDBInstances", 200, &old(standby())).to(
            "DescribeDBInstances",
            200,
            &old(changed),
        ));
        let (exit, stdout, _) = run(&fake, &["sweep", "--delete"]);
        assert_eq!(exit, 0);
        assert!(stdout.contains("it changed while the sweep looked at others"), "{stdout}");
        assert_eq!(changes(&fake), Vec::<String>::new());
    }
}

#[test]
fn what_is_promoted_is_left_alone() {
    let promoted = State { tags: MARKS.to_vec(), status: "available", ..standby() };
    let fake = Fake::start(abandoned().to("DescribeDBInstances", 200, &old(promoted)));
    let (exit, stdout, _) = run(&fake, &["sweep", "--delete", "--output", "json"]);
    let swept: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((exit, &swept["items"][0]["action"]), (0, &json!("keep")));
    assert_eq!(swept["items"][0]["reason"], json!("left alone: it was promoted to production"));
    assert_eq!(changes(&fake), Vec::<String>::new());
}
