//! `watch-restores`: publishes how long each source has been without a verified restore.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use drill::error::StepError;
use drill::steps::{Settings, watch_restores as step};
use restore_drill_lambda::{Call, call};

use crate::rights::{Adapters, WatchRestores};

pub(super) fn begin(adapters: Adapters, settings: Settings) -> Call {
    let known = Arc::new((WatchRestores::from(adapters), settings));
    call(move |input, invocation| handle(Arc::clone(&known), input, invocation.now))
}

async fn handle(
    known: Arc<(WatchRestores, Settings)>,
    input: step::Input,
    now: DateTime<Utc>,
) -> Result<step::Output, StepError> {
    let (rights, settings) = &*known;
    step::run(rights, settings, input, now).await
}
