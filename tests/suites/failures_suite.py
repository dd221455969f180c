"""What must happen when things go wrong. The standby of the night before survives every one."""

# A claim's name is its description.

from __future__ import annotations

from typing import Any

import pytest
from harness.stage import Drill, Stage
from onemachine import courses

RESTORE = "RestoreDBInstanceFromDBSnapshot"
THREE_DAYS_S = 3 * 24 * 3600


def _standby_survives(stage: Stage, standby: Drill) -> None:
    assert stage.instances().get(standby.replica) == "stopped"
    for action in ("DeleteDBInstance", "StopDBInstance", "ModifyDBInstance", "StartDBInstance"):
        meant = [
            call
            for call in stage.calls(action, standby.replica)
            if call["parameters"].get("DBInstanceIdentifier") == standby.replica
        ]
        # One stop, on its own night.
        assert len(meant) == (action == "StopDBInstance"), (action, meant)


def _is_broken_by(drill: Drill, error: str, *words: str) -> None:
    assert (drill.status, drill.error) == ("FAILED", error), drill.cause
    assert drill.evidence["verdict"] == "broken"
    message = drill.notification
    assert message["Subject"].endswith("broken")
    for word in (error, *words):
        assert word in message["Message"], message["Message"]


# 1. The backup.


def no_backup_fails_before_anything_is_created(stage: Stage, standby: Drill) -> None:
    stage.double.remove_backups(stage.source.name)
    _is_broken_by(stage.drill(), "Backup.Missing", "backup retention")
    assert len(stage.restores()) == 1, "only the first night restored"
    _standby_survives(stage, standby)


def an_unfinished_backup_fails_before_anything_is_created(stage: Stage, standby: Drill) -> None:
    stage.double.remove_backups(stage.source.name)
    stage.back_up(status="creating")
    _is_broken_by(stage.drill(), "Backup.Unfinished", "creating")
    assert len(stage.restores()) == 1
    _standby_survives(stage, standby)


def an_old_backup_fails_before_anything_is_created(stage: Stage, standby: Drill) -> None:
    stage.double.remove_backups(stage.source.name)
    stage.back_up(snapshot_database_age_s=THREE_DAYS_S)
    _is_broken_by(stage.drill(), "Backup.Stale", "max_age")
    assert len(stage.restores()) == 1
    _standby_survives(stage, standby)


# 2. The data.


@pytest.mark.parametrize(
    ("damage", "checks", "finding"),
    [
        ("DROP TABLE payments CASCADE", "", "rows public.payments"),
        ("DELETE FROM email", "", "rows public.email"),
        (
            "DELETE FROM courses_answer WHERE id % 10 = 0",
            '[tables."public.courses_answer"]\nmax_drop = 0.05',
            "max_drop public.courses_answer",
        ),
        (
            "UPDATE courses_answer SET created_at = created_at - interval '90 days'",
            '[tables."public.courses_answer"]\nfresh = { column = "created_at", within = "24h" }',
            "fresh public.courses_answer.created_at",
        ),
        (
            "SELECT 1",
            '[[queries]]\nname = "many users"\nsql = "SELECT count(*) FROM users"\nmin = 9999',
            "query many users",
        ),
    ],
    ids=["gone", "empty", "shrunk", "stale", "own_query"],
)
def lost_data_is_rejected(
    stage: Stage, standby: Drill, damage: str, checks: str, finding: str
) -> None:
    stage.configure(checks)
    stage.sql(damage)
    stage.back_up()
    drill = stage.drill()
    assert (drill.status, drill.error) == ("FAILED", "Drill.Rejected"), drill.cause
    assert drill.evidence["verdict"] == "rejected"
    failed = list(drill.findings("failed"))
    # Rows that are gone are also fewer than the table's own past lets go.
    assert [f for f in failed if not f.startswith("drift ")] == [finding], failed
    assert drill.evidence["replica"]["fate"] == "stopped"
    assert drill.notification["Subject"].endswith("rejected")
    assert finding in drill.notification["Message"]
    _standby_survives(stage, standby)


