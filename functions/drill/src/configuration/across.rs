//! Rules that look at more than one field: what is right alone can be wrong together.

use std::collections::BTreeMap;

use super::{
    Deadlines, Polling, ReplicaSettings, Span,
    document::{Node, Value},
    limits,
    mistake::nearest,
    read::{Reader, peek},
};

/// The shortest wait between looks can't be longer than the longest.
pub(super) fn polling_order(table: &Node, reader: &mut Reader) {
    let default = Polling::default();
    let (min, max) = (span(Some(table), "min", default.min), span(Some(table), "max", default.max));
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        let at = if table.field("min").is_some() { "min" } else { "max" };
        report_at(
            table,
            at,
            reader,
            format!("min is {min} and max is {max}"),
            "min can't be longer than max",
        );
    }
}

/// Exactly one way to say what a query must give.
pub(super) fn query_expectation(table: &Node, reader: &mut Reader) {
    let [equals, min, max] = ["equals", "min", "max"].map(|name| table.field(name));
    let range = min.is_some() || max.is_some();
    if equals.is_some() && range {
        let at = if min.is_some() { "min" } else { "max" };
        report_at(table, at, reader, "stands beside equals", "keep equals, or min and max, not both");
    } else if equals.is_none() && !range {
        reader.report_unseen(
            table.line,
            "doesn't say what the query must give",
            "add equals, or min, or max, or min and max",
        );
    }
    if let (Some(least), Some(most)) = (min.and_then(peek::<f64>), max.and_then(peek::<f64>))
        && least > most
    {
        report_at(table, "min", reader, format!("is more than max, {most}"), "swap the two");
    }
}

/// A table that never changes has no column along which it grows.
pub(super) fn frozen_or_history(table: &Node, reader: &mut Reader) {
    let is_frozen = table.field("frozen").and_then(peek::<bool>) == Some(true);
    if is_frozen && table.field("history").is_some() {
        report_at(table, "history", reader, "stands beside frozen", "keep frozen, or history, not both");
    }
}

/// Digests read all of a table and leave a value each in the plan, so their tables are named one by one.
pub(super) fn digests_are_named(root: &Node, reader: &mut Reader) {
    if let Some(defaults) = root.field("defaults") {
        for name in ["frozen", "history"] {
            if defaults.field(name).is_some() {
                let (problem, hint) = (
                    "holds for every table",
                    "write it into each table's own rules: [tables.\"public.orders\"]",
                );
                reader.in_field("defaults", |reader| report_at(defaults, name, reader, problem, hint));
            }
        }
    }
    let Some(tables) = root.field("tables") else { return };
    let Value::Table(entries) = &tables.value else { return };
    let count = entries.iter().filter(|entry| entry.node.field("history").is_some()).count();
    if count > limits::HISTORIES_MAX {
        reader.in_field("tables", |reader| {
            reader.report_unseen(
                tables.line,
                format!("has {count} tables with history"),
                format!("{} are the most", limits::HISTORIES_MAX),
            );
        });
    }
}

/// Production that only the verifier can reach is no production: the isolated replica's groups are others.
pub(super) fn promotion_lets_in_somebody(root: &Node, reader: &mut Reader) {
    let groups = |section: &str| {
        let groups: Option<Vec<String>> = root.field(section)?.field("security_groups").and_then(peek);
        groups.filter(|groups| !groups.is_empty())
    };
    let (Some(isolated), Some(wanted)) = (groups("replica"), groups("promotion")) else { return };
    if wanted.iter().all(|group| isolated.contains(group)) {
        report_in(
            root,
            ["promotion", "security_groups"],
            ["promotion", "security_groups"],
            reader,
            "are those of the isolated replica, which let in the verifier alone".to_owned(),
            "name the groups that let production's applications in",
        );
    }
}

/// A planned deletion ends after it began.
pub(super) fn purge_order(purge: &Node, reader: &mut Reader) {
    let [from, to] = ["from", "to"].map(|name| purge.field(name).and_then(peek::<chrono::NaiveDate>));
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        report_at(purge, "from", reader, format!("is after to, {to}"), "swap the two");
    }
}

/// The names of the queries identify their findings from one drill to the next.
pub(super) fn unique_query_names(root: &Node, reader: &mut Reader) {
    let Some(Value::List(queries)) = root.field("queries").map(|node| &node.value) else { return };
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, query) in queries.iter().enumerate() {
        let Some(node) = query.field("name") else { continue };
        let Value::Text(name) = &node.value else { continue };
        let Some(first) = seen.get(name.as_str()) else {
            seen.insert(name, index);
            continue;
        };
        let problem = match queries[*first].line {
            Some(line) => format!("is the name of the query on line {line} too"),
            None => format!("is the name of queries[{first}] too"),
        };
        let hint = "give each query a name of its own; drills are compared by it";
        reader.in_field("queries", |reader| {
            reader.in_item(index, |reader| {
                reader.in_field("name", |reader| reader.report(node, problem, hint));
            });
        });
    }
}

