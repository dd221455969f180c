//! Looking at the events of an instance.

use aws_sdk_rds::types::SourceType;
use chrono::{DateTime, Utc};
use drill::ids::ReplicaId;
use drill::ports::{RdsError, ReadInstanceEvents};

use super::error::{rds_error, too_long};
use super::{PAGE_RECORDS, PAGES_MAX, Rds};
use crate::time;

const OPERATION: &str = "DescribeEvents";
/// As long as RDS keeps events, 14 days, in minutes. The API reference doesn't say whether a start
/// without an end means "until now", so the whole time is asked for and cut here; a replica lives a
/// day or two.
const KEPT_MINUTES: i32 = 14 * 24 * 60;

impl ReadInstanceEvents for Rds {
    async fn events_since(
        &self,
        id: &ReplicaId,
        since: DateTime<Utc>,
    ) -> Result<Vec<(DateTime<Utc>, String)>, RdsError> {
        let mut events = Vec::new();
        let mut marker = None;
        for _ in 0..PAGES_MAX {
            let page = self
                .client
                .describe_events()
                .source_identifier(id.as_str())
                .source_type(SourceType::DbInstance)
                .duration(KEPT_MINUTES)
                .max_records(PAGE_RECORDS)
                .set_marker(marker)
                .send()
                .await
                .map_err(|e| rds_error(OPERATION, e))?;
            events.extend(page.events().iter().filter_map(|event| {
                let at = event.date().and_then(time::from_sdk)?;
                Some((at, event.message()?.to_owned()))
            }));
            marker = page.marker.filter(|marker| !marker.is_empty());
            if marker.is_none() {
                // RDS gives events late and out of order.
                events.retain(|(at, _)| *at >= since);
                events.sort_by_key(|(at, _)| *at);
                return Ok(events);
            }
        }
        Err(too_long(OPERATION))
    }
}
