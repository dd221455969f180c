//! Digests of rows: independent of their order, and of nothing else.

use drill::measurement::{DigestScope, DigestValue};
use drill::ports::{MeasureError, Session};

use crate::support::{Database, READER, table};

const TYPES: &str = "CREATE TYPE mood AS ENUM ('calm', 'storm'); CREATE TYPE place AS (x int, y text);
    CREATE DOMAIN age AS int;
    CREATE TABLE t (id int, j json, b jsonb, n numeric, a int[], y bytea, m mood, p place, f float8,
        z timestamptz, w timestamp, d date, c money, r int4range, x xml, u uuid, i inet, v interval, t bit(3), g age);
    INSERT INTO t SELECT k, '{\"a\": 1}', '{\"a\": 1}', 1.50, '{1,NULL,3}', '\\xdead', 'calm', '(1,q)', 0.1,
        '2026-11-21 03:00:00+01', '2026-11-21 03:00', '2026-11-21', 12.34, '[1,5)', '<a/>',
        'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '10.0.0.1/8', '1 day 02:03', B'101', 7
    FROM generate_series(1, 20) AS k; INSERT INTO t (id) VALUES (NULL), (NULL)";

/// What changes one value of each column.
const CHANGES: &[&str] = &[
    "id = 99",
    "j = '{\"a\":1}'",
    "b = '{\"a\": 2}'",
    "n = 1.5",
    "a = '{1,0,3}'",
    "y = '\\xdeae'",
    "m = 'storm'",
    "p = '(1,r)'",
    "f = 0.10000000000000002",
    "z = z + interval '1 microsecond'",
    "w = w + interval '1 microsecond'",
    "d = d + 1",
    "c = 12.35",
    "r = '[1,6)'",
    "x = '<b/>'",
    "u = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12'",
    "i = '10.0.0.1/9'",
    "v = '1 day 02:04'",
    "t = B'111'",
    "g = 8",
    "j = NULL",
];

async fn digest(database: &Database, scope: &DigestScope) -> DigestValue {
    database.session(READER).await.digest(&table("public", "t"), scope).await.unwrap()
}

#[tokio::test]
async fn the_order_of_rows_does_not_matter_and_each_value_does() {
    let name = "the_order_of_rows_does_not_matter_and_each_value_does";
    let Some(database) = Database::make(name, TYPES).await else { return };
    let before = digest(&database, &DigestScope::Frozen).await;
    assert_eq!(before.whole.rows, 22);
    let reorder = "CREATE INDEX o ON t (id DESC); CLUSTER t USING o; DROP INDEX o; ALTER ROLE drill SET TimeZone = 'Asia/Tokyo'";
    database.admin.batch_execute(reorder).await.unwrap();
    assert_eq!(digest(&database, &DigestScope::Frozen).await, before);
    for change in CHANGES {
        let sql = format!("CREATE TABLE kept AS TABLE t; UPDATE t SET {change} WHERE id = 7");
        database.admin.batch_execute(&sql).await.unwrap();
        let after = digest(&database, &DigestScope::Frozen).await;
        assert_eq!((after.method.as_str(), after.whole.rows), (before.method.as_str(), 22));
        assert_ne!(after.whole.digest, before.whole.digest, "{change}");
        database.admin.batch_execute("TRUNCATE t; INSERT INTO t TABLE kept; DROP TABLE kept").await.unwrap();
    }
    assert_eq!(digest(&database, &DigestScope::Frozen).await, before);
}

#[tokio::test]
async fn rows_that_are_there_twice_and_values_that_change_places_are_noticed() {
    let name = "rows_that_are_there_twice_and_values_that_change_places_are_noticed";
    let sql = "CREATE TABLE t (a int, b int); INSERT INTO t VALUES (1, 2), (3, 4), (5, 6), (5, 6)";
    let Some(database) = Database::make(name, sql).await else { return };
    let before = digest(&database, &DigestScope::Frozen).await;
    for sql in [
        "UPDATE t SET b = CASE b WHEN 2 THEN 4 WHEN 4 THEN 2 ELSE b END",
        "TRUNCATE t; INSERT INTO t VALUES (1, 2), (1, 2), (3, 4), (3, 4)",
        "TRUNCATE t",
    ] {
        database.admin.batch_execute(sql).await.unwrap();
        assert_ne!(digest(&database, &DigestScope::Frozen).await.whole.digest, before.whole.digest, "{sql}");
    }
}

#[tokio::test]
async fn another_column_is_another_method() {
    let Some(database) = Database::make("another_column_is_another_method", TYPES).await else { return };
    let before = digest(&database, &DigestScope::Frozen).await;
    database.admin.batch_execute("ALTER TABLE t ADD more int").await.unwrap();
    assert_ne!(digest(&database, &DigestScope::Frozen).await.method, before.method);
    database.admin.batch_execute("ALTER TABLE t DROP more").await.unwrap();
    assert_eq!(digest(&database, &DigestScope::Frozen).await, before);
}

const HISTORY: &str = "CREATE TABLE t (id int, created_at timestamptz);
    INSERT INTO t SELECT i, '2026-11-20 00:00+00'::timestamptz + i * interval '1 minute' FROM generate_series(1, 600) AS i;
    INSERT INTO t VALUES (-1, NULL)";

fn history(column: &str, until: Option<String>) -> DigestScope {
    DigestScope::History { column: column.to_owned(), until }
}

#[tokio::test]
async fn new_rows_leave_the_digest_of_the_old_ones_alone() {
    let Some(database) = Database::make("new_rows_leave_the_digest_of_the_old_ones_alone", HISTORY).await
    else {
        return;
    };
    let first = digest(&database, &history("created_at", None)).await;
    // An hour before the newest, as transactions that were open then may still bring older rows.
    assert_eq!(first.newest.as_deref(), Some("2026-11-20 09:00:00+00"));
    assert_eq!((first.whole.rows, first.until.as_ref()), (540, None));
    let more = "INSERT INTO t SELECT i, '2026-11-21 00:00+00'::timestamptz + i * interval '1 minute'
        FROM generate_series(1, 60) AS i; INSERT INTO t VALUES (-2, '2026-11-20 09:30+00'), (-3, NULL)";
    database.admin.batch_execute(more).await.unwrap();
    let scope = history("created_at", first.newest.clone());
    let second = digest(&database, &scope).await;
    assert_eq!(second.until.as_ref(), Some(&first.whole));
    assert_eq!(second.newest.as_deref(), Some("2026-11-21 00:00:00+00"));
    for damage in ["UPDATE t SET id = 0 WHERE id = 5", "DELETE FROM t WHERE id = 6"] {
        database.admin.batch_execute(damage).await.unwrap();
        assert_ne!(digest(&database, &scope).await.until.as_ref(), Some(&first.whole), "{damage}");
    }
}

#[tokio::test]
async fn a_history_needs_a_column_that_grows() {
    let sql =
        "CREATE TABLE t (id bigint, name text, at timestamptz); INSERT INTO t VALUES (5000, 'a', 'infinity')";
    let Some(database) = Database::make("a_history_needs_a_column_that_grows", sql).await else { return };
    let mut session = database.session(READER).await;
    for column in ["name", "at", "gone"] {
        let found = session.digest(&table("public", "t"), &history(column, None)).await;
        assert!(matches!(found, Err(MeasureError::NotMeasured { .. })), "{column}: {found:?}");
    }
    let by_id = session.digest(&table("public", "t"), &history("id", None)).await.unwrap();
    assert_eq!((by_id.newest.as_deref(), by_id.whole.rows), (Some("4000"), 0));
}
