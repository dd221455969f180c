//! What must always be true, judged by what is true and not by what the product thinks. The numbers are
//! those of the README.

use asl_runner::{Ended, Outcome};
use chrono::TimeDelta;
use drill::evidence::Verdict;
use drill::heartbeat::Pulse;
use drill::ids::DrillId;
use serde_json::Value;

use crate::executions::Run;
use crate::scenario::CANARY;
use crate::truth::Who;
use crate::world::State;

impl State {
    /// A call of the product is about to change the instance of that name. Gives the replica that it is.
    ///
    /// 1: it is ours. 3: no person wants it otherwise, as far as the invocation could know: what was done
    /// since it began, or since the moment that a stale look showed it, nobody can have seen.
    pub(crate) fn judge_change(&mut self, invocation: u64, operation: &str, name: &str) -> Option<String> {
        let instance = self.plane.instance(name).ok()?;
        let id = instance.resource_id.as_str().to_owned();
        let known_since = self.invocations.get(&invocation).map_or(self.now, |i| i.saw_since);
        let is_swapped = self.truth.names_changed.get(name).is_some_and(|at| *at >= known_since);
        if !self.truth.is_ours(&id) {
            // Whoever puts another instance under our name between our look and our call is kept from harm
            // by the role alone: the API knows names only.
            if !is_swapped {
                self.violate(1, format!("{operation} of {name} ({id}), which the product didn't make"));
            }
            return None;
        }
        self.judge_change_beside(invocation, operation, name, &id);
        let replica = &self.truth.replicas[&id];
        // Deletion protection isn't among the wishes: RDS keeps it itself.
        let wish = replica.wish_of_person(known_since);
        if let Some(wish) = wish.filter(|_| !is_swapped) {
            self.violate(3, format!("{operation} of {name} ({id}), though {wish}"));
        }
        Some(id)
    }

    /// 9: the sweep leaves the replicas of running drills alone.
    fn judge_change_beside(&mut self, invocation: u64, operation: &str, name: &str, id: &str) {
        let Some(sweep) = self.invocations.get(&invocation).filter(|i| i.execution.is_none()) else { return };
        let (drill, began_at) = (&self.truth.replicas[id].drill, sweep.began_at);
        let runs = |run: &Run| run.drill == *drill && run.ended_at.is_none() && run.since < began_at;
        if self.executions.values().any(runs) {
            self.violate(9, format!("{operation} of {name} by a sweep, while its drill runs"));
        }
    }

    /// 2: a verified replica was deleted by the product. Another must stand by: verified, stopped since, with
    /// newer data; for one that was to be discarded, any. What somebody else took away since the invocation
    /// began counts as there: nobody could know.
    pub(crate) fn judge_deletion(&mut self, invocation: u64, id: &str) {
        let known_since = self.invocations.get(&invocation).map_or(self.now, |i| i.saw_since);
        let Some(gone) = self.truth.replicas.get(id).filter(|r| r.verified_at.is_some()) else { return };
        if gone.deleted.is_some() {
            return;
        }
        let stands_in = self.truth.replicas.iter().any(|(other_id, other)| {
            let is_there = match other.deleted {
                None => self.plane.instance_by_resource(other_id).is_some(),
                Some((at, who)) => who != Who::Product && at >= known_since,
            };
            let is_newer = other.data_at >= gone.data_at || gone.is_to_be_discarded;
            other_id != id && other.source == gone.source && other.stands_by() && is_there && is_newer
        });
        if !stands_in {
            let (name, at) = (gone.name.clone(), gone.verified_at);
            self.violate(2, format!("{name} was deleted: verified at {at:?}, and no other stands by"));
        }
    }

    /// 7: a restore took effect. It is the only one of its scheduled time: never two replicas at once, and none
    /// again hours later. (A restore whose replica was deleted at once may be made once more: nobody can tell
    /// an answer that was lost from a request that was.)
    pub(crate) fn judge_restore(&mut self, drill: &str, id: &str) {
        let first_at = *self.truth.restored_at.entry(drill.to_owned()).or_insert(self.now);
        let is_there = |other: &str| self.plane.instance_by_resource(other).is_some();
        let others = self.truth.replicas.iter().filter(|(other, r)| *other != id && r.drill == drill);
        let is_second = others.into_iter().any(|(other, r)| r.deleted.is_none() && is_there(other));
        if is_second || self.now - first_at > TimeDelta::hours(2) {
            self.violate(7, format!("drill {drill} was restored again, first at {first_at}"));
        }
    }

    /// 8: no secret is in what goes into or comes out of the product.
    pub(crate) fn judge_text(&mut self, place: &str, text: &str) {
        if text.contains(CANARY) {
            self.violate(8, format!("{place} holds a secret"));
        }
    }

    /// 8, for a value of JSON.
    pub(crate) fn judge_value(&mut self, place: &str, value: &Value) {
        if holds(value, CANARY) {
            self.violate(8, format!("{place} holds a secret"));
        }
    }

