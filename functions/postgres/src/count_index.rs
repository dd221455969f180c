//! The rows that an index leads to, without a look at the heap where that is possible.
//!
//! No statement names the index that it is to be answered by. Two ways of asking leave the planner little
//! choice: for all of the index's columns, which several workers can answer together, and for its rows in its
//! own order, which fewer indexes have. The plan says whether it took this one; a count that isn't proven is
//! none. Which indexes can be had at all, [`crate::catalogue`] says beforehand.
//!
//! Nulls are in a B-tree as well, so that no row of the table is missing from a whole one.

use drill::measurement::{IndexCount, TableName};
use drill::ports::MeasureError;
use tokio_postgres::types::Type;
use tokio_postgres::{Error, Row, Transaction};

use crate::count::{Parameter, Which, count, explain, grant_select, number, of_table};
use crate::failure::Measuring;
use crate::identifier::quote_table;
use crate::plan::index_scan;
use crate::session::{Before, PostgresSession};

const SHAPE: &str = include_str!("sql/index_shape.sql");
/// The ways around an index, closed until the transaction ends.
pub(crate) const INDEX_ONLY: &str = "SET LOCAL enable_indexonlyscan = on; SET LOCAL enable_indexscan = on; SET LOCAL enable_seqscan = off; \
     SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_incremental_sort = off; \
     SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0";

/// How the rows of an index are asked for; texts of the server, with names in quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The index's id.
    pub(crate) id: u32,
    table: TableName,
    index: String,
    columns: Vec<String>,
    /// Those of the columns that it doesn't sort by.
    included: Vec<String>,
    ordering: Vec<String>,
    predicate: Option<String>,
}

/// Counts the rows that an index leads to, and for a partial one those of the heap that belong into it.
/// Reads all of the index, and all of the heap for a partial one.
pub(crate) async fn count_index(
    session: &mut PostgresSession,
    table: &TableName,
    index: &str,
) -> Result<IndexCount, MeasureError> {
    let role = session.role().to_owned();
    let doing = format!("counting {table} by {index}");
    let grant = grant_select(table, &role);
    let mut measuring = Measuring::new(&doing, &grant, &role);
    let (transaction, before) = session.begin_transaction(&mut measuring).await?;
    let failed = |error: Error| of_table(measuring, &error);
    let shape = before.and(INDEX_ONLY).with(&transaction, named(&transaction, table, index)).await;
    let shape = shape.map_err(failed)?.ok_or_else(|| MeasureError::NotMeasured {
        reason: "the index is not there".to_owned(),
        hint: "it was in the catalogue: nobody should change the replica while it is checked".to_owned(),
    })?;
    let statement =
        shape.planned(&transaction).await.map_err(failed)?.map_err(|found| not_planned(&found))?;
    let rows = number(&transaction, &statement, &[], measuring).await?;
    let rows_of_predicate = match &shape.predicate {
        None => None,
        // The same snapshot, by the heap.
        Some(predicate) => {
            let which = Which::Where(predicate);
            Some(count(&transaction, Before::nothing(), table, which, measuring).await?.rows)
        }
    };
    Ok(IndexCount { rows, rows_of_predicate, blocks_without_rows: None })
}

/// The error of an index that the planner doesn't take.
pub(crate) fn not_planned(found: &str) -> MeasureError {
    MeasureError::NotMeasured {
        reason: format!("no plan was found that reads this index: {found}"),
        hint: "check it with bt_index_check, at level deep".to_owned(),
    }
}

