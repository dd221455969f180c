//! What people and AWS do beside the product, at any moment.

use chrono::TimeDelta;
use drill::ownership::{TAG_DEPLOYMENT, TAG_HOLD, TAG_PROMOTED};
use rds_double::model::{ApiError, Changes, DeleteInstance, Instance, ModifyInstance, Status, Tag};

use crate::truth::Who;
use crate::world::{State, Wish};

/// Something that a person or AWS does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// A person starts a replica.
    Start,
    /// A person stops a replica.
    Stop,
    /// A person gives a replica another name, as one does who promotes it.
    Rename,
    /// A person gives a replica another name and puts an instance of their own in its place.
    Swap,
    /// A person puts the tag on that holds a replica.
    Hold,
    /// A person takes it off.
    Release,
    /// A person turns on deletion protection of a replica.
    Protect,
    /// A person marks a replica as production, as `restore-drill promote` does first.
    Promote,
    /// A person takes our tag off a replica.
    Untag,
    /// A person changes a replica's class.
    Modify,
    /// A person deletes a replica.
    Delete,
    /// A person makes an instance that has a replica's tags, under another name.
    Copy,
    /// A person deletes a source, and its backups with it.
    DeleteSource,
    /// A person gives a source another name.
    RenameSource,
    /// A person makes instances until the quota is full.
    Crowd,
    /// A person deletes those again.
    Uncrowd,
    /// A person stops an execution.
    Abort,
    /// An execution's time is over, which nothing inside it can catch.
    TimeOut,
    /// A person redrives an execution that ended red.
    Redrive,
    /// A person redrives the oldest execution that can be redriven.
    RedriveOldest,
    /// A person drills on demand.
    OnDemand,
    /// The schedule's last event comes again.
    Repeat,
    /// A sweep begins.
    Sweep,
    /// RDS shows an unusual status of a replica.
    Jump,
    /// RDS goes back to the status that was interrupted.
    Settle,
    /// The configuration can't be read any more.
    BreakConfiguration,
    /// It can again.
    MendConfiguration,
}

impl Act {
    /// Every act.
    pub const ALL: &[Self] = &[
        Self::Start,
        Self::Stop,
        Self::Rename,
        Self::Swap,
        Self::Hold,
        Self::Release,
        Self::Protect,
        Self::Promote,
        Self::Untag,
        Self::Modify,
        Self::Delete,
        Self::Copy,
        Self::DeleteSource,
        Self::RenameSource,
        Self::Crowd,
        Self::Uncrowd,
        Self::Abort,
        Self::TimeOut,
        Self::Redrive,
        Self::RedriveOldest,
        Self::OnDemand,
        Self::Repeat,
        Self::Sweep,
        Self::Jump,
        Self::Settle,
        Self::BreakConfiguration,
        Self::MendConfiguration,
    ];
}

impl State {
    /// Beside a call of the product something may happen.
    pub(crate) fn beside(&mut self) {
        let rate = self.scenario.act_rate;
        if !self.is_calm && rate > 0 && self.dice.per_mille(rate) {
            let act = *self.dice.pick(Act::ALL);
            self.act(act);
        }
    }

    /// Something happens. What RDS refuses doesn't.
    pub(crate) fn act(&mut self, act: Act) {
        self.advance();
        self.counts.acts += 1;
        let done = match act {
            Act::DeleteSource | Act::RenameSource => self.act_on_source(act),
            Act::Crowd => self.crowd(),
            Act::Uncrowd => Ok(self.uncrowd()),
            Act::Abort
            | Act::TimeOut
            | Act::Redrive
            | Act::RedriveOldest
            | Act::OnDemand
            | Act::Repeat
            | Act::Sweep => self.act_on_executions(act),
            Act::BreakConfiguration | Act::MendConfiguration => Ok(self.act_on_configuration(act)),
            _ => self.act_on_replica(act),
        };
        self.look_for_changes();
        self.say(|| match done {
            Ok(whom) => format!("*** {act:?} {whom}"),
            Err(e) => format!("*** {act:?} comes to nothing: {}", e.message),
        });
    }

