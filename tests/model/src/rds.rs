//! What RDS and the evidence bucket do with a call, and what RDS does by itself.
//!
//! Here is also where promises are seen broken: in the moment in which a call takes effect.

use crate::replay::{Answer, Effect, Target};
use crate::state::{
    AGAIN, Broken, Claim, Name, Promotion, Replica, StartedBy, State, Status, Stop, Stopped, StoppedBy,
};

/// Who makes a call.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// Whether a person did something after the caller had looked: what it does then is nobody's fault.
    pub is_disturbed: bool,
    /// Whether a person started its execution again.
    pub is_redriven: bool,
    /// The night of its drill; none for a sweep.
    pub night: Option<u8>,
}

impl State {
    /// Lets a call take effect; `None` where that leads out of the model.
    pub fn apply(&mut self, effect: Effect, caller: Caller) -> Option<Answer> {
        Some(match effect {
            Effect::Claim { night, exec, order } => {
                let claim = &mut self.nights[usize::from(night)].claim;
                if claim.is_some() {
                    return Some(Answer::Exists);
                }
                *claim = Some(Claim { exec, week: self.week, order });
                Answer::Done
            }
            Effect::RecordStop { night, slot } => {
                self.nights[usize::from(night)].stop = Some(Stop { slot, week: self.week, hour: self.hour });
                Answer::Done
            }
            Effect::Restore { night, source, data } => {
                let is_there = match data {
                    crate::state::Data::LastMonth => true,
                    crate::state::Data::Backup { .. } => self.has_instance(source),
                };
                if self.named(night).is_some() {
                    return Some(Answer::Exists);
                }
                if !is_there {
                    return Some(Answer::NotFound);
                }
                let slot = self.free_slot(night)?;
                let made = Replica {
                    status: Status::Creating,
                    night,
                    data,
                    source,
                    week: self.week,
                    ..Replica::NONE
                };
                self.change(slot, made);
                let records = &mut self.nights[usize::from(night)];
                records.restores += 1;
                if records.restores > 1 && !records.is_taken && !caller.is_redriven {
                    self.broken = Some(Broken::RestoredTwice);
                }
                Answer::Done
            }
            Effect::Stop(target) => self.stop(target, caller),
            Effect::Delete(target) => self.delete(target, caller),
            Effect::Mark(target) => self.promote(target, Promotion::Begun),
            Effect::Disown(target) => self.promote(target, Promotion::Done),
            Effect::Start(target) => self.start_for_promotion(target),
        })
    }

    /// Whether the instance exists that a snapshot was taken of: automated snapshots go with it.
    fn has_instance(&self, source: Option<u8>) -> bool {
        source.map_or(self.has_source, |slot| self.replicas[usize::from(slot)].exists())
    }

    fn free_slot(&self, night: u8) -> Option<usize> {
        [usize::from(night), AGAIN].into_iter().find(|slot| self.replicas[*slot].status == Status::Absent)
    }

    /// Changes a replica by a call, so that RDS may show for a while what it was.
    fn change(&mut self, slot: usize, to: Replica) {
        let was = std::mem::replace(&mut self.replicas[slot], to);
        self.lag = Some((u8::try_from(slot).expect("few slots"), was));
    }

    fn bearer(&self, target: Target) -> Option<usize> {
        match target {
            Target::Night(night) => self.named(night),
            Target::Kept(slot) => {
                let slot = usize::from(slot);
                let it = &self.replicas[slot];
                (it.exists() && it.name == Name::Kept).then_some(slot)
            }
            Target::Source => self.promoted(),
            Target::LookAlike | Target::Copy => None,
        }
    }

    /// Sees whether a change to what bears the name breaks a promise.
    fn touch(&mut self, target: Target, caller: Caller) {
        let broken = match self.bearer(target) {
            None if matches!(target, Target::LookAlike | Target::Copy) => Some(Broken::NotOurs),
            None if target == Target::Source && self.has_source => Some(Broken::NotOurs),
            Some(slot) if self.replicas[slot].is_foreign || self.replicas[slot].name == Name::OfSource => {
                Some(Broken::NotOurs)
            }
            Some(slot) if self.replicas[slot].is_protected_from(caller.night) => Some(Broken::Protected),
            None | Some(_) => None,
        };
        if !caller.is_disturbed && broken.is_some() {
            self.broken = broken;
        }
    }

