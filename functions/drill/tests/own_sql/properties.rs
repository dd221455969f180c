//! Claims over all texts, tried on many.

use drill::configuration::limits::SQL_MAX_BYTES;
use drill::own_sql::{Refusal, check, qualified};
use proptest::prelude::*;

/// Pieces that queries are made of, and pieces that readers of SQL disagree about.
const PIECES: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "t",
    "x",
    "1",
    "1.5e3",
    "'a'",
    "''",
    "E'\\''",
    "E'a'",
    "\"q\"\"q\"",
    "'",
    "\"",
    "\\",
    "U&'\\0027'",
    "X'\\'",
    "b'1'",
    "$$",
    "$a$",
    "$1",
    "--",
    "--\n",
    "-- '\r",
    "/*",
    "*/",
    "/* ' */",
    "\n",
    " ",
    "\t",
    "\r\n",
    "\u{b}",
    "\u{a0}",
    "é",
    "(",
    ")",
    "[",
    "]",
    ",",
    ".",
    ";",
    ":",
    "::",
    ":=",
    "=>",
    "+",
    "-",
    "*",
    "/",
    "->>",
    "@>",
    "<",
    ">",
    "=",
    "!",
    "?",
    "|",
    "||",
    "@@@",
    "OPERATOR(",
    "count(",
    "count(*)",
    "max(x)",
    "lower('a')",
    "pg_sleep(9)",
    "pg_catalog.",
    "public.",
    "nextval('s')",
    "AS",
    "WITH q AS (",
    "JOIN",
    "LATERAL",
    "ON",
    "USING",
    "UNION",
    "ALL",
    "GROUP BY",
    "ORDER BY",
    "LIMIT",
    "INTO",
    "FOR UPDATE",
    "NOT",
    "IN (",
    "EXISTS (",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "AND",
    "OR",
    "IS NULL",
    "BETWEEN",
    "CAST(",
    "::int",
    "::regclass",
    "::mine",
    "date '",
    "interval '1 day'",
    "AT TIME ZONE",
    "ARRAY[",
    "ARRAY(",
    "ROW(",
    "VALUES (",
    "OVER (",
    "FILTER (WHERE",
    "WITHIN GROUP (",
    "PARTITION BY",
    "extract(epoch FROM",
    "substring(",
    "trim(",
    "generate_series(1, 2)",
    "unnest(",
    "ROWS FROM (",
    "TABLESAMPLE",
    "DELETE FROM t",
    "RETURNING",
    "COLLATE",
    "LIKE",
    "ESCAPE",
    "TABLE",
    "DISTINCT ON (",
    "GROUPING SETS (",
    "ROLLUP (",
    "NULL",
    "true",
    "current_user",
    "FETCH FIRST",
    "ROW ONLY",
];

/// What goes around an expression or a query, before and after it.
const AROUND: &[(&str, &str)] = &[
    ("(", ")"),
    ("(SELECT ", ")"),
    ("(SELECT * FROM (", ") AS s)"),
    ("EXISTS (SELECT ", ")"),
    ("1 IN (SELECT ", ")"),
    ("abs(", ")"),
    ("ARRAY[", "]"),
    ("ARRAY(SELECT ", ")"),
    ("CAST(", " AS int)"),
    ("CASE WHEN ", " THEN 1 END"),
    ("CASE ", " WHEN 1 THEN 1 END"),
    ("x[", "]"),
    ("NOT ", ""),
    ("- ", ""),
    ("row(", ", 1)"),
    ("extract(epoch FROM ", ")"),
    ("substring('a' FROM ", ")"),
    ("count(*) FILTER (WHERE ", ")"),
    ("sum(1) OVER (ORDER BY ", ")"),
    ("(WITH q AS (SELECT ", ") SELECT 1 FROM q)"),
    ("1 BETWEEN ", " AND 2"),
    ("interval '1 day' * ", ""),
    ("(VALUES (", "))"),
    ("coalesce(", ", 1)"),
];

fn examined(sql: &str) -> Result<Result<String, Refusal>, TestCaseError> {
    let result = qualified(sql);
    if let Err(refusal) = &result {
        // The thread that looks at it would have panicked.
        prop_assert!(!refusal.reason.contains("couldn't be examined"), "{sql:?}");
        prop_assert!(!refusal.reason.is_empty() && !refusal.way_out.is_empty(), "{sql:?}");
        prop_assert!(refusal.reason.chars().count() < 200, "{}", refusal.reason);
        let lines = u64::try_from(sql.matches('\n').count()).unwrap() + 1;
        prop_assert!(refusal.place.is_none_or(|place| (1..=lines).contains(&place.line)), "{refusal}");
    }
    Ok(result)
}

proptest! {
    #[test]
    fn looking_at_any_text_never_panics(sql in any::<String>()) {
        let _ = examined(&sql)?;
        let _ = examined(&format!("SELECT {sql}"))?;
    }

    #[test]
    fn looking_at_what_is_nearly_sql_never_panics(
        pieces in prop::collection::vec((prop::sample::select(PIECES), any::<bool>()), 0..40),
    ) {
        let sql: String = pieces.iter().map(|(piece, gap)| format!("{piece}{}", if *gap { " " } else { "" })).collect();
        let _ = examined(&sql)?;
        let _ = examined(&format!("SELECT {sql}"))?;
    }

    #[test]
    fn deep_nesting_is_taken_or_refused_and_uses_up_no_stack(
        wraps in prop::collection::vec(prop::sample::select(AROUND), 1..4), depth in 1..2_000usize,
    ) {
        let (mut before, mut after) = (String::from("SELECT "), String::new());
        for (open, close) in wraps.iter().cycle().take(depth) {
            if before.len() + after.len() + open.len() + close.len() + 1 > SQL_MAX_BYTES {
                break;
            }
            before.push_str(open);
            after.insert_str(0, close);
        }
        let _ = examined(&format!("{before}1{after}"))?;
    }

    #[test]
    fn long_chains_are_taken_or_refused_and_use_up_no_stack(
        unit in prop::collection::vec(prop::sample::select(PIECES), 1..4), spaces in any::<bool>(),
        begin in prop::sample::select(&["SELECT ", "SELECT 1", "SELECT * FROM t", "SELECT x FROM t WHERE ", "(", ""][..]),
    ) {
        let unit = unit.join(if spaces { " " } else { "" });
        let times = (SQL_MAX_BYTES - begin.len()) / (unit.len() + 1);
        let sql = format!("{begin}{}", format!("{unit} ").repeat(times));
        let _ = examined(&sql)?;
    }

    #[test]
    fn what_is_accepted_stays_accepted_once_it_is_qualified(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..12),
    ) {
        let sql = format!("SELECT {}", pieces.join(" "));
        if let Ok(qualified_once) = examined(&sql)? {
            prop_assert_eq!(qualified(&qualified_once), Ok(qualified_once.clone()), "{}", sql);
            prop_assert!(check(&sql).is_ok());
        }
    }
}
