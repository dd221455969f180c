//! The limits of what may be written. The schema names the same constants as the rules.

use super::Span;

/// The largest file of configuration, in bytes. Well below the 256 KiB of state that Step
/// Functions carries.
pub const FILE_MAX_BYTES: usize = 64 * 1024;
/// The most queries of one's own.
pub const QUERIES_MAX: usize = 200;
/// The longest query, in bytes.
pub const SQL_MAX_BYTES: usize = 8 * 1024;
/// The most tables with rules of their own; every other table is checked by the defaults.
pub const TABLES_MAX: usize = 2_000;
/// The most tables with a `history` column: the newest value of each travels through the state.
pub const HISTORIES_MAX: usize = 100;
/// The most planned deletions of one table.
pub const PURGES_MAX: usize = 50;
/// The most names of checks that may stay unmeasured.
pub const ACCEPT_NOT_MEASURED_MAX: usize = 200;
/// The longest name of a query, in bytes.
pub const QUERY_NAME_MAX_BYTES: usize = 120;
/// The most security groups of one instance: the highest that AWS raises the quota to.
pub const SECURITY_GROUPS_MAX: usize = 16;
/// The longest identifier in PostgreSQL, in bytes (`NAMEDATALEN` − 1).
pub const IDENTIFIER_MAX_BYTES: usize = 63;
/// The longest `schema.table`, in bytes.
pub const TABLE_NAME_MAX_BYTES: usize = 2 * IDENTIFIER_MAX_BYTES + 1;
/// The longest name of a subnet group or parameter group, in bytes (RDS API reference).
pub const GROUP_NAME_MAX_BYTES: usize = 255;
/// The storage types that RDS for PostgreSQL has.
pub const STORAGE_TYPES: &[&str] = &["gp2", "gp3", "io1", "io2", "standard"];

/// The longest that RDS keeps automated backups, in days (RDS API reference, `BackupRetentionPeriod`).
pub const BACKUP_RETENTION_MAX_DAYS: u64 = 35;
/// RDS keeps automated backups for 35 days at most; nothing older can be the newest.
pub const BACKUP_AGE_MAX: Span = Span::hours(35 * 24);
/// The longest that one phase may take: all that [`WAITING_MAX`] leaves.
pub const DEADLINE_MAX: Span = Span::hours(8);
/// The longest that all waiting of a drill may take together. With it the checks have another 8 hours of
/// the state machine's time-out, which can't be caught and would leave the replica to the sweep.
pub const WAITING_MAX: Span = Span::hours(8);
/// The shortest wait between two looks.
pub const POLL_MIN: Span = Span::seconds(1);
/// The longest wait between two looks; more would only hide by how much a drill is late.
pub const POLL_MAX: Span = Span::minutes(15);
/// The longest wait before the first look.
pub const POLL_FIRST_MAX: Span = Span::hours(2);
/// A Lambda ends after 15 minutes; connecting must leave time for a statement.
pub const CONNECT_TIMEOUT_MAX: Span = Span::minutes(2);
/// A Lambda ends after 15 minutes, and two of them are for connecting and reporting.
pub const STATEMENT_TIMEOUT_MAX: Span = Span::minutes(13);
/// RDS starts a stopped instance again after 7 days; the sweep stops it again, so a longer
/// stay works, but each costs storage.
pub const ABANDONED_AGE_MAX: Span = Span::hours(30 * 24);
/// The widest window of freshness: ten years.
pub const FRESH_MAX: Span = Span::hours(10 * 365 * 24);
/// The most looks that a drill's waiting may take. Each look is about ten events of the
/// execution's history, which Step Functions ends at 25,000.
pub const LOOKS_MAX: u64 = 1_600;
