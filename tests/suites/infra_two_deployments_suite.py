"""Two deployments in one account: neither sees, counts or deletes what is the other's.

They drill one source, and their names are the worst that there could be: what
`main-two` restores begins as what `main` does. (The rights: `world.py` has both deployments.)
"""

# A claim's name is its description.

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from harness.local_aws import LocalAws
from harness.scenario import Scenario
from harness.stage import Drill, Stage
from onemachine import alarms, courses, deploy, watchdog
from onemachine.deployment import Deployment


@dataclass(frozen=True)
class Two:
    """The same source on two stages, one of each deployment."""

    main: Stage
    other: Stage


@pytest.fixture(scope="module")
def other_aws(shared_aws: LocalAws) -> LocalAws:
    """The same local AWS with a second deployment on it."""
    deployed = deploy.deploy(shared_aws.machine, Deployment("main-two"))
    return dataclasses.replace(
        shared_aws, deployment=deployed.deployment, queue_url=deployed.queue_url, messages=[]
    )


@pytest.fixture
def two(scenario: Scenario, other_aws: LocalAws) -> Iterator[Two]:
    """A source that both drill."""
    main, other = (Stage(aws, scenario.source) for aws in (scenario.aws, other_aws))
    other.configure()
    yield Two(main, other)
    for execution in other_aws.machine.client("stepfunctions").list_executions(
        stateMachineArn=other_aws.deployment.state_machine_arn, statusFilter="RUNNING"
    )["executions"]:
        other_aws.machine.client("stepfunctions").stop_execution(
            executionArn=execution["executionArn"]
        )


def _night(stage: Stage) -> Drill:
    """A verified night of the backup that is there."""
    drill = stage.drill()
    assert drill.status == "SUCCEEDED", (drill.error, drill.cause)
    return drill


def _counted(stage: Stage) -> float:
    """How many replicas the deployment's watchdog says that there are."""
    answer = stage.invoke(watchdog.HANDLER, watchdog.request([stage.source.name]))
    assert "errorType" not in answer, answer
    metric = "ReplicasInExistence"
    found = alarms.points(stage.machine, stage.aws.deployment, stage.source.name, metric)
    return found[-1][1]


def each_deployment_keeps_its_own_standby(two: Two) -> None:
    two.main.back_up()
    first, other = _night(two.main), _night(two.other)
    assert other.replica.startswith("drill-main-two-")
    two.main.back_up()
    second = _night(two.main)
    statuses = two.main.instances()
    assert first.replica not in statuses
    assert statuses[second.replica] == statuses[other.replica] == "stopped"
    told = json.dumps(second.evidence)
    assert first.replica in told
    assert other.replica not in told
    assert (_counted(two.main), _counted(two.other)) == (1, 1)


def one_s_sweep_leaves_the_other_s_running_replica_alone(two: Two) -> None:
    two.main.back_up()
    standby = _night(two.other).replica
    two.main.double.restart(standby)
    courses.wait_for_status(two.main.machine, standby, "available")
    two.main.double.clear_calls()
    answer = two.main.invoke("sweep-orphans", {})
    assert "errorType" not in answer, answer
    changes = {c["action"] for c in two.main.double.calls()} - {"DescribeDBInstances"}
    assert changes <= {"DescribeEvents"}
    assert standby not in json.dumps(answer)
    # Its own stops it, as AWS started it.
    two.other.invoke("sweep-orphans", {})
    assert [c["action"] for c in two.main.double.calls("StopDBInstance")] == ["StopDBInstance"]
