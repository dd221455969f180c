"""The RDS double answers like RDS and has real databases behind it."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import boto3
import psycopg
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from suites import rds_double_client

_BIN, _WHY = rds_double_client.postgres_bin()
pytestmark = [
    pytest.mark.skipif(_BIN is None, reason=_WHY),
    pytest.mark.skipif(
        not rds_double_client.double_program().exists(),
        reason="SKIPPED: no rds-double; cargo build --package rds-double",
    ),
]
_ROWS = 1000
_PROD_TAGS = [{"Key": "team", "Value": "courses"}]


@pytest.fixture(scope="module", name="double")
def _double() -> Iterator[rds_double_client.Double]:
    """A double with an instance `prod` that has rows and backups."""
    double = rds_double_client.Double()
    try:
        double.create("prod", BackupRetentionPeriod=7, Tags=_PROD_TAGS)
        double.sql(
            "prod",
            "CREATE TABLE answers (id int PRIMARY KEY, body text)",
            f"INSERT INTO answers SELECT n, md5(n::text) FROM generate_series(1, {_ROWS}) n",  # noqa: S608
            "GRANT SELECT ON answers TO master",
        )
        yield double
    finally:
        double.close()


@pytest.fixture(autouse=True)
def _no_faults_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "double" in request.fixturenames:
        request.getfixturevalue("double").control("DELETE", "faults")


@pytest.fixture(scope="module", name="backup")
def _backup(double: rds_double_client.Double) -> str:
    """An automated backup of `prod` with its rows in it."""
    taken = double.control("POST", "instances/prod/backup", {})
    assert taken["status"] == "available"
    return taken["snapshot"]


@pytest.fixture(name="replica")
def _replica(double: rds_double_client.Double, backup: str) -> Iterator[str]:
    """An instance restored from the backup; deleted afterwards."""
    double.restore("replica", backup)
    yield "replica"
    double.remove("replica")


def _code(call: object, **arguments: object) -> str:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return refused.value.response["Error"]["Code"]


# The account


def the_account_tells_its_quotas(double: rds_double_client.Double) -> None:
    def quota(name: str) -> tuple[int, int]:
        told = double.rds.describe_account_attributes()["AccountQuotas"]
        found = next(one for one in told if one["AccountQuotaName"] == name)
        return found["Used"], found["Max"]

    there = len(double.rds.describe_db_instances()["DBInstances"])
    assert quota("DBInstances") == (there, 40)
    assert quota("AllocatedStorage") == (20 * there, 100_000)
    assert quota("ManualSnapshots")[1] == 100


def groups_are_told_by_their_names(double: rds_double_client.Double) -> None:
    name = "restore-drill-main-postgres17"
    (group,) = double.rds.describe_db_parameter_groups(DBParameterGroupName=name)[
        "DBParameterGroups"
    ]
    assert group["DBParameterGroupFamily"] == "postgres17"
    call = double.rds.describe_db_parameter_groups
    assert _code(call, DBParameterGroupName="production") == "DBParameterGroupNotFound"
    (subnets,) = double.rds.describe_db_subnet_groups(DBSubnetGroupName="any")["DBSubnetGroups"]
    (prod,) = double.rds.describe_db_instances(DBInstanceIdentifier="prod")["DBInstances"]
    assert subnets["VpcId"] == prod["DBSubnetGroup"]["VpcId"]
    zones = {s["SubnetAvailabilityZone"]["Name"] for s in subnets["Subnets"]}
    assert len(zones) == 2


# Creating, restoring, running


def a_new_instance_goes_through_its_statuses(double: rds_double_client.Double) -> None:
    seen = []
    double.rds.create_db_instance(
        DBInstanceIdentifier="New-One",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        MasterUsername="master",
        MasterUserPassword=rds_double_client.PASSWORD,
        BackupRetentionPeriod=1,
    )
    assert "Endpoint" not in double.instance("new-one")
    deadline = time.monotonic() + rds_double_client.WAIT_MAX_S
    while "available" not in seen and time.monotonic() < deadline:
        status = double.instance("new-one")["DBInstanceStatus"]
        if status not in seen:
            seen.append(status)
    # `backing-up` may pass between two looks.
    assert [each for each in seen if each != "backing-up"] == ["creating", "available"]
    made = double.instance("new-one")
    assert made["Endpoint"]["Address"] == "localhost"
    assert re.fullmatch(r"db-[A-Z0-9]{26}", made["DbiResourceId"])
    assert made["DBInstanceArn"] == "arn:aws:rds:us-east-1:000000000000:db:new-one"
    double.remove("new-one")


def a_restored_database_has_the_rows_and_the_master_password(
    double: rds_double_client.Double, replica: str
) -> None:
    assert double.query(replica, "SELECT count(*) FROM answers") == _ROWS
    assert double.query(replica, "SHOW data_checksums") == "on"


def a_restore_is_another_database(double: rds_double_client.Double, replica: str) -> None:
    double.sql(replica, "DELETE FROM answers")
    assert double.query("prod", "SELECT count(*) FROM answers") == _ROWS


def a_connection_without_tls_is_refused(double: rds_double_client.Double) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"no encryption|pg_hba"):
        double.connect("prod", sslmode="disable")


def a_wrong_password_is_refused(double: rds_double_client.Double) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        double.connect("prod", password="wrong-password")  # noqa: S106


def a_stopped_instance_keeps_its_data(double: rds_double_client.Double, replica: str) -> None:
    double.rds.stop_db_instance(DBInstanceIdentifier=replica)
    stopped = double.wait(replica, "stopped")
    in_a_week = datetime.now(timezone.utc) + timedelta(days=7)
    assert abs(stopped["AutomaticRestartTime"] - in_a_week) < timedelta(minutes=5)
    with pytest.raises(psycopg.OperationalError):
        double.connect(replica)
    double.rds.start_db_instance(DBInstanceIdentifier=replica)
    started = double.wait(replica)
    assert "AutomaticRestartTime" not in started
    assert started["Endpoint"] == stopped["Endpoint"]
    assert double.query(replica, "SELECT count(*) FROM answers") == _ROWS


def an_automatic_restart_starts_the_server(double: rds_double_client.Double, replica: str) -> None:
    double.rds.stop_db_instance(DBInstanceIdentifier=replica)
    double.wait(replica, "stopped")
    double.control("POST", f"instances/{replica}/auto-restart")
    double.wait(replica)
    events = double.rds.describe_events(SourceIdentifier=replica, SourceType="db-instance")[
        "Events"
    ]
    assert any("exceeding the maximum allowed time" in each["Message"] for each in events)


def a_deleted_instance_leaves_nothing(double: rds_double_client.Double, backup: str) -> None:
    resource = double.restore("short-lived", backup)["DbiResourceId"]
    port = double.instance("short-lived")["Endpoint"]["Port"]
    # The answer, as on a busy machine it may be gone before another look.
    answer = double.rds.delete_db_instance(
        DBInstanceIdentifier="short-lived", SkipFinalSnapshot=True
    )
    assert answer["DBInstance"]["DBInstanceStatus"] == "deleting"
    double.wait_gone("short-lived")
    assert not Path(double.state.name, "instances", resource).exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host="localhost", port=port, user="master", dbname="app")


def a_rename_keeps_the_data(double: rds_double_client.Double, replica: str) -> None:
    before = double.instance(replica)
    double.rds.modify_db_instance(
        DBInstanceIdentifier=replica, NewDBInstanceIdentifier="Promoted", ApplyImmediately=True
    )
    deadline = time.monotonic() + rds_double_client.WAIT_MAX_S
    while "promoted" not in double.names():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert double.instance("promoted")["DbiResourceId"] == before["DbiResourceId"]
    assert replica not in double.names()
    assert double.query("promoted", "SELECT count(*) FROM answers") == _ROWS
    double.remove("promoted")


# Snapshots


def a_manual_snapshot_outlives_its_instance(double: rds_double_client.Double) -> None:
    double.create("mortal", BackupRetentionPeriod=1, CopyTagsToSnapshot=True, Tags=_PROD_TAGS)
    double.sql(
        "mortal", "CREATE TABLE last_words AS SELECT 42 AS n; GRANT SELECT ON last_words TO master"
    )
    double.rds.create_db_snapshot(DBInstanceIdentifier="mortal", DBSnapshotIdentifier="kept")
    taken = double.wait_snapshot("kept")
    assert taken["SnapshotType"] == "manual"
    assert taken["TagList"] == _PROD_TAGS
    double.wait("mortal")
    double.rds.delete_db_instance(DBInstanceIdentifier="mortal", FinalDBSnapshotIdentifier="final")
    double.wait_gone("mortal")
    snapshots = double.rds.describe_db_snapshots(DBInstanceIdentifier="mortal")["DBSnapshots"]
    assert {each["DBSnapshotIdentifier"] for each in snapshots} == {"kept", "final"}
    for name in ("kept", "final"):
        double.restore("reborn", name)
        assert double.query("reborn", "SELECT n FROM last_words") == 42
        double.remove("reborn")
        double.rds.delete_db_snapshot(DBSnapshotIdentifier=name)


def automated_backups_go_with_their_instance(double: rds_double_client.Double) -> None:
    double.create("doomed", BackupRetentionPeriod=1)
    double.rds.delete_db_instance(DBInstanceIdentifier="doomed", SkipFinalSnapshot=True)
    found = double.rds.describe_db_snapshots(DBInstanceIdentifier="doomed")["DBSnapshots"]
    assert found == []
    double.wait_gone("doomed")


def a_copy_of_an_automated_backup_is_manual(double: rds_double_client.Double, backup: str) -> None:
    double.rds.copy_db_snapshot(
        SourceDBSnapshotIdentifier=backup, TargetDBSnapshotIdentifier="copied", Tags=_PROD_TAGS
    )
    copied = double.wait_snapshot("copied")
    assert copied["SnapshotType"] == "manual"
    assert copied["SourceDBSnapshotIdentifier"].endswith(f":snapshot:{backup}")
    double.restore("from-copy", "copied")
    assert double.query("from-copy", "SELECT count(*) FROM answers") == _ROWS
    double.remove("from-copy")
    assert (
        double.rds.delete_db_snapshot(DBSnapshotIdentifier="copied")["DBSnapshot"]["Status"]
        == "deleted"
    )


def the_age_of_a_backup_is_as_asked(double: rds_double_client.Double) -> None:
    taken = double.control("POST", "instances/prod/backup", {"snapshot_database_age_s": 172_800})
    found = double.wait_snapshot(taken["snapshot"])
    age = datetime.now(timezone.utc) - found["SnapshotDatabaseTime"]
    assert abs(age - timedelta(days=2)) < timedelta(minutes=5)


def an_unfinished_backup_stays_so_and_is_not_restored(double: rds_double_client.Double) -> None:
    taken = double.control("POST", "instances/prod/backup", {"status": "creating"})
    found = double.rds.describe_db_snapshots(DBSnapshotIdentifier=taken["snapshot"])["DBSnapshots"][
        0
    ]
    assert (found["Status"], found["PercentProgress"]) == ("creating", 0)
    assert "SnapshotCreateTime" not in found
    call = double.rds.restore_db_instance_from_db_snapshot
    code = _code(call, DBInstanceIdentifier="never", DBSnapshotIdentifier=taken["snapshot"])
    assert code == "InvalidDBSnapshotState"


def snapshots_are_asked_for_by_type_and_filter(
    double: rds_double_client.Double, backup: str
) -> None:
    def found(**query: object) -> set[str]:
        pages = double.rds.get_paginator("describe_db_snapshots").paginate(**query)
        return {each["DBSnapshotIdentifier"] for page in pages for each in page["DBSnapshots"]}

    double.rds.copy_db_snapshot(
        SourceDBSnapshotIdentifier=backup, TargetDBSnapshotIdentifier="by-hand"
    )
    double.wait_snapshot("by-hand")
    resource = double.instance("prod")["DbiResourceId"]
    automated = found(DBInstanceIdentifier="prod", SnapshotType="automated")
    assert backup in automated
    assert "by-hand" not in automated
    assert found(SnapshotType="manual") == {"by-hand"}
    assert found(DBInstanceIdentifier="prod") == automated | {"by-hand"}
    assert found(DbiResourceId=resource) == automated | {"by-hand"}
    assert found(SnapshotType="awsbackup") == set()
    manual = [{"Name": "snapshot-type", "Values": ["manual"]}]
    assert found(Filters=manual) == {"by-hand"}
    of_prod = [
        {"Name": "db-instance-id", "Values": ["prod"]},
        {"Name": "engine", "Values": ["postgres"]},
    ]
    assert found(Filters=of_prod) == automated | {"by-hand"}
    assert found(DBInstanceIdentifier="somebody-else") == set()
    double.rds.delete_db_snapshot(DBSnapshotIdentifier="by-hand")


def pages_hold_every_backup_once(double: rds_double_client.Double) -> None:
    double.create("many", BackupRetentionPeriod=1)
    for _ in range(24):
        double.control("POST", "instances/many/backup", {"status": "creating"})
    pages = double.rds.get_paginator("describe_db_snapshots").paginate(
        DBInstanceIdentifier="many", PaginationConfig={"PageSize": 20}
    )
    sizes, names = [], []
    for page in pages:
        sizes.append(len(page["DBSnapshots"]))
        names += [each["DBSnapshotIdentifier"] for each in page["DBSnapshots"]]
    assert sizes == [20, 5]
    assert len(set(names)) == 25
    assert double.control("DELETE", "instances/many/backups") == {"removed": 25}
    double.remove("many")


# Points in time


def a_point_in_time_is_before_what_came_after(double: rds_double_client.Double) -> None:
    double.create("changing", BackupRetentionPeriod=1)
    double.sql("changing", "CREATE TABLE steps AS SELECT 1 AS n; GRANT SELECT ON steps TO master")
    time.sleep(0.1)
    moment = datetime.now(timezone.utc)
    time.sleep(0.1)
    double.sql("changing", "INSERT INTO steps VALUES (2)")
    double.rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier="changing", TargetDBInstanceIdentifier="then", RestoreTime=moment
    )
    double.rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier="changing",
        TargetDBInstanceIdentifier="latest",
        UseLatestRestorableTime=True,
        BackupRetentionPeriod=0,
    )
    double.wait("then")
    double.wait("latest")
    assert double.query("then", "SELECT count(*) FROM steps") == 1
    assert double.query("latest", "SELECT count(*) FROM steps") == 2
    assert double.instance("then")["BackupRetentionPeriod"] == 1
    for name in ("then", "latest", "changing"):
        double.remove(name)


def retained_backups_bring_a_deleted_instance_back(double: rds_double_client.Double) -> None:
    double.create("gone", BackupRetentionPeriod=1)
    double.sql(
        "gone", "CREATE TABLE left_behind AS SELECT 7 AS n; GRANT SELECT ON left_behind TO master"
    )
    resource = double.instance("gone")["DbiResourceId"]
    double.rds.delete_db_instance(
        DBInstanceIdentifier="gone", SkipFinalSnapshot=True, DeleteAutomatedBackups=False
    )
    double.wait_gone("gone")
    found = double.rds.describe_db_instance_automated_backups(DbiResourceId=resource)
    (kept,) = found["DBInstanceAutomatedBackups"]
    assert kept["Status"] == "retained"
    double.rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceAutomatedBackupsArn=kept["DBInstanceAutomatedBackupsArn"],
        TargetDBInstanceIdentifier="back",
        UseLatestRestorableTime=True,
        BackupRetentionPeriod=0,
    )
    double.wait("back")
    assert double.query("back", "SELECT n FROM left_behind") == 7
    double.remove("back")


# Settings, tags, events


def a_restore_takes_over_what_rds_takes_over(double: rds_double_client.Double, backup: str) -> None:
    made = double.restore("heir", backup, BackupRetentionPeriod=7)
    assert made["TagList"] == _PROD_TAGS
    assert made["DeletionProtection"] is False
    assert made["IAMDatabaseAuthenticationEnabled"] is False
    assert made["StorageType"] == "gp3"
    assert made["DBParameterGroups"][0]["DBParameterGroupName"].startswith("default.postgres")
    double.remove("heir")


def a_restore_is_configured_as_asked(double: rds_double_client.Double, backup: str) -> None:
    tags = [{"Key": "restore-drill:drill", "Value": "1"}]
    made = double.restore(
        "asked",
        backup,
        DBInstanceClass="db.m7g.large",
        PubliclyAccessible=False,
        MultiAZ=False,
        DBSubnetGroupName="isolated",
        VpcSecurityGroupIds=["sg-a", "sg-b"],
        DBParameterGroupName="quiet",
        EnableIAMDatabaseAuthentication=True,
        DeletionProtection=True,
        CopyTagsToSnapshot=False,
        EngineLifecycleSupport="open-source-rds-extended-support-disabled",
        Tags=tags,
    )
    assert made["DBInstanceClass"] == "db.m7g.large"
    assert made["PubliclyAccessible"] is False
    assert made["DBSubnetGroup"]["DBSubnetGroupName"] == "isolated"
    groups = [each["VpcSecurityGroupId"] for each in made["VpcSecurityGroups"]]
    assert groups == ["sg-a", "sg-b"]
    assert made["DBParameterGroups"][0]["DBParameterGroupName"] == "quiet"
    assert made["IAMDatabaseAuthenticationEnabled"] is True
    assert made["EngineLifecycleSupport"] == "open-source-rds-extended-support-disabled"
    assert made["TagList"] == tags
    delete = double.rds.delete_db_instance
    code = _code(delete, DBInstanceIdentifier="asked", SkipFinalSnapshot=True)
    assert code == "InvalidParameterCombination"
    double.rds.modify_db_instance(DBInstanceIdentifier="asked", DeletionProtection=False)
    double.wait("asked")
    double.remove("asked")


def what_waits_for_the_maintenance_window_is_pending(
    double: rds_double_client.Double, replica: str
) -> None:
    double.rds.modify_db_instance(
        DBInstanceIdentifier=replica, MultiAZ=True, CopyTagsToSnapshot=True
    )
    modified = double.wait(replica)
    assert modified["MultiAZ"] is False
    assert modified["PendingModifiedValues"]["MultiAZ"] is True
    assert modified["CopyTagsToSnapshot"] is True


def a_new_master_password_is_in_force(double: rds_double_client.Double, replica: str) -> None:
    double.rds.modify_db_instance(
        DBInstanceIdentifier=replica,
        MasterUserPassword="another-good-one",
        ApplyImmediately=True,
    )
    double.wait(replica)
    assert double.query(replica, "SELECT 1", password="another-good-one") == 1  # noqa: S106
    calls = double.control("GET", "calls")["calls"]
    passwords = {each["parameters"].get("MasterUserPassword") for each in calls}
    assert passwords <= {None, "redacted"}


def tags_are_put_on_taken_off_and_listed(double: rds_double_client.Double, replica: str) -> None:
    arn = double.instance(replica)["DBInstanceArn"]
    double.rds.add_tags_to_resource(
        ResourceName=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]
    )
    double.rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "a", "Value": "2"}])
    double.rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["b", "never-there"])
    listed = double.rds.list_tags_for_resource(ResourceName=arn)["TagList"]
    assert {"Key": "a", "Value": "2"} in listed
    assert "b" not in {each["Key"] for each in listed}
    assert double.instance(replica)["TagList"] == listed


def events_tell_what_happened(double: rds_double_client.Double, replica: str) -> None:
    double.rds.stop_db_instance(DBInstanceIdentifier=replica)
    double.wait(replica, "stopped")
    events = double.rds.describe_events(SourceIdentifier=replica, SourceType="db-instance")[
        "Events"
    ]
    messages = [each["Message"] for each in events]
    assert messages[-1] == "DB instance stopped"
    assert any(each.startswith("Restored from snapshot rds:prod-") for each in messages)


# Refusals


@pytest.mark.parametrize(
    ("operation", "arguments", "code"),
    [
        ("describe_db_instances", {"DBInstanceIdentifier": "nobody"}, "DBInstanceNotFound"),
        ("describe_db_instances", {"MaxRecords": 5}, "InvalidParameterValue"),
        ("describe_db_instances", {"Marker": "nonsense"}, "InvalidParameterValue"),
        (
            "describe_db_instances",
            {"Filters": [{"Name": "colour", "Values": ["red"]}]},
            "InvalidParameterValue",
        ),
        ("describe_db_snapshots", {"DBSnapshotIdentifier": "nothing"}, "DBSnapshotNotFound"),
        ("describe_db_snapshots", {"SnapshotType": "imaginary"}, "InvalidParameterValue"),
        (
            "describe_db_instance_automated_backups",
            {"DbiResourceId": "db-X"},
            "DBInstanceAutomatedBackupNotFound",
        ),
        ("describe_events", {"SourceIdentifier": "prod"}, "InvalidParameterCombination"),
        (
            "create_db_snapshot",
            {"DBInstanceIdentifier": "nobody", "DBSnapshotIdentifier": "s"},
            "DBInstanceNotFound",
        ),
        (
            "create_db_snapshot",
            {"DBInstanceIdentifier": "prod", "DBSnapshotIdentifier": "a--b"},
            "InvalidParameterValue",
        ),
        ("delete_db_snapshot", {"DBSnapshotIdentifier": "nothing"}, "DBSnapshotNotFound"),
        ("start_db_instance", {"DBInstanceIdentifier": "prod"}, "InvalidDBInstanceState"),
        ("stop_db_instance", {"DBInstanceIdentifier": "nobody"}, "DBInstanceNotFound"),
        (
            "modify_db_instance",
            {"DBInstanceIdentifier": "prod", "BackupRetentionPeriod": 36},
            "InvalidParameterValue",
        ),
        (
            "modify_db_instance",
            {"DBInstanceIdentifier": "prod", "EngineVersion": "9.6"},
            "InvalidParameterCombination",
        ),
        (
            "modify_db_instance",
            {"DBInstanceIdentifier": "prod", "NewDBInstanceIdentifier": "prod"},
            "DBInstanceAlreadyExists",
        ),
        (
            "delete_db_instance",
            {"DBInstanceIdentifier": "nobody", "SkipFinalSnapshot": True},
            "DBInstanceNotFound",
        ),
        ("delete_db_instance", {"DBInstanceIdentifier": "prod"}, "InvalidParameterCombination"),
        (
            "delete_db_instance",
            {
                "DBInstanceIdentifier": "prod",
                "SkipFinalSnapshot": True,
                "FinalDBSnapshotIdentifier": "f",
            },
            "InvalidParameterCombination",
        ),
        (
            "list_tags_for_resource",
            {"ResourceName": "arn:aws:rds:us-east-1:0:db:nobody"},
            "DBInstanceNotFound",
        ),
        ("list_tags_for_resource", {"ResourceName": "prod"}, "InvalidParameterValue"),
        (
            "restore_db_instance_from_db_snapshot",
            {"DBInstanceIdentifier": "x", "DBSnapshotIdentifier": "nothing"},
            "DBSnapshotNotFound",
        ),
        (
            "restore_db_instance_to_point_in_time",
            {"SourceDBInstanceIdentifier": "prod", "TargetDBInstanceIdentifier": "x"},
            "InvalidParameterCombination",
        ),
        (
            "restore_db_instance_to_point_in_time",
            {
                "SourceDBInstanceIdentifier": "prod",
                "TargetDBInstanceIdentifier": "x",
                "RestoreTime": "2001-01-01",
            },
            "InvalidParameterValue",
        ),
        (
            "restore_db_instance_to_point_in_time",
            {
                "SourceDBInstanceIdentifier": "prod",
                "TargetDBInstanceIdentifier": "x",
                "RestoreTime": "2999-01-01",
            },
            "InvalidParameterValue",
        ),
    ],
)
def what_rds_refuses_is_refused(
    double: rds_double_client.Double, operation: str, arguments: dict, code: str
) -> None:
    assert _code(getattr(double.rds, operation), **arguments) == code


@pytest.mark.parametrize("name", ["1st", "-a", "a-", "a--b", "a_b", "a" * 64, "é"])
def a_malformed_identifier_is_refused(
    double: rds_double_client.Double, backup: str, name: str
) -> None:
    call = double.rds.restore_db_instance_from_db_snapshot
    code = _code(call, DBInstanceIdentifier=name, DBSnapshotIdentifier=backup)
    assert code == "InvalidParameterValue"


def a_name_in_use_is_refused_whatever_its_case(
    double: rds_double_client.Double, backup: str
) -> None:
    call = double.rds.restore_db_instance_from_db_snapshot
    code = _code(call, DBInstanceIdentifier="PROD", DBSnapshotIdentifier=backup)
    assert code == "DBInstanceAlreadyExists"


def a_stopped_instance_is_not_modified_stopped_or_backed_up(
    double: rds_double_client.Double, replica: str
) -> None:
    double.rds.stop_db_instance(DBInstanceIdentifier=replica)
    double.wait(replica, "stopped")
    named = {"DBInstanceIdentifier": replica}
    state = "InvalidDBInstanceState"
    assert _code(double.rds.modify_db_instance, **named, DeletionProtection=True) == state
    assert _code(double.rds.stop_db_instance, **named) == state
    assert _code(double.rds.create_db_snapshot, **named, DBSnapshotIdentifier="s") == state


@pytest.mark.parametrize("busy", ["creating", "backing-up", "modifying", "stopping", "deleting"])
def a_busy_instance_is_neither_stopped_nor_deleted(
    double: rds_double_client.Double, replica: str, busy: str
) -> None:
    double.control("POST", f"instances/{replica}/status", {"status": busy})
    named = {"DBInstanceIdentifier": replica}
    assert _code(double.rds.stop_db_instance, **named) == "InvalidDBInstanceState"
    deleting = _code(double.rds.delete_db_instance, **named, SkipFinalSnapshot=True)
    assert deleting == "InvalidDBInstanceState"
    double.control("POST", f"instances/{replica}/status", {"status": "available"})


def a_failed_instance_is_deleted_only_without_a_final_snapshot(
    double: rds_double_client.Double, replica: str
) -> None:
    double.control("POST", f"instances/{replica}/status", {"status": "incompatible-network"})
    code = _code(
        double.rds.delete_db_instance, DBInstanceIdentifier=replica, FinalDBSnapshotIdentifier="f"
    )
    assert code == "InvalidDBInstanceState"


def an_automated_backup_is_not_deleted_by_hand(
    double: rds_double_client.Double, backup: str
) -> None:
    code = _code(double.rds.delete_db_snapshot, DBSnapshotIdentifier=backup)
    assert code == "InvalidDBSnapshotState"


def a_point_in_time_needs_backups(double: rds_double_client.Double, replica: str) -> None:
    call = double.rds.restore_db_instance_to_point_in_time
    source = {"SourceDBInstanceIdentifier": replica, "TargetDBInstanceIdentifier": "x"}
    assert _code(call, **source, UseLatestRestorableTime=True) == "PointInTimeRestoreNotEnabled"


def quotas_are_kept() -> None:
    limits = ("--instance-quota", "2", "--snapshot-quota", "1", "--storage-quota-gib", "50")
    double = rds_double_client.Double(*limits)
    try:
        double.create("one")
        two = {"DBInstanceIdentifier": "two", "DBSnapshotIdentifier": "first"}
        double.rds.create_db_snapshot(DBInstanceIdentifier="one", DBSnapshotIdentifier="first")
        double.wait("one")
        restore = double.rds.restore_db_instance_from_db_snapshot
        assert _code(restore, **two, AllocatedStorage=31) == "StorageQuotaExceeded"
        restore(**two)
        three = {**two, "DBInstanceIdentifier": "three"}
        assert _code(restore, **three) == "InstanceQuotaExceeded"
        second = {"DBInstanceIdentifier": "one", "DBSnapshotIdentifier": "second"}
        assert _code(double.rds.create_db_snapshot, **second) == "SnapshotQuotaExceeded"
    finally:
        double.close()


# Faults


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("InsufficientDBInstanceCapacity", 400),
        ("KMSKeyNotAccessibleFault", 400),
        ("StorageQuotaExceeded", 400),
        ("InstanceQuotaExceeded", 400),
        ("DBParameterGroupNotFound", 404),
        ("DBSubnetGroupNotFoundFault", 404),
        ("AccessDenied", 403),
        ("InternalFailure", 500),
    ],
)
def an_injected_error_is_the_answer_and_nothing_happens(
    double: rds_double_client.Double, backup: str, code: str, status: int
) -> None:
    fault = {"kind": "error", "code": code, "status": status, "message": "injected"}
    double.fault("RestoreDBInstanceFromDBSnapshot", fault)
    call = double.rds.restore_db_instance_from_db_snapshot
    assert _code(call, DBInstanceIdentifier="never", DBSnapshotIdentifier=backup) == code
    assert "never" not in double.names()


def throttling_is_retried_by_its_code(double: rds_double_client.Double) -> None:
    double.fault("DescribeDBInstances", {"kind": "throttle"}, times=2)
    assert [_code(double.rds.describe_db_instances) for _ in range(2)] == ["Throttling"] * 2
    assert "prod" in double.names()


def a_lost_answer_still_took_effect(double: rds_double_client.Double, backup: str) -> None:
    double.fault("RestoreDBInstanceFromDBSnapshot", {"kind": "lost_answer"}, instance="drill-*")
    with pytest.raises(ConnectionClosedError):
        double.rds.restore_db_instance_from_db_snapshot(
            DBInstanceIdentifier="drill-lost", DBSnapshotIdentifier=backup, BackupRetentionPeriod=0
        )
    double.wait("drill-lost")
    last = [
        each
        for each in double.control("GET", "calls")["calls"]
        if each["action"] == "RestoreDBInstanceFromDBSnapshot"
    ][-1]
    assert (last["outcome"], last["effect"], last["fault"]) == ("ok", True, "lost_answer")
    double.remove("drill-lost")


def a_lost_request_took_none(double: rds_double_client.Double, replica: str) -> None:
    double.fault("StopDBInstance", {"kind": "lost_request"})
    with pytest.raises(ConnectionClosedError):
        double.rds.stop_db_instance(DBInstanceIdentifier=replica)
    assert double.instance(replica)["DBInstanceStatus"] == "available"


def a_stale_answer_is_as_before_the_last_change(
    double: rds_double_client.Double, backup: str
) -> None:
    double.rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="unseen", DBSnapshotIdentifier=backup, BackupRetentionPeriod=0
    )
    double.fault("DescribeDBInstances", {"kind": "stale"})
    code = _code(double.rds.describe_db_instances, DBInstanceIdentifier="unseen")
    assert code == "DBInstanceNotFound"
    double.wait("unseen")
    double.remove("unseen")


def an_empty_answer_shows_nothing(double: rds_double_client.Double) -> None:
    double.fault("DescribeDBInstances", {"kind": "empty"})
    assert double.names() == []
    assert "prod" in double.names()


def a_fault_for_one_instance_leaves_the_others(
    double: rds_double_client.Double, replica: str
) -> None:
    double.fault("DescribeDBInstances", {"kind": "throttle"}, times=None, instance="prod")
    assert _code(double.instance, name="prod") == "Throttling"
    assert double.instance(replica)["DBInstanceStatus"] == "available"


@pytest.mark.parametrize(
    "status", ["incompatible-restore", "incompatible-network", "storage-full", "failed"]
)
def a_restore_ends_in_the_status_that_is_asked_for(
    double: rds_double_client.Double, backup: str, status: str
) -> None:
    double.control("POST", "next-restore", {"ends_in": status})
    double.rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="unlucky", DBSnapshotIdentifier=backup
    )
    assert double.instance("unlucky")["DBInstanceStatus"] == "creating"
    double.wait("unlucky", status)
    double.remove("unlucky")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("refuse-connections", r"refused"),
        ("wrong-authority", r"certificate verify failed"),
        ("wrong-host-name", r"does not match host name"),
    ],
)
def a_bad_restored_database_can_not_be_connected_to(
    double: rds_double_client.Double, backup: str, fault: str, said: str
) -> None:
    double.control("POST", "next-restore", {"database": fault})
    double.restore("unsafe", backup)
    with pytest.raises(psycopg.OperationalError, match=said):
        double.connect("unsafe")
    double.remove("unsafe")


def a_restored_database_is_damaged_before_it_is_available(
    double: rds_double_client.Double, backup: str
) -> None:
    double.control("POST", "next-restore", {"sql": ["DELETE FROM answers WHERE id > 10"]})
    double.restore("damaged", backup)
    assert double.query("damaged", "SELECT count(*) FROM answers") == 10
    double.remove("damaged")


def statements_that_fail_make_the_restore_fail(
    double: rds_double_client.Double, backup: str
) -> None:
    double.control("POST", "next-restore", {"sql": ["SELECT no_such_column"]})
    double.rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="broken", DBSnapshotIdentifier=backup
    )
    double.wait("broken", "incompatible-restore")
    double.remove("broken")


# Tokens of IAM


def _has_ldap() -> bool:
    linked = subprocess.run(["ldd", _BIN / "postgres"], capture_output=True, text=True, check=False)
    return "libldap" in linked.stdout


_ldap = pytest.mark.skipif(
    _BIN is None or not _has_ldap(), reason="SKIPPED: this PostgreSQL is built without LDAP"
)


@pytest.fixture(name="reader")
def _reader(double: rds_double_client.Double, replica: str) -> str:
    """An instance with IAM authentication and a user `reader` for tokens."""
    double.rds.modify_db_instance(
        DBInstanceIdentifier=replica, EnableIAMDatabaseAuthentication=True, ApplyImmediately=True
    )
    double.wait(replica)
    double.sql(
        replica,
        "CREATE ROLE reader LOGIN PASSWORD 'a-password-of-its-own'",
        "GRANT rds_iam TO reader; GRANT SELECT ON answers TO reader",
    )
    return replica


def _token(double: rds_double_client.Double, name: str, **more: object) -> str:
    endpoint = double.instance(name)["Endpoint"]
    asked = {"DBHostname": endpoint["Address"], "Port": endpoint["Port"], "DBUsername": "reader"}
    return double.rds.generate_db_auth_token(**{**asked, **more})


def a_token_opens_the_database(double: rds_double_client.Double, reader: str) -> None:
    token = _token(double, reader)
    counted = double.query(reader, "SELECT count(*) FROM answers", user="reader", password=token)
    assert counted == _ROWS


def without_iam_authentication_no_token_opens_the_database(
    double: rds_double_client.Double, reader: str
) -> None:
    double.rds.modify_db_instance(
        DBInstanceIdentifier=reader, EnableIAMDatabaseAuthentication=False, ApplyImmediately=True
    )
    double.wait(reader)
    with pytest.raises(psycopg.OperationalError, match="pg_hba"):
        double.connect(reader, user="reader", password=_token(double, reader))


@_ldap
def what_is_no_fitting_token_does_not_open_the_database(
    double: rds_double_client.Double, reader: str
) -> None:
    foreign = boto3.client(
        "rds",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="another",  # noqa: S106
    )
    port = double.instance(reader)["Endpoint"]["Port"]
    for password in (
        "a-password-of-its-own",
        _token(double, reader, DBUsername="master"),
        _token(double, reader, Port=port + 1),
        _token(double, reader, Region="eu-west-1"),
        foreign.generate_db_auth_token("localhost", port, "reader"),
    ):
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            double.connect(reader, user="reader", password=password)


# The double's own life


def _wait_until_no_process(double: rds_double_client.Double) -> None:
    deadline = time.monotonic() + 15
    while left := double.processes():
        assert time.monotonic() < deadline, f"{left} are left"
        time.sleep(0.05)


def no_server_outlives_a_killed_double() -> None:
    double = rds_double_client.Double()
    double.create("orphan")
    assert double.processes()
    double.kill()
    _wait_until_no_process(double)
    double.state.cleanup()


def no_server_outlives_a_double_that_ends() -> None:
    double = rds_double_client.Double()
    double.create("orphan")
    double.process.terminate()
    double.process.wait(15)
    assert double.processes() == []
    double.state.cleanup()


def a_double_begins_anew_where_a_killed_one_was() -> None:
    first = rds_double_client.Double()
    first.create("before")
    first.kill()
    _wait_until_no_process(first)
    second = rds_double_client.Double(state=first.state)
    try:
        assert second.names() == []
    finally:
        second.close()
        first.state.cleanup()


def two_doubles_do_not_share_a_state_directory(double: rds_double_client.Double) -> None:
    program = rds_double_client.double_program()
    second = subprocess.run(
        [program, "--state-dir", double.state.name, "--postgres-bin", _BIN],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert second.returncode != 0
    assert "another double runs" in second.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="SKIPPED: only root runs servers as somebody else")
def a_state_directory_that_servers_can_not_enter_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    program = rds_double_client.double_program()
    refused = subprocess.run(
        [program, "--state-dir", tmp_path / "s", "--postgres-bin", _BIN],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert refused.returncode != 0
    assert "HINT" in refused.stderr
