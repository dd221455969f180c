//! The newest value of a column.

use chrono::{DateTime, Utc};
use drill::ports::{MeasureError, Session};

use crate::support::{Database, READER, table};

const TABLE: &str = "CREATE DOMAIN moment AS timestamptz;
    CREATE TABLE log (d date, t timestamp, z timestamptz, m moment, i int, \"odd \"\"name\" timestamptz);
    INSERT INTO log VALUES
        ('2026-11-20', '2026-11-20 01:02:03.000004', '2026-11-20 03:00:00+02', '2026-11-20 00:00:00+00', 1, '2020-01-01Z'),
        ('2026-11-19', '2026-11-19', '2026-11-19Z', '2026-11-19Z', 2, NULL);
    CREATE INDEX ON log (z); CREATE TABLE empty (z timestamptz);
    CREATE TABLE forever (z timestamptz); INSERT INTO forever VALUES ('infinity'), ('2026-01-01Z');
    CREATE TABLE never (z timestamptz); INSERT INTO never VALUES ('-infinity');
    CREATE TABLE far (z timestamptz); INSERT INTO far VALUES ('290000-01-01Z');
    CREATE TABLE words (w text)";

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[tokio::test]
async fn every_kind_of_instant_is_read_as_utc() {
    let Some(database) = Database::make("every_kind_of_instant_is_read_as_utc", TABLE).await else { return };
    let mut session = database.session(READER).await;
    for (column, newest) in [
        ("d", "2026-11-20T00:00:00Z"),
        ("t", "2026-11-20T01:02:03.000004Z"),
        ("z", "2026-11-20T01:00:00Z"),
        ("m", "2026-11-20T00:00:00Z"),
        ("odd \"name", "2020-01-01T00:00:00Z"),
    ] {
        assert_eq!(
            session.newest(&table("public", "log"), column).await.unwrap(),
            Some(instant(newest)),
            "{column}"
        );
    }
    assert_eq!(session.newest(&table("public", "empty"), "z").await.unwrap(), None);
}

#[tokio::test]
async fn what_is_no_instant_is_not_measured() {
    let Some(database) = Database::make("what_is_no_instant_is_not_measured", TABLE).await else { return };
    let mut session = database.session(READER).await;
    for (name, column, in_reason, in_hint) in [
        ("forever", "z", "infinity", "another column"),
        ("never", "z", "-infinity", "another column"),
        ("far", "z", "290000", "another column"),
        ("log", "i", "of type integer", "d, t, z, m, odd \"name"),
        ("log", "gone", "has no column", "d, t, z, m, odd \"name"),
        ("words", "w", "of type text", "no column of type date"),
        ("gone", "z", "has no column", "no column of type date"),
    ] {
        match session.newest(&table("public", name), column).await {
            Err(MeasureError::NotMeasured { reason, hint }) => {
                assert!(reason.contains(in_reason) && hint.contains(in_hint), "{reason} / {hint}");
            }
            other => panic!("{name}.{column}: {other:?}"),
        }
    }
}
