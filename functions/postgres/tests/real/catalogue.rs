//! The catalogue: every table with a heap, and words for the rest.

use drill::ports::Session;

use crate::support::{Database, READER, STRANGER};

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
