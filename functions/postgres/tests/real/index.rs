//! Counting by index: of every kind that can be counted, against the heap, and what a lost page looks like.

use std::fmt::Write;

use drill::measurement::{IndexCount, TableName};
use drill::ports::{MeasureError, Session};

use crate::support::{self, Database, Kind, READER, SEES_ALL, STRANGER, settings, table};

/// A table with indexes of all kinds, on columns with nulls, of several collations, types and orders.
const KINDS: &str = "CREATE TYPE mood AS ENUM ('a', 'b', 'c'); CREATE DOMAIN code AS varchar(20);
    CREATE TABLE answer (id int PRIMARY KEY, course int, user_id int NOT NULL, text text, mood mood,
        code code, at timestamptz, tags int[], live boolean NOT NULL, \"Odd \"\"name\" int);
    INSERT INTO answer SELECT i, CASE WHEN i % 7 > 0 THEN i % 5 END, i % 31, 'text ' || i,
        (ARRAY['a', 'b', NULL])[1 + i % 3]::mood, 'c' || i % 9, now() + i * interval '1 minute',
        CASE WHEN i % 2 = 0 THEN ARRAY[i] END, i % 4 = 0, i % 3 FROM generate_series(1, 3000) AS i;
    CREATE INDEX by_course ON answer (course);
    CREATE INDEX by_course_down ON answer (course DESC NULLS LAST, user_id);
    CREATE UNIQUE INDEX by_two ON answer (user_id, id);
    CREATE INDEX by_text_c ON answer (text COLLATE \"C\");
    CREATE INDEX by_text_pattern ON answer (text text_pattern_ops);
    CREATE INDEX by_mood ON answer (mood, at DESC);
    CREATE INDEX by_code ON answer (code);
    CREATE INDEX by_tags ON answer (tags);
    CREATE INDEX with_included ON answer (at) INCLUDE (text);
    CREATE INDEX of_live ON answer (at) WHERE live;
    CREATE INDEX of_no_course ON answer (id) WHERE course IS NULL;
    CREATE INDEX of_nobody ON answer (id) WHERE user_id < 0;
    CREATE INDEX \"Odd index\" ON answer (\"Odd \"\"name\");
    CREATE INDEX of_expression ON answer (lower(text));
    CREATE INDEX hashed ON answer USING hash (user_id);
    CREATE INDEX brin ON answer USING brin (at);
    CREATE INDEX gin ON answer USING gin (tags)";

fn answer() -> TableName {
    table("public", "answer")
}

async fn countable(database: &Database) -> Vec<String> {
    let catalogue = database.session(READER).await.catalogue().await.unwrap();
    let entry = catalogue.tables.iter().find(|entry| entry.name == answer()).unwrap();
    entry.indexes.iter().filter(|i| i.is_countable).map(|i| i.name.clone()).collect()
}

#[tokio::test]
async fn every_index_that_is_said_to_be_countable_is_counted() {
    let name = "every_index_that_is_said_to_be_countable_is_counted";
    let Some(database) = Database::make(name, KINDS).await else { return };
    // Before and after the tables' statistics and visibility map are there.
    for prepare in ["SELECT 1", "VACUUM (ANALYZE) answer"] {
        database.admin.batch_execute(prepare).await.unwrap();
        let countable = countable(&database).await;
        let expected = [
            "Odd index",
            "answer_pkey",
            "by_code",
            "by_course",
            "by_course_down",
            "by_mood",
            "by_tags",
            "by_text_c",
            "by_text_pattern",
            "by_two",
            "of_live",
            "of_no_course",
            "of_nobody",
            "with_included",
        ];
        assert_eq!(countable, expected);
        let mut session = database.session(READER).await;
        for index in &countable {
            let of_predicate = match index.as_str() {
                "of_live" => Some(750),
                "of_no_course" => Some(428),
                "of_nobody" => Some(0),
                _ => None,
            };
            let expected = IndexCount {
                rows: of_predicate.unwrap_or(3000),
                rows_of_predicate: of_predicate,
                blocks_without_rows: None,
            };
            assert_eq!(
                session.count_index(&answer(), index).await.unwrap(),
                expected,
                "{index} after {prepare}"
            );
        }
    }
}

#[tokio::test]
async fn an_index_that_the_planner_passes_over_is_a_gap_and_not_a_count() {
    let name = "an_index_that_the_planner_passes_over_is_a_gap_and_not_a_count";
    let sql = "CREATE TABLE answer (id int PRIMARY KEY, course int, live boolean NOT NULL);
        INSERT INTO answer SELECT i, i % 7, i % 2 = 0 FROM generate_series(1, 200) AS i;
        CREATE INDEX once ON answer (course); CREATE INDEX twice ON answer (course);
        CREATE INDEX wider ON answer (course, id); CREATE INDEX backwards ON answer (live DESC);
        CREATE INDEX live_wider ON answer (live, course);
        CREATE INDEX same ON answer (id) WHERE live; CREATE INDEX same_in_other_words ON answer (id) WHERE live = true;
        CREATE INDEX never ON answer (id) WHERE false; CREATE INDEX always ON answer (id) WHERE true";
    let Some(database) = Database::make(name, sql).await else { return };
    // Of one size, the one that was made last is taken.
    assert_eq!(countable(&database).await, ["always", "live_wider", "same_in_other_words", "wider"]);
    let mut session = database.session(READER).await;
    for (index, by) in [("once", "wider"), ("answer_pkey", "always"), ("backwards", "live_wider")] {
        let error = session.count_index(&answer(), index).await.unwrap_err();
        assert!(
            matches!(&error, MeasureError::NotMeasured { reason, .. } if reason.contains(by)),
            "{index}: {error:?}"
        );
    }
    let not_covered = session.catalogue().await.unwrap().not_covered;
    let line = "6 indexes that the planner passes over for similar ones, such as public.answer_pkey; \
                not compared with the table";
    assert!(not_covered.iter().any(|found| found == line), "{not_covered:#?}");
}

#[tokio::test]
async fn a_narrower_index_is_counted_beside_a_wider_one() {
    let name = "a_narrower_index_is_counted_beside_a_wider_one";
    let sql = "CREATE TABLE answer (id int, course int, text text);
        INSERT INTO answer SELECT i, i % 7, repeat('x', 50) FROM generate_series(1, 20000) AS i;
        CREATE INDEX narrow ON answer (course); CREATE INDEX wide ON answer (course, id, text);
        CREATE INDEX like_narrow ON answer (course DESC)";
    let Some(database) = Database::make(name, sql).await else { return };
    database.admin.batch_execute("VACUUM (ANALYZE) answer").await.unwrap();
    assert_eq!(countable(&database).await, ["like_narrow", "wide"]);
    database.admin.batch_execute("DROP INDEX like_narrow").await.unwrap();
    let mut session = database.session(READER).await;
    for index in countable(&database).await {
        assert_eq!(session.count_index(&answer(), &index).await.unwrap().rows, 20_000, "{index}");
    }
    assert_eq!(countable(&database).await, ["narrow", "wide"]);
}

#[tokio::test]
async fn rows_of_a_zeroed_page_are_in_the_index_and_its_block_is_named() {
    let name = "rows_of_a_zeroed_page_are_in_the_index_and_its_block_is_named";
    let Some(mut server) = support::own_server(name, Kind::Good, &["--data-checksums"]) else { return };
    let admin = support::admin(&server, "postgres").await;
    let sql = "CREATE TABLE answer (id int PRIMARY KEY, text text);
        INSERT INTO answer SELECT i, repeat('x', 200) FROM generate_series(1, 20000) AS i;
        CREATE INDEX of_odd ON answer (id) WHERE id % 2 = 1";
    admin.batch_execute(sql).await.unwrap();
    admin.batch_execute("VACUUM (FREEZE, ANALYZE) answer").await.unwrap();
    let on_page = "SELECT count(*), count(*) FILTER (WHERE id % 2 = 1) FROM answer
        WHERE (ctid::text::point)[0] IN (10, 40, 41)";
    let row = admin.query_one(on_page, &[]).await.unwrap();
    let (lost, lost_odd): (i64, i64) = (row.get(0), row.get(1));
    assert!(lost > 0);
    let path: String = admin.query_one("SELECT pg_relation_filepath('answer')", &[]).await.unwrap().get(0);
    drop(admin);
    server.stop();
    for block in [10, 40, 41] {
        server.overwrite_block(&path, block, 0);
    }
    server.run();

    let mut session = support::connect(&server, "localhost", &settings("postgres", READER)).await.unwrap();
    let left = u64::try_from(20_000 - lost).unwrap();
    assert_eq!(session.count_heap(&answer(), None).await.unwrap().rows, left);
    assert_eq!(session.count_index(&answer(), "answer_pkey").await.unwrap().rows, 20_000);
    let of_odd = session.count_index(&answer(), "of_odd").await.unwrap();
    let left_odd = u64::try_from(10_000 - lost_odd).unwrap();
    assert_eq!((of_odd.rows, of_odd.rows_of_predicate), (10_000, Some(left_odd)));
    assert_eq!(session.blocks_without_rows(&answer()).await.unwrap(), "10, 40 to 41");
}

#[tokio::test]
async fn a_row_that_is_missing_from_an_index_is_not_counted_by_it() {
    let name = "a_row_that_is_missing_from_an_index_is_not_counted_by_it";
    let Some(mut server) = support::own_server(name, Kind::Good, &[]) else { return };
    let admin = support::admin(&server, "postgres").await;
    let sql = "CREATE TABLE answer (id int PRIMARY KEY, course int);
        INSERT INTO answer SELECT i, i FROM generate_series(1, 100) AS i";
    admin.batch_execute(sql).await.unwrap();
    admin.batch_execute("CREATE INDEX by_course ON answer (course)").await.unwrap();
    let path: String = admin.query_one("SELECT pg_relation_filepath('by_course')", &[]).await.unwrap().get(0);
    admin.batch_execute("CHECKPOINT").await.unwrap();
    drop(admin);
    server.stop();
    let before = server.read_file(&path);
    server.run();
    let admin = support::admin(&server, "postgres").await;
    admin.batch_execute("INSERT INTO answer SELECT i, i FROM generate_series(101, 103) AS i").await.unwrap();
    admin.batch_execute("VACUUM (FREEZE, ANALYZE) answer").await.unwrap();
    drop(admin);
    server.stop();
    // The index as it was before the last rows came.
    server.write_file(&path, &before);
    server.run();

    let mut session = support::connect(&server, "localhost", &settings("postgres", READER)).await.unwrap();
    assert_eq!(session.count_heap(&answer(), None).await.unwrap().rows, 103);
    assert_eq!(session.count_index(&answer(), "by_course").await.unwrap().rows, 100);
    assert_eq!(session.count_index(&answer(), "answer_pkey").await.unwrap().rows, 103);
    assert_eq!(session.blocks_without_rows(&answer()).await.unwrap(), "none");
}

#[tokio::test]
async fn empty_blocks_of_odd_tables_are_found() {
    let name = "empty_blocks_of_odd_tables_are_found";
    let sql = "CREATE SCHEMA \"o'd\"; CREATE TABLE \"o'd\".\"{table}\n--\" (x text);
        INSERT INTO \"o'd\".\"{table}\n--\" SELECT repeat('x', 2000) FROM generate_series(1, 400);
        DELETE FROM \"o'd\".\"{table}\n--\" WHERE (ctid::text::point)[0] IN (0, 3, 4, 5, 99);
        CREATE TABLE empty (x int)";
    let Some(database) = Database::make(name, sql).await else { return };
    let mut session = database.session(READER).await;
    let odd = table("o'd", "{table}\n--");
    assert_eq!(session.blocks_without_rows(&odd).await.unwrap(), "0, 3 to 5, 99");
    assert_eq!(session.blocks_without_rows(&table("public", "empty")).await.unwrap(), "none");
}

#[tokio::test]
async fn a_missing_right_a_policy_or_a_missing_index_is_not_measured() {
    let sql =
        "CREATE TABLE answer (id int PRIMARY KEY, x int); CREATE INDEX partial ON answer (x) WHERE x > 1;
        CREATE TABLE hidden (id int PRIMARY KEY, x int); CREATE INDEX ON hidden (x) WHERE x > 1;
        ALTER TABLE answer ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON answer USING (x = 1)";
    let name = "a_missing_right_a_policy_or_a_missing_index_is_not_measured";
    let Some(database) = Database::make(name, sql).await else { return };
    for (role, of, index, words) in [
        (STRANGER, "hidden", "hidden_x_idx", "GRANT SELECT"),
        (READER, "answer", "partial", "BYPASSRLS"),
        (SEES_ALL, "answer", "gone", "nobody should change"),
    ] {
        let mut session = database.session(role).await;
        match session.count_index(&table("public", of), index).await {
            Err(MeasureError::NotMeasured { hint, .. }) => assert!(hint.contains(words), "{hint}"),
            other => panic!("{role}: {other:?}"),
        }
        // Nor does it keep the catalogue from being read.
        assert_eq!(session.catalogue().await.unwrap().tables[0].indexes.len(), 2);
    }
    assert_eq!(database.session(SEES_ALL).await.count_index(&answer(), "partial").await.unwrap().rows, 0);
}

#[tokio::test]
async fn ranges_of_an_index_lead_to_each_row_once() {
    let Some(database) = Database::make("ranges_of_an_index_lead_to_each_row_once", KINDS).await else {
        return;
    };
    let mut session = database.session(READER).await;
    assert_eq!(
        session.cut_index(&answer(), "answer_pkey", 8).await.unwrap(),
        [],
        "nothing is known of its keys"
    );
    database.admin.batch_execute("VACUUM (ANALYZE) answer").await.unwrap();
    let mut cut = Vec::new();
    for index in countable(&database).await {
        for parts in [2, 8, 1000] {
            let ranges = session.cut_index(&answer(), &index, parts).await.unwrap();
            assert!(ranges.len() <= parts + 1, "{index}: {ranges:?}");
            let mut rows = 0;
            for range in &ranges {
                rows += session.count_index_in(&answer(), &index, range).await.unwrap();
            }
            if !ranges.is_empty() {
                assert_eq!(rows, 3000, "{index} in {parts}");
                cut.push(index.clone());
            }
        }
    }
    cut.dedup();
    // A partial one is counted in one go, and so is one of arrays.
    let expected = [
        "Odd index",
        "answer_pkey",
        "by_code",
        "by_course",
        "by_course_down",
        "by_mood",
        "by_text_c",
        "by_text_pattern",
        "by_two",
        "with_included",
    ];
    assert_eq!(cut, expected);
}

#[tokio::test]
async fn keys_of_every_type_are_cut_at() {
    let types = [
        ("char(5)", "lpad(i::text, 3, '0')"),
        ("varchar(9)", "'v' || i"),
        ("numeric(9, 3)", "i / 7.0"),
        ("double precision", "CASE i WHEN 3 THEN 'Infinity' WHEN 4 THEN 'NaN' ELSE i / 3.0 END"),
        ("bit(12)", "i::bit(12)"),
        ("bytea", "decode(md5(i::text), 'hex')"),
        ("interval", "i * interval '7 hours'"),
        ("timestamptz", "now() - i * interval '1 second'"),
        ("date", "CASE i WHEN 5 THEN 'infinity' ELSE current_date - i END"),
        ("uuid", "md5(i::text)::uuid"),
        ("inet", "('10.0.0.' || i % 250)::inet"),
        ("name", "('n' || i)::name"),
        ("text", "repeat('long', 700) || i"),
        ("text[]", "ARRAY['a ' || i, NULL]"),
        ("pair", "ROW(i, 'x \"' || i)::pair"),
        ("bool", "i % 3 = 0"),
        ("int4range", "int4range(i, i + 3)"),
        ("jsonb", "jsonb_build_object('i', i)"),
    ];
    let mut sql = "CREATE TYPE pair AS (a int, b text);".to_owned();
    for (i, (kind, value)) in types.iter().enumerate() {
        write!(
            sql,
            "CREATE TABLE t{i} (k {kind}); INSERT INTO t{i} SELECT ({value})::{kind} FROM generate_series(1, 900) AS i;
             INSERT INTO t{i} SELECT NULL FROM generate_series(1, 100); CREATE INDEX t{i}_k ON t{i} (k);"
        )
        .unwrap();
    }
    let Some(database) = Database::make("keys_of_every_type_are_cut_at", &sql).await else { return };
    database.admin.batch_execute("VACUUM (ANALYZE)").await.unwrap();
    let mut session = database.session(READER).await;
    let mut not_cut = Vec::new();
    for (i, (kind, _)) in types.iter().enumerate() {
        let (of, index) = (table("public", &format!("t{i}")), format!("t{i}_k"));
        let ranges = session.cut_index(&of, &index, 5).await.unwrap();
        let mut rows = 0;
        for range in &ranges {
            let counted = session.count_index_in(&of, &index, range).await;
            rows += counted.unwrap_or_else(|error| panic!("{kind} {range:?}: {error}"));
        }
        if ranges.is_empty() {
            not_cut.push(*kind);
        } else {
            assert_eq!(rows, 1000, "{kind}: {ranges:?}");
        }
    }
    // Keys that are too long, arrays, composite types, and ranges, whose statistics are of another kind.
    assert_eq!(not_cut, ["text", "text[]", "pair", "int4range"]);
}
