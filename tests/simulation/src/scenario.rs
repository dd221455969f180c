//! What a seed decides about a course before it begins: the account, the schedule, how bad it gets.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc, Weekday};

use crate::dice::Dice;

/// The deployment that is simulated.
pub(crate) const DEPLOYMENT: &str = "main";
/// Every planted secret begins so; nothing that the product gives out may hold it.
pub(crate) const CANARY: &str = "CANARY-6f1c";
/// The queries of the configuration.
pub(crate) const QUERIES: &[&str] = &["SELECT count(*) FROM orphans"];

/// A time zone: hours ahead of UTC in winter, and whose summer time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Zone {
    pub(crate) name: &'static str,
    winter_h: i64,
    summer: Summer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Summer {
    None,
    Europe,
    America,
}

/// Of them Athens has no 03:00 on the day of spring and two in autumn.
pub(crate) const ZONES: &[Zone] = &[
    Zone { name: "UTC", winter_h: 0, summer: Summer::None },
    Zone { name: "Europe/Berlin", winter_h: 1, summer: Summer::Europe },
    Zone { name: "Europe/Athens", winter_h: 2, summer: Summer::Europe },
    Zone { name: "America/New_York", winter_h: -5, summer: Summer::America },
];

/// The Sunday of a month: the first with that many before it, or the last.
fn sunday(year: i32, month: u32, before: Option<u32>) -> Option<NaiveDate> {
    match before {
        Some(n) => NaiveDate::from_weekday_of_month_opt(year, month, Weekday::Sun, u8::try_from(n + 1).ok()?),
        None => {
            (1..=5).rev().find_map(|n| NaiveDate::from_weekday_of_month_opt(year, month, Weekday::Sun, n))
        }
    }
}

impl Zone {
    fn is_summer(self, at: DateTime<Utc>) -> bool {
        let hour = |date: Option<NaiveDate>, hour: u32| Some(date?.and_hms_opt(hour, 0, 0)?.and_utc());
        let year = at.year();
        let (begin, end) = match self.summer {
            Summer::None => return false,
            // Both at 01:00 UTC (directive 2000/84/EC).
            Summer::Europe => (hour(sunday(year, 3, None), 1), hour(sunday(year, 10, None), 1)),
            // At 02:00 local time, which is 07:00 and 06:00 UTC (15 U.S. Code § 260a), in the East.
            Summer::America => (hour(sunday(year, 3, Some(1)), 7), hour(sunday(year, 11, Some(0)), 6)),
        };
        begin.zip(end).is_some_and(|(begin, end)| at >= begin && at < end)
    }

    /// The instant of a local time; none when the clocks skip it, the first when they show it twice.
    fn instant(self, date: NaiveDate, hour: u32) -> Option<DateTime<Utc>> {
        let local = date.and_hms_opt(hour, 0, 0)?.and_utc();
        let winter = local - TimeDelta::hours(self.winter_h);
        let summer = winter - TimeDelta::hours(1);
        let is_right = |at: &DateTime<Utc>, is_summer: bool| self.is_summer(*at) == is_summer;
        Some(summer).filter(|at| is_right(at, true)).or(Some(winter).filter(|at| is_right(at, false)))
    }

    /// The nights from a date on: 3 AM, as EventBridge Scheduler takes it.
    pub(crate) fn nights(self, first: NaiveDate, count: u64) -> Vec<DateTime<Utc>> {
        let dates = (0..count).filter_map(|n| first.checked_add_days(Days::new(n)));
        dates.filter_map(|date| self.instant(date, 3)).collect()
    }

    /// The backup window's hour, which is in UTC and doesn't know of summer: two hours before the drill in
    /// winter, one in summer.
    pub(crate) fn backup_at(self, date: NaiveDate) -> Option<DateTime<Utc>> {
        let local = date.and_hms_opt(3, 0, 0)?.and_utc();
        Some(local - TimeDelta::hours(self.winter_h + 2))
    }
}

/// A heap that is read in a few ranges.
const SMALL: u64 = 48 << 20;

/// A course as its seed decides it.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) seed: u64,
    pub(crate) zone: Zone,
    pub(crate) first: NaiveDate,
    pub(crate) nights: u64,
    /// `creating`, `backing-up`, `modifying`, `starting`, `stopping`, `deleting`.
    pub(crate) delays_s: [i64; 6],
    pub(crate) latency_max_ms: u64,
    pub(crate) quota: usize,
    pub(crate) sources: Vec<&'static str>,
    pub(crate) level: &'static str,
    pub(crate) configuration: String,
    pub(crate) sweep_every: TimeDelta,
    /// Faults in a thousand calls, at ordinary times and in a storm.
    pub(crate) fault_rate: u64,
    pub(crate) storm_rate: u64,
    /// Acts of people and AWS in a thousand calls, and a week.
    pub(crate) act_rate: u64,
    pub(crate) acts_a_week: u64,
    /// In a thousand nights.
    pub(crate) damage_rate: u64,
    pub(crate) bad_restore_rate: u64,
    pub(crate) repeated_rate: u64,
    pub(crate) late_rate: u64,
    /// The heap of the table of answers. From 8 GiB on it is counted in pieces by several workers.
    pub(crate) answers_size_bytes: u64,
    /// How long one reader may take for all of a table, and how long one invocation goes on measuring.
    pub(crate) count_max_s: u64,
    pub(crate) budget_s: u64,
    /// How wrong a function's clock may be.
    pub(crate) skew_max_s: u64,
}

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

