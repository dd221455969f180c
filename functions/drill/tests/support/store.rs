//! The evidence bucket, Step Functions, the topic and the metrics in memory.

use chrono::{DateTime, Utc};
use drill::event::DrillEnded;
use drill::evidence::{Evidence, Notification};
use drill::heartbeat::Pulse;
use drill::ids::SourceId;
use drill::ports::*;

use super::World;
use super::fault::Way;

impl World {
    fn store(&self, operation: &'static str, subject: &str) -> Way<StoreError> {
        self.change(|s| {
            s.log.push(format!("{operation} {subject}"));
            s.faults.store(operation, subject)
        })
    }
}

impl ReadObjects for World {
    async fn get(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.store("GetObject", key).go(|| Ok(self.read(key)))
    }
    async fn folders(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.store("ListObjects", prefix).go(|| {
            Ok(self.change(|s| {
                let below = s.objects.keys().filter_map(|key| key.strip_prefix(prefix)?.split_once('/'));
                let mut names: Vec<String> = below.map(|(name, _)| name.to_owned()).collect();
                names.dedup();
                names.retain(|name| after.is_none_or(|after| name.as_str() > after));
                names.truncate(limit);
                names
            }))
        })
    }
}

impl WriteObjects for World {
    async fn put(&self, key: &str, _: &'static str, body: String) -> Result<(), StoreError> {
        self.store("PutObject", key).go(|| {
            self.write(key, &body);
            Ok(())
        })
    }
    async fn create(&self, key: &str, _: &'static str, body: String) -> Result<bool, StoreError> {
        self.store("CreateObject", key).go(|| {
            let is_new = self.read(key).is_none();
            if is_new {
                self.write(key, &body);
            }
            Ok(is_new)
        })
    }
}

impl ReadExecutions for World {
    async fn is_running(&self, execution: &str) -> Result<bool, StoreError> {
        self.store("DescribeExecution", execution).go(|| Ok(self.change(|s| s.running.contains(execution))))
    }
}

impl Notify for World {
    async fn notify(&self, notification: &Notification) -> Result<(), StoreError> {
        self.store("Publish", &notification.subject).go(|| {
            self.change(|s| s.notifications.push(notification.clone()));
            Ok(())
        })
    }
}

impl Announce for World {
    async fn announce(&self, ended: &Evidence) -> Result<(), StoreError> {
        self.store("PutEvents", ended.drill.as_str()).go(|| {
            self.change(|s| s.announced.push(DrillEnded::of(ended, "evidence")));
            Ok(())
        })
    }
}

impl Beat for World {
    async fn beat(&self, secret: &str, pulse: Pulse, body: &str) -> Result<(), StoreError> {
        self.store("Ping", secret).go(|| {
            self.change(|s| s.beats.push((pulse, body.to_owned())));
            Ok(())
        })
    }
}

impl EmitMetrics for World {
    async fn emit(&self, source: &SourceId, at: DateTime<Utc>, metrics: &[Metric]) -> Result<(), StoreError> {
        self.store("PutMetricData", source.as_str()).go(|| {
            self.change(|s| {
                s.metrics.extend_from_slice(metrics);
                s.points.extend(metrics.iter().map(|m| (source.clone(), at, m.clone())));
            });
            Ok(())
        })
    }
}
