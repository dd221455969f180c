"""The simulation's runner beside an engine that we did not write: the same definition and input,
the same answers of the functions, the same way through the states, each with the same input.

The engine records no states inside a Map; its results stand for them.
"""

# A claim's name is its description.

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from harness.stage import Drill, Stage
from onemachine.paths import TARGET

RUN_MAX_S = 30


def _simulate() -> Path:
    """The simulation's program as cargo built it, or as the caller says with SIMULATE."""
    program = Path(os.environ.get("SIMULATE", TARGET / "debug" / "simulate"))
    if not program.exists():
        pytest.fail(f"{program} is not there: cargo build --package simulation", pytrace=False)
    return program


class History:
    """One execution's history, as far as the runner needs it and is compared with it."""

    def __init__(self, drill: Drill) -> None:
        self.states: list[dict[str, Any]] = []
        self.answers: dict[str, list[dict[str, Any]]] = {}
        for event in drill.execution.history():
            self._read(event)
        described = drill.execution.describe()
        self.end = {"state": self.states[-1]["name"]}
        if described["status"] == "FAILED":
            self.end |= {"error": described["error"], "cause": described["cause"]}
        else:
            self.end["output"] = json.loads(described["output"])

    def _read(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        if kind.endswith("StateEntered"):
            details = event["stateEnteredEventDetails"]
            # The error that ended a Map is told by the input of the state that its Catch leads to.
            if self.states and self.states[-1]["kind"] == "Map" and "failed" in self.states[-1]:
                self._fail_map(json.loads(details["input"]))
            kind = kind.removesuffix("StateEntered")
            self.states.append(
                {"name": details["name"], "kind": kind, "input": json.loads(details["input"])}
            )
            if kind == "Map":
                self.states[-1]["failed"] = True
        elif kind == "MapStateExited":
            output = json.loads(event["stateExitedEventDetails"]["output"])
            if isinstance(output, list):
                self.states[-1].pop("failed")
                for result in output:
                    # What RunCheck measured goes to RecordMeasurements, whose output is the result.
                    self._answer("RunCheck", {"output": {}})
                    self._answer("RecordMeasurements", {"output": result})
        elif self.states and self.states[-1]["kind"] == "Task":
            self._read_task(kind, event)

    def _read_task(self, kind: str, event: dict[str, Any]) -> None:
        name = self.states[-1]["name"]
        if kind == "TaskSucceeded":
            output = json.loads(event["taskSucceededEventDetails"]["output"])
            self._answer(name, {"output": output["Payload"]})
        elif kind == "TaskFailed":
            details = event["taskFailedEventDetails"]
            self._answer(name, {"error": details["error"], "cause": details["cause"]})

    def _fail_map(self, error: dict[str, str]) -> None:
        self._answer("RunCheck", {"error": error["Error"], "cause": error["Cause"]})

    def _answer(self, state: str, answer: dict[str, Any]) -> None:
        self.answers.setdefault(state, []).append(answer)


def _runner(stage: Stage, drill: Drill, history: History) -> dict[str, Any]:
    """What the simulation's runner makes of the same."""
    described = drill.execution.describe()
    machine = stage.machine.client("stepfunctions").describe_state_machine(
        stateMachineArn=stage.aws.deployment.state_machine_arn
    )
    told = {
        "definition": machine["definition"],
        "execution": {
            "Id": described["executionArn"],
            "Input": json.loads(described["input"]),
            "StartTime": described["startDate"].isoformat(),
        },
        "answers": history.answers,
    }
    ran = subprocess.run(
        [_simulate(), "--trace"],
        input=json.dumps(told),
        capture_output=True,
        text=True,
        timeout=RUN_MAX_S,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    return json.loads(ran.stdout)


def _plain(value: Any) -> Any:
    """A function's whole answer as its payload: what else an engine puts around it is its own."""
    if isinstance(value, dict) and {"Payload", "StatusCode"} <= value.keys():
        return value["Payload"]
    return value


def _goes_the_same_way(stage: Stage, drill: Drill) -> list[str]:
    history = History(drill)
    trace = _runner(stage, drill, history)
    expected = [(state["name"], _plain(state["input"])) for state in history.states]
    found = [(state["name"], _plain(state["input"])) for state in trace["states"]]
    assert [name for name, _ in found] == [name for name, _ in expected]
    assert found == expected
    assert trace["left"] == {}
    assert trace["end"] == history.end
    return [name for name, _ in found]


def a_first_and_a_second_night_go_the_same_way(stage: Stage, standby: Drill) -> None:
    first = _goes_the_same_way(stage, standby)
    assert first[-1] == "DrillVerified"
    assert "AbandonDrill" not in first
    assert _goes_the_same_way(stage, stage.verified_night())[-1] == "DrillVerified"


def a_rejected_night_goes_the_same_way(stage: Stage, standby: Drill) -> None:
    stage.sql("DELETE FROM courses_answer")
    stage.back_up()
    assert _goes_the_same_way(stage, stage.drill())[-1] == "DrillRejected"


def a_night_without_a_backup_goes_the_same_way(stage: Stage, standby: Drill) -> None:
    stage.double.remove_backups(stage.source.name)
    states = _goes_the_same_way(stage, stage.drill())
    assert states == ["BeginDrill", "PlanDrill", "AbandonDrill", "DrillBroken"]


def a_night_whose_calls_are_throttled_goes_the_same_way(stage: Stage, standby: Drill) -> None:
    stage.back_up()
    # More than the SDK itself tries again, so that the state machine does.
    stage.double.inject("StopDBInstance", "throttle", times=4)
    assert _goes_the_same_way(stage, stage.drill())[-1] == "DrillVerified"


def a_night_whose_database_refuses_connections_goes_the_same_way(
    stage: Stage, standby: Drill
) -> None:
    stage.back_up()
    stage.double.next_restore(database="refuse-connections")
    states = _goes_the_same_way(stage, stage.drill())
    assert states[-2:] == ["AbandonDrill", "DrillBroken"]


def a_night_whose_replica_fails_goes_the_same_way(stage: Stage, standby: Drill) -> None:
    stage.back_up()
    stage.double.next_restore(ends_in="incompatible-network")
    states = _goes_the_same_way(stage, stage.drill())
    assert states[-2:] == ["AbandonDrill", "DrillBroken"]
