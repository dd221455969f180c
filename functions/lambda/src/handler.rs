//! What every function does around its step: reads the input, calls, logs, and names the error for
//! the state machine.

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
pub struct Invocation {
    /// The time at its beginning.
    pub now: DateTime<Utc>,
    /// When it began, for spans.
    pub began: Instant,
    /// How long the step may take.
    pub budget: Duration,
}

impl Invocation {
    /// An invocation that begins now and has to have answered by Lambda's deadline.
    pub(crate) fn begin(now: DateTime<Utc>, deadline: SystemTime) -> Self {
        let left = deadline.duration_since(SystemTime::from(now)).unwrap_or_default();
        Self { now, began: Instant::now(), budget: left.saturating_sub(ANSWER_MARGIN) }
    }

    /// When the step has to be done.
    pub fn until(&self) -> Instant {
        self.began + self.budget
    }
}

/// What comes of a step.
type Answer = Pin<Box<dyn Future<Output = Result<Value, StepError>> + Send>>;

/// A step with what it may use, without its types: one Lambda runtime serves any of them, so that the
/// binary holds it once.
pub type Call = Box<dyn Fn(Value, Invocation) -> Answer + Send + Sync>;

/// A step of the library as a [`Call`].
pub fn call<I, O, S, F>(step: S) -> Call
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

/// The drill that the input is about, with the shard of its checks, else the source that a drill is asked for.
fn subject(input: &Value) -> Option<String> {
    let told = ["/plan/drill", "/request/source"].iter().find_map(|path| input.pointer(path)?.as_str())?;
    let told: String = told.chars().take(100).collect();
    Some(match input.get("shard").and_then(Value::as_u64) {
        Some(shard) => format!("{told}, shard {shard}"),
        None => told,
    })
}

/// The error as Lambda reports it: `errorType` is the name that Retry and Catch match.
fn diagnostic(error: &StepError) -> Diagnostic {
    Diagnostic { error_type: error.name.to_string(), error_message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Deserialize)]
    struct Input {
        plan: Plan,
    }

    #[derive(Deserialize)]
    struct Plan {
        drill: String,
        shards: Vec<u32>,
    }

    /// A step that fails as its input says.
    fn echo() -> Call {
        call(|input: Input, invocation: Invocation| async move {
            match input.plan.drill.as_str() {
                "throttled" => {
                    Err(StepError::new(WireName::RdsThrottled, "asking RDS for a replica", "wait"))
                }
                drill => {
                    Ok(json!({ "drill": drill, "shards": input.plan.shards.len(), "at": invocation.now }))
                }
            }
        })
    }

    async fn invoked(input: Value) -> Result<Value, Diagnostic> {
        let now = DateTime::UNIX_EPOCH;
        let invocation = Invocation::begin(now, SystemTime::from(now) + Duration::from_mins(2));
        invoke("plan-drill", &echo(), input, invocation).await
    }

    #[tokio::test]
    async fn a_step_gets_its_input_and_the_time_and_gives_its_output() {
        let output = invoked(json!({ "plan": { "drill": "d", "shards": [1, 2] } })).await;
        assert_eq!(output, Ok(json!({ "drill": "d", "shards": 2, "at": "1970-01-01T00:00:00Z" })));
    }

    #[tokio::test]
    async fn an_error_carries_the_name_that_the_state_machine_matches_and_the_hint() {
        let error = invoked(json!({ "plan": { "drill": "throttled", "shards": [] } })).await.unwrap_err();
        assert_eq!(error.error_type, "Rds.Throttled");
        assert_eq!(error.error_message, "asking RDS for a replica\nHINT: wait");
    }

    #[tokio::test]
    async fn a_malformed_input_is_refused_with_the_path_of_the_field() {
        let error = invoked(json!({ "plan": { "drill": "d", "shards": [1, "two"] } })).await.unwrap_err();
        assert_eq!(error.error_type, "Input.Invalid");
        let fact =
            "the step's input can't be read at plan.shards[1]: invalid type: string \"two\", expected u32";
        assert!(error.error_message.starts_with(fact), "{}", error.error_message);
    }

    #[tokio::test]
    async fn an_input_that_is_no_object_is_refused() {
        let error = invoked(Value::Null).await.unwrap_err();
        assert_eq!(error.error_type, "Input.Invalid");
    }

    #[tokio::test]
    async fn a_refused_input_is_quoted_in_part_only() {
        let long = "x".repeat(10_000);
        let error = invoked(json!({ "plan": { "drill": "d", "shards": long } })).await.unwrap_err();
        assert!(error.error_message.chars().count() < 600);
    }

    #[test]
    fn the_budget_leaves_time_for_the_answer() {
        let now = DateTime::UNIX_EPOCH;
        let deadline = SystemTime::from(now) + Duration::from_mins(15);
        assert_eq!(Invocation::begin(now, deadline).budget, Duration::from_secs(885));
        assert_eq!(Invocation::begin(now, SystemTime::from(now)).budget, Duration::ZERO);
    }

    #[test]
    fn a_log_line_is_about_the_drill_and_its_shard_else_the_source() {
        assert_eq!(subject(&json!({ "plan": { "drill": "d" } })).as_deref(), Some("d"));
        assert_eq!(subject(&json!({ "plan": { "drill": "d" }, "shard": 3 })).as_deref(), Some("d, shard 3"));
        assert_eq!(subject(&json!({ "plan": null, "request": { "source": "s" } })).as_deref(), Some("s"));
        assert_eq!(subject(&json!({})), None);
    }
}
