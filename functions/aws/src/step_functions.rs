//! Whether an execution runs.

use aws_sdk_sfn::types::ExecutionStatus;
use aws_types::SdkConfig;
use drill::ports::{ReadExecutions, StoreError};

use crate::failure::Failure;

/// Step Functions of the account and region that the configuration names. Cheap to clone.
#[derive(Debug, Clone)]
pub struct StepFunctions {
    client: aws_sdk_sfn::Client,
}

impl StepFunctions {
    /// A client with the configuration's region, credentials, time-outs and retries.
    pub fn new(configuration: &SdkConfig) -> Self {
        Self { client: aws_sdk_sfn::Client::new(configuration) }
    }
}

impl ReadExecutions for StepFunctions {
    /// An execution whose history has expired, 90 days after its end, is as unknown as one that never
    /// was. One that waits to be redriven isn't running, but will be, and counts as running.
    async fn is_running(&self, execution: &str) -> Result<bool, StoreError> {
        match self.client.describe_execution().execution_arn(execution).send().await {
            Ok(answer) => {
                Ok(matches!(answer.status(), ExecutionStatus::Running | ExecutionStatus::PendingRedrive))
            }
            Err(error) => {
                let failure = Failure::of(error);
                if failure.code == "ExecutionDoesNotExist" {
                    Ok(false)
                } else {
                    Err(failure.of_store("DescribeExecution", execution))
                }
            }
        }
    }
}
