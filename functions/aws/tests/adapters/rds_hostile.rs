//! Bodies of RDS that were damaged on the way, or are another's: nothing panics, errors are short, and what is read is
//! what was asked for. `PROPTEST_CASES` says how many are tried.

use std::fmt::Debug;
use std::future::Future;

use chrono::{DateTime, Utc};
use drill::ids::{DbiResourceId, ReplicaId, SnapshotId, SourceId};
use drill::ports::{RdsError, ReadBackups, ReadInstanceEvents, ReadInstances};
use proptest::prelude::*;
use restore_drill_aws::Rds;

use crate::rds_reading::REPLICA;
use crate::replay::{recorded, replay_bytes};

/// Bodies of every description, and errors.
const BODIES: &[&str] = &[
    "rds/describe-instance-replica-available.xml",
    "rds/describe-instance-replica-stopped.xml",
    "rds/describe-instance-source.xml",
    "rds/describe-instances-page-1.xml",
    "rds/describe-instances-page-2.xml",
    "rds/describe-snapshots-page-1.xml",
    "rds/describe-snapshots-page-2.xml",
    "rds/describe-snapshot-manual.xml",
    "rds/describe-automated-backups-active-and-retained.xml",
    "rds/describe-events.xml",
    "rds/error-instance-not-found.xml",
    "rds/error-throttling.xml",
];

/// What is put in the place of a text between two tags.
const ODD_TEXTS: &[&str] = &[
    "",
    " ",
    "0",
    "-1",
    "99999999999999999999999999",
    "2147483648",
    "1e400",
    "NaN",
    "true",
    "maybe",
    "db-",
    "null",
    "&amp;&lt;&#x1F980;&#0;",
    "&undefined;",
    "<![CDATA[x]]>",
    "<a><b><c/></b></a>",
    "+262143-01-01T00:00:00Z",
    "0000-00-00T00:00:00Z",
    "\u{202e}\u{feff}",
    "DBInstanceNotFound",
];

/// One change of a body.
#[derive(Debug, Clone)]
enum Damage {
    Flip(usize, u8),
    Cut(usize),
    Insert(usize, Vec<u8>),
    /// Another text between two tags.
    Text(usize, usize),
    /// An element without its text and end, or its text without it: everything from one tag to another is gone.
    Remove(usize, usize),
    /// Everything from one tag to another comes twice.
    Twice(usize, usize),
}

