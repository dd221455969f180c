//! Names from the catalogue that could be taken for others.

use drill::evidence::{FindingStatus, Verdict};
use drill::measurement::TableName;
use proptest::prelude::*;

use crate::support::*;

fn named(schema: &str, table: &str) -> TableName {
    TableName { schema: schema.to_owned(), table: table.to_owned() }
}

/// The evidence of a first drill over the course platform and these tables of five rows each.
fn evidence_with(tables: &[TableName]) -> drill::evidence::Evidence {
    let world = World::new();
    let mut database = Database::new();
    for table in tables {
        database.tables.insert(table.clone(), (Ok(5), 8192));
    }
    let mut night = world.begin();
    night.measure(&database).judge().expect("it is judged");
    world.verdict(night.drill()).expect("a verdict is saved")
}

#[test]
fn two_tables_that_are_written_alike_are_not_added_up() {
    let evidence = evidence_with(&[named("a.b", "c"), named("a", "b.c")]);
    assert_eq!(evidence.verdict, Verdict::Broken);
    assert!(evidence.tables.iter().all(|t| t.table != "a.b.c"), "no sum of the two is a baseline");
    let finding = evidence.findings.iter().find(|f| f.subject == "a.b.c" && f.check == "rows").unwrap();
    assert_eq!(finding.status, FindingStatus::NotMeasured);
    assert!(finding.found.contains("two tables"), "{finding:?}");
    assert!(finding.hint.as_deref().is_some_and(|hint| hint.contains("rename")), "{finding:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, ..ProptestConfig::default() })]

    #[test]
    fn any_other_name_is_counted_and_recorded_as_it_is(schema in "[^.\u{0}]{1,40}", table in "[^\u{0}]{1,63}") {
        let evidence = evidence_with(&[named(&schema, &table)]);
        prop_assert_eq!(evidence.verdict, Verdict::Verified, "{}", evidence.summary);
        let name = format!("{schema}.{table}");
        prop_assert_eq!(evidence.tables.iter().find(|t| t.table == name).map(|t| t.rows), Some(5));
        let world = World::new();
        ready(drill::store::write_verdict(&world, &evidence)).unwrap();
        prop_assert_eq!(ready(drill::store::read_verdict(&world, &evidence.drill)).unwrap(), Some(evidence));
    }
}
