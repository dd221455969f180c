//! Executions of the state machine, from Step Functions to our types.

use anyhow::{Context as _, Result, anyhow};
use aws_config::SdkConfig;
use aws_sdk_sfn::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::{ExecutionListItem, ExecutionStatus, HistoryEvent, MapStateStartedEventDetails},
};
use chrono::{DateTime, Utc};
use drill::{
    ids::DrillId,
    plan::{self, DrillRequest},
    steps::plan_drill::drill_of,
};

use crate::progress::{Event, EventKind};

/// The most pages that are read of any listing. The longest is a history: 25,000 events, of which
/// a page has 1,000.
const PAGES_MAX: usize = 100;
/// The most events of a page.
const EVENTS_PER_PAGE: i32 = 1000;

/// The executions of one state machine.
pub(crate) struct Executions {
    client: Client,
    state_machine: String,
}

/// One execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Execution {
    pub(crate) arn: String,
    pub(crate) status: Status,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
    /// The drill that it carries out; `None` when its input can't be read.
    pub(crate) drill: Option<DrillId>,
    /// The name of the error that it failed with, and its cause.
    pub(crate) failure: Option<(String, String)>,
}

/// Whether an execution goes on. How its drill ended is in the evidence: a rejected backup ends as
/// FAILED too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Running,
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed out",
            Self::Aborted => "aborted",
        }
    }

    /// One that waits to be redriven isn't running yet, but will be.
    fn of(status: &ExecutionStatus) -> Self {
        match status {
            ExecutionStatus::Running | ExecutionStatus::PendingRedrive => Self::Running,
            ExecutionStatus::Succeeded => Self::Succeeded,
            ExecutionStatus::TimedOut => Self::TimedOut,
            ExecutionStatus::Aborted => Self::Aborted,
            _ => Self::Failed,
        }
    }
}

impl Executions {
    /// The executions of the state machine of that name; `None` when there is no such machine.
    pub(crate) async fn of_state_machine(configuration: &SdkConfig, name: &str) -> Result<Option<Self>> {
        let client = Client::new(configuration);
        let mut token = None;
        for _ in 0..PAGES_MAX {
            let page = client
                .list_state_machines()
                .max_results(1000)
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| failed("listing state machines", &error))?;
            if let Some(found) = page.state_machines().iter().find(|machine| machine.name() == name) {
                let state_machine = found.state_machine_arn().to_owned();
                return Ok(Some(Self { client, state_machine }));
            }
            token = page.next_token;
            if token.is_none() {
                return Ok(None);
            }
        }
        Err(anyhow!("listing state machines: the list goes on after {PAGES_MAX} pages"))
    }

    /// The state machine's ARN.
    pub(crate) fn state_machine(&self) -> &str {
        &self.state_machine
    }

    /// The value of a tag of the state machine.
    pub(crate) async fn tag(&self, key: &str) -> Result<Option<String>> {
        let answer = self
            .client
            .list_tags_for_resource()
            .resource_arn(&self.state_machine)
            .send()
            .await
            .map_err(|error| failed(&format!("reading the tags of {}", self.state_machine), &error))?;
        let tag = answer.tags().iter().find(|tag| tag.key() == Some(key));
        Ok(tag.and_then(|tag| tag.value()).filter(|value| !value.is_empty()).map(str::to_owned))
    }

    /// Starts a drill; gives the ARN of its execution. Starts a billed instance some seconds later.
    /// The execution's name is the drill's id, so that one drill can't be started twice.
    pub(crate) async fn start(&self, drill: &DrillId, request: &DrillRequest) -> Result<String> {
        let input = serde_json::to_string(request).context("writing the input of the execution")?;
        let answer = self
            .client
            .start_execution()
            .state_machine_arn(&self.state_machine)
            .name(drill.as_str())
            .input(input)
            .send()
            .await
            .map_err(|error| failed(&format!("starting drill {drill}"), &error))?;
        Ok(answer.execution_arn)
    }

    /// The ARN of an execution of that name, whether there is one or not.
    pub(crate) fn arn_of(&self, name: &str) -> String {
        format!("{}:{name}", self.state_machine.replacen(":stateMachine:", ":execution:", 1))
    }

    /// The execution; `None` when Step Functions knows none, or no longer (90 days after its end).
    pub(crate) async fn describe(&self, arn: &str) -> Result<Option<Execution>> {
        let answer = match self.client.describe_execution().execution_arn(arn).send().await {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("ExecutionDoesNotExist") => return Ok(None),
            Err(error) => return Err(failed(&format!("looking at execution {arn}"), &error)),
        };
        let started_at = instant(answer.start_date())?;
        let request = answer.input().and_then(|text| serde_json::from_str::<DrillRequest>(text).ok());
        let execution = plan::Execution { id: arn.to_owned(), started_at };
        Ok(Some(Execution {
            arn: arn.to_owned(),
            status: Status::of(answer.status()),
            started_at,
            ended_at: answer.stop_date().map(instant).transpose()?,
            drill: request.and_then(|request| drill_of(&request, &execution).ok()),
            failure: answer
                .error()
                .map(|name| (name.to_owned(), answer.cause().unwrap_or_default().to_owned())),
        }))
    }

    /// The ARNs of the last executions, newest first.
    pub(crate) async fn last(&self, limit: u16) -> Result<Vec<String>> {
        let page = self
            .client
            .list_executions()
            .state_machine_arn(&self.state_machine)
            .max_results(limit.into())
            .send()
            .await
            .map_err(|error| failed("listing executions", &error))?;
        let mut found: Vec<&ExecutionListItem> = page.executions().iter().collect();
        found.sort_by_key(|execution| std::cmp::Reverse(execution.start_date().as_nanos()));
        Ok(found.into_iter().take(limit.into()).map(|item| item.execution_arn().to_owned()).collect())
    }

    /// The events of an execution after the one of that number, oldest first. Read from the end,
    /// so that following a long execution reads each event once.
    pub(crate) async fn events_after(&self, arn: &str, seen: i64) -> Result<Vec<Event>> {
        let mut events: Vec<Event> = Vec::new();
        let mut token = None;
        for _ in 0..PAGES_MAX {
            let page = self
                .client
                .get_execution_history()
                .execution_arn(arn)
                .reverse_order(true)
                .include_execution_data(false)
                .max_results(EVENTS_PER_PAGE)
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| failed(&format!("reading the history of execution {arn}"), &error))?;
            let is_complete = page.events().iter().any(|event| event.id() <= seen);
            for event in page.events().iter().filter(|event| event.id() > seen) {
                events.push(translate(event)?);
            }
            token = page.next_token;
            if is_complete || token.is_none() {
                break;
            }
        }
        events.sort_by_key(|event| event.id);
        Ok(events)
    }
}

