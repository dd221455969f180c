//! `record-measurements`: writes what a shard measured into the evidence bucket.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use drill::error::StepError;
use drill::steps::{Settings, record_measurements as step};
use restore_drill_lambda::{Call, call};

use crate::rights::{Adapters, RecordMeasurements};

pub(super) fn begin(adapters: Adapters, settings: Settings) -> Call {
    let known = Arc::new((RecordMeasurements::from(adapters), settings));
    call(move |input, invocation| handle(Arc::clone(&known), input, invocation.now))
}

async fn handle(
    known: Arc<(RecordMeasurements, Settings)>,
    input: step::Input,
    now: DateTime<Utc>,
) -> Result<step::Output, StepError> {
    let (rights, settings) = &*known;
    step::run(rights, settings, input, now).await
}
