use super::super::finding::Status;
use super::*;
use crate::ids::SnapshotId;

fn facts() -> Facts {
    Facts {
        id: "courses-prod".to_owned(),
        arn: "arn:aws:rds:eu-central-1:123456789012:db:courses-prod".to_owned(),
        resource_id: DbiResourceId::parse("db-ABC").unwrap(),
        status: "available".to_owned(),
        engine: "postgres".to_owned(),
        engine_version: "17.4".to_owned(),
        cluster: None,
        replicates: None,
        instance_class: "db.r7g.large".to_owned(),
        storage_gib: 100,
        storage_type: Some("gp3".to_owned()),
        multi_az: true,
        is_public: false,
        deletion_protection: true,
        iam_authentication: false,
        kms_key: Some("arn:aws:kms:eu-central-1:123456789012:key/one".to_owned()),
        vpc: Some("vpc-1".to_owned()),
        subnets: [("subnet-1", "a"), ("subnet-2", "b")].map(|(s, z)| (s.to_owned(), z.to_owned())).into(),
        backup_window: Some("02:00-02:30".to_owned()),
        retention_days: 7,
        port: Some(5432),
        database: Some("courses".to_owned()),
    }
}

fn quotas(instances: u64, storage_gib: u64) -> Looked<Quotas> {
    let quota = |left| Some(Quota { used: 10, max: 10 + left });
    Looked::Found(Quotas { instances: quota(instances), storage_gib: quota(storage_gib) })
}

fn now() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn snapshot() -> Snapshot {
    Snapshot {
        id: SnapshotId::parse("rds:courses-prod-2026-11-21-02-03").unwrap(),
        resource_id: DbiResourceId::parse("db-ABC").unwrap(),
        instance_id: "courses-prod".to_owned(),
        snapshot_type: "automated".to_owned(),
        status: "available".to_owned(),
        created_at: Some("2026-11-21T02:03:00Z".parse().unwrap()),
        database_at: None,
        engine: "postgres".to_owned(),
        engine_version: "17.4".to_owned(),
        storage_type: None,
        allocated_storage_gib: 100,
    }
}

fn judged(facts: &Facts) -> Vec<Finding> {
    let key = Looked::Found(KeyManager::Customer);
    judge(facts, &Looked::Found(vec![snapshot()]), &key, &quotas(30, 9_000), &BackupPolicy::default(), now())
}

/// The one finding that isn't ok, by subject and status.
fn only(findings: &[Finding]) -> (&str, Status) {
    let bad: Vec<&Finding> = findings.iter().filter(|f| f.status != Status::Ok).collect();
    assert_eq!(bad.len(), 1, "{bad:?}");
    assert!(bad[0].fix.is_some());
    (&bad[0].subject, bad[0].status)
}

#[test]
fn a_source_as_it_should_be_has_nothing_but_ok() {
    assert!(judged(&facts()).iter().all(|finding| finding.status == Status::Ok), "{:?}", judged(&facts()));
}

#[test]
fn each_trap_is_found_alone_and_has_a_fix() {
    let trap = |change: fn(&mut Facts)| {
        let mut facts = facts();
        change(&mut facts);
        let findings = judged(&facts);
        let (subject, status) = only(&findings);
        (subject.to_owned(), status)
    };
    let expected = |subject: &str, status| (subject.to_owned(), status);
    assert_eq!(trap(|f| f.retention_days = 0), expected("backups", Status::Problem));
    assert_eq!(trap(|f| f.retention_days = 1), expected("backups", Status::Warning));
    assert_eq!(trap(|f| f.replicates = Some("other".to_owned())), expected("backups", Status::Warning));
    assert_eq!(trap(|f| f.deletion_protection = false), expected("deletion protection", Status::Warning));
    assert_eq!(trap(|f| f.kms_key = None), expected("encryption", Status::Warning));
    assert_eq!(trap(|f| f.is_public = true), expected("address", Status::Warning));
    assert_eq!(trap(|f| f.subnets.truncate(1)), expected("subnets", Status::Problem));
    assert_eq!(trap(|f| f.vpc = None), expected("subnets", Status::Problem));
    assert_eq!(trap(|f| f.engine_version = "13.20".to_owned()), expected("engine", Status::Problem));
    assert_eq!(trap(|f| f.status = "modifying".to_owned()), expected("engine", Status::Warning));
    assert_eq!(trap(|f| f.storage_type = Some("io2".to_owned())), expected("storage", Status::Warning));
    assert_eq!(trap(|f| f.storage_gib = 6_000), expected("quotas", Status::Problem));
}

