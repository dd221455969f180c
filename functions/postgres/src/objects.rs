//! The objects of the catalogue, one SQL file a kind: a list of names, and below `-- definition` what each of
//! a page of them is, in lines.
//!
//! What isn't read: the bodies of functions (their digest is), values of settings that aren't PostgreSQL's
//! own, passwords, options of foreign servers. They may hold secrets, and this ends up in evidence.

use std::collections::BTreeMap;

use drill::measurement::{CatalogueObject, OBJECT_TEXT_MAX_BYTES, ObjectKind, sha256};
use drill::ports::MeasureError;
use tokio_postgres::{Error, Transaction};

use crate::failure::{self, Measuring};
use crate::session::PostgresSession;

/// The SQL of a kind.
const fn sql_of(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Schema => include_str!("sql/objects/schema.sql"),
        ObjectKind::Table => include_str!("sql/objects/table.sql"),
        ObjectKind::Index => include_str!("sql/objects/index.sql"),
        ObjectKind::Constraint => include_str!("sql/objects/constraint.sql"),
        ObjectKind::View => include_str!("sql/objects/view.sql"),
        ObjectKind::MaterializedView => include_str!("sql/objects/materialized_view.sql"),
        ObjectKind::Function => include_str!("sql/objects/function.sql"),
        ObjectKind::Trigger => include_str!("sql/objects/trigger.sql"),
        ObjectKind::Policy => include_str!("sql/objects/policy.sql"),
        ObjectKind::Sequence => include_str!("sql/objects/sequence.sql"),
        ObjectKind::Partition => include_str!("sql/objects/partition.sql"),
        ObjectKind::DataType => include_str!("sql/objects/data_type.sql"),
        ObjectKind::Extension => include_str!("sql/objects/extension.sql"),
        ObjectKind::Role => include_str!("sql/objects/role.sql"),
        ObjectKind::Grant => include_str!("sql/objects/grant.sql"),
        ObjectKind::Setting => include_str!("sql/objects/setting.sql"),
    }
}

/// The list of a kind's names, and the definitions of a page of it.
fn parts_of(kind: ObjectKind) -> (&'static str, &'static str) {
    sql_of(kind).split_once("-- definition\n").expect("every file of objects has both parts")
}

/// How many objects there are of each kind: one look at the catalogue a kind.
pub(crate) async fn count(transaction: &Transaction<'_>) -> Result<BTreeMap<ObjectKind, u32>, Error> {
    let mut counts = BTreeMap::new();
    for kind in ObjectKind::ALL {
        let (list, _) = parts_of(*kind);
        let statement = format!("SELECT pg_catalog.count(*) FROM (\n{list}) AS listed");
        let count: i64 = transaction.query_one(&statement, &[]).await?.try_get(0)?;
        counts.insert(*kind, u32::try_from(count).unwrap_or(u32::MAX));
    }
    Ok(counts)
}

/// Reads a page of a kind's objects, in the order of their names' bytes.
pub(crate) async fn read(
    session: &mut PostgresSession,
    kind: ObjectKind,
    part: u32,
) -> Result<Vec<CatalogueObject>, MeasureError> {
    let role = session.role().to_owned();
    let doing = format!("reading the catalogue's {kind} objects");
    let mut measuring = Measuring::new(&doing, "let PUBLIC read pg_catalog, as it does by default", &role);
    let transaction = session.read_only(&mut measuring).await?;
    let objects =
        page(&transaction, kind, part).await.map_err(|error| failure::of_measuring(measuring, &error));
    let _ = transaction.rollback().await;
    objects
}

async fn page(
    transaction: &Transaction<'_>,
    kind: ObjectKind,
    part: u32,
) -> Result<Vec<CatalogueObject>, Error> {
    let (list, definition) = parts_of(kind);
    let statement = format!(
        "WITH page AS MATERIALIZED (SELECT * FROM (\n{list}) AS listed \
         ORDER BY listed.name COLLATE \"C\" OFFSET $1 LIMIT $2), \
         defined AS (\n{definition}) \
         SELECT page.name, defined.line FROM page LEFT JOIN defined ON defined.name = page.name \
         ORDER BY page.name COLLATE \"C\", defined.place, defined.line COLLATE \"C\""
    );
    let per_part = i64::from(kind.per_part());
    let rows = transaction.query(&statement, &[&(i64::from(part) * per_part), &per_part]).await?;
    let mut objects: Vec<CatalogueObject> = Vec::new();
    for row in rows {
        let (name, line): (String, Option<String>) = (row.try_get("name")?, row.try_get("line")?);
        if objects.last().is_none_or(|last| last.name != name) {
            objects.push(CatalogueObject { name, definition: Vec::new() });
        }
        let object = objects.last_mut().expect("one was pushed");
        object.definition.extend(line.iter().flat_map(|text| text.lines()).map(ToOwned::to_owned));
    }
    let most = kind.text_max_bytes();
    Ok(objects.into_iter().map(|object| bounded(object, most)).collect())
}

/// With its lines cut to so many bytes, and the digest of all of them where any were.
fn bounded(mut object: CatalogueObject, most_bytes: usize) -> CatalogueObject {
    let whole = object.definition.join("\n");
    let most_of_name = OBJECT_TEXT_MAX_BYTES;
    if object.name.len() > most_of_name {
        let digest = sha256(&object.name);
        object.name.truncate(object.name.floor_char_boundary(most_of_name - 20));
        object.name = format!("{}… {}", object.name, &digest[..12]);
    }
    if whole.len() <= most_bytes {
        return object;
    }
    let digest = format!("and more, all of it with sha256 {}", &sha256(&whole)[..32]);
    let mut room = most_bytes.saturating_sub(digest.len());
    let mut kept = Vec::new();
    for line in object.definition {
        if line.len() > room {
            kept.push(line[..line.floor_char_boundary(room)].to_owned());
            break;
        }
        room -= line.len();
        kept.push(line);
    }
    kept.push(digest);
    object.definition = kept;
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_list_and_definitions() {
        for kind in ObjectKind::ALL {
            let (list, definition) = parts_of(*kind);
            assert!(list.contains("AS name") && definition.contains("line"), "{kind}");
        }
    }

    #[test]
    fn a_long_definition_is_cut_and_still_differs_when_its_end_does() {
        let of = |end: &str| CatalogueObject {
            name: "v".to_owned(),
            definition: vec!["é".repeat(100), format!("{}{end}", "x".repeat(400))],
        };
        let (one, other) = (bounded(of("1"), 300), bounded(of("2"), 300));
        assert_ne!(one, other);
        assert!(one.definition.concat().len() <= 300, "{one:?}");
        assert_eq!(bounded(of("1"), 9999), of("1"));
    }
}
