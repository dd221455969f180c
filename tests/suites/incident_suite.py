"""The incident: the source is deleted together with its automated backups, at full size."""

# A claim's name is its description.

from __future__ import annotations

import psycopg
import pytest
from harness.local_aws import LocalAws
from harness.stage import Stage
from onemachine import courses
from onemachine.courses import Source

ANSWERS = 1_943_200


@pytest.mark.slow
@pytest.mark.timeout(300)
def the_standby_outlives_its_source_with_all_rows(shared_aws: LocalAws) -> None:
    shared_aws.clear()
    name = "courses-incident"
    stage = Stage(shared_aws, courses.create(shared_aws.machine, name))
    stage.configure()
    standby = stage.verified_night()
    stage.destroy_source()
    courses.wait_for(lambda: name in stage.instances(), lambda there: not there, "its end", 60)
    rds = stage.machine.client("rds")
    assert not rds.describe_db_snapshots(DBInstanceIdentifier=name)["DBSnapshots"]

    drill = stage.drill()

    assert (drill.status, drill.error) == ("FAILED", "Source.NotFound"), drill.cause
    assert standby.replica in drill.notification["Message"], "the message names the standby"
    assert stage.instances() == {standby.replica: "stopped"}
    assert stage.sweep()[standby.replica]["action"] == "keep"

    rds.start_db_instance(DBInstanceIdentifier=standby.replica)
    courses.wait_for_status(stage.machine, standby.replica, "available")
    assert _answers_in(Source(standby.replica, stage.source.password), stage) == ANSWERS


def _answers_in(replica: Source, stage: Stage) -> int:
    with replica.connect(stage.machine) as connection:
        cursor: psycopg.Cursor = connection.execute("SELECT count(*) FROM courses_answer")
        (rows,) = cursor.fetchone() or (0,)
        return rows
