//! `stop-replica`: asks RDS to stop the replica.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use drill::error::StepError;
use drill::steps::{Settings, stop_replica as step};
use restore_drill_lambda::{Call, call};

use crate::rights::{Adapters, StopReplica};

pub(super) fn begin(adapters: Adapters, settings: Settings) -> Call {
    let known = Arc::new((StopReplica::from(adapters), settings));
    call(move |input, invocation| handle(Arc::clone(&known), input, invocation.now))
}

async fn handle(
    known: Arc<(StopReplica, Settings)>,
    input: step::Input,
    now: DateTime<Utc>,
) -> Result<step::Output, StepError> {
    let (rights, settings) = &*known;
    step::run(rights, settings, input, now).await
}
