//! Decides which new instances are allowed and what they begin with.

use chrono::{DateTime, Utc};

#[cfg(feature = "server")]
use super::resources::SnapshotKind;
use super::resources::{Effect, Instance, Stage, StageWork};
use super::servers::{Job, Password, ServerSettings, Servers};
use super::settings::{Changes, Settings, Tag};
use super::status::Status;
use super::{ApiError, ControlPlane, InstanceView, ResourceId, ids, tags};

/// `CreateDBInstance`.
#[derive(Debug, Clone)]
pub struct CreateInstance {
    /// The identifier.
    pub id: String,
    /// The engine; only `postgres` is known.
    pub engine: String,
    /// A version, whole or major; the servers' own unless given.
    pub engine_version: Option<String>,
    /// The master user.
    pub master_user: String,
    /// The master user's password.
    pub master_password: Password,
    /// A first database.
    pub database: Option<String>,
    /// The key to encrypt storage with.
    pub kms_key_id: Option<String>,
    /// Whether storage is encrypted.
    pub encrypted: bool,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// The settings that are named.
    pub changes: Changes,
}

/// The shortest and longest password that RDS takes for PostgreSQL.
const PASSWORD_LENGTHS: std::ops::RangeInclusive<usize> = 8..=128;

/// The longest retention of automated backups.
pub(super) const RETENTION_MAX_DAYS: u32 = 35;

impl ControlPlane {
    /// Creates an instance with an empty database. Its server is real.
    ///
    /// # Errors
    /// `InvalidParameterValue`, `InvalidParameterCombination`, `DBInstanceAlreadyExists`,
    /// `InstanceQuotaExceeded`, `StorageQuotaExceeded`.
    pub fn create_instance(
        &mut self,
        now: DateTime<Utc>,
        request: CreateInstance,
        servers: &mut impl Servers,
    ) -> Result<InstanceView, ApiError> {
        let id = ids::instance_id(&request.id)?;
        if request.engine != "postgres" {
            return Err(ApiError::value(format!(
                "Invalid DB engine: {}. This double knows postgres.",
                request.engine
            )));
        }
        self.check_version(request.engine_version.as_deref())?;
        check_master(&request.master_user, &request.master_password)?;
        tags::check(&request.tags)?;
        let class = request.changes.class.clone().ok_or_else(|| ApiError::missing("DBInstanceClass"))?;
        let settings = self.new_settings(class, request.changes)?;
        self.admit_instance(&id, &settings)?;
        let kms_key_id = (request.encrypted || request.kms_key_id.is_some())
            .then(|| request.kms_key_id.unwrap_or_else(|| self.default_key()));
        let key = self.place_instance(NewInstance {
            id,
            settings,
            master_user: request.master_user.clone(),
            database: request.database.clone(),
            kms_key_id,
            tags: request.tags,
        });
        let job = Job::Create {
            instance: key.clone(),
            settings: self.server_settings(&key),
            database: request.database,
            master_user: request.master_user,
            password: request.master_password,
        };
        let creating = Stage::new(Status::CREATING, self.config.delays.creating)
            .doing(job)
            .then(Effect::ShowEndpoint)
            .then(Effect::Tell("creation", "DB instance created".into()));
        let stages = self.with_first_backup(&key, creating);
        self.schedule(&key, stages, Status::AVAILABLE, now, servers);
        self.view_of(&key, now)
    }

