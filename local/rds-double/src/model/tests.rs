//! Claims about the control plane, without servers.

use chrono::{DateTime, TimeDelta, Utc};

use super::*;

fn start() -> DateTime<Utc> {
    "2026-03-01T02:00:00Z".parse().unwrap()
}

/// A plane over no servers, with a clock that moves when told.
struct Region {
    plane: ControlPlane,
    servers: NoServers,
    now: DateTime<Utc>,
}

impl Region {
    fn new() -> Self {
        let plane = ControlPlane::new(PlaneConfig::default());
        Self { plane, servers: NoServers::default(), now: start() }
    }

    /// With an available instance `prod` that keeps backups for seven days.
    fn with_prod() -> Self {
        let mut region = Self::new();
        region.create("prod", 7).unwrap();
        region.pass(60);
        region
    }

    fn pass(&mut self, seconds: i64) {
        self.now += TimeDelta::seconds(seconds);
        self.plane.advance(self.now, &mut self.servers);
    }

    fn create(&mut self, id: &str, retention: u32) -> Result<InstanceView, ApiError> {
        let request = CreateInstance {
            id: id.into(),
            engine: "postgres".into(),
            engine_version: None,
            master_user: "master".into(),
            master_password: Password::new("a-good-password"),
            database: Some("app".into()),
            kms_key_id: None,
            encrypted: false,
            tags: vec![Tag { key: "team".into(), value: "courses".into() }],
            changes: Changes {
                class: Some("db.t4g.micro".into()),
                backup_retention_days: Some(retention),
                ..Changes::default()
            },
        };
        self.plane.create_instance(self.now, request, &mut self.servers)
    }

    fn restore(&mut self, id: &str, tags: Vec<Tag>) -> Result<InstanceView, ApiError> {
        let request = RestoreFromSnapshot {
            id: id.into(),
            snapshot_id: self.automated()[0].clone(),
            engine: None,
            tags,
            changes: Changes::default(),
        };
        self.plane.restore_from_snapshot(self.now, request, &mut self.servers)
    }

    fn automated(&self) -> Vec<String> {
        let query = SnapshotQuery { kind: Some("automated".into()), ..SnapshotQuery::default() };
        let page = self.plane.describe_snapshots(&query, View::Current).unwrap();
        page.items.into_iter().map(|view| view.snapshot.id).collect()
    }

    fn delete(&mut self, id: &str, keep_backups: bool) -> Result<InstanceView, ApiError> {
        let request = DeleteInstance {
            id: id.into(),
            skip_final_snapshot: true,
            final_snapshot_id: None,
            delete_automated_backups: !keep_backups,
        };
        self.plane.delete_instance(self.now, &request, &mut self.servers)
    }

    fn modify(&mut self, id: &str, changes: Changes) -> Result<InstanceView, ApiError> {
        let request =
            ModifyInstance { id: id.into(), apply_immediately: true, changes, ..ModifyInstance::default() };
        self.plane.modify_instance(self.now, request, &mut self.servers)
    }

    fn stop(&mut self, id: &str) -> Result<InstanceView, ApiError> {
        self.plane.stop_instance(self.now, id, None, &mut self.servers)
    }

    fn status(&self, id: &str) -> String {
        self.plane.instance(id).unwrap().status.to_string()
    }

    fn seen(&self, view: View) -> Vec<String> {
        let page = self.plane.describe_instances(self.now, &InstanceQuery::default(), view).unwrap();
        page.items.into_iter().map(|each| each.instance.id).collect()
    }
}

fn protected() -> Changes {
    Changes { deletion_protection: Some(true), ..Changes::default() }
}

#[test]
fn a_new_instance_has_no_endpoint_until_it_is_made() {
    let mut region = Region::new();
    let made = region.create("prod", 0).unwrap();
    assert_eq!(made.instance.status, Status::CREATING);
    assert!(made.instance.endpoint.is_none());
    region.pass(60);
    assert_eq!(region.status("prod"), "available");
    assert!(region.plane.instance("prod").unwrap().endpoint.is_some());
}

#[test]
fn an_instance_with_backups_gets_its_first_one_at_once() {
    assert_eq!(Region::with_prod().automated(), ["rds:prod-2026-03-01-02-00"]);
}

#[test]
fn deleting_an_instance_takes_its_automated_backups_with_it_at_once() {
    let mut region = Region::with_prod();
    region.delete("prod", false).unwrap();
    assert_eq!(region.status("prod"), "deleting");
    assert!(region.automated().is_empty());
    region.pass(60);
    assert_eq!(region.plane.instance("prod").unwrap_err().code, "DBInstanceNotFound");
}

