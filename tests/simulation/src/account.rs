//! What people do in the account beside touching replicas: to sources, quotas, executions, configurations.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use rds_double::model::{
    ApiError, Changes, CreateInstance, DeleteInstance, Password, SnapshotQuery, Status, Tag, View,
};
use serde_json::json;

use crate::executions;
use crate::people::{Act, nothing};
use crate::scenario::CANARY;
use crate::world::{State, Wish};

impl State {
    pub(crate) fn act_on_source(&mut self, act: Act) -> Result<String, ApiError> {
        let name = (*self.dice.pick(&self.scenario.sources)).to_owned();
        // Somebody makes a new one after a while, with nothing of the old one but its name.
        let after = TimeDelta::hours(self.dice.between(2, 60).cast_signed());
        self.wishes.push(Wish::Make { name: name.clone(), after });
        if act == Act::RenameSource {
            self.modify(&name, Some(format!("{name}-old-{}", self.counts.acts)), Changes::default())?;
            return Ok(name);
        }
        // As in the incident: its protection is off, and its backups go with it.
        self.modify(&name, None, Changes { deletion_protection: Some(false), ..Changes::default() })?;
        self.plane.force_status(&name, Status::AVAILABLE)?;
        let asked = DeleteInstance {
            id: name.clone(),
            skip_final_snapshot: true,
            final_snapshot_id: None,
            delete_automated_backups: true,
        };
        self.plane.delete_instance(self.now, &asked, &mut self.machines)?;
        Ok(name)
    }

    /// Makes an instance that is not ours.
    pub(crate) fn make(&mut self, id: &str, tags: Vec<Tag>) -> Result<(), ApiError> {
        let asked = CreateInstance {
            id: id.to_owned(),
            engine: "postgres".to_owned(),
            engine_version: None,
            master_user: "master".to_owned(),
            master_password: Password::new(format!("{CANARY}-password")),
            database: Some("courses".to_owned()),
            kms_key_id: None,
            encrypted: false,
            tags,
            changes: Changes {
                class: Some("db.r7g.large".to_owned()),
                allocated_storage_gib: Some(100),
                backup_retention_days: Some(7),
                ..Changes::default()
            },
        };
        let made = self.plane.create_instance(self.now, asked, &mut self.machines)?.instance;
        self.made(&made);
        Ok(())
    }

    pub(crate) fn crowd(&mut self) -> Result<String, ApiError> {
        for number in 0..self.scenario.quota {
            if let Err(e) = self.make(&format!("crowd-{}-{number}", self.counts.acts), Vec::new()) {
                return if number == 0 { Err(e) } else { Ok(format!("with {number}")) };
            }
        }
        Ok("with all".to_owned())
    }

    pub(crate) fn uncrowd(&mut self) -> String {
        let crowd: Vec<String> =
            self.instances().filter(|i| is_of_crowd(&i.id)).map(|i| i.id.clone()).collect();
        for id in &crowd {
            let asked = DeleteInstance {
                id: id.clone(),
                skip_final_snapshot: true,
                final_snapshot_id: None,
                delete_automated_backups: true,
            };
            // Those that are being made go next time.
            let _ = self.plane.delete_instance(self.now, &asked, &mut self.machines);
        }
        format!("of {}", crowd.len())
    }

    pub(crate) fn act_on_executions(&mut self, act: Act) -> Result<String, ApiError> {
        let arns: Vec<String> = self.executions.keys().cloned().collect();
        let recent: Vec<&String> = arns.iter().rev().take(4).collect();
        match act {
            Act::Sweep => {
                self.wishes.push(Wish::Sweep { after: TimeDelta::zero() });
                return Ok(String::new());
            }
            Act::OnDemand => return Ok(self.on_demand()),
            _ if recent.is_empty() => return Err(nothing("there is no execution")),
            _ => {}
        }
        let arn = (*self.dice.pick(&recent)).clone();
        match act {
            Act::Abort | Act::TimeOut => {
                let run = self.executions.get_mut(&arn).filter(|r| r.status == executions::Status::Running);
                let run = run.ok_or_else(|| nothing("it isn't running"))?;
                let is_by_hand = act == Act::Abort;
                let status =
                    if is_by_hand { executions::Status::Aborted } else { executions::Status::TimedOut };
                run.is_to_end = Some(status);
                let task = run.task;
                self.clock.wake(task, self.now);
            }
            Act::RedriveOldest => {
                let oldest = arns.into_iter().find(|arn| self.executions[arn].may_be_redriven(self.now));
                self.wishes.push(Wish::Redrive { arn: oldest.ok_or_else(|| nothing("none is red"))? });
            }
            Act::Redrive => self.wishes.push(Wish::Redrive { arn: arn.clone() }),
            _ => {
                let input = self.executions[&arn].input.clone();
                let seconds = self.dice.between(0, 5400).cast_signed();
                self.wishes.push(Wish::Start { input, after: TimeDelta::seconds(seconds) });
            }
        }
        Ok(executions::short(&arn).to_owned())
    }

    fn on_demand(&mut self) -> String {
        let source = (*self.dice.pick(&self.scenario.sources)).to_owned();
        let snapshot = self.snapshot_of(&source).map_or(json!("latest"), |id| json!({"snapshot": id}));
        let minutes = self.dice.between(20, 3000).cast_signed();
        let at = drill::ids::rfc3339(self.now - TimeDelta::minutes(minutes));
        let keeps = [json!(null), json!("standby"), json!("discard")];
        let backups = [json!("latest"), snapshot, json!({"point_in_time": at})];
        let (backup, keep) = (self.dice.pick(&backups).clone(), self.dice.pick(&keeps).clone());
        let input = json!({
            "source": source, "trigger": "on-demand", "requested_by": "somebody", "backup": backup, "keep": keep
        });
        let line = input.to_string();
        self.wishes.push(Wish::Start { input, after: TimeDelta::seconds(2) });
        line
    }

    /// One of a source's snapshots.
    fn snapshot_of(&mut self, source: &str) -> Option<String> {
        let query = SnapshotQuery { instance_id: Some(source.to_owned()), ..SnapshotQuery::default() };
        let page = self.plane.describe_snapshots(&query, View::Current).ok()?;
        (!page.items.is_empty()).then(|| self.dice.pick(&page.items).snapshot.id.clone())
    }

    pub(crate) fn act_on_configuration(&mut self, act: Act) -> String {
        let source = (*self.dice.pick(&self.scenario.sources)).to_owned();
        let text = match act {
            Act::BreakConfiguration => "source = ".to_owned(),
            _ => self.scenario.configuration.replace("SOURCE", &source),
        };
        self.objects.insert(format!("config/{source}.toml"), text);
        source
    }

    /// The tags of a source, with secrets in them that must not travel.
    pub(crate) fn tags_of_source() -> Vec<Tag> {
        let tags: BTreeMap<&str, String> =
            [("service", "course-platform".to_owned()), ("admin-password", format!("{CANARY}-tag"))].into();
        tags.into_iter().map(|(key, value)| Tag { key: key.to_owned(), value }).collect()
    }
}

/// Whether a person made an instance to no end.
fn is_of_crowd(id: &str) -> bool {
    ["crowd-", "copy-"].iter().any(|prefix| id.starts_with(prefix))
}
