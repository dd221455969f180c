//! `observe-replica`: looks how far the replica is.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use drill::error::StepError;
use drill::steps::{Settings, observe_replica as step};
use restore_drill_lambda::{Call, call};

use crate::rights::{Adapters, ObserveReplica};

pub(super) fn begin(adapters: Adapters, settings: Settings) -> Call {
    let known = Arc::new((ObserveReplica::from(adapters), settings));
    call(move |input, invocation| handle(Arc::clone(&known), input, invocation.now))
}

async fn handle(
    known: Arc<(ObserveReplica, Settings)>,
    input: step::Input,
    now: DateTime<Utc>,
) -> Result<step::Output, StepError> {
    let (rights, settings) = &*known;
    step::run(rights, settings, input, now).await
}
