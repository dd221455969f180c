"""Nights under the policies in infra/iam: what a drill calls is allowed, and nothing else is."""

# A claim's name is its description.

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from harness import local_aws
from harness.local_aws import LocalAws
from harness.stage import Drill, Stage
from onemachine import courses, deploy, executions, machine, processes, watchdog
from onemachine.iam import documents, simulator
from onemachine.iam.calls import Need
from onemachine.iam.gate import Asked, Gate, unused
from onemachine.machine import ACCOUNT, REGION
from onemachine.paths import ROOT
from suites.iam_gated import DEPLOYMENT, gated

# The nights take a minute and more, most of it until a replica counts as abandoned.
pytestmark = pytest.mark.slow
RESTORE = "RestoreDBInstanceFromDBSnapshot"
EXAMPLES = ROOT / "statemachine" / "examples"
# The steps that begin by reading who carries the drill out.
CLAIMED = {
    "restore-replica": "RestoreReplica",
    "record-measurements": "RecordMeasurements",
    "judge-drill": "JudgeDrill",
    "stop-replica": "StopReplica",
    "retire-previous": "RetirePrevious",
    "publish-report": "PublishReport",
}
# Allowed, and by their nature no call of ours: why each is needed all the same.
NOT_OURS = {
    "WriteItsLog": "Lambda writes a function's log with the function's role",
    "LetLambdaIntoTheVpc": "Lambda makes a function's network interfaces with the function's role",
}
_Statement = dict[str, Any]
# The shortest that there is; it must be longer than a drill may wait for its replica.
ABANDONED = {"abandoned_max_age": "1m"}
# It is asked for and not there, which fails no drill.
SWITCH = {"secret": f"restore-drill/{DEPLOYMENT.name}/courses-heartbeat"}
DEADLINES = {"available": "29s", "stopped": "29s", "gone": "29s"}


@dataclasses.dataclass
class Nights:
    """What ran behind the gate, and what was asked there meanwhile."""

    stage: Stage
    gate: Gate
    drills: dict[str, Drill]
    asked: list[Asked]
    # The calls that change an instance, as RDS saw them.
    changes: list[tuple[str, str]]


@pytest.fixture(scope="module")
def nights(shared_aws: LocalAws) -> Iterator[Nights]:
    """Every way that a drill can go and a right can be needed, once."""
    if reason := simulator.missing():
        pytest.skip(f"SKIPPED: {reason}")
    with gated(shared_aws) as (stage, gate):
        drills = _run_all(stage)
        _start_by_schedule(stage, gate)
        changes = [
            (call["action"], call["parameters"].get("DBInstanceIdentifier", ""))
            for action in ("StopDBInstance", "DeleteDBInstance")
            for call in stage.double.calls(action)
        ]
        for drill in drills.values():
            _note_what_is_no_call(gate, drill)
        yield Nights(stage, gate, drills, list(gate.asked), changes)


def _run_all(stage: Stage) -> dict[str, Drill]:
    drills = {"first": stage.verified_night()}
    # The answer to the restore is lost, so that the replica is adopted.
    stage.back_up()
    stage.double.inject(RESTORE, "lost_answer")
    drills["second"] = stage.drill()
    stage.configure(replica=ABANDONED, deadlines=DEADLINES, heartbeat=SWITCH)
    stage.back_up()
    stage.double.next_restore(database="refuse-connections")
    drills["stopped"] = stage.drill()
    stage.back_up()
    stage.double.next_restore(ends_in="incompatible-network")
    drills["deleted"] = stage.drill()
    moment = courses.wait_for(lambda: _restorable(stage), bool, "a restorable time", 60)
    drills["point in time"] = stage.drill(
        trigger="on-demand", backup={"point_in_time": moment.isoformat()}
    )
    # Without a plan the configuration says which switch to tell.
    drills["unplanned"] = stage.drill(trigger="on-demand", backup={"snapshot": "nobodys"})
    _abort(stage)
    _without_claim(stage)
    courses.wait_for(
        stage.sweep,
        lambda items: items.get(drills["stopped"].replica, {}).get("action") == "delete",
        "the sweep to delete what was abandoned",
        90,
    )
    return drills


def _restorable(stage: Stage) -> datetime | None:
    (instance,) = stage.machine.client("rds").describe_db_instances(
        DBInstanceIdentifier=stage.source.name
    )["DBInstances"]
    latest = instance.get("LatestRestorableTime")
    return latest.astimezone(timezone.utc).replace(microsecond=0) if latest else None


