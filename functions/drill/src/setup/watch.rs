//! What is seen of a deployment from outside: its alarms, the watchdog's newest point, and the last drill.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::deployment::APPLY;
use super::finding::{Finding, Looked};
use crate::evidence::{Evidence, Verdict};
use crate::ids::{Deployment, SourceId, rfc3339};

/// The watchdog looks every quarter of an hour; four missed looks are no accident.
const POINT_AGE_MAX: TimeDelta = TimeDelta::hours(1);
/// From when a point is looked for.
pub const POINTS_SINCE: TimeDelta = TimeDelta::hours(3);
/// The metric that the alarm on silence is on.
pub const METRIC: &str = "HoursSinceLastVerifiedRestore";

#[derive(Deserialize)]
struct Document {
    alarms: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
}

/// The alarms that each source has: the file that the Terraform module reads.
static ALARMS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let document: Document = serde_json::from_str(include_str!("../../../../infra/alarms.json"))
        .expect("a test reads infra/alarms.json");
    document.alarms.into_iter().map(|alarm| alarm.name).collect()
});

/// An alarm as CloudWatch described it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// Whether it tells anybody.
    pub tells: bool,
    /// Whom it tells: the ARNs of its actions.
    pub actions: Vec<String>,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub state: String,
}

/// The alarms of a source: all there, telling the topic, and quiet.
pub fn alarms(
    deployment: &Deployment,
    source: &SourceId,
    topic: Option<&str>,
    all: &Looked<Vec<Alarm>>,
) -> Finding {
    let subject = "alarms";
    let names: Vec<String> =
        ALARMS.iter().map(|name| format!("restore-drill-{deployment}-{source}-{name}")).collect();
    let absent = || Finding::problem(subject, "there are none: silence stays silent", APPLY);
    all.judge(subject, absent, |all| {
        let found: Vec<&Alarm> = all.iter().filter(|alarm| names.contains(&alarm.name)).collect();
        if let Some(missing) = names.iter().find(|name| !found.iter().any(|alarm| alarm.name == **name)) {
            return Finding::problem(subject, format!("{missing} isn't there"), APPLY);
        }
        let told =
            |alarm: &Alarm| topic.is_none_or(|topic| alarm.actions.iter().any(|action| action == topic));
        if let Some(mute) = found.iter().find(|alarm| !alarm.tells || !told(alarm)) {
            let why = if mute.tells { "doesn't tell the topic" } else { "has its actions switched off" };
            return Finding::problem(subject, format!("{} {why}", mute.name), APPLY);
        }
        let ringing: Vec<&str> =
            found.iter().filter(|alarm| alarm.state == "ALARM").map(|alarm| alarm.name.as_str()).collect();
        if ringing.is_empty() {
            return Finding::ok(subject, format!("{} are there and quiet", found.len()));
        }
        Finding::warning(subject, format!("ringing: {}", ringing.join(", ")), "docs/runbook.md, Alarms")
    })
}

/// The newest point of the watchdog's metric, with its value in hours.
pub fn points(newest: &Looked<(DateTime<Utc>, f64)>, now: DateTime<Utc>) -> Finding {
    let subject = "watchdog";
    let fix = "see the log of the function watch-restores; one that was just deployed has its first look within 15 minutes";
    let absent =
        || Finding::problem(subject, format!("published nothing in {} hours", POINTS_SINCE.num_hours()), fix);
    newest.judge(subject, absent, |(at, hours)| {
        let told = format!("{hours:.1} hours since a verified restore, said at {}", rfc3339(*at));
        if now - *at > POINT_AGE_MAX {
            return Finding::problem(subject, format!("{told}, and nothing since"), fix);
        }
        Finding::ok(subject, told)
    })
}

/// What the last drill showed of the network path, the role and TLS: no restore is made to find out.
pub fn connecting(last: &Looked<Evidence>) -> Finding {
    let subject = "connecting";
    let run = "restore-drill run";
    let none = || {
        let found = "the network path, the role in the database and TLS show when the first drill connects";
        Finding::unknown(subject, found, run)
    };
    last.judge(subject, none, |evidence| {
        let drill = &evidence.drill;
        if let Some(at) = evidence.timeline.first_query_at {
            let found = format!("{drill} signed in over verified TLS and was answered at {}", rfc3339(at));
            return Finding::ok(subject, found);
        }
        let why = match &evidence.failure {
            Some(failure) => {
                format!("{}: {}", failure.error, failure.cause.lines().next().unwrap_or_default())
            }
            None => evidence.summary.clone(),
        };
        let fix = format!("restore-drill report {drill}");
        Finding::problem(subject, format!("{drill} never got an answer: {why}"), fix)
    })
}

/// How the last drill ended.
pub fn last_drill(last: &Looked<Evidence>) -> Finding {
    let subject = "last drill";
    let none = || Finding::unknown(subject, "none has ended yet", "restore-drill run");
    last.judge(subject, none, |evidence| {
        let told = format!("{} {}: {}", evidence.drill, evidence.verdict, evidence.summary);
        match (evidence.verdict, &evidence.failure) {
            (Verdict::Verified, None) => Finding::ok(subject, told),
            _ => Finding::warning(subject, told, format!("restore-drill report {}", evidence.drill)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    fn deployment() -> Deployment {
        Deployment::parse("main").unwrap()
    }
    fn source() -> SourceId {
        SourceId::parse("courses-prod").unwrap()
    }
    fn all() -> Vec<Alarm> {
        let alarm = |name: &String| Alarm {
            name: format!("restore-drill-main-courses-prod-{name}"),
            tells: true,
            actions: vec!["topic".to_owned()],
            state: "OK".to_owned(),
        };
        ALARMS.iter().map(alarm).collect()
    }
    fn judged(change: impl FnOnce(&mut Vec<Alarm>)) -> Status {
        let mut alarms = all();
        change(&mut alarms);
        super::alarms(&deployment(), &source(), Some("topic"), &Looked::Found(alarms)).status
    }

    #[test]
    fn alarms_are_all_there_loud_and_quiet() {
        assert_eq!(all().len(), 3);
        assert_eq!(judged(|_| ()), Status::Ok);
        assert_eq!(judged(|all| drop(all.pop())), Status::Problem);
        assert_eq!(judged(|all| all[1].tells = false), Status::Problem);
        assert_eq!(judged(|all| all[1].actions.clear()), Status::Problem);
        assert_eq!(judged(|all| all[2].state = "ALARM".to_owned()), Status::Warning);
    }

    #[test]
    fn a_watchdog_that_stopped_looking_is_a_problem() {
        let now: DateTime<Utc> = "2026-11-21T12:00:00Z".parse().unwrap();
        let judged = |minutes| points(&Looked::Found((now - TimeDelta::minutes(minutes), 3.0)), now).status;
        assert_eq!(judged(10), Status::Ok);
        assert_eq!(judged(61), Status::Problem);
        assert_eq!(points(&Looked::Absent, now).status, Status::Problem);
    }

    #[test]
    fn before_the_first_drill_nobody_knows_whether_it_connects() {
        assert_eq!(connecting(&Looked::Absent).status, Status::Unknown);
        assert_eq!(last_drill(&Looked::Absent).status, Status::Unknown);
    }
}
