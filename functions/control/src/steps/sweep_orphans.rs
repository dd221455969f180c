//! `sweep-orphans`: cleans up what broken drills left.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use drill::error::StepError;
use drill::steps::{Settings, sweep_orphans as step};
use restore_drill_lambda::{Call, call};

use crate::rights::{Adapters, SweepOrphans};

pub(super) fn begin(adapters: Adapters, settings: Settings) -> Call {
    let known = Arc::new((SweepOrphans::from(adapters), settings));
    call(move |input, invocation| handle(Arc::clone(&known), input, invocation.now))
}

async fn handle(
    known: Arc<(SweepOrphans, Settings)>,
    input: step::Input,
    now: DateTime<Utc>,
) -> Result<step::Output, StepError> {
    let (rights, settings) = &*known;
    step::run(rights, settings, input, now).await
}
