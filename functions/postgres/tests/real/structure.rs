//! The structure of heaps and B-trees, and foreign keys.

use drill::ports::{MeasureError, Session};

use crate::support::{Database, READER, table};

const TABLE: &str = "CREATE TABLE t (id int PRIMARY KEY, body text);
    INSERT INTO t SELECT i, repeat('x', 50) FROM generate_series(1, 1000) AS i";

#[tokio::test]
async fn without_the_extension_or_its_grant_nothing_is_measured_and_the_hint_helps() {
    let name = "without_the_extension_or_its_grant_nothing_is_measured_and_the_hint_helps";
    let Some(database) = Database::make(name, TABLE).await else { return };
    let (t, pkey) = (table("public", "t"), "t_pkey");
    let mut session = database.session(READER).await;
    for problem in [session.check_heap(&t).await, session.check_btree(&t, pkey).await] {
        let Err(MeasureError::NotMeasured { reason, hint }) = problem else { panic!("{problem:?}") };
        assert_eq!(reason, "the database doesn't have the extension amcheck");
        assert!(hint.contains("CREATE EXTENSION amcheck; GRANT EXECUTE"), "{hint}");
    }
    database.admin.batch_execute("CREATE EXTENSION amcheck").await.unwrap();
    for problem in [session.check_heap(&t).await, session.check_btree(&t, pkey).await] {
        let Err(MeasureError::NotMeasured { hint, .. }) = problem else { panic!("{problem:?}") };
        let grant = hint.strip_prefix("on the source: ").expect("the hint is a statement");
        database.admin.batch_execute(grant).await.unwrap();
    }
    assert_eq!(session.check_heap(&t).await.unwrap().count, 0);
    assert_eq!(session.check_btree(&t, pkey).await.unwrap().count, 0);
}

#[tokio::test]
async fn a_row_that_is_missing_from_a_b_tree_is_damage() {
    let name = "a_row_that_is_missing_from_a_b_tree_is_damage";
    let sql = format!(
        "{TABLE}; CREATE EXTENSION amcheck;
         GRANT EXECUTE ON FUNCTION bt_index_check(regclass, boolean) TO {READER};
         UPDATE pg_index SET indisready = false WHERE indexrelid = 't_pkey'::regclass;
         INSERT INTO t VALUES (2000, 'unseen');
         UPDATE pg_index SET indisready = true WHERE indexrelid = 't_pkey'::regclass"
    );
    let Some(database) = Database::make(name, &sql).await else { return };
    let found = database.session(READER).await.check_btree(&table("public", "t"), "t_pkey").await;
    let Err(MeasureError::Failed(fact)) = found else { panic!("{found:?}") };
    assert!(fact.contains("lacks matching index tuple") && fact.contains("SQLSTATE XX00"), "{fact}");
}

