//! Calls of the steps: the real ones, run over what a state shows, each run remembered.
//!
//! There are millions of states and only some thousand different things for a step to see: a step that was
//! called like this and read the same did the same.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};

use chrono::{DateTime, Utc};
use drill::error::StepError;
use drill::evidence::{self, Verdict};
use drill::observation::{Awaited, Goal};
use drill::plan::{DrillRequest, Execution, Plan};
use drill::steps::{
    Restored, Settings, abandon_drill, observe_replica, plan_drill, publish_report, restore_replica,
    retire_previous, stop_replica, sweep_orphans,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::calendar;
use crate::naive::{self, Rule};
use crate::replay::{Answer, Effect, Replay, Segment};
use crate::shown::{self, Query, Record, Shown};
use crate::state::{Fate, Kind};

/// A function that is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// `plan-drill`; whether the execution was redriven.
    Plan {
        /// Whether the execution was redriven.
        is_redriven: bool,
    },
    /// `restore-replica`
    Restore,
    /// `observe-replica`
    Observe {
        /// Whether the look comes after every deadline.
        is_late: bool,
    },
    /// `stop-replica`
    Stop,
    /// `retire-previous`
    Retire,
    /// `publish-report`
    Publish,
    /// `abandon-drill`
    Abandon,
    /// `sweep-orphans`
    Sweep,
}

/// A call of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Call {
    /// The function.
    pub step: Step,
    /// The execution that calls it; meaningless for the sweep.
    pub exec: u8,
    /// Its night; meaningless for the sweep.
    pub night: u8,
    /// What its drill was asked for.
    pub kind: Kind,
    /// Its variables.
    pub vars: u64,
}

/// The variables of an execution, as the state machine carries them.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Vars {
    /// `plan`
    pub plan: Option<Plan>,
    /// `restored`
    pub restored: Option<Restored>,
    /// `stop`
    pub stop: Option<stop_replica::Output>,
    /// `goal`
    pub goal: Option<Goal>,
    /// `awaited`
    pub awaited: Vec<Awaited>,
    /// `began_at`
    pub began_at: Option<DateTime<Utc>>,
    /// `retired`
    pub retired: Option<retire_previous::Output>,
    /// What a naive plan says that is to be deleted.
    pub doomed: Vec<String>,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The state machine goes on, with these variables.
    Went(u64),
    /// What is waited for is reached.
    Reached(Goal),
    /// Not yet.
    NotYet,
    /// The report is published; whether the drill ends green.
    Published {
        /// Whether the drill ends green.
        is_green: bool,
        /// What the evidence says of the replica.
        fate: Fate,
    },
    /// The drill is abandoned.
    Abandoned {
        /// What the evidence says of the replica, where evidence was written.
        fate: Option<Fate>,
    },
    /// The sweep is done.
    Swept,
    /// It failed.
    Failed {
        /// Whether the state machine tries again.
        is_retried: bool,
    },
}

/// How far a call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// To a call of its own, after having seen this.
    Calls(u64, Effect),
    /// To its end.
    Ended(Outcome),
}

/// Every call so far.
pub struct Calls {
    rule: Rule,
    vars: RwLock<HashMap<u64, Arc<Vars>>>,
    journals: RwLock<HashMap<u64, Arc<Journal>>>,
    known: RwLock<HashMap<u64, Known>>,
    records: RwLock<HashMap<Record, String>>,
    runs: AtomicUsize,
}

/// What a step does at a point that is known: the point is a digest of all that it was called with, asked and shown.
#[derive(Debug, Clone, Copy)]
enum Known {
    /// It asks.
    Asks(Query),
    /// It is at its next call, or ends.
    Next(Next),
}

/// What leads to a call's next call.
struct Journal {
    call: Call,
    segments: Vec<Segment>,
}

