//! A schema that a seed gives: types, tables, indexes, keys, and what else people make.

use super::names::Name;
use super::random::Random;
use super::specimen::Specimen;
use super::table::{Column, Key, Spread, Table};

/// What every generated schema begins with. Extensions first, so that their types are there.
const PROLOGUE: &str = "
CREATE EXTENSION pg_trgm;;
CREATE EXTENSION citext;;
CREATE EXTENSION hstore;;
CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);;
CREATE TYPE mood AS ENUM ('good', 'bad', 'so so');;
CREATE TYPE pair AS (a integer, \"b b\" text);;
CREATE DOMAIN positive AS integer CHECK (VALUE > 0)";

/// The specimen of a seed.
pub(super) fn specimen(seed: u64) -> Specimen {
    let mut random = Random::of(seed);
    let mut specimen = Specimen::named(format!("generated schema {seed}"));
    specimen.first.extend(super::split(PROLOGUE));
    let mut schemas = vec![Name::plain("public")];
    for number in 0..random.below(3) {
        let schema = Name::any(&mut random, 500 + number);
        specimen.first.push(format!("CREATE SCHEMA {}", schema.quoted()));
        schemas.push(schema);
    }
    let mut tables: Vec<Table> = Vec::new();
    for number in 0..random.between(3, 8) {
        let mut table = Table::any(&mut random, &schemas, number);
        specimen.first.extend(table.create());
        add_references(&mut random, &mut specimen, &table, &tables);
        if table.rows > 0 {
            let statement = table.insert(1, table.rows);
            specimen.first.push(statement);
            specimen.first.extend(table.insert_into_heir());
        }
        add_indexes(&mut random, &mut specimen, &table);
        let is_history = live(&mut random, &mut specimen, &mut table);
        grow(&mut random, &mut specimen, &table, is_history);
        tables.push(table);
    }
    let late = std::mem::take(&mut specimen.late);
    specimen.first.extend(late);
    super::extras::add(&mut random, &mut specimen, &tables);
    specimen
}

/// Foreign keys to earlier tables, by a column that is added before the rows come.
fn add_references(random: &mut Random, specimen: &mut Specimen, table: &Table, earlier: &[Table]) {
    if table.is_unlogged || table.spread == Spread::Inherited {
        return;
    }
    let Some((to, (kind, value))) = earlier.iter().find_map(|t| Some((t, t.reference()?))) else { return };
    if !random.chance(60) {
        return;
    }
    let option = random.pick(&["", "ON DELETE CASCADE", "DEFERRABLE INITIALLY DEFERRED", "MATCH FULL"]);
    let of_row = |number: &str| value.replace("{}", number);
    let table = table.quoted();
    specimen.first.push(format!(
        "ALTER TABLE {table} ADD \"refers to\" {kind} DEFAULT {} REFERENCES {} {option}",
        of_row("1"),
        to.quoted()
    ));
    let spread = of_row(&format!("(1 + part * 7 % {})", to.rows));
    specimen.late.push(format!("UPDATE {table} SET \"refers to\" = {spread} WHERE part < 4"));
    specimen.late.push(format!("UPDATE {table} SET \"refers to\" = NULL WHERE part = 4"));
}

fn add_indexes(random: &mut Random, specimen: &mut Specimen, table: &Table) {
    for number in 0..random.below(4) {
        let column = random.pick(&table.columns);
        let Some((method, class)) = pick_method(random, &column) else { continue };
        let name = Name::any(random, 900 + number).quoted();
        let what = expression(random, &column, method, class);
        let order = if method == "btree" { random.pick(&["", "", " DESC", " NULLS FIRST"]) } else { "" };
        let more = match (method, random.below(4)) {
            ("btree", 0) => ", part",
            ("btree", 1) => ", created_at DESC",
            _ => "",
        };
        let include = if method == "btree" && random.chance(15) { " INCLUDE (part)" } else { "" };
        let only = match random.below(5) {
            0 => " WHERE part > 2".to_owned(),
            1 => format!(" WHERE {} IS NOT NULL", column.name.quoted()),
            _ => String::new(),
        };
        let is_whole = table.spread == Spread::Whole;
        let is_unique = method == "btree" && column.kind.is_unique && is_whole && random.chance(40);
        let unique = if is_unique { "UNIQUE " } else { "" };
        // Names of indexes are the schema's, not the table's: without one PostgreSQL finds a free one.
        let name =
            if random.chance(50) && specimen.take_name(&table.schema, &name) { name } else { String::new() };
        specimen.first.push(format!(
            "CREATE {unique}INDEX {name} ON {} USING {method} ({what}{order}{more}){include}{only}",
            table.quoted()
        ));
    }
}

fn pick_method(random: &mut Random, column: &Column) -> Option<(&'static str, &'static str)> {
    (!column.kind.indexes.is_empty()).then(|| random.pick(column.kind.indexes))
}

fn expression(random: &mut Random, column: &Column, method: &str, class: &str) -> String {
    let name = column.name.quoted();
    // The collation that ignores case has no lower case of its own.
    if column.kind.is_text && class.is_empty() && method == "btree" && random.chance(40) {
        return format!("lower({name}::text)");
    }
    format!("{name} {class}").trim_end().to_owned()
}

/// What happens to a table over its life. Says whether its rows stay as they are from then on.
fn live(random: &mut Random, specimen: &mut Specimen, table: &mut Table) -> bool {
    let name = table.quoted();
    let is_referenced = matches!(table.key, Key::Natural(..));
    if random.chance(25) && table.rows > 2 {
        // What was inserted and taken back leaves rows that nobody sees, and entries of indexes to them.
        let statement = table.insert(table.rows + 1, table.rows + 20);
        specimen.first.push(format!("BEGIN; {statement}; ROLLBACK"));
    }
    if random.chance(25) {
        specimen.first.push(format!("UPDATE {name} SET part = part WHERE part > 2"));
    }
    if random.chance(20) && !is_referenced && table.rows > 50 {
        specimen.first.push(format!("DELETE FROM {name} WHERE part = 1"));
        table.is_gapless = false;
    }
    if random.chance(20) && table.columns.len() > 1 {
        let column = table.columns.remove(0);
        specimen.first.push(format!("ALTER TABLE {name} DROP COLUMN {} CASCADE", column.name.quoted()));
    }
    if random.chance(25) {
        specimen
            .first
            .push(format!("ALTER TABLE {name} ADD COLUMN \"came later\" text DEFAULT 'since then'"));
    }
    if random.chance(20) {
        let generated = "ADD COLUMN doubled integer GENERATED ALWAYS AS (part * 2) STORED";
        specimen.first.push(format!("ALTER TABLE {name} {generated}"));
    }
    if random.chance(15) {
        specimen.first.push(format!("SELECT count(*) FROM (SELECT 1 FROM {name} FOR KEY SHARE) AS locked"));
    }
    if random.chance(40) {
        let how =
            random.pick(&["VACUUM", "VACUUM (FREEZE)", "ANALYZE", "VACUUM (FULL, ANALYZE)", "REINDEX TABLE"]);
        specimen.first.push(format!("{how} {name}"));
    }
    table.is_nameable() && table.spread == Spread::Whole && random.chance(40)
}

/// A day more.
fn grow(random: &mut Random, specimen: &mut Specimen, table: &Table, is_history: bool) {
    let name = table.quoted();
    if table.is_unlogged {
        specimen.expect("unlogged", table.plain());
    }
    if is_history && random.chance(40) {
        specimen.rule(&table.plain(), "frozen = true");
        return;
    }
    if is_history {
        specimen.rule(&table.plain(), "history = \"created_at\"");
    }
    let more = random.between(0, 30 + table.rows / 20);
    if more > 0 {
        specimen.second.push(table.insert(table.rows + 1, table.rows + more));
    }
    if !is_history && random.chance(40) {
        specimen.second.push(format!("UPDATE {name} SET part = part WHERE part = 3"));
    }
    if random.chance(20) {
        specimen.second.push(format!("VACUUM {name}"));
    }
}
