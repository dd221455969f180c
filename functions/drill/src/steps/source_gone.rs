//! The night after the source was deleted: what is left of its data, since somebody reads this at 3 AM.
//!
//! Names only replicas that RDS still knows, held ones included. Changes nothing.

use crate::backup::Backup;
use crate::error::{StepError, WireName};
use crate::ids::{DrillId, SourceId, rfc3339};
use crate::instance::Instance;
use crate::ownership::{TAG_DRILL, TAG_SOURCE, looks_like_ours};
use crate::ports::{ReadInstances, ReadObjects};
use crate::store;

use super::Settings;

/// `Source.NotFound`, with the newest verified replica that exists.
pub(super) async fn source_gone<P>(
    ports: &P,
    settings: &Settings,
    source: &SourceId,
) -> Result<StepError, StepError>
where
    P: ReadInstances + ReadObjects,
{
    let instances = ports.instances().await?;
    let mut newest: Option<(Backup, DrillId, &Instance)> = None;
    for instance in instances
        .iter()
        .filter(|i| looks_like_ours(i, &settings.deployment))
        .filter(|i| i.tags.get(TAG_SOURCE).is_some_and(|s| s == source.as_str()))
    {
        let Some(drill) = instance.tags.get(TAG_DRILL).and_then(|t| DrillId::parse(t).ok()) else { continue };
        let evidence = match store::read_verdict(ports, &drill).await {
            Ok(Some(evidence)) => evidence,
            Err(e) if e.name.is_retried() => return Err(e),
            // A record that can't be read hides its own replica, not the others.
            Ok(None) | Err(_) => continue,
        };
        let Some(backup) =
            evidence.backup.clone().filter(|_| evidence.verifies(&drill, &instance.resource_id))
        else {
            continue;
        };
        if newest.as_ref().is_none_or(|(known, ..)| backup.data_at > known.data_at) {
            newest = Some((backup, drill, instance));
        }
    }
    let left = match newest {
        Some((backup, drill, instance)) => format!(
            "the standby {} ({}) was verified by drill {drill} with data of {} and was not touched: \
             tag it restore-drill:hold, then start it with 'aws rds start-db-instance'",
            instance.id,
            instance.status,
            rfc3339(backup.data_at)
        ),
        None => "no replica of it exists that a drill verified".to_owned(),
    };
    Ok(StepError::new(
        WireName::SourceNotFound,
        format!("the source {source} does not exist, and its automated snapshots go with it; {left}"),
        "if it was renamed, change 'source' in the configuration; if it was deleted, ask AWS Support at once \
         whether its automated backups can be brought back",
    ))
}
