//! `sweep` as a process.

use serde_json::{Value, json};

use crate::{
    BUCKET, PUBLISHED, VERDICT, VERIFIED, changes, evidence,
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

/// A verified replica past its age, and the newer one that stands in for it, at two looks.
fn with_successor(looks: [Vec<State>; 2]) -> Answers {
    const NEWER: &str = "courses-prod-20261122t030000z";
    let newer = VERIFIED.replace(crate::DRILL, NEWER).replace(RESOURCE_ID, "db-NEWER");
    let newer = newer.replace("2026-11-21T02:03:11Z", "2026-11-22T02:03:11Z");
    let key = |name: &str| format!("/drill-evidence/drills/courses-prod/{NEWER}/{name}.json?x-id=GetObject");
    let stop = json!({ "resource_id": RESOURCE_ID, "requested_at": "2026-11-21T03:54:00Z" }).to_string();
    let mut answers = evidence()
        .to(STOP, 200, &stop)
        .to(&key("verdict"), 200, &newer)
        .to(&key("evidence"), 200, &newer)
        .to("DeleteDBInstance", 200, &taken("DeleteDBInstance"));
    for states in looks {
        let text = described(&states).replacen("2026-11-21T03:04:05Z", "2020-01-01T03:04:05Z", 1);
        answers = answers.to("DescribeDBInstances", 200, &text);
    }
    answers
}

/// The replica of the night after.
fn newer() -> State {
    let mut tags = OURS.to_vec();
    tags[3].1 = "courses-prod-20261122t030000z";
    tags[5].1 = "2026-11-22T02:03:11Z";
    State {
        id: "drill-main-courses-prod-20261122030000-e062f244",
        resource_id: "db-NEWER",
        tags,
        ..standby()
    }
}

#[test]
fn a_verified_one_is_deleted_only_while_the_one_that_stands_in_for_it_does() {
    let fake = Fake::start(with_successor([vec![standby(), newer()], vec![standby(), newer()]]));
    let (_, stdout, stderr) = run(&fake, &["sweep", "--delete"]);
    assert!(stdout.contains("deleted  abandoned, and past its age"), "{stdout} {stderr}");
    assert_eq!(changes(&fake).len(), 1);

    let started = State { status: "available", ..newer() };
    for second in [vec![standby(), started], vec![standby()]] {
        let fake = Fake::start(with_successor([vec![standby(), newer()], second]));
        let (_, stdout, _) = run(&fake, &["sweep", "--delete"]);
        assert!(stdout.contains("the one that stood in for it changed"), "{stdout}");
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
