//! The world with what a promotion changes of it. Nothing under way ends before a test lets it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use drill::configuration::PromotionSettings;
use drill::evidence::Verdict;
use drill::ids::{DrillId, ReplicaId};
use drill::instance::{Instance, InstanceStatus, StatusClass};
use drill::ownership::OWNERSHIP_TAGS;
use drill::ports::*;
use drill::promotion::{Choice, Outcome, Promotable, Promotion, Refusal, Turn, Wish, choose};

use crate::support::*;

/// The night whose replica is promoted.
pub(crate) const NIGHT: u32 = 20;

pub(crate) const PROMOTION: &str = "
[promotion]
security_groups = [\"sg-0f1e2d3c\", \"sg-0f1e2d3d\"]
parameter_group = \"courses-postgres16\"
instance_class = \"db.r7g.large\"
backup_retention_days = 14
";

pub(crate) fn wanted() -> PromotionSettings {
    configuration_with(PROMOTION).promotion.expect("it is there")
}

/// What the next change that RDS is asked for meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// It takes effect and the answer is lost.
    Lost,
    /// It is refused for now.
    Throttled,
    /// The role may not.
    Denied,
}

pub(crate) struct Stand {
    pub(crate) world: World,
    service: Mutex<BTreeMap<String, Service>>,
    mishaps: Mutex<Vec<Mishap>>,
}

impl Stand {
    /// The source is gone; last night's replica is verified and stopped.
    pub(crate) fn new() -> Self {
        let stand = Self::with_source();
        stand.world.remove(SOURCE.as_str());
        stand
    }

    pub(crate) fn with_source() -> Self {
        let world = World::new();
        world.earlier(&night_of(NIGHT), Verdict::Verified);
        Self { world, service: Mutex::default(), mishaps: Mutex::default() }
    }

    /// Each call that changes something meets one of these, in their order.
    pub(crate) fn meet(&self, mishaps: &[Mishap]) {
        let mut reversed = mishaps.to_vec();
        reversed.reverse();
        *self.mishaps.lock().unwrap() = reversed;
    }

    pub(crate) fn id() -> String {
        replica_id(&night_of(NIGHT)).to_string()
    }

    pub(crate) fn replica(&self) -> Instance {
        self.world.find(&Self::id()).expect("it is there")
    }

    pub(crate) fn service(&self, id: &str) -> Service {
        self.service.lock().unwrap().get(id).cloned().unwrap_or_else(as_restored)
    }

    pub(crate) fn set_service(&self, id: &str, change: impl FnOnce(&mut Service)) {
        let mut services = self.service.lock().unwrap();
        change(services.entry(id.to_owned()).or_insert_with(as_restored));
    }

    pub(crate) fn choose_with(&self, change: impl FnOnce(&mut Wish)) -> Result<Choice, Refusal> {
        let mut wish = Wish { source: SOURCE.clone(), replica: None, even_if_source_is_alive: false };
        change(&mut wish);
        ready(choose(self, &self.world, &self.world.settings, &wish))
    }

    pub(crate) fn choose(&self) -> Result<Choice, Refusal> {
        self.choose_with(|_| {})
    }

    /// The promotion of what is chosen now, as a command that is run now makes it.
    pub(crate) fn promotion(&self) -> Promotion {
        let chosen = self.choose().expect("it is chosen").replica;
        Promotion {
            settings: self.world.settings.clone(),
            replica: chosen.id().clone(),
            resource_id: chosen.resource_id().clone(),
            wanted: wanted(),
            by: "ada@laptop".to_owned(),
        }
    }

    pub(crate) fn turn(&self) -> Result<Turn, Refusal> {
        ready(self.promotion().turn(self, &self.world, self.world.now()))
    }

    /// What is under way ends.
    pub(crate) fn settle(&self) {
        self.world.settle();
        let ids: Vec<String> = self.world.change(|s| {
            for instance in &mut s.instances {
                if matches!(
                    instance.status,
                    InstanceStatus::Starting
                        | InstanceStatus::Modifying
                        | InstanceStatus::Rebooting
                        | InstanceStatus::BackingUp
                ) {
                    instance.status = InstanceStatus::Available;
                }
            }
            s.instances.iter().map(|i| i.id.clone()).collect()
        });
        for id in ids {
            self.set_service(&id, |service| {
                service.is_changing = false;
                service.going_on.clear();
            });
        }
    }

    /// Turns until it is done, each as a command of its own, with time enough in between.
    pub(crate) fn carry_out(&self) -> Outcome {
        for _ in 0..60 {
            match self.turn().expect("it goes on") {
                Turn::Done(outcome) => return *outcome,
                Turn::Did(_) | Turn::Waits(_) | Turn::Again(_) => self.settle(),
            }
        }
        panic!("it is never done: {:?}", self.replica());
    }

    /// The changes that RDS took, in their order.
    pub(crate) fn changes(&self) -> Vec<String> {
        let names = ["AddTags", "StartDB", "ModifyDB", "RebootDB", "RemoveTags", "StopDB", "DeleteDB"];
        let is_change = |line: &String| names.iter().any(|name| line.starts_with(name));
        let operation = |line: String| line.split(' ').next().unwrap_or_default().to_owned();
        self.world.log().into_iter().filter(is_change).map(operation).collect()
    }

