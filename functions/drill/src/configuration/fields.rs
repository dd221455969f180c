//! How each type of the configuration is read: which fields are required, what holds when one
//! is absent, and which rules are on it.

use std::collections::BTreeMap;

use super::{
    BackupPolicy, Configuration, DatabaseSettings, Deadlines, Disposal, ExpectedValue, Freshness, Polling,
    QueryCheck, ReplicaSettings, Span, TableRules, across,
    document::{Node, Value},
    limits,
    read::{Read, Reader, Reported, record},
    rules::{self, between, count, short},
};
use crate::ids::SourceId;

/// Where a field belongs, for the one who wrote it elsewhere.
pub(super) const SECTIONS: &[(&str, &[&str])] = &[
    ("[backup]", BackupPolicy::FIELDS),
    ("[replica]", ReplicaSettings::FIELDS),
    ("[deadlines]", Deadlines::FIELDS),
    ("[polling]", Polling::FIELDS),
    ("[database]", DatabaseSettings::FIELDS),
    ("[defaults] or in a table's own rules", TableRules::FIELDS),
    ("a [[queries]]", QueryCheck::FIELDS),
    ("the top of the file, before the first [header]", Configuration::FIELDS),
];

record! {
    Configuration,
        whole across::table_names,
        whole across::unique_query_names,
        whole across::spans_agree;
    source: required;
    backup: optional(BackupPolicy::default);
    replica: required;
    deadlines: optional(Deadlines::default);
    polling: optional(Polling::default);
    database: required;
    defaults: optional(TableRules::default);
    tables: optional(BTreeMap::new), count(0, limits::TABLES_MAX);
    queries: optional(Vec::new), count(0, limits::QUERIES_MAX);
    accept_not_measured: optional(Vec::new), count(0, limits::ACCEPT_NOT_MEASURED_MAX), rules::accepted;
}

record! {
    BackupPolicy;
    max_age: optional(|| Self::default().max_age), between(Span::minutes(1), limits::BACKUP_AGE_MAX);
}

record! {
    ReplicaSettings;
    instance_class: required, rules::instance_class;
    subnet_group: required, rules::group_name;
    security_groups: required, count(1, limits::SECURITY_GROUPS_MAX), rules::security_groups;
    parameter_group: maybe, rules::group_name;
    storage_type: maybe, rules::storage_type;
    on_rejected: optional(Disposal::default);
    on_broken: optional(Disposal::default);
    extended_support: optional(bool::default);
    abandoned_max_age: optional(Self::default_abandoned_max_age),
        between(Span::minutes(1), limits::ABANDONED_AGE_MAX);
}

record! {
    Deadlines;
    available: optional(|| Self::default().available), between(Span::seconds(1), limits::DEADLINE_MAX);
    stopped: optional(|| Self::default().stopped), between(Span::seconds(1), limits::DEADLINE_MAX);
    gone: optional(|| Self::default().gone), between(Span::seconds(1), limits::DEADLINE_MAX);
}

record! {
    Polling, whole across::polling_order;
    first: optional(|| Self::default().first), between(Span::seconds(1), limits::POLL_FIRST_MAX);
    min: optional(|| Self::default().min), between(limits::POLL_MIN, limits::POLL_MAX);
    max: optional(|| Self::default().max), between(limits::POLL_MIN, limits::POLL_MAX);
}

record! {
    DatabaseSettings;
    name: required, short(limits::IDENTIFIER_MAX_BYTES);
    user: optional(Self::default_user), short(limits::IDENTIFIER_MAX_BYTES);
    connect_timeout: optional(Self::default_connect_timeout),
        between(Span::seconds(1), limits::CONNECT_TIMEOUT_MAX);
    statement_timeout: optional(Self::default_statement_timeout),
        between(Span::seconds(1), limits::STATEMENT_TIMEOUT_MAX);
}

record! {
    TableRules;
    min_rows: maybe;
    max_drop: maybe, rules::max_drop;
    fresh: maybe;
}

record! {
    Freshness;
    column: required, rules::column;
    within: required, between(Span::seconds(1), limits::FRESH_MAX);
}

record! {
    QueryCheck, whole across::query_expectation;
    name: required, short(limits::QUERY_NAME_MAX_BYTES);
    sql: required, rules::sql;
    equals: maybe;
    min: maybe;
    max: maybe;
}

impl Read for SourceId {
    fn read(node: &Node, reader: &mut Reader) -> Result<Self, Reported> {
        let text = String::read(node, reader)?;
        match Self::parse(&text) {
            Ok(id) => Ok(id),
            Err(error) => {
                let hint = if Self::parse(&text.to_lowercase()).is_ok() {
                    format!("RDS keeps identifiers in lower case: {:?}", text.to_lowercase())
                } else if text.starts_with("arn:") {
                    "write the DB instance identifier, which is the last part of the ARN".to_owned()
                } else {
                    "write the DB instance identifier as the RDS console shows it, like \"courses-prod\""
                        .to_owned()
                };
                reader.report(node, error.problem, hint);
                Err(Reported)
            }
        }
    }
}

impl Read for Span {
    fn read(node: &Node, reader: &mut Reader) -> Result<Self, Reported> {
        let (problem, hint) = match &node.value {
            Value::Text(text) => match Self::try_from(text.clone()) {
                Ok(span) => return Ok(span),
                Err(_) if text.trim().parse::<f64>().is_ok() => (
                    "has no unit".to_owned(),
                    format!("write one: \"{0}h\", \"{0}m\" or \"{0}s\"", text.trim()),
                ),
                Err(problem) => (
                    problem.strip_prefix(&format!("{text:?} ")).unwrap_or(&problem).to_owned(),
                    "write numbers with units, like \"26h\", \"90m\" or \"1h 30m\"".to_owned(),
                ),
            },
            Value::Integer(number) => (
                "is a number without a unit".to_owned(),
                format!("write it as text with its unit: \"{number}h\", \"{number}m\" or \"{number}s\""),
            ),
            _ => (
                format!("must be a span of time, but is {}", node.kind()),
                "write it as text with its unit, like \"26h\"".to_owned(),
            ),
        };
        reader.report(node, problem, hint);
        Err(Reported)
    }
}

impl Read for Disposal {
    fn read(node: &Node, reader: &mut Reader) -> Result<Self, Reported> {
        match &node.value {
            Value::Text(text) if text == "stop" => Ok(Self::Stop),
            Value::Text(text) if text == "delete" => Ok(Self::Delete),
            _ => {
                reader.report(
                    node,
                    "is neither stop nor delete",
                    "\"stop\" keeps the replica for a look, \"delete\" removes it at once",
                );
                Err(Reported)
            }
        }
    }
}

impl Read for ExpectedValue {
    fn read(node: &Node, reader: &mut Reader) -> Result<Self, Reported> {
        let (problem, hint) = match &node.value {
            Value::Boolean(value) => return Ok(Self::Boolean(*value)),
            Value::Text(text) => return Ok(Self::Text(text.clone())),
            Value::Float(number) if number.is_finite() => return Ok(Self::Number(*number)),
            Value::Integer(number) => match i64::try_from(*number) {
                Ok(number) => return Ok(Self::Integer(number)),
                Err(_) => ("doesn't fit a number of 64 bits".to_owned(), "put it in quotes"),
            },
            Value::Float(_) | Value::Instant(_) => {
                (format!("can't be compared as {}", node.kind()), "put it in quotes, as PostgreSQL prints it")
            }
            _ => (
                format!("must be one value, but is {}", node.kind()),
                "write text in quotes, a number, true or false",
            ),
        };
        reader.report(node, problem, hint);
        Err(Reported)
    }
}
