//! Between the SDK's instants and ours.

use chrono::{DateTime, Utc};

/// The SDK's instant as ours; `None` outside the years that chrono knows.
pub(crate) fn from_sdk(at: &aws_smithy_types::DateTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(at.secs(), at.subsec_nanos())
}

/// Our instant as the SDK's.
pub(crate) fn to_sdk(at: DateTime<Utc>) -> aws_smithy_types::DateTime {
    aws_smithy_types::DateTime::from_secs_and_nanos(at.timestamp(), at.timestamp_subsec_nanos())
}
