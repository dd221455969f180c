"""A stage: one source with its configuration and its nights, on a local AWS that tests share.

Each stage has a source of its own, so that what one test breaks is no other test's concern.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from onemachine import courses, deploy, executions
from onemachine.courses import Source
from onemachine.deploy import Deployed
from onemachine.executions import Execution
from onemachine.machine import Machine

# Every drill of the suites ends in a few seconds, one that is retried in a minute.
DRILL_MAX_S = 150.0
FIRST_NIGHT = datetime(2026, 11, 1, 3, tzinfo=timezone.utc)
HOLD = "restore-drill:hold"

CONFIGURATION = """
source = "{source}"
{top}
[replica]
instance_class = "db.t4g.medium"
subnet_group = "restore-drill"
security_groups = ["sg-0a1b2c3d4e5f60718"]
{replica}
[deadlines]
available = "5m"
stopped = "5m"
gone = "5m"
{deadlines}
[polling]
first = "1s"
min = "1s"
max = "2s"

[database]
name = "courses"
{database}
{checks}
"""


@dataclass(frozen=True)
class Drill:
    """One drill that ended, with what it left behind."""

    stage: Stage
    execution: Execution
    ended: dict[str, Any]

    @property
    def status(self) -> str:
        return self.ended["status"]

    @property
    def error(self) -> str | None:
        return self.ended.get("error")

    @property
    def cause(self) -> str:
        return self.ended.get("cause") or ""

    @property
    def replica(self) -> str:
        return self.evidence["replica"]["id"]

    @property
    def evidence(self) -> dict[str, Any]:
        """The evidence as it ended."""
        drill = self.execution.name
        key = f"drills/{self.stage.source.name}/{drill}/evidence.json"
        return json.loads(self.stage.read_object(key))

    @property
    def notification(self) -> dict[str, str]:
        """The one message about this execution; its text names it."""
        messages = [m for m in self.stage.notifications() if self.execution.arn in m["Message"]]
        assert len(messages) == 1, [m["Subject"] for m in messages]
        return messages[0]

    def findings(self, status: str) -> dict[str, str]:
        """What was found by checks of a status, by check and subject."""
        return {
            f"{finding['check']} {finding['subject']}": finding["found"]
            for finding in self.evidence["findings"]
            if finding["status"] == status
        }

    def times_in(self, state: str) -> int:
        return self.execution.states().count(state)


@dataclass
class Stage:
    """One source and its drills."""

    machine: Machine
    deployed: Deployed
    source: Source
    mailbox: list[dict[str, Any]]
    _nights: Any = field(default_factory=itertools.count)

    def configure(self, **parts: str) -> None:
        """Deploy the configuration, with more text in its parts."""
        texts = {"top": "", "replica": "", "deadlines": "", "database": "", "checks": "", **parts}
        text = CONFIGURATION.format(source=self.source.name, **texts)
        deploy.put_configuration(self.machine, self.deployed.deployment, self.source.name, text)

    def back_up(self, **wish: Any) -> str:
        """The automated backup that RDS takes at night."""
        return self.machine.double.back_up(self.source.name, **wish)

    def sql(self, *statements: str) -> Any:
        """Change the source as its owner's application would, or as an accident does."""
        return self.machine.double.run_sql(self.source.name, list(statements), courses.DATABASE)

    def next_time(self) -> datetime:
        """The time of the next night; each is a day later."""
        return FIRST_NIGHT + timedelta(days=next(self._nights))

    def begin(self, **request: Any) -> Execution:
        """Start a drill and don't wait for it."""
        request = {"source": self.source.name, "trigger": "schedule", **request}
        request.setdefault("scheduled_at", executions.rfc3339(self.next_time()))
        return executions.start(self.machine, self.deployed.deployment, request)

    def begin_again(self, scheduled_at: str, name: str) -> Execution:
        """The same event once more, as the scheduler may send it: another execution, same time."""
        answer = self.machine.client("stepfunctions").start_execution(
            stateMachineArn=self.deployed.deployment.state_machine_arn,
            name=name,
            input=json.dumps({"source": self.source.name, "scheduled_at": scheduled_at}),
        )
        return Execution(self.machine, answer["executionArn"])

    def end(self, execution: Execution) -> Drill:
        """Wait for a drill."""
        return Drill(self, execution, execution.wait(DRILL_MAX_S))

    def drill(self, **request: Any) -> Drill:
        """A drill from beginning to end."""
        return self.end(self.begin(**request))

    def verified_night(self) -> Drill:
        """A night on which all goes well: leaves a standby."""
        self.back_up()
        drill = self.drill()
        assert drill.status == "SUCCEEDED", (drill.error, drill.cause)
        return drill

    def read_object(self, key: str) -> str:
        bucket = self.deployed.deployment.bucket
        answer = self.machine.client("s3").get_object(Bucket=bucket, Key=key)
        return answer["Body"].read().decode()

    def instances(self) -> dict[str, str]:
        """The instances that belong to this source or are it, with their statuses."""
        pages = self.machine.client("rds").get_paginator("describe_db_instances").paginate()
        return {
            instance["DBInstanceIdentifier"]: instance["DBInstanceStatus"]
            for page in pages
            for instance in page["DBInstances"]
            if self._concerns(instance)
        }

    def _concerns(self, instance: dict[str, Any]) -> bool:
        tags = {tag["Key"]: tag["Value"] for tag in instance.get("TagList", [])}
        name = instance["DBInstanceIdentifier"]
        return name == self.source.name or tags.get("restore-drill:source") == self.source.name

    def calls(self, action: str, replica: str | None = None) -> list[dict[str, Any]]:
        """The calls of an action that named this source, its replicas, or one of them."""
        wanted = replica or self.source.name
        return [
            call
            for call in self.machine.double.calls(action)
            if any(wanted in str(value) for value in call["parameters"].values())
        ]

    def notifications(self) -> list[dict[str, Any]]:
        """All messages so far."""
        sqs, queue = self.machine.client("sqs"), self.deployed.queue_url
        while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self.mailbox.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return self.mailbox

    def sweep(self) -> dict[str, dict[str, str]]:
        """Run the sweep; what it did with the instances of this source."""
        deployment = self.deployed.deployment
        answer = self.machine.client("lambda").invoke(
            FunctionName=f"{deployment.prefix}-sweep-orphans", Payload=b"{}"
        )
        payload = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, payload
        return {item["instance"]: item for item in payload["items"] if self.source.name in item["instance"]}

    def kill_function(self, handler: str) -> int:
        """Kill the running processes of a function, as a host that fails does; gives how many."""
        killed = 0
        for environ in Path("/proc").glob("[0-9]*/environ"):
            try:
                variables = environ.read_bytes().split(b"\0")
            except OSError:
                continue
            named = f"AWS_LAMBDA_FUNCTION_NAME={self.deployed.deployment.prefix}-{handler}"
            if named.encode() in variables and self._is_ours(variables):
                os.kill(int(environ.parent.name), signal.SIGKILL)
                killed += 1
        return killed

    def _is_ours(self, variables: list[bytes]) -> bool:
        return f"AWS_ENDPOINT_URL={self.machine.endpoint}".encode() in variables