def _abort(stage: Stage) -> None:
    """Abort a drill whose replica runs: the sweep stops it."""
    before = len(stage.restores())
    stage.back_up()
    execution = stage.start()
    restores = courses.wait_for(stage.restores, lambda c: len(c) > before, "the restore", 30)
    stage.machine.client("stepfunctions").stop_execution(executionArn=execution.arn)
    left = restores[-1]["parameters"]["DBInstanceIdentifier"]
    courses.wait_for_status(stage.machine, left, "available")
    assert stage.sweep()[left]["action"] == "stop"


def _without_claim(stage: Stage) -> None:
    """A record that isn't there is told from one that may not be read."""
    for handler, name in CLAIMED.items():
        example = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
        answer = stage.invoke(handler, example["input"])
        assert answer.get("errorType") == "Evidence.Invalid", (handler, answer)


def _start_by_schedule(stage: Stage, gate: Gate) -> None:
    """EventBridge Scheduler starts each with the role that is for it."""
    aws, deployment = stage.machine, stage.aws.deployment
    sweep, watch = (deployment.step(name) for name in ("sweep-orphans", watchdog.HANDLER))
    at = datetime.now(timezone.utc) + timedelta(seconds=2)
    drill = {"source": "courses-nobody", "scheduled_at": executions.rfc3339(at)}
    targets = {
        "start-drill": (deployment.state_machine_arn, drill),
        "start-sweep": (deployment.function_arn(sweep), {}),
        watchdog.ROLE: (deployment.function_arn(watch), watchdog.request([stage.source.name])),
    }
    # Also makes its log, which is there from the first call on.
    answer = stage.invoke(watchdog.HANDLER, watchdog.request([stage.source.name]))
    assert "errorType" not in answer, answer
    lines = {step.handler: len(stage.log(step.handler)) for step in (sweep, watch)}
    for role, (arn, said) in targets.items():
        aws.client("scheduler").create_schedule(
            Name=f"{deployment.prefix}-{role}",
            ScheduleExpression=f"at({at:%Y-%m-%dT%H:%M:%S})",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={
                "Arn": arn,
                "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{deployment.prefix}-{role}",
                "Input": json.dumps(said),
            },
        )
    started = courses.wait_for(
        lambda: _inputs(stage), lambda i: drill in i, "the scheduled drill", 60
    )
    assert drill in started
    gate.may("start-drill", Need("states:StartExecution", deployment.state_machine_arn))
    for role, step in (("start-sweep", sweep), (watchdog.ROLE, watch)):
        courses.wait_for(
            lambda handler=step.handler: len(stage.log(handler)),
            lambda n, handler=step.handler: n > lines[handler],
            step.handler,
            60,
        )
        gate.may(role, Need("lambda:InvokeFunction", deployment.function_arn(step)))


def _inputs(stage: Stage) -> list[dict]:
    states = stage.machine.client("stepfunctions")
    listed = states.list_executions(stateMachineArn=stage.aws.deployment.state_machine_arn)
    arns = [execution["executionArn"] for execution in listed["executions"][:3]]
    return [json.loads(states.describe_execution(executionArn=arn)["input"]) for arn in arns]


def _note_what_is_no_call(gate: Gate, drill: Drill) -> None:
    """The state machine's calls, from the history; signing in, from what was measured."""
    deployment = drill.stage.aws.deployment
    entered = set(drill.execution.states())
    inside = {"RunCheck", "RecordMeasurements"} if "JudgeDrill" in entered else set()
    for step in deploy.STEPS:
        state = "".join(word.capitalize() for word in step.handler.split("-"))
        if state in entered | inside:
            gate.may("state-machine", Need("lambda:InvokeFunction", deployment.function_arn(step)))
    if "JudgeDrill" in entered:
        resource_id = drill.evidence["replica"]["resource_id"]
        user = f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:{resource_id}/restore_drill"
        for role in ("plan-checks", "run-check"):
            gate.may(role, Need("rds-db:connect", user))


@pytest.mark.timeout(600)
def the_nights_went_as_they_were_meant_to(nights: Nights) -> None:
    ended = {name: (drill.status, drill.error) for name, drill in nights.drills.items()}
    assert ended == {
        "first": ("SUCCEEDED", None),
        "second": ("SUCCEEDED", None),
        "point in time": ("SUCCEEDED", None),
        "stopped": ("FAILED", "Database.Unreachable"),
        "deleted": ("FAILED", "Replica.Failed"),
        "unplanned": ("FAILED", "Backup.NotFound"),
    }


