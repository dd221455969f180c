//! What is wrong by the database's own catalogue: found where it is, and nothing where all is well.

use drill::measurement::{HealthKind, HealthReport};
use drill::ports::Session;

use crate::support::{Database, READER, STRANGER};

async fn look(database: &Database, kind: HealthKind) -> HealthReport {
    database.session(READER).await.health(kind).await.unwrap()
}

async fn subjects(database: &Database, kind: HealthKind) -> Vec<String> {
    look(database, kind).await.problems.into_iter().map(|p| p.subject).collect()
}

#[tokio::test]
async fn a_database_in_order_has_no_problem() {
    let sql = "CREATE TABLE t (id serial PRIMARY KEY, name text COLLATE \"en-x-icu\");
        INSERT INTO t (name) SELECT 'n' FROM generate_series(1, 10); CREATE INDEX ON t (name);
        CREATE TABLE unused (id bigint GENERATED ALWAYS AS IDENTITY);
        CREATE TABLE down (id int); CREATE SEQUENCE down_seq INCREMENT -1 OWNED BY down.id;
        SELECT nextval('down_seq'); INSERT INTO down VALUES (-1)";
    let Some(database) = Database::make("a_database_in_order_has_no_problem", sql).await else { return };
    for kind in HealthKind::ALL {
        let report = look(&database, *kind).await;
        assert_eq!((report.problems.as_slice(), report.unreadable.as_slice()), (&[][..], &[][..]), "{kind}");
    }
    assert_eq!(look(&database, HealthKind::Sequence).await.examined, 3);
}

#[tokio::test]
async fn a_sequence_behind_its_column_is_found() {
    let sql = "CREATE TABLE t (id serial PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 10);
        CREATE TABLE used (id serial PRIMARY KEY); INSERT INTO used SELECT generate_series(1, 10);
        SELECT setval('used_id_seq', 9);
        CREATE TABLE down (id int); CREATE SEQUENCE down_seq INCREMENT -1 OWNED BY down.id;
        INSERT INTO down VALUES (-5);
        CREATE TABLE parent (id int GENERATED ALWAYS AS IDENTITY, d int) PARTITION BY LIST (d);
        CREATE TABLE child PARTITION OF parent FOR VALUES IN (1);
        INSERT INTO parent (id, d) OVERRIDING SYSTEM VALUE VALUES (7, 1)";
    let Some(database) = Database::make("a_sequence_behind_its_column_is_found", sql).await else { return };
    let found = subjects(&database, HealthKind::Sequence).await;
    assert_eq!(found, ["public.down_seq", "public.parent_id_seq", "public.t_id_seq", "public.used_id_seq"]);
    let report = look(&database, HealthKind::Sequence).await;
    assert!(report.problems[3].found.contains("it is at 9, and public.used.id holds 10"), "{report:?}");
}

#[tokio::test]
async fn a_sequence_that_the_role_may_not_read_is_not_measured() {
    let name = "a_sequence_that_the_role_may_not_read_is_not_measured";
    let Some(database) = Database::make(name, "CREATE TABLE t (id serial)").await else { return };
    let report = database.session(STRANGER).await.health(HealthKind::Sequence).await.unwrap();
    assert_eq!((report.unreadable, report.problems.len()), (vec!["public.t_id_seq".to_owned()], 0));
}

#[tokio::test]
async fn an_invalid_index_an_unvalidated_constraint_and_an_unlogged_table_are_found() {
    let name = "an_invalid_index_an_unvalidated_constraint_and_an_unlogged_table_are_found";
    let sql = "CREATE TABLE t (x int); INSERT INTO t VALUES (1), (1);
        ALTER TABLE t ADD CONSTRAINT positive CHECK (x > 0) NOT VALID; CREATE UNLOGGED TABLE u (x int)";
    let Some(database) = Database::make(name, sql).await else { return };
    assert!(database.admin.execute("CREATE UNIQUE INDEX CONCURRENTLY t_x ON t (x)", &[]).await.is_err());
    assert_eq!(subjects(&database, HealthKind::IndexValid).await, ["public.t_x"]);
    assert_eq!(subjects(&database, HealthKind::ConstraintValid).await, ["public.t positive"]);
    assert_eq!(subjects(&database, HealthKind::Unlogged).await, ["public.u"]);
}

#[tokio::test]
async fn a_collation_of_another_version_and_an_extension_without_files_are_found() {
    let name = "a_collation_of_another_version_and_an_extension_without_files_are_found";
    let sql =
        "CREATE COLLATION german (provider = icu, locale = 'de'); CREATE TABLE t (x text COLLATE german);
        UPDATE pg_collation SET collversion = '1.2' WHERE collname = 'german';
        CREATE EXTENSION pg_trgm; UPDATE pg_extension SET extname = 'gone' WHERE extname = 'pg_trgm'";
    let Some(database) = Database::make(name, sql).await else { return };
    let report = look(&database, HealthKind::Collation).await;
    assert_eq!(report.problems[0].subject, "public.german");
    assert!(report.problems[0].found.starts_with("it is of version 1.2, the library of "), "{report:?}");
    assert_eq!(subjects(&database, HealthKind::Extension).await, ["gone"]);
}

#[tokio::test]
async fn more_problems_than_are_told_are_counted() {
    let sql =
        "DO $$ BEGIN FOR i IN 1..60 LOOP EXECUTE format('CREATE UNLOGGED TABLE u%s ()', i); END LOOP; END $$";
    let Some(database) = Database::make("more_problems_than_are_told_are_counted", sql).await else { return };
    let report = look(&database, HealthKind::Unlogged).await;
    assert_eq!((report.problems.len(), report.more, report.examined), (50, 10, 60));
}
