//! Adapters from the ports of `drill` to AWS, one file a service.
//!
//! Translate our values to the SDK's and back. Never decide: whether a status is good, whether to
//! wait, try again or give up is decided in `drill`. No client is made without the time-outs and the
//! bounded retries of [`configuration`].

pub mod cloudwatch;
pub mod configuration;
pub mod events;
mod failure;
pub mod heartbeat;
pub mod rds;
pub mod s3;
pub mod sns;
pub mod step_functions;
#[cfg(feature = "survey")]
pub mod survey;
mod time;

pub use aws_types::SdkConfig;
pub use cloudwatch::CloudWatch;
pub use events::EventBus;
pub use heartbeat::Heartbeat;
pub use rds::Rds;
pub use s3::EvidenceBucket;
pub use sns::Topic;
pub use step_functions::StepFunctions;
#[cfg(feature = "survey")]
pub use survey::Survey;