#[test]
fn retained_backups_outlive_their_instance() {
    let mut region = Region::with_prod();
    region.delete("prod", true).unwrap();
    region.pass(60);
    assert_eq!(region.automated().len(), 1);
    let backups = region.plane.describe_automated_backups(region.now, &BackupQuery::default()).unwrap();
    assert_eq!(backups.items[0].status, "retained");
}

#[test]
fn a_protected_instance_is_not_deleted() {
    let mut region = Region::with_prod();
    region.modify("prod", protected()).unwrap();
    region.pass(60);
    assert_eq!(region.delete("prod", false).unwrap_err().code, "InvalidParameterCombination");
    assert_eq!(region.automated().len(), 1);
}

#[test]
fn a_stopped_instance_is_not_modified() {
    let mut region = Region::with_prod();
    region.stop("prod").unwrap();
    region.pass(60);
    assert_eq!(region.modify("prod", protected()).unwrap_err().code, "InvalidDBInstanceState");
}

#[test]
fn an_instance_is_neither_stopped_nor_deleted_while_it_is_busy() {
    let mut region = Region::with_prod();
    for busy in ["creating", "backing-up", "modifying", "stopping", "starting", "deleting", "renaming"] {
        region.plane.force_status("prod", Status::named(busy)).unwrap();
        assert_eq!(region.stop("prod").unwrap_err().code, "InvalidDBInstanceState", "{busy}");
        assert_eq!(region.delete("prod", false).unwrap_err().code, "InvalidDBInstanceState", "{busy}");
    }
}

#[test]
fn a_failed_instance_is_deleted_only_without_a_final_snapshot() {
    let mut region = Region::with_prod();
    region.plane.force_status("prod", Status::FAILED).unwrap();
    let request = DeleteInstance {
        id: "prod".into(),
        skip_final_snapshot: false,
        final_snapshot_id: Some("last".into()),
        delete_automated_backups: true,
    };
    let refused = region.plane.delete_instance(region.now, &request, &mut region.servers);
    assert_eq!(refused.unwrap_err().code, "InvalidDBInstanceState");
    region.delete("prod", false).unwrap();
}

#[test]
fn aws_would_start_a_stopped_instance_after_seven_days() {
    let mut region = Region::with_prod();
    region.stop("prod").unwrap();
    region.pass(60);
    let instance = region.plane.instance("prod").unwrap();
    let stopped_at = instance.stopped_at.unwrap();
    assert_eq!(instance.automatic_restart_at().unwrap() - stopped_at, TimeDelta::days(7));
    region.plane.restart_automatically(region.now, "prod", &mut region.servers).unwrap();
    region.pass(60);
    assert_eq!(region.status("prod"), "available");
    assert!(region.plane.instance("prod").unwrap().automatic_restart_at().is_none());
}

#[test]
fn a_restore_without_tags_takes_the_sources() {
    let mut region = Region::with_prod();
    let made = region.restore("copy", Vec::new()).unwrap();
    assert_eq!(made.instance.tags[0].key, "team");
    let own = vec![Tag { key: "own".into(), value: String::new() }];
    let made = region.restore("other", own.clone()).unwrap();
    assert_eq!(made.instance.tags, own);
}

#[test]
fn a_restore_keeps_retention_but_not_protection() {
    let mut region = Region::with_prod();
    region.modify("prod", protected()).unwrap();
    region.pass(60);
    let made = region.restore("copy", Vec::new()).unwrap();
    assert_eq!(made.instance.settings.backup_retention_days, 7);
    assert!(!made.instance.settings.deletion_protection);
}

#[test]
fn a_resource_id_is_never_given_again() {
    let mut region = Region::with_prod();
    let first = region.plane.instance("prod").unwrap().resource_id.clone();
    region.delete("prod", false).unwrap();
    region.pass(60);
    region.create("prod", 0).unwrap();
    assert_ne!(region.plane.instance("prod").unwrap().resource_id, first);
}

#[test]
fn a_rename_keeps_the_resource_id_and_frees_the_name() {
    let mut region = Region::with_prod();
    let before = region.plane.instance("prod").unwrap().resource_id.clone();
    let request = ModifyInstance {
        id: "prod".into(),
        new_id: Some("Retired".into()),
        apply_immediately: true,
        ..ModifyInstance::default()
    };
    region.plane.modify_instance(region.now, request, &mut region.servers).unwrap();
    region.pass(60);
    assert_eq!(region.plane.instance("retired").unwrap().resource_id, before);
    assert!(region.plane.instance("prod").is_err());
}