    /// 4: an execution that ended by itself was told of, is verified, rejected or broken, and isn't green
    /// after a Catch.
    pub(crate) fn judge_end(&mut self, arn: &str, ended: &Ended) {
        let run = self.executions[arn].clone();
        let told = self.messages.iter().filter(|m| m.execution.as_deref() == Some(arn));
        let subjects: Vec<&str> = told.map(|m| m.notification.subject.as_str()).collect();
        let says = |word: &str| subjects.iter().any(|s| s.ends_with(&format!(": {word}")));
        let untold = |word: &str, verdict, pulse| {
            if says(word) { self.problem_of_programs(arn, verdict, pulse) } else { Some("nobody was told") }
        };
        let problem = match (ended.state.as_str(), &ended.outcome) {
            ("DrillVerified", Outcome::Succeeded(_)) => {
                if run.caught.is_empty() {
                    untold("verified", Verdict::Verified, Pulse::Success)
                } else {
                    Some("it is green after a Catch")
                }
            }
            ("DrillRejected", Outcome::Failed(_)) => untold("rejected", Verdict::Rejected, Pulse::Fail),
            // With faults on the way the message may have got lost; then the red execution is what is left.
            ("DrillBroken", Outcome::Failed(_)) if run.faults > 0 || !subjects.is_empty() => None,
            ("DrillBroken", Outcome::Failed(_)) => Some("nobody was told"),
            _ => Some("that is no end of a drill"),
        };
        match ended.state.as_str() {
            "DrillVerified" => self.counts.verified += 1,
            "DrillRejected" => self.counts.rejected += 1,
            _ => self.counts.broken += 1,
        }
        if let Some(problem) = problem {
            self.violate(4, format!("{} of {} ended in {}: {problem}", arn, run.drill, ended.state));
        }
    }

    /// What programs weren't told of an execution that published its verdict. A switch that couldn't be reached
    /// is a warning in the evidence.
    fn problem_of_programs(&self, arn: &str, verdict: Verdict, pulse: Pulse) -> Option<&'static str> {
        let of_it = |execution: &Option<String>| execution.as_deref() == Some(arn);
        if !self.events.iter().any(|(execution, told)| of_it(execution) && *told == verdict) {
            return Some("no program was told");
        }
        let is_heard = self.pulses.iter().any(|(execution, heard)| of_it(execution) && *heard == pulse);
        let is_warned = || {
            let key = format!("/{}/evidence.json", self.executions[arn].drill);
            let evidence = self.objects.iter().find(|(k, _)| k.ends_with(&key));
            evidence.is_some_and(|(_, text)| text.contains("was not taken"))
        };
        (!is_heard && !is_warned()).then_some("the switch outside wasn't told, and nobody was warned")
    }

    /// 4: the switch outside hears success only when people and programs have heard of a verdict that stands
    /// and says verified.
    pub(crate) fn judge_pulse(&mut self, invocation: u64, pulse: Pulse) {
        let Some(arn) = self.execution_of(invocation).filter(|_| pulse == Pulse::Success) else { return };
        let key = format!("/{}/verdict.json", self.executions[&arn].drill);
        let verdict = self.objects.iter().find(|(k, _)| k.ends_with(&key)).map(|(_, text)| text.as_str());
        let verdict = verdict.and_then(|text| serde_json::from_str::<Value>(text).ok());
        let is_verified = verdict.is_some_and(|v| v["verdict"] == "verified");
        let is_verified_told = |(execution, told): &(Option<String>, Verdict)| {
            execution.as_deref() == Some(&arn) && *told == Verdict::Verified
        };
        let is_told = self.events.iter().any(is_verified_told)
            && self.messages.iter().any(|m| {
                m.execution.as_deref() == Some(&arn) && m.notification.subject.ends_with(": verified")
            });
        if !is_verified || !is_told {
            self.violate(4, format!("the switch outside heard of success by {arn}, which isn't one"));
        }
    }

    /// The object of a drill is written by that drill's own invocations; a sweep writes stops only.
    pub(crate) fn judge_object(&mut self, invocation: u64, key: &str) {
        let Some(i) = self.invocations.get(&invocation) else { return };
        let Some(drill) = key.strip_prefix("drills/").and_then(|k| k.split('/').nth(1)) else { return };
        let own = i.execution.as_ref().and_then(|arn| self.executions.get(arn)).map(|r| r.drill.as_str());
        let is_right = match own {
            Some(own) => own == drill,
            None => key.ends_with("/stop.json"),
        };
        if !is_right || DrillId::parse(drill).is_err() {
            let handler = i.handler.clone();
            self.violate(9, format!("{handler} of {own:?} wrote {key}", own = self.own_drill(invocation)));
        }
    }

    fn own_drill(&self, invocation: u64) -> Option<String> {
        let arn = self.invocations.get(&invocation)?.execution.as_ref()?;
        Some(self.executions.get(arn)?.drill.clone())
    }
}

fn holds(value: &Value, secret: &str) -> bool {
    match value {
        Value::String(text) => text.contains(secret),
        Value::Array(items) => items.iter().any(|v| holds(v, secret)),
        Value::Object(fields) => fields.iter().any(|(name, v)| name.contains(secret) || holds(v, secret)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
