//! Step Functions: executions that start, end, are cut off and redriven.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};
use std::task::Poll;

use asl_runner::{Definition, Ended, Execution, Outcome, Position};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use drill::ids::{DrillId, SourceId};
use serde_json::{Value, json};

use crate::functions::Functions;
use crate::mutant::Mutant;
use crate::tasks::Tasks;
use crate::world::{State, Wish, World};

const TEXT: &str = include_str!("../../../statemachine/drill.asl.json");

static DEFINITION: LazyLock<Definition> =
    LazyLock::new(|| Definition::read(TEXT).expect("it is in the subset"));
static GREEN: LazyLock<Definition> = LazyLock::new(|| {
    // After the last Catch, green instead of red.
    let text = TEXT.replace(r#""Next": "DrillBroken""#, r#""Next": "DrillVerified""#);
    Definition::read(&text).expect("it is in the subset")
});

/// An execution is redriven up to so long after it ended (Step Functions developer guide, "Redriving
/// executions").
const REDRIVE_MAX: TimeDelta = TimeDelta::days(14);

/// How an execution stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Running,
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
}

/// An execution.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) input: Value,
    /// The source and the time that it was started for.
    pub(crate) drill: String,
    pub(crate) status: Status,
    pub(crate) started_at: DateTime<Utc>,
    /// When it started or was last redriven.
    pub(crate) since: DateTime<Utc>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
    /// How it is to be cut off: stopped by somebody, or at the end of its time.
    pub(crate) is_to_end: Option<Status>,
    pub(crate) task: u64,
    /// Where it stood when it ended.
    position: Option<Position>,
    /// The states from which an error was caught.
    pub(crate) caught: Vec<String>,
    /// Faults of its invocations.
    pub(crate) faults: usize,
}

impl Run {
    /// Whether its replica was to be deleted though verified.
    pub(crate) fn is_to_be_discarded(&self) -> bool {
        match self.input["keep"].as_str() {
            Some(keep) => keep == "discard",
            None => {
                !matches!(self.input.get("backup"), None | Some(Value::Null))
                    && self.input["backup"] != "latest"
            }
        }
    }

    pub(crate) fn may_be_redriven(&self, now: DateTime<Utc>) -> bool {
        matches!(self.status, Status::Failed | Status::TimedOut | Status::Aborted)
            && self.ended_at.is_some_and(|at| now - at < REDRIVE_MAX)
    }
}

/// Everything that runs a course.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) world: Arc<World>,
    pub(crate) tasks: Tasks,
}

/// How the running of an execution came to an end.
enum End {
    Itself(Ended),
    Cut(Status),
}

