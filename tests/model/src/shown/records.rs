//! What the evidence bucket holds.

use drill::evidence::{Claim, StopRecord};
use drill::ids::rfc3339;
use serde_json::{Value, json};

use super::names::names;
use super::{Query, SOURCE, Shown, arn, resource_id};
use crate::calendar;
use crate::state::{Fate, Verdict};

/// A record of a night, `verdict.json` or `evidence.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Record {
    /// The night.
    pub night: u8,
    /// Its week.
    pub week: u8,
    /// The verdict; none where it wasn't judged.
    pub verdict: Option<Verdict>,
    /// What became of the replica; absent in a verdict.
    pub fate: Option<Fate>,
}

impl Record {
    /// The record, made of one of the same night that wasn't judged.
    pub fn of(self, mut unjudged: Value) -> Value {
        let Some(verdict) = self.verdict else { return unjudged };
        let fate = match self.fate {
            None => "running",
            Some(Fate::Stopped) => "stopped",
            Some(Fate::Other) => "unknown",
        };
        unjudged["verdict"] = json!(if verdict.is_good { "verified" } else { "rejected" });
        unjudged["failure"] = Value::Null;
        unjudged["timeline"]["judged_at"] = json!(rfc3339(calendar::acting(self.week, 0)));
        // A record is read without its seal too, and what is changed here doesn't fit it.
        unjudged.as_object_mut().expect("a record has fields").remove("sha256");
        unjudged["replica"] = json!({
            "id": names(self.night, self.week).replica, "resource_id": resource_id(Some(verdict.slot)),
            "instance_class": "db.t4g.medium", "fate": fate,
        });
        unjudged
    }
}

impl Shown {
    /// The object of the evidence bucket that a query asks for; `records` are those of nights.
    pub fn object(&self, query: Query, texts: &dyn Fn(&Self, Record) -> String) -> Option<String> {
        let records = |night| self.nights[usize::from(night)];
        let object = match query {
            Query::Configuration => return Some(configuration(self.discards_failures)),
            Query::Claim(night) => {
                let claim = records(night).claim?;
                let claimed_at = calendar::claimed(claim);
                json!(Claim {
                    drill: self.drill(night).clone(),
                    execution: arn(claim.exec.into()),
                    claimed_at
                })
            }
            Query::Verdict(night) => {
                let verdict = Some(records(night).verdict?);
                return Some(texts(self, Record { night, week: self.week_of(night), verdict, fate: None }));
            }
            Query::Evidence(night) => {
                let fate = Some(records(night).published?);
                let verdict = records(night).verdict;
                return Some(texts(self, Record { night, week: self.week_of(night), verdict, fate }));
            }
            Query::Stop(night) => {
                let stop = records(night).stop?;
                let resource_id = resource_id(Some(stop.slot));
                json!(StopRecord { resource_id, requested_at: calendar::acting(stop.week, stop.hour) })
            }
            _ => return None,
        };
        Some(object.to_string())
    }

    /// The folders of drills: those whose claim was written.
    pub fn folders(&self) -> Vec<String> {
        let claimed = (0_u8..).zip(&self.nights).filter(|(_, night)| night.claim.is_some());
        claimed.map(|(night, _)| self.drill(night).to_string()).collect()
    }
}

/// The configuration of the source.
fn configuration(discards_failures: bool) -> String {
    let disposal = if discards_failures { "delete" } else { "stop" };
    format!(
        "source = \"{}\"\n[replica]\ninstance_class = \"db.t4g.medium\"\nsubnet_group = \"restore-drill\"\n\
         security_groups = [\"sg-0a1b2c3d\"]\non_rejected = \"{disposal}\"\non_broken = \"{disposal}\"\n\
         [database]\nname = \"courses\"\n",
        *SOURCE
    )
}