fn translate(event: &HistoryEvent) -> Result<Event> {
    let entered =
        || event.state_entered_event_details().map(|state| state.name().to_owned()).unwrap_or_default();
    let kind = match event.r#type().as_str() {
        "MapStateEntered" => EventKind::MapEntered(entered()),
        "MapStateStarted" => {
            let length =
                event.map_state_started_event_details().map_or(0, MapStateStartedEventDetails::length);
            EventKind::MapStarted(usize::try_from(length).unwrap_or_default())
        }
        "MapIterationSucceeded" => EventKind::IterationSucceeded,
        "MapStateExited" | "MapStateFailed" | "MapStateAborted" => EventKind::MapExited,
        "TaskStateEntered" => EventKind::TaskEntered(entered()),
        _ => EventKind::Other,
    };
    Ok(Event { id: event.id(), at: instant(event.timestamp())?, kind })
}

fn instant(at: &aws_sdk_sfn::primitives::DateTime) -> Result<DateTime<Utc>> {
    DateTime::from_timestamp(at.secs(), at.subsec_nanos())
        .ok_or_else(|| anyhow!("Step Functions gave a time that is out of range"))
}

/// What failed, with what AWS said.
fn failed<E>(doing: &str, error: &SdkError<E>) -> anyhow::Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    if let (Some(code), message) = (error.code(), error.message()) {
        let hint = match code {
            "AccessDeniedException" | "AccessDenied" => {
                "\nHINT: ask for the rights that the README lists for the command line"
            }
            "ExpiredTokenException" | "ExpiredToken" => "\nHINT: sign in to AWS again",
            "ExecutionAlreadyExists" => "\nHINT: somebody started the same drill; see restore-drill status",
            _ => "",
        };
        return anyhow!("{doing}: {code}: {}{hint}", message.unwrap_or("no message"));
    }
    let chain = chain(error);
    let hint = if chain.contains("credentials") || chain.contains("profile") {
        "\nHINT: sign in to AWS (aws sso login), or set --profile"
    } else {
        ""
    };
    anyhow!("{doing}: {}{hint}", chain.chars().take(600).collect::<String>())
}

/// What an error says and what its causes say, each once.
fn chain(error: &dyn std::error::Error) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if !said.iter().any(|earlier| earlier.contains(&text)) {
            said.push(text);
        }
        next = error.source();
    }
    said.join(": ")
}