impl Damage {
    fn apply(&self, mut body: Vec<u8>) -> Vec<u8> {
        let of = |mark: u8| {
            body.iter().enumerate().filter(|(_, b)| **b == mark).map(|(i, _)| i).collect::<Vec<_>>()
        };
        let (opens, closes) = (of(b'<'), of(b'>'));
        let range = |one: usize, length: usize| {
            let first = one % opens.len().max(1);
            let last = (first + length % 9).min(opens.len().saturating_sub(1));
            opens.get(first).copied().unwrap_or_default()..opens.get(last).copied().unwrap_or_default()
        };
        match self {
            Self::Flip(at, bits) => {
                let at = at % body.len().max(1);
                if let Some(byte) = body.get_mut(at) {
                    *byte ^= bits;
                }
            }
            Self::Cut(at) => body.truncate(at % body.len().max(1)),
            Self::Insert(at, bytes) => {
                let at = at % (body.len() + 1);
                body.splice(at..at, bytes.iter().copied());
            }
            Self::Text(at, text) => {
                let from = closes.get(at % closes.len().max(1)).map_or(0, |at| at + 1);
                let to = opens.iter().copied().find(|open| *open >= from).unwrap_or(body.len());
                body.splice(from..to, ODD_TEXTS[text % ODD_TEXTS.len()].bytes());
            }
            Self::Remove(one, length) => drop(body.drain(range(*one, *length))),
            Self::Twice(one, length) => {
                let range = range(*one, *length);
                let again = body[range.clone()].to_vec();
                body.splice(range.start..range.start, again);
            }
        }
        body
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<usize>;
    prop_oneof![
        1 => (at(), 1_u8..).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        1 => at().prop_map(Damage::Cut),
        1 => (at(), prop::collection::vec(any::<u8>(), 0..20)).prop_map(|(at, new)| Damage::Insert(at, new)),
        3 => (at(), at()).prop_map(|(at, text)| Damage::Text(at, text)),
        3 => (at(), at()).prop_map(|(one, length)| Damage::Remove(one, length)),
        2 => (at(), at()).prop_map(|(one, length)| Damage::Twice(one, length)),
    ]
}

/// A body with up to three changes, and the status that it comes with.
fn damaged() -> impl Strategy<Value = (u16, Vec<u8>)> {
    let status = prop::sample::select(vec![200_u16, 200, 200, 400, 404, 500]);
    (status, prop::sample::select(BODIES), prop::collection::vec(damage(), 1..4)).prop_map(
        |(status, file, all)| (status, all.iter().fold(recorded(file), |body, damage| damage.apply(body))),
    )
}

/// An error that fits a message and the state.
fn is_short<T: Debug>(answer: Result<T, RdsError>) -> Option<T> {
    answer
        .map_err(|error| {
            assert!(!error.code.is_empty(), "{error:?}");
            assert!(error.to_string().len() < 4000, "an error of {} bytes", error.to_string().len());
        })
        .ok()
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Every reading of the body.
fn read_all(status: u16, body: &[u8]) {
    let rds = || Rds::new(&replay_bytes(status, body.to_vec()).configuration);
    let source = SourceId::parse("courses-prod").unwrap();
    let resource = DbiResourceId::parse("db-PRODUCTION0000000000000001").unwrap();
    let snapshot = SnapshotId::parse("rds:courses-prod-2026-11-21-02-03").unwrap();
    for id in [REPLICA, "courses-prod"] {
        if let Some(Some(instance)) = is_short(wait(rds().instance(id))) {
            assert!(instance.id.eq_ignore_ascii_case(id), "asked for {id}, got {}", instance.id);
            assert!(!instance.engine.is_empty() && !instance.instance_class.is_empty());
            assert!(instance.endpoint.is_none_or(|e| !e.host.is_empty() && e.port > 0));
        }
    }
    for instance in is_short(wait(rds().instances())).into_iter().flatten() {
        assert!(!instance.id.is_empty() && !instance.engine.is_empty());
    }
    drop(is_short(wait(rds().automated_snapshots(&resource))));
    if let Some(Some(found)) = is_short(wait(rds().snapshot(&snapshot))) {
        assert_eq!(found.id, snapshot);
    }
    drop(is_short(wait(rds().restorable_window(&source))));
    let since: DateTime<Utc> = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
    for (at, _) in
        is_short(wait(rds().events_since(&ReplicaId::parse(REPLICA).unwrap(), since))).into_iter().flatten()
    {
        assert!(at >= since);
    }
}

proptest! {
    // Each case is seven calls.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 2, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_body_is_refused_or_read_as_what_was_asked_for((status, body) in damaged()) {
        read_all(status, &body);
    }

    #[test]
    fn any_bytes_are_no_answer(status in 200_u16..599, body in prop::collection::vec(any::<u8>(), 0..300)) {
        read_all(status, &body);
    }
}

/// A description of the replica with something in the place of its class.
fn with_class(class: &str) -> Vec<u8> {
    let body = String::from_utf8(recorded("rds/describe-instance-replica-available.xml")).unwrap();
    let changed = body.replace("db.t4g.medium", class);
    assert_ne!(body, changed);
    changed.into_bytes()
}

#[test]
fn a_body_without_measure_is_read_in_bounds() {
    let deep = format!("{}{}", "<a>".repeat(10_000), "</a>".repeat(10_000));
    let wide = "<DBInstance></DBInstance>".repeat(400_000);
    let entities =
        format!("<!DOCTYPE a [<!ENTITY b \"{}\">]><a>{}</a>", "x".repeat(1000), "&b;".repeat(10_000));
    let list = format!(
        "<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances>{wide}</DBInstances></DescribeDBInstancesResult></DescribeDBInstancesResponse>"
    );
    let long_error = format!(
        "<ErrorResponse><Error><Code>{0}</Code><Message>{0}</Message></Error></ErrorResponse>",
        "x".repeat(10 << 20)
    );
    for (status, body) in [
        (200, with_class(&deep)),
        (200, with_class(&"x".repeat(10 << 20))),
        (200, deep.clone().into_bytes()),
        (200, "<".repeat(1 << 20).into_bytes()),
        (200, entities.into_bytes()),
        (200, list.into_bytes()),
        (400, long_error.into_bytes()),
        (400, deep.into_bytes()),
    ] {
        read_all(status, &body);
    }
}

#[test]
fn an_entity_of_the_document_s_own_is_not_expanded() {
    let body = String::from_utf8(with_class("&own;")).unwrap();
    let body = format!("<!DOCTYPE a [<!ENTITY own \"db.t4g.large\">]>{}", body.trim_start());
    let rds = Rds::new(&replay_bytes(200, body.into_bytes()).configuration);
    let answer = wait(rds.instance(REPLICA));
    assert!(answer.is_err() || answer.is_ok_and(|i| i.is_none_or(|i| i.instance_class != "db.t4g.large")));
}
