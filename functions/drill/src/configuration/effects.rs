//! What a check of the catalogue does to the verdict: a setting per kind.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measurement::{HealthKind, ObjectKind};

/// What comes of something that isn't as it was, or as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It is written down and changes nothing.
    Pass,
    /// It is shown as a warning; the backup may still be verified.
    Warn,
    /// It rejects the backup.
    Fail,
}

/// What a difference of the catalogue from the last verified drill does, a kind of object.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CatalogueEffects {
    /// What holds for a kind that isn't named here; `warn` when absent, as migrations change catalogues.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Effect>,
    /// What a new object does, of whichever kind; `pass` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub added: Option<Effect>,
    /// Schemas and their owners.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Effect>,
    /// Columns and types of tables. A table that is gone is a matter of `rows`, and rejects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<Effect>,
    /// Indexes and their definitions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<Effect>,
    /// Constraints and their definitions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constraint: Option<Effect>,
    /// Views and their queries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view: Option<Effect>,
    /// Materialised views and their queries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub materialized_view: Option<Effect>,
    /// Functions and procedures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<Effect>,
    /// Triggers, and whether they are enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Effect>,
    /// Row-level security and its policies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Effect>,
    /// Sequences; their values aren't compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<Effect>,
    /// Partitions and their bounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<Effect>,
    /// Types and domains.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_type: Option<Effect>,
    /// Extensions and their versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<Effect>,
    /// Roles with attributes and memberships.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Effect>,
    /// Grants and default privileges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<Effect>,
    /// Settings per database and role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting: Option<Effect>,
}

/// What a problem in the database's own catalogue does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HealthEffects {
    /// Sequences behind their column's largest value. When absent, one that the last verified drill had too, or
    /// that the first drill finds, is a warning; a new one rejects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<Effect>,
    /// Invalid or not-ready indexes; `warn` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index_valid: Option<Effect>,
    /// Constraints that were never validated; `warn` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constraint_valid: Option<Effect>,
    /// Collations of another version than the library's; when absent, as for sequences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collation: Option<Effect>,
    /// Unlogged tables; `warn` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unlogged: Option<Effect>,
    /// Extensions that the server doesn't have; `fail` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<Effect>,
    /// Transaction ids that run out; `fail` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wraparound: Option<Effect>,
}

impl CatalogueEffects {
    /// What a removed or changed object of a kind does.
    pub fn of(&self, kind: ObjectKind) -> Effect {
        let own = match kind {
            ObjectKind::Schema => self.schema,
            ObjectKind::Table => self.table,
            ObjectKind::Index => self.index,
            ObjectKind::Constraint => self.constraint,
            ObjectKind::View => self.view,
            ObjectKind::MaterializedView => self.materialized_view,
            ObjectKind::Function => self.function,
            ObjectKind::Trigger => self.trigger,
            ObjectKind::Policy => self.policy,
            ObjectKind::Sequence => self.sequence,
            ObjectKind::Partition => self.partition,
            ObjectKind::DataType => self.data_type,
            ObjectKind::Extension => self.extension,
            ObjectKind::Role => self.role,
            ObjectKind::Grant => self.grant,
            ObjectKind::Setting => self.setting,
        };
        own.or(self.default).unwrap_or(Effect::Warn)
    }

    /// What a new object does.
    pub fn of_added(&self) -> Effect {
        self.added.unwrap_or(Effect::Pass)
    }
}

impl HealthEffects {
    /// What a problem of a kind does; known is one that the last verified drill had too.
    pub fn of(&self, kind: HealthKind, is_known: bool) -> Effect {
        let news = if is_known { Effect::Warn } else { Effect::Fail };
        match kind {
            HealthKind::Sequence => self.sequence.unwrap_or(news),
            HealthKind::IndexValid => self.index_valid.unwrap_or(Effect::Warn),
            HealthKind::ConstraintValid => self.constraint_valid.unwrap_or(Effect::Warn),
            HealthKind::Collation => self.collation.unwrap_or(news),
            HealthKind::Unlogged => self.unlogged.unwrap_or(Effect::Warn),
            HealthKind::Extension => self.extension.unwrap_or(Effect::Fail),
            HealthKind::Wraparound => self.wraparound.unwrap_or(Effect::Fail),
        }
    }
}
