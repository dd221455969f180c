//! An alarm of CloudWatch on a virtual clock: how it groups points, what it does about missing ones.
//!
//! As the Amazon CloudWatch User Guide says it ("Configuring how CloudWatch alarms treat missing data"), for alarms
//! that treat missing data as breaching. How far back an alarm looks, its evaluation range, AWS gives by example
//! only: 5 periods where 3 are evaluated. So it is two more here, whatever the length of the period.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

/// What is deployed: the alarms of each source, and how often the watchdog looks.
const DEPLOYED: &str = include_str!("../../../../infra/alarms.json");
const RANGE_BEYOND: usize = 2;

/// The alarms that are deployed for each source.
#[derive(Debug, Deserialize)]
pub(crate) struct Alarms {
    pub(crate) schedule: String,
    pub(crate) alarms: Vec<Alarm>,
}

/// An alarm: breaching is above the threshold, or missing.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Alarm {
    pub(crate) name: String,
    pub(crate) metric: String,
    pub(crate) statistic: String,
    pub(crate) threshold: f64,
    pub(crate) period_s: i64,
    pub(crate) evaluation_periods: usize,
}

impl Alarms {
    pub(crate) fn deployed() -> Self {
        serde_json::from_str(DEPLOYED).expect("infra/alarms.json is what Terraform reads")
    }
}

/// The deployed alarm of that name.
pub(crate) fn alarm(name: &str) -> Alarm {
    Alarms::deployed().alarms.into_iter().find(|a| a.name == name).expect("it is deployed")
}

/// Whether data points, the newest last, put an alarm into the state ALARM. A data point is whether it breaches;
/// `None` is missing.
///
/// With as many real ones in the range as are evaluated, the newest real ones decide. With fewer, all of them
/// count, and missing ones are filled in as breaching, no more than are needed.
pub(crate) fn is_alarm(
    data_points: &[Option<bool>],
    evaluation_periods: usize,
    datapoints_to_alarm: usize,
) -> bool {
    let range = evaluation_periods + RANGE_BEYOND;
    let real: Vec<bool> = data_points.iter().rev().take(range).filter_map(|point| *point).collect();
    let filled = evaluation_periods.saturating_sub(real.len());
    let breaching = real.iter().take(evaluation_periods).filter(|is_breaching| **is_breaching).count();
    breaching + filled >= datapoints_to_alarm
}

impl Alarm {
    /// Its data points up to an instant, the newest last: each whole period, by the statistic.
    fn data_points(&self, points: &[(DateTime<Utc>, f64)], now: DateTime<Utc>) -> Vec<Option<bool>> {
        let mut periods: BTreeMap<i64, f64> = BTreeMap::new();
        for (at, value) in points {
            let of = at.timestamp().div_euclid(self.period_s);
            let statistic = match self.statistic.as_str() {
                "Maximum" => f64::max,
                "Minimum" => f64::min,
                other => panic!("{other} isn't in use"),
            };
            periods.entry(of).and_modify(|seen| *seen = statistic(*seen, *value)).or_insert(*value);
        }
        let current = now.timestamp().div_euclid(self.period_s);
        let range = i64::try_from(self.evaluation_periods + RANGE_BEYOND).expect("it is small");
        let breaches = |period: i64| periods.get(&period).map(|value| *value > self.threshold);
        (current - range..current).map(breaches).collect()
    }

    /// Whether it rings at an instant, by the points of its metric.
    pub(crate) fn rings(&self, points: &[(DateTime<Utc>, f64)], now: DateTime<Utc>) -> bool {
        is_alarm(&self.data_points(points, now), self.evaluation_periods, self.evaluation_periods)
    }

    /// How long it takes at most from the first missing or breaching point until it rings.
    pub(crate) fn rings_within(&self) -> TimeDelta {
        let periods = i64::try_from(self.evaluation_periods + RANGE_BEYOND + 1).expect("it is small");
        TimeDelta::seconds(self.period_s * periods)
    }
}
