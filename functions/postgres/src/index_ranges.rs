//! An index in ranges of its keys, so that several sessions read it side by side.
//!
//! Half-open ranges hold each key once wherever they are cut, as long as the cuts are in the index's own order, and
//! nulls are a range of their own. Where to cut, the column's statistics tell; without any the index isn't cut.

use drill::measurement::TableName;
use drill::ports::{KeyRange, MeasureError};
use tokio_postgres::types::Type;
use tokio_postgres::{Error, Transaction};

use crate::count::{Parameter, grant_select, number, of_table};
use crate::count_index::{INDEX_ONLY, named, not_planned};
use crate::failure::Measuring;
use crate::identifier::quote_identifier;
use crate::session::PostgresSession;

const KEY: &str = include_str!("sql/index_key.sql");
/// Several sessions share the work already.
const NO_WORKERS: &str = "SET LOCAL max_parallel_workers_per_gather = 0";
/// Longer keys aren't cut at: they would travel to the server and back for nothing.
const KEY_MAX_BYTES: usize = 2_000;

/// How a range of an index is asked for; texts of the server, with names in quotes but for the column's.
struct Key {
    name: String,
    collation: String,
    kind: String,
    less: String,
    not_less: String,
    is_never_null: bool,
}

/// Says where to cut an index. Cheap: catalogues only. Gives nothing when it can't be cut, or when the planner takes
/// another index for a range.
pub(crate) async fn cut(
    session: &mut PostgresSession,
    table: &TableName,
    index: &str,
    parts: usize,
) -> Result<Vec<KeyRange>, MeasureError> {
    let role = session.role().to_owned();
    let doing = format!("looking where to cut {index} of {table}");
    let grant = grant_select(table, &role);
    let mut measuring = Measuring::new(&doing, &grant, &role);
    let (transaction, before) = session.begin_transaction(&mut measuring).await?;
    let failed = |error: Error| of_table(measuring, &error);
    let before = before.and(INDEX_ONLY).and(NO_WORKERS);
    let Some(key) = before.with(&transaction, key_of(&transaction, table, index)).await.map_err(failed)?
    else {
        return Ok(Vec::new());
    };
    let ranges = ranges(&key.cuts(&transaction, table).await.map_err(failed)?, parts, key.is_never_null);
    // The middle stands for all: what the planner takes for it, it takes for the others.
    let (Some(middle), Some(shape)) =
        (ranges.get(ranges.len() / 2), named(&transaction, table, index).await.map_err(failed)?)
    else {
        return Ok(Vec::new());
    };
    let (condition, parameters) = key.condition(middle);
    let planned = shape.planned_in(&transaction, Some((&condition, &parameters))).await.map_err(failed)?;
    Ok(if planned.is_ok() { ranges } else { Vec::new() })
}

/// Counts the rows that a range of an index leads to.
pub(crate) async fn count_in(
    session: &mut PostgresSession,
    table: &TableName,
    index: &str,
    keys: &KeyRange,
) -> Result<u64, MeasureError> {
    let role = session.role().to_owned();
    let doing = format!("counting {table} by a range of {index}");
    let grant = grant_select(table, &role);
    let mut measuring = Measuring::new(&doing, &grant, &role);
    let (transaction, before) = session.begin_transaction(&mut measuring).await?;
    let failed = |error: Error| of_table(measuring, &error);
    let before = before.and(INDEX_ONLY).and(NO_WORKERS);
    let (key, shape) = before
        .with(&transaction, async {
            let (key, shape) =
                tokio::join!(biased; key_of(&transaction, table, index), named(&transaction, table, index));
            Ok((key?, shape?))
        })
        .await
        .map_err(failed)?;
    let (Some(key), Some(shape)) = (key, shape) else {
        return Err(MeasureError::NotMeasured {
            reason: "the index is not there".to_owned(),
            hint: "it was in the catalogue: nobody should change the replica while it is checked".to_owned(),
        });
    };
    let (condition, parameters) = key.condition(keys);
    let planned = shape.planned_in(&transaction, Some((&condition, &parameters))).await.map_err(failed)?;
    number(&transaction, &planned.map_err(|found| not_planned(&found))?, &parameters, measuring).await
}