/// The shape of one index.
pub(crate) async fn named(
    transaction: &Transaction<'_>,
    table: &TableName,
    index: &str,
) -> Result<Option<Shape>, Error> {
    let sql = format!("{SHAPE} WHERE n.nspname = $1 AND t.relname = $2 AND c.relname = $3");
    let names: [Parameter<'_>; 3] =
        [(&table.schema, Type::TEXT), (&table.table, Type::TEXT), (&index, Type::TEXT)];
    transaction.query_typed_opt(&sql, &names).await?.map(|row| Shape::of(&row)).transpose()
}

/// The shapes of indexes by their ids.
pub(crate) async fn shapes(transaction: &Transaction<'_>, ids: &[u32]) -> Result<Vec<Shape>, Error> {
    let sql = format!("{SHAPE} WHERE i.indexrelid = ANY ($1) ORDER BY i.indexrelid");
    let rows = transaction.query_typed(&sql, &[(&ids, Type::OID_ARRAY)]).await?;
    rows.iter().map(Shape::of).collect()
}

impl Shape {
    fn of(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.try_get("id")?,
            table: TableName { schema: row.try_get("schema")?, table: row.try_get("table")? },
            index: row.try_get("index")?,
            columns: row.try_get("columns")?,
            included: row.try_get("included")?,
            ordering: row.try_get("ordering")?,
            predicate: row.try_get("predicate")?,
        })
    }

    /// The columns that it sorts by.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().take(self.ordering.len()).map(String::as_str)
    }

    /// What ORDER BY has to say for the rows to come in its order.
    pub(crate) fn ordering(&self) -> &[String] {
        &self.ordering
    }

    /// The condition of a partial index.
    pub(crate) fn predicate(&self) -> Option<&str> {
        self.predicate.as_deref()
    }

    /// A statement that the planner answers by this index alone, under [`INDEX_ONLY`], or what it chose instead.
    pub(crate) async fn planned(
        &self,
        transaction: &Transaction<'_>,
    ) -> Result<Result<String, String>, Error> {
        self.planned_in(transaction, None).await
    }

    /// The same for a range of its keys: a condition of ours, with parameters.
    pub(crate) async fn planned_in(
        &self,
        transaction: &Transaction<'_>,
        range: Option<(&str, &[Parameter<'_>])>,
    ) -> Result<Result<String, String>, Error> {
        let mut found = String::new();
        let (condition, parameters) = range.unzip();
        let conditions: Vec<&str> = self.predicate.as_deref().into_iter().chain(condition).collect();
        for statement in [self.by_columns(&conditions), self.by_order(&conditions)] {
            let explained = explain(transaction, &statement, parameters.unwrap_or_default()).await?;
            match index_scan(&explained, &self.table, &self.index, condition.is_some()) {
                Ok(()) => return Ok(Ok(statement)),
                Err(other) => found = other,
            }
        }
        Ok(Err(found))
    }

    /// Asks for each of the columns: an index that lacks one doesn't do. Null values are counted by `*`.
    fn by_columns(&self, conditions: &[&str]) -> String {
        let columns = self.columns.iter().map(|c| format!(", pg_catalog.count({c})")).collect::<String>();
        format!(
            "SELECT pg_catalog.count(*){columns} FROM ONLY {}{}",
            quote_table(&self.table),
            all_of(conditions)
        )
    }

    /// Asks for the order too. OFFSET keeps the planner from leaving it out.
    fn by_order(&self, conditions: &[&str]) -> String {
        // A column that nobody asks for outside is left out inside, unless it is sorted by.
        let included =
            self.included.iter().map(|c| format!(", pg_catalog.count(led.{c})")).collect::<String>();
        format!(
            "SELECT pg_catalog.count(*){included} FROM (SELECT {} FROM ONLY {}{} ORDER BY {} OFFSET 0) AS led",
            self.columns.join(", "),
            quote_table(&self.table),
            all_of(conditions),
            self.ordering.join(", ")
        )
    }
}

fn all_of(conditions: &[&str]) -> String {
    match conditions {
        [] => String::new(),
        some => format!(" WHERE {}", some.join(" AND ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_ask_for_every_column_and_the_predicate() {
        let texts = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        let shape = Shape {
            id: 1,
            table: TableName { schema: "public".to_owned(), table: "answer".to_owned() },
            index: "i".to_owned(),
            columns: texts(&["a", "\"B\""]),
            included: texts(&["\"B\""]),
            ordering: texts(&["a USING OPERATOR(pg_catalog.<) NULLS LAST"]),
            predicate: Some("(a > 1)".to_owned()),
        };
        assert_eq!(
            shape.by_columns(&["(a > 1)"]),
            "SELECT pg_catalog.count(*), pg_catalog.count(a), pg_catalog.count(\"B\") \
             FROM ONLY \"public\".\"answer\" WHERE (a > 1)"
        );
        assert_eq!(
            shape.by_order(&["(a > 1)", "a < $1"]),
            "SELECT pg_catalog.count(*), pg_catalog.count(led.\"B\") FROM (SELECT a, \"B\" \
             FROM ONLY \"public\".\"answer\" WHERE (a > 1) AND a < $1 \
             ORDER BY a USING OPERATOR(pg_catalog.<) NULLS LAST OFFSET 0) AS led"
        );
    }
}
