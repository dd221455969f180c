//! Counting: the heap is read, and what can't be counted says why.

use drill::measurement::TableName;
use drill::ports::{MeasureError, Session};

use crate::support::{self, Database, Kind, READER, SEES_ALL, STRANGER, settings, table};

const VACUUMED: &str = "CREATE TABLE answer (id int PRIMARY KEY, text text);
    INSERT INTO answer SELECT i, repeat('x', 200) FROM generate_series(1, 20000) AS i";

fn not_measured(error: MeasureError) -> (String, String) {
    match error {
        MeasureError::NotMeasured { reason, hint } | MeasureError::TimedOut { reason, hint } => {
            (reason, hint)
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn rows_of_a_zeroed_page_are_missed_though_a_plain_count_still_gives_them() {
    let name = "rows_of_a_zeroed_page_are_missed_though_a_plain_count_still_gives_them";
    let Some(mut server) = support::own_server(name, Kind::Good, &[]) else { return };
    let admin = support::admin(&server, "postgres").await;
    admin.batch_execute(VACUUMED).await.unwrap();
    admin.batch_execute("VACUUM (FREEZE, ANALYZE) answer").await.unwrap();
    let on_page = "SELECT count(*) FROM answer WHERE (ctid::text::point)[0] = 10";
    let lost: i64 = admin.query_one(on_page, &[]).await.unwrap().get(0);
    assert!(lost > 0);
    let path: String = admin.query_one("SELECT pg_relation_filepath('answer')", &[]).await.unwrap().get(0);
    drop(admin);

    server.stop();
    server.overwrite_block(&path, 10, 0);
    server.run();

    let admin = support::admin(&server, "postgres").await;
    let plan = admin.query("EXPLAIN SELECT count(*) FROM answer", &[]).await.unwrap();
    let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
    assert!(plan.join("\n").contains("Index Only Scan"), "{plan:?}");
    let without_care: i64 = admin.query_one("SELECT count(*) FROM answer", &[]).await.unwrap().get(0);
    assert_eq!(without_care, 20_000, "the plain count doesn't notice");

    let mut session = support::connect(&server, "localhost", &settings("postgres", READER)).await.unwrap();
    let counted = session.count_heap(&table("public", "answer"), None).await.unwrap();
    assert_eq!(counted.rows, u64::try_from(20_000 - lost).unwrap());
    assert_eq!(counted.scan, "Seq Scan");
}

#[tokio::test]
async fn a_damaged_page_is_a_failure_with_its_sqlstate() {
    let name = "a_damaged_page_is_a_failure_with_its_sqlstate";
    let Some(mut server) = support::own_server(name, Kind::Good, &["--data-checksums"]) else { return };
    let admin = support::admin(&server, "postgres").await;
    admin.batch_execute(VACUUMED).await.unwrap();
    let path: String = admin.query_one("SELECT pg_relation_filepath('answer')", &[]).await.unwrap().get(0);
    drop(admin);
    server.stop();
    server.overwrite_block(&path, 3, b'z');
    server.run();
    let mut session = support::connect(&server, "localhost", &settings("postgres", READER)).await.unwrap();
    let error = session.count_heap(&table("public", "answer"), None).await.unwrap_err();
    assert!(
        matches!(&error, MeasureError::Failed(text) if text.contains("XX001") && text.contains("block 3")),
        "{error:?}"
    );
    session.own_query("SELECT 1").await.expect("the session is still good");
}

#[tokio::test]
async fn a_large_table_is_counted_by_workers_together() {
    let sql = "CREATE TABLE wide AS SELECT i, repeat('x', 1000) AS t FROM generate_series(1, 60000) AS i";
    let Some(database) = Database::make("a_large_table_is_counted_by_workers_together", sql).await else {
        return;
    };
    database.admin.batch_execute("ANALYZE wide").await.unwrap();
    let counted = database.session(READER).await.count_heap(&table("public", "wide"), None).await.unwrap();
    assert_eq!((counted.rows, counted.scan.as_str()), (60_000, "Parallel Seq Scan"));
}

#[tokio::test]
async fn each_table_counts_its_own_heap() {
    let sql = "CREATE TABLE parent (x int); CREATE TABLE child () INHERITS (parent);
        INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2), (3);
        CREATE TABLE parted (x int) PARTITION BY LIST (x);
        CREATE TABLE part PARTITION OF parted FOR VALUES IN (1);
        INSERT INTO parted VALUES (1), (1)";
    let Some(database) = Database::make("each_table_counts_its_own_heap", sql).await else { return };
    let mut session = database.session(READER).await;
    for (name, rows) in [("parent", 1), ("child", 2), ("part", 2)] {
        assert_eq!(session.count_heap(&table("public", name), None).await.unwrap().rows, rows, "{name}");
    }
}

#[tokio::test]
async fn odd_names_are_counted_too() {
    let names = ["a \"quoted\" name", "new\nline", "semi;colon--", "réponse 数据", "$1", "x'y\\z"];
    let Some(database) =
        Database::make("odd_names_are_counted_too", "CREATE SCHEMA \"Odd.\"\"Schema\"").await
    else {
        return;
    };
    let names = names.map(str::to_owned).into_iter().chain(["ü".repeat(31) + "x"]);
    for (rows, name) in (1_i32..).zip(names) {
        let quoted = format!("\"Odd.\"\"Schema\".{}", restore_drill_postgres::quote_identifier(&name));
        let sql =
            format!("CREATE TABLE {quoted} (x int); INSERT INTO {quoted} SELECT generate_series(1, {rows})");
        database.admin.batch_execute(&sql).await.unwrap();
    }
    let mut session = database.session(READER).await;
    let catalogue = session.catalogue().await.unwrap();
    assert_eq!(catalogue.tables.len(), 7);
    let mut total = 0;
    for entry in &catalogue.tables {
        total += session.count_heap(&entry.name, None).await.unwrap().rows;
    }
    assert_eq!(total, 1 + 2 + 3 + 4 + 5 + 6 + 7);
    assert!(catalogue.tables.iter().any(|entry| entry.name.table.len() == 63));
}

#[tokio::test]
async fn a_missing_right_is_not_measured_and_the_hint_is_the_grant() {
    let sql = "CREATE SCHEMA secret; CREATE TABLE secret.\"T\" (x int)";
    let name = "a_missing_right_is_not_measured_and_the_hint_is_the_grant";
    let Some(database) = Database::make(name, sql).await else { return };
    let hidden = table("secret", "T");
    let (reason, hint) =
        not_measured(database.session(STRANGER).await.count_heap(&hidden, None).await.unwrap_err());
    assert!(reason.contains("42501"), "{reason}");
    let grant = hint.strip_prefix("on the source: ").unwrap();
    assert_eq!(
        grant,
        "GRANT USAGE ON SCHEMA \"secret\" TO \"stranger\"; GRANT SELECT ON TABLE \"secret\".\"T\" TO \"stranger\""
    );
    database.admin.batch_execute(grant).await.unwrap();
    assert_eq!(database.session(STRANGER).await.count_heap(&hidden, None).await.unwrap().rows, 0);
}

#[tokio::test]
async fn a_policy_that_hides_rows_is_not_measured_unless_the_role_sees_past_it() {
    let sql = "CREATE TABLE tenant (x int); INSERT INTO tenant VALUES (1), (2), (3);
        ALTER TABLE tenant ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON tenant USING (x = 1)";
    let name = "a_policy_that_hides_rows_is_not_measured_unless_the_role_sees_past_it";
    let Some(database) = Database::make(name, sql).await else { return };
    let tenant = table("public", "tenant");
    let (_, hint) = not_measured(database.session(READER).await.count_heap(&tenant, None).await.unwrap_err());
    assert!(hint.contains("ALTER ROLE \"drill\" BYPASSRLS"), "{hint}");
    assert_eq!(database.session(SEES_ALL).await.count_heap(&tenant, None).await.unwrap().rows, 3);
}

#[tokio::test]
async fn a_lock_or_a_missing_table_is_not_measured() {
    let Some(database) =
        Database::make("a_lock_or_a_missing_table_is_not_measured", "CREATE TABLE t (x int)").await
    else {
        return;
    };
    let mut hasty = settings(&database.name, READER);
    hasty.statement_timeout = drill::configuration::Span::seconds(1);
    let mut session = support::connect(database.server, "localhost", &hasty).await.unwrap();
    let (reason, _) = not_measured(session.count_heap(&table("public", "gone"), None).await.unwrap_err());
    assert!(reason.contains("not there"), "{reason}");

    database.admin.batch_execute("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let (reason, hint) = not_measured(session.count_heap(&table("public", "t"), None).await.unwrap_err());
    assert!(reason.contains("57014") && hint.contains("database.statement_timeout"), "{reason} {hint}");
    database.admin.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(session.count_heap(&table("public", "t"), None).await.unwrap().rows, 0);
}

#[tokio::test]
async fn a_name_is_never_taken_as_sql() {
    let Some(database) = Database::make("a_name_is_never_taken_as_sql", "CREATE TABLE t (x int)").await
    else {
        return;
    };
    let mut session = database.session(READER).await;
    let sly = TableName { schema: "public".to_owned(), table: "t\"; DROP TABLE t; --".to_owned() };
    assert!(matches!(session.count_heap(&sly, None).await, Err(MeasureError::NotMeasured { .. })));
    assert_eq!(session.count_heap(&table("public", "t"), None).await.unwrap().rows, 0);
}
