//! A course: some nights, with all that happens beside them, and then calm ones.

use std::sync::Arc;

use chrono::TimeDelta;
use drill::ids::Deployment;
use drill::steps::Settings;

use crate::dice::Dice;
use crate::executions::Stage;
use crate::fault::Planned;
use crate::log::logged;
use crate::mutant::Mutant;
use crate::scenario::{DEPLOYMENT, Scenario};
use crate::tale::Violation;
use crate::tasks::{Clock, Tasks};
use crate::world::{Counts, State, World};

/// What a course is run with.
#[derive(Debug, Clone, Default)]
pub struct Orders {
    /// The seed; without one nothing is by chance but what happens at one instant.
    pub seed: Option<u64>,
    /// How many nights.
    pub nights: u64,
    /// How many calm nights after them, on which nothing goes wrong, so that it shows whether all is well
    /// again.
    pub calm_nights: u64,
    /// What goes wrong by plan.
    pub planned: Vec<Planned>,
    /// How the product is broken.
    pub mutant: Option<Mutant>,
    /// Whether the tale is told.
    pub is_told: bool,
}

/// What came of a course.
#[derive(Debug)]
pub struct Course {
    /// The first thing that must not have been.
    pub violation: Option<Violation>,
    /// What happened, in numbers.
    pub counts: Counts,
    /// What happened, in lines; only when it is told.
    pub tale: Vec<String>,
}

/// Runs a course.
///
/// # Panics
/// When the simulation itself is at fault.
pub fn run(orders: Orders) -> Course {
    let calm_nights = orders.calm_nights;
    run_in(
        orders,
        |_| {},
        |s| {
            if s.violation.is_none() && calm_nights > 0 {
                s.judge_rest();
            }
            Course {
                violation: s.violation.take(),
                counts: s.counts,
                tale: std::mem::take(&mut s.tale).into_lines(),
            }
        },
    )
}

/// The settings of every function.
pub(crate) fn settings() -> Settings {
    Settings { deployment: Deployment::parse(DEPLOYMENT).expect("a deployment") }
}

/// Runs a course, with a look at its world before and after.
pub(crate) fn run_in<T>(
    orders: Orders,
    before: impl FnOnce(&mut State),
    after: impl FnOnce(&mut State) -> T,
) -> T {
    let mut dice = Dice::new(orders.seed.unwrap_or_default());
    let scenario = match orders.seed {
        Some(seed) => Scenario::of(seed, orders.nights, &mut dice),
        None => Scenario::quiet(orders.nights),
    };
    let begins_at = scenario.first.and_hms_opt(0, 0, 0).expect("midnight").and_utc();
    // Before the first backup, in any zone.
    let begins_at = begins_at - TimeDelta::hours(28);
    let clock = Clock::new(begins_at, dice.split());
    let world = Arc::new(World::new(clock.clone(), dice, scenario.clone(), settings()));
    let stage = Stage { world: Arc::clone(&world), tasks: Tasks::new(clock) };
    world.with(|s| {
        (s.planned, s.mutant) = (orders.planned, orders.mutant);
        if orders.is_told {
            s.tale.listen();
        }
        s.say(|| format!("the account: {scenario:?}"));
        before(s);
        s.found();
    });
    let ends_at = stage.begin_schedules(orders.calm_nights);
    let wishing = stage.clone();
    logged(&world, || {
        stage.tasks.run(ends_at, || {
            wishing.grant_wishes();
            world.with(|s| s.violation.is_none())
        });
    });
    world.with(after)
}
