//! The evidence bucket, Step Functions, the topic and the metrics.

use chrono::{DateTime, Utc};
use drill::event::DrillEnded;
use drill::evidence::{Evidence, Notification};
use drill::heartbeat::Pulse;
use drill::ids::SourceId;
use drill::ports::{
    Announce, Beat, EmitMetrics, Metric, Notify, ReadExecutions, ReadObjects, StoreError, StoreErrorKind,
    WriteObjects,
};

use serde_json::Value;

use crate::dice::Dice;
use crate::executions::Status;
use crate::fault::{Fault, Kind};
use crate::invocation::{Call, Failing, Ports, Says};
use crate::mutant::Mutant;
use crate::world::{Message, State};

impl Failing for StoreError {
    fn failing(fault: Fault, operation: &'static str, subject: &str, _: &mut Dice) -> Self {
        let kind = match fault {
            Fault::Refused => StoreErrorKind::Denied,
            _ => StoreErrorKind::Unavailable,
        };
        Self { kind, operation, subject: subject.to_owned(), message: "a fault".to_owned() }
    }
}

fn call<'a>(operation: &'static str, subject: &'a str) -> Call<'a> {
    Call { operation, subject, kind: Kind::Other, says: Says::Nothing }
}

fn saying<'a>(operation: &'static str, subject: &'a str, says: Says<'a>) -> Call<'a> {
    Call { says, ..call(operation, subject) }
}

impl ReadObjects for Ports {
    async fn get(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.call(call("GetObject", key), |s, _| Ok(s.objects.get(key).cloned())).await
    }

    async fn folders(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.call(call("ListObjects", prefix), |s, _| {
            // From the folder itself on, which is left out: its objects' keys are longer.
            let from = format!("{prefix}{}", after.unwrap_or_default());
            let below = s.objects.range(from..).map_while(|(key, _)| key.strip_prefix(prefix));
            let mut names: Vec<&str> = below.filter_map(|rest| Some(rest.split_once('/')?.0)).collect();
            names.dedup();
            names.retain(|name| after.is_none_or(|after| *name > after));
            names.truncate(limit);
            Ok(names.into_iter().map(ToOwned::to_owned).collect())
        })
        .await
    }
}

impl State {
    fn write(&mut self, invocation: u64, key: &str, body: &str) {
        self.judge_object(invocation, key);
        self.judge_text(key, body);
        let mut body = body.to_owned();
        if key.ends_with("/verdict.json") {
            if self.mutant == Some(Mutant::VerdictAlwaysGood) {
                body = body.replace("\"verdict\": \"rejected\"", "\"verdict\": \"verified\"");
                body = body.replace("\"verdict\": \"broken\"", "\"verdict\": \"verified\"");
            }
            if self.mutant == Some(Mutant::VerdictOfAnother) {
                let ids: Vec<&String> = self.truth.replicas.keys().collect();
                if let (Some(one), Some(other)) =
                    (ids.iter().find(|id| body.contains(id.as_str())), ids.first())
                {
                    body = body.replace(one.as_str(), other);
                }
            }
            self.judge_verdict(&body);
        }
        if key.ends_with("/stop.json")
            && let Ok(stop) = serde_json::from_str::<Value>(&body)
            && let Some(replica) = stop["resource_id"].as_str().and_then(|id| self.truth.replicas.get_mut(id))
        {
            replica.stop_noted = Some((self.now, invocation));
        }
        self.objects.insert(key.to_owned(), body);
    }
}

impl WriteObjects for Ports {
    async fn put(&self, key: &str, _: &'static str, body: String) -> Result<(), StoreError> {
        self.call(saying("PutObject", key, Says::Text(&body)), |s, _| {
            s.write(self.invocation, key, &body);
            Ok(())
        })
        .await
    }

    async fn create(&self, key: &str, _: &'static str, body: String) -> Result<bool, StoreError> {
        self.call(saying("CreateObject", key, Says::Text(&body)), |s, _| {
            let is_new = !s.objects.contains_key(key) || s.mutant == Some(Mutant::ClaimOverwritten);
            if is_new {
                s.write(self.invocation, key, &body);
            }
            Ok(is_new)
        })
        .await
    }
}

impl ReadExecutions for Ports {
    async fn is_running(&self, execution: &str) -> Result<bool, StoreError> {
        self.call(call("DescribeExecution", execution), |s, _| {
            let runs = s.executions.get(execution).is_some_and(|run| run.status == Status::Running);
            Ok(runs && s.mutant != Some(Mutant::NothingRuns))
        })
        .await
    }
}

impl Notify for Ports {
    async fn notify(&self, notification: &Notification) -> Result<(), StoreError> {
        self.call(saying("Publish", &notification.subject, Says::Message(notification)), |s, _| {
            s.judge_text("a message", &notification.subject);
            s.judge_text("a message", &notification.body);
            for (_, value) in &notification.attributes {
                s.judge_text("a message's attribute", value);
            }
            if s.mutant == Some(Mutant::SilentTopic) {
                return Ok(());
            }
            let execution = s.execution_of(self.invocation);
            s.messages.push(Message { execution, notification: notification.clone() });
            Ok(())
        })
        .await
    }
}

impl Announce for Ports {
    async fn announce(&self, evidence: &Evidence) -> Result<(), StoreError> {
        let event = DrillEnded::of(evidence, "evidence");
        let detail = serde_json::to_string(&event).expect("an event serializes");
        self.call(saying("PutEvents", event.drill.as_str(), Says::Text(&detail)), |s, _| {
            s.judge_text("an event", &detail);
            if s.mutant == Some(Mutant::SilentBus) {
                return Ok(());
            }
            let execution = s.execution_of(self.invocation);
            s.events.push((execution, event.verdict));
            Ok(())
        })
        .await
    }
}

impl Beat for Ports {
    async fn beat(&self, _: &str, pulse: Pulse, body: &str) -> Result<(), StoreError> {
        let subject = format!("{pulse:?}");
        self.call(saying("Heartbeat", &subject, Says::Text(body)), |s, _| {
            let is_mutant = s.mutant == Some(Mutant::PulseAlwaysSuccess);
            let heard = if is_mutant { Pulse::Success } else { pulse };
            s.judge_text("a heartbeat", body);
            s.judge_pulse(self.invocation, heard);
            let execution = s.execution_of(self.invocation);
            s.pulses.push((execution, heard));
            Ok(())
        })
        .await
    }
}

impl EmitMetrics for Ports {
    async fn emit(&self, source: &SourceId, _: DateTime<Utc>, metrics: &[Metric]) -> Result<(), StoreError> {
        self.call(saying("PutMetricData", source.as_str(), Says::Metrics(metrics)), |_, _| Ok(())).await
    }
}
