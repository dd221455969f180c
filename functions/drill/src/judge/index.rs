//! Judging an index against its table: both must lead to the same rows.

use super::table::Tables;
use super::{finding, index_subject, measured};
use crate::evidence::{Finding, FindingStatus};
use crate::measurement::{Outcome, TableName, Value};

/// What an index leads to against what the heap holds. More by the index: rows are gone from the heap, as after
/// a zeroed page. Fewer: rows are not in the index, so that queries by it miss them.
pub(super) fn judge(table: &TableName, index: &str, outcome: &Outcome<Value>, tables: &Tables) -> Finding {
    let (check, subject) = ("index_count", index_subject(table, index));
    let expected = "the index leads to every row of its table and to no other";
    let by_index = match measured(outcome, Value::as_index, check, &subject, expected) {
        Ok(count) => count,
        Err(finding) => return finding,
    };
    let Some(by_heap) = by_index.rows_of_predicate.or_else(|| tables.rows(table)) else {
        let found =
            format!("not measured: {table} was not counted, the index leads to {} rows", by_index.rows);
        let not_measured = finding(check, subject, false, expected, found);
        return Finding { status: FindingStatus::NotMeasured, ..not_measured };
    };
    let rows = by_index.rows;
    if rows == by_heap {
        return finding(check, subject, true, expected, format!("{rows} rows of {table} both ways"));
    }
    let difference = rows.abs_diff(by_heap);
    let what = if rows > by_heap {
        format!("{difference} rows of {table} are gone: the index leads to {rows}, the heap holds {by_heap}")
    } else {
        format!(
            "{difference} rows of {table} are not in the index: it leads to {rows}, the heap holds {by_heap}"
        )
    };
    let blocks = match &by_index.blocks_without_rows {
        Some(blocks) if rows > by_heap => format!("; blocks of the heap without any row: {blocks}"),
        _ => String::new(),
    };
    let hint = if rows > by_heap {
        "the heap is damaged: compare the blocks with the source's before you trust any backup"
    } else {
        "the index is damaged: REINDEX it on the source, and look for duplicates that it let in"
    };
    Finding { hint: Some(hint.to_owned()), ..finding(check, subject, false, expected, what + &blocks) }
}
