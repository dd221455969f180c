"""The night that the replica is production: promoted from the command line, with real servers."""

# A claim's name is its description.

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from harness.local_aws import LocalAws
from harness.stage import Drill, Stage
from onemachine import courses, processes
from onemachine.courses import DATABASE
from onemachine.paths import STORE, TARGET

ANSWERS = 1_943_200
TIMELINE = STORE / "promote-timeline.json"
PROMOTION = {
    "security_groups": ["sg-0f1e2d3c4b5a69788"],
    "parameter_group": "courses-postgres",
    "backup_retention_days": 14,
}
OWNERSHIP = ("deployment", "source", "source-resource-id", "drill", "backup", "backup-data-at")
FIRST_QUERY_MAX_S = 30
COMMAND_MAX_S = 90


def _program() -> Path:
    """The command line as cargo built it, or as the caller says with RESTORE_DRILL."""
    program = Path(os.environ.get("RESTORE_DRILL", TARGET / "debug" / "restore-drill"))
    if not program.exists():
        pytest.fail(f"{program} is not there: cargo build --package restore-drill", pytrace=False)
    return program


def _command(stage: Stage, *arguments: str) -> list[str]:
    return [str(_program()), *arguments, "--bucket", stage.aws.deployment.bucket]


def _environment(stage: Stage) -> dict[str, str]:
    deployment = {"RESTORE_DRILL_DEPLOYMENT": stage.aws.deployment.name}
    return processes.plain_environment(**stage.machine.environment, **deployment)


def _run(stage: Stage, *arguments: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(stage, *arguments),
        env=_environment(stage),
        input=answer,
        capture_output=True,
        text=True,
        timeout=COMMAND_MAX_S,
        check=False,
    )


def _promote(stage: Stage, *more: str) -> dict[str, Any]:
    """Promote the standby of the stage's source; gives what the command says of it."""
    command = ("promote", "--source", stage.source.name, "--yes", "--output", "json")
    done = _run(stage, *command, *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _lose_the_source(stage: Stage) -> None:
    stage.destroy_source()
    name, rds = stage.source.name, stage.machine.client("rds")
    courses.wait_for(lambda: name in stage.instances(), lambda there: not there, "its end", 60)
    assert not rds.describe_db_snapshots(DBInstanceIdentifier=name)["DBSnapshots"]


def _tags(stage: Stage, replica: str) -> dict[str, str]:
    tags = courses.describe(stage.machine, replica)["TagList"]
    return {tag["Key"].removeprefix("restore-drill:"): tag["Value"] for tag in tags}


def _first_answer(stage: Stage, endpoint: dict[str, Any]) -> int:
    """The rows of the big table, as soon as the endpoint gives them."""

    def ask() -> int | None:
        try:
            with psycopg.connect(
                host=endpoint["host"],
                port=endpoint["port"],
                dbname=DATABASE,
                user="courses_admin",
                password=stage.source.password,
                sslmode="verify-full",
                sslrootcert=str(stage.machine.ca_file),
                connect_timeout=5,
            ) as connection:
                (rows,) = connection.execute("SELECT count(*) FROM courses_answer").fetchone() or (
                    0,
                )
                return rows
        except psycopg.OperationalError:
            # Backups begin: RDS restarts the server once.
            return None

    return courses.wait_for(ask, lambda rows: rows is not None, "an answer", FIRST_QUERY_MAX_S)


def _is_production(stage: Stage, replica: str) -> None:
    """It has what production is to have, and nothing by which it was a replica."""
    courses.wait_for_status(stage.machine, replica, "available")
    found = courses.describe(stage.machine, replica)
    groups = [group["VpcSecurityGroupId"] for group in found["VpcSecurityGroups"]]
    assert groups == PROMOTION["security_groups"]
    (parameters,) = found["DBParameterGroups"]
    assert parameters["DBParameterGroupName"] == PROMOTION["parameter_group"]
    assert parameters["ParameterApplyStatus"] == "in-sync", "it was rebooted"
    assert found["BackupRetentionPeriod"] == PROMOTION["backup_retention_days"]
    assert found["MultiAZ"]
    assert found["DeletionProtection"]
    tags = _tags(stage, replica)
    assert not set(tags) & set(OWNERSHIP), tags
    assert tags["promoted"].startswith(stage.source.name)
    assert tags["hold"].startswith("promoted at")


def _changes(stage: Stage, replica: str) -> list[str]:
    """What RDS was asked to change of it, in the order."""
    reading = ("Describe", "List")
    return [
        call["action"]
        for call in stage.machine.double.calls()
        if not call["action"].startswith(reading)
        and any(replica in str(value) for value in call["parameters"].values())
    ]


@pytest.mark.slow
@pytest.mark.timeout(400)
def the_lost_production_is_back_with_all_its_rows(shared_aws: LocalAws) -> None:
    shared_aws.clear()
    stage = Stage(shared_aws, courses.create(shared_aws.machine, "courses-lost"))
    stage.configure(promotion=PROMOTION)
    standby = stage.verified_night()
    _lose_the_source(stage)

    began = time.monotonic()
    done = _promote(stage)
    promoted = time.monotonic()
    rows = _first_answer(stage, done["endpoint"])
    answered = time.monotonic()

    assert rows == ANSWERS
    assert done["replica"] == standby.replica
    assert done["data_at"] == standby.evidence["backup"]["data_at"][:19] + "Z"
    steps = [step["step"] for step in done["timeline"]]
    assert steps == ["hold", "start", "configure", "reboot", "protect", "disown"]
    _is_production(stage, standby.replica)
    measured = {
        "rows": rows,
        "command_to_promoted_s": round(promoted - began, 1),
        "command_to_first_answer_s": round(answered - began, 1),
        "timeline": done["timeline"],
        "began_at": done["began_at"],
        "ended_at": done["ended_at"],
    }
    TIMELINE.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(measured, indent=2))


