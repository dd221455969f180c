"""The product as it is deployed: its artifacts and definition on a local AWS.

The replica is a cluster of the benchmark's: what the RDS double restores is small, and the
functions are told the cluster's endpoint where they would be told the replica's.
"""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from harness.configuration import render
from onemachine import courses, deploy, executions, machine
from onemachine.deployment import STEPS, Deployment, Step
from onemachine.machine import REGION, Machine
from onemachine.paths import LAMBDA_ZIPS, STATE_MACHINE, TARGET
from onemachine.processes import Run, plain_environment

from bench.cluster import READER, Cluster, Unavailable
from bench.dataset import DATABASE
from bench.lambda_host import Function, LambdaHost
from bench.states import Runner, Tally

SOURCE = "courses-prod"
# The double's statuses last no longer than they must: none of this is measured.
DELAYS = "creating=0.1,starting=0.1,stopping=0.1,deleting=0.1"
PROFILES = ("release", "debug")


@dataclass
class Measured:
    """What the checks of one drill took, from planning them to the verdict."""

    seconds: float
    verdict: dict[str, Any]
    tally: Tally
    peak_bytes: dict[str, int]
    environments: dict[str, int]
    shards: int
    # Each call of a function: when it began and how long it took, in seconds.
    calls: list[tuple[str, float, float]] = field(default_factory=list, repr=False)
    measurements: list[dict[str, Any]] = field(default_factory=list, repr=False)

    def slowest(self) -> dict[str, float]:
        """The longest call of each function."""
        longest: dict[str, float] = {}
        for function, _, seconds in self.calls:
            longest[function] = max(round(seconds, 3), longest.get(function, 0))
        return longest


class Product:
    """A local AWS with one source; each `checks` is a drill of its own."""

    def __init__(self, run: Run, profile: str) -> None:
        self._run = run
        self._binaries = _copied(run, profile)
        self.deployment = Deployment()
        settings = machine.Settings(double_arguments=("--delay", DELAYS))
        self.machine: Machine = machine.start(run, settings)
        self._definition = json.loads(STATE_MACHINE.read_text(encoding="utf-8"))
        self._nights = 0
        self._first = datetime.now(timezone.utc).replace(
            hour=3, minute=0, second=0, microsecond=0
        ) - timedelta(days=200)
        configuration = {"LocationConstraint": REGION}
        self.machine.client("s3").create_bucket(
            Bucket=self.deployment.bucket, CreateBucketConfiguration=configuration
        )
        self.machine.client("sns").create_topic(Name=self.deployment.prefix)
        courses.create(self.machine, SOURCE, courses.SUBMISSIONS_SMALL)
        self.machine.double.back_up(SOURCE)

    def configure(self, level: str | None, more: str = "", **database: Any) -> None:
        """Store the configuration: a level, and what a benchmark adds."""
        section = {"name": DATABASE, "user": READER, "statement_timeout": "13m", **database}
        # Fields of no section come first.
        text = (f'level = "{level}"\n' if level else "") + render(
            SOURCE, {"database": section}, more
        )
        deploy.put_configuration(self.machine, self.deployment, SOURCE, text)

    @property
    def binaries(self) -> list[Path]:
        """The artifacts' files."""
        return list(self._binaries.values())

    def checks(self, cluster: Cluster, planned: Mapping[str, Any] | None = None) -> Measured:
        """Plan a drill, then measure what its checks take on the cluster, in new environments.

        What `planned` says replaces what planning the checks came to, such as `readers_max`.
        """
        with self._host(cluster) as host:
            night = _Night(self, host, cluster, planned or {})
            night.run("PlanDrill", "RestoreReplica")
            night.assign_replica()
            # From here the functions' processes are new ones, as they are on most nights.
            night.tally, night.calls = Tally(), []
            began = time.perf_counter()
            night.run("PlanChecks", self._definition["States"]["JudgeDrill"]["Next"])
            return night.measured(time.perf_counter() - began)

    def night(self, cluster: Cluster) -> Measured:
        """A whole night, to the report: its evidence is the next one's baseline."""
        with self._host(cluster) as host:
            night = _Night(self, host, cluster)
            began = time.perf_counter()
            night.run(self._definition["StartAt"], None)
            return night.measured(time.perf_counter() - began)

    def next_request(self) -> dict[str, Any]:
        """What the schedule sends, a day after the one before."""
        at = self._first + timedelta(days=self._nights)
        self._nights += 1
        return {
            "source": SOURCE,
            "scheduled_at": executions.rfc3339(at),
            "trigger": "schedule",
        }

    @property
    def states(self) -> dict[str, Any]:
        return self._definition["States"]

    def _host(self, cluster: Cluster) -> LambdaHost:
        functions = {step.placeholder: self._function(step, cluster) for step in STEPS}
        return LambdaHost(functions, self._run.dir)

    def _function(self, step: Step, cluster: Cluster) -> Function:
        environment = deploy.function_environment(self.machine, self.deployment, step)
        if step.artifact == "verify":
            environment["RESTORE_DRILL_CA_BUNDLE"] = str(cluster.authority)
        return Function(
            name=self.deployment.function_name(step),
            binary=self._binaries[step.artifact],
            handler=step.handler,
            timeout_s=step.timeout_s,
            memory_mib=step.memory_mib,
            environment=plain_environment(
                **machine.CREDENTIALS,
                AWS_REGION=REGION,
                AWS_EC2_METADATA_DISABLED="true",
                **environment,
            ),
        )

    def read(self, drill: str, name: str) -> Any:
        """A JSON object that a drill left in the bucket."""
        key = f"drills/{SOURCE}/{drill}/{name}"
        answer = self.machine.client("s3").get_object(Bucket=self.deployment.bucket, Key=key)
        return json.loads(answer["Body"].read())

    def measurements(self, drill: str) -> list[dict[str, Any]]:
        """Everything that a drill's shards recorded."""
        pages = self.machine.client("s3").get_paginator("list_objects_v2")
        prefix = f"drills/{SOURCE}/{drill}/measurements/"
        found = []
        for page in pages.paginate(Bucket=self.deployment.bucket, Prefix=prefix):
            for entry in page.get("Contents", []):
                name = entry["Key"].removeprefix(f"drills/{SOURCE}/{drill}/")
                found += self.read(drill, name)["measurements"]
        return found