def every_call_of_the_nights_is_allowed(nights: Nights) -> None:
    refused = [asked for asked in nights.asked if not asked.is_allowed]
    assert not refused, refused[:5]
    assert not nights.gate.unknown, "a call that the gate doesn't know"
    assert len(nights.asked) > 200


def no_call_went_past_the_gate(nights: Nights) -> None:
    seen = {
        (asked.need.action.removeprefix("rds:"), asked.need.resource.rpartition(":")[2])
        for asked in nights.asked
    }
    assert nights.changes
    assert set(nights.changes) <= seen


def nothing_is_allowed_that_was_never_called(nights: Nights) -> None:
    left = unused(nights.asked, nights.gate.values)
    unexplained = [
        f"{role}: {line}"
        for role, lines in left.items()
        for line in lines
        if line.partition(":")[0] not in NOT_OURS
    ]
    assert not unexplained, "\n".join(unexplained)
    # An exception that is no longer one would hide the next.
    assert {line.partition(":")[0] for lines in left.values() for line in lines} == set(NOT_OURS)


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("role", "sid", "error", "words"),
    [
        ("restore-replica", "TagReplicasAtCreation", "Rds.Denied", "rds:AddTagsToResource"),
        ("judge-drill", "WriteItsRecords", "Evidence.Denied", "s3:PutObject"),
        ("retire-previous", "DeleteReplicas", "Delete.Refused", "rds:DeleteDBInstance"),
        ("publish-report", "EmitMetrics", "Evidence.Denied", "cloudwatch:PutMetricData"),
    ],
)
def a_missing_right_breaks_the_drill_with_its_name(
    nights: Nights, role: str, sid: str, error: str, words: str
) -> None:
    stage = nights.stage
    stage.back_up()
    with nights.gate.without(role, sid):
        drill = stage.drill()
    assert (drill.status, drill.error) == ("FAILED", error), drill.cause
    assert words in drill.cause
    assert stage.source.name in stage.instances()


@pytest.mark.timeout(300)
def an_engine_of_its_own_enforces_the_same_documents() -> None:
    """ministack's evaluator of policies, which knows the roles from IAM and nothing of the gate."""
    settings = machine.Settings(
        wait_scale=0.1,
        # Each function signs with the credentials of its role, which the double doesn't know.
        double_arguments=(*local_aws.SETTINGS["double_arguments"], "--secret-access-key", ""),
        ministack=(("AUTH", "true"),),
    )
    with processes.Run() as run:
        aws = machine.start(run, settings)
        source = courses.create(aws, "courses-auth", courses.SUBMISSIONS_SMALL)
        deployed = deploy.deploy(aws)
        local = LocalAws(aws, deployed.deployment, deployed.queue_url, source)
        stage = Stage(local, source)
        stage.configure()
        _edit(stage, "publish-report", _of_any_source)
        stage.verified_night()
        second = stage.verified_night()
        assert stage.instances() == {source.name: "available", second.replica: "stopped"}

        _edit(stage, "abandon-drill", _of_any_source)
        _take_away(stage, "judge-drill", "WriteItsRecords")
        stage.back_up()
        drill = stage.drill()
        assert (drill.status, drill.error) == ("FAILED", "Evidence.Denied"), drill.cause
        assert "s3:PutObject" in drill.cause


def _take_away(stage: Stage, role: str, sid: str) -> None:
    _edit(stage, role, lambda statements: [s for s in statements if s["Sid"] != sid])


def _edit(stage: Stage, role: str, edit: Callable[[list[_Statement]], list[_Statement]]) -> None:
    deployment = stage.aws.deployment
    policy = documents.document(role, deploy.policy_values(stage.machine, deployment))
    policy["Statement"] = edit(policy["Statement"])
    stage.machine.client("iam").put_role_policy(
        RoleName=f"{deployment.prefix}-{role}", PolicyName=role, PolicyDocument=json.dumps(policy)
    )


def _of_any_source(statements: list[_Statement]) -> list[_Statement]:
    """The rights without the condition on an event's source, which ministack tells no policy."""
    is_about_events = {"Sid": "TellPrograms"}.items()
    return [
        {k: v for k, v in s.items() if k != "Condition"} if is_about_events <= s.items() else s
        for s in statements
    ]
