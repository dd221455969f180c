//! A promotion in words: what each step does, what a person must still do, and what nobody has done.

use crate::configuration::PromotionSettings;
use crate::ids::SourceId;
use crate::instance::Endpoint;
use crate::ports::{Changes, Observed};

use super::Step;

/// What a promotion leaves alone, for the person who is asked and the one who reads the result.
pub const NOT_DONE: &[&str] = &[
    "no DNS record, secret or password is changed, and it keeps its name",
    "what was written after the backup isn't in it",
    "no other instance, snapshot or configuration is touched: nothing is deleted",
    "option group, log exports, monitoring, alarms, backup plans and read replicas are as the restore left them",
    "Terraform doesn't know it: import it before the next apply",
];

impl Step {
    /// Its name for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Wait => "wait",
            Self::Start => "start",
            Self::Configure(_) => "configure",
            Self::Reboot => "reboot",
            Self::Protect(_) => "protect",
            Self::Disown => "disown",
            Self::Done => "done",
        }
    }

    /// What it does, as a person reads it in the plan and on the way.
    pub fn words(&self) -> String {
        match self {
            Self::Hold => {
                "put the tags restore-drill:hold and restore-drill:promoted on it: no drill and no \
                           sweep touches it from then on"
                    .to_owned()
            }
            Self::Wait => "wait".to_owned(),
            Self::Start => "start it: from then on it is billed as it runs".to_owned(),
            Self::Configure(changes) | Self::Protect(changes) => {
                format!("set {}", settings(changes).join(", "))
            }
            Self::Reboot => "reboot it, which puts the parameter group in force".to_owned(),
            Self::Disown => "take the tags off by which it is restore-drill's".to_owned(),
            Self::Done => "nothing is left to do".to_owned(),
        }
    }
}

fn settings(changes: &Changes) -> Vec<String> {
    let days = |days: u64| format!("{days} {} of automated backups", if days == 1 { "day" } else { "days" });
    let on = |what: &str, is_on: bool| format!("{what} {}", if is_on { "on" } else { "off" });
    [
        changes.security_groups.as_ref().map(|groups| format!("security groups {}", groups.join(" "))),
        changes.parameter_group.as_ref().map(|group| format!("parameter group {group}")),
        changes.instance_class.as_ref().map(|class| format!("class {class}")),
        changes.deletion_protection.map(|is_on| on("deletion protection", is_on)),
        changes.backup_retention_days.map(days),
        changes.multi_az.map(|is_on| on("Multi-AZ", is_on)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What the configuration leaves as the drill's restore made it, where production probably differs.
pub fn kept_as_restored(observed: &Observed, wanted: &PromotionSettings) -> Vec<String> {
    let group = observed.service.parameter_group.as_ref().filter(|_| wanted.parameter_group.is_none());
    let class = wanted.instance_class.is_none().then_some(&observed.service.instance_class);
    [
        group.map(|group| format!("its parameter group stays {group}, the replica's")),
        class.map(|class| format!("its class stays {class}, the replica's")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The two changes that remain for a person.
pub fn remaining(source: &SourceId, replica: &str, endpoint: Option<&Endpoint>) -> [String; 2] {
    let host = endpoint.map_or("its endpoint", |endpoint| &endpoint.host);
    [
        format!(
            "DNS: point the name that the applications use at {host}; or, when no instance is called {source} any \
             more, rename it, and the old endpoint is its own: aws rds modify-db-instance \
             --db-instance-identifier {replica} --new-db-instance-identifier {source} --apply-immediately"
        ),
        "secret: the users and passwords are those of the backup; where RDS managed the master's, its secret went \
         with the source: write a new one"
            .to_owned(),
    ]
}