fn digest(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn settings() -> Settings {
    Settings { deployment: shown::DEPLOYMENT.clone() }
}

impl Calls {
    /// No call so far, by this rule.
    pub fn new(rule: Rule) -> Self {
        Self {
            rule,
            vars: RwLock::default(),
            journals: RwLock::default(),
            known: RwLock::default(),
            records: RwLock::default(),
            runs: AtomicUsize::new(0),
        }
    }

    /// How often a step was really run.
    pub fn runs(&self) -> usize {
        self.runs.load(Ordering::Relaxed)
    }

    /// The variables of that key.
    pub fn vars(&self, key: u64) -> Arc<Vars> {
        self.vars.read().expect("nobody panicked").get(&key).cloned().unwrap_or_default()
    }

    /// Keeps variables and gives their key.
    pub fn keep(&self, vars: Vars) -> u64 {
        let key = digest(serde_json::to_string(&vars).expect("variables are plain values"));
        self.vars.write().expect("nobody panicked").entry(key).or_insert_with(|| Arc::new(vars));
        key
    }

    /// Begins a call.
    pub fn begin(&self, call: Call, shown: Shown) -> Next {
        let claims = matches!(call.step, Step::Plan { .. }).then(|| shown.nights.map(|night| night.claim));
        let point = digest((call, claims, weeks(&shown)));
        self.known(point, shown, |shown| Journal { call, segments: vec![Segment { shown, answer: None }] })
    }

    /// Goes on with a call that has seen this, after its own call was answered.
    pub fn resume(&self, seen: u64, answer: Answer, shown: Shown) -> Next {
        let point = digest((seen, answer, weeks(&shown)));
        self.known(point, shown, |shown| {
            let journal = self.journals.read().expect("nobody panicked")[&seen].clone();
            let mut segments = journal.segments.clone();
            segments.last_mut().expect("it has begun").answer = Some(answer);
            segments.push(Segment { shown, answer: None });
            Journal { call: journal.call, segments }
        })
    }

    /// Follows what is known from a point on; where nothing is known the step is run.
    fn known(&self, from: u64, shown: Shown, journal: impl FnOnce(Shown) -> Journal) -> Next {
        let mut point = from;
        {
            let known = self.known.read().expect("nobody panicked");
            while let Some(step) = known.get(&point) {
                match step {
                    Known::Asks(query) => point = digest((point, query, shown.digest(*query))),
                    Known::Next(next) => return *next,
                }
            }
        }
        self.run(from, journal(shown))
    }

    fn run(&self, from: u64, journal: Journal) -> Next {
        self.runs.fetch_add(1, Ordering::Relaxed);
        let texts = |shown: &Shown, record| self.record(shown, record);
        let call = journal.call;
        let exec =
            (self.rule == Rule::NoClaims && call.step != Step::Sweep).then_some(usize::from(call.exec));
        let hides_holds = self.rule == Rule::HoldIgnored && call.step == Step::Retire;
        let segments = journal.segments.clone();
        let ports = Replay::new(&segments, &texts).without_claims(exec).without_holds(hides_holds);
        let first = &segments[0].shown;
        let came = ports.run(self.step(&ports, call, first));
        let mut known = self.known.write().expect("nobody panicked");
        let mut point = from;
        for (query, shown) in ports.asked() {
            known.insert(point, Known::Asks(query));
            point = digest((point, query, shown));
        }
        let next = match came {
            Ok(Ok(outcome)) => Next::Ended(outcome),
            Ok(Err(e)) => Next::Ended(Outcome::Failed { is_retried: e.name.is_retried() }),
            Err(effect) => {
                let seen = digest((point, effect));
                self.journals
                    .write()
                    .expect("nobody panicked")
                    .entry(seen)
                    .or_insert_with(|| Arc::new(journal));
                Next::Calls(seen, effect)
            }
        };
        known.insert(point, Known::Next(next));
        next
    }

    async fn step(&self, ports: &Replay<'_>, call: Call, first: &Shown) -> Result<Outcome, StepError> {
        let settings = settings();
        let vars = self.vars(call.vars);
        let now = now(call, first);
        let went = |vars| Ok(Outcome::Went(self.keep(vars)));
        match call.step {
            Step::Plan { .. } => {
                let input =
                    plan_drill::Input { request: request(first, call), execution: execution(first, call) };
                let plan = plan_drill::run(ports, &settings, input, now).await?;
                let doomed = naive::doomed(self.rule, ports).await;
                went(Vars { plan: Some(plan), doomed, ..Vars::default() })
            }
            Step::Restore => {
                let input = restore_replica::Input { plan: plan(&vars) };
                let output = restore_replica::run(ports, &settings, input, now).await?;
                let mut vars = waiting(&vars, output.goal, output.awaited, output.began_at);
                vars.restored = Some(output.restored);
                went(vars)
            }
            Step::Observe { .. } => {
                let input = observe_replica::Input {
                    plan: plan(&vars),
                    goal: vars.goal.expect("something is waited for"),
                    awaited: vars.awaited.clone(),
                    began_at: vars.began_at.expect("something is waited for"),
                };
                let output = observe_replica::run(ports, &settings, input, now).await?;
                Ok(if output.reached { Outcome::Reached(output.goal) } else { Outcome::NotYet })
            }
            Step::Stop => {
                let input = stop_replica::Input { plan: plan(&vars), restored: restored(&vars) };
                let output = stop_replica::run(ports, &settings, input, now).await?;
                let mut vars = waiting(&vars, output.goal, output.awaited.clone(), output.began_at);
                vars.stop = Some(output);
                went(vars)
            }
            Step::Retire => {
                if let Some(output) = naive::retire(self.rule, ports, &vars, now).await {
                    let mut vars = waiting(&vars, output.goal, output.awaited.clone(), output.began_at);
                    vars.retired = Some(output);
                    return went(vars);
                }
                let input = retire_previous::Input { plan: plan(&vars), restored: restored(&vars) };
                let output = retire_previous::run(ports, &settings, input, now).await?;
                let mut vars = waiting(&vars, output.goal, output.awaited.clone(), output.began_at);
                vars.retired = Some(output);
                went(vars)
            }
            Step::Publish => {
                let input = publish_report::Input {
                    plan: plan(&vars),
                    restored: restored(&vars),
                    stop: vars.stop.clone().expect("the stop was asked for"),
                    stopped_at: now,
                    retired: vars.retired.clone().expect("it was retired"),
                };
                let output = publish_report::run(ports, &settings, input, now).await?;
                let fate = fate(ports).expect("evidence was written");
                Ok(Outcome::Published { is_green: output.verdict == Verdict::Verified, fate })
            }
            Step::Abandon => {
                let input = abandoned(first, call, &vars);
                abandon_drill::run(ports, &settings, input, now).await?;
                Ok(Outcome::Abandoned { fate: fate(ports) })
            }
            Step::Sweep if self.rule == Rule::SweepByAge => {
                naive::sweep_by_age(ports, now).await;
                Ok(Outcome::Swept)
            }
            Step::Sweep => {
                let input = sweep_orphans::Input {};
                sweep_orphans::run(ports, &settings, input, now).await.map(|_| Outcome::Swept)
            }
        }
    }

    /// The text of a record, as the drill's own code writes evidence.
    fn record(&self, shown: &Shown, record: Record) -> String {
        if let Some(text) = self.records.read().expect("nobody panicked").get(&record) {
            return text.clone();
        }
        let text = record.of(unjudged(shown, record.night)).to_string();
        self.records.write().expect("nobody panicked").insert(record, text.clone());
        text
    }
}

/// The week, and the weeks of the nights, which names follow from.
fn weeks(shown: &Shown) -> impl Hash + use<> {
    (shown.week, shown.hour, shown.nights.map(|night| night.week))
}

fn now(call: Call, first: &Shown) -> DateTime<Utc> {
    match call.step {
        Step::Plan { is_redriven } => {
            let own = first.nights[usize::from(call.night)].claim.filter(|c| c.exec == call.exec);
            let count = first.nights.iter().filter(|night| night.claim.is_some()).count();
            match own {
                Some(_) if is_redriven => calendar::planned_again(first.week),
                Some(claim) => calendar::planned(first.week, claim.order),
                None => calendar::planned(first.week, u8::try_from(count).expect("few nights")),
            }
        }
        Step::Observe { is_late: false } => calendar::looking(first.week, first.hour),
        Step::Observe { is_late: true } => calendar::looking_late(first.week),
        _ => calendar::acting(first.week, first.hour),
    }
}

fn request_json(shown: &Shown, call: Call) -> Value {
    let drill = shown.drill(call.night);
    let (backup, keep) = match call.kind {
        Kind::Nightly => (json!("latest"), "standby"),
        Kind::Discarded => (json!("latest"), "discard"),
        Kind::Old => (json!({"snapshot": "last-month"}), "standby"),
        Kind::OldDiscarded => (json!({"snapshot": "last-month"}), "discard"),
    };
    let scheduled_at = drill::ids::rfc3339(drill.scheduled_at());
    json!({"source": *shown::SOURCE, "scheduled_at": scheduled_at, "backup": backup, "keep": keep})
}

fn request(shown: &Shown, call: Call) -> DrillRequest {
    serde_json::from_value(request_json(shown, call)).expect("a request")
}

fn execution(shown: &Shown, call: Call) -> Execution {
    Execution { id: shown::arn(call.exec.into()), started_at: shown.drill(call.night).scheduled_at() }
}

fn plan(vars: &Vars) -> Plan {
    vars.plan.clone().expect("it was planned")
}

fn restored(vars: &Vars) -> Restored {
    vars.restored.clone().expect("it was restored")
}

fn waiting(vars: &Vars, goal: Goal, awaited: Vec<Awaited>, began_at: DateTime<Utc>) -> Vars {
    Vars { goal: Some(goal), awaited, began_at: Some(began_at), ..vars.clone() }
}

fn abandoned(first: &Shown, call: Call, vars: &Vars) -> abandon_drill::Input {
    abandon_drill::Input {
        request: request_json(first, call),
        execution: execution(first, call),
        plan: vars.plan.clone(),
        restored: vars.restored.clone(),
        stop: vars.stop.clone(),
        failure: abandon_drill::Caught { error: "States.TaskFailed".to_owned(), cause: String::new() },
    }
}

/// What the evidence that was written says of the replica.
fn fate(ports: &Replay<'_>) -> Option<Fate> {
    let written: evidence::Evidence = serde_json::from_str(&ports.evidence()?).expect("evidence is JSON");
    Some(match written.replica.map(|r| r.fate) {
        Some(evidence::Fate::Stopped | evidence::Fate::Stopping) => Fate::Stopped,
        _ => Fate::Other,
    })
}

/// Evidence of a night, written by the steps themselves in a world where nothing else is.
fn unjudged(shown: &Shown, night: u8) -> Value {
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
