"""Fixtures of the suites. A test takes `scenario` and has a source, a deployment and RDS."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from harness import local_aws
from harness.local_aws import LocalAws
from harness.scenario import Scenario
from harness.stage import Drill, Stage
from onemachine import deploy, diagnosis, processes


@pytest.fixture(scope="session")
def run() -> Iterator[processes.Run]:
    """The run that owns every process of the session."""
    with processes.signals_as_exit(), processes.Run() as run:
        yield run


@pytest.fixture(scope="session")
def shared_aws(run: processes.Run) -> LocalAws:
    """The local AWS that all tests share, with the drill deployed."""
    missing = deploy.Artifacts().missing()
    if missing:
        pytest.fail(f"{missing[0]} is not there: run make lambdas", pytrace=False)
    return local_aws.start(run)


@pytest.fixture
def scenario(shared_aws: LocalAws, request: pytest.FixtureRequest) -> Iterator[Scenario]:
    """A source of the test's own, configured; afterwards nothing of the test is left."""
    shared_aws.clear()
    scenario = Scenario(shared_aws, shared_aws.new_source())
    scenario.configure()
    yield scenario
    if getattr(request.node, "failed", False):
        name = re.sub(r"\W+", "-", request.node.name)
        place = diagnosis.keep_logs(shared_aws.machine.run, shared_aws.machine, name)
        request.node.add_report_section("teardown", "logs", f"the logs are in {place}")


@pytest.fixture
def stage(scenario: Scenario) -> Stage:
    """The scenario's source, as a stage for several nights."""
    return Stage(scenario.aws, scenario.source)


@pytest.fixture
def standby(stage: Stage) -> Drill:
    """The first night of the stage, verified: its replica is the standby."""
    return stage.verified_night()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Let fixtures know that their test failed, so that they keep the logs."""
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        item.failed = report.failed
