//! What should have been measured and wasn't there: tables that are gone, queries that nobody asked.

use std::collections::BTreeMap;

use super::table::Tables;
use super::{Basis, finding, rows_before};
use crate::evidence::{Finding, FindingStatus};
use crate::measurement::{Measurement, Unit};

/// What a name that was never a table's may be.
const PARTITIONED: &str =
    "name it as schema.table; rules for a partitioned table go to its partitions, which have the rows";

/// Tables that were there and are gone, tables that have rules and don't exist, queries that didn't run, and a
/// database in which there is nothing.
pub(super) fn judge(measurements: &[Measurement], tables: &Tables, basis: Basis<'_>) -> Vec<Finding> {
    let before = rows_before(basis.baseline);
    let mut absent: BTreeMap<&str, String> = basis
        .configuration
        .tables
        .keys()
        .filter(|table| !tables.has(table))
        .map(|table| (table.as_str(), "a table, as the configuration has rules for it".to_owned()))
        .collect();
    for (table, rows) in &before {
        if !tables.has(table) {
            absent.insert(table, format!("a table, as there was one with {rows} rows"));
        }
    }
    let absent = absent.into_iter().map(|(table, expected)| {
        let is_new = !before.contains_key(table);
        Finding {
            hint: is_new.then(|| PARTITIONED.to_owned()),
            ..finding("rows", table, false, expected, "no such table")
        }
    });
    let is_asked = |name: &str| {
        measurements.iter().any(|m| matches!(&m.unit, Unit::Query { name: asked } if asked == name))
    };
    let not_asked = |check: &str, subject: &str, expected: &str| Finding {
        status: FindingStatus::NotMeasured,
        ..finding(check, subject, false, expected, "not measured: nobody asked")
    };
    let queries = basis
        .configuration
        .queries
        .iter()
        .filter(|q| !is_asked(&q.name))
        .map(|q| not_asked("query", &q.name, "a value"));
    let has = |unit: &Unit| measurements.iter().any(|m| m.unit == *unit);
    let identity = (!has(&Unit::Identity)).then(|| not_asked("connect", "server", "a server"));
    let control = (!has(&Unit::Control)).then(|| not_asked("control", "server", "what must fail fails"));
    let fresh = tables.names().filter_map(|table| {
        let column = basis.configuration.rules_for(table).fresh?.column;
        let is_read = |m: &Measurement| matches!(&m.unit, Unit::Newest { table: of, column: c } if of.to_string() == table && *c == column);
        let is_absent = !measurements.iter().any(is_read);
        is_absent.then(|| not_asked("fresh", &format!("{table}.{column}"), "a newest row"))
    });
    let is_something = |m: &Measurement| matches!(m.unit, Unit::Rows { .. } | Unit::Query { .. });
    // A database without a table and without a query of one's own proves nothing: it is the wrong one or empty.
    let nothing = (!measurements.iter().any(is_something)).then(|| Finding {
        hint: Some("see that database.name is the one that holds the data".to_owned()),
        ..finding("rows", "the database", false, "at least one table", "no table, and no query to ask")
    });
    absent.chain(queries).chain(fresh).chain(identity).chain(control).chain(nothing).collect()
}
