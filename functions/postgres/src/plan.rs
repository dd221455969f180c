//! What a plan of the planner reads: proof that a count is made from the heap, or from an index.

use drill::measurement::TableName;
use serde_json::Value;

/// Which rows of a heap a scan has to give.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part<'a> {
    /// Every row.
    Whole,
    /// The rows in a range of blocks: the condition as EXPLAIN prints it.
    Blocks(&'a str),
    /// The rows that meet a condition of ours.
    Condition,
}

/// The scan in a plan of EXPLAIN (FORMAT JSON, VERBOSE) when it reads the rows from the table's heap and
/// from nothing else: `Seq Scan`, `Parallel Seq Scan`, or for a range of blocks `Tid Range Scan`.
///
/// Only nodes that pass every row on may stand above the scan. Whatever this version doesn't know is refused:
/// an extension's own scan, a node of a later PostgreSQL.
///
/// # Errors
/// What was found instead, in words.
pub(crate) fn heap_scan(explained: &Value, table: &TableName, part: Part<'_>) -> Result<String, String> {
    let node = scan(explained)?;
    let kind = text(node, "Node Type");
    match (part, kind) {
        (Part::Whole | Part::Condition, "Seq Scan") | (Part::Blocks(_), "Tid Range Scan") => {}
        _ => return Err(format!("the planner chose {kind}")),
    }
    of_table(node, table)?;
    if let Part::Blocks(condition) = part
        && text(node, "TID Cond") != condition
    {
        return Err(format!("the scan is of {}", text(node, "TID Cond")));
    }
    // A condition that isn't ours would leave rows out: a row-level policy, a view of an extension.
    if !matches!(part, Part::Condition) && !node["Filter"].is_null() {
        return Err("the scan has a condition".to_owned());
    }
    let parallel = if node["Parallel Aware"].as_bool().unwrap_or(false) { "Parallel " } else { "" };
    Ok(format!("{parallel}{kind}"))
}

/// Whether a plan reads every row from the index and from nothing else, but for the heap's blocks that aren't
/// all-visible; or if a range of it was asked for, the rows of a range.
///
/// # Errors
/// What was found instead, in words.
pub(crate) fn index_scan(
    explained: &Value,
    table: &TableName,
    index: &str,
    is_range: bool,
) -> Result<(), String> {
    let node = scan(explained)?;
    let kind = text(node, "Node Type");
    if kind != "Index Only Scan" {
        return Err(format!("the planner chose {kind}"));
    }
    of_table(node, table)?;
    if text(node, "Index Name") != index {
        return Err(format!("the planner chose index {}", text(node, "Index Name")));
    }
    // A range is where the scan begins and ends, and not which of the rows it leaves out.
    if !node["Filter"].is_null() || node["Index Cond"].is_null() == is_range {
        let problem = if is_range { "isn't of a range" } else { "has a condition" };
        return Err(format!("the scan {problem}"));
    }
    Ok(())
}

/// The node of a plan below those that pass every row on, or count them.
fn scan(explained: &Value) -> Result<&Value, String> {
    let mut node = &explained[0]["Plan"];
    loop {
        let kind = text(node, "Node Type");
        match kind {
            "Aggregate" | "Gather" | "Gather Merge" | "Subquery Scan" => {}
            "" => return Err("a plan without nodes".to_owned()),
            _ => return Ok(node),
        }
        if !node["Filter"].is_null() {
            return Err(format!("{kind} has a condition"));
        }
        node = match node["Plans"].as_array().map(Vec::as_slice) {
            Some([only]) => only,
            _ => return Err(format!("{kind} over several scans")),
        };
    }
}

fn of_table(node: &Value, table: &TableName) -> Result<(), String> {
    if text(node, "Schema") == table.schema && text(node, "Relation Name") == table.table {
        return Ok(());
    }
    Err(format!("the scan is of {}.{}", text(node, "Schema"), text(node, "Relation Name")))
}

