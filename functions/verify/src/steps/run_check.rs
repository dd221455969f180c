//! `run-check`: measures one shard.

use std::sync::Arc;

use drill::error::StepError;
use drill::steps::run_check as step;
use restore_drill_lambda::{Call, Invocation, call};
use restore_drill_postgres::Postgres;

pub(super) fn begin(database: Postgres) -> Call {
    let database = Arc::new(database);
    call(move |input, invocation| handle(Arc::clone(&database), input, invocation))
}

async fn handle(
    database: Arc<Postgres>,
    input: step::Input,
    invocation: Invocation,
) -> Result<step::Output, StepError> {
    let Invocation { now, began, budget } = invocation;
    step::run(&database.until(invocation.until()), input, now, budget, move || began.elapsed()).await
}
