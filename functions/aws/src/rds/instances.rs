//! Looking at instances.

use aws_sdk_rds::types::DbInstance;
use drill::instance::Instance;
use drill::ports::{RdsError, RdsErrorKind, ReadInstances};

use super::error::{rds_error, too_long, unreadable};
use super::{PAGE_RECORDS, PAGES_MAX, Rds, translate};

const OPERATION: &str = "DescribeDBInstances";

impl ReadInstances for Rds {
    async fn instance(&self, id: &str) -> Result<Option<Instance>, RdsError> {
        let answer = self.client.describe_db_instances().db_instance_identifier(id).send().await;
        let answer = match answer.map_err(|e| rds_error(OPERATION, e)) {
            Err(error) if error.kind == RdsErrorKind::NotFound => return Ok(None),
            answer => answer?,
        };
        // The call's parameter also takes an ARN, and RDS folds case: what came back must be what was
        // asked for before anybody draws a conclusion from its tags.
        let Some(described) = answer.db_instances().iter().find(|d| is_named(d, id)) else {
            let others = answer.db_instances().len();
            return Err(unreadable(OPERATION, &format!("asked for {id}, got {others} others and no error")));
        };
        translate::instance(described)
            .map(Some)
            .map_err(|problem| unreadable(OPERATION, &format!("instance {id}: {problem}")))
    }

    async fn instances(&self) -> Result<Vec<Instance>, RdsError> {
        let mut instances = Vec::new();
        let mut marker = None;
        for _ in 0..PAGES_MAX {
            let page = self
                .client
                .describe_db_instances()
                .max_records(PAGE_RECORDS)
                .set_marker(marker)
                .send()
                .await
                .map_err(|e| rds_error(OPERATION, e))?;
            instances.extend(page.db_instances().iter().filter_map(usable));
            marker = page.marker.filter(|marker| !marker.is_empty());
            if marker.is_none() {
                return Ok(instances);
            }
        }
        Err(too_long(OPERATION))
    }
}

fn is_named(described: &DbInstance, id: &str) -> bool {
    described.db_instance_identifier().is_some_and(|found| found.eq_ignore_ascii_case(id))
}

/// One instance that can't be described must not hide all others: the sweep works on this list.
fn usable(described: &DbInstance) -> Option<Instance> {
    translate::instance(described)
        .inspect_err(|problem| {
            let id = described.db_instance_identifier().unwrap_or("without a name");
            tracing::warn!(instance = id, "left instance {id} out of the list: {problem}");
        })
        .ok()
}
