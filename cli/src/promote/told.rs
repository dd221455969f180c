//! A promotion in print: the plan before the question, and what came of it.

use chrono::{DateTime, Utc};
use drill::{
    configuration::PromotionSettings,
    ids::{SourceId, rfc3339},
    promotion::{self, Choice, NOT_DONE, Outcome, Step, kept_as_restored, remaining},
};
use serde_json::{Value, json};

use crate::{
    follow::since,
    output::{Output, Paint},
};

/// What is known when the question is asked.
pub(super) struct Told<'a> {
    pub(super) source: &'a SourceId,
    pub(super) choice: &'a Choice,
    pub(super) wanted: &'a PromotionSettings,
    pub(super) now: DateTime<Utc>,
}

impl Told<'_> {
    fn steps(&self) -> Vec<Step> {
        promotion::plan(&self.choice.observed, self.choice.replica.drill(), self.wanted)
    }

    fn source_now(&self) -> String {
        match &self.choice.source {
            Some(source) => format!("{} is {}, and stays untouched", self.source, source.status),
            None => format!("{} does not exist", self.source),
        }
    }

    /// What is going to happen, for the person who is asked.
    pub(super) fn plan(&self) -> String {
        let Choice { observed, replica, passed_over, .. } = self.choice;
        let instance = &observed.instance;
        let data_at = replica.data_at();
        let mut lines = vec![
            format!("Promote {} to production", replica.id()),
            format!("  source       {}", self.source_now()),
            format!("  verified by  {}", replica.drill()),
            format!("  data of      {}, {} old", rfc3339(data_at), since(data_at, self.now)),
            format!("  now          {}, {}", instance.status, instance.instance_class),
            "Steps".to_owned(),
        ];
        let steps = self.steps();
        lines.extend(
            steps.iter().enumerate().map(|(index, step)| format!("  {}. {}", index + 1, step.words())),
        );
        let kept = kept_as_restored(observed, self.wanted);
        let not_done = NOT_DONE.iter().map(|line| (*line).to_owned()).chain(kept);
        lines.extend(listed("It leaves alone", not_done));
        let endpoint = instance.endpoint.as_ref();
        lines.extend(listed("Left to you", remaining(self.source, &instance.id, endpoint)));
        let passed = passed_over.iter().map(|other| format!("{}: {}", other.instance, other.reason));
        lines.extend(listed("Passed over", passed));
        lines.join("\n")
    }

    /// The same for a program.
    pub(super) fn plan_as_json(&self) -> Value {
        let replica = &self.choice.replica;
        json!({
            "acted": false,
            "replica": replica.id(),
            "drill": replica.drill(),
            "data_at": rfc3339(replica.data_at()),
            "data_age_s": since(replica.data_at(), self.now).as_secs(),
            "source_is_alive": self.choice.source.is_some(),
            "steps": self.steps().iter().map(Step::name).collect::<Vec<_>>(),
            "not_done": NOT_DONE,
            "passed_over": self.choice.passed_over,
        })
    }

    /// What it is now, for the person who made it so.
    pub(super) fn outcome(
        &self,
        outcome: &Outcome,
        ended_at: DateTime<Utc>,
        acted: bool,
        output: Output,
    ) -> String {
        let endpoint = outcome.endpoint.as_ref();
        let place = endpoint.map_or_else(|| "not known yet".to_owned(), |e| format!("{}:{}", e.host, e.port));
        let took = if acted {
            format!("{} since the command", since(self.now, ended_at))
        } else {
            "it was promoted before; nothing was left to do".to_owned()
        };
        let mut lines = vec![
            format!("{}  {}", output.paint("PROMOTED", Paint::Green), outcome.replica),
            format!("  endpoint  {place}"),
            format!(
                "  data of   {}, {} old: what was written later isn't in it",
                rfc3339(outcome.data_at),
                since(outcome.data_at, ended_at)
            ),
            format!("  status    {}{}", outcome.status, going_on(outcome)),
            format!("  took      {took}"),
        ];
        lines.extend(listed("Left to you", remaining(self.source, outcome.replica.as_str(), endpoint)));
        let not_done = NOT_DONE.iter().map(|line| (*line).to_owned());
        lines
            .extend(listed("Not done", not_done.chain(kept_as_restored(&self.choice.observed, self.wanted))));
        lines.join("\n")
    }

    /// The same for a program.
    pub(super) fn outcome_as_json(&self, outcome: &Outcome, ended_at: DateTime<Utc>) -> Value {
        json!({
            "acted": true,
            "replica": outcome.replica,
            "drill": outcome.drill,
            "endpoint": outcome.endpoint,
            "status": outcome.status,
            "going_on": outcome.going_on,
            "data_at": rfc3339(outcome.data_at),
            "data_age_s": since(outcome.data_at, ended_at).as_secs(),
            "began_at": rfc3339(self.now),
            "ended_at": rfc3339(ended_at),
            "remaining": remaining(self.source, outcome.replica.as_str(), outcome.endpoint.as_ref()),
            "not_done": NOT_DONE,
        })
    }
}

fn going_on(outcome: &Outcome) -> String {
    if outcome.going_on.is_empty() {
        return String::new();
    }
    let mut text = format!("; RDS goes on with {}", outcome.going_on.join(" and "));
    if outcome.going_on.contains(&"backup_retention_days") {
        text.push_str(", and restarts the database once, for seconds, when backups begin");
    }
    text
}

fn listed(heading: &str, lines: impl IntoIterator<Item = String>) -> Vec<String> {
    let lines: Vec<String> = lines.into_iter().map(|line| format!("  - {line}")).collect();
    if lines.is_empty() {
        return lines;
    }
    std::iter::once(heading.to_owned()).chain(lines).collect()
}
