//! The metrics of a source's drills.

use aws_sdk_cloudwatch::types::{Dimension, MetricDatum, StandardUnit};
use aws_types::SdkConfig;
use chrono::{DateTime, Utc};
use drill::ids::{Deployment, SourceId};
use drill::ports::{EmitMetrics, Metric, StoreError};

use crate::failure::Failure;
use crate::time;

/// The namespace of every metric; an IAM policy can name it.
pub const NAMESPACE: &str = "RestoreDrill";

/// CloudWatch, for the metrics of one deployment. Cheap to clone.
#[derive(Debug, Clone)]
pub struct CloudWatch {
    client: aws_sdk_cloudwatch::Client,
    deployment: Deployment,
}

impl CloudWatch {
    /// A client with the configuration's region, credentials, time-outs and retries.
    pub fn new(configuration: &SdkConfig, deployment: Deployment) -> Self {
        Self { client: aws_sdk_cloudwatch::Client::new(configuration), deployment }
    }
}

impl EmitMetrics for CloudWatch {
    /// One call for all points; does nothing when there is none. A call that is sent twice counts a
    /// point twice in sums, so alarms look at the newest value or the maximum.
    async fn emit(&self, source: &SourceId, at: DateTime<Utc>, metrics: &[Metric]) -> Result<(), StoreError> {
        if metrics.is_empty() {
            return Ok(());
        }
        let data = metrics.iter().map(|metric| self.datum(source, at, metric)).collect();
        self.client
            .put_metric_data()
            .namespace(NAMESPACE)
            .set_metric_data(Some(data))
            .send()
            .await
            .map(drop)
            .map_err(|e| Failure::of(e).of_store("PutMetricData", NAMESPACE))
    }
}

impl CloudWatch {
    fn datum(&self, source: &SourceId, at: DateTime<Utc>, metric: &Metric) -> MetricDatum {
        let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
        MetricDatum::builder()
            .metric_name(metric.name)
            .dimensions(dimension("Deployment", self.deployment.as_str()))
            .dimensions(dimension("Source", source.as_str()))
            .timestamp(time::to_sdk(at))
            .value(metric.value)
            .unit(StandardUnit::from(metric.unit))
            .build()
    }
}
