//! `publish-report`: writes the evidence and tells people.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use drill::error::StepError;
use drill::steps::{Settings, publish_report as step};
use restore_drill_lambda::{Call, call};

use crate::rights::{Adapters, PublishReport};

pub(super) fn begin(adapters: Adapters, settings: Settings) -> Call {
    let known = Arc::new((PublishReport::from(adapters), settings));
    call(move |input, invocation| handle(Arc::clone(&known), input, invocation.now))
}

async fn handle(
    known: Arc<(PublishReport, Settings)>,
    input: step::Input,
    now: DateTime<Utc>,
) -> Result<step::Output, StepError> {
    let (rights, settings) = &*known;
    step::run(rights, settings, input, now).await
}
