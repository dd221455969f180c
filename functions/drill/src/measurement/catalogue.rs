//! What there is in the database: what the plan of the checks is made from.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name of a table, as the catalogue gives it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TableName {
    /// The schema.
    pub schema: String,
    /// The table.
    pub table: String,
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.table)
    }
}

/// A range of a table's blocks, of 8 KiB each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BlockRange {
    /// The first block.
    pub from: u32,
    /// The block after the last; to the end of the table when absent, so that nothing is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u32>,
}

impl fmt::Display for BlockRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to {
            Some(to) => write!(f, "blocks {} to {}", self.from, to.saturating_sub(1)),
            None => write!(f, "blocks {} to the end", self.from),
        }
    }
}

/// The tables of the database, what else the checks look at, and what they don't cover.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// Every user table with a heap of its own, partitions included, in the order of their names.
    pub tables: Vec<TableEntry>,
    /// How many objects there are of each kind.
    pub objects: BTreeMap<ObjectKind, u32>,
    /// How many more connections the server takes, beside what it keeps for itself.
    pub connections_free: u32,
    /// What is there and not looked at, in words: "2 foreign tables", "database reporting".
    pub not_covered: Vec<String>,
}

/// All objects of a catalogue, by kind, in the order of their names.
pub type CatalogueObjects = BTreeMap<ObjectKind, Vec<super::CatalogueObject>>;

/// A table of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableEntry {
    /// Its name.
    #[serde(flatten)]
    pub name: TableName,
    /// The size of its heap.
    pub heap_size_bytes: u64,
    /// Its indexes, in the order of their names.
    pub indexes: Vec<IndexEntry>,
    /// The foreign keys by which it refers to others, in the order of their names.
    pub foreign_keys: Vec<ForeignKeyEntry>,
}

/// An index of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexEntry {
    /// Its name; it lies in the table's schema.
    pub name: String,
    /// Its size.
    pub size_bytes: u64,
    /// Whether the rows that it leads to can be counted: a valid B-tree that gives them by itself.
    pub is_countable: bool,
    /// Whether it is a valid B-tree, which `bt_index_check` looks at.
    pub is_btree: bool,
}

/// A foreign key of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignKeyEntry {
    /// The constraint's name.
    pub name: String,
}

/// A kind of object in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    /// A schema.
    Schema,
    /// A table with its columns.
    Table,
    /// An index.
    Index,
    /// A constraint of a table or a domain.
    Constraint,
    /// A view.
    View,
    /// A materialised view.
    MaterializedView,
    /// A function or procedure.
    Function,
    /// A trigger of a table, or of the database, and whether it is enabled.
    Trigger,
    /// Row-level security of a table, and its policies.
    Policy,
    /// A sequence.
    Sequence,
    /// Which table is a partition of which, and its bound.
    Partition,
    /// A type or domain.
    DataType,
    /// An extension with its version.
    Extension,
    /// A role with its attributes and memberships.
    Role,
    /// The grants on an object, and default privileges.
    Grant,
    /// A setting of the database or of a role.
    Setting,
}

impl ObjectKind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::Schema,
        Self::Table,
        Self::Index,
        Self::Constraint,
        Self::View,
        Self::MaterializedView,
        Self::Function,
        Self::Trigger,
        Self::Policy,
        Self::Sequence,
        Self::Partition,
        Self::DataType,
        Self::Extension,
        Self::Role,
        Self::Grant,
        Self::Setting,
    ];

    /// How many of them are read at once: fewer of those whose definitions are long.
    pub const fn per_part(self) -> u32 {
        match self {
            Self::View | Self::MaterializedView => 10,
            _ => super::OBJECTS_PER_PART,
        }
    }

    /// The longest definition of one of them, all its lines together; a longer one is cut, with its digest.
    pub const fn text_max_bytes(self) -> usize {
        match self {
            Self::View | Self::MaterializedView => 5 * super::OBJECT_TEXT_MAX_BYTES,
            _ => super::OBJECT_TEXT_MAX_BYTES,
        }
    }

    /// The word for one of them.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Table => "table",
            Self::Index => "index",
            Self::Constraint => "constraint",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Function => "function",
            Self::Trigger => "trigger",
            Self::Policy => "policy",
            Self::Sequence => "sequence",
            Self::Partition => "partition",
            Self::DataType => "type",
            Self::Extension => "extension",
            Self::Role => "role",
            Self::Grant => "grant",
            Self::Setting => "setting",
        }
    }

    /// The word for several of them.
    pub fn plural(self) -> String {
        match self {
            Self::Index => "indexes".to_owned(),
            Self::Policy => "policies".to_owned(),
            _ => format!("{self}s"),
        }
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
