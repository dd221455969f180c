//! What a verdict may say: that a replica is verified only when all of it was looked at, and is good.

use chrono::{DateTime, TimeDelta};
use drill::measurement::{HealthKind, ObjectKind};
use rds_double::model;
use serde_json::Value;

use crate::database::index_of;
use crate::machines::Data;
use crate::scenario::QUERIES;
use crate::world::State;

/// The model begins a backup that is due when it is next looked at, within the hour.
const BACKUP_LOOKED_AT: TimeDelta = TimeDelta::hours(2);

impl State {
    /// 6: a verdict was written. If it says verified, then each table and query of the data that the replica
    /// was really restored from was measured in this very replica, and the data are good.
    pub(crate) fn judge_verdict(&mut self, text: &str) {
        let Ok(verdict) = serde_json::from_str::<Value>(text) else {
            return self.violate(6, "a verdict that is no JSON was written");
        };
        let replica = &verdict["replica"];
        let Some(id) = replica["resource_id"].as_str().filter(|_| verdict["verdict"] == "verified") else {
            return;
        };
        let Some(truth) = self.truth.replicas.get(id) else {
            return self.violate(6, format!("{id} was verified, which the product didn't make"));
        };
        let drill = verdict["drill"].as_str().unwrap_or_default();
        let mut problem = (truth.drill != drill).then(|| format!("it is of drill {}", truth.drill));
        if let Some(problem_of_data) = self.problem_of_data(id, &verdict) {
            problem = problem.or(Some(problem_of_data));
        }
        if let Some(problem) = problem {
            return self.violate(6, format!("{drill} was verified by {id}, but {problem}"));
        }
        let now = self.now;
        let is_stopped =
            self.plane.instance_by_resource(id).is_some_and(|i| i.status == model::Status::STOPPED);
        if let Some(truth) = self.truth.replicas.get_mut(id) {
            truth.verified_at.get_or_insert(now);
            truth.has_stood_by |= is_stopped;
        }
    }

    fn problem_of_data(&self, id: &str, verdict: &Value) -> Option<String> {
        let data = self.machines.of_instances.iter().find(|(of, _)| of.as_str() == id).map(|(_, d)| d)?;
        if let Some(damage) = data.damage {
            return Some(format!("its data are damaged: {damage:?}"));
        }
        let said = verdict["backup"]["data_at"].as_str().and_then(|at| DateTime::parse_from_rfc3339(at).ok());
        if said.is_none_or(|said| (said.to_utc() - data.at).abs() > BACKUP_LOOKED_AT) {
            return Some(format!("it was restored from other data, of {}", data.at));
        }
        if let Some(missing) = self.units(data).into_iter().find(|unit| !self.truth.is_measured(id, unit)) {
            return Some(format!("nobody measured {missing} in it"));
        }
        let rows = |table: &str| {
            verdict["tables"].as_array()?.iter().find(|t| t["table"] == table)?["rows"].as_u64()
        };
        let wrong = data.tables().find(|(table, ..)| rows(&format!("public.{table}")) != data.rows(table));
        wrong.map(|(table, ..)| format!("it says other rows of {table} than there are"))
    }

    /// What a drill of the course's level measures of such data.
    fn units(&self, data: &Data) -> Vec<String> {
        let mut units = vec!["identity".to_owned(), "control".to_owned()];
        let tables: Vec<String> = data.tables().map(|(table, ..)| format!("public.{table}")).collect();
        units.extend(tables.iter().map(|table| format!("count {table}")));
        units.push("newest public.courses_answer".to_owned());
        units.extend(QUERIES.iter().map(|q| format!("query {q}")));
        let level = self.scenario.level;
        if level != "quick" {
            let names = data.tables().map(|(table, ..)| index_of(table).name);
            units.extend(tables.iter().zip(names).map(|(table, index)| format!("index {table}.{index}")));
            units.extend(ObjectKind::ALL.iter().map(|kind| format!("objects {kind:?}")));
            units.extend(HealthKind::ALL.iter().map(|kind| format!("health {kind:?}")));
        }
        if level == "deep" {
            let looks = ["check_heap", "check_btree", "orphans"];
            units.extend(looks.iter().flat_map(|look| tables.iter().map(move |t| format!("{look} {t}"))));
        }
        units
    }
}