def a_table_that_cannot_be_read_is_never_verified(stage: Stage, standby: Drill) -> None:
    stage.sql(
        "CREATE TABLE secret_notes (id int)",
        "ALTER TABLE secret_notes ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE secret_notes FORCE ROW LEVEL SECURITY",
    )
    stage.back_up()
    drill = stage.drill()
    assert (drill.status, drill.error) == ("FAILED", "Drill.Broken"), drill.cause
    assert list(drill.findings("not_measured")) == ["rows public.secret_notes"]
    _standby_survives(stage, standby)


# 3. The replica.


@pytest.mark.parametrize(
    "status",
    ["incompatible-network", "failed", "storage-full", "inaccessible-encryption-credentials"],
)
def a_status_that_does_not_pass_is_noticed_at_once(
    stage: Stage, standby: Drill, status: str
) -> None:
    stage.back_up()
    stage.double.next_restore(ends_in=status)
    drill = stage.drill()
    _is_broken_by(drill, "Replica.Failed", status)
    # The double is in `creating` for about a second and looks are a second apart.
    assert drill.times_in("ObserveReplica") <= 3
    courses.wait_for(
        lambda: drill.replica in stage.instances(), lambda there: not there, "its deletion", 30
    )
    _standby_survives(stage, standby)


def a_status_that_nobody_knows_waits_for_the_deadline_and_fails_closed(
    stage: Stage, standby: Drill
) -> None:
    stage.configure(deadlines={"available": "5s"})
    stage.back_up()
    stage.double.next_restore(ends_in="levitating")
    _is_broken_by(stage.drill(), "Replica.Late", "levitating")
    _standby_survives(stage, standby)


# 4. The restore is refused.


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("InstanceQuotaExceeded", 400, "Restore.Refused"),
        ("KMSKeyNotAccessibleFault", 400, "Restore.Refused"),
        ("DBSnapshotNotFound", 404, "Backup.Vanished"),
    ],
)
def a_refused_restore_is_not_tried_again(
    stage: Stage, standby: Drill, code: str, status: int, error: str
) -> None:
    stage.back_up()
    stage.double.clear_calls()
    stage.double.inject(
        RESTORE, "error", times=None, code=code, status=status, message="no, by the test"
    )
    drill = stage.drill()
    stage.double.clear_faults()
    _is_broken_by(drill, error, code)
    assert len(stage.restores()) == 1, "no retry storm"
    assert stage.instances().get(standby.replica) == "stopped", "not deleted to make room"


# 5. Throttling.


def throttling_on_every_call_delays_and_does_not_break(stage: Stage, standby: Drill) -> None:
    stage.back_up()
    for action in (
        *("DescribeDBInstances", "DescribeDBSnapshots", RESTORE),
        *("StopDBInstance", "DeleteDBInstance"),
    ):
        stage.double.inject(action, "throttle", times=2)
    drill = stage.drill()
    assert drill.status == "SUCCEEDED", (drill.error, drill.cause)
    assert stage.double.faults() == []
    assert drill.evidence["retired"] == [standby.replica]


def throttling_beyond_the_sdk_is_tried_again_by_the_state_machine(
    stage: Stage, standby: Drill
) -> None:
    stage.back_up()
    stage.double.inject(RESTORE, "throttle", times=4)
    drill = stage.drill()
    assert drill.status == "SUCCEEDED", (drill.error, drill.cause)
    events = drill.execution.history()
    failed = [e["taskFailedEventDetails"]["error"] for e in events if e["type"] == "TaskFailed"]
    assert failed == ["Rds.Throttled"]
    assert standby.replica not in stage.instances()


# 6. The function dies right after the restore was accepted.


