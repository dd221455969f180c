//! How each type of the configuration is read: which fields are required, what holds when one
//! is absent, and which rules are on it.

use std::collections::BTreeMap;

use super::{
    BackupPolicy, CatalogueEffects, Configuration, DatabaseSettings, Deadlines, Disposal, Effect,
    ExpectedValue, Freshness, HealthEffects, HeartbeatSettings, Level, Polling, PromotionSettings, Purge,
    QueryCheck, ReplicaSettings, Span, TableRules, across,
    document::{Node, Value},
    limits,
    read::{Read, Reader, Reported, record},
    rules::{self, between, count, on, short},
};
use chrono::NaiveDate;

use crate::ids::SourceId;

/// Where a field belongs, for the one who wrote it elsewhere.
pub(super) const SECTIONS: &[(&str, &[&str])] = &[
    ("[backup]", BackupPolicy::FIELDS),
    ("[replica]", ReplicaSettings::FIELDS),
    ("[promotion]", PromotionSettings::FIELDS),
    ("[heartbeat]", HeartbeatSettings::FIELDS),
    ("[deadlines]", Deadlines::FIELDS),
    ("[polling]", Polling::FIELDS),
    ("[database]", DatabaseSettings::FIELDS),
    ("[catalogue]", CatalogueEffects::FIELDS),
    ("[health]", HealthEffects::FIELDS),
    ("[defaults] or in a table's own rules", TableRules::FIELDS),
    ("a [[queries]]", QueryCheck::FIELDS),
    ("the top of the file, before the first [header]", Configuration::FIELDS),
];

