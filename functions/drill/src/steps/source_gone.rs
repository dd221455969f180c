//! The night after the source was deleted: what is left of its data, since somebody reads this at 3 AM.
//!
//! Names only replicas that RDS still knows, held and promoted ones included. Changes nothing.

use crate::backup::Backup;
use crate::error::{StepError, WireName};
use crate::ids::{DrillId, SourceId, rfc3339};
use crate::instance::Instance;
use crate::ownership::{TAG_DRILL, TAG_HOLD, TAG_SOURCE, looks_like_ours};
use crate::ports::{ReadInstances, ReadObjects};
use crate::promotion;
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
    let is_of_source = |i: &&Instance| promotion::marked_drill(i).is_some_and(|d| d.source() == *source);
    if let Some(promoted) = instances.iter().find(is_of_source) {
        return Ok(promoted_meanwhile(source, promoted));
    }
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
             'restore-drill promote --source {source}' makes it production",
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

/// The night after a promotion: production is there, and has another name.
fn promoted_meanwhile(source: &SourceId, promoted: &Instance) -> StepError {
    let id = &promoted.id;
    let hold = promoted.tags.get(TAG_HOLD).filter(|text| !text.is_empty());
    let how = hold.map_or_else(String::new, |text| format!(" ({text})"));
    let (fact, hint) = if promotion::is_promoted(promoted) {
        (
            format!(
                "the source {source} does not exist: its replica {id}{how} is production in its place. It is {}, and \
                 nothing of restore-drill touches it. Nothing is drilled until production has the source's name",
                promoted.status
            ),
            format!(
                "rename it, and the drills go on by themselves: aws rds modify-db-instance --db-instance-identifier \
                 {id} --new-db-instance-identifier {source} --apply-immediately (connections end; its endpoint is \
                 then the old one); or drill it under a name of its own: change 'source' in the configuration"
            ),
        )
    } else {
        (
            format!(
                "the source {source} does not exist: the promotion of its replica {id}{how} was begun and isn't \
                 finished. It is {}, and was not touched",
                promoted.status
            ),
            format!("'restore-drill promote --source {source}' goes on where it stopped"),
        )
    };
    StepError::new(WireName::SourceNotFound, fact, hint)
}