impl Stage {
    fn definition(&self) -> &'static Definition {
        let is_green = self.world.with(|s| s.mutant == Some(Mutant::GreenAfterCatch));
        if is_green { &GREEN } else { &DEFINITION }
    }

    /// Starts an execution.
    pub(crate) fn start(&self, input: Value) {
        let arn = self.world.with(|s| {
            s.counts.executions += 1;
            let number = s.counts.executions;
            let arn =
                format!("arn:aws:states:eu-central-1:123456789012:execution:restore-drill-main:{number:05}");
            let run = Run {
                drill: drill_of(&input, s.now),
                status: Status::Running,
                started_at: s.now,
                since: s.now,
                ended_at: None,
                is_to_end: None,
                task: 0,
                position: None,
                caught: Vec::new(),
                faults: 0,
                input: input.clone(),
            };
            s.say(|| format!("execution {number:05} starts, drill {}", run.drill));
            s.executions.insert(arn.clone(), run);
            arn
        });
        let context = self.context(&arn);
        self.go_on(&arn, Execution::start(self.definition(), context, input));
    }

    /// Redrives an execution: it goes on where it stood, with its old input.
    pub(crate) fn redrive(&self, arn: &str) {
        let position = self.world.with(|s| {
            let now = s.now;
            let run = s.executions.get_mut(arn).filter(|run| run.may_be_redriven(now))?;
            let position = run.position.take()?;
            (run.status, run.is_to_end, run.ended_at) = (Status::Running, None, None);
            run.since = now;
            s.counts.redriven += 1;
            s.say(|| format!("execution {} is redriven in {}", short(arn), position.state));
            Some(position)
        });
        if let Some(position) = position {
            self.go_on(arn, Execution::resume(self.context(arn), position));
        }
    }

    fn context(&self, arn: &str) -> Value {
        self.world.with(|s| {
            let run = &s.executions[arn];
            let started_at = run.started_at.to_rfc3339_opts(SecondsFormat::Millis, true);
            json!({"Execution": {"Id": arn, "Input": run.input, "StartTime": started_at}})
        })
    }

    fn go_on(&self, arn: &str, execution: Execution) {
        let stage = self.clone();
        let task = self.tasks.begin({
            let arn = arn.to_owned();
            async move { stage.drive(arn, execution).await }
        });
        self.world.with(|s| {
            if let Some(run) = s.executions.get_mut(arn) {
                run.task = task;
            }
        });
    }

    async fn drive(self, arn: String, execution: Execution) {
        let definition = self.definition();
        let functions = Functions { stage: self.clone(), arn: Rc::from(arn.as_str()) };
        let time_out = definition.time_out.and_then(|t| TimeDelta::from_std(t).ok()).unwrap_or_default();
        let end = {
            let mut run = pin!(execution.run(definition, &functions));
            let mut timer = pin!(self.tasks.clock.sleep(time_out));
            poll_fn(|context| {
                if let Some(status) = self.world.with(|s| s.executions[&arn].is_to_end) {
                    return Poll::Ready(End::Cut(status));
                }
                if timer.as_mut().poll(context).is_ready() {
                    return Poll::Ready(End::Cut(Status::TimedOut));
                }
                run.as_mut().poll(context).map(End::Itself)
            })
            .await
        };
        self.world.with(|s| s.conclude(&arn, end, execution.position()));
    }
}

impl State {
    /// The execution has ended; a red end wakes the sweep, as the rule on Step Functions' events does.
    fn conclude(&mut self, arn: &str, end: End, position: Position) {
        let (status, word) = match &end {
            End::Itself(Ended { state, outcome: Outcome::Succeeded(_) }) => {
                (Status::Succeeded, state.clone())
            }
            End::Itself(Ended { state, outcome: Outcome::Failed(failure) }) => {
                (Status::Failed, format!("{state}: {}", failure.error))
            }
            End::Cut(status) => (*status, format!("{status:?} in {}", position.state)),
        };
        self.say(|| format!("execution {} ends: {word}", short(arn)));
        let now = self.now;
        if let Some(run) = self.executions.get_mut(arn) {
            (run.status, run.ended_at, run.position) = (status, Some(now), Some(position));
        }
        match end {
            End::Itself(ended) => self.judge_end(arn, &ended),
            End::Cut(_) => self.counts.cut_off += 1,
        }
        if status != Status::Succeeded {
            let seconds = self.dice.between(1, 40).cast_signed();
            self.wishes.push(Wish::Sweep { after: TimeDelta::seconds(seconds) });
        }
    }
}

/// The last part of an ARN.
pub(crate) fn short(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

/// The drill that an input asks for; an input that names none has none.
fn drill_of(input: &Value, started_at: DateTime<Utc>) -> String {
    let at = match input["scheduled_at"].as_str() {
        Some(text) => DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()).ok(),
        None => Some(started_at),
    };
    let source = input["source"].as_str().and_then(|s| SourceId::parse(s).ok());
    let drill = source.zip(at).and_then(|(source, at)| DrillId::of(&source, at).ok());
    drill.map_or_else(|| "nobody's".to_owned(), |d| d.to_string())
}
