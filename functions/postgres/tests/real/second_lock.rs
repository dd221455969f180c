//! The second lock with the first one taken out: the texts that the first lock refuses are run, and a
//! real PostgreSQL shows that they change nothing, wait no longer than they may, and end nobody.

use std::time::Duration;

use drill::configuration::Span;
use drill::own_sql;
use drill::ports::{MeasureError, Session};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde::Deserialize;
use tokio_postgres::Client;

use super::guarded;
use crate::PostgresSession;
use crate::support::{self, Database, READER, settings};

const SET_UP: &str = "CREATE TABLE t (x int); INSERT INTO t VALUES (1), (2), (3);
    CREATE SEQUENCE s; CREATE VIEW through AS SELECT pg_sleep(20)::text AS x;
    CREATE FUNCTION writes() RETURNS int LANGUAGE sql AS 'DELETE FROM public.t RETURNING 1';
    CREATE FUNCTION writes_as_owner() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS
        'BEGIN SET TRANSACTION READ WRITE; DELETE FROM public.t; RETURN 1; END';
    CREATE PROCEDURE commits(INOUT x int) LANGUAGE plpgsql AS
        'BEGIN COMMIT; DELETE FROM public.t; x := 1; END';
    CREATE FUNCTION canary() RETURNS text LANGUAGE plpgsql AS
        'BEGIN RAISE EXCEPTION SQLSTATE ''CAFE1''; END';
    CREATE FUNCTION turns_time_out_off() RETURNS text IMMUTABLE LANGUAGE plpgsql AS
        'BEGIN PERFORM set_config(''statement_timeout'', ''0'', false); RETURN ''off''; END';
    CREATE FUNCTION writes_to_check(x int) RETURNS boolean LANGUAGE plpgsql AS
        'BEGIN DELETE FROM public.t; RETURN true; END';
    CREATE DOMAIN checked AS int CHECK (writes_to_check(VALUE));
    CREATE FUNCTION writes_to_compare(a int, b int) RETURNS boolean LANGUAGE sql AS
        'DELETE FROM public.t RETURNING true';
    CREATE OPERATOR @@@ (LEFTARG = int, RIGHTARG = int, FUNCTION = writes_to_compare)";

/// With the extension that opens connections of its own, where the machine has it.
const DBLINK: &str = "DO 'BEGIN CREATE EXTENSION dblink; EXCEPTION WHEN OTHERS THEN NULL; END'";

/// Everything that a statement could change: rows, sequences, objects, large objects, roles, the
/// configuration's reading, a file beside the data, the key of a lock that somebody else needs.
const STATE: &str = "SELECT concat_ws(' ', (SELECT count(*) || '/' || sum(x) FROM t), (SELECT last_value FROM s),
    (SELECT is_called FROM s), (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_proc),
    (SELECT count(*) FROM pg_largeobject_metadata), (SELECT count(*) FROM pg_prepared_xacts), pg_conf_load_time(),
    pg_postmaster_start_time(), (SELECT size FROM pg_stat_file('restore_drill_was_here', true)),
    (SELECT array_agg(rolname::text || rolsuper) FROM pg_roles WHERE rolname IN (session_user, 'drill')),
    (SELECT count(*) FROM pg_db_role_setting WHERE setdatabase = 0), (SELECT count(*) FROM pg_locks WHERE mode LIKE '%Exclusive%'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND locktype = 'relation'))";

