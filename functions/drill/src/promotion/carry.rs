//! One turn of a promotion: look, confirm, decide, and make at most one change.
//!
//! Keeps nothing from one turn to the next, so that a promotion may end anywhere and be begun again. The waiting
//! between turns, and how long there is for all of them, is the caller's.

use chrono::{DateTime, Utc};

use crate::configuration::PromotionSettings;
use crate::error::StepError;
use crate::ids::{DbiResourceId, DrillId, ReplicaId};
use crate::instance::{Endpoint, InstanceStatus};
use crate::ports::{
    Observed, PromoteReplica, RdsError, RdsErrorKind, ReadInstances, ReadObjects, ReadService,
};
use crate::steps::Settings;

use super::choose::{Refusal, ownership_among, read_verdict};
use super::{Promotable, Step, first_tags, next};

/// A promotion of one replica.
#[derive(Debug, Clone)]
pub struct Promotion {
    /// The deployment.
    pub settings: Settings,
    /// The replica's name.
    pub replica: ReplicaId,
    /// Its identity: another instance under its name isn't it.
    pub resource_id: DbiResourceId,
    /// What it gets.
    pub wanted: PromotionSettings,
    /// Who promotes, for the tag.
    pub by: String,
}

/// What came of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// RDS took this step.
    Did(Step),
    /// Something is under way.
    Waits(InstanceStatus),
    /// RDS didn't take the step, and may later; with what it said.
    Again(String),
    /// It is production.
    Done(Box<Outcome>),
}

/// What the replica is when its promotion is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Its name.
    pub replica: ReplicaId,
    /// The drill that verified it.
    pub drill: DrillId,
    /// The time of its data.
    pub data_at: DateTime<Utc>,
    /// Where it listens.
    pub endpoint: Option<Endpoint>,
    /// Its status.
    pub status: InstanceStatus,
    /// What RDS goes on with.
    pub going_on: Vec<&'static str>,
}

impl Promotion {
    /// Makes the next step, at `now`.
    ///
    /// # Errors
    /// [`Refusal`] where a later turn won't help.
    pub async fn turn<R>(
        &self,
        rds: &R,
        store: &impl ReadObjects,
        now: DateTime<Utc>,
    ) -> Result<Turn, Refusal>
    where
        R: ReadInstances + ReadService + PromoteReplica,
    {
        let (observed, replica) = match self.look(rds, store).await {
            Ok(looked) => looked?,
            Err(error) if error.name.is_retried() => return Ok(Turn::Again(error.fact)),
            Err(error) => return Err(error.into()),
        };
        let step = next(&observed, &self.wanted);
        let asked = match &step {
            Step::Wait => return Ok(Turn::Waits(observed.instance.status)),
            Step::Done => return Ok(Turn::Done(Box::new(outcome(observed, &replica)))),
            Step::Hold => rds.tag(&replica, &first_tags(replica.drill(), &self.by, now)).await,
            Step::Start => rds.start(&replica).await,
            Step::Configure(changes) | Step::Protect(changes) => rds.modify(&replica, changes).await,
            Step::Reboot => rds.reboot(&replica).await,
            Step::Disown => rds.disown(&replica).await,
        };
        match asked {
            Ok(()) => Ok(Turn::Did(step)),
            Err(error) => self.refused(&step, &error),
        }
    }

    /// The replica as RDS and the evidence know it now. The outer error is a look that failed.
    async fn look(
        &self,
        rds: &(impl ReadInstances + ReadService),
        store: &impl ReadObjects,
    ) -> Result<Result<(Observed, Promotable), Refusal>, StepError> {
        let id = &self.replica;
        let Some(observed) = rds.observe(id.as_str()).await? else {
            return Ok(Err(Refusal::new(
                format!("{id} is gone"),
                "see CloudTrail for who deleted or renamed it",
            )));
        };
        if observed.instance.resource_id != self.resource_id {
            let fact = format!("{id} is another instance by now: {}", observed.instance.resource_id);
            return Ok(Err(Refusal::new(fact, "see CloudTrail for who made it; nothing was done to it")));
        }
        let instances = rds.instances().await?;
        let ownership = ownership_among(&self.settings, &instances, &observed.instance);
        let verdict = read_verdict(store, &observed.instance).await?;
        let confirmed = Promotable::confirm(&observed, &ownership, verdict.as_ref());
        Ok(confirmed.map(|replica| (observed, replica)).map_err(|reason| {
            Refusal::new(
                format!("{id} isn't promoted: {reason}"),
                "what was done to it before stays; see 'aws rds describe-db-instances'",
            )
        }))
    }

    fn refused(&self, step: &Step, error: &RdsError) -> Result<Turn, Refusal> {
        let hint = match error.kind {
            // An earlier call got through and its answer was lost, or we saw an old status: look again.
            RdsErrorKind::InvalidState | RdsErrorKind::Throttled | RdsErrorKind::Unavailable => {
                return Ok(Turn::Again(error.to_string()));
            }
            RdsErrorKind::Denied => {
                "promoting takes rights of your own: infra/iam/operator-promote.json; then run the same command again"
            }
            RdsErrorKind::Refused => {
                "RDS promises no capacity to a stopped instance: run the same command again in some minutes; a stopped \
                 one can't be given another class"
            }
            RdsErrorKind::NotFound | RdsErrorKind::Rejected => {
                "compare [promotion] with what there is in RDS; then run the same command again"
            }
        };
        let fact = format!("the promotion of {} stopped at '{}': {error}", self.replica, step.words());
        Err(Refusal::new(fact, hint))
    }
}

fn outcome(observed: Observed, replica: &Promotable) -> Outcome {
    Outcome {
        replica: replica.id().clone(),
        drill: replica.drill().clone(),
        data_at: replica.data_at(),
        endpoint: observed.instance.endpoint,
        status: observed.instance.status,
        going_on: observed.service.going_on,
    }
}
