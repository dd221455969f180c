//! The second look of the sweep, at the moment of deletion.
//!
//! Decides whether what the sweep decided on is still so. Changes nothing.

use crate::error::StepError;
use crate::ownership::OwnedReplica;
use crate::ports::ReadInstances;
use crate::standing::Known;

use super::{Looked, ownership_among};

impl Looked<'_> {
    /// Whether RDS says the same as when the sweep decided: of this replica, and of the one that stands in for it.
    pub(super) async fn look_again(
        &self,
        ports: &impl ReadInstances,
    ) -> Result<Result<(), String>, StepError> {
        let instances = ports.instances().await?;
        let is_unchanged = |known: &Known| {
            let same = instances.iter().find(|i| i.resource_id == *known.replica.resource_id());
            let again =
                same.map(|i| OwnedReplica::confirm(i, &ownership_among(&instances, i, self.settings)));
            matches!(again, Some(Ok(replica)) if replica == known.replica)
        };
        if !is_unchanged(self.one) {
            return Ok(Err("it changed while the sweep looked at others".to_owned()));
        }
        let is_verified = self.one.is_verified == Some(true);
        if is_verified && !self.one.successors(self.all).any(is_unchanged) {
            return Ok(Err(
                "the one that stood in for it changed while the sweep looked at others".to_owned()
            ));
        }
        Ok(Ok(()))
    }
}
