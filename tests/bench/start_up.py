"""From the start of a function's process to its first question for work, and what it then needs.

That is the part of a cold start that an artifact decides: loading, linking, making clients. What
Lambda does before, fetching the zip and starting the machine, isn't in it.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from onemachine.processes import plain_environment

from bench.cluster import Unavailable
from bench.context import Context, Result
from bench.lambda_host import Function, LambdaHost
from bench.measure import Comparison, Series, in_turn
from bench.product import _Night

RUNS = 30
MEMORY_RUNS = 10
TARGET, MEMORY_TARGET = 1 / 30, 1 / 5
HANDLER = "observe-replica"
PEER = Path(__file__).with_name("start_up_peer.py")
ANSWER_MAX_S = 20.0
QUESTION = b"GET /2018-06-01/runtime/invocation/next"
MIB = 1 << 20


@dataclass(frozen=True)
class Side:
    """A function as a process."""

    name: str
    command: list[str]
    environment: Mapping[str, str]


def compare(context: Context) -> Result:
    """How long either takes until it asks for work."""
    sides = _sides(context, "http://127.0.0.1:9")
    measured = in_turn([(one.name, lambda one=one: _first_question(one)) for one in sides], RUNS)
    for series in measured:
        series.unit, series.values = "ms", [seconds * 1000 for seconds in series.values]
    return Result(
        "start-up",
        f"process to first question of handler {HANDLER}, against Python and boto3",
        [Comparison(measured[0], measured[1], round(TARGET, 3))],
        facts={"versions": _versions(), "binary_bytes": Path(sides[0].command[0]).stat().st_size},
    )


def compare_memory(context: Context) -> Result:
    """The most memory that either had resident, after one description of the same instance."""
    sides = _sides(context, context.product.machine.rds_endpoint)
    event = _event(context)
    series = [Series(one.name, unit="MiB") for one in sides]
    for _ in range(MEMORY_RUNS):
        for one, its in zip(sides, series, strict=True):
            its.values.append(_peak_bytes(one, event, context.run.dir) / MIB)
    return Result(
        "memory",
        f"peak of resident memory after one invocation of {HANDLER}, against Python and boto3",
        [Comparison(series[0], series[1], MEMORY_TARGET)],
        facts={"versions": _versions()},
    )


def _sides(context: Context, rds_endpoint: str) -> list[Side]:
    product = context.product
    step = product.deployment.step(HANDLER)
    environment = dict(product._function(step, _no_cluster()).environment)
    environment["AWS_ENDPOINT_URL_RDS"] = rds_endpoint
    environment["_HANDLER"] = HANDLER
    control = next(path for path in product.binaries if path.name == "bench-control")
    # Lambda sets both, and boto3 reads the second (developer guide, "Defined runtime variables").
    environment["AWS_DEFAULT_REGION"] = environment["AWS_REGION"]
    peer = plain_environment(
        **{name: value for name, value in environment.items() if name.startswith("AWS_")},
    )
    return [
        Side("control", [str(control)], environment),
        Side("Python and boto3", [sys.executable, str(PEER)], peer),
    ]


def _no_cluster() -> Any:
    return SimpleNamespace(authority="/nowhere.pem", port=0)


def _first_question(side: Side) -> float:
    """Start it and wait until it asks; it never gets an answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(ANSWER_MAX_S)
        environment = _of_lambda(side, server.getsockname()[1])
        began = time.perf_counter()
        process = subprocess.Popen(
            side.command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(ANSWER_MAX_S)
                said = connection.recv(4096)
                seconds = time.perf_counter() - began
        finally:
            process.kill()
            process.wait()
    if not said.startswith(QUESTION):
        raise Unavailable(f"{side.name} asked for something else: {said[:80]!r}")
    return seconds


def _of_lambda(side: Side, port: int) -> dict[str, str]:
    return {
        **side.environment,
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
        "AWS_LAMBDA_FUNCTION_NAME": HANDLER,
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    }


def _event(context: Context) -> dict[str, Any]:
    """What the state machine asks when a replica was just restored."""
    product = context.product
    product.configure("quick")
    with product._host(_no_cluster()) as host:
        night = _Night(product, host, _no_cluster())
        night.run("PlanDrill", "WaitForReplica")
        return {name: night.variables[name] for name in ("plan", "goal", "awaited", "began_at")}


def _peak_bytes(side: Side, event: dict[str, Any], scratch: Path) -> int:
    launcher = _launcher(side, scratch)
    function = Function(HANDLER, launcher, HANDLER, 60, 256, side.environment)
    with LambdaHost({HANDLER: function}, scratch) as host:
        answer = host.invoke(HANDLER, event)
        if "reached" not in answer:
            raise Unavailable(f"{side.name} answered {answer}")
        return host.peaks()[HANDLER]


def _launcher(side: Side, scratch: Path) -> Path:
    """One file to start, as the host wants it."""
    if len(side.command) == 1:
        return Path(side.command[0])
    path = scratch / "bench-peer"
    # `exec`, so that the process that is looked at is the interpreter's.
    path.write_text(f"#!/bin/sh\nexec {' '.join(side.command)}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def _versions() -> dict[str, str]:
    import boto3

    return {"python": sys.version.split()[0], "boto3": boto3.__version__}