/// A query that may stay unmeasured is one that there is: else the entry would have no effect.
pub(super) fn accepted_queries_exist(root: &Node, reader: &mut Reader) {
    let Some(Value::List(accepted)) = root.field("accept_not_measured").map(|node| &node.value) else {
        return;
    };
    let names: Vec<&str> = match root.field("queries").map(|node| &node.value) {
        Some(Value::List(queries)) => queries
            .iter()
            .filter_map(|query| match &query.field("name")?.value {
                Value::Text(name) => Some(name.as_str()),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    for (index, node) in accepted.iter().enumerate() {
        let Value::Text(text) = &node.value else { continue };
        let Some(name) = text.strip_prefix("query ") else { continue };
        if name.is_empty() || names.contains(&name) {
            continue;
        }
        let hint = match nearest(name, &names) {
            Some(near) => format!("did you mean \"query {near}\"?"),
            None => "name a query of [[queries]], or remove the entry".to_owned(),
        };
        reader.in_field("accept_not_measured", |reader| {
            reader.in_item(index, |reader| reader.report(node, "names a query that there isn't", hint));
        });
    }
}

/// The names of tables, each `schema.table` as the report prints it.
pub(super) fn table_names(root: &Node, reader: &mut Reader) {
    let Some(Value::Table(tables)) = root.field("tables").map(|node| &node.value) else { return };
    for table in tables {
        let name = &table.name;
        let dots = name.char_indices().filter(|(_, c)| *c == '.').map(|(at, _)| at);
        // Both names may hold dots themselves, so any dot may be the one between them.
        let fits = dots.into_iter().any(|at| {
            (1..=limits::IDENTIFIER_MAX_BYTES).contains(&at)
                && (1..=limits::IDENTIFIER_MAX_BYTES).contains(&(name.len() - at - 1))
        });
        // A nested table is the mark of a name without quotes, which is reported where it stands.
        let nested = matches!(&table.node.value, Value::Table(entries) if entries.iter().any(|entry| {
            matches!(entry.node.value, Value::Table(_)) && entry.name != "fresh"
        }));
        if (fits && !name.contains('\0')) || (nested && !name.contains('.')) {
            continue;
        }
        let hint = if name.is_empty() || name.contains(['.', '\0']) {
            "the schema, a dot and the table, as the report prints it: [tables.\"public.orders\"]".to_owned()
        } else {
            format!("write the schema too: [tables.\"public.{name}\"]")
        };
        reader.in_field("tables", |reader| {
            reader.in_field(name, |reader| {
                reader.report_unseen(table.line, "is not a table's name with its schema", hint);
            });
        });
    }
}

/// What the spans must be to each other, over the whole configuration.
pub(super) fn spans_agree(root: &Node, reader: &mut Reader) {
    let (deadlines, polling, replica) =
        (root.field("deadlines"), root.field("polling"), root.field("replica"));
    let default = Deadlines::default();
    let spans = [("available", default.available), ("stopped", default.stopped), ("gone", default.gone)]
        .map(|(name, default)| span(deadlines, name, default));
    let [Some(available), Some(stopped), Some(gone)] = spans else { return };
    // Spans that nobody could wait for can be written, and their sum must not come round to a small one.
    let each = [available, stopped, gone].map(Span::as_secs);
    let total = Span::seconds(each.into_iter().fold(0, u64::saturating_add));
    if total > limits::WAITING_MAX {
        let (problem, hint) = (
            format!("all deadlines together are {total}, at most {} fit a drill", limits::WAITING_MAX),
            "make the deadlines shorter",
        );
        report_in(root, ["deadlines", "available"], ["deadlines", "stopped"], reader, problem, hint);
        return;
    }

    if let Some(first) = span(polling, "first", Polling::default().first)
        && first >= available
    {
        let (problem, hint) = (
            format!("the first look, after {first}, comes too late for deadlines.available, {available}"),
            "make polling.first shorter, or the deadline longer",
        );
        report_in(root, ["polling", "first"], ["deadlines", "available"], reader, problem, hint);
    }
    if let Some(max) = span(polling, "max", Polling::default().max)
        && max > Span::seconds(0)
        && total.as_secs() / max.as_secs() > limits::LOOKS_MAX
    {
        let (problem, hint) = (
            format!(
                "waiting for up to {total} with a look at least every {max} outgrows Step Functions' history"
            ),
            "make polling.max longer, or the deadlines shorter",
        );
        report_in(root, ["polling", "max"], ["deadlines", "available"], reader, problem, hint);
    }
    if let Some(age) = span(replica, "abandoned_max_age", ReplicaSettings::default_abandoned_max_age())
        && age.as_secs() <= available.as_secs() + stopped.as_secs()
    {
        let alive = Span::seconds(available.as_secs() + stopped.as_secs());
        let (problem, hint) = (
            format!("the sweep would delete after {age} what a drill may be waiting for until {alive}"),
            "make replica.abandoned_max_age longer, or deadlines.available and deadlines.stopped shorter",
        );
        report_in(root, ["replica", "abandoned_max_age"], ["deadlines", "available"], reader, problem, hint);
    }
}

/// A span of a table, or what holds when it's absent; `None` when it can't be read.
fn span(table: Option<&Node>, name: &str, default: Span) -> Option<Span> {
    match table.and_then(|table| table.field(name)) {
        Some(node) => peek(node),
        None => Some(default),
    }
}

fn report_at(
    table: &Node,
    name: &str,
    reader: &mut Reader,
    problem: impl Into<String>,
    hint: impl Into<String>,
) {
    reader.in_field(name, |reader| match table.field(name) {
        Some(node) => reader.report(node, problem, hint),
        None => reader.report_unseen(table.line, problem, hint),
    });
}

/// Reports at the first of two fields, or at the second when only that one was written.
fn report_in(
    root: &Node,
    first: [&str; 2],
    second: [&str; 2],
    reader: &mut Reader,
    problem: String,
    hint: &str,
) {
    let written =
        |[section, name]: [&str; 2]| root.field(section).is_some_and(|node| node.field(name).is_some());
    let [section, name] = if !written(first) && written(second) { second } else { first };
    reader.in_field(section, |reader| match root.field(section) {
        Some(table) => report_at(table, name, reader, problem, hint),
        None => reader.in_field(name, |reader| reader.report_unseen(root.line, problem, hint)),
    });
}