class _Night:
    """One execution of the definition, or a part of it."""

    def __init__(
        self,
        product: Product,
        host: LambdaHost,
        cluster: Cluster,
        planned: Mapping[str, Any] | None = None,
    ) -> None:
        self._product, self._host, self._cluster = product, host, cluster
        self._planned = planned or {}
        self.tally = Tally()
        self._started_at = executions.rfc3339(datetime.now(timezone.utc))
        self._request = product.next_request()
        arn = product.deployment.state_machine_arn.replace(":stateMachine:", ":execution:")
        self._context = {
            "Execution": {
                "Id": f"{arn}:{uuid.uuid4()}",
                "StartTime": self._started_at,
                "Input": self._request,
            }
        }
        self.variables: dict[str, Any] = {}
        self.calls: list[tuple[str, float, float]] = []

    def run(self, start: str, until: str | None) -> None:
        runner = Runner(self._invoke, self.tally)
        runner.run(self._product.states, start, until, self.variables, self._request, self._context)

    def assign_replica(self) -> None:
        """What restoring and observing would have assigned."""
        now = executions.rfc3339(datetime.now(timezone.utc))
        self.variables |= {
            "restored": {
                "replica": self.variables["plan"]["replica"],
                "resource_id": "db-BENCHMARK",
                "accepted_at": now,
            },
            "available": {"endpoint": self._endpoint(), "observed_at": now},
        }

    def _endpoint(self) -> dict[str, Any]:
        return {"host": "localhost", "port": self._cluster.port}

    def _invoke(self, function: str, payload: Any) -> Any:
        began = time.perf_counter()
        answer = self._host.invoke(function, payload)
        self.calls.append((function, began, time.perf_counter() - began))
        if function == "observe_replica" and answer.get("available"):
            answer["available"]["endpoint"] = self._endpoint()
        if function == "plan_checks":
            answer |= self._planned
        return answer

    def measured(self, seconds: float) -> Measured:
        drill = self.variables["plan"]["drill"]
        return Measured(
            seconds=seconds,
            verdict=self._product.read(drill, "verdict.json"),
            tally=self.tally,
            peak_bytes=self._host.peaks(),
            environments=self._host.environments(),
            shards=len(self.variables["checks"]["shards"]),
            calls=self.calls,
            measurements=self._product.measurements(drill),
        )


def _copied(run: Run, profile: str) -> Mapping[str, Path]:
    """The artifacts, copied: a build meanwhile would take them away."""
    if profile not in PROFILES:
        raise Unavailable(f"PROFILE is {profile}, it can be {' or '.join(PROFILES)}")
    copies = {}
    for name in sorted({step.artifact for step in STEPS}):
        built = (
            LAMBDA_ZIPS / name / "bootstrap" if profile == "release" else TARGET / "debug" / name
        )
        if not built.exists():
            raise Unavailable(f"{name} isn't built: make lambdas PROFILE={profile}")
        copies[name] = Path(shutil.copy(built, run.dir / f"bench-{name}"))
    return copies
