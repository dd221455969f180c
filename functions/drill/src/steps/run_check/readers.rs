//! The readers of a shard: sessions that measure side by side, as many as pays.

use std::pin::Pin;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};

use super::measure::carry_out;
use super::pace::Pace;
use super::work::{Answer, Job, Work};
use crate::configuration::Configuration;
use crate::error::StepError;
use crate::ports::{Connect, ConnectError, MeasureError, Target};

/// What the readers work with.
pub(super) struct Readers<'a, C: Connect, F> {
    pub(super) database: &'a C,
    pub(super) target: &'a Target<'a>,
    pub(super) configuration: &'a Configuration,
    /// The time at which the invocation began; sessions are opened with it.
    pub(super) now: DateTime<Utc>,
    /// How many there may be.
    pub(super) most: usize,
    /// Nothing begins after so long.
    pub(super) budget: Duration,
    /// How long the invocation has run.
    pub(super) elapsed: &'a F,
}

/// Something that a reader waited for.
enum Event<'a, S> {
    Opened(Result<S, ConnectError>),
    Ended(Box<Ended<'a, S>>),
}

/// A job with what came of it.
struct Ended<'a, S> {
    session: S,
    job: Job<'a>,
    result: Result<Answer, MeasureError>,
    began: Duration,
    /// When the answer came.
    at: Duration,
}

/// Something that takes its time.
type Waiting<'a, S> = Pin<Box<dyn Future<Output = Event<'a, S>> + Send + 'a>>;

/// What is going on now.
type Underway<'a, S> = FuturesUnordered<Waiting<'a, S>>;

impl<'a, C, F> Readers<'a, C, F>
where
    C: Connect,
    C::Session: 'a,
    F: Fn() -> Duration + Send + Sync,
{
    /// Carries out what is left to do, beginning with one session, and gives back a session when all of it is
    /// done or the time is over.
    ///
    /// # Errors
    /// When a connection broke: the invocation is repeated.
    pub(super) async fn carry_out(
        &self,
        session: C::Session,
        work: &mut Work<'a>,
    ) -> Result<C::Session, StepError> {
        let mut pace = Pace::new(self.most);
        let mut idle = vec![session];
        let mut underway: Underway<'a, C::Session> = FuturesUnordered::new();
        let (mut running, mut opening) = (0, 0);
        loop {
            let now = (self.elapsed)();
            while now < self.budget && running < pace.readers() && !idle.is_empty() {
                let Some(job) = work.next(pace.readers(), now) else { break };
                let session = idle.pop().expect("there is one");
                underway.push(self.begin(session, job));
                running += 1;
            }
            pace.busy(running, now);
            let sessions = running + idle.len() + opening;
            if now < self.budget
                && idle.is_empty()
                && sessions < pace.readers()
                && work.is_worth_another(sessions)
            {
                underway.push(Box::pin(self.database.connect(self.target, self.now).map(Event::Opened)));
                opening += 1;
                continue;
            }
            match underway.next().await {
                None => break,
                Some(Event::Opened(opened)) => {
                    opening -= 1;
                    match opened {
                        Ok(session) => idle.push(session),
                        // Fewer are enough: the rest goes on with what there is.
                        Err(error) => {
                            let sessions = running + idle.len();
                            tracing::warn!(sessions, "no more than {sessions} sessions: {error}");
                            pace.limit(sessions);
                        }
                    }
                }
                Some(Event::Ended(ended)) => {
                    let Ended { session, job, result, began, at } = *ended;
                    running -= 1;
                    pace.done(job.size_bytes, began, at);
                    work.done(&job, result, began, at)?;
                    idle.push(session);
                }
            }
        }
        Ok(idle.pop().expect("every session comes back"))
    }

    fn begin(&self, mut session: C::Session, job: Job<'a>) -> Waiting<'a, C::Session> {
        let (elapsed, configuration) = (self.elapsed, self.configuration);
        Box::pin(async move {
            let began = elapsed();
            let result = carry_out(&mut session, &job.task, configuration).await;
            Event::Ended(Box::new(Ended { session, job, result, began, at: elapsed() }))
        })
    }
}