#[tokio::test]
async fn a_key_that_a_unique_index_has_twice_is_damage() {
    let name = "a_key_that_a_unique_index_has_twice_is_damage";
    // Nulls are no duplicates of each other, nor are rows outside a partial index, nor what only one column shares.
    let sql = format!(
        "CREATE TABLE t (id int, email text COLLATE \"C\", at date, body text);
         CREATE UNIQUE INDEX by_email ON t (email DESC NULLS LAST);
         CREATE UNIQUE INDEX at_id ON t (at, id) INCLUDE (body);
         CREATE UNIQUE INDEX recent ON t (body text_pattern_ops) WHERE at > '2026-01-01';
         CREATE UNIQUE INDEX computed ON t (lower(email));
         CREATE FUNCTION twin(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
         CREATE UNIQUE INDEX theirs ON t (twin(id));
         CREATE INDEX plain ON t (at);
         INSERT INTO t SELECT i, 'a' || i, date '2025-01-01' + i / 3, 'x' || i FROM generate_series(1, 300) AS i;
         INSERT INTO t VALUES (NULL, NULL, NULL, 'x1'), (NULL, NULL, NULL, 'x1');
         VACUUM (FREEZE, ANALYZE) t; CREATE EXTENSION amcheck;
         GRANT EXECUTE ON FUNCTION bt_index_check(regclass, boolean) TO {READER}"
    );
    let Some(database) = Database::make(name, "").await else { return };
    for statement in sql.split(';') {
        database.admin.batch_execute(statement).await.unwrap();
    }
    let t = table("public", "t");
    let mut session = database.session(READER).await;
    for index in ["by_email", "at_id", "recent", "computed", "theirs", "plain"] {
        let found = session.check_btree(&t, index).await.unwrap();
        assert_eq!((found.count, found.first.len()), (0, 0), "{index}");
    }
    for (index, row, count) in [
        ("by_email", "(1000, 'a7', '2026-05-05', 'new')", 1),
        ("at_id", "(8, 'other', date '2025-01-01' + 2, 'new too')", 1),
        ("recent", "(1001, 'one', '2026-05-06', 'new')", 1),
        // With the address of before.
        ("computed", "(1002, 'A9', NULL, 'newest')", 2),
    ] {
        let unique = |yes: bool| {
            format!(
                "UPDATE pg_index SET indisunique = {yes} \
                 WHERE indrelid = 't'::regclass AND indexrelid <> 'plain'::regclass"
            )
        };
        database.admin.batch_execute(&unique(false)).await.unwrap();
        database.admin.batch_execute(&format!("INSERT INTO t VALUES {row}")).await.unwrap();
        database.admin.batch_execute(&unique(true)).await.unwrap();
        let found = database.session(READER).await.check_btree(&t, index).await.unwrap();
        assert_eq!(found.count, count, "{index}");
        assert!(found.first[0].contains("have the same key"), "{found:?}");
    }
    assert_eq!(session.check_btree(&t, "theirs").await.unwrap().count, 0, "a user's function isn't called");
}

/// The orphans of `child` by the key `k`, where the rows came in without the key being looked at.
async fn orphans(test: &str, tables: &str, rows: &str) -> Option<u64> {
    let sql =
        format!("{tables}; SET session_replication_role = replica; {rows}; RESET session_replication_role");
    let database = Database::make(test, &sql).await?;
    Some(database.session(READER).await.orphans(&table("public", "child"), "k").await.unwrap().rows)
}

#[tokio::test]
async fn rows_that_refer_to_nothing_are_counted_and_nulls_are_not() {
    let parent =
        "CREATE TABLE parent (a int, b bigint, PRIMARY KEY (a, b)); INSERT INTO parent VALUES (1, 1)";
    let rows = "INSERT INTO child VALUES (1, 1), (1, 2), (NULL, 2), (3, NULL), (NULL, NULL)";
    for (matching, expected) in [("SIMPLE", 1), ("FULL", 3)] {
        let child = format!(
            "CREATE TABLE child (x int, y int, CONSTRAINT k FOREIGN KEY (x, y) REFERENCES parent MATCH {matching})"
        );
        let test = "rows_that_refer_to_nothing_are_counted_and_nulls_are_not";
        let Some(found) = orphans(test, &format!("{parent}; {child}"), rows).await else { return };
        assert_eq!(found, expected, "{matching}");
    }
}

#[tokio::test]
async fn a_key_to_a_partitioned_table_or_to_itself_is_followed() {
    let test = "a_key_to_a_partitioned_table_or_to_itself_is_followed";
    let parted = "CREATE TABLE parent (a int PRIMARY KEY) PARTITION BY LIST (a);
        CREATE TABLE p1 PARTITION OF parent FOR VALUES IN (1); INSERT INTO parent VALUES (1);
        CREATE TABLE child (x int CONSTRAINT k REFERENCES parent)";
    let Some(found) = orphans(test, parted, "INSERT INTO child VALUES (1), (2)").await else { return };
    assert_eq!(found, 1);
    let itself = "CREATE TABLE child (id int PRIMARY KEY, up int CONSTRAINT k REFERENCES child)";
    let Some(found) = orphans(test, itself, "INSERT INTO child VALUES (1, NULL), (2, 1), (3, 9)").await
    else {
        return;
    };
    assert_eq!(found, 1);
}
