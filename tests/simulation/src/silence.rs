//! Silence: in a quiet account the schedule, the drill's functions or the watchdog die, and the watchdog looks.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use chrono::{DateTime, Days, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::course::settings;
use crate::dice::Dice;
use crate::executions::Stage;
use crate::fault::{InvocationFault, Planned};
use crate::scenario::Scenario;
use crate::tasks::{Clock, Tasks};
use crate::world::{Counts, State, World};

/// What dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// Nothing.
    None,
    /// The schedule of the drills: no event comes any more.
    Schedule,
    /// The function of a step: it can't be run any more.
    Function(&'static str),
}

/// What the watchdog published at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// The instant.
    pub at: DateTime<Utc>,
    /// Hours since the last verified restore.
    pub hours: f64,
    /// Replicas in existence.
    pub replicas: u64,
    /// Replicas running.
    pub running: u64,
}

/// What came of it.
#[derive(Debug)]
pub struct Silence {
    /// When it died: at noon, after the nights that went well.
    pub died_at: DateTime<Utc>,
    /// When it was over.
    pub ended_at: DateTime<Utc>,
    /// All that the watchdog published.
    pub looks: Vec<Look>,
    /// What happened, in numbers.
    pub counts: Counts,
}

const SOURCE: &str = "courses-prod";
/// As `infra/alarms.json` has it.
const EVERY: TimeDelta = TimeDelta::minutes(15);
/// The watchdog's, in `local/onemachine/deployment.py`.
const TIME_OUT: TimeDelta = TimeDelta::seconds(300);

/// Runs two nights that go well, then lets something die and some days pass.
///
/// # Panics
/// When the simulation itself is at fault.
pub fn silence(death: Death, days: u64) -> Silence {
    let nights = if death == Death::Schedule { 2 } else { 2 + days };
    let mut dice = Dice::new(1);
    let scenario = Scenario::quiet(nights);
    let midnight = scenario.first.and_hms_opt(0, 0, 0).expect("midnight").and_utc();
    let clock = Clock::new(midnight - TimeDelta::days(2), dice.split());
    let world = Arc::new(World::new(clock.clone(), dice, scenario, settings()));
    let stage = Stage { world: Arc::clone(&world), tasks: Tasks::new(clock) };
    world.with(State::found);
    stage.begin_schedules(0);
    let died_at = midnight + Days::new(1) + TimeDelta::hours(12);
    let ended_at = died_at + Days::new(days);
    if let Death::Function(handler) = death {
        stage.begin_death(handler, died_at);
    }
    let looks = stage.begin_watch(midnight + TimeDelta::hours(12));
    let wishing = stage.clone();
    stage.tasks.run(ended_at, || {
        wishing.grant_wishes();
        true
    });
    let counts = world.with(|s| {
        assert_eq!(s.violation, None);
        s.counts
    });
    Silence { died_at, ended_at, looks: looks.take(), counts }
}

impl Stage {
    /// From an instant on a function can't be run.
    fn begin_death(&self, handler: &'static str, at: DateTime<Utc>) {
        let stage = self.clone();
        self.tasks.begin(async move {
            stage.tasks.clock.sleep_until(at).await;
            let (handler, fault) = (handler.to_owned(), InvocationFault::NotRun);
            stage.world.with(|s| s.planned.push(Planned::Again { handler, fault, times: usize::MAX }));
        });
    }

    /// The watchdog's schedule; what a look that failed published isn't told.
    fn begin_watch(&self, from: DateTime<Utc>) -> Rc<RefCell<Vec<Look>>> {
        let looks: Rc<RefCell<Vec<Look>>> = Rc::default();
        let (stage, seen) = (self.clone(), Rc::clone(&looks));
        self.tasks.begin(async move {
            stage.tasks.clock.sleep_until(from).await;
            loop {
                let at = stage.tasks.clock.now();
                let input = json!({"sources": [{"source": SOURCE}]});
                let answer = stage.invoke(None, "watch-restores", &input, TIME_OUT).await;
                seen.borrow_mut().extend(answer.ok().and_then(|output| look(at, &output)));
                stage.tasks.clock.sleep_until(at + EVERY).await;
            }
        });
        looks
    }
}

fn look(at: DateTime<Utc>, output: &Value) -> Option<Look> {
    let seen = output["sources"].get(0)?;
    Some(Look {
        at,
        hours: seen["hours"].as_f64()?,
        replicas: seen["replicas"].as_u64()?,
        running: seen["running"].as_u64()?,
    })
}
