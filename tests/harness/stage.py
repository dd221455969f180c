"""A stage: a scenario whose nights are told apart, with a standby where a test wants one."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onemachine import courses
from onemachine.executions import Execution
from onemachine.machine import Machine

from harness.scenario import Scenario

# A drill that the state machine tries again takes the longest.
DRILL_MAX_S = 90.0


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
    def at(self) -> str:
        """The time that it was scheduled for."""
        return self.evidence["timeline"]["scheduled_at"]

    @property
    def evidence(self) -> dict[str, Any]:
        """The evidence as it ended."""
        drill = self.execution.name
        key = f"drills/{self.stage.source.name}/{drill}/evidence.json"
        return json.loads(self.stage.read_object(key))

    @property
    def notification(self) -> dict[str, str]:
        """The one message about this execution; its text names it."""
        messages = [m for m in self.stage.messages() if self.execution.arn in m["Message"]]
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


class Stage(Scenario):
    """One source and its drills."""

    @property
    def machine(self) -> Machine:
        return self.aws.machine

    def sql(self, *statements: str) -> Any:
        """Change the source as its owner's application would, or as an accident does."""
        return self.double.run_sql(self.source.name, list(statements), courses.DATABASE)

    def begin_again(self, scheduled_at: str, name: str) -> Execution:
        """The same event once more, as the scheduler may send it: another execution, same time."""
        answer = self.machine.client("stepfunctions").start_execution(
            stateMachineArn=self.aws.deployment.state_machine_arn,
            name=name,
            input=json.dumps({"source": self.source.name, "scheduled_at": scheduled_at}),
        )
        return Execution(self.machine, answer["executionArn"])

    def end(self, execution: Execution) -> Drill:
        """Wait for a drill."""
        return Drill(self, execution, execution.wait(DRILL_MAX_S))

    def drill(self, **request: Any) -> Drill:
        """A drill from beginning to end."""
        return self.end(self.start(**request))

    def verified_night(self) -> Drill:
        """A night on which all goes well: leaves a standby."""
        self.back_up()
        drill = self.drill()
        assert drill.status == "SUCCEEDED", (drill.error, drill.cause)
        return drill

    def destroy_source(self) -> None:
        """What `terraform destroy` did: protection off, no final snapshot, backups and all."""
        name, rds = self.source.name, self.machine.client("rds")
        rds.modify_db_instance(
            DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True
        )
        courses.wait_for_status(self.machine, name, "available")
        rds.delete_db_instance(
            DBInstanceIdentifier=name, SkipFinalSnapshot=True, DeleteAutomatedBackups=True
        )

    def read_object(self, key: str) -> str:
        bucket = self.aws.deployment.bucket
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

    def restores(self) -> list[dict[str, Any]]:
        """The restores that drills of this source asked for; its own creation isn't one."""
        calls = self.double.calls("RestoreDBInstanceFromDBSnapshot")
        return [
            c for c in calls if f"-{self.source.name}-" in c["parameters"]["DBInstanceIdentifier"]
        ]

    def messages(self) -> list[dict[str, Any]]:
        """All notifications so far, of every test."""
        return [json.loads(message["Body"]) for message in self.aws.receive()]

    def sweep(self) -> dict[str, dict[str, str]]:
        """Run the sweep; what it did with the instances of this source."""
        answer = self.invoke("sweep-orphans", {})
        assert "errorType" not in answer, answer
        return {item["instance"]: item for item in answer["items"]}

    def kill_function(self, handler: str) -> int:
        """Kill the running processes of a function, as a host that fails does; gives how many."""
        killed = 0
        for environ in Path("/proc").glob("[0-9]*/environ"):
            try:
                variables = environ.read_bytes().split(b"\0")
            except OSError:
                continue
            named = f"AWS_LAMBDA_FUNCTION_NAME={self.aws.deployment.prefix}-{handler}"
            if named.encode() in variables and self._is_ours(variables):
                os.kill(int(environ.parent.name), signal.SIGKILL)
                killed += 1
        return killed

    def _is_ours(self, variables: list[bytes]) -> bool:
        return f"AWS_ENDPOINT_URL={self.machine.endpoint}".encode() in variables
