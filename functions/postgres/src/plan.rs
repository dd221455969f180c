//! What a plan of the planner reads: proof that a count is made from the heap.

use drill::measurement::TableName;
use serde_json::Value;

/// The scan in a plan of EXPLAIN (FORMAT JSON, VERBOSE) when it reads every row of the table's heap
/// and nothing else: `Seq Scan` or `Parallel Seq Scan`.
///
/// Only nodes that pass every row on may stand above the scan, and the scan may have no condition.
/// Whatever this version doesn't know is refused: an extension's own scan, a node of a later PostgreSQL.
///
/// # Errors
/// What was found instead, in words.
pub(crate) fn heap_scan(explained: &Value, table: &TableName) -> Result<String, String> {
    let mut node = &explained[0]["Plan"];
    loop {
        let kind = text(node, "Node Type");
        match kind {
            "Aggregate" | "Gather" => {}
            "Seq Scan" => return whole_scan(node, table),
            "" => return Err("a plan without nodes".to_owned()),
            other => return Err(format!("the planner chose {other}")),
        }
        node = match node["Plans"].as_array().map(Vec::as_slice) {
            Some([only]) => only,
            _ => return Err(format!("{kind} over several scans")),
        };
    }
}

fn whole_scan(node: &Value, table: &TableName) -> Result<String, String> {
    if text(node, "Schema") != table.schema || text(node, "Relation Name") != table.table {
        return Err(format!("the scan is of {}.{}", text(node, "Schema"), text(node, "Relation Name")));
    }
    // A condition would leave rows out: a row-level policy, a view of an extension.
    if !node["Filter"].is_null() {
        return Err("the scan has a condition".to_owned());
    }
    let parallel = node["Parallel Aware"].as_bool().unwrap_or(false);
    Ok(if parallel { "Parallel Seq Scan" } else { "Seq Scan" }.to_owned())
}

fn text<'a>(node: &'a Value, key: &str) -> &'a str {
    node[key].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn table() -> TableName {
        TableName { schema: "public".to_owned(), table: "answer".to_owned() }
    }

    fn scan(kind: &str) -> Value {
        json!({"Node Type": kind, "Schema": "public", "Relation Name": "answer", "Parallel Aware": false})
    }

    fn counted(child: &Value) -> Value {
        json!([{"Plan": {"Node Type": "Aggregate", "Plans": [child]}}])
    }

    #[test]
    fn a_scan_of_the_heap_is_proof() {
        assert_eq!(heap_scan(&counted(&scan("Seq Scan")), &table()).unwrap(), "Seq Scan");
    }

    #[test]
    fn workers_that_share_a_scan_are_proof() {
        let mut shared = scan("Seq Scan");
        shared["Parallel Aware"] = json!(true);
        let gathered =
            json!({"Node Type": "Gather", "Plans": [{"Node Type": "Aggregate", "Plans": [shared]}]});
        assert_eq!(heap_scan(&counted(&gathered), &table()).unwrap(), "Parallel Seq Scan");
    }

    #[test]
    fn an_index_or_an_unknown_node_is_no_proof() {
        for kind in ["Index Only Scan", "Custom Scan", "Foreign Scan", "Append", "Result"] {
            assert_eq!(
                heap_scan(&counted(&scan(kind)), &table()).unwrap_err(),
                format!("the planner chose {kind}")
            );
        }
        assert!(heap_scan(&json!([]), &table()).is_err());
    }

    #[test]
    fn a_condition_or_another_table_is_no_proof() {
        let mut filtered = scan("Seq Scan");
        filtered["Filter"] = json!("(owner = CURRENT_USER)");
        assert!(heap_scan(&counted(&filtered), &table()).is_err());
        let mut other = scan("Seq Scan");
        other["Relation Name"] = json!("other");
        assert!(heap_scan(&counted(&other), &table()).is_err());
    }
}
