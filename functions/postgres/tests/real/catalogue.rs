//! The catalogue: every table with a heap, and words for the rest.

use drill::instance::Endpoint;
use drill::ports::{Connect, Session, Target};
use restore_drill_postgres::{CaBundle, Postgres};

use crate::support::{self, Database, Kind, READER, STRANGER};

const OBJECTS: &str = "CREATE SCHEMA b; CREATE SCHEMA \"A\";
    CREATE TABLE b.plain (id serial PRIMARY KEY, x int); INSERT INTO b.plain (x) SELECT generate_series(1, 1000);
    CREATE TABLE \"A\".\"Z\" (x int); CREATE TABLE \"A\".a (x int);
    CREATE TABLE parted (x int) PARTITION BY LIST (x);
    CREATE TABLE part_1 PARTITION OF parted FOR VALUES IN (1) PARTITION BY LIST (x);
    CREATE TABLE part_1_1 PARTITION OF part_1 FOR VALUES IN (1);
    CREATE UNLOGGED TABLE cache (x int);
    CREATE MATERIALIZED VIEW b.summary AS SELECT 1 AS one;
    CREATE VIEW b.view AS SELECT 1 AS one;
    CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
    CREATE FOREIGN TABLE b.remote (x int) SERVER nowhere;
    CREATE TEMP TABLE gone_soon (x int);
    SELECT lo_create(0), lo_create(0)";

#[tokio::test]
async fn every_table_with_a_heap_is_listed_in_the_order_of_bytes() {
    let name = "every_table_with_a_heap_is_listed_in_the_order_of_bytes";
    let Some(database) = Database::make(name, OBJECTS).await else { return };
    let catalogue = database.session(READER).await.catalogue().await.unwrap();
    let names: Vec<String> = catalogue.tables.iter().map(|entry| entry.name.to_string()).collect();
    assert_eq!(names, ["A.Z", "A.a", "b.plain", "public.cache", "public.part_1_1"]);
    assert!(catalogue.tables.is_sorted_by_key(|entry| entry.name.clone()));
    assert!(catalogue.tables[2].heap_size_bytes >= 8192);
    assert_eq!(catalogue.tables[0].heap_size_bytes, 0);
}

#[tokio::test]
async fn a_role_without_rights_sees_the_same_tables() {
    let Some(database) = Database::make("a_role_without_rights_sees_the_same_tables", OBJECTS).await else {
        return;
    };
    let of_reader = database.session(READER).await.catalogue().await.unwrap();
    let of_stranger = database.session(STRANGER).await.catalogue().await.unwrap();
    assert_eq!(of_reader.tables, of_stranger.tables);
}

#[tokio::test]
async fn what_is_not_covered_is_said() {
    let Some(database) = Database::make("what_is_not_covered_is_said", OBJECTS).await else { return };
    let not_covered = database.session(READER).await.catalogue().await.unwrap().not_covered;
    for line in [
        "1 foreign table, such as b.remote; the data is elsewhere",
        "2 large objects",
        "1 materialised view, such as b.summary",
        "1 table of which VACUUM has seen less than half, such as b.plain; \
         rows lost together with their block are not seen by an index",
        "1 unlogged table, such as public.cache; empty after every restore",
        "database postgres",
    ] {
        assert!(not_covered.iter().any(|found| found == line), "{line:?} in {not_covered:#?}");
    }
    assert!(!not_covered.iter().any(|line| line.contains("template") || line.contains("checksums")));
}

