//! Counting ranges of blocks: each row in exactly one of them, read by a TID range scan.

use drill::configuration::Span;
use drill::measurement::BlockRange;
use drill::ports::{MeasureError, Session};

use crate::support::{self, Database, READER, settings, table};

const WIDE: &str = "CREATE TABLE wide AS SELECT i, repeat('x', 500) AS t FROM generate_series(1, 30000) AS i;
    DELETE FROM wide WHERE i BETWEEN 5000 AND 9000; CREATE INDEX ON wide (i);
    CREATE TABLE empty (x int); CREATE TABLE parent (x int); CREATE TABLE child () INHERITS (parent);
    INSERT INTO parent SELECT generate_series(1, 10); INSERT INTO child SELECT generate_series(1, 100)";

const fn range(from: u32, to: u32) -> BlockRange {
    BlockRange { from, to: Some(to) }
}

const fn from(from: u32) -> BlockRange {
    BlockRange { from, to: None }
}

#[tokio::test]
async fn ranges_that_touch_count_each_row_once() {
    let Some(database) = Database::make("ranges_that_touch_count_each_row_once", WIDE).await else { return };
    database.admin.batch_execute("VACUUM (ANALYZE) wide").await.unwrap();
    let blocks = u32::try_from(database.number("SELECT pg_relation_size('wide') / 8192").await).unwrap();
    let wide = table("public", "wide");
    let mut session = database.session(READER).await;
    let whole = session.count_heap(&wide, None).await.unwrap();
    assert_eq!(whole.rows, 30_000 - 4_001);
    for cuts in
        [vec![1], vec![blocks / 2], vec![blocks - 1], vec![blocks], vec![blocks + 7], vec![1, 2, 3, 900]]
    {
        let begins = std::iter::once(0).chain(cuts.iter().copied());
        let ends = cuts.iter().map(|&to| Some(to)).chain([None]);
        let mut sum = 0;
        for (from, to) in begins.zip(ends) {
            let counted = session.count_heap(&wide, Some(BlockRange { from, to })).await.unwrap();
            assert_eq!(counted.scan, "Tid Range Scan", "{from} to {to:?}");
            sum += counted.rows;
        }
        assert_eq!(sum, whole.rows, "{cuts:?}");
    }
}

#[tokio::test]
async fn a_range_holds_the_rows_of_its_blocks() {
    let Some(database) = Database::make("a_range_holds_the_rows_of_its_blocks", WIDE).await else { return };
    let wide = table("public", "wide");
    let mut session = database.session(READER).await;
    for (first, last) in [(0, 0), (7, 7), (3, 400)] {
        let sql =
            format!("SELECT count(*) FROM wide WHERE (ctid::text::point)[0] BETWEEN {first} AND {last}");
        let rows = u64::try_from(database.number(&sql).await).unwrap();
        let counted = session.count_heap(&wide, Some(range(first, last + 1))).await.unwrap().rows;
        assert_eq!(counted, rows, "{first} to {last}");
    }
}

#[tokio::test]
async fn an_empty_table_and_what_lies_beyond_the_end_have_no_rows() {
    let name = "an_empty_table_and_what_lies_beyond_the_end_have_no_rows";
    let Some(database) = Database::make(name, WIDE).await else { return };
    let mut session = database.session(READER).await;
    for blocks in [from(0), range(0, 1), from(u32::MAX)] {
        assert_eq!(
            session.count_heap(&table("public", "empty"), Some(blocks)).await.unwrap().rows,
            0,
            "{blocks:?}"
        );
    }
    assert_eq!(
        session.count_heap(&table("public", "wide"), Some(range(1 << 20, 1 << 21))).await.unwrap().rows,
        0
    );
    // ONLY: the children's rows are theirs.
    assert_eq!(session.count_heap(&table("public", "parent"), Some(from(0))).await.unwrap().rows, 10);
}

#[tokio::test]
async fn a_range_that_takes_too_long_is_told_apart_so_that_it_can_be_cut() {
    let name = "a_range_that_takes_too_long_is_told_apart_so_that_it_can_be_cut";
    let Some(database) = Database::make(name, WIDE).await else { return };
    let mut hasty = settings(&database.name, READER);
    hasty.statement_timeout = Span::seconds(1);
    let mut session = support::connect(database.server, "localhost", &hasty).await.unwrap();
    let wide = table("public", "wide");
    database.admin.batch_execute("BEGIN; LOCK TABLE wide IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let error = session.count_heap(&wide, Some(from(0))).await.unwrap_err();
    assert!(
        matches!(&error, MeasureError::TimedOut { hint, .. } if hint.contains("database.statement_timeout")),
        "{error:?}"
    );
    database.admin.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(
        session.count_heap(&wide, Some(from(0))).await.unwrap().rows,
        25_999,
        "and the session goes on"
    );
}

#[tokio::test]
async fn a_missing_right_is_not_measured_by_range_either() {
    let Some(database) = Database::make("a_missing_right_is_not_measured_by_range_either", WIDE).await else {
        return;
    };
    let mut session = database.session(support::STRANGER).await;
    let error = session.count_heap(&table("public", "wide"), Some(from(0))).await.unwrap_err();
    assert!(matches!(error, MeasureError::NotMeasured { hint, .. } if hint.contains("GRANT SELECT")));
}