    fn call(
        &self,
        operation: &'static str,
        replica: &Promotable,
        change: impl FnOnce(&mut Instance, &mut Service) -> Result<(), RdsErrorKind>,
    ) -> Result<(), RdsError> {
        let id = replica.id().as_str();
        let error = |kind| RdsError { kind, operation, code: format!("{kind:?}"), message: String::new() };
        let mishap = self.mishaps.lock().unwrap().pop();
        match mishap {
            Some(Mishap::Throttled) => return Err(error(RdsErrorKind::Throttled)),
            Some(Mishap::Denied) => return Err(error(RdsErrorKind::Denied)),
            Some(Mishap::Lost) | None => {}
        }
        self.world.change(|s| s.log.push(format!("{operation} {id}")));
        let mut instance = self.world.find(id).ok_or_else(|| error(RdsErrorKind::NotFound))?;
        let mut service = self.service(id);
        change(&mut instance, &mut service).map_err(error)?;
        self.world.edit(id, |i| *i = instance);
        self.set_service(id, |s| *s = service);
        if mishap == Some(Mishap::Lost) { Err(error(RdsErrorKind::Unavailable)) } else { Ok(()) }
    }
}

pub(crate) fn replica_id(drill: &DrillId) -> ReplicaId {
    ReplicaId::of(&DEPLOYMENT, drill)
}

/// What a restore leaves.
fn as_restored() -> Service {
    Service {
        security_groups: vec!["sg-0a1b2c3d".to_owned()],
        parameter_group: Some("restore-drill-postgres16".to_owned()),
        is_reboot_pending: false,
        instance_class: "db.t4g.medium".to_owned(),
        is_changing: false,
        backup_retention_days: 0,
        multi_az: false,
        going_on: Vec::new(),
    }
}

impl ReadInstances for Stand {
    async fn instance(&self, id: &str) -> Result<Option<Instance>, RdsError> {
        ReadInstances::instance(&self.world, id).await
    }
    async fn instances(&self) -> Result<Vec<Instance>, RdsError> {
        ReadInstances::instances(&self.world).await
    }
}

impl ReadService for Stand {
    async fn observe(&self, id: &str) -> Result<Option<Observed>, RdsError> {
        let instance = ReadInstances::instance(&self.world, id).await?;
        Ok(instance.map(|instance| Observed {
            arn: format!("arn:aws:rds:eu-central-1:123456789012:db:{id}"),
            service: self.service(id),
            instance,
        }))
    }
}

impl PromoteReplica for Stand {
    async fn tag(&self, replica: &Promotable, tags: &BTreeMap<String, String>) -> Result<(), RdsError> {
        self.call("AddTagsToResource", replica, |instance, _| {
            instance.tags.extend(tags.clone());
            Ok(())
        })
    }

    async fn start(&self, replica: &Promotable) -> Result<(), RdsError> {
        self.call("StartDBInstance", replica, |instance, _| {
            if instance.status != InstanceStatus::Stopped {
                return Err(RdsErrorKind::InvalidState);
            }
            instance.status = InstanceStatus::Starting;
            instance.automatic_restart_at = None;
            Ok(())
        })
    }

    async fn modify(&self, replica: &Promotable, changes: &Changes) -> Result<(), RdsError> {
        let changes = changes.clone();
        self.call("ModifyDBInstance", replica, |instance, service| {
            if instance.status.class() != StatusClass::Ready {
                return Err(RdsErrorKind::InvalidState);
            }
            instance.status = InstanceStatus::Modifying;
            instance.deletion_protection =
                changes.deletion_protection.unwrap_or(instance.deletion_protection);
            service.is_reboot_pending |= changes.parameter_group.is_some();
            service.is_changing |= changes.instance_class.is_some();
            service.going_on.extend(changes.multi_az.map(|_| "multi_az"));
            service.parameter_group = changes.parameter_group.or(service.parameter_group.take());
            service.security_groups = changes.security_groups.unwrap_or(service.security_groups.clone());
            service.instance_class = changes.instance_class.unwrap_or(service.instance_class.clone());
            service.backup_retention_days =
                changes.backup_retention_days.unwrap_or(service.backup_retention_days);
            service.multi_az = changes.multi_az.unwrap_or(service.multi_az);
            Ok(())
        })
    }

    async fn reboot(&self, replica: &Promotable) -> Result<(), RdsError> {
        self.call("RebootDBInstance", replica, |instance, service| {
            if instance.status.class() != StatusClass::Ready {
                return Err(RdsErrorKind::InvalidState);
            }
            instance.status = InstanceStatus::Rebooting;
            service.is_reboot_pending = false;
            Ok(())
        })
    }

    async fn disown(&self, replica: &Promotable) -> Result<(), RdsError> {
        self.call("RemoveTagsFromResource", replica, |instance, _| {
            instance.tags.retain(|tag, _| !OWNERSHIP_TAGS.contains(&tag.as_str()));
            Ok(())
        })
    }
}
