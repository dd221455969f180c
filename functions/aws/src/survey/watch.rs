//! Alarms, and the newest point of a metric.

use aws_sdk_cloudwatch::types::{Dimension, StateValue, Statistic};
use chrono::{DateTime, TimeDelta, Utc};
use drill::ids::{Deployment, SourceId};
use drill::setup::Looked;
use drill::setup::watch::Alarm;

use super::{PAGES_MAX, Survey, looked, present};
use crate::cloudwatch::NAMESPACE;
use crate::time;

/// Points of a metric are told by the minute.
const PERIOD_S: i32 = 60;

impl Survey {
    /// The alarms whose names begin so.
    pub async fn alarms(&self, prefix: &str) -> Looked<Vec<Alarm>> {
        let (mut found, mut token) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let call = self.cloudwatch.describe_alarms().alarm_name_prefix(prefix).set_next_token(token);
            let page = match looked(call.send().await, "cloudwatch:DescribeAlarms", &[]) {
                Looked::Found(page) => page,
                other => return other.map(|_| Vec::new()),
            };
            found.extend(page.metric_alarms().iter().map(|alarm| Alarm {
                name: alarm.alarm_name().unwrap_or_default().to_owned(),
                tells: alarm.actions_enabled().unwrap_or_default(),
                actions: alarm.alarm_actions().to_vec(),
                state: alarm.state_value().map(StateValue::as_str).unwrap_or_default().to_owned(),
            }));
            token = page.next_token;
            if token.is_none() {
                break;
            }
        }
        Looked::Found(found)
    }

    /// The newest point of a source's metric within a span before now.
    pub async fn newest_point(
        &self,
        deployment: &Deployment,
        source: &SourceId,
        metric: &str,
        within: TimeDelta,
        now: DateTime<Utc>,
    ) -> Looked<(DateTime<Utc>, f64)> {
        let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
        let answer = self
            .cloudwatch
            .get_metric_statistics()
            .namespace(NAMESPACE)
            .metric_name(metric)
            .dimensions(dimension("Deployment", deployment.as_str()))
            .dimensions(dimension("Source", source.as_str()))
            .start_time(time::to_sdk(now - within))
            .end_time(time::to_sdk(now + TimeDelta::minutes(1)))
            .period(PERIOD_S)
            .statistics(Statistic::Maximum)
            .send()
            .await;
        present(looked(answer, "cloudwatch:GetMetricStatistics", &[]), |answer| {
            let points = answer.datapoints().iter();
            let points = points.filter_map(|p| Some((time::from_sdk(p.timestamp()?)?, p.maximum()?)));
            points.max_by_key(|(at, _)| *at)
        })
    }
}
