//! Which measurement of a session a job asks for.

use super::work::{Answer, Task};
use crate::configuration::Configuration;
use crate::measurement::{Unit, Value};
use crate::ports::{MeasureError, Session};

/// Carries out one job.
pub(super) async fn carry_out<S: Session>(
    session: &mut S,
    task: &Task<'_>,
    configuration: &Configuration,
) -> Result<Answer, MeasureError> {
    Ok(match task {
        Task::Unit(unit) => Answer::Unit(measure(session, unit, configuration).await?),
        Task::Blocks(table, range) => Answer::Blocks(session.count_heap(table, Some(*range)).await?),
        Task::Cut(table, index, parts) => {
            let ranges = session.cut_index(table, index, *parts).await?;
            if ranges.len() > 1 {
                Answer::Cut(ranges)
            } else {
                Answer::Unit(Value::Index(session.count_index(table, index).await?))
            }
        }
        Task::Keys(table, index, keys) => Answer::Keys(session.count_index_in(table, index, keys).await?),
        Task::EmptyBlocks(table) => Answer::EmptyBlocks(session.blocks_without_rows(table).await?),
    })
}

async fn measure<S: Session>(
    session: &mut S,
    unit: &Unit,
    configuration: &Configuration,
) -> Result<Value, MeasureError> {
    Ok(match unit {
        Unit::Identity => Value::Identity(session.identity().await?),
        Unit::Control => Value::Control(session.control().await?),
        Unit::Rows { table, blocks } => Value::Rows(session.count_heap(table, *blocks).await?),
        Unit::Newest { table, column } => Value::Newest(session.newest(table, column).await?),
        Unit::Index { table, index } => Value::Index(session.count_index(table, index).await?),
        Unit::Objects { kind, part } => Value::Objects(session.objects(*kind, *part).await?),
        Unit::Health { kind } => Value::Health(session.health(*kind).await?),
        Unit::Heap { table } => Value::Corruption(session.check_heap(table).await?),
        Unit::Btree { table, index } => Value::Corruption(session.check_btree(table, index).await?),
        Unit::ForeignKey { table, constraint } => Value::Orphans(session.orphans(table, constraint).await?),
        Unit::Digest { table, scope } => Value::Digest(session.digest(table, scope).await?),
        Unit::Query { name } => {
            let sql = configuration.queries.iter().find(|q| q.name == *name).map_or("", |q| q.sql.as_str());
            Value::Query(session.own_query(sql).await?)
        }
    })
}
