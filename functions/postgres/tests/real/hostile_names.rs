//! Names that somebody may have given: quotes, line breaks, dots, SQL, 63 bytes of any script. Each is found, and every
//! measurement is of the object that bears it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use drill::measurement::{DigestScope, ObjectKind, TableName};
use drill::ports::Session;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use restore_drill_postgres::quote_identifier as quoted;

use crate::support::{Database, READER};

/// The longest name in PostgreSQL, in bytes; it cuts longer ones.
const NAME_MAX_BYTES: usize = 63;

const FIXED: &[&str] = &[
    "\"",
    "\"\"",
    "'",
    "''; DROP TABLE victim; --",
    "\"; DROP TABLE victim; --",
    "\\",
    "\\'",
    "$1",
    "$$",
    "$q$",
    "%I",
    "{}",
    "a.b",
    "public.victim",
    "\"a\".\"b\"",
    "line\nbreak",
    "tab\tand\r\n",
    "\u{1}\u{7f}",
    " leading and trailing ",
    "select",
    "CTID",
    "réponse 数据",
    "\u{202e}\u{feff}\u{200b}",
    "e\u{301}",
    "é",
    "🦀",
    "--",
    "/* */",
    "U&\"d\\0061\"",
    "pg_catalog",
];

/// The name as PostgreSQL keeps it: without zero bytes, and cut between characters.
fn kept(name: &str) -> String {
    let mut name = name.replace('\0', "0");
    name.truncate(name.floor_char_boundary(NAME_MAX_BYTES));
    if name.is_empty() { "x".to_owned() } else { name }
}