async fn key_of(transaction: &Transaction<'_>, table: &TableName, index: &str) -> Result<Option<Key>, Error> {
    let names: [Parameter<'_>; 3] =
        [(&table.schema, Type::TEXT), (&table.table, Type::TEXT), (&index, Type::TEXT)];
    let Some(row) = transaction.query_typed_opt(KEY, &names).await? else { return Ok(None) };
    Ok(Some(Key {
        name: row.try_get("name")?,
        collation: row.try_get("collation")?,
        kind: row.try_get("type")?,
        less: row.try_get("less")?,
        not_less: row.try_get("not_less")?,
        is_never_null: row.try_get("is_never_null")?,
    }))
}

impl Key {
    /// Values of the column, from the smallest on, that lie about as far from each other in rows as any two.
    async fn cuts(&self, transaction: &Transaction<'_>, table: &TableName) -> Result<Vec<String>, Error> {
        let Self { kind, less, collation, name, .. } = self;
        let sql = format!(
            "SELECT cuts.cut::text AS text FROM (SELECT DISTINCT cut \
             FROM pg_catalog.pg_stats AS s, pg_catalog.unnest(\
                 pg_catalog.array_cat(s.histogram_bounds::text::{kind}[], s.most_common_vals::text::{kind}[])\
             ) AS cut \
             WHERE s.schemaname = $1 AND s.tablename = $2 AND s.attname = $3 AND NOT s.inherited) AS cuts \
             WHERE pg_catalog.octet_length(cuts.cut::text) <= $4 \
             ORDER BY cuts.cut{collation} USING {less}"
        );
        let longest = i32::try_from(KEY_MAX_BYTES).unwrap_or(i32::MAX);
        let parameters: [Parameter<'_>; 4] = [
            (&table.schema, Type::TEXT),
            (&table.table, Type::TEXT),
            (name, Type::TEXT),
            (&longest, Type::INT4),
        ];
        let rows = transaction.query_typed(&sql, &parameters).await?;
        rows.iter().map(|row| row.try_get("text")).collect()
    }

    /// The condition that a row is in a range, and its parameters.
    fn condition<'a>(&self, range: &'a KeyRange) -> (String, Vec<Parameter<'a>>) {
        let Self { name, collation, kind, less, not_less, .. } = self;
        let key = format!("{}{collation}", quote_identifier(name));
        match range {
            KeyRange::Below(to) => (format!("{key} {less} $1::text::{kind}"), vec![(to, Type::TEXT)]),
            KeyRange::Between(from, to) => (
                format!("{key} {not_less} $1::text::{kind} AND {key} {less} $2::text::{kind}"),
                vec![(from, Type::TEXT), (to, Type::TEXT)],
            ),
            KeyRange::From(from) => (format!("{key} {not_less} $1::text::{kind}"), vec![(from, Type::TEXT)]),
            KeyRange::Null => (format!("{key} IS NULL"), Vec::new()),
        }
    }
}

/// About so many ranges, cut at some of these values.
fn ranges(cuts: &[String], parts: usize, is_never_null: bool) -> Vec<KeyRange> {
    // Below the first there is next to nothing.
    let cuts = cuts.get(1..).unwrap_or_default();
    let count = parts.saturating_sub(1).min(cuts.len());
    let chosen: Vec<&String> = (0..count).map(|i| &cuts[i * cuts.len() / count]).collect();
    let (Some(first), Some(last)) = (chosen.first(), chosen.last()) else { return Vec::new() };
    let between = chosen.windows(2).map(|two| KeyRange::Between(two[0].clone(), two[1].clone()));
    std::iter::once(KeyRange::Below((*first).clone()))
        .chain(between)
        .chain(std::iter::once(KeyRange::From((*last).clone())))
        .chain((!is_never_null).then_some(KeyRange::Null))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cuts(count: usize) -> Vec<String> {
        (0..count).map(|i| format!("{i:03}")).collect()
    }

    #[test]
    fn ranges_touch_and_have_no_ends() {
        let text = |s: &str| s.to_owned();
        assert_eq!(
            ranges(&cuts(101), 4, false),
            [
                KeyRange::Below(text("001")),
                KeyRange::Between(text("001"), text("034")),
                KeyRange::Between(text("034"), text("067")),
                KeyRange::From(text("067")),
                KeyRange::Null
            ]
        );
    }

    #[test]
    fn what_can_not_be_cut_is_not() {
        assert_eq!(ranges(&cuts(1), 4, false), []);
        assert_eq!(ranges(&[], 4, true), []);
        assert_eq!(ranges(&cuts(2), 9, true).len(), 2);
    }
}
