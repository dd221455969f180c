//! Somebody's own SQL: values of every type, and nothing that changes the database, whatever the
//! role's rights.

use drill::configuration::Span;
use drill::ports::{MeasureError, Session};
use restore_drill_postgres::PostgresSession;

use crate::support::{self, Database, READER, STRANGER, settings};

const TABLE: &str = "CREATE TABLE t (x int); INSERT INTO t VALUES (1), (2), (3);
    CREATE SEQUENCE s; CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE TYPE pair AS (a int, b text);
    CREATE FUNCTION writes() RETURNS int LANGUAGE sql AS 'DELETE FROM public.t RETURNING 1';
    CREATE FUNCTION writes_as_owner() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS
        'BEGIN SET TRANSACTION READ WRITE; DELETE FROM public.t; RETURN 1; END';
    CREATE FUNCTION tells() RETURNS int LANGUAGE plpgsql AS
        'BEGIN RAISE EXCEPTION ''the secret is 42''; END';
    CREATE PROCEDURE commits(INOUT x int) LANGUAGE plpgsql AS
        'BEGIN COMMIT; DELETE FROM public.t; x := 1; END'";

async fn failure(session: &mut PostgresSession, sql: &str) -> String {
    match session.own_query(sql).await {
        Err(MeasureError::Failed(text)) => text,
        other => panic!("{sql}: {other:?}"),
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
        ("SELECT 'good'::public.mood", Some("good")),
        ("SELECT row(1, 'x')::public.pair", Some("(1,x)")),
        ("SELECT jsonb '{\"a\": 1}'", Some("{\"a\": 1}")),
        ("SELECT '\\x00ff'::bytea", Some("\\x00ff")),
        ("SELECT 'NaN'::float8", Some("NaN")),
        ("SELECT inet '10.0.0.1/8'", Some("10.0.0.1/8")),
        ("SELECT 'ü数据'", Some("ü数据")),
        ("VALUES (7);", Some("7")),
        ("SHOW server_encoding -- with a remark", Some("UTF8")),
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
        ("SELECT", "no column"),
        ("", "no column"),
        ("SELECT $1::int", "has parameters"),
        ("SELEC 1", "42601"),
        ("SELECT 1\0", "zero byte"),
        ("SELECT count(*) FROM elsewhere.t", "42P01"),
        ("SELECT count(*) FROM nothing", "write names with their schema"),
        ("SELECT 'secret'::int", "invalid input syntax for type integer: \"…\" (SQLSTATE 22P02)"),
        ("SELECT public.tells()", "a function raised an error"),
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

/// Statements that would change the database, and a word of what each gives.
const WRITES: &[(&str, &str)] = &[
    ("SET TRANSACTION READ WRITE", "no column"),
    ("COMMIT", "no column"),
    ("ROLLBACK", "no column"),
    ("COMMIT; DELETE FROM public.t", "42601"),
    ("SELECT 1; DELETE FROM public.t", "42601"),
    ("SELECT set_config('transaction_read_only', 'off', false)", "SQLSTATE 25001"),
    ("SELECT set_config('transaction_read_only', 'off', true)", "SQLSTATE 25001"),
    ("DELETE FROM public.t RETURNING 1", "25006"),
    ("WITH gone AS (DELETE FROM public.t RETURNING 1) SELECT count(*) FROM gone", "25006"),
    ("INSERT INTO public.t VALUES (4) RETURNING x", "25006"),
    ("SELECT 1 INTO public.made", "no column"),
    ("CREATE TABLE public.made AS SELECT 1", "no column"),
    ("CREATE TEMP TABLE made (x int)", "no column"),
    ("EXPLAIN (ANALYZE, FORMAT JSON) DELETE FROM public.t", "25006"),
    ("DO $$BEGIN DELETE FROM public.t; END$$", "no column"),
    ("CALL public.commits(1)", "SQLSTATE 2D000"),
    ("COPY public.t TO PROGRAM 'touch /tmp/restore-drill-was-here'", "no column"),
    ("COPY public.t FROM PROGRAM 'echo 4'", "no column"),
    ("COPY public.t TO STDOUT", "no column"),
    ("SELECT x FROM public.t WHERE x = 1 FOR UPDATE", "25006"),
    ("SELECT nextval('public.s')", "25006"),
    ("SELECT setval('public.s', 7)", "25006"),
    ("SELECT public.writes()", "25006"),
    ("SELECT public.writes_as_owner()", "SQLSTATE 25001"),
    ("NOTIFY somebody", "no column"),
    ("LISTEN somebody", "no column"),
    ("PREPARE TRANSACTION 'x'", "no column"),
    ("VACUUM public.t", "no column"),
    ("DROP TABLE public.t", "no column"),
    ("TRUNCATE public.t", "no column"),
    ("ALTER ROLE drill SUPERUSER", "no column"),
];

async fn nothing_is_written(database: &Database, role: &str) {
    let state = "SELECT sum(x)::bigint * 1000 + count(*) + (SELECT last_value * 100 FROM s)
        + (SELECT count(*) FROM pg_class) * 10000 + (SELECT count(*) FROM pg_largeobject_metadata) * 100000000 FROM t";
    let before = database.number(state).await;
    let mut session = database.session(role).await;
    for (sql, words) in WRITES {
        let text = failure(&mut session, sql).await;
        assert!(text.contains(words), "{sql}: {text}");
        assert_eq!(database.number(state).await, before, "{sql}");
        assert_eq!(
            session.own_query("SHOW transaction_read_only").await.unwrap().as_deref(),
            Some("on"),
            "{sql}"
        );
    }
}

#[tokio::test]
async fn no_statement_of_a_reader_writes() {
    let sql = format!("{TABLE}; GRANT ALL ON t, s TO {READER}");
    let Some(database) = Database::make("no_statement_of_a_reader_writes", &sql).await else { return };
    nothing_is_written(&database, READER).await;
}

#[tokio::test]
async fn no_statement_of_a_superuser_writes_either() {
    let Some(database) = Database::make("no_statement_of_a_superuser_writes_either", TABLE).await else {
        return;
    };
    let role = format!("root_of_{}", database.name);
    database.admin.batch_execute(&format!("CREATE ROLE {role} LOGIN SUPERUSER")).await.unwrap();
    nothing_is_written(&database, &role).await;
    // Large objects are written by functions, which PostgreSQL refuses in such transactions only since
    // 16; before, it's the rolling back that keeps them out.
    let mut session = database.session(&role).await;
    for sql in ["SELECT lo_import('/etc/hostname')", "SELECT lo_create(0)", "SELECT lo_from_bytea(0, 'x')"] {
        let _ = session.own_query(sql).await;
    }
    assert_eq!(database.number("SELECT count(*) FROM pg_largeobject_metadata").await, 0);
}

#[tokio::test]
async fn settings_of_a_query_do_not_outlive_it() {
    let Some(database) = Database::make("settings_of_a_query_do_not_outlive_it", "").await else { return };
    let mut session = database.session(READER).await;
    for (setting, value, kept) in [
        ("default_transaction_read_only", "off", "on"),
        ("statement_timeout", "0", "30s"),
        ("row_security", "on", "off"),
        ("search_path", "pg_catalog", "\"$user\", public"),
    ] {
        session.own_query(&format!("SELECT set_config('{setting}', '{value}', false)")).await.unwrap();
        assert_eq!(session.own_query(&format!("SHOW {setting}")).await.unwrap().as_deref(), Some(kept));
    }
}

#[tokio::test]
async fn a_query_beyond_its_time_is_not_measured() {
    let Some(database) = Database::make("a_query_beyond_its_time_is_not_measured", "").await else { return };
    let mut hasty = settings(&database.name, READER);
    hasty.statement_timeout = Span::seconds(1);
    let mut session = support::connect(database.server, "localhost", &hasty).await.unwrap();
    let sleeper = "SELECT set_config('statement_timeout', '0', false), pg_sleep(20)";
    for sql in ["SELECT pg_sleep(20)::text", &format!("SELECT x FROM ({sleeper}) AS s (x, y)")] {
        match session.own_query(sql).await {
            Err(MeasureError::NotMeasured { reason, hint }) => {
                assert!(reason.contains("57014") && hint.contains("statement_timeout"), "{reason} {hint}");
            }
            other => panic!("{sql}: {other:?}"),
        }
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
