//! `retire-previous`: deletes the older replicas of a verified drill's source.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use drill::error::StepError;
use drill::steps::{Settings, retire_previous as step};
use restore_drill_lambda::{Call, call};

use crate::rights::{Adapters, RetirePrevious};

pub(super) fn begin(adapters: Adapters, settings: Settings) -> Call {
    let known = Arc::new((RetirePrevious::from(adapters), settings));
    call(move |input, invocation| handle(Arc::clone(&known), input, invocation.now))
}

async fn handle(
    known: Arc<(RetirePrevious, Settings)>,
    input: step::Input,
    now: DateTime<Utc>,
) -> Result<step::Output, StepError> {
    let (rights, settings) = &*known;
    step::run(rights, settings, input, now).await
}
