//! What each function does around its step: reads the input, calls, logs, and names the error for the
//! state machine.

use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};
use drill::error::{StepError, WireName};
use lambda_runtime::Diagnostic;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::{error, info, warn};

/// The longest part of a parser's message that is passed on, in characters: it can quote the input.
const PROBLEM_MAX: usize = 300;
/// What is left for the answer when Lambda's time ends.
const ANSWER_MARGIN: Duration = Duration::from_secs(15);

/// What a step knows of its invocation beside the input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Invocation {
    /// The time at its beginning.
    pub(crate) now: DateTime<Utc>,
    /// When it began, for spans.
    pub(crate) began: Instant,
    /// How long the step may take.
    pub(crate) budget: Duration,
}

impl Invocation {
    /// An invocation that begins now and has to have answered by Lambda's deadline.
    pub(crate) fn begin(now: DateTime<Utc>, deadline: SystemTime) -> Self {
        let left = deadline.duration_since(SystemTime::from(now)).unwrap_or_default();
        Self { now, began: Instant::now(), budget: left.saturating_sub(ANSWER_MARGIN) }
    }

    /// When the step has to be done.
    pub(crate) fn until(&self) -> Instant {
        self.began + self.budget
    }
}

/// What comes of a step.
type Answer = Pin<Box<dyn Future<Output = Result<Value, StepError>> + Send>>;

/// A step with its connector, without its types: one Lambda runtime serves any of them, so that the
/// binary holds it once.
pub(crate) type Call = Box<dyn Fn(Value, Invocation) -> Answer + Send + Sync>;

/// A step of the library as a [`Call`].
pub(crate) fn call<I, O, S, F>(step: S) -> Call
where
    I: DeserializeOwned,
    O: Serialize,
    S: Fn(I, Invocation) -> F + Send + Sync + 'static,
    F: Future<Output = Result<O, StepError>> + Send + 'static,
{
    Box::new(move |input, invocation| {
        let answer = parse(input).map(|input| step(input, invocation));
        Box::pin(async move {
            let output = answer?.await?;
            Ok(serde_json::to_value(output).expect("an output is made of plain values, which serialize"))
        })
    })
}

/// Reads the input, and says which field is wrong.
fn parse<I: DeserializeOwned>(input: Value) -> Result<I, StepError> {
    serde_path_to_error::deserialize(input).map_err(|e| {
        let problem: String = e.inner().to_string().chars().take(PROBLEM_MAX).collect();
        let fact = match e.path().to_string().as_str() {
            "." => format!("the step's input can't be read: {problem}"),
            field => format!("the step's input can't be read at {field}: {problem}"),
        };
        StepError::new(WireName::InputInvalid, fact, "compare it with the input in statemachine/examples")
    })
}

/// Carries out one invocation and logs one line about it, never the event itself.
pub(crate) async fn invoke(
    step: &'static str,
    call: &Call,
    input: Value,
    invocation: Invocation,
) -> Result<Value, Diagnostic> {
    let subject = subject(&input);
    let answer = call(input, invocation).await;
    let duration_ms = u64::try_from(invocation.began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let subject = subject.as_deref();
    let of = subject.map(|subject| format!(" of {subject}")).unwrap_or_default();
    match &answer {
        Ok(_) => info!(step, subject, duration_ms, "{step}{of} is done"),
        Err(e) if e.name.is_retried() => {
            warn!(step, subject, duration_ms, error = %e.name, hint = %e.hint, "{step}{of} failed and is retried: {}", e.fact);
        }
        Err(e) => {
            error!(step, subject, duration_ms, error = %e.name, hint = %e.hint, "{step}{of} failed: {}", e.fact);
        }
    }
    answer.map_err(|e| diagnostic(&e))
}

/// The drill that the input is about, and the shard of its checks.
fn subject(input: &Value) -> Option<String> {
    let drill: String = input.pointer("/plan/drill")?.as_str()?.chars().take(100).collect();
    Some(match input.get("shard").and_then(Value::as_u64) {
        Some(shard) => format!("{drill}, shard {shard}"),
        None => drill,
    })
}

/// The error as Lambda reports it: `errorType` is the name that Retry and Catch match.
fn diagnostic(error: &StepError) -> Diagnostic {
    Diagnostic { error_type: error.name.to_string(), error_message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use drill::steps::run_check;
    use serde_json::json;

    #[test]
    fn a_malformed_input_is_named_by_its_field() {
        let error = parse::<run_check::Input>(json!({"plan": {"deployment": "Not One"}})).unwrap_err();
        assert_eq!(error.name, WireName::InputInvalid);
        assert!(error.fact.contains("at plan.deployment"), "{}", error.fact);
        assert_eq!(diagnostic(&error).error_type, "Input.Invalid");
    }

    #[test]
    fn the_subject_is_the_drill_and_its_shard() {
        let input = json!({"plan": {"drill": "courses-20261121"}, "shard": 3});
        assert_eq!(subject(&input).as_deref(), Some("courses-20261121, shard 3"));
        assert_eq!(subject(&json!({})), None);
    }

    #[test]
    fn the_budget_leaves_time_for_the_answer() {
        let now = DateTime::UNIX_EPOCH;
        let deadline = SystemTime::from(now) + Duration::from_mins(15);
        assert_eq!(Invocation::begin(now, deadline).budget, Duration::from_secs(885));
        assert_eq!(Invocation::begin(now, SystemTime::from(now)).budget, Duration::ZERO);
    }
}
