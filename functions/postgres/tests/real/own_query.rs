//! Somebody's own SQL, with both locks closed: values of every type, what isn't one value, and what is
//! refused. What the second lock holds alone is in `second_lock.rs`.

use drill::own_sql;
use drill::ports::{MeasureError, Session};
use restore_drill_postgres::PostgresSession;
use serde::Deserialize;

use crate::support::{Database, READER, STRANGER};

const TABLE: &str = "CREATE TABLE t (x int); INSERT INTO t VALUES (1), (2), (3);
    CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE TYPE pair AS (a int, b text);
    CREATE TABLE odd (m mood, p pair, b bytea); INSERT INTO odd VALUES ('good', row(1, 'x'), '\\x00ff');
    CREATE FUNCTION tells() RETURNS int LANGUAGE plpgsql AS
        'BEGIN RAISE EXCEPTION ''the secret is 42''; END';
    CREATE VIEW telling AS SELECT tells() AS x";

#[derive(Deserialize)]
struct Good {
    setup: String,
    query: Vec<GoodQuery>,
}

#[derive(Deserialize)]
struct GoodQuery {
    sql: String,
    value: Option<String>,
}

#[derive(Deserialize)]
struct Escapes {
    escape: Vec<Escape>,
}

#[derive(Deserialize)]
struct Escape {
    sql: String,
    refused: String,
}

async fn failure(session: &mut PostgresSession, sql: &str) -> String {
    match session.own_query(sql).await {
        Err(MeasureError::Failed(text)) => text,
        other => panic!("{sql}: {other:?}"),
    }
}

#[tokio::test]
async fn queries_as_people_write_them_give_their_values() {
    let good: Good = toml::from_str(include_str!("../../../drill/tests/own_sql/good.toml")).unwrap();
    let name = "queries_as_people_write_them_give_their_values";
    let Some(database) = Database::make(name, &good.setup).await else { return };
    let mut session = database.session(READER).await;
    for GoodQuery { sql, value } in good.query {
        assert_eq!(session.own_query(&sql).await, Ok(value), "{sql}");
    }
}

/// Functions of the list that came with PostgreSQL 15 and 16.
const NEWER: &[&str] = &[
    "any_value",
    "date_add",
    "date_subtract",
    "regexp_count",
    "regexp_instr",
    "regexp_like",
    "regexp_substr",
];

/// Functions of the list whose result can change within a statement.
const CHANGING: &[&str] = &[
    "clock_timestamp",
    "pg_database_size",
    "pg_indexes_size",
    "pg_is_in_recovery",
    "pg_relation_size",
    "pg_table_size",
    "pg_total_relation_size",
    "random",
    // Of a time without a date, before PostgreSQL 15.
    "timezone",
];

#[tokio::test]
async fn each_name_of_the_lists_is_postgresqls_own_and_says_that_it_changes_nothing() {
    let name = "each_name_of_the_lists_is_postgresqls_own_and_says_that_it_changes_nothing";
    let Some(database) = Database::make(name, "").await else { return };
    let names = async |sql: &str, listed: &[&str]| -> Vec<String> {
        let listed: Vec<&str> = listed.to_vec();
        let rows = database.admin.query(sql, &[&listed]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    let functions: Vec<&str> = own_sql::allowed_functions().collect();
    let missing = "SELECT name FROM unnest($1::text[]) AS name WHERE NOT EXISTS (SELECT FROM pg_proc
        WHERE proname = name AND pronamespace = 'pg_catalog'::regnamespace) ORDER BY 1";
    let missing = names(missing, &functions).await;
    let newer: &[&str] = if database.server.version < 16 { NEWER } else { &[] };
    assert!(missing.iter().all(|name| newer.contains(&name.as_str())), "{missing:?}");

    let volatile = "SELECT DISTINCT proname::text FROM pg_proc WHERE provolatile = 'v' AND proname = ANY ($1)
        AND pronamespace = 'pg_catalog'::regnamespace ORDER BY 1";
    let volatile = names(volatile, &functions).await;
    assert!(volatile.iter().all(|name| CHANGING.contains(&name.as_str())), "{volatile:?}");

    let operators: Vec<&str> = own_sql::allowed_operators().collect();
    let missing = "SELECT name FROM unnest($1::text[]) AS name WHERE NOT EXISTS (SELECT FROM pg_operator
        WHERE oprname = name AND oprnamespace = 'pg_catalog'::regnamespace)";
    // The grammar's: another way to write <>, and what names an argument.
    assert_eq!(names(missing, &operators).await, ["!=", "=>"]);
    let volatile = "SELECT oprname::text FROM pg_operator JOIN pg_proc p ON p.oid = oprcode
        WHERE provolatile = 'v' AND oprname = ANY ($1)";
    assert_eq!(names(volatile, &operators).await, [""; 0]);

    let types: Vec<&str> = own_sql::allowed_types().collect();
    let elsewhere = "SELECT name FROM unnest($1::text[]) AS name WHERE NOT EXISTS (SELECT FROM pg_type
        WHERE oid = to_regtype(name) AND typnamespace = 'pg_catalog'::regnamespace)";
    assert_eq!(names(elsewhere, &types).await, [""; 0]);
}

#[tokio::test]
async fn what_is_refused_is_not_measured_and_not_sent() {
    let escapes: Escapes = toml::from_str(include_str!("../../../drill/tests/own_sql/escapes.toml")).unwrap();
    let Some(database) = Database::make("what_is_refused_is_not_measured_and_not_sent", "").await else {
        return;
    };
    let mut session = database.session(READER).await;
    for escape in escapes.escape {
        match session.own_query(&escape.sql).await {
            Err(MeasureError::NotMeasured { reason, hint }) => {
                assert!(reason.contains(&escape.refused), "{}: {reason}", escape.sql);
                assert!(!reason.contains("SQLSTATE") && !hint.is_empty(), "{}: {reason}", escape.sql);
            }
            other => panic!("{}: {other:?}", escape.sql),
        }
    }
}

