//! The structure of heaps and B-trees, by the extension amcheck (PostgreSQL documentation, F.1).
//!
//! It is the only thing here that runs an extension's functions, and only those two by their schema's name.

use drill::measurement::{Corruption, TableName};
use drill::ports::MeasureError;
use tokio_postgres::{Error, Transaction};

use crate::failure::{self, Measuring};
use crate::identifier::{quote_identifier, quote_table};
use crate::session::PostgresSession;
use crate::uniqueness::duplicates;

const SCHEMA_OF_AMCHECK: &str = "SELECT n.nspname::text FROM pg_catalog.pg_extension AS e \
                                 JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace \
                                 WHERE e.extname = 'amcheck'";
/// How many corruptions are told; the others are counted.
const TOLD_MAX: i64 = 5;
/// The longest of them, in bytes.
const TEXT_MAX_BYTES: usize = 200;

/// Verifies a table's heap and its toast. Reads all of both.
pub(crate) async fn check_heap(
    session: &mut PostgresSession,
    table: &TableName,
) -> Result<Corruption, MeasureError> {
    let role = session.role().to_owned();
    let doing = format!("verifying the heap of {table}");
    let grant = grant(&role, "verify_heapam(regclass, boolean, boolean, text, bigint, bigint)");
    let mut measuring = Measuring::new(&doing, &grant, &role);
    let transaction = session.read_only(&mut measuring).await?;
    let found = match amcheck(&transaction, &role, measuring).await {
        Ok(schema) => verify_heap(&transaction, &schema, table)
            .await
            .map_err(|error| failure::of_measuring(measuring, &error)),
        Err(missing) => Err(missing),
    };
    let _ = transaction.rollback().await;
    found
}

async fn verify_heap(
    transaction: &Transaction<'_>,
    schema: &str,
    table: &TableName,
) -> Result<Corruption, Error> {
    let statement = format!(
        "WITH found AS MATERIALIZED (SELECT blkno, offnum, msg FROM {}.verify_heapam( \
             relation => $1::text::pg_catalog.regclass, on_error_stop => false, check_toast => true)) \
         SELECT (SELECT pg_catalog.count(*) FROM found) AS count, blkno, offnum, msg \
         FROM found ORDER BY blkno, offnum LIMIT $2",
        quote_identifier(schema)
    );
    let mut corruption = Corruption::default();
    for row in transaction.query(&statement, &[&quote_table(table), &TOLD_MAX]).await? {
        corruption.count = u64::try_from(row.try_get::<_, i64>("count")?).unwrap_or_default();
        let (block, offset): (Option<i64>, Option<i32>) = (row.try_get("blkno")?, row.try_get("offnum")?);
        let message: Option<String> = row.try_get("msg")?;
        let place = match (block, offset) {
            (Some(block), Some(offset)) => format!("block {block}, row {offset}: "),
            (Some(block), None) => format!("block {block}: "),
            _ => String::new(),
        };
        let mut text: String = place + &message.unwrap_or_default().replace(['\n', '\t'], " ");
        text.truncate(text.floor_char_boundary(TEXT_MAX_BYTES));
        corruption.first.push(text);
    }
    Ok(corruption)
}

/// Verifies a B-tree, that every row of the heap is in it, and that a unique one has each key once. Reads all of
/// both, and the index twice when it is unique.
///
/// `bt_index_check` raises an error at the first corruption: that error is what comes back.
pub(crate) async fn check_btree(
    session: &mut PostgresSession,
    table: &TableName,
    index: &str,
) -> Result<Corruption, MeasureError> {
    let role = session.role().to_owned();
    let doing = format!("verifying {index} of {table}");
    let grant = grant(&role, "bt_index_check(regclass, boolean)");
    let mut measuring = Measuring::new(&doing, &grant, &role);
    let transaction = session.read_only(&mut measuring).await?;
    let found = match amcheck(&transaction, &role, measuring).await {
        Ok(schema) => {
            let statement = format!(
                "SELECT {}.bt_index_check($1::text::pg_catalog.regclass, true)::text",
                quote_identifier(&schema)
            );
            let name = format!("{}.{}", quote_identifier(&table.schema), quote_identifier(index));
            let looked = async {
                transaction.query_one(&statement, &[&name]).await?;
                duplicates(&transaction, table, index).await
            };
            looked.await.map_err(|error| failure::of_measuring(measuring, &error))
        }
        Err(missing) => Err(missing),
    };
    let _ = transaction.rollback().await;
    found
}

/// The schema that amcheck was created in.
async fn amcheck(
    transaction: &Transaction<'_>,
    role: &str,
    measuring: Measuring<'_>,
) -> Result<String, MeasureError> {
    let row = transaction
        .query_opt(SCHEMA_OF_AMCHECK, &[])
        .await
        .map_err(|error| failure::of_measuring(measuring, &error))?;
    let missing = || MeasureError::NotMeasured {
        reason: "the database doesn't have the extension amcheck".to_owned(),
        hint: format!(
            "on the source: CREATE EXTENSION amcheck; GRANT EXECUTE ON FUNCTION verify_heapam, \
             bt_index_check(regclass, boolean) TO {}",
            quote_identifier(role)
        ),
    };
    row.ok_or_else(missing)?.try_get(0).map_err(|error| failure::of_measuring(measuring, &error))
}

fn grant(role: &str, function: &str) -> String {
    format!("GRANT EXECUTE ON FUNCTION {function} TO {}", quote_identifier(role))
}