    fn stop(&mut self, target: Target, caller: Caller) -> Answer {
        let Some(slot) = self.bearer(target) else {
            self.touch(target, caller);
            return Answer::NotFound;
        };
        let it = self.replicas[slot];
        if it.status != Status::Available {
            return Answer::InvalidState;
        }
        self.touch(target, caller);
        self.change(slot, Replica { status: Status::Stopping, was_stopped: true, ..it });
        Answer::Done
    }

    fn delete(&mut self, target: Target, caller: Caller) -> Answer {
        let Some(slot) = self.bearer(target) else {
            self.touch(target, caller);
            return Answer::NotFound;
        };
        let it = self.replicas[slot];
        if it.status == Status::Deleting {
            return Answer::InvalidState;
        }
        self.touch(target, caller);
        let stands_in = |other: usize| {
            other != slot
                && self.replicas[other].is_alive()
                && self.replicas[other].has_stood
                && self.replicas[other].promotion == Promotion::None
                && self.is_verified(other)
        };
        let is_last = self.is_verified(slot) && !(0..self.replicas.len()).any(stands_in);
        if is_last && !caller.is_disturbed && self.broken.is_none() {
            self.broken = Some(Broken::LastVerified);
        }
        self.change(slot, Replica { status: Status::Deleting, ..it });
        Answer::Done
    }

    /// The tags of a promotion come on, or ours go, which is seen at once as all that people do; no function that
    /// has looked before can know.
    fn promote(&mut self, target: Target, promotion: Promotion) -> Answer {
        let Some(slot) = self.bearer(target) else { return Answer::NotFound };
        self.disturb();
        if self.lag.is_some_and(|(lagging, _)| usize::from(lagging) == slot) {
            self.lag = None;
        }
        let it = &mut self.replicas[slot];
        (it.promotion, it.is_held) = (promotion, true);
        Answer::Done
    }

    fn start_for_promotion(&mut self, target: Target) -> Answer {
        let Some(slot) = self.bearer(target) else { return Answer::NotFound };
        let mut it = self.replicas[slot];
        if it.status != Status::Stopped {
            return Answer::InvalidState;
        }
        self.disturb();
        self.hour += 1;
        it.start(StartedBy::Person, self.week);
        self.change(slot, it);
        Answer::Done
    }

    /// A person does something, which no function can know that has looked already.
    pub fn disturb(&mut self) {
        for running in self.functions_mut() {
            running.is_disturbed = true;
        }
    }

    /// A replica comes into a status by itself, minutes later: RDS shows everything as it is then.
    pub fn become_status(&mut self, slot: usize, status: Status) {
        self.pass_minutes();
        let it = &mut self.replicas[slot];
        match status {
            Status::Gone => *it = Replica { status, night: it.night, ..Replica::NONE },
            Status::Stopped => self.stop_by(slot, StoppedBy::Us),
            _ => it.status = status,
        }
    }

    /// Minutes pass, as long as a function lives.
    pub fn pass_minutes(&mut self) {
        self.lag = None;
        for running in self.functions_mut() {
            running.is_old = true;
        }
    }

    /// A replica is stopped.
    pub fn stop_by(&mut self, slot: usize, by: StoppedBy) {
        let is_verified = self.is_verified(slot);
        let it = &mut self.replicas[slot];
        it.status = Status::Stopped;
        it.stopped = Some(Stopped { by, week: self.week, hour: self.hour });
        it.has_stood |= is_verified;
        (it.started_by, it.started) = (StartedBy::Restore, 0);
    }

    /// AWS starts a replica that has been stopped for 7 days.
    pub fn start_by_aws(&mut self, slot: usize) {
        self.pass_minutes();
        self.replicas[slot].start(StartedBy::Aws, self.week);
    }
}

impl Replica {
    /// It is started.
    pub fn start(&mut self, by: StartedBy, week: u8) {
        self.status = Status::Available;
        (self.started_by, self.started) = (by, week);
    }
}
