//! Decides what the Describe calls show: filters, types of snapshots, order and pages.

use chrono::{DateTime, Utc};

use super::page::{Page, PageRequest, paginate};
use super::resources::{Instance, Snapshot};
use super::shelf::View;
use super::{ApiError, ControlPlane, Event, EventQuery, ResourceId, SnapshotKey, ids};

/// A filter: a name and the values of which one must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// What is compared.
    pub name: String,
    /// With what.
    pub values: Vec<String>,
}

/// `DescribeDBInstances`.
#[derive(Debug, Clone, Default)]
pub struct InstanceQuery {
    /// Only this instance, by identifier or ARN.
    pub id: Option<String>,
    /// Only what matches all of these.
    pub filters: Vec<Filter>,
    /// Which page.
    pub page: PageRequest,
}

/// `DescribeDBSnapshots`.
#[derive(Debug, Clone, Default)]
pub struct SnapshotQuery {
    /// Only of this instance.
    pub instance_id: Option<String>,
    /// Only this snapshot.
    pub snapshot_id: Option<String>,
    /// Only of this instance, by its name for ever.
    pub resource_id: Option<String>,
    /// Only of this type; automated and manual unless given.
    pub kind: Option<String>,
    /// Only what matches all of these.
    pub filters: Vec<Filter>,
    /// Which page.
    pub page: PageRequest,
}

/// `DescribeDBInstanceAutomatedBackups`.
#[derive(Debug, Clone, Default)]
pub struct BackupQuery {
    /// Only of this instance.
    pub instance_id: Option<String>,
    /// Only of this instance, by its name for ever.
    pub resource_id: Option<String>,
    /// Only this one.
    pub arn: Option<String>,
    /// Only what matches all of these.
    pub filters: Vec<Filter>,
    /// Which page.
    pub page: PageRequest,
}

/// An instance as the API shows it.
#[derive(Debug, Clone)]
pub struct InstanceView {
    /// The instance.
    pub instance: Instance,
    /// Its ARN.
    pub arn: String,
    /// The latest point in time that it can be restored to.
    pub latest_restorable_at: Option<DateTime<Utc>>,
}

/// A snapshot as the API shows it.
#[derive(Debug, Clone)]
pub struct SnapshotView {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// Its ARN.
    pub arn: String,
    /// Its status.
    pub status_text: &'static str,
}