#[tokio::test]
async fn a_catalogue_is_read_again_only_after_something_was_written() {
    let name = "a_catalogue_is_read_again_only_after_something_was_written";
    let Some(server) = support::own_server(name, Kind::Good, &["--data-checksums"]) else { return };
    let admin = support::admin(&server, "postgres").await;
    admin.batch_execute("CREATE TABLE one (x int)").await.unwrap();
    let bundle = CaBundle::read(&server.authority()).unwrap();
    let postgres = Postgres::new(&bundle, support::credentials(), "eu-west-1");
    let endpoint = Endpoint { host: "localhost".to_owned(), port: server.port };
    let settings = support::settings("postgres", READER);
    let target = Target { endpoint: &endpoint, database: &settings };
    let read = async || {
        let mut session = postgres.connect(&target, support::token_time()).await.unwrap();
        session.catalogue().await.unwrap()
    };
    let first = read().await;
    // A setting isn't written in a transaction: that it isn't seen shows that nothing was read again.
    admin.batch_execute("ALTER SYSTEM SET ignore_checksum_failure = on").await.unwrap();
    admin.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    while support::admin(&server, "postgres")
        .await
        .query_one("SELECT current_setting('ignore_checksum_failure') = 'off'", &[])
        .await
        .unwrap()
        .get::<_, bool>(0)
    {}
    let second = read().await;
    assert_eq!(second, first);
    admin.batch_execute("CREATE TABLE two (x int)").await.unwrap();
    let third = read().await;
    assert_eq!(third.tables.len(), 2);
    assert!(third.not_covered.iter().any(|line| line.contains("ignore_checksum_failure")));
    // Of another database, and by another role, it is another one.
    for (database, role) in [("template1", READER), ("postgres", STRANGER)] {
        let settings = support::settings(database, role);
        let target = Target { endpoint: &endpoint, database: &settings };
        let mut session = postgres.connect(&target, support::token_time()).await.unwrap();
        let tables = session.catalogue().await.unwrap().tables.len();
        assert_eq!(tables, if database == "postgres" { 2 } else { 0 });
    }
}

const RELATED: &str = "CREATE TABLE course (id int PRIMARY KEY, region int);
    CREATE TABLE answer (id int, course_id int REFERENCES course, region int) PARTITION BY LIST (region);
    CREATE TABLE answer_1 PARTITION OF answer FOR VALUES IN (1);
    CREATE TABLE mark (id int PRIMARY KEY) PARTITION BY RANGE (id);
    CREATE TABLE mark_1 PARTITION OF mark FOR VALUES FROM (0) TO (10);
    CREATE TABLE mark_2 PARTITION OF mark FOR VALUES FROM (10) TO (20);
    CREATE TABLE note (mark int REFERENCES mark, course int);
    ALTER TABLE note ADD CONSTRAINT unproven FOREIGN KEY (course) REFERENCES course NOT VALID;
    ALTER TABLE note ADD CONSTRAINT \"A\" FOREIGN KEY (course) REFERENCES course;
    CREATE INDEX z ON note (course); CREATE INDEX a ON note USING hash (course); CREATE INDEX \"B\" ON note (mark)";

#[tokio::test]
async fn tables_have_their_indexes_and_foreign_keys() {
    let Some(database) = Database::make("tables_have_their_indexes_and_foreign_keys", RELATED).await else {
        return;
    };
    let tables = database.session(STRANGER).await.catalogue().await.unwrap().tables;
    let of = |name: &str| tables.iter().find(|t| t.name.table == name).unwrap();
    let keys = |name: &str| of(name).foreign_keys.iter().map(|k| k.name.clone()).collect::<Vec<_>>();
    // Once for each table that has rows, and not for each partition that is referred to.
    assert_eq!(keys("answer_1"), ["answer_course_id_fkey"]);
    assert_eq!(keys("note"), ["A", "note_mark_fkey"]);
    assert_eq!(keys("mark_1"), [""; 0]);
    let indexes: Vec<_> =
        of("note").indexes.iter().map(|i| (i.name.as_str(), i.is_countable, i.is_btree)).collect();
    assert_eq!(indexes, [("B", true, true), ("a", false, false), ("z", true, true)]);
    assert_eq!(of("mark_2").indexes.len(), 1);
    assert!(!tables.iter().any(|t| t.name.table == "answer"));
}

#[tokio::test]
async fn connections_are_free_that_nobody_has() {
    let Some(database) = Database::make("connections_are_free_that_nobody_has", "").await else { return };
    // 60 of them, three for superusers, and other tests run.
    let free = database.session(READER).await.catalogue().await.unwrap().connections_free;
    assert!((5..=56).contains(&free), "{free}");
    database
        .admin
        .batch_execute(&format!("ALTER DATABASE {} CONNECTION LIMIT 7", database.name))
        .await
        .unwrap();
    let others = [database.session(READER).await, database.session(STRANGER).await];
    let free = database.session(READER).await.catalogue().await.unwrap().connections_free;
    assert!((1..=3).contains(&free), "{free} beside three sessions and the superuser's");
    drop(others);
}