    pub(super) fn check_version(&self, wanted: Option<&str>) -> Result<(), ApiError> {
        let ours = self.config.engine_version.as_str();
        match wanted {
            Some(version) if version != ours && version != self.major() => Err(ApiError::combination(
                format!("Cannot find version {version} for postgres. The servers here are {ours}."),
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn new_settings(&self, class: String, changes: Changes) -> Result<Settings, ApiError> {
        check_changes(&changes)?;
        let mut settings = Settings::defaults(class, self.major(), &self.config.region);
        // In a subnet group of one's own, nothing is public unless asked.
        settings.publicly_accessible = changes.subnet_group.is_none();
        changes.apply(&mut settings);
        Ok(settings)
    }

    /// The quotas that are kept here, by RDS's names: what is used, and what may be.
    #[cfg(feature = "server")]
    pub(crate) fn quotas(&self) -> Vec<(&'static str, u64, u64)> {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let manual = self.snapshots.iter().filter(|each| each.kind == SnapshotKind::Manual).count();
        vec![
            ("DBInstances", count(self.instances.iter().count()), count(self.config.instance_quota)),
            ("ManualSnapshots", count(manual), count(self.config.snapshot_quota)),
            ("AllocatedStorage", self.storage_gib(), u64::from(self.config.storage_quota_gib)),
        ]
    }

    fn storage_gib(&self) -> u64 {
        self.instances.iter().map(|each| u64::from(each.settings.allocated_storage_gib)).sum()
    }

    /// Checks the name and the quotas for one more instance.
    pub(super) fn admit_instance(&self, id: &str, settings: &Settings) -> Result<(), ApiError> {
        if self.instance(id).is_ok() {
            return Err(ApiError::instance_exists());
        }
        if self.instances.iter().count() >= self.config.instance_quota {
            return Err(ApiError::quota(
                "InstanceQuotaExceeded",
                format!("Request would exceed the quota of {} DB instances.", self.config.instance_quota),
            ));
        }
        if self.storage_gib() + u64::from(settings.allocated_storage_gib)
            > u64::from(self.config.storage_quota_gib)
        {
            return Err(ApiError::quota(
                "StorageQuotaExceeded",
                format!(
                    "Request would exceed the quota of {} GiB of storage.",
                    self.config.storage_quota_gib
                ),
            ));
        }
        Ok(())
    }

    pub(super) fn place_instance(&mut self, new: NewInstance) -> ResourceId {
        let sequence = self.invent();
        let key = ResourceId::invent(&self.config.seed, sequence);
        let instance = Instance {
            resource_id: key.clone(),
            id: new.id,
            status: Status::CREATING,
            settings: new.settings,
            master_user: new.master_user,
            database: new.database,
            engine_version: self.config.engine_version.clone(),
            kms_key_id: new.kms_key_id,
            tags: new.tags,
            created_at: None,
            endpoint: None,
            stopped_at: None,
            pending: Changes::default(),
            pending_id: None,
            is_reboot_pending: false,
            address: None,
            stages: std::collections::VecDeque::new(),
            rest: Status::AVAILABLE,
        };
        self.instances.insert(key.clone(), instance);
        key
    }

    /// `backing-up` follows `creating` if the instance has automated backups.
    pub(super) fn with_first_backup(&self, key: &ResourceId, creating: Stage) -> Vec<Stage> {
        let mut stages = vec![creating];
        if self.instances.get(key).is_some_and(|each| each.settings.backup_retention_days > 0) {
            let mut backup = Stage::new(Status::BACKING_UP, self.config.delays.backing_up);
            backup.work = StageWork::AutomatedBackup;
            stages.push(backup);
        }
        stages
    }

    pub(super) fn server_settings(&self, key: &ResourceId) -> ServerSettings {
        let settings = self.instances.get(key).map(|each| &each.settings);
        ServerSettings {
            iam_authentication: settings.is_some_and(|each| each.iam_authentication),
            archiving: settings.is_some_and(|each| each.backup_retention_days > 0),
        }
    }

    pub(super) fn default_key(&self) -> String {
        format!(
            "arn:aws:kms:{}:{}:key/00000000-0000-0000-0000-000000000001",
            self.config.region, self.config.account
        )
    }
}

/// What a new instance is placed with.
pub(super) struct NewInstance {
    pub(super) id: String,
    pub(super) settings: Settings,
    pub(super) master_user: String,
    pub(super) database: Option<String>,
    pub(super) kms_key_id: Option<String>,
    pub(super) tags: Vec<Tag>,
}

/// Checks the values of settings, whatever request they came in.
pub(super) fn check_changes(changes: &Changes) -> Result<(), ApiError> {
    if let Some(days) = changes.backup_retention_days
        && days > RETENTION_MAX_DAYS
    {
        return Err(ApiError::value(format!(
            "Invalid backup retention period: {days}. Must be between 0 and {RETENTION_MAX_DAYS}."
        )));
    }
    if let Some(class) = &changes.class
        && !class.starts_with("db.")
    {
        return Err(ApiError::value(format!("Invalid DB Instance class: {class}")));
    }
    if let Some(support) = &changes.engine_lifecycle_support
        && !matches!(
            support.as_str(),
            "open-source-rds-extended-support" | "open-source-rds-extended-support-disabled"
        )
    {
        return Err(ApiError::value(format!("Invalid EngineLifecycleSupport: {support}")));
    }
    Ok(())
}

fn check_master(user: &str, password: &Password) -> Result<(), ApiError> {
    let begins_well = user.starts_with(|first: char| first.is_ascii_alphabetic());
    let word = user.chars().all(|each| each.is_ascii_alphanumeric() || each == '_');
    if !begins_well || !word || user.len() > 63 || matches!(user, "rdsadmin" | "admin" | "postgresql") {
        return Err(ApiError::value(format!(
            "MasterUsername {user} cannot be used as it is a reserved word used by the engine or malformed"
        )));
    }
    check_password(password)
}

pub(super) fn check_password(password: &Password) -> Result<(), ApiError> {
    let text = password.reveal();
    let forbidden = text.contains(['/', '"', '@', ' ']) || !text.is_ascii();
    if !PASSWORD_LENGTHS.contains(&text.len()) || forbidden {
        return Err(ApiError::value(
            "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used, 8 to 128 of them.",
        ));
    }
    Ok(())
}
