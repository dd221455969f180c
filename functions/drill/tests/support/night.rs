//! The steps of a drill one after the other, as the state machine calls them.

use chrono::TimeDelta;
use drill::error::StepError;
use drill::evidence::{Evidence, Fate, ReplicaRecord, StopRecord, Verdict, keys};
use drill::ids::DrillId;
use drill::instance::Instance;
use drill::observation::{Awaited, Goal};
use drill::plan::{DrillRequest, Execution, Plan};
use drill::steps::*;
use serde_json::Value;

use super::{Database, World, execution_arn, night_of, ready, replica, request};

/// A drill that is under way, with what its steps gave so far.
pub(crate) struct Night<'a> {
    pub(crate) world: &'a World,
    pub(crate) plan: Plan,
    pub(crate) restored: Option<Restored>,
    pub(crate) available: Option<Available>,
    pub(crate) checks: Option<plan_checks::Output>,
    pub(crate) recorded: Vec<record_measurements::Output>,
    pub(crate) stop: Option<stop_replica::Output>,
}

pub(crate) fn execution(name: &str, world: &World) -> Execution {
    Execution { id: execution_arn(name), started_at: world.now() }
}

impl World {
    /// Plans the drill of a request in an execution of that name.
    pub(crate) fn plan_in(&self, name: &str, request: DrillRequest) -> Result<Plan, StepError> {
        let input = plan_drill::Input { request, execution: execution(name, self) };
        ready(plan_drill::run(self, &self.settings, input, self.now()))
    }

    /// Plans the drill of tonight.
    pub(crate) fn plan(&self) -> Result<Plan, StepError> {
        self.plan_in("tonight", request(&night_of(21)))
    }

    /// Tonight's drill, planned.
    pub(crate) fn begin(&self) -> Night<'_> {
        self.begin_with(request(&night_of(21)))
    }

    pub(crate) fn begin_with(&self, request: DrillRequest) -> Night<'_> {
        let plan = self.plan_in("tonight", request).expect("it is planned");
        Night {
            world: self,
            plan,
            restored: None,
            available: None,
            checks: None,
            recorded: Vec::new(),
            stop: None,
        }
    }

    /// What an earlier drill left: a stopped replica with its claim, verdict and stop.
    pub(crate) fn earlier(&self, drill: &DrillId, verdict: Verdict) -> Instance {
        let instance = replica(drill);
        self.add(instance.clone());
        self.event(&instance.id, drill.scheduled_at(), "Restored from snapshot rds:some-backup");
        self.leave(drill, &instance, verdict);
        instance
    }

    /// The records that a drill leaves of an instance.
    pub(crate) fn leave(&self, drill: &DrillId, instance: &Instance, verdict: Verdict) {
        let stopped_at = drill.scheduled_at() + TimeDelta::minutes(55);
        self.claim(drill, &execution_arn(&format!("earlier-{drill}")), drill.scheduled_at());
        let evidence = evidence_of(drill, instance, verdict);
        self.write_json(&keys::verdict(drill), &evidence);
        self.write_json(&keys::evidence(drill), &evidence);
        let record = StopRecord { resource_id: instance.resource_id.clone(), requested_at: stopped_at };
        self.write_json(&keys::stop(drill), &record);
    }

    pub(crate) fn sweep(&self) -> Result<sweep_orphans::Output, StepError> {
        ready(sweep_orphans::run(self, &self.settings, sweep_orphans::Input {}, self.now()))
    }

    /// The watchdog looks at sources of which nobody said since when they are watched.
    pub(crate) fn watch(&self, sources: &[&str]) -> Result<watch_restores::Output, StepError> {
        let watched = |source: &&str| serde_json::json!({ "source": source });
        self.watch_what(serde_json::json!({ "sources": sources.iter().map(watched).collect::<Vec<_>>() }))
    }

    /// The watchdog looks, with the input of its schedule.
    pub(crate) fn watch_what(&self, input: Value) -> Result<watch_restores::Output, StepError> {
        let input = serde_json::from_value(input).expect("an input of the watchdog");
        ready(watch_restores::run(self, &self.settings, input, self.now()))
    }
}

