//! A path through the model as lines that a person can follow.

use stateright::{Model, Path};

use crate::action::{Action, Look, Way};
use crate::model::Rotation;
use crate::person::Act;
use crate::replay::{Effect, Target};
use crate::state::{At, Broken, Exec, Name, Standing, State, Status, TWICE};

/// The lines of a path: a number, who, and what.
pub fn lines(model: &Rotation, path: Path<State, Action>) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, (before, action)) in (1..).zip(path.into_vec()) {
        let Some(action) = action else { continue };
        let after = model.next_state(&before, action).expect("the path was walked before");
        let (who, what) = line(&before, action, &after);
        lines.push(format!("{number:>3}  {who:<14} {what}"));
        if let Some(broken) = after.broken {
            lines.push(format!("     {:<14} {}", "BROKEN", words_of_broken(broken)));
        }
    }
    lines
}

fn words_of_broken(broken: Broken) -> &'static str {
    match broken {
        Broken::NotOurs => "that wasn't ours",
        Broken::LastVerified => "that was the last verified replica: no newer one is verified and stopped",
        Broken::Protected => "that was a person's: held, started, renamed or promoted",
        Broken::RestoredTwice => "that was the second restore of one scheduled time",
    }
}

fn line(before: &State, action: Action, after: &State) -> (String, String) {
    match action {
        Action::Begin(night) => (of_night(night), "its event arrives, and PlanDrill begins".to_owned()),
        Action::BeginTwice(night) => {
            (format!("{} again", of_night(night)), "its event arrives once more".to_owned())
        }
        Action::Look { exec, look } => {
            let at = before.execs[usize::from(exec)].at;
            let how = match look {
                Look::Fresh => "looks",
                Look::Stale => "looks, and RDS shows what was",
                Look::Late => "looks, past every deadline",
            };
            (of_exec(before, exec), format!("{} {how}{}", step(at), came(before, exec, after)))
        }
        Action::Call { exec, way } => {
            let running = before.execs[usize::from(exec)].running;
            let effect = running.map(|r| call(r.effect)).unwrap_or_default();
            (of_exec(before, exec), format!("{effect}: {}{}", way_words(way), came(before, exec, after)))
        }
        Action::GiveUp(exec) => {
            let at = before.execs[usize::from(exec)].at;
            (
                of_exec(before, exec),
                format!("the retries of {} are used up{}", step(at), came(before, exec, after)),
            )
        }
        Action::ChecksFail(exec) => {
            (of_exec(before, exec), format!("the checks can't be made{}", came(before, exec, after)))
        }
        Action::Judge { exec, is_good } => {
            let verdict = if is_good { "verified" } else { "rejected" };
            (of_exec(before, exec), format!("JudgeDrill saves the verdict: {verdict}"))
        }
        Action::Abort(exec) => {
            (of_exec(before, exec), "its execution is aborted, or runs out of time".to_owned())
        }
        Action::Redrive(exec) => {
            ("a person".to_owned(), format!("redrives the execution of {}", of_exec(before, exec)))
        }
        Action::Sweep(look) => {
            let how = if look == Look::Stale { ", and RDS shows what was" } else { "" };
            ("the sweep".to_owned(), format!("looks{how}{}", about_to(after.sweep.map(|r| r.effect))))
        }
        Action::SweepCall(way) => {
            let effect = before.sweep.map(|r| call(r.effect)).unwrap_or_default();
            let then = about_to(after.sweep.map(|r| r.effect));
            ("the sweep".to_owned(), format!("{effect}: {}{then}", way_words(way)))
        }
        Action::Turn(look) => {
            let how = if look == Look::Stale { "looks, and RDS shows what was" } else { "looks" };
            ("the promotion".to_owned(), format!("{how}{}", about_to(after.turn.map(|r| r.effect))))
        }
        Action::TurnCall(way) => {
            let effect = before.turn.map(|r| call(r.effect)).unwrap_or_default();
            let then = about_to(after.turn.map(|r| r.effect));
            ("the promotion".to_owned(), format!("{effect}: {}{then}", way_words(way)))
        }
        Action::Becomes { slot, status } => {
            ("RDS".to_owned(), format!("{} is {}", replica(slot), status_word(status)))
        }
        Action::AwsStarts(slot) => {
            ("AWS".to_owned(), format!("starts {}, stopped for 7 days", replica(slot)))
        }
        Action::Person(act) => ("a person".to_owned(), act_words(act)),
        Action::WeekPasses => ("8 days".to_owned(), "pass".to_owned()),
    }
}

fn of_night(night: u8) -> String {
    format!("night {}", night + 1)
}

fn of_exec(state: &State, exec: u8) -> String {
    let night = of_night(state.execs[usize::from(exec)].night);
    if usize::from(exec) == TWICE { format!("{night} again") } else { night }
}

