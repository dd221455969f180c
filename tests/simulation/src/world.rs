//! Everything that there is beside the product, and the clock.

use std::collections::BTreeMap;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use drill::evidence::{Notification, Verdict};
use drill::heartbeat::Pulse;
use drill::steps::Settings;
use rds_double::model::{ControlPlane, Delays, PlaneConfig};

use crate::dice::Dice;
use crate::executions::Run;
use crate::fault::Planned;
use crate::history::ToldStep;
use crate::invocation::Invocation;
use crate::machines::Machines;
use crate::mutant::Mutant;
use crate::people::Act;
use crate::scenario::Scenario;
use crate::tale::{Tale, Violation};
use crate::tasks::Clock;
use crate::truth::Truth;

/// The world. All that is in it changes only by what runs in the course's tasks.
pub(crate) struct World {
    state: Mutex<State>,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
}

/// Its state.
pub(crate) struct State {
    /// The time, as of the last look.
    pub(crate) now: DateTime<Utc>,
    pub(crate) clock: Clock,
    pub(crate) dice: Dice,
    pub(crate) scenario: Scenario,
    pub(crate) plane: ControlPlane,
    pub(crate) machines: Machines,
    pub(crate) objects: BTreeMap<String, String>,
    pub(crate) executions: BTreeMap<String, Run>,
    pub(crate) invocations: BTreeMap<u64, Invocation>,
    pub(crate) messages: Vec<Message>,
    /// The verdicts that the bus took, each with the execution that told it.
    pub(crate) events: Vec<(Option<String>, Verdict)>,
    /// What the switch outside heard, each with the execution that told it.
    pub(crate) pulses: Vec<(Option<String>, Pulse)>,
    pub(crate) truth: Truth,
    /// When what RDS shows of an instance last changed, and what it showed then.
    pub(crate) shown: BTreeMap<String, (DateTime<Utc>, Shown)>,
    pub(crate) wishes: Vec<Wish>,
    pub(crate) planned: Vec<Planned>,
    pub(crate) mutant: Option<Mutant>,
    pub(crate) counts: Counts,
    pub(crate) tale: Tale,
    /// Every invocation with what it asked and was answered, when that is written down.
    pub(crate) steps: Option<Vec<ToldStep>>,
    pub(crate) violation: Option<Violation>,
    /// From here on nothing goes wrong any more.
    pub(crate) is_calm: bool,
}

/// What a look at an instance shows, as far as it tells one moment from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) tags: usize,
    pub(crate) has_endpoint: bool,
    pub(crate) is_protected: bool,
}

/// A message that the topic took.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// The execution whose invocation sent it; nothing of a sweep.
    pub(crate) execution: Option<String>,
    pub(crate) notification: Notification,
}

/// What a course is to begin beside what it does.
#[derive(Debug, Clone)]
pub(crate) enum Wish {
    /// An execution with this input, after a while.
    Start { input: serde_json::Value, after: TimeDelta },
    /// A sweep, after a while.
    Sweep { after: TimeDelta },
    /// A person makes an instance of that name, after a while.
    Make { name: String, after: TimeDelta },
    /// The execution goes on where it stood.
    Redrive { arn: String },
}

/// What happened in a course, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Executions that were started: nights, drills on demand, repeated events.
    pub executions: usize,
    /// Nights that the schedule meant to drill.
    pub nights: usize,
    /// Executions that ended green.
    pub verified: usize,
    /// Executions that ended in `DrillRejected`.
    pub rejected: usize,
    /// Executions that ended otherwise red.
    pub broken: usize,
    /// Executions that were stopped by hand or timed out.
    pub cut_off: usize,
    /// Executions that were redriven.
    pub redriven: usize,
    /// Sweeps.
    pub sweeps: usize,
    /// Invocations of functions, as they were asked for.
    pub invocations: usize,
    /// Those that began: some never do, and some begin twice.
    pub begun: usize,
    /// Calls to AWS and to databases.
    pub calls: usize,
    /// Faults of calls and invocations.
    pub faults: usize,
    /// What people and AWS did beside.
    pub acts: usize,
    /// Replicas that were made.
    pub replicas: usize,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.executions += other.executions;
        self.nights += other.nights;
        self.verified += other.verified;
        self.rejected += other.rejected;
        self.broken += other.broken;
        self.cut_off += other.cut_off;
        self.redriven += other.redriven;
        self.sweeps += other.sweeps;
        self.invocations += other.invocations;
        self.begun += other.begun;
        self.calls += other.calls;
        self.faults += other.faults;
        self.acts += other.acts;
        self.replicas += other.replicas;
    }
}

impl World {
    /// A region with nothing in it.
    pub(crate) fn new(clock: Clock, dice: Dice, scenario: Scenario, settings: Settings) -> Self {
        let [creating, backing_up, modifying, starting, stopping, deleting] =
            scenario.delays_s.map(TimeDelta::seconds);
        let plane = ControlPlane::new(PlaneConfig {
            region: "eu-central-1".to_owned(),
            account: "123456789012".to_owned(),
            engine_version: "17.4".to_owned(),
            delays: Delays {
                creating,
                backing_up,
                modifying,
                renaming: TimeDelta::seconds(40),
                starting,
                stopping,
                deleting,
                copying: TimeDelta::minutes(2),
            },
            instance_quota: scenario.quota,
            seed: format!("{:?}", scenario.seed),
            ..PlaneConfig::default()
        });
        let state = State {
            now: clock.now(),
            clock: clock.clone(),
            dice,
            plane,
            machines: Machines::default(),
            objects: BTreeMap::new(),
            executions: BTreeMap::new(),
            invocations: BTreeMap::new(),
            messages: Vec::new(),
            events: Vec::new(),
            pulses: Vec::new(),
            truth: Truth::default(),
            shown: BTreeMap::new(),
            wishes: Vec::new(),
            planned: Vec::new(),
            mutant: None,
            counts: Counts::default(),
            tale: Tale::default(),
            steps: None,
            violation: None,
            is_calm: false,
            scenario,
        };
        Self { state: Mutex::new(state), clock, settings }
    }

    /// Looks at the state, as it is now, or changes it.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().expect("nobody panicked while holding it");
        state.now = self.clock.now();
        look(&mut state)
    }
}

impl State {
    /// Lets the model of RDS come up to now, and notes what that changed.
    pub(crate) fn advance(&mut self) {
        self.machines.now = self.now;
        self.plane.advance(self.now, &mut self.machines);
        self.look_for_changes();
    }

    /// The execution that called an invocation; nothing for a sweep.
    pub(crate) fn execution_of(&self, invocation: u64) -> Option<String> {
        self.invocations.get(&invocation)?.execution.clone()
    }

    /// Tells a line, when anybody listens.
    pub(crate) fn say(&mut self, line: impl FnOnce() -> String) {
        let now = self.now;
        self.tale.say(now, line);
    }

    /// Notes the first thing that must not be.
    pub(crate) fn violate(&mut self, invariant: u8, what: impl Into<String>) {
        let violation = Violation { invariant, at: self.now, what: what.into() };
        self.say(|| format!("!!! {violation}"));
        self.violation.get_or_insert(violation);
    }

    /// The act that is planned before the call that is about to be made.
    pub(crate) fn planned_act(&mut self) -> Option<Act> {
        let calls = self.counts.calls;
        let index =
            self.planned.iter().position(|p| matches!(p, Planned::Act { number, .. } if *number == calls))?;
        match self.planned.remove(index) {
            Planned::Act { act, .. } => Some(act),
            _ => None,
        }
    }
}
