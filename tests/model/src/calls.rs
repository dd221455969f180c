//! Calls of the steps: the real ones, run over what a state shows, each run remembered.
//!
//! There are millions of states and only some thousand different things for a step to see: a step that was
//! called like this and read the same did the same.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};

use drill::error::StepError;
use drill::evidence::Verdict;
use drill::promotion::Turn;
use drill::steps::{
    Settings, abandon_drill, observe_replica, plan_drill, publish_report, restore_replica, retire_previous,
    stop_replica, sweep_orphans,
};

use crate::naive::{self, Rule};
use crate::replay::{Answer, Replay, Segment};
use crate::shown::{self, Query, Record, Shown};

mod call;
mod inputs;
mod records;

pub use call::{Call, Next, Outcome, Step, Vars};
use inputs::{abandoned, ended, execution, now, plan, promotion, request, restored, waiting};
use records::{fate, unjudged};

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
        let exec = (self.rule == Rule::NoClaims && !matches!(call.step, Step::Sweep | Step::Promote))
            .then_some(usize::from(call.exec));
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
                let output = publish_report::run(ports, &settings, ended(&vars, now), now).await?;
                let fate = fate(ports).expect("evidence was written");
                Ok(Outcome::Published { is_green: output.verdict == Verdict::Verified, fate })
            }
            Step::Abandon => {
                let input = abandoned(first, call, &vars);
                abandon_drill::run(ports, &settings, input, now).await?;
                Ok(Outcome::Abandoned { fate: fate(ports) })
            }
            Step::Promote => Ok(match promotion(first, call).turn(ports, ports, now).await {
                Ok(Turn::Waits(_)) => Outcome::NotYet,
                Ok(Turn::Did(_) | Turn::Again(_)) => Outcome::Turned,
                Ok(Turn::Done(_)) | Err(_) => Outcome::Promoted,
            }),
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