fn text<'a>(node: &'a Value, key: &str) -> &'a str {
    node[key].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const RANGE: &str = "((counted.ctid >= '(0,0)'::tid) AND (counted.ctid < '(8,0)'::tid))";

    fn table() -> TableName {
        TableName { schema: "public".to_owned(), table: "answer".to_owned() }
    }

    fn scan(kind: &str) -> Value {
        json!({"Node Type": kind, "Schema": "public", "Relation Name": "answer", "Parallel Aware": false})
    }

    fn counted(child: &Value) -> Value {
        json!([{"Plan": {"Node Type": "Aggregate", "Plans": [child]}}])
    }

    fn with(mut node: Value, key: &str, value: &str) -> Value {
        node[key] = json!(value);
        node
    }

    fn whole(node: &Value) -> Result<String, String> {
        heap_scan(&counted(node), &table(), Part::Whole)
    }

    fn range(node: &Value) -> Result<String, String> {
        heap_scan(&counted(node), &table(), Part::Blocks(RANGE))
    }

    fn by_index(node: &Value) -> Result<(), String> {
        index_scan(&counted(node), &table(), "answer_pkey", false)
    }

    #[test]
    fn a_scan_of_the_heap_is_proof() {
        assert_eq!(whole(&scan("Seq Scan")).unwrap(), "Seq Scan");
    }

    #[test]
    fn workers_that_share_a_scan_are_proof() {
        let mut shared = scan("Seq Scan");
        shared["Parallel Aware"] = json!(true);
        let gathered =
            json!({"Node Type": "Gather", "Plans": [{"Node Type": "Aggregate", "Plans": [shared]}]});
        assert_eq!(whole(&gathered).unwrap(), "Parallel Seq Scan");
    }

    #[test]
    fn an_index_or_an_unknown_node_is_no_proof() {
        for kind in ["Index Only Scan", "Tid Range Scan", "Custom Scan", "Foreign Scan", "Append", "Result"] {
            assert_eq!(whole(&scan(kind)).unwrap_err(), format!("the planner chose {kind}"));
        }
        assert!(heap_scan(&json!([]), &table(), Part::Whole).is_err());
    }

    #[test]
    fn a_condition_or_another_table_is_no_proof() {
        let filtered = with(scan("Seq Scan"), "Filter", "(owner = CURRENT_USER)");
        assert!(whole(&filtered).is_err());
        assert!(heap_scan(&counted(&filtered), &table(), Part::Condition).is_ok(), "unless it is ours");
        assert!(whole(&with(scan("Seq Scan"), "Relation Name", "other")).is_err());
        let above = json!({"Node Type": "Subquery Scan", "Filter": "(x > 1)", "Plans": [scan("Seq Scan")]});
        assert!(whole(&above).is_err());
    }

    #[test]
    fn a_range_of_blocks_is_proven_by_a_scan_of_exactly_that_range() {
        let right = with(scan("Tid Range Scan"), "TID Cond", RANGE);
        assert_eq!(range(&right).unwrap(), "Tid Range Scan");
        for wrong in [
            scan("Tid Range Scan"),
            with(scan("Tid Range Scan"), "TID Cond", "(counted.ctid >= '(0,0)'::tid)"),
            with(right.clone(), "Filter", "(x > 1)"),
            with(right.clone(), "Relation Name", "other"),
            with(scan("Tid Scan"), "TID Cond", RANGE),
            with(scan("Seq Scan"), "Filter", RANGE),
            scan("Seq Scan"),
        ] {
            assert!(range(&wrong).is_err(), "{wrong}");
        }
        assert!(whole(&right).is_err(), "and is no proof of a whole count");
    }

    #[test]
    fn a_count_by_an_index_is_proven_by_a_scan_of_exactly_that_index() {
        let right = with(scan("Index Only Scan"), "Index Name", "answer_pkey");
        by_index(&right).unwrap();
        for wrong in [
            with(scan("Index Scan"), "Index Name", "answer_pkey"),
            with(scan("Index Only Scan"), "Index Name", "answer_other"),
            with(right.clone(), "Index Cond", "(id > 1)"),
            with(right.clone(), "Filter", "(id > 1)"),
            with(right.clone(), "Schema", "other"),
            scan("Seq Scan"),
        ] {
            assert!(by_index(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_range_of_an_index_is_where_the_scan_begins_and_ends() {
        let whole = with(scan("Index Only Scan"), "Index Name", "answer_pkey");
        let range = with(whole.clone(), "Index Cond", "(id > 1)");
        let by_range = |node: &Value| index_scan(&counted(node), &table(), "answer_pkey", true);
        by_range(&range).unwrap();
        for wrong in [whole.clone(), with(whole, "Filter", "(id > 1)"), with(range, "Filter", "(id > 2)")] {
            assert!(by_range(&wrong).is_err(), "{wrong}");
        }
    }
}
