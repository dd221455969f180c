"""Puts sources under watch: the schedule of the watchdog, and the alarms on what it publishes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from onemachine import alarms, executions
from onemachine.deployment import Deployment
from onemachine.machine import ACCOUNT, Machine

HANDLER = "watch-restores"
ROLE = "start-watch"
# The next look comes sooner than a later try would.
RETRIES = {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 600}


def schedule_name(deployment: Deployment) -> str:
    """The name of the watchdog's schedule."""
    return f"{deployment.prefix}-{HANDLER}"


def request(sources: Sequence[str], since: datetime | None = None) -> dict[str, object]:
    """What the schedule tells the function: what is to be watched, and since when."""
    begun = {"since": executions.rfc3339(since)} if since else {}
    return {"sources": [{"source": source, **begun} for source in sources]}


def put_up(
    machine: Machine,
    deployment: Deployment,
    sources: Sequence[str],
    since: datetime | None = None,
    every: str | None = None,
) -> None:
    """Create the watchdog's schedule and the alarms of each source."""
    for source in sources:
        alarms.put_up(machine, deployment, source)
    machine.client("scheduler").create_schedule(
        Name=schedule_name(deployment),
        ScheduleExpression=every or alarms.deployed()["schedule"],
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": deployment.function_arn(deployment.step(HANDLER)),
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{deployment.prefix}-{ROLE}",
            "Input": json.dumps(request(sources, since)),
            "RetryPolicy": RETRIES,
        },
    )
