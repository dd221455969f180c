"""Starts drills and follows them, as the scheduler starts and a person watches them."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from onemachine.deployment import Deployment
from onemachine.machine import Machine

POLL_S = 0.1


class NeverEnded(Exception):
    """An execution did not end in the time that it was given."""


@dataclass(frozen=True)
class Execution:
    """One execution of the state machine."""

    machine: Machine = field(repr=False)
    arn: str

    @property
    def name(self) -> str:
        return self.arn.rpartition(":")[2]

    def describe(self) -> dict[str, Any]:
        return self.machine.client("stepfunctions").describe_execution(executionArn=self.arn)

    def history(self) -> list[dict[str, Any]]:
        """All events so far, oldest first."""
        pages = self.machine.client("stepfunctions").get_paginator("get_execution_history")
        answers = pages.paginate(executionArn=self.arn, PaginationConfig={"PageSize": 1000})
        return [event for answer in answers for event in answer["events"]]

    def wait(self, max_s: float) -> dict[str, Any]:
        """The execution as it ended; `NeverEnded` when it did not, with what it was doing."""
        deadline = time.monotonic() + max_s
        while (found := self.describe())["status"] == "RUNNING":
            if time.monotonic() > deadline:
                raise NeverEnded(f"{self.name} runs after {max_s:.0f} s: {self.states()[-8:]}")
            time.sleep(POLL_S)
        return found

    def states(self) -> list[str]:
        """The names of the states that were entered, in order. Those inside a Map don't show."""
        entered = (event.get("stateEnteredEventDetails") for event in self.history())
        return [details["name"] for details in entered if details]


def start(machine: Machine, deployment: Deployment, request: dict[str, Any]) -> Execution:
    """Start a drill. A request with a time gets the drill's id as the execution's name."""
    named = {}
    if request.get("scheduled_at"):
        named["name"] = drill_id(request["source"], instant(request["scheduled_at"]))
    answer = machine.client("stepfunctions").start_execution(
        stateMachineArn=deployment.state_machine_arn, input=json.dumps(request), **named
    )
    return Execution(machine, answer["executionArn"])


def drill_id(source: str, scheduled_at: datetime) -> str:
    """The drill of a source at a time: `courses-prod-20261121t030000z`."""
    return f"{source}-{scheduled_at.astimezone(timezone.utc):%Y%m%dt%H%M%Sz}"


def instant(text: str) -> datetime:
    """An RFC 3339 instant; Python before 3.11 does not read the Z."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def rfc3339(at: datetime) -> str:
    """An instant as inputs and evidence write it."""
    return f"{at.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


@dataclass
class Stay:
    """What a person sees of a state that calls a function: one line, however often it looked."""

    state: str
    began_at: datetime
    ended_at: datetime | None = None
    looks: int = 0
    calls: int = 0
    failures: int = 0

    def seconds(self, now: datetime) -> float:
        """How long it took, or has taken so far."""
        return ((self.ended_at or now) - self.began_at).total_seconds()


def stays(events: list[dict[str, Any]]) -> list[Stay]:
    """A history as stays. A wait belongs to the call that it delays; a loop is one stay."""
    found: list[Stay] = []
    waiting_since: datetime | None = None
    for event in events:
        kind, at = event["type"], event["timestamp"]
        if kind == "WaitStateEntered":
            waiting_since = at
        elif kind in ("TaskStateEntered", "MapStateEntered"):
            state = event["stateEnteredEventDetails"]["name"]
            if not found or found[-1].state != state:
                found.append(Stay(state, waiting_since or at))
            found[-1].looks += 1
            found[-1].ended_at = None
            waiting_since = None
        elif found and kind in ("TaskStateExited", "MapStateExited", "ExecutionFailed"):
            found[-1].ended_at = at
        elif found:
            found[-1].calls += kind == "TaskSucceeded"
            found[-1].failures += kind == "TaskFailed"
    return found
