"""Fixtures of the suites: one local AWS a session, a stage a test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from onemachine import courses, deploy, machine, processes
from onemachine.machine import Machine

from harness.stage import Drill, Stage

_numbers = itertools.count(1)


def _why_not() -> str | None:
    missing = deploy.Artifacts().missing()
    if missing:
        return f"SKIPPED: {missing[0].name} is not there; make lambdas"
    if not machine.double_program().exists():
        return "SKIPPED: no rds-double; cargo build --package rds-double"
    return None


@pytest.fixture(scope="session", name="aws")
def _aws() -> Iterator[Machine]:
    """A local AWS for all tests of the session."""
    if why := _why_not():
        pytest.skip(why)
    with processes.Run() as run:
        yield machine.start(run)


@pytest.fixture(scope="session", name="deployed")
def _deployed(aws: Machine) -> deploy.Deployed:
    """The drill, deployed once."""
    return deploy.deploy(aws)


@pytest.fixture(scope="session", name="mailbox")
def _mailbox() -> list[dict[str, Any]]:
    """Every notification that was received in the session."""
    return []


@pytest.fixture(name="stage")
def _stage(
    aws: Machine, deployed: deploy.Deployed, mailbox: list[dict[str, Any]]
) -> Iterator[Stage]:
    """A small source of its own, with a configuration and no backup yet."""
    name = f"courses-{next(_numbers)}"
    source = courses.create(aws, name, courses.SUBMISSIONS_SMALL)
    stage = Stage(aws, deployed, source, mailbox)
    stage.configure()
    yield stage
    aws.double.clear_faults()
    _remove_all_of(stage)


@pytest.fixture(name="standby")
def _standby(stage: Stage) -> Drill:
    """The first night of the stage, verified: its replica is the standby."""
    return stage.verified_night()


def _remove_all_of(stage: Stage) -> None:
    """Servers cost memory: what a test leaves behind goes with it."""
    rds = stage.machine.client("rds")
    for name in stage.instances():
        if name == stage.source.name:
            rds.modify_db_instance(
                DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True
            )
        rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
