//! The adapter to RDS: describing, restoring, stopping, deleting, promoting.
//!
//! Every call here that changes an instance takes a proof made from what RDS said: stopping and deleting that
//! of ownership, those of a promotion that of a verified replica.

mod backups;
mod change;
mod error;
mod events;
mod instances;
mod promote;
mod restore;
mod translate;

use aws_types::SdkConfig;

/// RDS of the account and region that the configuration names. Cheap to clone: clones share the
/// connections.
#[derive(Debug, Clone)]
pub struct Rds {
    client: aws_sdk_rds::Client,
}

impl Rds {
    /// A client with the configuration's region, credentials, time-outs and retries.
    pub fn new(configuration: &SdkConfig) -> Self {
        Self { client: aws_sdk_rds::Client::new(configuration) }
    }
}

/// Records on a page: the most that RDS gives (API reference, `MaxRecords`), so that a look at a
/// large account takes few calls of its rate.
const PAGE_RECORDS: i32 = 100;
/// The most pages that are read of one list: 10,000 records, and a stop for a marker that never ends.
const PAGES_MAX: usize = 100;
