//! `plan-drill`: chooses the backup and freezes the plan.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use drill::error::StepError;
use drill::steps::{Settings, plan_drill as step};
use restore_drill_lambda::{Call, call};

use crate::rights::{Adapters, PlanDrill};

pub(super) fn begin(adapters: Adapters, settings: Settings) -> Call {
    let known = Arc::new((PlanDrill::from(adapters), settings));
    call(move |input, invocation| handle(Arc::clone(&known), input, invocation.now))
}

async fn handle(
    known: Arc<(PlanDrill, Settings)>,
    input: step::Input,
    now: DateTime<Utc>,
) -> Result<drill::plan::Plan, StepError> {
    let (rights, settings) = &*known;
    step::run(rights, settings, input, now).await
}
