//! Judging the structure of heaps and indexes, and foreign keys.

use super::{finding, index_subject, measured};
use crate::evidence::Finding;
use crate::measurement::{Outcome, TableName, Value};

pub(super) fn judge_heap(table: &TableName, outcome: &Outcome<Value>) -> Finding {
    judge_corruption("heap", &table.to_string(), "no corruption in heap and toast", outcome)
}

pub(super) fn judge_btree(table: &TableName, index: &str, outcome: &Outcome<Value>) -> Finding {
    let expected = "a B-tree in order, with every row of the heap, each key once if unique";
    judge_corruption("btree", &index_subject(table, index), expected, outcome)
}

fn judge_corruption(check: &str, subject: &str, expected: &str, outcome: &Outcome<Value>) -> Finding {
    match measured(outcome, Value::as_corruption, check, subject, expected) {
        Err(finding) => finding,
        Ok(corruption) if corruption.count == 0 => finding(check, subject, true, expected, "none"),
        Ok(corruption) => {
            let found = format!("{} corruptions: {}", corruption.count, corruption.first.join("; "));
            finding(check, subject, false, expected, found)
        }
    }
}

pub(super) fn judge_foreign_key(table: &TableName, constraint: &str, outcome: &Outcome<Value>) -> Finding {
    let (check, subject) = ("foreign_key", format!("{table} {constraint}"));
    let expected = "every row refers to one that is there";
    match measured(outcome, Value::as_orphans, check, &subject, expected) {
        Err(finding) => finding,
        Ok(orphans) if orphans.rows == 0 => finding(check, subject, true, expected, orphans.of.clone()),
        Ok(orphans) => {
            let found =
                format!("{} rows of {table} refer to rows that are gone: {}", orphans.rows, orphans.of);
            finding(check, subject, false, expected, found)
        }
    }
}
