//! Follows a drill to its end: looks at its execution again and again, and shows the phases.
//!
//! Only looks. Whoever stops following leaves the drill as it is.

use std::time::Duration;

use anyhow::{Result, bail};
use chrono::{DateTime, Utc};
use drill::{configuration::Span, ids::DrillId};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    clock,
    executions::{Execution, Executions, Status},
    output::{self, Output},
    progress::Progress,
};

/// The wait between two looks while something happens.
const LOOK_MIN: Duration = Duration::from_secs(2);
/// The longest wait, while nothing happens: a restore takes half an hour.
const LOOK_MAX: Duration = Duration::from_secs(15);
/// After so many looks in a row that failed it isn't the network for a moment.
const FAILURES_MAX: u32 = 8;
/// The state machine ends by itself after 16 hours; nothing is followed for longer than this.
const FOLLOW_MAX: Duration = Duration::from_hours(17);

/// How following ended.
pub(crate) enum Followed {
    /// The drill ended.
    Ended(Execution),
    /// Somebody pressed Ctrl-C, or it went on for too long; the drill goes on.
    Left,
}

/// Follows a drill. Ctrl-C ends the following, not the drill.
pub(crate) async fn follow(
    executions: &Executions,
    arn: &str,
    drill: &DrillId,
    output: Output,
) -> Result<Followed> {
    let mut view = View::new(output);
    let result = tokio::select! {
        ended = until_end(executions, arn, &mut view) => ended,
        _ = tokio::signal::ctrl_c() => Ok(None),
    };
    view.close();
    match result {
        Ok(Some(execution)) => Ok(Followed::Ended(execution)),
        Ok(None) => {
            output::progress(&format!("No longer following {drill}. {}", goes_on(drill)));
            Ok(Followed::Left)
        }
        Err(error) => Err(error.context(goes_on(drill))),
    }
}

/// What somebody must know who stops following.
pub(crate) fn goes_on(drill: &DrillId) -> String {
    format!("The drill goes on by itself; follow it again with\n  restore-drill status {drill} --follow")
}

/// The execution once it has ended; `None` when that takes too long.
async fn until_end(executions: &Executions, arn: &str, view: &mut View) -> Result<Option<Execution>> {
    let mut progress = Progress::default();
    let (mut pause, mut followed, mut failures) = (LOOK_MIN, Duration::ZERO, 0);
    while followed < FOLLOW_MAX {
        match look(executions, arn, &mut progress).await {
            Ok((execution, has_news)) => {
                failures = 0;
                view.show(&progress, execution.started_at, clock::now());
                if execution.status != Status::Running {
                    return Ok(Some(execution));
                }
                pause = if has_news { LOOK_MIN } else { (pause * 5 / 4).min(LOOK_MAX) };
            }
            Err(error) if failures + 1 == FAILURES_MAX => return Err(error),
            Err(_) => {
                failures += 1;
                pause = (pause * 2).min(LOOK_MAX);
            }
        }
        clock::wait(pause).await;
        followed += pause;
    }
    Ok(None)
}

/// One look: the execution first, so that the events of one that has ended are all there.
async fn look(executions: &Executions, arn: &str, progress: &mut Progress) -> Result<(Execution, bool)> {
    let Some(execution) = executions.describe(arn).await? else {
        bail!("Step Functions doesn't know execution {arn}");
    };
    let events = executions.events_after(arn, progress.last_event).await?;
    progress.take(&events);
    Ok((execution, !events.is_empty()))
}

/// What is shown of a progress: lines, or on a terminal a line that moves.
struct View {
    bar: Option<ProgressBar>,
    /// How many phases were shown as begun.
    shown: usize,
    shards_shown: Option<(usize, usize)>,
}

impl View {
    fn new(output: Output) -> Self {
        let bar = output.is_moving().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { bar, shown: 0, shards_shown: None }
    }

    fn show(&mut self, progress: &Progress, started_at: DateTime<Utc>, now: DateTime<Utc>) {
        match &self.bar {
            Some(_) => self.move_to(progress, now),
            None => self.tell(progress, started_at),
        }
    }

    /// A line for each phase as it begins, and for each shard that is done.
    fn tell(&mut self, progress: &Progress, started_at: DateTime<Utc>) {
        for phase in progress.phases.iter().skip(self.shown) {
            let at = since(started_at, phase.began_at);
            output::progress(&format!("{:>10}  {}", format!("+{at}"), phase.words()));
        }
        self.shown = progress.phases.len();
        if progress.shards != self.shards_shown {
            self.shards_shown = progress.shards;
            if let Some((done, all)) = progress.shards {
                output::progress(&format!("{:>10}  {done} of {all} shards of checks are done", ""));
            }
        }
    }

    /// The phases that have ended as lines, the one that goes on as a moving line below them.
    fn move_to(&mut self, progress: &Progress, now: DateTime<Utc>) {
        let Some(bar) = &self.bar else { return };
        let Some(phase) = progress.phase() else { return };
        for pair in progress.phases.windows(2).skip(self.shown.saturating_sub(1)) {
            let took = since(pair[0].began_at, pair[1].began_at);
            bar.println(format!("  {:<32} {took}", pair[0].words()));
        }
        self.shown = progress.phases.len();
        let took = since(phase.began_at, now);
        match progress.shards.filter(|_| phase.state == "RunChecks") {
            Some((done, all)) => {
                bar.set_length(all as u64);
                bar.set_position(done as u64);
                bar.set_style(style("{spinner} {msg} [{bar:24}] {pos}/{len} shards"));
            }
            None => bar.set_style(style("{spinner} {msg}")),
        }
        bar.set_message(format!("{:<32} {took}", phase.words()));
    }

    fn close(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// From one instant to another, for people.
pub(crate) fn since(from: DateTime<Utc>, to: DateTime<Utc>) -> Span {
    Span::seconds(u64::try_from((to - from).num_seconds()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_is_followed_for_longer_than_the_state_machine_lets_it_run() {
        let definition: serde_json::Value =
            serde_json::from_str(include_str!("../../statemachine/drill.asl.json")).unwrap();
        let time_out = definition["TimeoutSeconds"].as_u64().unwrap();
        assert!(FOLLOW_MAX > Duration::from_secs(time_out));
    }
}
