"""Keeps what a failed run logged: a run directory is gone when the run is over."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from onemachine.machine import Machine
from onemachine.paths import STORE
from onemachine.processes import Run

# The most events of one function's log that are kept; a drill writes some dozens.
EVENTS_MAX = 5_000


def keep_logs(run: Run, machine: Machine | None, name: str = "last-run") -> Path:
    """Copy the logs of all processes, functions and servers to `.local/logs/<name>`."""
    place = STORE / "logs" / name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for path in (*run.dir.glob("*.log"), *run.dir.glob("*.out")):
        shutil.copy(path, place / path.name)
    for path in run.dir.glob("rds/instances/*/server.log"):
        with contextlib.suppress(OSError):
            shutil.copy(path, place / f"server-{path.parent.name}.log")
    if machine:
        # The local AWS may be what failed.
        with contextlib.suppress(BotoCoreError, ClientError):
            _keep_function_logs(machine.client("logs"), place)
    return place


def function_log(logs: Any, group: str) -> list[str]:
    """What a function wrote, oldest first."""
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, PaginationConfig={"MaxItems": EVENTS_MAX}
    )
    events = [event for page in pages for event in page["events"]]
    return [event["message"] for event in sorted(events, key=lambda event: event["timestamp"])]


def _keep_function_logs(logs: Any, place: Path) -> None:
    for group in logs.describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        lines = function_log(logs, name)
        (place / f"{name.rpartition('/')[2]}.log").write_text("\n".join([*lines, ""]))
