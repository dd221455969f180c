//! What past versions decided is decided so still. Where it isn't, that is a decision, which is written down.
//!
//! `SNAPSHOTS=overwrite cargo test -p simulation --test histories` chooses and writes them anew.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use simulation::History;

const SEEDS: u64 = 300;
const NIGHTS: u64 = 2;
const HISTORIES: usize = 8;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("histories")
}

fn kept() -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder()).expect("the folder is there");
    let file = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).expect("a text"))
    };
    entries.map(file).collect()
}

/// The histories that show most in least space, out of some seeds.
fn chosen() -> Vec<(u64, String)> {
    let seeds: Vec<u64> = (1..=SEEDS).collect();
    let all = support::side_by_side(&seeds, |seed| {
        let history = History::record(*seed, NIGHTS);
        // Which of several workers finds its connection broken first is a matter of time, which a replay has none of.
        history.replay().is_empty().then(|| (*seed, history.kinds(), history.to_json()))
    });
    let all: Vec<_> = all.into_iter().flatten().collect();
    assert!(all.len() > seeds.len() / 2, "{} of {} histories can be replayed", all.len(), seeds.len());
    let (mut shown, mut chosen) = (BTreeSet::new(), Vec::new());
    while chosen.len() < HISTORIES {
        // A new kind is worth 45 KB.
        let worth = |(_, kinds, text): &&(u64, BTreeSet<String>, String)| {
            (kinds.difference(&shown).count() * 45_000).cast_signed() - text.len().cast_signed()
        };
        let Some((seed, kinds, text)) = all.iter().max_by_key(worth) else { break };
        shown.extend(kinds.iter().cloned());
        chosen.push((*seed, text.clone()));
    }
    chosen
}

#[expect(clippy::disallowed_methods, reason = "the switch that all snapshots of the project have")]
fn is_to_overwrite() -> bool {
    std::env::var("SNAPSHOTS").is_ok_and(|value| value == "overwrite")
}

#[test]
fn what_past_versions_decided_is_decided_so_still() {
    if is_to_overwrite() {
        std::fs::remove_dir_all(folder()).ok();
        std::fs::create_dir_all(folder()).expect("the folder can be made");
        for (seed, text) in chosen() {
            std::fs::write(folder().join(format!("seed-{seed:03}.json")), text).expect("it is written");
        }
    }
    let mut differences = Vec::new();
    for (name, text) in kept() {
        let history = History::from_json(&text).expect("it was written by this test");
        differences.extend(history.replay().into_iter().map(|d| format!("{name}, {d}")));
    }
    assert!(
        differences.is_empty(),
        "{} decisions differ from those that are on record, such as\n\n{}\n\n\
         If that is meant, write a decision in docs/decisions and run\n\
         SNAPSHOTS=overwrite cargo test -p simulation --test histories\n",
        differences.len(),
        differences[..differences.len().min(12)].join("\n")
    );
}

#[test]
fn the_histories_have_each_step_each_verdict_and_each_end_of_waiting() {
    let of = |text: &String| History::from_json(text).expect("it was written by this test").kinds();
    let kinds: BTreeSet<String> = kept().values().flat_map(of).collect();
    for kind in [
        "plan-drill ",
        "restore-replica available",
        "observe-replica available reached",
        "observe-replica available waiting",
        "observe-replica stopped reached",
        "observe-replica gone reached",
        "plan-checks ",
        "run-check ",
        "record-measurements ",
        "judge-drill verified",
        "judge-drill rejected",
        "stop-replica stopped",
        "retire-previous gone",
        "publish-report verified",
        "publish-report rejected",
        "abandon-drill broken",
        "sweep-orphans ",
    ] {
        assert!(kinds.contains(kind), "no history has {kind:?}; of {kinds:#?}");
    }
}

#[test]
fn another_decision_is_told() {
    let falsified = |text: &String| text.replace("\"goal\":\"available\"", "\"goal\":\"stopped\"");
    let replayed = |text: String| History::from_json(&text).expect("it is a history").replay();
    let differences: Vec<String> = kept().values().flat_map(|text| replayed(falsified(text))).collect();
    assert!(!differences.is_empty(), "a history was falsified, and nobody noticed");
    println!("{}", differences.join("\n"));
}
