//! The adapters on recorded bodies: what they make of an answer, and what they send.
//!
//! The bodies under `tests/recorded` are in the wire format of each service: the query protocol of RDS
//! and SNS, the REST API of S3, JSON for Step Functions, CBOR for `CloudWatch`. No SDK value is made by
//! hand, so that a misreading of the API can't be repeated in its test.

#![expect(clippy::unwrap_used, reason = "a test's helper may fail the test")]

mod cloudwatch;
mod events;
mod heartbeat;
mod rds_changing;
mod rds_errors;
mod rds_hostile;
mod rds_promoting;
mod rds_reading;
mod rds_restoring;
mod replay;
mod s3;
mod sns;
mod step_functions;
#[cfg(feature = "survey")]
mod survey;