#[derive(Deserialize)]
struct Escapes {
    escape: Vec<Escape>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Escape {
    sql: String,
    #[expect(dead_code, reason = "the first lock's, whose tests are beside it")]
    refused: String,
    server: Option<String>,
    #[serde(default)]
    alone: bool,
    why: Option<String>,
}

fn escapes() -> Vec<Escape> {
    let text = include_str!("../../../drill/tests/own_sql/escapes.toml");
    toml::from_str::<Escapes>(text).unwrap().escape
}

/// What came of it, in words.
fn outcome(result: Result<Option<String>, MeasureError>) -> String {
    match result {
        Ok(value) => format!("gives {}", value.unwrap_or_default()),
        Err(error) => error.to_string(),
    }
}

async fn state(admin: &Client) -> String {
    admin.query_one(STATE, &[]).await.unwrap().get(0)
}

/// A session whose statements may take a second.
async fn hasty(database: &Database, role: &str) -> PostgresSession {
    let settings = drill::configuration::DatabaseSettings {
        statement_timeout: Span::seconds(1),
        ..settings(&database.name, role)
    };
    support::connect(database.server, "localhost", &settings).await.unwrap()
}

/// Runs each text as the role, without the first lock.
async fn nothing_comes_of_the_escapes(database: &Database, role: &str) {
    let admin = &database.admin;
    admin.execute("SELECT pg_advisory_lock(42)", &[]).await.unwrap();
    let other = support::admin(database.server, &database.name).await;
    let before = state(admin).await;
    let mut session = hasty(database, role).await;
    let (waiting, others): (Vec<Escape>, Vec<Escape>) =
        escapes().into_iter().partition(|escape| escape.server.as_deref() == Some("57014"));
    for escape in &others {
        let found = tokio::time::timeout(Duration::from_secs(20), guarded(&mut session, &escape.sql)).await;
        let found = outcome(found.unwrap_or_else(|_| panic!("no end of {}", escape.sql)));
        let wanted = escape.server.as_deref().unwrap_or("");
        assert!(found.contains(wanted), "as {role}: {}\nwanted {wanted}, found {found}", escape.sql);
        assert_eq!(state(admin).await, before, "as {role}: {}", escape.sql);
        assert_eq!(escape.alone, escape.why.is_some(), "{}", escape.sql);
        let settings = "SELECT concat_ws(' ', current_setting('transaction_read_only'), current_user,
            current_setting('statement_timeout'))";
        assert_eq!(
            outcome(guarded(&mut session, settings).await),
            format!("gives on {role} 1s"),
            "{}",
            escape.sql
        );
    }
    // Each of them takes its second, so side by side.
    for some in waiting.chunks(12) {
        let mut running = Vec::new();
        for escape in some {
            let (mut session, sql) = (hasty(database, role).await, escape.sql.clone());
            running
                .push((sql.clone(), tokio::spawn(async move { outcome(guarded(&mut session, &sql).await) })));
        }
        for (sql, task) in running {
            let found = tokio::time::timeout(Duration::from_secs(20), task).await;
            let found = found.unwrap_or_else(|_| panic!("no end of {sql}")).unwrap();
            assert!(found.contains("57014"), "as {role}: {sql}\nfound {found}");
        }
    }
    assert_eq!(state(admin).await, before);
    // Nobody was ended, and nothing is left running.
    assert_eq!(other.query_one("SELECT 1", &[]).await.unwrap().get::<_, i32>(0), 1);
    let running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sleep%' AND state = 'active'
        AND pid <> pg_backend_pid() AND datname = current_database()";
    assert_eq!(database.number(running).await, 0);
}

#[tokio::test]
async fn no_escape_changes_anything_or_waits_as_a_reader_with_rights() {
    let sql = format!(
        "{DBLINK}; {SET_UP}; GRANT ALL ON t, s TO {READER}; GRANT CREATE ON SCHEMA public TO {READER}"
    );
    let name = "no_escape_changes_anything_or_waits_as_a_reader_with_rights";
    let Some(database) = Database::make(name, &sql).await else { return };
    nothing_comes_of_the_escapes(&database, READER).await;
}

#[tokio::test]
async fn no_escape_changes_anything_or_waits_as_the_owner_of_everything() {
    let name = "no_escape_changes_anything_or_waits_as_the_owner_of_everything";
    let Some(database) = Database::make(name, DBLINK).await else { return };
    let role = format!("owner_of_{}", database.name);
    let sql = format!(
        "CREATE ROLE {role} LOGIN CREATEROLE CREATEDB; GRANT pg_read_all_data TO {role};
         ALTER DATABASE {name} OWNER TO {role}; GRANT ALL ON SCHEMA public TO {role};
         SET ROLE {role}; {SET_UP}; RESET ROLE",
        name = database.name
    );
    database.admin.batch_execute(&sql).await.unwrap();
    nothing_comes_of_the_escapes(&database, &role).await;
}

#[tokio::test]
async fn what_only_the_first_lock_keeps_out_is_marked_and_changes_no_data() {
    let alone: Vec<Escape> = escapes().into_iter().filter(|escape| escape.alone).collect();
    assert!(alone.iter().all(|escape| escape.why.as_deref().is_some_and(|why| !why.is_empty())));
    assert!(alone.iter().all(|escape| own_sql::check(&escape.sql).is_err()));
    // A longer list wants a look at what else the second lock could do.
    assert_eq!(alone.len(), 4);
}

