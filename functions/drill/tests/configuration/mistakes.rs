//! How mistakes are told: all at once, each with its line, field, value and a way out.

use drill::configuration::{Mistake, limits, parse_json, parse_toml};
use snapbox::{assert_data_eq, file};

use crate::{MINIMAL, minimal_and};

fn printed(mistakes: &[Mistake], file: &str) -> String {
    mistakes.iter().fold(String::new(), |text, mistake| text + &mistake.in_file(file).to_string() + "\n\n")
}

/// The one mistake that a text must have.
fn only_mistake(text: &str) -> Mistake {
    let mut mistakes = parse_toml(text).unwrap_err();
    assert_eq!(mistakes.len(), 1, "{}", printed(&mistakes, "drill.toml"));
    mistakes.remove(0)
}

#[test]
fn every_mistake_of_a_file_is_told_at_once() {
    let text = include_str!("every-mistake.toml");
    let mistakes = parse_toml(text).unwrap_err();
    assert_data_eq!(printed(&mistakes, "drill.toml"), file!["every-mistake.txt"].raw());
}

#[test]
fn json_is_told_the_same_without_lines() {
    let text = include_str!("every-mistake.json");
    let mistakes = parse_json(text).unwrap_err();
    assert_data_eq!(printed(&mistakes, "drill.json"), file!["every-mistake-json.txt"].raw());
}

#[test]
fn an_empty_file_is_told_what_must_be_in_it() {
    let mistakes = parse_toml("").unwrap_err();
    let fields: Vec<&str> = mistakes.iter().map(|mistake| mistake.field.as_str()).collect();
    assert_eq!(fields, ["source", "replica", "database"]);
    assert!(mistakes.iter().all(|mistake| mistake.problem == "is missing"));
}

#[test]
fn a_mistake_of_syntax_does_not_hide_the_others() {
    let text = MINIMAL.replace("\"db.t4g.medium\"", "\"t4g.medium\"") + "user = restore_drill\n";
    let mistakes = parse_toml(&text).unwrap_err();
    let fields: Vec<&str> = mistakes.iter().map(|mistake| mistake.field.as_str()).collect();
    assert_eq!(fields, ["replica.instance_class", ""], "{}", printed(&mistakes, "drill.toml"));
}

#[test]
fn a_broken_header_is_not_followed_by_mistakes_it_caused() {
    for header in ["[replica", "[re plica]", "[]", "[[replica]", "[replica]]", "[re=plica]"] {
        let mistakes = parse_toml(&MINIMAL.replace("[replica]", header)).unwrap_err();
        let told = printed(&mistakes, "drill.toml");
        let only_syntax = mistakes.iter().all(|m| m.line == Some(6) && m.problem.starts_with("not TOML: "));
        assert!(only_syntax, "{header}: {told}");
    }
}

#[test]
fn a_value_that_is_no_toml_is_told_once() {
    for value in ["26h", "\"26h", "2 6", "26h\"", "[\"26h\"", "tru"] {
        let mistakes = parse_toml(&minimal_and(&format!("[backup]\nmax_age = {value}\n"))).unwrap_err();
        let told = printed(&mistakes, "drill.toml");
        assert!(mistakes.iter().all(|mistake| mistake.problem.starts_with("not TOML: ")), "{value}: {told}");
    }
}

#[test]
fn a_password_is_refused_without_being_repeated() {
    let mistake = only_mistake(&format!("{MINIMAL}password = \"hunter2\"\n"));
    assert_eq!(mistake.field, "database.password");
    assert_eq!(mistake.value, None);
    assert!(mistake.hint.contains("IAM authentication"), "{mistake}");
    assert!(!mistake.to_string().contains("hunter2"));
}

#[test]
fn a_file_that_is_too_large_is_not_read_at_all() {
    let mistake = only_mistake(&"#".repeat(limits::FILE_MAX_BYTES + 1));
    assert_eq!(mistake.problem, "the configuration is 65537 bytes long");
    assert!(parse_toml(&format!("{MINIMAL}#{}", "#".repeat(60_000))).is_ok());
}

#[test]
fn too_many_entries_are_told_by_their_number() {
    let queries: String = (0..=limits::QUERIES_MAX)
        .map(|n| format!("[[queries]]\nname='{n}'\nsql='SELECT 1'\nmin=1\n"))
        .collect();
    let mistake = only_mistake(&minimal_and(&queries));
    assert_eq!((mistake.field.as_str(), mistake.problem.as_str()), ("queries", "has 201 entries"));
    let tables: String = (0..=limits::TABLES_MAX).map(|n| format!("'p.{n}'={{}}\n")).collect();
    let mistake = only_mistake(&minimal_and(&format!("[tables]\n{tables}")));
    assert_eq!(mistake.problem, "has 2001 entries");
}

#[test]
fn a_query_may_be_as_long_as_the_limit_and_no_longer() {
    let query = |length: usize| {
        let sql = format!("SELECT 1{}", " ".repeat(length - 8));
        minimal_and(&format!("[[queries]]\nname = 'long'\nmin = 1\nsql = '{sql}'\n"))
    };
    assert!(parse_toml(&query(limits::SQL_MAX_BYTES)).is_ok());
    assert_eq!(only_mistake(&query(limits::SQL_MAX_BYTES + 1)).field, "queries[0].sql");
}

