"""A deployment whose functions reach AWS through the gate, which asks for rights and records."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from harness.local_aws import LocalAws
from harness.stage import Stage
from onemachine import deploy
from onemachine.deployment import Deployment
from onemachine.iam.documents import Policy
from onemachine.iam.gate import Gate

_numbers = itertools.count(1)


@contextmanager
def gated(
    aws: LocalAws, replaced: Mapping[str, Policy] | None = None
) -> Iterator[tuple[Stage, Gate]]:
    """A source of its own, with a deployment of its own behind the gate."""
    aws.clear()
    source = aws.new_source()
    deployment = Deployment(f"gated-{next(_numbers)}")
    values = deploy.policy_values(aws.machine, deployment)
    with Gate(aws.machine, values, replaced or {}) as gate:
        deployed = deploy.deploy(aws.machine, deployment, values=values, door=gate.endpoint)
        behind = dataclasses.replace(
            aws, deployment=deployment, queue_url=deployed.queue_url, messages=[]
        )
        stage = Stage(behind, source)
        stage.configure()
        try:
            yield stage, gate
        finally:
            behind.clear()