#[tokio::test]
async fn a_view_or_an_operator_of_the_database_can_neither_write_nor_wait() {
    let name = "a_view_or_an_operator_of_the_database_can_neither_write_nor_wait";
    let sql = format!(
        "{SET_UP}; CREATE VIEW writing AS SELECT writes() AS x;
        CREATE OPERATOR = (LEFTARG = int, RIGHTARG = varchar, FUNCTION = differs);
        GRANT ALL ON t TO {READER}"
    );
    let sql = sql.replace(
        "CREATE OPERATOR =",
        "CREATE FUNCTION differs(a int, b varchar) RETURNS boolean
        LANGUAGE sql AS 'DELETE FROM public.t RETURNING true'; CREATE OPERATOR =",
    );
    let Some(database) = Database::make(name, &sql).await else { return };
    let before = state(&database.admin).await;
    let mut session = hasty(&database, READER).await;
    // The first lock can't see into these.
    for (sql, words) in [
        ("SELECT x FROM through", "57014"),
        ("SELECT x FROM writing", "25006"),
        ("SELECT count(*) FROM t WHERE x = 'a'::varchar", "25006"),
    ] {
        let found = outcome(session.own_query(sql).await);
        assert!(found.contains(words), "{sql}: {found}");
        assert_eq!(state(&database.admin).await, before, "{sql}");
    }
}

#[tokio::test]
async fn a_function_of_the_same_name_is_not_the_one_that_is_called() {
    let name = "a_function_of_the_same_name_is_not_the_one_that_is_called";
    // Each fits its arguments better than PostgreSQL's own, which takes text or any element.
    let sql = "CREATE FUNCTION lower(varchar) RETURNS text LANGUAGE plpgsql AS
            'BEGIN RAISE EXCEPTION SQLSTATE ''CAFE1''; END';
        CREATE FUNCTION \"substring\"(varchar, int) RETURNS text LANGUAGE plpgsql AS
            'BEGIN RAISE EXCEPTION SQLSTATE ''CAFE1''; END';
        CREATE FUNCTION unnest(int[]) RETURNS SETOF int LANGUAGE plpgsql AS
            'BEGIN RAISE EXCEPTION SQLSTATE ''CAFE1''; END';
        CREATE FUNCTION ceil(int) RETURNS int LANGUAGE plpgsql AS
            'BEGIN RAISE EXCEPTION SQLSTATE ''CAFE1''; END';
        CREATE TABLE names (name varchar); INSERT INTO names VALUES ('ADA')";
    let Some(database) = Database::make(name, sql).await else { return };
    let mut session = database.session(READER).await;
    for (sql, value) in [
        ("SELECT lower(name) FROM names", "ada"),
        ("SELECT substring(name, 2) FROM names", "DA"),
        ("SELECT count(*) FROM unnest(ARRAY[1, 2])", "2"),
        ("SELECT ceil(length(name)) FROM names", "3"),
    ] {
        let without = outcome(guarded(&mut session, sql).await);
        assert!(without.contains("CAFE1"), "{sql} is no example: {without}");
        assert_eq!(session.own_query(sql).await.unwrap().as_deref(), Some(value), "{sql}");
    }
}

#[tokio::test]
async fn names_of_postgresql_come_before_those_of_the_roles_own_path() {
    let name = "names_of_postgresql_come_before_those_of_the_roles_own_path";
    let sql = "CREATE FUNCTION differs(a text, b text) RETURNS boolean LANGUAGE plpgsql AS
            'BEGIN RAISE EXCEPTION SQLSTATE ''CAFE1''; END';
        CREATE OPERATOR = (LEFTARG = text, RIGHTARG = text, FUNCTION = differs);
        CREATE TABLE names (name text); INSERT INTO names VALUES ('ADA')";
    let Some(database) = Database::make(name, sql).await else { return };
    let sql =
        format!("ALTER ROLE {READER} IN DATABASE {} SET search_path = public, pg_catalog", database.name);
    database.admin.batch_execute(&sql).await.unwrap();
    let mut session = database.session(READER).await;
    let sql = "SELECT count(*) FROM names WHERE name = 'ADA'";
    assert_eq!(session.own_query(sql).await.unwrap().as_deref(), Some("1"));
}

#[tokio::test]
async fn planning_cannot_take_the_time_out_away() {
    let name = "planning_cannot_take_the_time_out_away";
    let Some(database) = Database::make(name, SET_UP).await else { return };
    let mut session = hasty(&database, READER).await;
    let sql = "SELECT turns_time_out_off() || (SELECT x FROM through)";
    let found = tokio::time::timeout(Duration::from_secs(15), guarded(&mut session, sql)).await;
    let found = outcome(found.expect("the server went on"));
    assert!(found.contains("57014"), "{found}");
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
        guarded(&mut session, &format!("SELECT set_config('{setting}', '{value}', false)")).await.unwrap();
        assert_eq!(
            guarded(&mut session, &format!("SHOW {setting}")).await.unwrap().as_deref(),
            Some(kept),
            "{setting}"
        );
    }
}