#[test]
fn aws_s_own_key_is_a_trap_and_a_key_that_nobody_may_see_is_unknown() {
    let with = |key: Looked<KeyManager>| encryption(&facts(), &key).status;
    assert_eq!(with(Looked::Found(KeyManager::Aws)), Status::Warning);
    assert_eq!(with(Looked::Denied { right: "kms:DescribeKey".to_owned() }), Status::Unknown);
    assert_eq!(with(Looked::Absent), Status::Problem);
}

#[test]
fn one_instance_left_is_too_few_beside_the_standby() {
    assert_eq!(quota(&facts(), &quotas(1, 9_000)).status, Status::Problem);
    assert_eq!(quota(&facts(), &quotas(2, 200)).status, Status::Ok);
    assert_eq!(quota(&facts(), &quotas(2, 199)).status, Status::Problem);
}

#[test]
fn no_backup_and_an_old_one_are_problems() {
    let newest = |snapshots: Vec<Snapshot>, now: &str| {
        let snapshots = Looked::Found(snapshots);
        newest_backup(&facts(), &snapshots, &BackupPolicy::default(), now.parse().unwrap()).status
    };
    assert_eq!(newest(vec![snapshot()], "2026-11-21T12:00:00Z"), Status::Ok);
    assert_eq!(newest(vec![snapshot()], "2026-11-22T12:00:00Z"), Status::Problem);
    assert_eq!(newest(vec![], "2026-11-21T12:00:00Z"), Status::Problem);
}

#[test]
fn what_no_drill_can_restore_is_refused() {
    let refused = |change: fn(&mut Facts)| {
        let mut facts = facts();
        change(&mut facts);
        refuse(&facts).unwrap_err().to_string()
    };
    assert!(refused(|f| f.engine = "aurora-postgresql".to_owned()).contains("Aurora"));
    assert!(refused(|f| f.engine = "mysql".to_owned()).contains("mysql"));
    assert!(refused(|f| f.cluster = Some("three".to_owned())).contains("cluster three"));
    assert!(refused(|f| f.id = "drill-main-x".to_owned()).contains("replica"));
    assert_eq!(refuse(&facts()), Ok(()));
}

#[test]
fn a_missing_source_is_told_with_the_names_that_there_are() {
    let others =
        [("shop", "postgres"), ("old", "mysql"), ("drill-main-shop", "postgres"), ("blog", "postgres")]
            .map(|(name, engine)| (name.to_owned(), engine.to_owned()));
    let told = missing(&SourceId::parse("courses").unwrap(), &others);
    assert!(told.ends_with("there are: blog, shop"), "{told}");
    assert!(missing(&SourceId::parse("courses").unwrap(), &[]).contains("--region"));
}

#[test]
fn the_hour_is_judged_with_its_way_out() {
    let berlin = Zone { name: "Europe/Berlin".to_owned(), offsets_min: vec![60, 120] };
    let finding = judge_hour(TimeOfDay::parse("03:00").unwrap(), &berlin, Some("01:30-02:00"));
    assert_eq!(finding.status, Status::Problem, "{finding:?}");
    assert!(finding.fix.unwrap().contains("05:00"));
    let finding = judge_hour(TimeOfDay::parse("05:00").unwrap(), &berlin, Some("01:30-02:00"));
    assert_eq!(finding.status, Status::Ok, "{finding:?}");
    assert!(judge_hour(TimeOfDay::parse("05:00").unwrap(), &berlin, None).status == Status::Unknown);
}
