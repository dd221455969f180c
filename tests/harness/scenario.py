"""One test's view: its own source, the drills of that source, and what they left behind."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import psycopg
from botocore.exceptions import ClientError
from onemachine import courses, deploy, diagnosis, executions
from onemachine.courses import Source
from onemachine.deployment import STEPS
from onemachine.double import Double
from onemachine.executions import Execution

from harness.configuration import Sections, render
from harness.local_aws import LocalAws

DRILL_MAX_S = 60
TAG_SOURCE = "restore-drill:source"


@dataclass(frozen=True)
class Outcome:
    """How a drill ended."""

    drill: str
    status: str
    error: str | None
    cause: str | None
    output: Any
    states: list[str]
    execution: Execution


@dataclass
class Scenario:
    """A source of its own with a configuration; `run` drills it."""

    aws: LocalAws = field(repr=False)
    source: Source
    # Nights are counted from a month ago, so that a test may have as many as it likes.
    first_night: datetime = field(
        default_factory=lambda: (
            datetime.now(timezone.utc).replace(hour=3, minute=0, second=0, microsecond=0)
            - timedelta(days=30)
        )
    )
    _nights: int = 0

    @property
    def double(self) -> Double:
        """The RDS double's side door; its calls are cleared before each test."""
        return self.aws.machine.double

    def configure(self, more: str = "", **sections: dict[str, Any]) -> None:
        """Store the source's configuration: fields by section, tables and queries as TOML."""
        chosen: Sections = sections
        text = render(self.source.name, chosen, more)
        deploy.put_configuration(self.aws.machine, self.aws.deployment, self.source.name, text)

    def back_up(self, **wish: Any) -> str:
        """Take the source's automated backup; gives the snapshot's identifier."""
        return self.double.back_up(self.source.name, **wish)

    def connect(self) -> psycopg.Connection[Any]:
        """Sign in at the source as its master user."""
        return self.source.connect(self.aws.machine)

    def start(self, **request: Any) -> Execution:
        """Start a drill, by default the next night's."""
        if "scheduled_at" not in request:
            at = self.first_night + timedelta(days=self._nights)
            request["scheduled_at"] = executions.rfc3339(at)
            self._nights += 1
        request = {"source": self.source.name, "trigger": "schedule", **request}
        return executions.start(self.aws.machine, self.aws.deployment, request)

    def run(self, max_s: float = DRILL_MAX_S, **request: Any) -> Outcome:
        """Start a drill and wait for its end."""
        return self.finish(self.start(**request), max_s)

    def finish(self, execution: Execution, max_s: float = DRILL_MAX_S) -> Outcome:
        """Wait for the end of a drill that was started."""
        found = execution.wait(max_s)
        output = found.get("output")
        return Outcome(
            drill=execution.name,
            status=found["status"],
            error=found.get("error"),
            cause=found.get("cause"),
            output=json.loads(output) if output else None,
            states=execution.states(),
            execution=execution,
        )

    def objects(self, drill: str) -> list[str]:
        """The names of what a drill left in the bucket, below its folder."""
        folder = f"drills/{self.source.name}/{drill}/"
        found = self.aws.machine.client("s3").list_objects_v2(
            Bucket=self.aws.deployment.bucket, Prefix=folder
        )
        return [entry["Key"].removeprefix(folder) for entry in found.get("Contents", [])]

    def read(self, drill: str, name: str) -> str | None:
        """One object of a drill as text; None when it is not there."""
        try:
            answer = self.aws.machine.client("s3").get_object(
                Bucket=self.aws.deployment.bucket, Key=f"drills/{self.source.name}/{drill}/{name}"
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise
        return answer["Body"].read().decode()

    def evidence(self, drill: str) -> dict[str, Any]:
        """The record of a drill as it ended."""
        text = self.read(drill, "evidence.json")
        assert text is not None, f"{drill} left no evidence.json, only {self.objects(drill)}"
        return json.loads(text)

    def notifications(self, count: int = 1, max_s: float = 5) -> list[dict[str, Any]]:
        """The messages about this source, once there are so many: Subject, Message, attributes."""
        return courses.wait_for(
            self._notifications_now,
            lambda found: len(found) >= count,
            f"{count} notifications",
            max_s,
        )

    def _notifications_now(self) -> list[dict[str, Any]]:
        envelopes = [json.loads(message["Body"]) for message in self.aws.receive()]
        mine = {"Type": "String", "Value": self.source.name}
        return [
            envelope
            for envelope in envelopes
            if envelope.get("MessageAttributes", {}).get("source") == mine
        ]

    def replicas(self) -> list[dict[str, Any]]:
        """The replicas of this source, as RDS describes them."""
        mine = {"Key": TAG_SOURCE, "Value": self.source.name}
        return [entry for entry in self.aws.instances() if mine in entry.get("TagList", [])]

    def invoke(self, handler: str, payload: dict[str, Any]) -> Any:
        """Call one function directly; gives its answer, or its error as a dict."""
        step = next(step for step in STEPS if step.handler == handler)
        answer = self.aws.machine.client("lambda").invoke(
            FunctionName=self.aws.deployment.function_name(step),
            Payload=json.dumps(payload).encode(),
        )
        return json.loads(answer["Payload"].read())

    def log(self, handler: str) -> list[str]:
        """What a function has logged in this session, other tests' lines included."""
        step = next(step for step in STEPS if step.handler == handler)
        group = f"/aws/lambda/{self.aws.deployment.function_name(step)}"
        return diagnosis.function_log(self.aws.machine.client("logs"), group)
