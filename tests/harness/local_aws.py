"""The local AWS of a test session, with the drill deployed and a template for sources."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from onemachine import courses, deploy, machine, postgres
from onemachine.courses import Source
from onemachine.deployment import Deployment
from onemachine.machine import Machine, Settings
from onemachine.processes import Run

TEMPLATE = "template"
GONE_MAX_S = 30
# Statuses pass quickly and waits are short: 5 seconds between retries become half of one.
SETTINGS = {
    "wait_scale": 0.1,
    "double_arguments": ("--delay", "creating=0.1,starting=0.1,stopping=0.1,deleting=0.1"),
}


@dataclass
class LocalAws:
    """A machine that tests share. What a test sees of it is its own source's; see `Scenario`."""

    machine: Machine
    deployment: Deployment
    queue_url: str
    template: Source
    messages: list[dict[str, Any]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def new_source(self) -> Source:
        """A source instance of a test's own: a copy of the template, in under a second."""
        name = f"courses-{next(self._numbers)}"
        self.machine.client("rds").restore_db_instance_from_db_snapshot(
            DBInstanceIdentifier=name,
            DBSnapshotIdentifier=TEMPLATE,
            DBInstanceClass="db.t4g.medium",
            BackupRetentionPeriod=7,
            EnableIAMDatabaseAuthentication=True,
            PubliclyAccessible=False,
            Tags=[{"Key": "service", "Value": "course-platform"}],
        )
        courses.wait_for_status(self.machine, name, "available")
        # A restored instance keeps the password of the one that the snapshot is of.
        return Source(name, self.template.password)

    def instances(self) -> list[dict[str, Any]]:
        """Every instance but the template, as RDS describes it."""
        found = self.machine.client("rds").describe_db_instances()["DBInstances"]
        return [instance for instance in found if instance["DBInstanceIdentifier"] != TEMPLATE]

    def clear(self) -> None:
        """Leave nothing of a test to the next one: faults, executions, instances."""
        self.machine.double.clear_faults()
        self.machine.double.next_restore()
        self._stop_executions()
        for instance in self.instances():
            with contextlib.suppress(ClientError):
                self._delete(instance)
        courses.wait_for(self.instances, lambda left: not left, "instances to go", GONE_MAX_S)
        self.machine.double.clear_calls()

    def _stop_executions(self) -> None:
        states = self.machine.client("stepfunctions")
        running = states.list_executions(
            stateMachineArn=self.deployment.state_machine_arn, statusFilter="RUNNING"
        )
        for execution in running["executions"]:
            states.stop_execution(executionArn=execution["executionArn"], error="Test.Ended")

    def _delete(self, instance: dict[str, Any]) -> None:
        rds, name = self.machine.client("rds"), instance["DBInstanceIdentifier"]
        if instance["DBInstanceStatus"] == "deleting":
            return
        if instance["DeletionProtection"]:
            # A stopped instance can't be modified, nor can one in most other statuses.
            self.machine.double.force_status(name, "available")
            rds.modify_db_instance(
                DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True
            )
            # A status that is forced ends what is under way, this change too.
            courses.wait_for_status(self.machine, name, "available")
        self.machine.double.force_status(name, "available")
        rds.delete_db_instance(
            DBInstanceIdentifier=name, SkipFinalSnapshot=True, DeleteAutomatedBackups=True
        )

    def receive(self) -> list[dict[str, Any]]:
        """All notifications so far, of every test."""
        sqs = self.machine.client("sqs")
        while True:
            answer = sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
            if not answer.get("Messages"):
                return self.messages
            for message in answer["Messages"]:
                self.messages.append(message)
                sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])


def start(run: Run, version: postgres.Binaries | None = None) -> LocalAws:
    """Start a local AWS, deploy the drill and load the template."""
    aws = machine.start(run, Settings(postgres=version, **SETTINGS))
    deployed = deploy.deploy(aws)
    template = courses.create(aws, TEMPLATE, courses.SUBMISSIONS_SMALL)
    rds = aws.client("rds")
    rds.create_db_snapshot(DBInstanceIdentifier=TEMPLATE, DBSnapshotIdentifier=TEMPLATE)
    courses.wait_for(
        lambda: rds.describe_db_snapshots(DBSnapshotIdentifier=TEMPLATE)["DBSnapshots"][0][
            "Status"
        ],
        lambda status: status == "available",
        "the template's snapshot",
        60,
    )
    return LocalAws(aws, deployed.deployment, deployed.queue_url, template)
