"""A deployment whose functions reach AWS through the gate, which asks for rights and records."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

from harness.local_aws import LocalAws
from harness.stage import Stage
from onemachine import deploy
from onemachine.deployment import Deployment
from onemachine.iam.gate import Gate

DEPLOYMENT = Deployment("gated")


@contextmanager
def gated(aws: LocalAws) -> Iterator[tuple[Stage, Gate]]:
    """A source of its own, with a deployment of its own behind the gate; once in a session."""
    aws.clear()
    source = aws.new_source()
    values = deploy.policy_values(aws.machine, DEPLOYMENT)
    with Gate(aws.machine, values) as gate:
        deployed = deploy.deploy(aws.machine, DEPLOYMENT, values=values, door=gate.endpoint)
        behind = dataclasses.replace(
            aws, deployment=DEPLOYMENT, queue_url=deployed.queue_url, messages=[]
        )
        stage = Stage(behind, source)
        stage.configure()
        try:
            yield stage, gate
        finally:
            behind.clear()
