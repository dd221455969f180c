//! What every function does around its step: reads the input, calls, logs, and names the error for
//! the state machine.

use std::pin::Pin;
use std::time::Instant;

use chrono::{DateTime, Utc};
use drill::error::{StepError, WireName};
use lambda_runtime::Diagnostic;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::{error, info, warn};

/// The longest part of a parser's message that is passed on, in characters: it can quote the input.
const PROBLEM_MAX: usize = 300;

/// What comes of a step.
type Answer = Pin<Box<dyn Future<Output = Result<Value, StepError>> + Send>>;

/// A step with its rights and settings, without its types: one Lambda runtime serves any of them, so
/// that the binary holds it once.
pub(crate) type Call = Box<dyn Fn(Value, DateTime<Utc>) -> Answer + Send + Sync>;

/// A step of the library as a [`Call`].
pub(crate) fn call<I, O, S, F>(step: S) -> Call
where
    I: DeserializeOwned,
    O: Serialize,
    S: Fn(I, DateTime<Utc>) -> F + Send + Sync + 'static,
    F: Future<Output = Result<O, StepError>> + Send + 'static,
{
    Box::new(move |input, now| {
        let answer = parse(input).map(|input| step(input, now));
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
    now: DateTime<Utc>,
) -> Result<Value, Diagnostic> {
    let subject = subject(&input);
    let began = Instant::now();
    let answer = call(input, now).await;
    let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
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

/// The drill that the input is about, else the source that a drill is asked for.
fn subject(input: &Value) -> Option<String> {
    ["/plan/drill", "/request/source"]
        .iter()
        .find_map(|path| input.pointer(path)?.as_str())
        .map(|text| text.chars().take(100).collect())
}

/// The error as Lambda reports it: `errorType` is the name that Retry and Catch match.
fn diagnostic(error: &StepError) -> Diagnostic {
    Diagnostic { error_type: error.name.to_string(), error_message: error.to_string() }
}
