//! Decides which tags are allowed and how they are put on, taken off and listed.

use super::settings::Tag;
use super::{ApiError, ControlPlane, ids};

/// The most tags of a resource.
const TAGS_MAX: usize = 50;

/// The tags of `under`, with those of `over` put on top.
pub(super) fn merged(under: &[Tag], over: &[Tag]) -> Vec<Tag> {
    let mut all = under.to_vec();
    for tag in over {
        match all.iter_mut().find(|each| each.key == tag.key) {
            Some(same) => same.value.clone_from(&tag.value),
            None => all.push(tag.clone()),
        }
    }
    all
}

pub(super) fn check(tags: &[Tag]) -> Result<(), ApiError> {
    if tags.len() > TAGS_MAX {
        return Err(ApiError::value(format!("A resource can have at most {TAGS_MAX} tags.")));
    }
    for tag in tags {
        let reserved = tag.key.to_ascii_lowercase().starts_with("aws:");
        if tag.key.is_empty() || tag.key.len() > 128 || tag.value.len() > 256 || reserved {
            return Err(ApiError::value(format!(
                "Invalid tag key or value: `{}`. Keys have 1 to 128 characters and don't begin with aws:",
                tag.key
            )));
        }
    }
    Ok(())
}

impl ControlPlane {
    /// Puts tags on an instance or a snapshot, by its ARN.
    ///
    /// # Errors
    /// `DBInstanceNotFound`, `DBSnapshotNotFound`, `InvalidParameterValue`.
    pub fn add_tags(&mut self, arn: &str, tags: &[Tag]) -> Result<(), ApiError> {
        check(tags)?;
        let slot = self.tags_at(arn)?;
        let after = merged(slot, tags);
        check(&after)?;
        *slot = after;
        Ok(())
    }

    /// Takes tags off; those that aren't there are no error.
    ///
    /// # Errors
    /// `DBInstanceNotFound`, `DBSnapshotNotFound`, `InvalidParameterValue`.
    pub fn remove_tags(&mut self, arn: &str, keys: &[String]) -> Result<(), ApiError> {
        self.tags_at(arn)?.retain(|tag| !keys.contains(&tag.key));
        Ok(())
    }

    /// The tags of an instance or a snapshot.
    ///
    /// # Errors
    /// `DBInstanceNotFound`, `DBSnapshotNotFound`, `InvalidParameterValue`.
    pub fn list_tags(&self, arn: &str) -> Result<Vec<Tag>, ApiError> {
        match kind_of(arn)? {
            Kind::Instance => self.instance(arn).map(|each| each.tags.clone()),
            Kind::Snapshot => self.snapshot(arn).map(|each| each.tags.clone()),
        }
    }

    fn tags_at(&mut self, arn: &str) -> Result<&mut Vec<Tag>, ApiError> {
        match kind_of(arn)? {
            Kind::Instance => {
                let key = self.instance(arn)?.resource_id.clone();
                let entry = self.instances.edit(&key);
                entry
                    .map(|each| &mut each.tags)
                    .ok_or_else(|| ApiError::instance_not_found(&ids::bare(arn, "db")))
            }
            Kind::Snapshot => {
                let key = self.snapshot(arn)?.key;
                let entry = self.snapshots.edit(&key);
                entry
                    .map(|each| &mut each.tags)
                    .ok_or_else(|| ApiError::snapshot_not_found(&ids::bare(arn, "snapshot")))
            }
        }
    }
}

enum Kind {
    Instance,
    Snapshot,
}

fn kind_of(arn: &str) -> Result<Kind, ApiError> {
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    match parts.as_slice() {
        ["arn", _, "rds", _, _, "db", _] => Ok(Kind::Instance),
        ["arn", _, "rds", _, _, "snapshot", _] => Ok(Kind::Snapshot),
        _ => Err(ApiError::value(format!("Invalid resource name: {arn}"))),
    }
}
