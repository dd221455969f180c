//! Decides which settings an instance has, which of them a request changes, and which changes
//! wait for a maintenance window.
//!
//! Never checks values against what AWS sells: any class and any group name is taken.

/// A tag of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Its key, unique in a resource.
    pub key: String,
    /// Its value, possibly empty.
    pub value: String,
}

/// What an instance is configured with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the API's own flags, one field each")]
pub struct Settings {
    /// The instance class, such as `db.t4g.medium`.
    pub class: String,
    /// The size of the storage.
    pub allocated_storage_gib: u32,
    /// The kind of storage, `gp3` unless chosen.
    pub storage_type: String,
    /// Provisioned I/O operations per second, if any.
    pub iops: Option<u32>,
    /// Whether a second copy stands by in another zone.
    pub multi_az: bool,
    /// Whether the endpoint has a public address.
    pub publicly_accessible: bool,
    /// Whether minor versions are installed unasked.
    pub auto_minor_version_upgrade: bool,
    /// Whether deleting is refused.
    pub deletion_protection: bool,
    /// Whether snapshots take over the instance's tags.
    pub copy_tags_to_snapshot: bool,
    /// Whether tokens of IAM open the database.
    pub iam_authentication: bool,
    /// How long automated backups are kept; 0 means that there are none.
    pub backup_retention_days: u32,
    /// The parameter group.
    pub parameter_group: String,
    /// The VPC security groups.
    pub security_groups: Vec<String>,
    /// The subnet group.
    pub subnet_group: String,
    /// The availability zone.
    pub availability_zone: String,
    /// The certificate authority's name.
    pub ca_certificate: String,
    /// Whether Extended Support is enrolled.
    pub engine_lifecycle_support: String,
    /// When the automated backup is taken.
    pub backup_window: String,
    /// When maintenance happens.
    pub maintenance_window: String,
    /// The option group.
    pub option_group: String,
}

impl Settings {
    /// What RDS gives an instance of this class and major version when a request says no more.
    pub(crate) fn defaults(class: String, major: &str, region: &str) -> Self {
        Self {
            class,
            allocated_storage_gib: 20,
            storage_type: "gp3".into(),
            iops: None,
            multi_az: false,
            publicly_accessible: true,
            auto_minor_version_upgrade: true,
            deletion_protection: false,
            copy_tags_to_snapshot: false,
            iam_authentication: false,
            backup_retention_days: 1,
            parameter_group: format!("default.postgres{major}"),
            security_groups: vec!["sg-0default0000000".into()],
            subnet_group: "default".into(),
            availability_zone: format!("{region}a"),
            ca_certificate: "rds-ca-rsa2048-g1".into(),
            engine_lifecycle_support: "open-source-rds-extended-support".into(),
            backup_window: "02:00-02:30".into(),
            maintenance_window: "sun:05:00-sun:05:30".into(),
            option_group: format!("default:postgres-{major}"),
        }
    }
}

macro_rules! changes {
    ($($(#[$doc:meta])* $field:ident: $type:ty),* $(,)?) => {
        /// The settings that a request names; all else stays.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct Changes {
            $($(#[$doc])* pub $field: Option<$type>,)*
        }

        impl Changes {
            /// Puts every named setting in place.
            pub(crate) fn apply(self, settings: &mut Settings) {
                $(if let Some(value) = self.$field { settings.$field = value; })*
            }

            /// Whether nothing is named.
            pub(crate) fn is_empty(&self) -> bool {
                *self == Self::default()
            }

            /// These changes, those apart that `done` names too.
            pub(crate) fn without(self, done: &Self) -> Self {
                Self { $($field: self.$field.filter(|_| done.$field.is_none()),)* }
            }

            /// These changes, with `later` on top.
            pub(crate) fn merged(self, later: Self) -> Self {
                Self { $($field: later.$field.or(self.$field),)* }
            }
        }
    };
}

changes! {
    /// The instance class.
    class: String,
    /// The size of the storage.
    allocated_storage_gib: u32,
    /// The kind of storage.
    storage_type: String,
    /// A second copy in another zone.
    multi_az: bool,
    /// A public address.
    publicly_accessible: bool,
    /// Minor versions unasked.
    auto_minor_version_upgrade: bool,
    /// Refusal to be deleted.
    deletion_protection: bool,
    /// Snapshots take over tags.
    copy_tags_to_snapshot: bool,
    /// Tokens of IAM.
    iam_authentication: bool,
    /// Retention of automated backups.
    backup_retention_days: u32,
    /// The parameter group.
    parameter_group: String,
    /// The VPC security groups.
    security_groups: Vec<String>,
    /// The subnet group.
    subnet_group: String,
    /// The availability zone.
    availability_zone: String,
    /// The certificate authority's name.
    ca_certificate: String,
    /// Extended Support.
    engine_lifecycle_support: String,
    /// The backup window.
    backup_window: String,
    /// The maintenance window.
    maintenance_window: String,
    /// The option group.
    option_group: String,
}

impl Changes {
    /// Parts the changes into those that RDS makes at once and those that wait for the
    /// maintenance window when `ApplyImmediately` is not set.
    pub(crate) fn part_deferred(self) -> (Self, Self) {
        let deferred = Self {
            class: self.class.clone(),
            allocated_storage_gib: self.allocated_storage_gib,
            storage_type: self.storage_type.clone(),
            multi_az: self.multi_az,
            iam_authentication: self.iam_authentication,
            backup_retention_days: self.backup_retention_days,
            ca_certificate: self.ca_certificate.clone(),
            ..Self::default()
        };
        let immediate = Self {
            class: None,
            allocated_storage_gib: None,
            storage_type: None,
            multi_az: None,
            iam_authentication: None,
            backup_retention_days: None,
            ca_certificate: None,
            ..self
        };
        (immediate, deferred)
    }
}
