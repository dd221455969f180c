//! What must be true when all is at rest: after a sweep, and at the end of a calm time.

use chrono::{DateTime, TimeDelta, Utc};
use rds_double::model;
use serde_json::Value;

use crate::executions::Status;
use crate::world::State;

/// Within this a sweep may take a stop for taken; the library says so (`functions/drill/src/standing.rs`).
const STOP_SHOWS_WITHIN: TimeDelta = TimeDelta::minutes(15);

impl State {
    /// 5: a sweep that nothing hindered has ended. Nothing of ours runs and bills, and each replica of ours is
    /// on its list. What it couldn't have seen or may not touch is left out.
    pub(crate) fn judge_sweep(&mut self, invocation: u64, output: &Value) {
        let Some(sweep) = self.invocations.get(&invocation).filter(|i| i.faults == 0).cloned() else {
            return;
        };
        let empty = Vec::new();
        let items = output["items"].as_array().unwrap_or(&empty);
        let mut problems = Vec::new();
        let skew = TimeDelta::seconds(self.scenario.skew_max_s.cast_signed());
        let shows_within = STOP_SHOWS_WITHIN + skew * 2;
        for (id, replica) in &self.truth.replicas {
            let Some(instance) = self.plane.instance_by_resource(id) else { continue };
            let changed_at = self.shown.get(id).map_or(self.now, |(at, _)| *at);
            // What came, went or changed while it looked.
            if replica.by_person.is_anything() || replica.forced_at.is_some() || changed_at >= sweep.began_at
            {
                continue;
            }
            if self.is_drilled(&replica.drill, sweep.began_at) {
                continue;
            }
            if !items.iter().any(|i| i["instance"] == instance.id.as_str()) {
                problems.push(format!("{} isn't accounted for", instance.id));
            }
            // Whether a stop that another just tried was taken shows within some minutes.
            let is_tried = replica
                .stop_noted
                .is_some_and(|(at, by)| by != invocation && sweep.began_at - at <= shows_within);
            if runs(instance) && !is_tried {
                problems.push(format!("{} is {} and bills", instance.id, instance.status));
            }
        }
        if let Some(problem) = problems.pop() {
            self.violate(5, format!("after a sweep {problem}"));
        }
    }

    /// Whether an execution of the drill was running at some time since then.
    fn is_drilled(&self, drill: &str, since: DateTime<Utc>) -> bool {
        let of_drill = self.executions.values().filter(|run| run.drill == drill);
        of_drill.into_iter().any(|run| run.ended_at.is_none_or(|at| at >= since))
    }

    /// At the end of a calm time: the last night of each source was verified, and what is left of ours is the
    /// standby, young, or a person's business.
    pub(crate) fn judge_rest(&mut self) {
        self.advance();
        // Promoted and held replicas fill the quota as well as a crowd does.
        let is_full = self.instances().count() + 1 >= self.scenario.quota;
        for source in self.scenario.sources.clone() {
            let last =
                self.executions.values().filter(|r| r.input["source"] == source).max_by_key(|r| r.started_at);
            if !is_full && last.is_none_or(|run| run.status != Status::Succeeded) {
                self.violate(
                    10,
                    format!("the last calm night of {source} wasn't verified: {:?}", last.map(|r| &r.drill)),
                );
            }
        }
        let mut left = Vec::new();
        for (id, replica) in &self.truth.replicas {
            let Some(instance) = self.plane.instance_by_resource(id) else { continue };
            let is_newest = !self.truth.replicas.values().any(|other| {
                other.source == replica.source
                    && other.verified_at.is_some()
                    && other.deleted.is_none()
                    && (other.data_at, &other.drill) > (replica.data_at, &replica.drill)
            });
            // The sweep begins to count anew when AWS started it and it was stopped again.
            let since = instance.created_at.max(replica.stop_asked_at);
            let is_young = since.is_none_or(|at| self.now - at < TimeDelta::days(5));
            // What is in a status that nobody knows is left alone, and reported.
            let is_settled =
                runs(instance) || instance.status == model::Status::STOPPED || instance.status.is_terminal();
            let is_excused = replica.by_person.is_anything() || replica.forced_at.is_some() || !is_settled;
            if !(is_excused || is_newest || is_young) {
                left.push(format!("{} ({}) is left behind", instance.id, instance.status));
            }
        }
        if let Some(problem) = left.pop() {
            self.violate(10, problem);
        }
    }
}

fn runs(instance: &model::Instance) -> bool {
    matches!(instance.status.as_str(), "available" | "storage-optimization" | "storage-initialization")
}
