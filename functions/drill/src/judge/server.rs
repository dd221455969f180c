//! Judging the server and the session: who answered, whether what must fail fails, whether anybody writes.

use super::{finding, measured};
use crate::backup::{Backup, bounded_list};
use crate::evidence::{Finding, FindingStatus};
use crate::measurement::{Activity, Outcome, ServerIdentity, Value};

/// The right that every role has in schema `public` through `PUBLIC` up to PostgreSQL 14, and in databases
/// that were upgraded from it (PostgreSQL 15 release notes). It says something about the source and nothing
/// about the backup, which it therefore doesn't reject.
const CREATE_IN_PUBLIC: &str = "create on schema public";

pub(super) fn warning_of_public(identity: &ServerIdentity) -> Option<String> {
    identity.excess_rights.iter().any(|right| right == CREATE_IN_PUBLIC).then(|| {
        format!(
            "role {} may create in schema public, as PUBLIC may; revoke it on the source: \
             REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            identity.role
        )
    })
}

pub(super) fn judge_identity(identity: &Outcome<Value>, backup: &Backup) -> Vec<Finding> {
    let expected = "TLS verify-full as a read-only role";
    let identity = match measured(identity, Value::as_identity, "connect", "server", expected) {
        Ok(identity) => identity,
        Err(finding) => return vec![finding],
    };
    let found = format!("{} as {} in {}", identity.tls, identity.role, identity.database);
    let (public, excess): (Vec<String>, Vec<String>) =
        identity.excess_rights.iter().cloned().partition(|right| right == CREATE_IN_PUBLIC);
    let role_found = match (excess.is_empty(), public.is_empty()) {
        (true, true) => "read rights only".to_owned(),
        (true, false) => format!("read rights only, and {CREATE_IN_PUBLIC} as PUBLIC may"),
        (false, _) => format!("also {}", bounded_list(&excess)),
    };
    let mut role = finding("role", &identity.role, excess.is_empty(), "read rights only", role_found);
    if !excess.is_empty() {
        role.hint = Some(format!("on the source: revoke these rights from {}", identity.role));
    }
    vec![
        finding("connect", "server", true, expected, found),
        role,
        finding(
            "version",
            "server",
            identity.server_version == backup.engine_version,
            format!("PostgreSQL {}, as the backup says", backup.engine_version),
            format!("PostgreSQL {}", identity.server_version),
        ),
    ]
}

/// The negative control: a drill whose sensors can't fail says nothing, so that what isn't as it must be here
/// makes it broken and not rejected.
pub(super) fn judge_control(outcome: &Outcome<Value>) -> Finding {
    let expected = "writing is refused, an error is reported, and a wrong count is noticed";
    let control = match measured(outcome, Value::as_control, "control", "server", expected) {
        Ok(control) => control,
        Err(finding) => return Finding { status: FindingStatus::NotMeasured, ..finding },
    };
    // The judge itself must reject a count that is off by one row.
    let is_off_by_one_noticed = super::table::is_short(control.rows, control.rows + 1);
    let problem = if control.writing_failed_with.as_deref() != Some(READ_ONLY_TRANSACTION) {
        Some(match &control.writing_failed_with {
            Some(state) => format!("writing failed with SQLSTATE {state} instead of {READ_ONLY_TRANSACTION}"),
            None => "the session could write".to_owned(),
        })
    } else if !control.is_error_reported {
        Some("a count over an error gave a number".to_owned())
    } else if control.rows == 0 {
        Some("the list of databases counted as empty".to_owned())
    } else if !is_off_by_one_noticed {
        Some("a count that is one row short passed".to_owned())
    } else {
        None
    };
    match problem {
        None => finding("control", "server", true, expected, "all of it, as it must be"),
        Some(problem) => Finding {
            status: FindingStatus::NotMeasured,
            hint: Some("the checks of this drill can't be trusted; tell the maintainers".to_owned()),
            ..finding(
                "control",
                "server",
                false,
                expected,
                format!("a check that must fail passed: {problem}"),
            )
        },
    }
}

/// `read_only_sql_transaction` (PostgreSQL documentation, appendix A).
const READ_ONLY_TRANSACTION: &str = "25006";

/// Whether anybody wrote while the checks ran: then they are not of one state of the backup.
pub(super) fn judge_activity(activity: &[Outcome<Activity>]) -> Finding {
    let expected = "nobody writes while the checks run";
    let not_measured = |found: String, hint: &str| Finding {
        status: FindingStatus::NotMeasured,
        hint: Some(hint.to_owned()),
        ..finding("quiescent", "server", false, expected, found)
    };
    let mut points = Vec::new();
    for point in activity {
        match point {
            Outcome::Measured { value } => points.push(value),
            Outcome::NotMeasured { reason, hint } => {
                return not_measured(format!("not measured: {reason}"), hint);
            }
            Outcome::Failed { reason } => return not_measured(format!("not measured: {reason}"), ""),
        }
    }
    let Some(first) = points.first() else {
        return not_measured("not measured: nobody looked".to_owned(), "");
    };
    if points.iter().all(|p| p.snapshot == first.snapshot) {
        let found = format!("snapshot {} before, between and after them", first.snapshot);
        return finding("quiescent", "server", true, expected, found);
    }
    let writes = points.iter().map(|p| p.writes).max().unwrap_or(first.writes).abs_diff(first.writes);
    if writes == 0 && points.iter().all(|p| p.writes == first.writes) {
        let found = "transactions of maintenance or of other databases, no row written in this one";
        return finding("quiescent", "server", true, expected, found);
    }
    not_measured(
        format!("not measured: {} rows were written meanwhile", writes.max(1)),
        "look for jobs that run in the replica, such as pg_cron or a subscription, and for its security group",
    )
}
