//! Time zones of the world, from the IANA database that chrono-tz carries.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, LocalResult, NaiveTime, Offset as _, TimeZone as _, Utc};
use chrono_tz::Tz;
use drill::setup::hour::{TimeOfDay, Zone};

/// The days of a year, and a day: every offset that a zone has is seen.
const DAYS: u64 = 367;

/// The zone of that name, with the offsets that it has within a year from now; `None` for a name that isn't in the
/// database, or that Scheduler and the module don't take, such as CET.
pub(crate) fn zone(name: &str, now: DateTime<Utc>) -> Option<Zone> {
    let zone: Tz = name.parse().ok().filter(|_| name == "UTC" || name.contains('/'))?;
    let days = (0..DAYS).filter_map(|day| now.checked_add_days(Days::new(day)));
    let offsets: BTreeSet<i32> =
        days.map(|at| zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc() / 60).collect();
    Some(Zone { name: name.to_owned(), offsets_min: offsets.into_iter().collect() })
}

/// When it is that time of day in a zone next. A time that doesn't exist on a day is left out, one that comes twice
/// counts the first time.
pub(crate) fn next(at: TimeOfDay, zone: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let zone: Tz = zone.parse().ok()?;
    let time = NaiveTime::from_hms_opt(at.hour().into(), at.minute().into(), 0)?;
    let today = now.with_timezone(&zone).date_naive();
    (0..4).filter_map(|day| today.checked_add_days(Days::new(day))).find_map(|day| {
        let at = match zone.from_local_datetime(&day.and_time(time)) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.to_utc(),
            LocalResult::None => return None,
        };
        (at > now).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_zone_has_the_offsets_of_both_halves_of_the_year() {
        let offsets = |name: &str| zone(name, at("2026-11-21T12:00:00Z")).map(|zone| zone.offsets_min);
        assert_eq!(offsets("Europe/Berlin"), Some(vec![60, 120]));
        assert_eq!(offsets("Asia/Kolkata"), Some(vec![330]));
        assert_eq!(offsets("Australia/Lord_Howe"), Some(vec![630, 660]));
        assert_eq!(offsets("UTC"), Some(vec![0]));
        assert_eq!(offsets("CET"), None);
        assert_eq!(offsets("Europe/Atlantis"), None);
    }

    #[test]
    fn the_next_night_follows_the_clocks() {
        let at_three = TimeOfDay::parse("03:00").unwrap();
        let next = |zone: &str, now: &str| next(at_three, zone, at(now)).unwrap();
        assert_eq!(next("UTC", "2026-11-21T02:59:00Z"), at("2026-11-21T03:00:00Z"));
        assert_eq!(next("UTC", "2026-11-21T03:00:00Z"), at("2026-11-22T03:00:00Z"));
        assert_eq!(next("Europe/Berlin", "2026-07-01T12:00:00Z"), at("2026-07-02T01:00:00Z"));
        // 03:00 doesn't exist in Helsinki on 2027-03-28.
        assert_eq!(next("Europe/Helsinki", "2027-03-27T12:00:00Z"), at("2027-03-29T00:00:00Z"));
    }
}
