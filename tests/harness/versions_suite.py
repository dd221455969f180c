"""A night on every major version of PostgreSQL that RDS offers, as far as this machine has it."""

from __future__ import annotations

import pytest
from onemachine import postgres
from onemachine.processes import Run
from onemachine.provision import ProvisionError

from harness import local_aws
from harness.scenario import Scenario


@pytest.mark.slow
@pytest.mark.parametrize("major", postgres.MAJORS)
def a_backup_of_each_major_version_is_verified(major: int) -> None:
    try:
        binaries = postgres.bin_dir(major)
    except ProvisionError as reason:
        pytest.skip(str(reason))
    with Run() as run:
        aws = local_aws.start(run, binaries)
        scenario = Scenario(aws, aws.new_source())
        scenario.configure()
        scenario.back_up()
        outcome = scenario.run()
        assert outcome.status == "SUCCEEDED", outcome
        assert scenario.evidence(outcome.drill)["server_version"].startswith(str(major))
