//! What a person may do at any moment.

use crate::state::{AGAIN, Data, Name, Promotion, Replica, StartedBy, State, Status, StoppedBy};

/// An act of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// Tags a replica `restore-drill:hold`.
    Hold(u8),
    /// Starts a stopped replica.
    Start(u8),
    /// Stops a replica that a person started, within two hours of our own stop.
    StopSoon(u8),
    /// Stops a running replica, hours later.
    Stop(u8),
    /// Starts a replica where need be and gives it a name of their own.
    Rename(u8),
    /// Promotes a replica: the product's own promotion takes turns, a naive one starts it.
    Promote(u8),
    /// Starts a replica where need be and gives it the name of production, which is lost.
    NameAsProduction(u8),
    /// Deletes a replica.
    Delete(u8),
    /// Makes an instance from a snapshot of a night's judged replica, which is gone, under its name: RDS copies the
    /// tags.
    Remake(u8),
    /// Deletes production, and with it its automated backups.
    DeleteSource,
}

impl Act {
    /// Every act.
    pub fn all() -> impl Iterator<Item = Self> {
        let of_slot = |slot| {
            [
                Self::Hold(slot),
                Self::Start(slot),
                Self::StopSoon(slot),
                Self::Stop(slot),
                Self::Rename(slot),
                Self::Promote(slot),
                Self::NameAsProduction(slot),
                Self::Delete(slot),
            ]
        };
        let slots = u8::try_from(crate::state::SLOTS).expect("few slots");
        let nights = u8::try_from(crate::state::NIGHTS_MAX).expect("few nights");
        (0..slots).flat_map(of_slot).chain((0..nights).map(Self::Remake)).chain([Self::DeleteSource])
    }

    fn slot(self) -> Option<u8> {
        match self {
            Self::Hold(slot)
            | Self::Start(slot)
            | Self::StopSoon(slot)
            | Self::Stop(slot)
            | Self::Rename(slot)
            | Self::Promote(slot)
            | Self::NameAsProduction(slot)
            | Self::Delete(slot) => Some(slot),
            Self::Remake(_) | Self::DeleteSource => None,
        }
    }

    /// Whether it can be done now.
    pub fn is_possible(self, state: &State) -> bool {
        let Some(slot) = self.slot() else {
            let Self::Remake(night) = self else { return state.has_source };
            let records = &state.nights[usize::from(night)];
            let is_free = state.named(night).is_none() && state.replicas[AGAIN].status == Status::Absent;
            return is_free && records.verdict.is_some();
        };
        let it = &state.replicas[usize::from(slot)];
        let is_running = it.status == Status::Available;
        let can_start = matches!(it.status, Status::Available | Status::Stopped);
        it.is_alive()
            && match self {
                Self::Hold(_) => !it.is_held,
                Self::Start(_) => it.status == Status::Stopped,
                Self::StopSoon(_) => {
                    let is_today =
                        it.stopped.is_some_and(|s| s.by != StoppedBy::Person && s.week == state.week);
                    is_running && it.started_by == StartedBy::Person && is_today
                }
                Self::Stop(_) => is_running,
                Self::Rename(_) => can_start && it.name == Name::OfItsDrill,
                Self::Promote(_) => {
                    let is_new = it.name == Name::OfItsDrill && it.promotion == Promotion::None;
                    can_start && is_new && state.is_verified(slot.into())
                }
                Self::NameAsProduction(_) => can_start && !state.has_source && state.promoted().is_none(),
                Self::Delete(_) => true,
                Self::Remake(_) | Self::DeleteSource => unreachable!("it has no slot"),
            }
    }

    /// Does it. Functions that have looked already can't know.
    pub fn apply(self, state: &mut State) {
        state.disturb();
        let Some(slot) = self.slot() else {
            match self {
                Self::Remake(night) => {
                    let week = state.nights[usize::from(night)].week.unwrap_or(state.week);
                    let data = Data::Backup { week, night };
                    let status = Status::Available;
                    let remade =
                        Replica { status, night, data, week: state.week, is_foreign: true, ..Replica::NONE };
                    state.replicas[AGAIN] = remade;
                }
                _ => state.has_source = false,
            }
            return;
        };
        if state.lag.is_some_and(|(lagging, _)| lagging == slot) {
            state.lag = None;
        }
        let is_started = state.replicas[usize::from(slot)].status == Status::Stopped;
        state.hour += u8::from(
            is_started
                && matches!(
                    self,
                    Self::Start(_) | Self::Rename(_) | Self::Promote(_) | Self::NameAsProduction(_)
                ),
        );
        let week = state.week;
        let it = &mut state.replicas[usize::from(slot)];
        let is_taken = it.name == Name::OfItsDrill
            && matches!(self, Self::Rename(_) | Self::NameAsProduction(_) | Self::Delete(_));
        let night = usize::from(it.night);
        match self {
            Self::Hold(_) => it.is_held = true,
            Self::Start(_) => it.start(StartedBy::Person, week),
            Self::StopSoon(_) => state.stop_by(slot.into(), StoppedBy::PersonSoon),
            Self::Stop(_) => state.stop_by(slot.into(), StoppedBy::Person),
            Self::Rename(_) => {
                it.start(StartedBy::Person, week);
                it.name = Name::Kept;
            }
            Self::Promote(_) => {
                it.start(StartedBy::Person, week);
                it.promotion = Promotion::Unmarked;
            }
            Self::NameAsProduction(_) => {
                it.start(StartedBy::Person, week);
                it.name = Name::OfSource;
            }
            Self::Delete(_) => *it = Replica { status: Status::Gone, night: it.night, ..Replica::NONE },
            Self::Remake(_) | Self::DeleteSource => {}
        }
        state.nights[night].is_taken |= is_taken;
    }
}
