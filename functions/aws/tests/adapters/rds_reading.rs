//! Looking at instances, backups and events.

use chrono::{DateTime, Utc};
use drill::ids::{DbiResourceId, ReplicaId, SnapshotId, SourceId};
use drill::instance::{Endpoint, InstanceStatus};
use drill::ports::{RdsErrorKind, ReadBackups, ReadInstanceEvents, ReadInstances};
use restore_drill_aws::Rds;

use crate::replay::{Replay, replay};

pub(crate) const REPLICA: &str = "drill-prod-courses-prod-20261121030000-90e438ea";

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("it is RFC 3339").to_utc()
}

fn rds(answers: &[(u16, &str)]) -> (Replay, Rds) {
    let replay = replay(answers);
    let rds = Rds::new(&replay.configuration);
    (replay, rds)
}

fn source_resource() -> DbiResourceId {
    DbiResourceId::parse("db-PRODUCTION0000000000000001").expect("it is well formed")
}

#[tokio::test]
async fn an_available_instance_is_read_with_its_tags_and_endpoint() {
    let (replay, rds) = rds(&[(200, "rds/describe-instance-replica-available.xml")]);
    let instance = rds.instance(REPLICA).await.unwrap().unwrap();
    assert_eq!(instance.id, REPLICA);
    assert_eq!(instance.resource_id.as_str(), "db-REPLICA00000000000000000001");
    assert_eq!(instance.status, InstanceStatus::Available);
    assert_eq!(instance.tags["restore-drill:drill"], "courses-prod-20261121t030000z");
    assert_eq!(instance.tags.len(), 6);
    assert_eq!(
        instance.endpoint,
        Some(Endpoint { host: format!("{REPLICA}.c9akciq32rgh.eu-central-1.rds.amazonaws.com"), port: 5432 })
    );
    assert_eq!((instance.engine.as_str(), instance.engine_version.as_str()), ("postgres", "16.4"));
    assert_eq!(instance.created_at, Some(at("2026-11-21T03:04:05.678Z")));
    assert_eq!(instance.allocated_storage_gib, 100);
    assert!(!instance.deletion_protection);

    let form = replay.only().form();
    assert_eq!(form["Action"], "DescribeDBInstances");
    assert_eq!(form["DBInstanceIdentifier"], REPLICA);
}

#[tokio::test]
async fn an_instance_that_is_being_created_has_no_endpoint_and_no_time() {
    let (_, rds) = rds(&[(200, "rds/describe-instance-replica-creating.xml")]);
    let instance = rds.instance(REPLICA).await.unwrap().unwrap();
    assert_eq!(instance.status, InstanceStatus::Creating);
    assert_eq!((instance.endpoint, instance.created_at), (None, None));
}

#[tokio::test]
async fn half_an_endpoint_is_none() {
    let (_, rds) = rds(&[(200, "rds/describe-instance-half-endpoint.xml")]);
    assert_eq!(rds.instance(REPLICA).await.unwrap().unwrap().endpoint, None);
}

#[tokio::test]
async fn a_stopped_instance_says_when_aws_starts_it_again() {
    let (_, rds) = rds(&[(200, "rds/describe-instance-replica-stopped.xml")]);
    let instance = rds.instance(REPLICA).await.unwrap().unwrap();
    assert_eq!(instance.status, InstanceStatus::Stopped);
    assert_eq!(instance.automatic_restart_at, Some(at("2026-11-28T03:44:05Z")));
}

#[tokio::test]
async fn deletion_protection_and_empty_tags_are_read() {
    let (_, rds) = rds(&[(200, "rds/describe-instance-source.xml")]);
    let instance = rds.instance("courses-prod").await.unwrap().unwrap();
    assert!(instance.deletion_protection);
    assert_eq!(instance.tags["empty"], "");
}

#[tokio::test]
async fn an_unknown_status_keeps_its_text() {
    let (_, rds) = rds(&[(200, "rds/describe-instance-status-unknown.xml")]);
    let status = rds.instance(REPLICA).await.unwrap().unwrap().status;
    assert_eq!(status, InstanceStatus::Other("levitating".to_owned()));
}