#[test]
fn a_query_that_does_more_than_read_is_refused_with_its_place_and_the_way_out() {
    let text =
        "[[queries]]\nname = \"q\"\nmin = 1\nsql = \"\"\"\nSELECT count(*)\n  FROM public.wipe(1)\n\"\"\"\n";
    let mistake = only_mistake(&minimal_and(text));
    assert_eq!(mistake.field, "queries[0].sql");
    assert_eq!(mistake.value.as_deref(), Some(r#""SELECT count(*)\n  FROM public.wipe(1)\n""#));
    assert_eq!(
        mistake.problem,
        "calls public.wipe, a function of the database's own (line 2, column 15 of the query)"
    );
    assert!(mistake.hint.starts_with("write what it does as a plain query"), "{mistake}");
}

#[test]
fn names_are_limited_in_bytes_as_postgresql_limits_them() {
    let database = |name: &str| MINIMAL.replace("\"courses\"", &format!("{name:?}"));
    assert!(parse_toml(&database(&"d".repeat(63))).is_ok());
    let mistake = only_mistake(&database(&"é".repeat(32)));
    assert_eq!((mistake.field.as_str(), mistake.problem.as_str()), ("database.name", "is 64 bytes long"));
}

#[test]
fn odd_names_of_tables_can_be_written() {
    for name in ["public.Audit Log", "my.schema.my.table", "public.\\\"quoted\\\"", "público.año", "a.b"] {
        let text = minimal_and(&format!("[tables.\"{name}\"]\nmin_rows = 1\n"));
        assert!(parse_toml(&text).is_ok(), "{name}");
    }
    for name in ["orders", ".orders", "public.", ".", ""] {
        let mistake = only_mistake(&minimal_and(&format!("[tables.\"{name}\"]\nmin_rows = 1\n")));
        assert_eq!(mistake.problem, "is not a table's name with its schema", "{name}");
    }
}

#[test]
fn spans_that_contradict_each_other_are_told_where_they_were_written() {
    let cases = [
        ("[polling]\nmin = \"5m\"\n", "polling.min"),
        ("[polling]\nmax = \"9s\"\n", "polling.max"),
        ("[deadlines]\navailable = \"5m\"\n", "deadlines.available"),
        ("[deadlines]\navailable = \"3m\"\n[polling]\nfirst = \"4m\"\n", "polling.first"),
        ("[polling]\nmin = \"1s\"\nmax = \"1s\"\n", "polling.max"),
        (
            "[deadlines]\navailable = \"3h\"\nstopped = \"3h\"\n[polling]\nmax = \"5s\"\nmin = \"1s\"\n",
            "polling.max",
        ),
        ("[deadlines]\navailable = \"7h\"\nstopped = \"2h\"\n", "deadlines.available"),
    ];
    for (more, field) in cases {
        assert_eq!(only_mistake(&minimal_and(more)).field, field, "{more}");
    }
    let text = MINIMAL.replace("[database]", "abandoned_max_age = \"3h\"\n[database]");
    assert_eq!(only_mistake(&text).field, "replica.abandoned_max_age");
}

#[test]
fn a_value_beyond_a_bound_is_told_with_its_field() {
    let cases = [
        ("[defaults]\nmax_drop = 1.5\n", "defaults.max_drop"),
        ("[defaults]\nmax_drop = -0.1\n", "defaults.max_drop"),
        ("[backup]\nmax_age = \"59s\"\n", "backup.max_age"),
        ("[backup]\nmax_age = \"36days\"\n", "backup.max_age"),
        ("[polling]\nmax = \"16m\"\n", "polling.max"),
        ("[tables.\"a.b\"]\nfresh = { column = \"c\", within = \"0s\" }\n", "tables.\"a.b\".fresh.within"),
    ];
    for (more, field) in cases {
        assert_eq!(only_mistake(&minimal_and(more)).field, field, "{more}");
    }
}

#[test]
fn the_bounds_themselves_are_allowed() {
    let text = minimal_and(
        "statement_timeout = \"13m\"\n[defaults]\nmax_drop = 1\n[polling]\nmin = \"2m\"\nmax = \"2m\"\n\
         [[queries]]\nname = \"q\"\nsql = \"SELECT 1\"\nmin = 3\nmax = 3\n",
    );
    assert!(parse_toml(&text).is_ok(), "{:?}", parse_toml(&text));
}

#[test]
fn a_hint_proposes_a_value_that_is_taken() {
    let hint = |text: &str| only_mistake(text).hint;
    assert!(hint(&MINIMAL.replace("courses-prod", "Courses-Prod")).contains("\"courses-prod\""));
    assert!(hint(&MINIMAL.replace("db.t4g.medium", "t4g.medium")).contains("\"db.t4g.medium\""));
    assert!(hint(&minimal_and("[defaults]\nmax_drop = 5\n")).contains("0.05"));
    assert!(hint(&minimal_and("[backup]\nmax_age = 26\n")).contains("\"26h\""));
    assert!(
        hint(&minimal_and("[tables.public.orders]\nmin_rows = 1\n")).contains("[tables.\"public.orders\"]")
    );
}

#[test]
fn deadlines_beyond_all_measure_are_told_and_their_sum_does_not_come_round() {
    let text = minimal_and("[deadlines]\navailable = \"18446744073709551615s\"\nstopped = \"1h\"\n");
    let problems: Vec<String> = parse_toml(&text).unwrap_err().into_iter().map(|m| m.problem).collect();
    assert!(problems.iter().any(|p| p.contains("at most")), "{problems:?}");
}
