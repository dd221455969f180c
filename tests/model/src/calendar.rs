//! The instants that the model's few weeks, nights and phases stand for.
//!
//! A week has 8 days: longer than the 7 days after which AWS starts a stopped instance, the 72 hours after which
//! a replica counts as abandoned and the 48 hours for which a drill counts as live; shorter than the 14 days
//! for which RDS keeps events and an execution can be redriven. Within a week everything happens on the first day.

use chrono::{DateTime, TimeDelta, Utc};

use crate::state::{Claim, Data, Replica, StartedBy, Stopped, StoppedBy};

/// The midnight at which a week begins.
fn midnight(week: u8) -> DateTime<Utc> {
    let first = DateTime::from_timestamp(1_793_491_200, 0).expect("2026-11-01T00:00:00Z is an instant");
    first + TimeDelta::days(8) * i32::from(week)
}

fn on(week: u8, hour: i64, minute: i64) -> DateTime<Utc> {
    midnight(week) + TimeDelta::minutes(hour * 60 + minute)
}

/// The time that a night is scheduled for: an hour after the one before.
pub fn scheduled(week: u8, night: u8) -> DateTime<Utc> {
    on(week, 3 + i64::from(night), 0)
}

/// The instant at which `PlanDrill` looks for live drills; each claim is a second after the one before.
pub fn planned(week: u8, order: u8) -> DateTime<Utc> {
    on(week, 11, 50) + TimeDelta::seconds(order.into())
}

/// Reads back the order of a claim; any number for a redriven execution, which has its claim already.
pub fn order_of(claimed_at: DateTime<Utc>, week: u8) -> u8 {
    u8::try_from((claimed_at - planned(week, 0)).num_seconds()).unwrap_or(u8::MAX)
}

/// The instant at which a redriven `PlanDrill` looks: too long after its claim to have begun together with others.
pub fn planned_again(week: u8) -> DateTime<Utc> {
    on(week, 12, 30)
}

/// The instant of a claim.
pub fn claimed(claim: Claim) -> DateTime<Utc> {
    planned(claim.week, claim.order)
}

/// The instant at which every other step acts.
pub fn acting(week: u8, hour: u8) -> DateTime<Utc> {
    on(week, 12, i64::from(hour) * 40)
}

/// The instant of a look at a replica: minutes after what is waited for was asked for.
pub fn looking(week: u8, hour: u8) -> DateTime<Utc> {
    acting(week, hour) + TimeDelta::minutes(10)
}

/// The instant of a look that comes after every deadline.
pub fn looking_late(week: u8) -> DateTime<Utc> {
    on(week, 36, 0)
}

/// The instant of the data of a backup.
pub fn data_at(data: Data) -> DateTime<Utc> {
    match data {
        Data::Backup { week, night } => on(week, 2 + i64::from(night), 0),
        Data::LastMonth => midnight(0) - TimeDelta::days(30),
    }
}

/// The instant at which a replica became available.
pub fn created(week: u8) -> DateTime<Utc> {
    on(week, 12, 5)
}

/// The instant of the last stop.
pub fn stopped(stop: Stopped) -> DateTime<Utc> {
    acting(stop.week, stop.hour)
        + match stop.by {
            StoppedBy::Us => TimeDelta::minutes(15),
            StoppedBy::PersonSoon => TimeDelta::minutes(25),
            StoppedBy::Person => TimeDelta::hours(5),
        }
}

/// The instant of the last start; absent when it was never started since its restore.
pub fn started(replica: &Replica) -> Option<DateTime<Utc>> {
    let stop = replica.stopped?;
    match replica.started_by {
        StartedBy::Restore => None,
        StartedBy::Aws => Some(on(replica.started, 11, 0)),
        StartedBy::Person if replica.started == stop.week => Some(stopped(stop) + TimeDelta::minutes(15)),
        StartedBy::Person => Some(on(replica.started, 11, 30)),
    }
}