def a_lost_answer_to_the_restore_makes_one_replica(stage: Stage, standby: Drill) -> None:
    stage.back_up()
    stage.double.inject(RESTORE, "lost_answer")
    drill = stage.drill()
    assert drill.status == "SUCCEEDED", (drill.error, drill.cause)
    assert stage.instances() == {stage.source.name: "available", drill.replica: "stopped"}
    assert standby.replica in drill.evidence["retired"]


def a_function_that_dies_after_the_restore_makes_one_replica(stage: Stage, standby: Drill) -> None:
    stage.back_up()
    stage.double.clear_calls()
    stage.double.inject(RESTORE, "late_answer", seconds=20)
    execution = stage.start()
    courses.wait_for(stage.restores, lambda calls: len(calls) == 1, "the restore", 30)
    assert stage.kill_function("restore-replica") >= 1
    drill = stage.end(execution)
    assert drill.status == "SUCCEEDED", (drill.error, drill.cause)
    outcomes = [call["outcome"] for call in stage.restores()]
    assert outcomes == ["ok", "DBInstanceAlreadyExists"]
    assert stage.instances() == {stage.source.name: "available", drill.replica: "stopped"}
    assert standby.replica in drill.evidence["retired"]


# 7. Events twice, and drills side by side.


def the_same_event_twice_restores_once(stage: Stage, standby: Drill) -> None:
    stage.back_up()
    stage.double.clear_calls()
    at = "2026-12-24T03:00:00Z"
    first = stage.start(scheduled_at=at)
    second = stage.begin_again(at, f"again-{first.name}")
    drills = [stage.end(first), stage.end(second)]
    assert sorted(drill.status for drill in drills) == ["FAILED", "SUCCEEDED"]
    (repeated,) = [drill for drill in drills if drill.status == "FAILED"]
    assert repeated.error == "Drill.Repeated"
    assert "broken before it began" in repeated.notification["Subject"]
    assert len(stage.restores()) == 1
    assert drills[0].evidence["verdict"] == "verified", "the repeated event changed the evidence"
    assert standby.replica not in stage.instances()


def the_same_event_after_the_drill_does_nothing(stage: Stage, standby: Drill) -> None:
    stage.double.clear_calls()
    again = stage.end(stage.begin_again(standby.at, f"{standby.execution.name}-late"))
    assert (again.status, again.error) == ("FAILED", "Drill.Repeated")
    assert stage.restores() == stage.calls("StopDBInstance") == []
    assert standby.evidence["verdict"] == "verified"
    assert stage.instances()[standby.replica] == "stopped"


def a_drill_beside_a_live_one_is_refused(stage: Stage, standby: Drill) -> None:
    stage.back_up()
    stage.double.clear_calls()
    live = stage.start()
    courses.wait_for(stage.restores, bool, "the restore", 30)
    beside = stage.drill(trigger="on-demand")
    _is_broken_by(beside, "Drill.Live", live.name)
    drill = stage.end(live)
    assert drill.status == "SUCCEEDED", (drill.error, drill.cause)
    assert len(stage.restores()) == 1
    assert standby.replica in drill.evidence["retired"]


# 8. The database.


@pytest.mark.parametrize(
    ("database", "error", "word"),
    [
        ("refuse-connections", "Database.Unreachable", "security group"),
        ("wrong-authority", "Database.Untrusted", "authorit"),
        ("wrong-host-name", "Database.Untrusted", "name"),
    ],
)
def a_database_that_cannot_be_trusted_breaks_the_drill(
    stage: Stage, standby: Drill, database: str, error: str, word: str
) -> None:
    stage.back_up()
    stage.double.next_restore(database=database)
    drill = stage.drill()
    _is_broken_by(drill, error, word)
    assert drill.evidence["replica"]["fate"] == "stopping"
    _standby_survives(stage, standby)


def a_role_that_may_not_log_in_breaks_the_drill(stage: Stage, standby: Drill) -> None:
    stage.sql("ALTER ROLE restore_drill NOLOGIN")
    stage.back_up()
    _is_broken_by(stage.drill(), "Database.Refused", "rds_iam")
    _standby_survives(stage, standby)


