//! What begins by itself: a source's nights, and the watchdog.

use chrono::{DateTime, Utc};

use super::deployment::APPLY;
use super::finding::{Finding, Looked};
use super::hour::{TimeOfDay, Zone};
use super::source;
use crate::ids::{SourceId, rfc3339};

/// A schedule as EventBridge Scheduler described it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Its name: the source's, for a night.
    pub name: String,
    /// Whether it runs.
    pub is_enabled: bool,
    /// Such as `cron(0 3 * * ? *)`.
    pub expression: String,
    /// The zone in which it is meant.
    pub zone: String,
    /// What it starts.
    pub target: String,
    /// What it tells it.
    pub input: String,
    /// The queue of what can't be delivered.
    pub dead_letter_queue: Option<String>,
    /// When it ends by itself.
    pub ends_at: Option<DateTime<Utc>>,
}

impl Schedule {
    /// The time of day of `cron(M H * * ? *)`, which is what the module writes; `None` for anything else.
    pub fn daily_at(&self) -> Option<TimeOfDay> {
        let fields = self.expression.strip_prefix("cron(")?.strip_suffix(')')?;
        let [minute, hour, "*", "*", "?", "*"] = fields.split(' ').collect::<Vec<_>>()[..] else {
            return None;
        };
        TimeOfDay::parse(&format!("{hour:0>2}:{minute:0>2}")).ok()
    }
}

/// When a schedule runs next, as far as somebody could tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The zone that the schedule is in; `None` when its name is unknown.
    pub zone: Option<Zone>,
    /// When it runs next; `None` for an expression that isn't a daily one.
    pub at: Option<DateTime<Utc>>,
}

/// The schedule of a source's nights.
pub fn night(
    source: &SourceId,
    schedule: &Looked<Schedule>,
    machine: &str,
    next: &Next,
    window: Option<&str>,
) -> Vec<Finding> {
    let subject = "schedule";
    let absent = || Finding::problem(subject, "there is none: no drill of it begins by itself", APPLY);
    let own = schedule.judge(subject, absent, |schedule| {
        let told = format!("{} {}", schedule.expression, schedule.zone);
        if !schedule.is_enabled {
            return Finding::problem(
                subject,
                format!("{told}, but it is disabled: no drill begins by itself"),
                "enabled = true for the source and the module, then terraform apply",
            );
        }
        if schedule.target != machine {
            return Finding::problem(subject, format!("it starts {}", schedule.target), APPLY);
        }
        if !schedule.input.contains(&format!("\"{source}\"")) {
            return Finding::problem(subject, format!("its input doesn't name {source}"), APPLY);
        }
        if next.zone.is_none() {
            return Finding::problem(subject, format!("{told}: nobody knows that zone"), APPLY);
        }
        match (next.at, schedule.ends_at) {
            (Some(at), Some(end)) if end < at => {
                Finding::problem(subject, format!("{told}: it ended at {}", rfc3339(end)), APPLY)
            }
            (Some(at), _) => Finding::ok(subject, format!("{told}, next at {}", rfc3339(at))),
            (None, _) => Finding::unknown(
                subject,
                format!("{told}: when that is next isn't known here"),
                "cron(0 3 * * ? *) is what the module writes",
            ),
        }
    });
    let mut findings = vec![own];
    if let Looked::Found(schedule) = schedule {
        findings.push(match &schedule.dead_letter_queue {
            Some(queue) => {
                let name = queue.rsplit(':').next().unwrap_or(queue);
                Finding::ok("undelivered events", format!("go to {name}"))
            }
            None => Finding::warning(
                "undelivered events",
                "are lost: a night that couldn't be started leaves nothing but the watchdog's alarm",
                APPLY,
            ),
        });
        if let (Some(at), Some(zone)) = (schedule.daily_at(), &next.zone) {
            findings.push(source::judge_hour(at, zone, window));
        }
    }
    findings
}