/// The automated backups of an instance, living or deleted.
#[derive(Debug, Clone)]
pub struct AutomatedBackup {
    /// The instance, as it is or last was.
    pub instance: Instance,
    /// Its ARN.
    pub instance_arn: String,
    /// The ARN of the backups.
    pub arn: String,
    /// `active`, `creating` or `retained`.
    pub status: &'static str,
    /// The points in time that it can be restored to.
    pub window: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl ControlPlane {
    /// The instances that a query asks for.
    ///
    /// # Errors
    /// `DBInstanceNotFound` for one asked by name, `InvalidParameterValue`.
    pub fn describe_instances(
        &self,
        now: DateTime<Utc>,
        query: &InstanceQuery,
        view: View,
    ) -> Result<Page<InstanceView>, ApiError> {
        const NAMES: [&str; 5] = ["db-cluster-id", "db-instance-id", "dbi-resource-id", "domain", "engine"];
        check_filters(&query.filters, &NAMES)?;
        let mut found = self.instances.seen(view);
        if let Some(id) = &query.id {
            let wanted = ids::bare(id, "db");
            found.retain(|each| each.id == wanted);
            if found.is_empty() {
                return Err(ApiError::instance_not_found(id));
            }
        }
        found.retain(|each| {
            matches_all(&query.filters, |name| match name {
                "db-instance-id" => Some((&each.id, "db")),
                "dbi-resource-id" => Some((each.resource_id.as_str(), "")),
                "engine" => Some(("postgres", "")),
                _ => None,
            })
        });
        let page = paginate(found.into_iter(), &query.page, |each| each.id.clone())?;
        Ok(Page {
            items: page.items.into_iter().map(|each| self.viewed(each, now)).collect(),
            marker: page.marker,
        })
    }

    /// The snapshots that a query asks for.
    ///
    /// # Errors
    /// `DBSnapshotNotFound` for one asked by name, `InvalidParameterValue`.
    pub fn describe_snapshots(
        &self,
        query: &SnapshotQuery,
        view: View,
    ) -> Result<Page<SnapshotView>, ApiError> {
        const NAMES: [&str; 5] =
            ["db-instance-id", "db-snapshot-id", "dbi-resource-id", "snapshot-type", "engine"];
        check_filters(&query.filters, &NAMES)?;
        let kind = query.kind.as_deref();
        if let Some(kind) = kind
            && !["automated", "manual", "shared", "public", "awsbackup"].contains(&kind)
        {
            return Err(ApiError::value(format!("Invalid snapshot type: {kind}")));
        }
        let instance_id = query.instance_id.as_ref().map(|id| ids::bare(id, "db"));
        let snapshot_id = query.snapshot_id.as_ref().map(|id| ids::bare(id, "snapshot"));
        let mut found = self.snapshots.seen(view);
        found.retain(|each| {
            kind.is_none_or(|kind| kind == each.kind.as_str())
                && instance_id.as_ref().is_none_or(|id| *id == each.instance_id)
                && snapshot_id.as_ref().is_none_or(|id| *id == each.id)
                && query.resource_id.as_ref().is_none_or(|id| id == each.resource_id.as_str())
                && matches_all(&query.filters, |name| match name {
                    "db-instance-id" => Some((&each.instance_id, "db")),
                    "db-snapshot-id" => Some((&each.id, "snapshot")),
                    "dbi-resource-id" => Some((each.resource_id.as_str(), "")),
                    "snapshot-type" => Some((each.kind.as_str(), "")),
                    "engine" => Some(("postgres", "")),
                    _ => None,
                })
        });
        if let (Some(id), true) = (&query.snapshot_id, found.is_empty()) {
            return Err(ApiError::snapshot_not_found(id));
        }
        let page = paginate(found.into_iter(), &query.page, |each| each.id.clone())?;
        Ok(Page {
            items: page.items.into_iter().map(|each| self.snapshot_viewed(each)).collect(),
            marker: page.marker,
        })
    }

    /// The automated backups that a query asks for: of living instances, and retained ones.
    ///
    /// # Errors
    /// `DBInstanceAutomatedBackupNotFound` for one asked by name, `InvalidParameterValue`.
    pub fn describe_automated_backups(
        &self,
        now: DateTime<Utc>,
        query: &BackupQuery,
    ) -> Result<Page<AutomatedBackup>, ApiError> {
        check_filters(&query.filters, &["status", "db-instance-id", "dbi-resource-id"])?;
        let living = self
            .instances
            .iter()
            .filter(|each| each.settings.backup_retention_days > 0)
            .map(|each| self.automated_backup(each, false, now));
        let retained = self.retained.values().map(|each| self.automated_backup(&each.instance, true, now));
        let mut all: Vec<AutomatedBackup> = living.chain(retained).collect();
        let instance_id = query.instance_id.as_ref().map(|id| ids::bare(id, "db"));
        all.retain(|each| {
            instance_id.as_ref().is_none_or(|id| *id == each.instance.id)
                && query.resource_id.as_ref().is_none_or(|id| id == each.instance.resource_id.as_str())
                && query.arn.as_ref().is_none_or(|arn| *arn == each.arn)
                && matches_all(&query.filters, |name| match name {
                    "status" => Some((each.status, "")),
                    "db-instance-id" => Some((&each.instance.id, "db")),
                    "dbi-resource-id" => Some((each.instance.resource_id.as_str(), "")),
                    _ => None,
                })
        });
        let named = query.arn.as_ref().or(query.resource_id.as_ref()).or(query.instance_id.as_ref());
        if let (Some(name), true) = (named, all.is_empty()) {
            return Err(ApiError::automated_backup_not_found(name));
        }
        paginate(all.iter(), &query.page, |each| {
            format!("{}/{}", each.instance.id, each.instance.resource_id)
        })
    }

    /// The events that a query asks for.
    ///
    /// # Errors
    /// `InvalidParameterCombination`, `InvalidParameterValue`.
    pub fn describe_events(&self, now: DateTime<Utc>, query: &EventQuery) -> Result<Page<Event>, ApiError> {
        self.chronicle.find(now, query)
    }

    pub(super) fn view_of(&self, key: &ResourceId, now: DateTime<Utc>) -> Result<InstanceView, ApiError> {
        let instance = self.instances.get(key).cloned();
        instance.map(|each| self.viewed(each, now)).ok_or_else(|| ApiError::instance_not_found(key.as_str()))
    }

    pub(super) fn snapshot_view(&self, key: SnapshotKey) -> Result<SnapshotView, ApiError> {
        let snapshot = self.snapshots.get(&key).cloned();
        snapshot
            .map(|each| self.snapshot_viewed(each))
            .ok_or_else(|| ApiError::snapshot_not_found(&key.to_string()))
    }

    fn viewed(&self, instance: Instance, now: DateTime<Utc>) -> InstanceView {
        InstanceView {
            arn: self.arn("db", &instance.id),
            latest_restorable_at: self.latest_restorable_at(&instance, now),
            instance,
        }
    }

    fn snapshot_viewed(&self, snapshot: Snapshot) -> SnapshotView {
        SnapshotView {
            arn: self.arn("snapshot", &snapshot.id),
            status_text: snapshot.status.as_str(),
            snapshot,
        }
    }

    fn automated_backup(&self, instance: &Instance, retained: bool, now: DateTime<Utc>) -> AutomatedBackup {
        let earliest = self.earliest_restorable_at(&instance.resource_id);
        let window = earliest.zip(self.latest_restorable_at(instance, now));
        let name = instance.resource_id.as_str().replacen("db-", "ab-", 1);
        AutomatedBackup {
            instance_arn: self.arn("db", &instance.id),
            arn: self.arn("auto-backup", &name.to_ascii_lowercase()),
            status: match (retained, window) {
                (true, _) => "retained",
                (false, Some(_)) => "active",
                (false, None) => "creating",
            },
            window,
            instance: instance.clone(),
        }
    }
}

fn check_filters(filters: &[Filter], names: &[&str]) -> Result<(), ApiError> {
    for filter in filters {
        if !names.contains(&filter.name.as_str()) {
            return Err(ApiError::value(format!("Unrecognized filter name: {}", filter.name)));
        }
        if filter.values.is_empty() {
            return Err(ApiError::combination(format!("The filter {} needs values.", filter.name)));
        }
    }
    Ok(())
}

/// Whether every filter matches what `field` gives for its name: a text, and the kind of ARN that
/// may stand for it.
fn matches_all<'a>(filters: &[Filter], field: impl Fn(&str) -> Option<(&'a str, &'static str)>) -> bool {
    filters.iter().all(|filter| {
        let Some((text, kind)) = field(&filter.name) else {
            return false;
        };
        filter
            .values
            .iter()
            .any(|value| text == value || (!kind.is_empty() && text == ids::bare(value, kind)))
    })
}
