//! Deliberate breakages of the product, to see that the invariants can fail: each must be found.

use rds_double::model::Tag;

use crate::invocation::Ports;
use crate::rds::{DELETE, STOP};
use crate::world::State;

/// A breakage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mutant {
    /// The sweep stops every instance that runs.
    StopsWhatRuns,
    /// A step puts a tag on the source.
    TagsTheSource,
    /// Retiring deletes whatever has our prefix, without a look at tags, holds and stops.
    DeletesByName,
    /// Judging deletes the older replicas, before the new one is stopped.
    RetiresBeforeStop,
    /// The tag that holds a replica isn't seen.
    HoldUnseen,
    /// The tag of what was promoted isn't seen.
    PromotionUnseen,
    /// A verdict always says verified.
    VerdictAlwaysGood,
    /// Rows are reported that nobody counted in the replica.
    CountsWithoutLooking,
    /// A verdict is of another replica than was measured.
    VerdictOfAnother,
    /// A restore gets another name each time.
    NewNameForEachRestore,
    /// The error of a connection holds the password.
    LeaksSecret,
    /// The last Catch leads to the green end.
    GreenAfterCatch,
    /// Messages are taken and reach nobody.
    SilentTopic,
    /// Events are taken and reach no program.
    SilentBus,
    /// The switch outside hears success, whatever it is told.
    PulseAlwaysSuccess,
    /// The sweep's stops have no effect.
    LazySweep,
    /// A list of instances ends after its first page.
    FirstPageOnly,
    /// A claim is taken though another execution has it.
    ClaimOverwritten,
    /// Step Functions is understood to say that nothing runs.
    NothingRuns,
    /// Deletions have no effect.
    LazyDelete,
}

impl Mutant {
    /// Every mutant, with the invariant that it breaks.
    pub const ALL: &[(Self, u8)] = &[
        (Self::StopsWhatRuns, 1),
        (Self::TagsTheSource, 1),
        (Self::DeletesByName, 1),
        (Self::RetiresBeforeStop, 2),
        (Self::HoldUnseen, 3),
        (Self::PromotionUnseen, 3),
        (Self::VerdictAlwaysGood, 6),
        (Self::CountsWithoutLooking, 6),
        (Self::VerdictOfAnother, 6),
        (Self::NewNameForEachRestore, 5),
        (Self::LeaksSecret, 8),
        (Self::GreenAfterCatch, 4),
        (Self::SilentTopic, 4),
        (Self::SilentBus, 4),
        (Self::PulseAlwaysSuccess, 4),
        (Self::LazySweep, 5),
        (Self::FirstPageOnly, 5),
        (Self::ClaimOverwritten, 7),
        (Self::NothingRuns, 9),
        (Self::LazyDelete, 10),
    ];
}

impl Ports {
    /// What a mutant does when a step has run.
    pub(crate) async fn mutate_after(&self, step: &str) {
        let mutant = self.world.with(|s| s.mutant);
        let mut calls = Vec::new();
        match (mutant, step) {
            (Some(Mutant::StopsWhatRuns), "sweep_orphans") => {
                let running = |s: &mut State| -> Vec<String> {
                    s.instances().filter(|i| i.status.is_ready()).map(|i| i.id.clone()).collect()
                };
                calls = self.world.with(running).into_iter().map(|id| (STOP, id)).collect();
            }
            (Some(Mutant::DeletesByName), "retire_previous") => calls = self.deletions(true),
            (Some(Mutant::RetiresBeforeStop), "judge_drill") => calls = self.deletions(false),
            (Some(Mutant::TagsTheSource), "plan_drill") => {
                calls = vec![("AddTagsToResource", "courses-prod".to_owned())];
            }
            _ => {}
        }
        for (operation, name) in calls {
            self.world.clock.sleep(chrono::TimeDelta::milliseconds(20)).await;
            self.world.with(|s| s.change_unconfirmed(self.invocation, operation, &name));
        }
    }

    /// The replicas of other drills than this one, by their names.
    fn deletions(&self, is_any: bool) -> Vec<(&'static str, String)> {
        self.world.with(|s| {
            let execution = s.invocations.get(&self.invocation).and_then(|i| i.execution.clone());
            let drill = execution.and_then(|arn| Some(s.executions.get(&arn)?.drill.clone()));
            let other = |id: &str| s.truth.replicas.get(id).is_none_or(|r| Some(&r.drill) != drill.as_ref());
            s.instances()
                .filter(|i| i.id.starts_with("drill-main-") && other(i.resource_id.as_str()))
                .filter(|i| is_any || i.stopped_at.is_some())
                .map(|i| (DELETE, i.id.clone()))
                .collect()
        })
    }
}

impl State {
    fn change_unconfirmed(&mut self, invocation: u64, operation: &'static str, name: &str) {
        self.advance();
        let _ = match operation {
            STOP => self.stop_as_product(invocation, name),
            DELETE => self.delete_as_product(invocation, name),
            _ => {
                self.judge_change(invocation, operation, name);
                let tag = Tag { key: "restore-drill:seen".to_owned(), value: String::new() };
                let arn = self.plane.arn("db", name);
                let _ = self.plane.add_tags(&arn, &[tag]);
                Ok(())
            }
        };
    }
}