#[tokio::test]
async fn a_superuser_is_kept_from_writing_rows_too() {
    let Some(database) = Database::make("a_superuser_is_kept_from_writing_rows_too", SET_UP).await else {
        return;
    };
    let role = format!("root_of_{}", database.name);
    database.admin.batch_execute(&format!("CREATE ROLE {role} LOGIN SUPERUSER")).await.unwrap();
    let rows = "SELECT sum(x)::bigint * 1000 + count(*) + (SELECT last_value * 100 FROM s)
        + (SELECT count(*) FROM pg_class) * 10000 + (SELECT count(*) FROM pg_largeobject_metadata) * 100000000 FROM t";
    let before = database.number(rows).await;
    let mut session = hasty(&database, &role).await;
    // A superuser's functions can end others, write files and start programs: no transaction keeps them
    // from it, and on RDS nobody is one.
    let harmful = ["terminate", "cancel", "reload", "promote", "switch_wal", "lo_export", "pg_sleep"];
    for escape in escapes() {
        if !harmful.iter().any(|word| escape.sql.contains(word)) {
            let _ = guarded(&mut session, &escape.sql).await;
            assert_eq!(database.number(rows).await, before, "{}", escape.sql);
        }
    }
}

/// What is put into good queries, to make of them texts that two readers may take for different things.
const ODD: &[&str] = &[
    "canary()",
    "||canary()||",
    " canary ()",
    "'",
    "''",
    "\"",
    "E'",
    "E'\\'",
    "\\",
    "\\'",
    "--",
    "--\n",
    "\r",
    "/*",
    "*/",
    "/*/**/",
    "U&'",
    "U&\"",
    "X'",
    "B'",
    "N'",
    "$$",
    "$a$",
    ";",
    "; SELECT canary()",
    "(",
    ")",
    "::",
    "::checked",
    "checked '1'",
    " @@@ ",
    ",",
    ".",
    "public.",
    "pg_catalog.",
    " AS ",
    " AS canary(",
    "WITH canary(x) AS (SELECT 1) ",
    "\u{a0}",
    "\u{2028}",
    "é",
    "\t",
    " ",
    "1e",
    "1.",
    ".5",
    "$1",
    "FROM canary()",
    ", LATERAL canary() AS c",
    "ROWS FROM (canary())",
    "OPERATOR(public.@@@)",
    "+-",
    "<--",
    "@-",
    "?",
    "[",
    "]",
    ":",
    "=>",
    ":=",
    "NULL",
    "'a' 'b'",
    "E'a'\n'\\'||canary()||'",
    "like 'x'",
    "zone 'x'",
    "escape ''",
    "canary",
    "\"canary\"()",
    "\"canary\" ( )",
];

/// How many such texts are tried.
const TRIES: usize = 4_000;

/// No text that the first lock accepts makes PostgreSQL call anything of the database's own, or run
/// more than one statement.
#[test]
fn what_is_accepted_is_one_query_to_postgresql_too() {
    #[derive(Deserialize)]
    struct Good {
        setup: String,
        query: Vec<Query>,
    }
    #[derive(Deserialize)]
    struct Query {
        sql: String,
    }
    let good: Good = toml::from_str(include_str!("../../../drill/tests/own_sql/good.toml")).unwrap();
    let texts: Vec<String> = good.query.into_iter().map(|query| query.sql).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let set_up = format!("{SET_UP}; {}", good.setup);
    let made = runtime.block_on(Database::make("what_is_accepted_is_one_query_to_postgresql_too", &set_up));
    let Some(database) = made else { return };
    let mut session = runtime.block_on(hasty(&database, READER));
    let before = runtime.block_on(state(&database.admin));
    let odd = (any::<prop::sample::Index>(), prop::sample::select(ODD), 0..4usize);
    let inputs = (prop::sample::select(texts), prop::collection::vec(odd, 1..4));
    let (mut runner, mut accepted) = (TestRunner::default(), 0);
    for _ in 0..TRIES {
        let (text, changes) = inputs.new_tree(&mut runner).unwrap().current();
        let mut chars: Vec<char> = text.chars().collect();
        for (at, piece, dropped) in changes {
            let at = at.index(chars.len() + 1);
            chars.splice(at..(at + dropped).min(chars.len()), piece.chars());
        }
        let sql: String = chars.into_iter().collect();
        if own_sql::check(&sql).is_ok() {
            accepted += 1;
            let found = outcome(runtime.block_on(session.own_query(&sql)));
            let harmful = ["CAFE1", "multiple commands", "25006"].iter().any(|words| found.contains(words));
            assert!(!harmful, "{sql:?}\n{found}");
        }
    }
    assert!(accepted > TRIES / 50, "only {accepted} of {TRIES} were accepted: this shows too little");
    assert_eq!(runtime.block_on(state(&database.admin)), before);
}