impl Scenario {
    /// A quiet account, in which nothing goes wrong but what a plan says.
    pub(crate) fn quiet(nights: u64) -> Self {
        Self {
            seed: 0,
            zone: ZONES[0],
            first: date("2026-11-21"),
            nights,
            delays_s: [1320, 300, 120, 240, 360, 180],
            latency_max_ms: 60,
            quota: 40,
            sources: vec!["courses-prod"],
            level: "quick",
            configuration: configuration(&["stop", "stop", "25m", "4m", "quick"]),
            sweep_every: TimeDelta::hours(12),
            fault_rate: 0,
            storm_rate: 0,
            act_rate: 0,
            acts_a_week: 0,
            damage_rate: 0,
            bad_restore_rate: 0,
            repeated_rate: 0,
            late_rate: 0,
            answers_size_bytes: SMALL,
            count_max_s: 3,
            budget_s: 840,
            skew_max_s: 0,
        }
    }

    /// What a seed decides.
    pub(crate) fn of(seed: u64, nights: u64, dice: &mut Dice) -> Self {
        let rates: [&[u64]; 4] = [&[0, 2, 10, 40], &[0, 150, 400], &[0, 1, 4, 12], &[0, 1, 3, 8]];
        let [fault_rate, storm_rate, act_rate, acts_a_week] = rates.map(|r| *dice.pick(r));
        let [on_rejected, on_broken] = [(); 2].map(|()| *dice.pick(&["stop", "delete"]));
        let zone = *dice.pick(ZONES);
        let [first, min] = *dice.pick(&[["10m", "4m"], ["20m", "5m"], ["20m", "5m"], ["2m", "1m"]]);
        let level = *dice.pick(&["quick", "quick", "quick", "standard", "deep"]);
        let mut of = |least: u64, most: u64| dice.between(least, most).cast_signed();
        let delays_s = [of(600, 5400), of(0, 900), of(30, 600), of(60, 1200), of(60, 3000), of(60, 1200)];
        Self {
            seed,
            zone,
            // Any time of the year, so that both changes of the clocks are met.
            first: date("2026-01-02") + Days::new(dice.below(365)),
            nights,
            delays_s,
            latency_max_ms: *dice.pick(&[40, 200, 2000, 9000]),
            quota: usize::try_from(dice.between(20, 40)).unwrap_or(40),
            sources: if dice.per_mille(300) {
                vec!["courses-prod", "grades-prod"]
            } else {
                vec!["courses-prod"]
            },
            level,
            configuration: configuration(&[on_rejected, on_broken, first, min, level]),
            sweep_every: TimeDelta::hours(*dice.pick(&[2, 6, 6, 12, 12, 24])),
            fault_rate,
            storm_rate,
            act_rate,
            acts_a_week,
            damage_rate: *dice.pick(&[0, 50, 300]),
            bad_restore_rate: *dice.pick(&[0, 50, 300]),
            repeated_rate: *dice.pick(&[0, 50, 400]),
            late_rate: *dice.pick(&[0, 30, 200]),
            answers_size_bytes: if dice.per_mille(60) { 9 << 30 } else { SMALL },
            count_max_s: *dice.pick(&[3, 20, 300]),
            // A short one cuts shards into parts, of which there are five at most: enough for a quick level.
            budget_s: if level == "quick" { *dice.pick(&[840, 840, 25]) } else { 840 },
            skew_max_s: *dice.pick(&[0, 0, 3, 600]),
        }
    }

    /// Faults in a thousand calls at a time. A storm is an hour of each third day, mostly at night.
    pub(crate) fn faults_per_mille(&self, at: DateTime<Utc>) -> u64 {
        let hour = at.timestamp() / 3600;
        let is_storm =
            hour.cast_unsigned().wrapping_mul(2_654_435_761).wrapping_add(self.seed).is_multiple_of(19);
        if is_storm { self.storm_rate.max(self.fault_rate) } else { self.fault_rate }
    }
}

/// The configuration of a source; its name stands for itself.
fn configuration([on_rejected, on_broken, first, min, level]: &[&str; 5]) -> String {
    format!(
        r#"source = "SOURCE"
level = "{level}"
[replica]
instance_class = "db.t4g.medium"
subnet_group = "restore-drill"
security_groups = ["sg-0a1b2c3d4e5f60718"]
on_rejected = "{on_rejected}"
on_broken = "{on_broken}"
[deadlines]
available = "2h"
[polling]
first = "{first}"
min = "{min}"
max = "10m"
[database]
name = "courses"
[heartbeat]
secret = "restore-drill/main/courses-heartbeat"
[defaults]
max_drop = 0.05
[tables."public.courses_answer"]
min_rows = 1_900_000
fresh = {{ column = "created_at", within = "24h" }}
[[queries]]
name = "no orphaned answers"
sql = "{}"
equals = 0
"#,
        QUERIES[0]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nights(zone: &str, first: &str) -> Vec<String> {
        let zone = ZONES.iter().find(|z| z.name == zone).expect("it is there");
        zone.nights(date(first), 3).iter().map(|at| at.format("%dT%H").to_string()).collect()
    }

    #[test]
    fn a_local_time_that_the_clocks_skip_has_no_night() {
        assert_eq!(nights("Europe/Athens", "2026-03-28"), ["28T01", "30T00"]);
        assert_eq!(nights("Europe/Berlin", "2026-03-28"), ["28T02", "29T01", "30T01"]);
    }

    #[test]
    fn a_local_time_that_the_clocks_show_twice_has_one_night() {
        assert_eq!(nights("Europe/Athens", "2026-10-24"), ["24T00", "25T00", "26T01"]);
        assert_eq!(nights("America/New_York", "2026-10-31"), ["31T07", "01T08", "02T08"]);
    }
}
