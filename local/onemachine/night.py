"""`make drill`: two nights in a row on this machine, followed as a person would.

Exits with 0 only when both drills verified their backup and exactly the source and one stopped
replica are left.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import psycopg
from botocore.exceptions import ClientError

from onemachine import (
    courses,
    deploy,
    diagnosis,
    executions,
    kept,
    machine,
    processes,
    watch,
    watchdog,
)
from onemachine.courses import Source
from onemachine.deployment import Deployment
from onemachine.double import DoubleError
from onemachine.executions import Execution
from onemachine.machine import Machine
from onemachine.paths import ROOT, TARGET

SOURCE = "courses-prod"
NIGHT_MAX_S = 180.0
CLI = TARGET / "debug" / "restore-drill"
TAG_DRILL = "restore-drill:drill"


class WrongEnd(Exception):
    """The nights did not leave what they should."""


FAILURES = (
    *(processes.StartError, courses.SourceError, executions.NeverEnded, WrongEnd),
    *(DoubleError, ClientError, psycopg.Error),
)


def main() -> int:
    """Run the nights; everything that was started is ended, unless --keep."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--keep", action="store_true", help="leave the local AWS up")
    keep = arguments.parse_args().keep
    missing = deploy.Artifacts().missing()
    if missing:
        print(f"{missing[0].relative_to(ROOT)} is not there: run make lambdas", file=sys.stderr)
        return 1
    if keep and kept.is_up():
        print("a local AWS is still up: end it with make stop", file=sys.stderr)
        return 1
    try:
        with processes.signals_as_exit(), processes.Run() as run:
            return _nights(run, keep)
    except KeyboardInterrupt:
        print("\nended early; nothing was left running", file=sys.stderr)
        return 130


def _nights(run: processes.Run, keep: bool) -> int:
    aws = None
    began = time.monotonic()
    try:
        aws = machine.start(run)
        _say(f"The local AWS is up: {aws.endpoint}, RDS {aws.rds_endpoint}.")
        deployment, source = _prepare(aws)
        last = _two_nights(aws, deployment, source)
        _check_what_is_left(aws, last.name)
        _say(f"\nIt took {time.monotonic() - began:.0f} s.")
    except FAILURES as error:
        logs = diagnosis.keep_logs(run, aws)
        print(f"\nFAILED {error}\nHINT: the logs are in {logs.relative_to(ROOT)}", file=sys.stderr)
        return 1
    finally:
        if keep and aws:
            kept.remember(aws)
            _say_how_to_go_on(SOURCE)
    return 0


def _prepare(aws: Machine) -> tuple[Deployment, Source]:
    with ThreadPoolExecutor(1) as pool:
        deploying = pool.submit(deploy.deploy, aws)
        source = courses.create(aws, SOURCE)
        deployment = deploying.result().deployment
    configuration = (courses.SQL / f"{SOURCE}.toml").read_text(encoding="utf-8")
    deploy.put_configuration(aws, deployment, SOURCE, configuration)
    watchdog.put_up(aws, deployment, [SOURCE], since=datetime.now(timezone.utc))
    _say(f"{SOURCE} holds {courses.SUBMISSIONS * 20:,} answers; the drill is deployed.")
    return deployment, source


def _two_nights(aws: Machine, deployment: Deployment, source: Source) -> Execution:
    at = _last_three_o_clock(datetime.now(timezone.utc))
    aws.double.back_up(SOURCE)
    _night(aws, deployment, "Night one", at - timedelta(days=1))
    courses.add_a_day(source, aws)
    aws.double.back_up(SOURCE)
    return _night(aws, deployment, "Night two", at)


def _last_three_o_clock(now: datetime) -> datetime:
    at = now.replace(hour=3, minute=0, second=0, microsecond=0)
    return at if at <= now else at - timedelta(days=1)


def _night(aws: Machine, deployment: Deployment, title: str, at: datetime) -> Execution:
    request = {"source": SOURCE, "scheduled_at": executions.rfc3339(at), "trigger": "schedule"}
    execution = executions.start(aws, deployment, request)
    _say(f"\n{title}: {execution.name}")
    watch.follow(execution, NIGHT_MAX_S)
    found = execution.describe()
    _report(aws, execution)
    if found["status"] != "SUCCEEDED":
        raise WrongEnd(
            f"{execution.name} ended {found['status']}: {found.get('error')} {found.get('cause')}"
        )
    return execution


def _report(aws: Machine, execution: Execution) -> None:
    if not CLI.exists():
        _say(str(execution.describe().get("output")))
        return
    _say("")
    subprocess.run(
        [CLI, "report", execution.name],
        env={**os.environ, **aws.environment},
        check=False,
        timeout=60,
    )


def _check_what_is_left(aws: Machine, drill: str) -> None:
    instances = aws.client("rds").describe_db_instances()["DBInstances"]
    _say("\nThe instances that are left:")
    for instance in instances:
        name, status = instance["DBInstanceIdentifier"], instance["DBInstanceStatus"]
        _say(f"  {name:<60} {status:<10} {_drill_of(instance) or 'the source'}")
    found = {(_drill_of(instance), instance["DBInstanceStatus"]) for instance in instances}
    if found != {(None, "available"), (drill, "stopped")} or len(instances) != 2:
        raise WrongEnd(f"not exactly the source and the stopped replica of {drill} are left")


def _drill_of(instance: dict) -> str | None:
    tags = {tag["Key"]: tag["Value"] for tag in instance.get("TagList", [])}
    return tags.get(TAG_DRILL)


def _say_how_to_go_on(source: str) -> None:
    program = CLI.relative_to(ROOT)
    _say("\nThe local AWS stays up. To go on in this directory:")
    _say(f"  . {kept.VARIABLES.relative_to(ROOT)}")
    _say(f"  {program} history")
    _say(f"  {program} run --source {source}")
    _say("To end it:\n  make stop")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