    fn act_on_replica(&mut self, act: Act) -> Result<String, ApiError> {
        let there: Vec<Instance> =
            self.instances().filter(|i| self.truth.is_ours(i.resource_id.as_str())).cloned().collect();
        if there.is_empty() {
            return Err(nothing("there is no replica"));
        }
        let replica = self.dice.pick(&there).clone();
        let (now, name) = (self.now, replica.id.clone());
        let arn = self.plane.arn("db", &name);
        let tag = |key: &str, value: &str| [Tag { key: key.to_owned(), value: value.to_owned() }];
        match act {
            Act::Start => drop(self.plane.start_instance(now, &name, &mut self.machines)?),
            Act::Stop => drop(self.plane.stop_instance(now, &name, None, &mut self.machines)?),
            Act::Hold => self.plane.add_tags(&arn, &tag(TAG_HOLD, "mine"))?,
            Act::Promote => self.plane.add_tags(&arn, &tag(TAG_PROMOTED, "by a person"))?,
            Act::Release => self.plane.remove_tags(&arn, &[TAG_HOLD.to_owned()])?,
            Act::Untag => self.plane.remove_tags(&arn, &[TAG_DEPLOYMENT.to_owned()])?,
            Act::Protect => {
                self.modify(&name, None, Changes { deletion_protection: Some(true), ..Changes::default() })?;
            }
            Act::Modify => {
                let class = Some("db.t4g.large".to_owned());
                self.modify(&name, None, Changes { class, ..Changes::default() })?;
            }
            Act::Rename | Act::Swap => {
                let new = format!("promoted-{}", self.counts.acts);
                self.modify(&name, Some(new), Changes::default())?;
                if act == Act::Swap {
                    self.wishes.push(Wish::Make { name: name.clone(), after: TimeDelta::seconds(50) });
                }
            }
            Act::Delete => {
                let asked = DeleteInstance {
                    id: name.clone(),
                    skip_final_snapshot: true,
                    final_snapshot_id: None,
                    delete_automated_backups: true,
                };
                self.plane.delete_instance(now, &asked, &mut self.machines)?;
            }
            Act::Copy => {
                let copy = format!("copy-{}", self.counts.acts);
                self.make(&copy, replica.tags.clone())?;
            }
            Act::Jump => self.jump(&name, &replica)?,
            Act::Settle => self.settle(&name, &replica)?,
            _ => return Err(nothing("that is no act on a replica")),
        }
        self.note_act(act, replica.resource_id.as_str());
        Ok(name)
    }

    /// The truth of what was done to a replica.
    fn note_act(&mut self, act: Act, id: &str) {
        let now = self.now;
        let Some(replica) = self.truth.replicas.get_mut(id) else { return };
        let person = &mut replica.by_person;
        match act {
            Act::Start => (person.started_at, person.stopped_at) = (Some(now), None),
            Act::Stop => person.stopped_at = Some(now),
            Act::Hold => drop(person.held_at.get_or_insert(now)),
            Act::Release => person.held_at = None,
            Act::Protect => drop(person.protected_at.get_or_insert(now)),
            Act::Promote => drop(person.promoted_at.get_or_insert(now)),
            Act::Untag => drop(person.untagged_at.get_or_insert(now)),
            Act::Modify => drop(person.modified_at.get_or_insert(now)),
            Act::Delete => drop(replica.deleted.get_or_insert((now, Who::Person))),
            Act::Jump | Act::Settle => drop(replica.forced_at.get_or_insert(now)),
            _ => {}
        }
    }

    pub(crate) fn modify(
        &mut self,
        id: &str,
        new_id: Option<String>,
        changes: Changes,
    ) -> Result<(), ApiError> {
        let asked = ModifyInstance {
            id: id.to_owned(),
            new_id,
            apply_immediately: true,
            changes,
            ..ModifyInstance::default()
        };
        self.plane.modify_instance(self.now, asked, &mut self.machines).map(drop)
    }

    /// A status that RDS shows out of turn. A replica that is going stays going.
    fn jump(&mut self, name: &str, replica: &Instance) -> Result<(), ApiError> {
        if replica.status == Status::DELETING {
            return Err(nothing("it is going"));
        }
        let odd = [
            "failed",
            "incompatible-network",
            "incompatible-parameters",
            "storage-full",
            "insufficient-capacity",
            "maintenance",
            "rebooting",
            "backing-up",
            "creating",
            "stopping",
            "starting",
            "storage-optimization",
            "levitating",
        ];
        let status = *self.dice.pick(&odd);
        let person = self.truth.replicas.get(replica.resource_id.as_str()).map(|r| r.by_person.clone());
        if status == "stopping" && person.is_some_and(|p| p.started_at.is_some()) {
            return Err(nothing("what somebody started doesn't stop without an event"));
        }
        self.plane.force_status(name, Status::named(status))
    }

    fn settle(&mut self, name: &str, replica: &Instance) -> Result<(), ApiError> {
        let is_forced =
            self.truth.replicas.get(replica.resource_id.as_str()).is_some_and(|r| r.forced_at.is_some());
        if !is_forced || replica.status == Status::DELETING {
            return Err(nothing("nothing was interrupted"));
        }
        let is_stopped = replica.stopped_at.is_some();
        self.plane.force_status(name, if is_stopped { Status::STOPPED } else { Status::AVAILABLE })
    }
}

/// Why an act comes to nothing.
pub(crate) fn nothing(why: &str) -> ApiError {
    ApiError::new("Nothing", 400, why)
}
