//! The hour of the drill: after the backup window, in both halves of the year, at a time that exists.
//!
//! RDS's window is in UTC and moves with nobody's clocks; the schedule is in a zone whose clocks may move. A zone comes
//! as the offsets that it has in a year; where the clocks of the world come from is for somebody else.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

const DAY_MIN: u16 = 24 * 60;
/// From the end of the window to the drill: a backup that begins in the window's last minute has this long to end.
pub const SLACK_MIN: u16 = 30;
/// A drill that begins later than this after the window has almost come to the one of the next night.
const LATE_MIN: u16 = 12 * 60;

/// The hours that zones leave out on the night their clocks go forward: the file that the Terraform module reads.
static LEFT_OUT: LazyLock<BTreeMap<String, Vec<u8>>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../../infra/zones.json")).expect("a test reads infra/zones.json")
});

/// The hours of which a part doesn't exist in a zone on some night of the year; none in most zones.
pub fn hours_left_out(zone: &str) -> &'static [u8] {
    LEFT_OUT.get(zone).map_or(&[], Vec::as_slice)
}

/// A time of day, in minutes since midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// Reads `03:00`.
    ///
    /// # Errors
    /// In words, when it isn't a time of day with two digits each.
    pub fn parse(text: &str) -> Result<Self, String> {
        let problem = || format!("{text:?} is no time of day; write it with two digits each, like 03:00");
        let (hour, minute) = text.split_once(':').ok_or_else(problem)?;
        let number = |text: &str, below: u16| {
            let is_two = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
            text.parse::<u16>().ok().filter(|number| is_two && *number < below)
        };
        let (hour, minute) = number(hour, 24).zip(number(minute, 60)).ok_or_else(problem)?;
        Ok(Self(hour * 60 + minute))
    }

    /// The hour.
    pub fn hour(self) -> u8 {
        u8::try_from(self.0 / 60).expect("a day has 24 hours")
    }

    /// The minute of the hour.
    pub fn minute(self) -> u8 {
        u8::try_from(self.0 % 60).expect("an hour has 60 minutes")
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour(), self.minute())
    }
}

/// RDS's backup window, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    start: TimeOfDay,
    length_min: u16,
}

impl Window {
    /// Reads `02:00-02:30`, as RDS writes it. It may go over midnight.
    ///
    /// # Errors
    /// In words, when it isn't one.
    pub fn parse(text: &str) -> Result<Self, String> {
        let problem = || format!("{text:?} is no backup window like 02:00-02:30");
        let (start, end) = text.split_once('-').ok_or_else(problem)?;
        let (start, end) = (TimeOfDay::parse(start)?, TimeOfDay::parse(end)?);
        Ok(Self { start, length_min: (end.0 + DAY_MIN - start.0) % DAY_MIN })
    }

    /// Minutes from the window's end to a time of day in UTC, around the clock.
    fn since_end(self, at_min: i32) -> u16 {
        let end = i32::from(self.start.0 + self.length_min);
        u16::try_from((at_min - end).rem_euclid(i32::from(DAY_MIN))).expect("less than a day")
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = TimeOfDay((self.start.0 + self.length_min) % DAY_MIN);
        write!(f, "{}-{end} UTC", self.start)
    }
}

/// A time zone, as far as an hour in it is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Its name in the IANA database, or `UTC`.
    pub name: String,
    /// Its offsets from UTC over a year, in minutes, each once.
    pub offsets_min: Vec<i32>,
}

/// Why a time of day is no good for the drill.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHour {
    /// Its hour doesn't exist on the night that clocks go forward.
    #[error(
        "{at} in {zone} doesn't exist on the night its clocks go forward, and the drill would be left out"
    )]
    LeftOut {
        /// The time.
        at: TimeOfDay,
        /// The zone.
        zone: String,
    },
    /// It is in the backup window, or too soon after it, at least in a part of the year.
    #[error("{at} in {zone} is {}, in the backup window {window} or less than {SLACK_MIN} minutes after it", utc.join(" or "))]
    TooSoon {
        /// The time.
        at: TimeOfDay,
        /// The zone.
        zone: String,
        /// The times in UTC that are too soon.
        utc: Vec<String>,
        /// The window.
        window: Window,
    },
}

/// How long after the window's end the drill begins, in minutes: the shortest and the longest over the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// In the half of the year in which it is shortest.
    pub min: u16,
    /// In the other one.
    pub max: u16,
}

impl Lag {
    /// Whether a drill proves a backup that is almost a day old: the window of the next night is nearer.
    pub fn is_late(self) -> bool {
        self.max > LATE_MIN
    }
}

fn in_utc(at: TimeOfDay, offset_min: i32) -> i32 {
    (i32::from(at.0) - offset_min).rem_euclid(i32::from(DAY_MIN))
}

