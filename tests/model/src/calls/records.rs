//! Evidence: what a step wrote, and what earlier nights are taken to have written.

use drill::evidence;
use drill::steps::{abandon_drill, plan_drill};
use serde_json::Value;

use super::inputs::{abandoned, execution, request};
use super::{Call, Step, Vars, settings};
use crate::calendar;
use crate::replay::{Answer, Replay, Segment};
use crate::shown::Shown;
use crate::state::{Fate, Kind};

/// What the evidence that was written says of the replica.
pub(super) fn fate(ports: &Replay<'_>) -> Option<Fate> {
    let written: evidence::Evidence = serde_json::from_str(&ports.evidence()?).expect("evidence is JSON");
    Some(match written.replica.map(|r| r.fate) {
        Some(evidence::Fate::Stopped | evidence::Fate::Stopping) => Fate::Stopped,
        _ => Fate::Other,
    })
}

/// Evidence of a night, written by the steps themselves in a world where nothing else is.
pub(super) fn unjudged(shown: &Shown, night: u8) -> Value {
    let week = shown.week_of(night);
    let mut alone =
        Shown { week, hour: 0, has_source: true, is_running: [false; crate::state::EXECS], ..shown.clone() };
    for other in (0..alone.nights.len()).filter(|n| *n != usize::from(night)) {
        alone.nights[other].week = None;
        alone.nights[other].claim = None;
    }
    alone.replicas = [crate::state::Replica::NONE; crate::state::SLOTS];
    let records = &mut alone.nights[usize::from(night)];
    records.claim = Some(crate::state::Claim { exec: 0, week: alone.week, order: 0 });
    (records.verdict, records.stop, records.published) = (None, None, None);
    let call = Call { step: Step::Plan { is_redriven: false }, exec: 0, night, kind: Kind::Old, vars: 0 };
    let now = calendar::planned(alone.week, 0);
    let none = |_: &Shown, _| unreachable!("nothing was judged");
    let segments = [
        Segment { shown: alone.clone(), answer: Some(Answer::Exists) },
        Segment { shown: alone.clone(), answer: None },
    ];
    let input = plan_drill::Input { request: request(&alone, call), execution: execution(&alone, call) };
    let ports = Replay::new(&segments, &none);
    let plan =
        ports.run(plan_drill::run(&ports, &settings(), input, now)).expect("it calls once").expect("a plan");
    let vars = Vars { plan: Some(plan), ..Vars::default() };
    let ports = Replay::new(&segments[1..], &none);
    let input = abandoned(&alone, call, &vars);
    let ended = ports.run(abandon_drill::run(&ports, &settings(), input, now)).expect("there is no replica");
    ended.expect("it is abandoned");
    serde_json::from_str(&ports.evidence().expect("evidence is written")).expect("evidence is JSON")
}