@pytest.fixture
def lost(stage: Stage, standby: Drill) -> tuple[Stage, str]:
    """A stage whose source is gone, and the id of its standby."""
    stage.configure(promotion=PROMOTION)
    _lose_the_source(stage)
    stage.machine.double.clear_calls()
    return stage, standby.replica


def a_no_changes_nothing_and_the_plan_says_what_a_yes_would_do(lost: tuple[Stage, str]) -> None:
    stage, replica = lost
    shown = _run(stage, "promote", "--source", stage.source.name, answer="no\n")
    assert (shown.returncode, shown.stdout) == (1, ""), shown.stderr
    assert f"Promote {replica} to production" in shown.stderr
    assert f"{stage.source.name} does not exist" in shown.stderr
    assert "no DNS record, secret or password is changed" in shown.stderr
    assert not _changes(stage, replica)
    assert stage.instances() == {replica: "stopped"}


@pytest.mark.parametrize("seen", ["restore-drill:hold", "start it", "security groups", "reboot it"])
def a_command_that_was_killed_is_gone_on_with_by_the_next(
    lost: tuple[Stage, str], seen: str
) -> None:
    stage, replica = lost
    command = ("promote", "--source", stage.source.name, "--yes")
    with subprocess.Popen(
        _command(stage, *command),
        env=_environment(stage),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as killed:
        assert killed.stderr
        # The plan names every step before; the lines of what is done begin with a time.
        lines = (line for line in killed.stderr if line.startswith("+"))
        was_there = next((line for line in lines if seen in line), None)
        killed.kill()
    assert was_there, seen
    before = _changes(stage, replica)
    assert "RemoveTagsFromResource" not in before
    # What was begun is nobody else's: neither the sweep nor a drill touches it.
    assert stage.sweep()[replica]["action"] == "report"
    assert "isn't finished" in stage.drill().notification["Message"]

    done = _promote(stage)

    assert done["replica"] == replica
    _is_production(stage, replica)
    after = _changes(stage, replica)
    expected = ["AddTagsToResource", "StartDBInstance", "ModifyDBInstance", "RebootDBInstance"]
    expected += ["ModifyDBInstance", "RemoveTagsFromResource"]
    # A call may have got through whose answer the killed command never told.
    assert after == expected, (before, after)
    assert _first_answer(stage, done["endpoint"]) > 0


def nothing_touches_production_afterwards_and_the_nights_message_helps(
    lost: tuple[Stage, str],
) -> None:
    stage, replica = lost
    _promote(stage)
    _is_production(stage, replica)
    stage.machine.double.clear_calls()

    assert stage.sweep()[replica]["action"] == "keep"
    swept = _run(stage, "sweep", "--delete", "--output", "json")
    assert swept.returncode == 0, swept.stderr
    (item,) = json.loads(swept.stdout)["items"]
    assert (item["instance"], item["action"]) == (replica, "keep")
    drill = stage.drill()
    assert (drill.status, drill.error) == ("FAILED", "Source.NotFound")
    message = drill.notification["Message"]
    assert replica in message
    assert "is production in its place" in message
    assert f"--new-db-instance-identifier {stage.source.name}" in message
    again = _promote(stage)
    assert (again["replica"], again["timeline"]) == (replica, [])
    assert not _changes(stage, replica)


def production_under_its_old_name_is_drilled_again_and_its_own_replica_retired(
    lost: tuple[Stage, str],
) -> None:
    stage, replica = lost
    _promote(stage)
    courses.wait_for_status(stage.machine, replica, "available")
    # What the message of the night says.
    name = stage.source.name
    stage.machine.client("rds").modify_db_instance(
        DBInstanceIdentifier=replica, NewDBInstanceIdentifier=name, ApplyImmediately=True
    )
    courses.wait_for(
        lambda: stage.instances().get(name), lambda s: s == "available", "its name", 60
    )

    first, second = stage.verified_night(), stage.verified_night()

    assert stage.instances() == {name: "available", second.replica: "stopped"}
    assert second.evidence["retired"] == [first.replica]


def the_sweep_of_the_command_line_acts_only_when_told(stage: Stage, standby: Drill) -> None:
    replica = standby.replica
    stage.machine.double.restart(replica)
    courses.wait_for_status(stage.machine, replica, "available")
    stage.machine.double.clear_calls()

    shown = _run(stage, "sweep")
    assert shown.returncode == 0, shown.stderr
    assert f"{replica}  would stop  AWS started it after 7 days" in shown.stdout
    assert "Nothing was done." in shown.stderr
    assert not _changes(stage, replica)

    done = _run(stage, "sweep", "--delete")
    assert f"{replica}  stopped  AWS started it after 7 days" in done.stdout, done.stderr
    assert _changes(stage, replica) == ["StopDBInstance"]
    courses.wait_for_status(stage.machine, replica, "stopped")
    assert stage.sweep()[replica]["action"] == "keep"
