//! Somebody's own SQL: what is accepted, what is refused, and with which words.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod properties;

use drill::configuration::limits::SQL_MAX_BYTES;
use drill::own_sql::{Place, check, qualified};
use serde::Deserialize;

#[derive(Deserialize)]
struct Good {
    query: Vec<GoodQuery>,
}

#[derive(Deserialize)]
struct GoodQuery {
    sql: String,
}

#[derive(Deserialize)]
struct Escapes {
    escape: Vec<Escape>,
}

#[derive(Deserialize)]
struct Escape {
    sql: String,
    refused: String,
}

fn good() -> Vec<GoodQuery> {
    toml::from_str::<Good>(include_str!("good.toml")).unwrap().query
}

fn escapes() -> Vec<Escape> {
    toml::from_str::<Escapes>(include_str!("escapes.toml")).unwrap().escape
}

fn reason(sql: &str) -> String {
    check(sql).expect_err(sql).to_string()
}

#[test]
fn queries_as_people_write_them_are_accepted() {
    let refused: Vec<String> = good()
        .iter()
        .filter_map(|query| check(&query.sql).err().map(|refusal| format!("{}\n    {refusal}", query.sql)))
        .collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn each_escape_is_refused_with_its_reason() {
    let wrong: Vec<String> = escapes()
        .iter()
        .filter_map(|escape| match check(&escape.sql) {
            Err(refusal) if refusal.reason.contains(&escape.refused) => None,
            other => Some(format!("{}\n    wanted: {}\n    got: {other:?}", escape.sql, escape.refused)),
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_refusal_names_the_offender_its_place_and_the_way_out() {
    let refusal = check("SELECT count(*)\n  FROM users u\n WHERE \"Odd Schema\".is_odd(u.id)").unwrap_err();
    assert_eq!(refusal.reason, "calls Odd Schema.is_odd, a function of the database's own");
    assert_eq!(refusal.place, Some(Place { line: 3, column: 21 }));
    assert_eq!(
        refusal.to_string(),
        "calls Odd Schema.is_odd, a function of the database's own (line 3, column 21 of the query); write what it does \
         as a plain query; docs/own-sql.md tells which functions there are"
    );
    for (sql, way_out) in [
        ("SHOW server_version", "write SELECT current_setting('…')"),
        ("TABLE users", "write SELECT … FROM the table"),
        ("SELECT 1; SELECT 2", "make a [[queries]] of each"),
        ("SELECT 'a'::regclass", "call to_regclass('…') or one of its like"),
        ("SELECT x FROM t FOR UPDATE", "leave it out: nobody else writes to the replica"),
        ("SELECT 'x'::mine", "compare with a quoted value, which takes its type by itself, or cast to text"),
        ("SELECT 'a' 'b'", "join them with ||"),
        (
            "SELECT inet '10.0.0.1'",
            "write a type after its value, as in '…'::inet, and a name in double quotes",
        ),
    ] {
        assert_eq!(check(sql).unwrap_err().way_out, way_out, "{sql}");
    }
}

#[test]
fn a_mistake_of_syntax_is_refused_where_it_is() {
    for (sql, place) in [
        ("SELECT count(* FROM t", (1, 16)),
        ("SELECT\n  1 +", (0, 0)),
        ("SELECT 1 FROM t WHERE x = = 1", (1, 27)),
        ("SELECT x x x FROM t", (1, 12)),
    ] {
        let refusal = check(sql).unwrap_err();
        assert!(refusal.reason.starts_with("can't be read"), "{sql}: {refusal}");
        assert_eq!(
            refusal.place.map_or((0, 0), |place| (place.line, place.column)),
            place,
            "{sql}: {refusal}"
        );
    }
}

#[test]
fn what_a_refusal_repeats_is_bounded_and_on_one_line() {
    let long = format!("SELECT \"{}\"(1)", "ü\n".repeat(2_000));
    let refusal = check(&long).unwrap_err();
    assert!(refusal.reason.chars().count() < 150 && !refusal.reason.contains('\n'), "{refusal}");
}

#[test]
fn each_function_without_a_schema_gets_the_one_of_postgresql() {
    for (sql, as_run) in [
        ("SELECT count(*) FROM t", "SELECT pg_catalog.count(*) FROM t"),
        ("SELECT Max ( x ), \"min\"(x) FROM t", "SELECT pg_catalog.Max ( x ), pg_catalog.\"min\"(x) FROM t"),
        ("SELECT pg_catalog.max(x) FROM t", "SELECT pg_catalog.max(x) FROM t"),
        // What PostgreSQL's grammar knows by itself can't have a schema.
        ("SELECT coalesce(nullif(x, 1), 2)", "SELECT coalesce(nullif(x, 1), 2)"),
        ("SELECT extract(day FROM now())", "SELECT extract(day FROM pg_catalog.now())"),
        ("SELECT substring(a FROM 2)", "SELECT substring(a FROM 2)"),
        ("SELECT substring(a, 2)", "SELECT pg_catalog.substring(a, 2)"),
        ("SELECT substring(a, (SELECT 1 FROM t))", "SELECT pg_catalog.substring(a, (SELECT 1 FROM t))"),
        ("SELECT 1 FROM unnest(a)", "SELECT 1 FROM pg_catalog.unnest(a)"),
        ("SELECT 1 FROM unnest(a, b) AS u", "SELECT 1 FROM unnest(a, b) AS u"),
        ("SELECT x::numeric(4, 1), interval(3) '1 s'", ""),
        ("SELECT x::numeric(4, 1) FROM t AS u (x)", "SELECT x::numeric(4, 1) FROM t AS u (x)"),
        ("SELECT x FROM t u (x)", "SELECT x FROM t u (x)"),
        // Neither a string nor a comment nor a column is a call.
        ("SELECT 'max(', max /* min( */ FROM t", "SELECT 'max(', max /* min( */ FROM t"),
    ] {
        assert_eq!(qualified(sql).unwrap_or_default(), as_run, "{sql}: {:?}", qualified(sql));
    }
}

#[test]
fn a_name_of_columns_is_no_call_and_no_excuse_for_one() {
    assert!(check("WITH mine (a) AS (SELECT 1) SELECT a FROM mine").is_ok());
    assert!(reason("WITH mine (a) AS (SELECT 1) SELECT mine(a) FROM mine").contains("calls mine"));
    assert!(reason("SELECT 1 FROM t AS mine (a), mine(1)").contains("calls mine"));
    assert!(reason("WITH max (a) AS (SELECT 1) SELECT 1").contains("names its columns after max"));
}

#[test]
fn what_only_another_dialect_has_is_refused() {
    for sql in [
        "SELECT x 'alias' FROM t",
        "SELECT x AS 'alias' FROM t",
        "SELECT unnest(a, b)",
        "SELECT rollup(1)",
        "SELECT x FROM t LIMIT 1, 2",
        "FROM t SELECT x",
        "SELECT TOP 1 x FROM t",
        "SELECT `x` FROM t",
        "SELECT * EXCLUDE (x) FROM t",
        "SELECT x FROM t LATERAL VIEW explode(y) z AS w",
        "SELECT TRY_CAST(x AS int)",
        "SELECT x FROM t SEMI JOIN u ON true",
        "SELECT GROUP_CONCAT(x SEPARATOR ',') FROM t",
        "SELECT {d '2026-01-01'}",
        "SELECT x -> x + 1",
        "SELECT ceil(x, 1)",
    ] {
        let taken = qualified(sql);
        // PostgreSQL has the operator, and no such lambda.
        assert!(taken.is_err() || sql.contains("->"), "{sql}: {taken:?}");
    }
}

#[test]
fn the_bounds_are_told_and_what_is_within_them_is_taken() {
    let padded = |length: usize| format!("SELECT 1{}", " ".repeat(length - 8));
    assert!(check(&padded(SQL_MAX_BYTES)).is_ok());
    assert!(reason(&padded(SQL_MAX_BYTES + 1)).contains("8193 bytes long"));
    let nested = |depth: usize| format!("SELECT {}1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(check(&nested(20)).is_ok());
    assert!(reason(&nested(33)).contains("more than 32 levels"));
    assert!(reason(&format!("SELECT {}1{}", "(".repeat(32_700), ")".repeat(32_700))).contains("bytes long"));
    let joined = |times: usize| format!("SELECT 1 FROM t{}", " JOIN t ON true".repeat(times));
    assert!(check(&joined(100)).is_ok());
    assert!(reason(&joined(101)).contains("more than 100 joins"));
    // The parser takes these into each other.
    let into_each_other = format!("SELECT 1 FROM t{}{}", " JOIN t".repeat(100), " ON true".repeat(100));
    assert!(check(&into_each_other).is_ok());
    let summed = format!("SELECT 1{}", "+1".repeat(4_000));
    assert!(check(&summed).is_ok());
}
