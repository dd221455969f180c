//! Judging digests of rows: what must not change hasn't.

use super::{Basis, finding, finding_with_effect, measured};
use crate::configuration::Effect;
use crate::evidence::{Finding, FindingStatus, TableDigest};
use crate::measurement::{DigestScope, DigestValue, Outcome, RowDigest, TableName, Value};

pub(super) fn judge(
    table: &TableName,
    scope: &DigestScope,
    outcome: &Outcome<Value>,
    basis: Basis<'_>,
) -> Finding {
    let (check, subject) = ("digest", table.to_string());
    let before = before(&subject, scope, basis);
    let expected = match (&before, scope) {
        (None, _) => "any rows, as there is no digest of them yet".to_owned(),
        (Some(before), DigestScope::Frozen) => format!("the same {} rows as before", before.of.rows),
        (Some(before), DigestScope::History { column, .. }) => {
            let until = before.newest.as_deref().unwrap_or("none");
            format!("the same {} rows with {column} up to {until}", before.of.rows)
        }
    };
    let digest = match measured(outcome, Value::as_digest, check, &subject, &expected) {
        Ok(digest) => digest,
        Err(finding) => return finding,
    };
    let Some(before) = before else {
        return finding(check, subject, true, expected, format!("{} rows", digest.whole.rows));
    };
    if before.method != digest.method {
        // A new major version or a new column: from here on tonight's digest is what later ones must equal.
        let found = format!("not compared: made by {:?}, before by {:?}", digest.method, before.method);
        return finding_with_effect(check, subject, Effect::Warn, expected, found);
    }
    compare(&subject, &expected, &before.of, now(digest, scope))
}

/// The digest of the same rows tonight.
fn now<'a>(digest: &'a DigestValue, scope: &DigestScope) -> Option<&'a RowDigest> {
    match scope {
        DigestScope::Frozen => Some(&digest.whole),
        DigestScope::History { .. } => digest.until.as_ref(),
    }
}

fn compare(subject: &str, expected: &str, before: &RowDigest, now: Option<&RowDigest>) -> Finding {
    let Some(now) = now else {
        return Finding {
            status: FindingStatus::NotMeasured,
            ..finding("digest", subject, false, expected, "not measured: no digest of the same rows was made")
        };
    };
    let found = if now == before {
        format!("the same {} rows", now.rows)
    } else if now.rows == before.rows {
        format!("{} rows as before, but not the same: values were changed", now.rows)
    } else if now.rows < before.rows {
        format!("{} rows: {} are gone", now.rows, before.rows - now.rows)
    } else {
        format!("{} rows: {} were added among them", now.rows, now.rows - before.rows)
    };
    finding("digest", subject, now == before, expected, found)
}

/// The baseline's digest of the table, when it was made of the same rows.
fn before<'a>(table: &str, scope: &DigestScope, basis: Basis<'a>) -> Option<&'a TableDigest> {
    let rows = basis.baseline?.evidence.tables.iter().find(|t| t.table == table)?;
    let digest = rows.digest.as_ref()?;
    let column = match scope {
        DigestScope::Frozen => None,
        DigestScope::History { column, .. } => Some(column),
    };
    // A history without rows has no newest one; then there is nothing yet that must stay.
    let is_usable = digest.column.as_ref() == column && (column.is_none() || digest.newest.is_some());
    is_usable.then_some(digest)
}
