//! What the double holds, and the clock that moves it on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::calls::CallLog;
use super::faults::Faults;
use crate::clock::now;
use crate::model::ControlPlane;
use crate::postgres::Fleet;

/// How often statuses are moved on.
const TICK: Duration = Duration::from_millis(20);

/// A running double.
pub struct Double {
    plane: Mutex<ControlPlane>,
    pub(super) fleet: Fleet,
    faults: Mutex<Faults>,
    calls: Mutex<CallLog>,
    requests: AtomicU64,
}

impl Double {
    /// A double without instances.
    pub fn new(plane: ControlPlane, fleet: Fleet) -> Self {
        Self {
            plane: Mutex::new(plane),
            fleet,
            faults: Mutex::default(),
            calls: Mutex::default(),
            requests: AtomicU64::new(0),
        }
    }

    /// Moves statuses on for ever.
    pub async fn tick(&self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let mut fleet = self.fleet.clone();
            self.plane().advance(now(), &mut fleet);
        }
    }

    pub(super) fn plane(&self) -> MutexGuard<'_, ControlPlane> {
        self.plane.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn calls(&self) -> MutexGuard<'_, CallLog> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request id that no other request has.
    pub(super) fn new_request_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        format!("00000000-0000-4000-8000-{number:012x}")
    }
}