#[tokio::test]
async fn a_value_of_any_type_is_given_as_postgresql_prints_it() {
    let name = "a_value_of_any_type_is_given_as_postgresql_prints_it";
    let Some(database) = Database::make(name, TABLE).await else { return };
    let mut session = database.session(READER).await;
    for (sql, value) in [
        ("SELECT count(*) FROM public.t", Some("3")),
        ("SELECT count(*) FROM t", Some("3")),
        ("SELECT 1.50::numeric", Some("1.50")),
        ("SELECT true", Some("t")),
        ("SELECT NULL::text", None),
        ("SELECT ''", Some("")),
        ("SELECT timestamptz '2026-11-20 03:00:00+02'", Some("2026-11-20 01:00:00+00")),
        ("SELECT interval '1 day 2 hours'", Some("1 day 02:00:00")),
        ("SELECT array[1, 2]", Some("{1,2}")),
        ("SELECT m FROM odd", Some("good")),
        ("SELECT p FROM odd", Some("(1,x)")),
        ("SELECT (p).b FROM odd WHERE m = 'good'", Some("x")),
        ("SELECT jsonb '{\"a\": 1}'", Some("{\"a\": 1}")),
        ("SELECT b FROM odd", Some("\\x00ff")),
        ("SELECT 'NaN'::float8", Some("NaN")),
        ("SELECT '10.0.0.1/8'::inet", Some("10.0.0.1/8")),
        ("SELECT 'ü数据'", Some("ü数据")),
        ("VALUES (7);", Some("7")),
        ("SELECT current_setting('server_encoding') -- with a remark", Some("UTF8")),
        ("WITH q AS (SELECT max(x) AS m FROM public.t) SELECT m FROM q", Some("3")),
    ] {
        assert_eq!(session.own_query(sql).await.unwrap().as_deref(), value, "{sql}");
    }
}

#[tokio::test]
async fn a_long_value_is_cut() {
    let Some(database) = Database::make("a_long_value_is_cut", "").await else { return };
    let value = database.session(READER).await.own_query("SELECT repeat('ü', 1000)").await.unwrap().unwrap();
    assert_eq!((value.chars().count(), value.ends_with('…')), (200, true));
}

#[tokio::test]
async fn anything_but_one_row_with_one_column_is_a_failure_that_says_what_it_gave() {
    let name = "anything_but_one_row_with_one_column_is_a_failure_that_says_what_it_gave";
    let Some(database) = Database::make(name, TABLE).await else { return };
    let mut session = database.session(READER).await;
    for (sql, words) in [
        ("SELECT 1 WHERE false", "no row"),
        ("SELECT x FROM public.t", "more than one row"),
        ("SELECT 1, 2", "2 columns"),
        ("SELECT FROM public.t", "no column"),
        ("SELECT count(*) FROM elsewhere.t", "42P01"),
        ("SELECT count(*) FROM nothing", "write names with their schema"),
        ("SELECT 'secret'::int", "invalid input syntax for type integer: \"…\" (SQLSTATE 22P02)"),
        ("SELECT x FROM telling", "a function raised an error"),
    ] {
        let text = failure(&mut session, sql).await;
        assert!(text.contains(words) && !text.contains("secret is"), "{sql}: {text}");
    }
}

#[tokio::test]
async fn a_query_without_a_limit_does_not_fill_memory() {
    let Some(database) = Database::make("a_query_without_a_limit_does_not_fill_memory", "").await else {
        return;
    };
    let mut session = database.session(READER).await;
    // 10 TB if it were read to its end; the time-out of the test's session is 30 seconds.
    let text = failure(&mut session, "SELECT repeat('x', 1000) || generate_series(1, 10000000000)").await;
    assert!(text.contains("more than one row"), "{text}");
}

#[tokio::test]
async fn a_query_beyond_its_time_is_not_measured_and_leaves_the_session_usable() {
    let name = "a_query_beyond_its_time_is_not_measured_and_leaves_the_session_usable";
    let Some(database) = Database::make(name, "").await else { return };
    let mut hasty = crate::support::settings(&database.name, READER);
    hasty.statement_timeout = drill::configuration::Span::seconds(1);
    let mut session = crate::support::connect(database.server, "localhost", &hasty).await.unwrap();
    match session.own_query("SELECT count(*) FROM generate_series(1, 100000000000) AS n").await {
        Err(MeasureError::NotMeasured { reason, hint } | MeasureError::TimedOut { reason, hint }) => {
            assert!(reason.contains("57014") && hint.contains("statement_timeout"), "{reason} {hint}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(session.own_query("SELECT 1").await.unwrap().as_deref(), Some("1"));
}

#[tokio::test]
async fn a_missing_right_or_a_policy_is_not_measured() {
    let sql = "CREATE TABLE hidden (x int); CREATE TABLE tenant (x int);
        ALTER TABLE tenant ENABLE ROW LEVEL SECURITY; GRANT SELECT ON tenant TO stranger";
    let Some(database) = Database::make("a_missing_right_or_a_policy_is_not_measured", sql).await else {
        return;
    };
    let mut session = database.session(STRANGER).await;
    for (name, words) in [("hidden", "GRANT SELECT"), ("tenant", "BYPASSRLS")] {
        match session.own_query(&format!("SELECT count(*) FROM public.{name}")).await {
            Err(MeasureError::NotMeasured { hint, .. }) => assert!(hint.contains(words), "{hint}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}
