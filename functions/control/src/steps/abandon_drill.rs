//! `abandon-drill`: cleans up after a drill that could not be completed.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use drill::error::StepError;
use drill::steps::{Settings, abandon_drill as step};
use restore_drill_lambda::{Call, call};

use crate::rights::{AbandonDrill, Adapters};

pub(super) fn begin(adapters: Adapters, settings: Settings) -> Call {
    let known = Arc::new((AbandonDrill::from(adapters), settings));
    call(move |input, invocation| handle(Arc::clone(&known), input, invocation.now))
}

async fn handle(
    known: Arc<(AbandonDrill, Settings)>,
    input: step::Input,
    now: DateTime<Utc>,
) -> Result<step::Output, StepError> {
    let (rights, settings) = &*known;
    step::run(rights, settings, input, now).await
}
