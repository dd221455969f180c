//! `plan-checks`: reads the catalogue and shares the checks out.

use std::sync::Arc;

use drill::error::StepError;
use drill::steps::plan_checks as step;
use restore_drill_lambda::{Call, Invocation, call, now};
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
    step::run(&database.until(invocation.until()), input, invocation.now, now).await
}