#[tokio::test]
async fn an_instance_that_rds_does_not_know_is_none() {
    let (_, rds) = rds(&[(404, "rds/error-instance-not-found.xml")]);
    assert_eq!(rds.instance(REPLICA).await, Ok(None));
}

#[tokio::test]
async fn another_instance_than_the_one_asked_for_is_no_answer() {
    for file in ["rds/describe-instance-source.xml", "rds/describe-instances-none.xml"] {
        let (_, rds) = rds(&[(200, file)]);
        let error = rds.instance(REPLICA).await.unwrap_err();
        assert_eq!(error.kind, RdsErrorKind::Unavailable, "{file}");
    }
}

#[tokio::test]
async fn a_single_instance_without_its_identity_is_an_error_that_names_the_field() {
    let (_, rds) = rds(&[(200, "rds/describe-instance-without-resource-id.xml")]);
    let error = rds.instance(REPLICA).await.unwrap_err();
    assert_eq!(error.kind, RdsErrorKind::Unavailable);
    assert_eq!(error.message, format!("instance {REPLICA}: DbiResourceId is absent"));
}

#[tokio::test]
async fn all_pages_of_instances_are_read_and_the_unusable_one_is_left_out() {
    let (replay, rds) =
        rds(&[(200, "rds/describe-instances-page-1.xml"), (200, "rds/describe-instances-page-2.xml")]);
    let instances = rds.instances().await.unwrap();
    let ids: Vec<&str> = instances.iter().map(|i| i.id.as_str()).collect();
    assert_eq!(ids, ["courses-prod", REPLICA, "docs"]);
    let sent = replay.sent();
    assert_eq!(sent[0].form()["MaxRecords"], "100");
    assert!(!sent[0].form().contains_key("Marker"));
    assert_eq!(sent[1].form()["Marker"], "eyJwYWdlIjoyfQ==");
}

#[tokio::test]
async fn a_list_that_never_ends_is_an_error_after_a_hundred_pages() {
    let (replay, rds) = rds(&[(200, "rds/describe-instances-endless.xml"); 101]);
    let error = rds.instances().await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (RdsErrorKind::Rejected, "TooManyPages"));
    assert_eq!(replay.sent().len(), 100);
}

#[tokio::test]
async fn a_failed_second_page_fails_the_list() {
    let (_, rds) = rds(&[(200, "rds/describe-instances-page-1.xml"), (400, "rds/error-throttling.xml")]);
    assert_eq!(rds.instances().await.unwrap_err().kind, RdsErrorKind::Throttled);
}

#[tokio::test]
async fn automated_snapshots_are_asked_for_by_identity_and_all_pages_are_read() {
    let (replay, rds) =
        rds(&[(200, "rds/describe-snapshots-page-1.xml"), (200, "rds/describe-snapshots-page-2.xml")]);
    let snapshots = rds.automated_snapshots(&source_resource()).await.unwrap();
    let ids: Vec<&str> = snapshots.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(ids, ["rds:courses-prod-2026-11-21-02-03", "rds:courses-prod-2026-11-22-02-03"]);
    assert_eq!(snapshots[0].database_at, Some(at("2026-11-21T02:03:04Z")));
    assert_eq!(snapshots[0].created_at, Some(at("2026-11-21T02:03:30.120Z")));
    assert_eq!((snapshots[1].status.as_str(), snapshots[1].created_at), ("creating", None));
    assert_eq!(snapshots[1].data_at(), None);

    let form = replay.sent()[0].form();
    assert_eq!(form["Action"], "DescribeDBSnapshots");
    assert_eq!(form["DbiResourceId"], "db-PRODUCTION0000000000000001");
    assert_eq!(form["SnapshotType"], "automated");
    assert_eq!(replay.sent()[1].form()["Marker"], "cGFnZTI=");
}