#[test]
fn the_next_restore_alone_ends_as_told() {
    let mut region = Region::with_prod();
    let ends_in = Some(Status::named("incompatible-network"));
    region.plane.set_next_restore(NextRestore { ends_in, ..NextRestore::default() });
    region.restore("bad", Vec::new()).unwrap();
    region.restore("good", Vec::new()).unwrap();
    region.pass(60);
    assert_eq!(
        (region.status("bad"), region.status("good")),
        ("incompatible-network".into(), "available".into())
    );
}

#[test]
fn a_stale_reader_does_not_see_a_new_replica() {
    let mut region = Region::with_prod();
    region.restore("copy", Vec::new()).unwrap();
    assert_eq!(region.seen(View::Stale), ["prod"]);
    assert_eq!(region.seen(View::Current), ["copy", "prod"]);
}

#[test]
fn quotas_are_kept() {
    let mut region = Region::new();
    region.plane.config.instance_quota = 1;
    region.create("one", 0).unwrap();
    assert_eq!(region.create("two", 0).unwrap_err().code, "InstanceQuotaExceeded");
}

#[test]
fn pages_neither_repeat_nor_lose_an_instance() {
    let mut region = Region::new();
    for number in 0..35 {
        region.create(&format!("db-{number}"), 0).unwrap();
    }
    let mut query = InstanceQuery::default();
    query.page.max_records = Some(20);
    let first = region.plane.describe_instances(region.now, &query, View::Current).unwrap();
    query.page.marker.clone_from(&first.marker);
    let second = region.plane.describe_instances(region.now, &query, View::Current).unwrap();
    assert_eq!((first.items.len(), second.items.len(), second.marker), (20, 15, None));
}

#[test]
fn two_backups_in_one_minute_have_two_names() {
    let mut region = Region::with_prod();
    for _ in 0..2 {
        let asked = TakeBackup::default();
        region.plane.take_automated_backup(region.now, "prod", &asked, &mut region.servers).unwrap();
        region.pass(1);
    }
    assert_eq!(region.automated().len(), 3);
}

#[test]
fn the_same_seed_and_calls_give_the_same_ids() {
    let id = |region: &Region| region.plane.instance("prod").unwrap().resource_id.clone();
    assert_eq!(id(&Region::with_prod()), id(&Region::with_prod()));
}

#[test]
fn another_parameter_group_is_in_force_after_a_reboot_and_not_before() {
    let mut region = Region::with_prod();
    let group = |name: &str| Changes { parameter_group: Some(name.into()), ..Changes::default() };
    region.modify("prod", group("default.postgres15")).unwrap();
    region.pass(1);
    assert!(!region.plane.instance("prod").unwrap().is_reboot_pending, "it is the group that it has");
    region.modify("prod", group("courses")).unwrap();
    region.pass(1);
    let seen = region.plane.instance("prod").unwrap();
    assert_eq!((seen.settings.parameter_group.as_str(), seen.is_reboot_pending), ("courses", true));
    region.plane.reboot_instance(region.now, "prod", &mut region.servers).unwrap();
    assert_eq!(region.status("prod"), "rebooting");
    region.pass(1);
    assert!(!region.plane.instance("prod").unwrap().is_reboot_pending);
    assert_eq!(region.status("prod"), "available");
}

#[test]
fn an_instance_that_does_not_run_is_not_rebooted() {
    let mut region = Region::with_prod();
    region.stop("prod").unwrap();
    region.pass(60);
    let refused = region.plane.reboot_instance(region.now, "prod", &mut region.servers).unwrap_err();
    assert_eq!(refused.code, "InvalidDBInstanceState");
}

#[test]
fn what_takes_its_time_is_pending_until_it_is_done_and_the_first_backup_follows() {
    let mut region = Region::new();
    region.create("prod", 0).unwrap();
    region.pass(60);
    let wanted = Changes { multi_az: Some(true), backup_retention_days: Some(7), ..Changes::default() };
    region.modify("prod", wanted).unwrap();
    let pending = &region.plane.instance("prod").unwrap().pending;
    assert_eq!((pending.multi_az, pending.backup_retention_days), (Some(true), Some(7)));
    region.pass(60);
    let seen = region.plane.instance("prod").unwrap();
    assert_eq!(seen.pending, Changes::default());
    assert!(seen.settings.multi_az && seen.settings.backup_retention_days == 7);
    assert_eq!((region.automated().len(), region.status("prod").as_str()), (1, "available"));
}
