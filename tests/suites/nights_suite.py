"""Nights on which all goes well: what is left, what is recorded, what nobody gets to see."""

# A claim's name is its description.

from __future__ import annotations

import base64
import hashlib
import json
import time
from datetime import datetime

import jsonschema
from harness.stage import Drill, Stage
from onemachine import courses, deploy
from onemachine.paths import LAMBDA_ZIPS, ROOT, STATE_MACHINE

EVIDENCE_SCHEMA = ROOT / "docs" / "evidence.schema.json"
SOON = "SELECT to_char(now() + interval '2 s', 'YYYY-MM-DD\"T\"HH24:MI:SSTZH:TZM')"


def two_nights_leave_the_source_and_one_stopped_replica(stage: Stage, standby: Drill) -> None:
    second = stage.verified_night()
    assert stage.instances() == {stage.source.name: "available", second.replica: "stopped"}
    assert second.evidence["retired"] == [standby.replica]


def the_first_night_counts_every_table(stage: Stage, standby: Drill) -> None:
    rows = {table["table"]: table["rows"] for table in standby.evidence["tables"]}
    with stage.source.connect(stage.machine) as connection:
        counted = {
            f"public.{name}": connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
            for (name,) in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
        }
    assert rows == counted
    assert rows["public.courses_answer"] == courses.SUBMISSIONS_SMALL * 20


def evidence_says_what_was_proven(standby: Drill) -> None:
    evidence = standby.evidence
    assert evidence["verdict"] == "verified"
    assert evidence["backup"]["kind"] == "automated"
    assert evidence["data_age_s"] >= 0
    assert evidence["recovery_s"] >= 0
    assert all(evidence["timeline"].values()), evidence["timeline"]
    assert evidence["not_covered"]
    assert evidence["replica"]["fate"] == "stopped"
    jsonschema.validate(evidence, json.loads(EVIDENCE_SCHEMA.read_text(encoding="utf-8")))


def a_replica_is_restored_with_everything_said(stage: Stage, standby: Drill) -> None:
    (instance,) = stage.machine.client("rds").describe_db_instances(
        DBInstanceIdentifier=standby.replica
    )["DBInstances"]
    tags = {tag["Key"]: tag["Value"] for tag in instance["TagList"]}
    assert instance["BackupRetentionPeriod"] == 0
    assert instance["PubliclyAccessible"] is False
    assert instance["MultiAZ"] is False
    assert instance["DeletionProtection"] is False
    assert instance["CopyTagsToSnapshot"] is False
    assert instance["IAMDatabaseAuthenticationEnabled"] is True
    assert "service" not in tags, "the source's tags were inherited"
    assert tags["restore-drill:source"] == stage.source.name


def a_verified_night_is_told(standby: Drill) -> None:
    assert standby.notification["Subject"].endswith("verified")


def a_verified_night_is_measured(stage: Stage, standby: Drill) -> None:
    metrics = stage.machine.client("cloudwatch").list_metrics(
        Namespace="RestoreDrill",
        Dimensions=[{"Name": "Source", "Value": stage.source.name}],
    )["Metrics"]
    names = {metric["MetricName"] for metric in metrics}
    assert {"Verified", "BackupDataAge", "RecoveryTime", "RowsCounted"} <= names


def a_named_snapshot_is_verified_and_discarded(stage: Stage, standby: Drill) -> None:
    stage.machine.client("rds").create_db_snapshot(
        DBInstanceIdentifier=stage.source.name, DBSnapshotIdentifier=f"{stage.source.name}-manual"
    )
    courses.wait_for(
        lambda: stage.machine.client("rds").describe_db_snapshots(
            DBSnapshotIdentifier=f"{stage.source.name}-manual"
        )["DBSnapshots"][0]["Status"],
        lambda status: status == "available",
        "the manual snapshot",
        30,
    )
    drill = stage.drill(trigger="on-demand", backup={"snapshot": f"{stage.source.name}-manual"})
    assert drill.status == "SUCCEEDED", drill.cause
    assert drill.evidence["replica"]["fate"] == "deleted"
    assert drill.evidence["retired"] == []
    assert stage.instances() == {stage.source.name: "available", standby.replica: "stopped"}


def a_point_in_time_is_restored_to_that_time(stage: Stage, standby: Drill) -> None:
    ((text,),) = stage.sql(SOON)
    moment = datetime.fromisoformat(text)
    time.sleep(2.5)
    stage.sql("DELETE FROM email")
    stage.sql("SELECT pg_switch_wal()")
    courses.wait_for(
        lambda: _latest_restorable(stage), lambda latest: latest and latest > moment, "the log", 60
    )
    drill = stage.drill(trigger="on-demand", backup={"point_in_time": moment.isoformat()})
    assert drill.status == "SUCCEEDED", (drill.error, drill.cause)
    rows = {table["table"]: table["rows"] for table in drill.evidence["tables"]}
    assert rows["public.email"] > 0, "the rows were deleted after that time"
    assert standby.replica in stage.instances()


def _latest_restorable(stage: Stage) -> object:
    (instance,) = stage.machine.client("rds").describe_db_instances(
        DBInstanceIdentifier=stage.source.name
    )["DBInstances"]
    return instance.get("LatestRestorableTime")


def no_secret_is_in_state_evidence_message_or_log(stage: Stage, standby: Drill) -> None:
    aws, deployment = stage.machine, stage.aws.deployment
    seen = json.dumps(standby.execution.history(), default=str)
    listed = aws.client("s3").list_objects_v2(
        Bucket=deployment.bucket, Prefix=f"drills/{stage.source.name}/"
    )
    seen += "".join(stage.read_object(found["Key"]) for found in listed["Contents"])
    seen += json.dumps(standby.notification)
    groups = aws.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]
    for group in groups:
        pages = aws.client("logs").get_paginator("filter_log_events")
        for page in pages.paginate(logGroupName=group["logGroupName"]):
            seen += "".join(event["message"] for event in page["events"])
    assert "courses-" in seen
    assert stage.source.password not in seen
    for part in ("X-Amz-Signature", "X-Amz-Security-Token", "X-Amz-Credential", "aws_secret"):
        assert part not in seen, part


def the_machine_and_the_binaries_are_those_that_are_deployed(stage: Stage) -> None:
    aws, deployment = stage.machine, stage.aws.deployment
    described = aws.client("stepfunctions").describe_state_machine(
        stateMachineArn=deployment.state_machine_arn
    )
    # Nothing but the functions' ARNs is filled in: put back, the file is there byte for byte.
    definition = described["definition"]
    for step in deploy.STEPS:
        definition = definition.replace(
            f'"{deployment.function_arn(step)}"', f'"${{{step.placeholder}}}"'
        )
    assert definition == STATE_MACHINE.read_text(encoding="utf-8")
    for step in deploy.STEPS:
        function = aws.client("lambda").get_function(FunctionName=deployment.function_name(step))
        zipped = (LAMBDA_ZIPS / f"{step.artifact}.zip").read_bytes()
        digest = base64.b64encode(hashlib.sha256(zipped).digest()).decode()
        assert function["Configuration"]["CodeSha256"] == digest