/// Evidence of a drill whose replica is the instance.
pub(crate) fn evidence_of(drill: &DrillId, instance: &Instance, verdict: Verdict) -> Evidence {
    let data_at = drill.scheduled_at() - TimeDelta::hours(1);
    let value = serde_json::json!({
        "schema": drill::evidence::SCHEMA,
        "drill": drill, "deployment": "main", "source": drill.source(), "trigger": "schedule",
        "requested_by": "schedule", "execution": "an earlier one", "verdict": verdict, "summary": "so it was",
        "backup": {
            "kind": "automated", "snapshot": "rds:some-backup", "data_at": data_at,
            "engine_version": "16.4", "storage_type": null, "allocated_storage_gib": 100
        },
        "replica": ReplicaRecord {
            id: drill::ids::ReplicaId::parse(&instance.id).expect("a replica id"),
            resource_id: Some(instance.resource_id.clone()),
            instance_class: instance.instance_class.clone(),
            storage_type: None,
            fate: Fate::Stopped,
        },
        "timeline": {"judged_at": drill.scheduled_at()},
        "level": "standard", "findings": [], "tables": [], "history": [], "not_covered": [], "warnings": [], "retired": [], "kept": [],
        "version": "0"
    });
    serde_json::from_value(value).expect("evidence")
}

/// The rows of a table, as a record holds them.
pub(crate) fn rows_of(table: &str, rows: u64) -> drill::evidence::TableRows {
    drill::evidence::TableRows { table: table.to_owned(), rows, earlier: Vec::new(), digest: None }
}