/// The watchdog's schedule, which must name every source.
pub fn watchdog(schedule: &Looked<Schedule>, sources: &[SourceId]) -> Finding {
    let subject = "watchdog's schedule";
    let absent = || Finding::problem(subject, "there is none: silence stays silent", APPLY);
    schedule.judge(subject, absent, |schedule| {
        let told = &schedule.expression;
        if !schedule.is_enabled {
            return Finding::problem(
                subject,
                format!("{told}, but it is disabled: silence stays silent"),
                APPLY,
            );
        }
        let is_watched = |source: &&SourceId| schedule.input.contains(&format!("\"{source}\""));
        match sources.iter().find(|source| !is_watched(source)) {
            Some(source) => Finding::problem(subject, format!("{told}, but not of {source}"), APPLY),
            None => Finding::ok(subject, told.clone()),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    const MACHINE: &str = "arn:aws:states:eu-central-1:123456789012:stateMachine:restore-drill-main";

    fn source() -> SourceId {
        SourceId::parse("courses-prod").unwrap()
    }

    fn schedule() -> Schedule {
        Schedule {
            name: "courses-prod".to_owned(),
            is_enabled: true,
            expression: "cron(0 5 * * ? *)".to_owned(),
            zone: "Europe/Berlin".to_owned(),
            target: MACHINE.to_owned(),
            input: r#"{"source":"courses-prod"}"#.to_owned(),
            dead_letter_queue: Some("arn:aws:sqs:eu-central-1:123456789012:undelivered".to_owned()),
            ends_at: None,
        }
    }

    fn worst(change: impl FnOnce(&mut Schedule, &mut Next)) -> (String, Status) {
        let zone = Zone { name: "Europe/Berlin".to_owned(), offsets_min: vec![60, 120] };
        let mut schedule = schedule();
        let mut next = Next { zone: Some(zone), at: Some("2026-11-22T04:00:00Z".parse().unwrap()) };
        change(&mut schedule, &mut next);
        let findings = night(&source(), &Looked::Found(schedule), MACHINE, &next, Some("02:00-02:30"));
        let worst = findings.into_iter().max_by_key(|finding| finding.status).unwrap();
        (worst.subject, worst.status)
    }

    #[test]
    fn a_night_that_begins_by_itself_after_the_backup_is_ok() {
        assert_eq!(worst(|_, _| ()).1, Status::Ok);
    }

    #[test]
    fn each_way_not_to_begin_is_found() {
        let broken = |change: fn(&mut Schedule, &mut Next)| worst(change);
        let expected = |subject: &str, status| (subject.to_owned(), status);
        assert_eq!(broken(|s, _| s.is_enabled = false), expected("schedule", Status::Problem));
        assert_eq!(broken(|s, _| s.target = "other".to_owned()), expected("schedule", Status::Problem));
        assert_eq!(broken(|s, _| s.input = "{}".to_owned()), expected("schedule", Status::Problem));
        assert_eq!(broken(|_, n| n.zone = None), expected("schedule", Status::Problem));
        assert_eq!(broken(|_, n| n.at = None), expected("schedule", Status::Unknown));
        assert_eq!(
            broken(|s, n| s.ends_at = n.at.map(|at| at - chrono::TimeDelta::days(1))),
            expected("schedule", Status::Problem)
        );
        assert_eq!(
            broken(|s, _| s.dead_letter_queue = None),
            expected("undelivered events", Status::Warning)
        );
        assert_eq!(
            broken(|s, _| s.expression = "cron(0 4 * * ? *)".to_owned()),
            expected("hour", Status::Problem)
        );
        assert_eq!(
            broken(|s, _| s.expression = "cron(30 2 * * ? *)".to_owned()),
            expected("hour", Status::Problem)
        );
    }

    #[test]
    fn only_a_daily_expression_has_a_time_of_day() {
        let daily = |expression: &str| {
            Schedule { expression: expression.to_owned(), ..schedule() }.daily_at().map(|at| at.to_string())
        };
        assert_eq!(daily("cron(5 3 * * ? *)").as_deref(), Some("03:05"));
        assert_eq!(daily("cron(5 3 1 * ? *)"), None);
        assert_eq!(daily("cron(*/5 3 * * ? *)"), None);
        assert_eq!(daily("rate(1 day)"), None);
    }

    #[test]
    fn the_watchdog_must_name_every_source() {
        let judged = |input: &str, is_enabled| {
            let schedule = Schedule { input: input.to_owned(), is_enabled, ..schedule() };
            watchdog(&Looked::Found(schedule), &[source()]).status
        };
        assert_eq!(judged(r#"{"sources":[{"source":"courses-prod"}]}"#, true), Status::Ok);
        assert_eq!(judged(r#"{"sources":[{"source":"courses-prod"}]}"#, false), Status::Problem);
        assert_eq!(judged(r#"{"sources":[{"source":"courses-prod-2"}]}"#, true), Status::Problem);
        assert_eq!(watchdog(&Looked::Absent, &[source()]).status, Status::Problem);
    }
}