/// The fixed names, one of 63 bytes of each width of a character, and as many as `PROPTEST_CASES` allows of any text:
/// an eighth of it, as each costs a dozen statements.
fn names() -> Vec<String> {
    let wide = ["x", "é", "数", "🦀"].map(|one| one.repeat(NAME_MAX_BYTES));
    let mut runner = TestRunner::default();
    let any = prop_oneof![any::<String>(), "[\"'\\\\.;$%\n a-c]{1,63}", "\\PC{1,63}"];
    let count = runner.config().cases / 8;
    let random: Vec<String> =
        (0..count).map(|_| any.new_tree(&mut runner).expect("a text").current()).collect();
    let mut names: Vec<String> = FIXED
        .iter()
        .map(|name| kept(name))
        .chain(wide.iter().chain(&random).map(|name| kept(name)))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// A table of that name in a schema of that name, with a column, an index and a foreign key of that name; every table
/// has another number of rows.
fn statements(schema: &str, name: &str, rows: usize) -> String {
    let (schema, name) = (quoted(schema), quoted(name));
    let index = quoted(&index_of(&name));
    let mut sql = String::new();
    let _ = write!(
        sql,
        "CREATE TABLE {schema}.{name} (id int, {name} timestamptz);
         INSERT INTO {schema}.{name} SELECT i, '2026-11-21 03:00:00Z' FROM generate_series(1, {rows}) AS i;
         CREATE INDEX {index} ON {schema}.{name} (id);
         ALTER TABLE {schema}.{name} ADD CONSTRAINT {name} FOREIGN KEY (id) REFERENCES public.victim;"
    );
    sql
}

/// An index may not have its table's name: the same with its end cut off for something else.
fn index_of(quoted_name: &str) -> String {
    let name = &quoted_name[1..quoted_name.len() - 1].replace("\"\"", "\"");
    format!("{}-i", &name[..name.floor_char_boundary(NAME_MAX_BYTES - 2)])
}

#[tokio::test]
async fn every_measurement_is_of_the_object_of_that_name() {
    let test = "every_measurement_is_of_the_object_of_that_name";
    let setup = format!(
        "CREATE EXTENSION amcheck;
         GRANT EXECUTE ON FUNCTION bt_index_check(regclass, boolean) TO {READER};
         GRANT EXECUTE ON FUNCTION verify_heapam(regclass, boolean, boolean, text, bigint, bigint) TO {READER};
         CREATE TABLE victim (id int PRIMARY KEY);
         INSERT INTO victim SELECT generate_series(1, 2000)"
    );
    let Some(database) = Database::make(test, &setup).await else { return };
    let mut rows_of: BTreeMap<TableName, u64> = BTreeMap::new();
    for (i, name) in names().into_iter().enumerate() {
        // A schema of the table's own name where PostgreSQL lets it have that, else the public one.
        let schema = if i % 2 == 0 && !name.starts_with("pg_") { name.clone() } else { "public".to_owned() };
        let create =
            if schema == "public" { String::new() } else { format!("CREATE SCHEMA {};", quoted(&schema)) };
        let sql = format!("{create} {}", statements(&schema, &name, i + 1));
        database.admin.batch_execute(&sql).await.unwrap_or_else(|e| panic!("{name:?}: {e:?}"));
        rows_of.insert(TableName { schema, table: name }, i as u64 + 1);
    }
    assert!(rows_of.keys().any(|t| t.table.len() == 63) && rows_of.len() > 40, "{}", rows_of.len());
    rows_of.insert(TableName { schema: "public".to_owned(), table: "victim".to_owned() }, 2000);

    let mut session = database.session(READER).await;
    let catalogue = session.catalogue().await.unwrap();
    let found: Vec<&TableName> = catalogue.tables.iter().map(|t| &t.name).collect();
    assert_eq!(found, rows_of.keys().collect::<Vec<_>>(), "each table once, in the order of their names");
    for (table, rows) in rows_of.iter().filter(|(table, _)| table.table != "victim") {
        let entry = catalogue.tables.iter().find(|t| t.name == *table).unwrap();
        let index = index_of(&quoted(&table.table));
        assert_eq!(entry.indexes.iter().map(|i| &i.name).collect::<Vec<_>>(), [&index], "{table:?}");
        assert_eq!(
            entry.foreign_keys.iter().map(|k| &k.name).collect::<Vec<_>>(),
            [&table.table],
            "{table:?}"
        );
        assert_eq!(session.count_heap(table, None).await.unwrap().rows, *rows, "{table:?}");
        assert_eq!(session.count_index(table, &index).await.unwrap().rows, *rows, "{table:?}");
        assert_eq!(session.check_heap(table).await.unwrap().count, 0, "{table:?}");
        assert_eq!(session.check_btree(table, &index).await.unwrap().count, 0, "{table:?}");
        assert_eq!(session.orphans(table, &table.table).await.unwrap().rows, 0, "{table:?}");
        let newest = session.newest(table, &table.table).await.unwrap().expect("it has rows");
        assert_eq!(newest.timestamp(), 1_795_230_000, "{table:?}");
        // The newest hour isn't in a history's digest, and all rows are of one instant.
        let scope = DigestScope::History { column: table.table.clone(), until: None };
        for (scope, expected) in [(scope, 0), (DigestScope::Frozen, *rows)] {
            let whole = session.digest(table, &scope).await.unwrap().whole;
            assert_eq!(whole.rows, expected, "{table:?} {scope:?}");
        }
    }
    assert_eq!(database.number("SELECT count(*) FROM victim").await, 2000, "no name was taken for SQL");
}

#[tokio::test]
async fn every_object_of_the_catalogue_has_a_name_of_its_own() {
    let test = "every_object_of_the_catalogue_has_a_name_of_its_own";
    let Some(database) = Database::make(test, "CREATE TABLE victim (id int PRIMARY KEY)").await else {
        return;
    };
    let names = names();
    for (i, name) in names.iter().enumerate() {
        let sql = statements("public", name, i % 3);
        // Without rows in the table that they refer to, a foreign key of rows can't be made.
        let sql = sql.split("INSERT").next().unwrap_or_default().to_owned();
        database.admin.batch_execute(&sql).await.unwrap_or_else(|e| panic!("{name:?}: {e:?}"));
    }
    let mut session = database.session(READER).await;
    let counts = session.catalogue().await.unwrap().objects;
    let mut found = Vec::new();
    for part in 0..counts[&ObjectKind::Table].div_ceil(ObjectKind::Table.per_part()) {
        found.extend(session.objects(ObjectKind::Table, part).await.unwrap());
    }
    // Two columns each, and the victim with its one.
    assert_eq!(found.len(), names.len() * 3 + 2);
    let mut all: Vec<&str> = found.iter().map(|object| object.name.as_str()).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), found.len(), "two objects are never written alike");
}

#[tokio::test]
async fn a_name_that_no_object_has_is_not_measured() {
    let test = "a_name_that_no_object_has_is_not_measured";
    let Some(database) = Database::make(test, "CREATE TABLE victim (id int)").await else { return };
    let mut session = database.session(READER).await;
    // With zero bytes and above 63 bytes too, which no catalogue holds but a tampered plan could.
    for name in FIXED.iter().map(|name| (*name).to_owned()).chain(["a\0b".to_owned(), "x".repeat(70_000)]) {
        let table = TableName { schema: "public".to_owned(), table: name.clone() };
        assert!(session.count_heap(&table, None).await.is_err(), "{name:?}");
        assert!(session.count_index(&table, &name).await.is_err(), "{name:?}");
        assert!(session.newest(&table, &name).await.is_err(), "{name:?}");
        assert!(session.orphans(&table, &name).await.is_err(), "{name:?}");
    }
    let victim = TableName { schema: "public".to_owned(), table: "victim".to_owned() };
    assert_eq!(session.count_heap(&victim, None).await.unwrap().rows, 0, "the session is still good");
}