impl Night<'_> {
    pub(crate) fn id(&self) -> &str {
        self.plan.replica.as_str()
    }
    pub(crate) fn drill(&self) -> &DrillId {
        &self.plan.drill
    }
    pub(crate) fn instance(&self) -> Instance {
        self.world.find(self.id()).expect("the replica is there")
    }

    pub(crate) fn restore(&mut self) -> Result<restore_replica::Output, StepError> {
        let input = restore_replica::Input { plan: self.plan.clone() };
        let output = ready(restore_replica::run(self.world, &self.world.settings, input, self.world.now()))?;
        self.restored = Some(output.restored.clone());
        Ok(output)
    }

    pub(crate) fn observe(
        &self,
        goal: Goal,
        awaited: Vec<Awaited>,
    ) -> Result<observe_replica::Output, StepError> {
        let began_at = self.world.now() - TimeDelta::minutes(1);
        let input = observe_replica::Input { plan: self.plan.clone(), goal, awaited, began_at };
        ready(observe_replica::run(self.world, &self.world.settings, input, self.world.now()))
    }

    /// Restores and waits until the replica is available.
    pub(crate) fn make_available(&mut self) -> &mut Self {
        let output = self.restore().expect("it is restored");
        self.world.wait(TimeDelta::minutes(20));
        self.world.settle();
        let seen = self.observe(Goal::Available, output.awaited).expect("it is seen");
        self.available = seen.available;
        self
    }

    pub(crate) fn plan_checks(&mut self, database: &Database) -> Result<plan_checks::Output, StepError> {
        let now = self.world.now();
        let available = self.available.clone().expect("it is available");
        let input = plan_checks::Input { plan: self.plan.clone(), available };
        let output = ready(plan_checks::run(database, input, now, || now + TimeDelta::seconds(1)))?;
        self.checks = Some(output.clone());
        Ok(output)
    }

    pub(crate) fn run_check(
        &self,
        database: &Database,
        shard: usize,
    ) -> Result<run_check::Output, StepError> {
        self.run_check_within(database, shard, None, 840, || std::time::Duration::ZERO)
    }

    pub(crate) fn run_check_within(
        &self,
        database: &Database,
        shard: usize,
        resume: Option<run_check::Resume>,
        budget_s: u64,
        elapsed: impl Fn() -> std::time::Duration + Send + Sync,
    ) -> Result<run_check::Output, StepError> {
        let checks = self.checks.clone().expect("checks are planned");
        let input = run_check::Input {
            plan: self.plan.clone(),
            available: self.available.clone().expect("it is available"),
            digest: checks.digest,
            cuts: checks.cuts,
            shard,
            readers_max: checks.readers_max,
            resume,
        };
        let budget = std::time::Duration::from_secs(budget_s);
        ready(run_check::run(database, input, self.world.now(), budget, elapsed))
    }

    /// Every invocation that a shard is measured in.
    pub(crate) fn run_checks(
        &self,
        database: &Database,
        shard: usize,
    ) -> Result<Vec<run_check::Output>, StepError> {
        let mut parts: Vec<run_check::Output> = Vec::new();
        loop {
            let resume = parts.last().and_then(|part| part.resume.clone());
            let part = self.run_check_within(database, shard, resume, 840, || std::time::Duration::ZERO)?;
            let is_done = part.is_done;
            parts.push(part);
            if is_done {
                return Ok(parts);
            }
        }
    }

    pub(crate) fn record(&mut self, result: run_check::Output) -> Result<(), StepError> {
        let input = record_measurements::Input { plan: self.plan.clone(), result };
        let output =
            ready(record_measurements::run(self.world, &self.world.settings, input, self.world.now()))?;
        self.recorded.retain(|recorded| recorded.shard != output.shard);
        self.recorded.push(output);
        Ok(())
    }

    /// Restores, plans the checks, runs and records every shard.
    pub(crate) fn measure(&mut self, database: &Database) -> &mut Self {
        self.make_available();
        for shard in self.plan_checks(database).expect("checks are planned").shards {
            for result in self.run_checks(database, shard).expect("the shard is measured") {
                self.record(result).expect("it is recorded");
            }
        }
        self
    }

    pub(crate) fn judge(&self) -> Result<judge_drill::Output, StepError> {
        let input = judge_drill::Input {
            plan: self.plan.clone(),
            restored: self.restored.clone().expect("it is restored"),
            available: self.available.clone().expect("it is available"),
            checks: self.checks.clone().expect("checks are planned"),
            recorded: self.recorded.clone(),
        };
        ready(judge_drill::run(self.world, &self.world.settings, input, self.world.now()))
    }

    pub(crate) fn stop(&mut self) -> Result<stop_replica::Output, StepError> {
        let input = stop_replica::Input {
            plan: self.plan.clone(),
            restored: self.restored.clone().expect("it is restored"),
        };
        let output = ready(stop_replica::run(self.world, &self.world.settings, input, self.world.now()))?;
        self.stop = Some(output.clone());
        Ok(output)
    }

    /// Everything up to a stopped replica with a verdict.
    pub(crate) fn make_standby(&mut self, database: &Database) -> &mut Self {
        self.measure(database).judge().expect("it is judged");
        self.stop().expect("it is stopped");
        self.world.wait(TimeDelta::minutes(6));
        self.world.settle();
        self
    }

    pub(crate) fn retire(&self) -> Result<retire_previous::Output, StepError> {
        let input = retire_previous::Input {
            plan: self.plan.clone(),
            restored: self.restored.clone().expect("it is restored"),
        };
        ready(retire_previous::run(self.world, &self.world.settings, input, self.world.now()))
    }

    pub(crate) fn publish(
        &self,
        retired: retire_previous::Output,
    ) -> Result<publish_report::Output, StepError> {
        let input = publish_report::Input {
            plan: self.plan.clone(),
            restored: self.restored.clone().expect("it is restored"),
            stop: self.stop.clone().expect("it is stopped"),
            stopped_at: self.world.now(),
            retired,
        };
        ready(publish_report::run(self.world, &self.world.settings, input, self.world.now()))
    }

    pub(crate) fn abandon(&self, error: &str) -> Result<abandon_drill::Output, StepError> {
        self.world.abandon(abandon_drill::Input {
            request: serde_json::to_value(request(self.drill())).expect("a request serializes"),
            execution: self.plan.execution.clone(),
            plan: Some(self.plan.clone()),
            restored: self.restored.clone(),
            stop: self.stop.clone(),
            failure: caught(error),
        })
    }
}

pub(crate) fn caught(error: &str) -> abandon_drill::Caught {
    let cause = serde_json::json!({"errorMessage": "so it failed", "errorType": error});
    abandon_drill::Caught { error: error.to_owned(), cause: cause.to_string() }
}

impl World {
    pub(crate) fn abandon(&self, input: abandon_drill::Input) -> Result<abandon_drill::Output, StepError> {
        ready(abandon_drill::run(self, &self.settings, input, self.now()))
    }
    /// The end of an execution that never got a plan.
    pub(crate) fn abandon_unplanned(
        &self,
        name: &str,
        request: Value,
    ) -> Result<abandon_drill::Output, StepError> {
        self.abandon(abandon_drill::Input {
            request,
            execution: execution(name, self),
            plan: None,
            restored: None,
            stop: None,
            failure: caught("Some.Error"),
        })
    }
}