/// Whether a drill can begin at a time of day in a zone, and how long after the backup window that is.
///
/// # Errors
/// [`BadHour`] says why it can't.
pub fn judge(at: TimeOfDay, zone: &Zone, window: Window) -> Result<Lag, BadHour> {
    if hours_left_out(&zone.name).contains(&at.hour()) {
        return Err(BadHour::LeftOut { at, zone: zone.name.clone() });
    }
    let lag = |offset: &i32| window.since_end(in_utc(at, *offset));
    let is_good = |lag: u16| (SLACK_MIN..DAY_MIN - window.length_min).contains(&lag);
    let bad: Vec<String> = zone
        .offsets_min
        .iter()
        .filter(|offset| !is_good(lag(offset)))
        .map(|offset| {
            let utc = TimeOfDay(u16::try_from(in_utc(at, *offset)).expect("within a day"));
            format!("{utc} UTC")
        })
        .collect();
    if !bad.is_empty() {
        return Err(BadHour::TooSoon { at, zone: zone.name.clone(), utc: bad, window });
    }
    let lags: Vec<u16> = zone.offsets_min.iter().map(lag).collect();
    let min = lags.iter().copied().min().unwrap_or_default();
    Ok(Lag { min, max: lags.into_iter().max().unwrap_or_default() })
}

/// The full hour in a zone that comes soonest after the window in the whole of the year.
/// `None` where there is none, as with a window of a whole day.
pub fn first_good(zone: &Zone, window: Window) -> Option<TimeOfDay> {
    let hours = (0..24).map(|hour| TimeOfDay(hour * 60));
    let good = hours.filter_map(|at| judge(at, zone, window).ok().map(|lag| (lag.max, at)));
    good.min().map(|(_, at)| at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zone(name: &str, offsets_min: &[i32]) -> Zone {
        Zone { name: name.to_owned(), offsets_min: offsets_min.to_vec() }
    }
    fn at(text: &str) -> TimeOfDay {
        TimeOfDay::parse(text).unwrap()
    }
    fn window(text: &str) -> Window {
        Window::parse(text).unwrap()
    }

    #[test]
    fn the_story_s_night_is_good() {
        let lag = judge(at("03:00"), &zone("UTC", &[0]), window("02:00-02:30")).unwrap();
        assert_eq!((lag.min, lag.max, lag.is_late()), (30, 30, false));
        assert_eq!(first_good(&zone("UTC", &[0]), window("02:00-02:30")), Some(at("03:00")));
    }

    #[test]
    fn an_hour_that_is_good_in_summer_and_bad_in_winter_is_refused() {
        let berlin = zone("Europe/Berlin", &[60, 120]);
        // 04:00 is 03:00 UTC in winter and 02:00 in summer, when the window has just begun.
        let error = judge(at("04:00"), &berlin, window("02:00-02:30")).unwrap_err();
        assert!(error.to_string().contains("02:00 UTC"), "{error}");
        assert!(!error.to_string().contains("03:00 UTC"), "{error}");
        assert_eq!(first_good(&berlin, window("02:00-02:30")), Some(at("05:00")));
    }

    #[test]
    fn an_hour_that_does_not_exist_is_refused_and_never_proposed() {
        let helsinki = zone("Europe/Helsinki", &[120, 180]);
        let error = judge(at("03:30"), &helsinki, window("20:00-20:30")).unwrap_err();
        assert!(matches!(error, BadHour::LeftOut { .. }));
        // The window ends at 01:10 there in winter and at 02:10 in summer: 03:00 would be the first that is after both.
        assert_eq!(first_good(&helsinki, window("22:40-23:10")), Some(at("04:00")));
    }

    #[test]
    fn before_the_window_proves_yesterday_s_and_is_late() {
        let lag = judge(at("01:00"), &zone("UTC", &[0]), window("02:00-02:30")).unwrap();
        assert!(lag.is_late());
    }

    #[test]
    fn a_window_may_go_over_midnight() {
        let night = window("23:45-00:15");
        assert!(judge(at("00:00"), &zone("UTC", &[0]), night).is_err());
        assert!(judge(at("00:30"), &zone("UTC", &[0]), night).is_err());
        assert_eq!(first_good(&zone("UTC", &[0]), night), Some(at("01:00")));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["3:00", "24:00", "03:60", "03", "", "0३:00", "+3:00", "03:00:00"] {
            assert!(TimeOfDay::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_module_s_zones_are_read() {
        assert_eq!(hours_left_out("Europe/Helsinki"), [3]);
        assert!(hours_left_out("UTC").is_empty());
    }

    proptest! {
        /// Whatever the window and the zone: what is proposed is never in the window, at any time of the year.
        #[test]
        fn what_is_proposed_is_after_the_window(start in 0u16..1440, length in 30u16..180, winter in -12i32..14, dst in 0i32..2) {
            let window = Window { start: TimeOfDay(start), length_min: length };
            let zone = zone("Somewhere/Else", &[winter * 60, (winter + dst) * 60]);
            let first = first_good(&zone, window).unwrap();
            for offset in &zone.offsets_min {
                let utc = in_utc(first, *offset);
                // By the minute, around the clock: the window has ended before the drill, and doesn't begin in it.
                for minute in 0..i32::from(SLACK_MIN) {
                    let earlier = (utc - minute).rem_euclid(1440);
                    let into = (earlier - i32::from(start)).rem_euclid(1440);
                    prop_assert!(into >= i32::from(length), "{first} with {offset}");
                }
            }
            // Full hours, two halves of a year an hour apart at most: never longer than three hours and the slack.
            prop_assert!(judge(first, &zone, window).unwrap().max <= 180 + SLACK_MIN);
        }
    }
}