# 9. Stopping and deleting fail.


def _refuse(stage: Stage, action: str) -> None:
    stage.double.inject(
        action,
        "error",
        times=None,
        code="InvalidDBInstanceState",
        status=400,
        message="no, by the test",
    )


def a_stop_that_fails_leaves_a_verified_verdict_and_a_cost_warning(
    stage: Stage, standby: Drill
) -> None:
    stage.back_up()
    _refuse(stage, "StopDBInstance")
    drill = stage.drill()
    assert (drill.status, drill.error) == ("FAILED", "Stop.Refused"), drill.cause
    assert drill.evidence["verdict"] == "verified"
    assert any(warning.startswith("COST") for warning in drill.evidence["warnings"])
    assert "COST" in drill.notification["Message"]
    assert stage.instances() == {
        stage.source.name: "available",
        standby.replica: "stopped",
        drill.replica: "available",
    }


def the_sweep_stops_what_an_aborted_drill_left_running(stage: Stage, standby: Drill) -> None:
    stage.back_up()
    execution = stage.start()
    (restore,) = courses.wait_for(
        lambda: stage.restores()[1:], lambda calls: len(calls) == 1, "the second restore", 30
    )
    stage.machine.client("stepfunctions").stop_execution(executionArn=execution.arn)
    assert stage.end(execution).status == "ABORTED"
    left = restore["parameters"]["DBInstanceIdentifier"]
    courses.wait_for_status(stage.machine, left, "available")
    items = stage.sweep()
    assert items[left]["action"] == "stop", items
    assert items[standby.replica]["action"] == "keep", items
    courses.wait_for_status(stage.machine, left, "stopped")
    assert stage.instances()[standby.replica] == "stopped"


def a_deletion_that_fails_leaves_both_and_says_so(stage: Stage, standby: Drill) -> None:
    stage.back_up()
    _refuse(stage, "DeleteDBInstance")
    drill = stage.drill()
    stage.double.clear_faults()
    assert (drill.status, drill.error) == ("FAILED", "Delete.Refused"), drill.cause
    assert drill.evidence["verdict"] == "verified"
    assert "Delete.Refused" in drill.notification["Message"]
    assert stage.instances() == {
        stage.source.name: "available",
        standby.replica: "stopped",
        drill.replica: "stopped",
    }


# 11. People.


@pytest.mark.parametrize("how", ["started", "held", "renamed"])
def a_replica_that_somebody_uses_is_kept_and_reported(
    stage: Stage, standby: Drill, how: str
) -> None:
    used = _use(stage, standby.replica, how)
    stage.double.clear_calls()
    drill = stage.verified_night()
    assert used in stage.instances()
    assert drill.evidence["retired"] == []
    (kept,) = drill.evidence["kept"]
    assert kept["instance"] == used
    for action in ("StopDBInstance", "DeleteDBInstance"):
        last = [c["parameters"]["DBInstanceIdentifier"] for c in stage.calls(action)]
        assert used not in last, action


def _use(stage: Stage, replica: str, how: str) -> str:
    rds: Any = stage.machine.client("rds")
    if how == "held":
        (found,) = rds.describe_db_instances(DBInstanceIdentifier=replica)["DBInstances"]
        rds.add_tags_to_resource(
            ResourceName=found["DBInstanceArn"], Tags=[{"Key": "restore-drill:hold", "Value": ""}]
        )
        return replica
    rds.start_db_instance(DBInstanceIdentifier=replica)
    courses.wait_for_status(stage.machine, replica, "available")
    if how == "started":
        return replica
    name = f"{stage.source.name}-new"
    rds.modify_db_instance(
        DBInstanceIdentifier=replica, NewDBInstanceIdentifier=name, ApplyImmediately=True
    )
    courses.wait_for(lambda: stage.instances().get(name), lambda s: s == "available", name, 30)
    rds.stop_db_instance(DBInstanceIdentifier=name)
    courses.wait_for_status(stage.machine, name, "stopped")
    return name