#[tokio::test]
async fn a_manual_snapshot_is_found_by_its_name_without_a_type() {
    let (replay, rds) = rds(&[(200, "rds/describe-snapshot-manual.xml")]);
    let id = SnapshotId::parse("before-migration").unwrap();
    let snapshot = rds.snapshot(&id).await.unwrap().unwrap();
    assert_eq!(snapshot.snapshot_type, "manual");
    assert_eq!(snapshot.instance_id, "courses-prod");
    assert_eq!(snapshot.data_at(), Some(at("2026-11-21T02:03:30.120Z")));
    assert!(!replay.only().form().contains_key("SnapshotType"));
}

#[tokio::test]
async fn a_snapshot_of_aws_backup_is_asked_for_by_its_own_type() {
    let (replay, rds) = rds(&[(200, "rds/describe-snapshots-none.xml")]);
    let id = SnapshotId::parse("awsbackup:job-0a1b").unwrap();
    assert_eq!(rds.snapshot(&id).await, Ok(None));
    assert_eq!(replay.only().form()["SnapshotType"], "awsbackup");
}

#[tokio::test]
async fn a_shared_snapshot_keeps_the_arn_that_restoring_takes() {
    let (_, rds) = rds(&[(200, "rds/describe-snapshot-shared.xml")]);
    let id = SnapshotId::parse("arn:aws:rds:eu-central-1:210987654321:snapshot:before-migration").unwrap();
    assert_eq!(rds.snapshot(&id).await.unwrap().unwrap().id, id);
}

#[tokio::test]
async fn a_snapshot_that_rds_does_not_know_is_none() {
    let (_, rds) = rds(&[(404, "rds/error-snapshot-not-found.xml")]);
    let id = SnapshotId::parse("rds:courses-prod-2026-11-21-02-03").unwrap();
    assert_eq!(rds.snapshot(&id).await, Ok(None));
}

#[tokio::test]
async fn the_window_in_use_is_chosen_over_one_retained_of_a_former_instance() {
    let (replay, rds) = rds(&[(200, "rds/describe-automated-backups-active-and-retained.xml")]);
    let source = SourceId::parse("courses-prod").unwrap();
    let window = rds.restorable_window(&source).await.unwrap().unwrap();
    assert_eq!(window.resource_id, source_resource());
    assert_eq!(window.earliest_at, Some(at("2026-11-14T02:10:00Z")));
    assert_eq!(window.latest_at, Some(at("2026-11-21T02:55:00Z")));
    assert_eq!(replay.only().form()["DBInstanceIdentifier"], "courses-prod");
}

#[tokio::test]
async fn the_retained_window_is_chosen_while_the_new_instance_has_none() {
    let (_, rds) = rds(&[(200, "rds/describe-automated-backups-just-created.xml")]);
    let source = SourceId::parse("courses-prod").unwrap();
    let window = rds.restorable_window(&source).await.unwrap().unwrap();
    assert_eq!(window.resource_id.as_str(), "db-FORMER00000000000000000001");
}

#[tokio::test]
async fn a_source_without_automated_backups_has_no_window() {
    let none = (200, "rds/describe-automated-backups-none.xml");
    for answer in [none, (404, "rds/error-automated-backup-not-found.xml")] {
        let (_, rds) = rds(&[answer]);
        let source = SourceId::parse("courses-prod").unwrap();
        assert_eq!(rds.restorable_window(&source).await, Ok(None));
    }
}

#[tokio::test]
async fn events_come_oldest_first_and_only_those_since() {
    let (replay, rds) = rds(&[(200, "rds/describe-events.xml")]);
    let id = ReplicaId::parse(REPLICA).unwrap();
    let events = rds.events_since(&id, at("2026-11-21T03:00:00Z")).await.unwrap();
    let messages: Vec<&str> = events.iter().map(|(_, message)| message.as_str()).collect();
    assert_eq!(
        messages,
        ["Restored from snapshot rds:courses-prod-2026-11-21-02-03", "DB instance restarted"]
    );
    let form = replay.only().form();
    assert_eq!(form["SourceIdentifier"], REPLICA);
    assert_eq!(form["SourceType"], "db-instance");
    assert_eq!(form["Duration"], "20160");
}