record! {
    Configuration,
        whole on("tables", count(0, limits::TABLES_MAX)),
        whole on("queries", count(0, limits::QUERIES_MAX)),
        whole on("accept_not_measured", count(0, limits::ACCEPT_NOT_MEASURED_MAX)),
        whole on("accept_not_measured", rules::accepted),
        whole across::table_names,
        whole across::unique_query_names,
        whole across::accepted_queries_exist,
        whole across::spans_agree,
        whole across::digests_are_named,
        whole across::promotion_lets_in_somebody;
    source: required(r#"source = "courses-prod""#);
    backup: optional(BackupPolicy::default);
    replica: required("a section [replica] with instance_class, subnet_group and security_groups");
    promotion: maybe;
    heartbeat: maybe;
    deadlines: optional(Deadlines::default);
    polling: optional(Polling::default);
    database: required("a section [database] with name");
    level: optional(Level::default);
    catalogue: optional(CatalogueEffects::default);
    health: optional(HealthEffects::default);
    defaults: optional(TableRules::default);
    tables: optional(BTreeMap::new);
    queries: optional(Vec::new);
    accept_not_measured: optional(Vec::new);
}

record! {
    BackupPolicy;
    max_age: optional(|| Self::default().max_age), between(Span::minutes(1), limits::BACKUP_AGE_MAX);
}

record! {
    ReplicaSettings,
        whole on("security_groups", count(1, limits::SECURITY_GROUPS_MAX)),
        whole on("security_groups", rules::security_groups);
    instance_class: required(r#"instance_class = "db.t4g.medium""#), rules::instance_class;
    subnet_group: required(r#"subnet_group = "restore-drill""#), rules::group_name;
    security_groups: required(r#"security_groups = ["sg-0a1b2c3d4e5f60718"]"#);
    parameter_group: maybe, rules::group_name;
    storage_type: maybe, rules::storage_type;
    on_rejected: optional(Disposal::default);
    on_broken: optional(Disposal::default);
    extended_support: optional(bool::default);
    abandoned_max_age: optional(Self::default_abandoned_max_age),
        between(Span::minutes(1), limits::ABANDONED_AGE_MAX);
}

record! {
    PromotionSettings,
        whole on("security_groups", count(1, limits::SECURITY_GROUPS_MAX)),
        whole on("security_groups", rules::security_groups);
    security_groups: required(r#"security_groups = ["sg-0f1e2d3c4b5a69788"], the groups of production"#);
    parameter_group: maybe, rules::group_name;
    instance_class: maybe, rules::instance_class;
    backup_retention_days: optional(Self::default_backup_retention_days), rules::retention_days;
    multi_az: optional(Self::default_multi_az);
    deletion_protection: optional(Self::default_deletion_protection);
}

record! {
    HeartbeatSettings;
    secret: required(r#"secret = "restore-drill/main/courses-prod-heartbeat", the name of a secret that holds the address"#),
        rules::secret_name;
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
    name: required(r#"name = "courses""#), short(limits::IDENTIFIER_MAX_BYTES);
    user: optional(Self::default_user), short(limits::IDENTIFIER_MAX_BYTES);
    connect_timeout: optional(Self::default_connect_timeout),
        between(Span::seconds(1), limits::CONNECT_TIMEOUT_MAX);
    statement_timeout: optional(Self::default_statement_timeout),
        between(Span::seconds(1), limits::STATEMENT_TIMEOUT_MAX);
}

record! {
    TableRules, whole on("purges", count(0, limits::PURGES_MAX)), whole across::frozen_or_history;
    min_rows: maybe;
    max_drop: maybe, rules::max_drop;
    max_growth: maybe, rules::max_growth;
    drift: maybe;
    may_shrink: maybe;
    purges: optional(Vec::new);
    fresh: maybe;
    frozen: maybe;
    history: maybe, rules::column;
}

record! {
    Purge, whole across::purge_order;
    from: required(r#"from = "2026-12-01""#);
    to: required(r#"to = "2026-12-02""#);
    max_drop: required("max_drop = 0.3, the largest share of the rows that it may delete"), rules::max_drop;
}

record! {
    CatalogueEffects;
    default: maybe;
    added: maybe;
    schema: maybe;
    table: maybe;
    index: maybe;
    constraint: maybe;
    view: maybe;
    materialized_view: maybe;
    function: maybe;
    trigger: maybe;
    policy: maybe;
    sequence: maybe;
    partition: maybe;
    data_type: maybe;
    extension: maybe;
    role: maybe;
    grant: maybe;
    setting: maybe;
}

record! {
    HealthEffects;
    sequence: maybe;
    index_valid: maybe;
    constraint_valid: maybe;
    collation: maybe;
    unlogged: maybe;
    extension: maybe;
    wraparound: maybe;
}

record! {
    Freshness;
    column: required(r#"column = "created_at""#), rules::column;
    within: required(r#"within = "24h""#), between(Span::seconds(1), limits::FRESH_MAX);
}

record! {
    QueryCheck, whole across::query_expectation;
    name: required(r#"name = "no orphaned answers""#), short(limits::QUERY_NAME_MAX_BYTES);
    sql: required(r#"sql = "SELECT count(*) FROM orders""#), rules::sql;
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

impl Read for Level {
    fn read(node: &Node, reader: &mut Reader) -> Result<Self, Reported> {
        const LEVELS: [Level; 3] = [Level::Quick, Level::Standard, Level::Deep];
        if let Value::Text(text) = &node.value
            && let Some(level) = LEVELS.into_iter().find(|level| level.as_str() == text)
        {
            return Ok(level);
        }
        reader.report(
            node,
            "is none of quick, standard and deep",
            "\"quick\" counts rows, \"standard\" also compares indexes and the catalogue, \"deep\" reads everything",
        );
        Err(Reported)
    }
}

impl Read for Effect {
    fn read(node: &Node, reader: &mut Reader) -> Result<Self, Reported> {
        match &node.value {
            Value::Text(text) if text == "pass" => Ok(Self::Pass),
            Value::Text(text) if text == "warn" => Ok(Self::Warn),
            Value::Text(text) if text == "fail" => Ok(Self::Fail),
            _ => {
                reader.report(
                    node,
                    "is none of pass, warn and fail",
                    "\"pass\" writes it down, \"warn\" shows it, \"fail\" rejects the backup",
                );
                Err(Reported)
            }
        }
    }
}

impl Read for NaiveDate {
    fn read(node: &Node, reader: &mut Reader) -> Result<Self, Reported> {
        let (Value::Text(text) | Value::Instant(text)) = &node.value else {
            return reader.wrong_kind(node, "a day", "write it like \"2026-12-01\"");
        };
        text.parse().map_err(|_| {
            reader.report(node, "is not a day", "write it like \"2026-12-01\"");
            Reported
        })
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
            Value::Float(_) => {
                ("is not a finite number".to_owned(), "write it in quotes, as PostgreSQL prints it")
            }
            Value::Instant(_) => {
                ("is a date or time".to_owned(), "write it in quotes, as PostgreSQL prints it")
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