fn replica(slot: u8) -> String {
    if usize::from(slot) == crate::state::AGAIN {
        "the replica made again".to_owned()
    } else {
        format!("replica {}", slot + 1)
    }
}

fn step(at: At) -> &'static str {
    match at {
        At::Plan => "PlanDrill",
        At::Restore => "RestoreReplica",
        At::Wait => "ObserveReplica",
        At::Checks => "the checks",
        At::Stop => "StopReplica",
        At::Retire => "RetirePrevious",
        At::Publish => "PublishReport",
        At::Abandon => "AbandonDrill",
    }
}

/// What came of a transition of an execution.
fn came(before: &State, exec: u8, after: &State) -> String {
    let (was, is): (&Exec, &Exec) = (&before.execs[usize::from(exec)], &after.execs[usize::from(exec)]);
    if let Some(running) = is.running {
        return about_to(Some(running.effect));
    }
    match is.standing {
        Standing::Succeeded => "; the execution SUCCEEDED".to_owned(),
        Standing::Failed => "; the execution FAILED".to_owned(),
        _ if is.is_failing => "; to be tried again".to_owned(),
        _ if is.at != was.at => format!("; on to {}", step(is.at)),
        _ => String::new(),
    }
}

fn about_to(effect: Option<Effect>) -> String {
    effect.map(|effect| format!("; about to {}", call(effect))).unwrap_or_default()
}

fn call(effect: Effect) -> String {
    match effect {
        Effect::Claim { night, .. } => format!("claim the drill of {}", of_night(night)),
        Effect::Restore { night, .. } => format!("restore the replica of {}", of_night(night)),
        Effect::RecordStop { slot, .. } => format!("record the stop of {}", replica(slot)),
        Effect::Stop(target) => format!("stop {}", target_words(target)),
        Effect::Delete(target) => format!("delete {}", target_words(target)),
        Effect::Mark(target) => format!("put the hold and the mark on {}", target_words(target)),
        Effect::Start(target) => format!("start {}", target_words(target)),
        Effect::Disown(target) => format!("take our tags off {}", target_words(target)),
    }
}

fn target_words(target: Target) -> String {
    match target {
        Target::Night(night) => format!("what is named as the replica of {}", of_night(night)),
        Target::Kept(slot) => format!("{}, renamed", replica(slot)),
        Target::Source => "what is named as production".to_owned(),
        Target::LookAlike => format!("{}, somebody else's production", crate::shown::LOOK_ALIKE),
        Target::Copy => format!("{}, a production made from a replica's snapshot", crate::shown::COPY),
    }
}

fn way_words(way: Way) -> &'static str {
    match way {
        Way::Answered => "done",
        Way::AnsweredStale => "answered; RDS shows what was",
        Way::Lost => "it takes effect, and its answer is lost",
        Way::Unsent => "no answer, and no effect",
        Way::Died => "it takes effect, and the function dies",
    }
}

fn status_word(status: Status) -> &'static str {
    match status {
        Status::Absent | Status::Gone => "gone",
        Status::Creating => "creating",
        Status::Available => "available",
        Status::Stopping => "stopping",
        Status::Stopped => "stopped",
        Status::Failed => "failed",
        Status::Deleting => "being deleted",
    }
}

fn act_words(act: Act) -> String {
    match act {
        Act::Hold(slot) => format!("tags {} restore-drill:hold", replica(slot)),
        Act::Start(slot) => format!("starts {}", replica(slot)),
        Act::StopSoon(slot) => format!("stops {} again, soon after our own stop", replica(slot)),
        Act::Stop(slot) => format!("stops {}", replica(slot)),
        Act::Rename(slot) => format!("starts {} and gives it a name of their own", replica(slot)),
        Act::Promote(slot) => format!("promotes {}, for applications to use", replica(slot)),
        Act::NameAsProduction(slot) => format!("starts {} and names it as production", replica(slot)),
        Act::Delete(slot) => format!("deletes {}", replica(slot)),
        Act::Remake(night) => {
            format!("makes an instance from a snapshot of the replica of {}, under its name", of_night(night))
        }
        Act::DeleteSource => "deletes production, and its automated backups go with it".to_owned(),
    }
}

/// What a state has, for a person: one line a replica.
pub fn replicas(state: &State) -> Vec<String> {
    (0_u8..)
        .zip(&state.replicas)
        .filter(|(_, r)| r.exists())
        .map(|(slot, r)| {
            let verified = if state.is_verified(usize::from(slot)) { ", verified" } else { "" };
            let held = if r.is_held { ", held" } else { "" };
            let name = match r.name {
                Name::OfItsDrill => "",
                Name::Kept => ", renamed",
                Name::OfSource => ", production by now",
            };
            format!("{} is {}{verified}{held}{name}", replica(slot), status_word(r.status))
        })
        .collect()
}
