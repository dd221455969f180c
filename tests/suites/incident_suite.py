"""The incident: the source is deleted together with its automated backups, at full size."""

# A claim's name is its description.
# ruff: noqa: D103

from __future__ import annotations

import psycopg
import pytest
from onemachine import courses, deploy
from onemachine.machine import Machine

from harness.stage import Stage


@pytest.mark.slow
@pytest.mark.timeout(300)
def the_standby_outlives_its_source_with_all_rows(
    aws: Machine, deployed: deploy.Deployed, mailbox: list
) -> None:
    name = "courses-incident"
    stage = Stage(aws, deployed, courses.create(aws, name), mailbox)
    stage.configure()
    standby = stage.verified_night()
    rds = aws.client("rds")
    # What `terraform destroy` did.
    rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False, ApplyImmediately=True)
    rds.delete_db_instance(
        DBInstanceIdentifier=name, SkipFinalSnapshot=True, DeleteAutomatedBackups=True
    )
    courses.wait_for(lambda: name in stage.instances(), lambda there: not there, "its end", 60)
    assert not rds.describe_db_snapshots(DBInstanceIdentifier=name)["DBSnapshots"]

    drill = stage.drill()

    assert (drill.status, drill.error) == ("FAILED", "Source.NotFound"), drill.cause
    message = drill.notification["Message"]
    assert standby.replica in message, "the message names the standby"
    assert stage.instances() == {standby.replica: "stopped"}
    assert stage.sweep()[standby.replica]["action"] == "keep"

    rds.start_db_instance(DBInstanceIdentifier=standby.replica)
    courses.wait_for_status(aws, standby.replica, "available")
    replica = courses.describe(aws, standby.replica)
    with psycopg.connect(
        host=replica["Endpoint"]["Address"],
        port=replica["Endpoint"]["Port"],
        dbname=courses.DATABASE,
        user=replica["MasterUsername"],
        password=stage.source.password,
        sslmode="verify-full",
        sslrootcert=str(aws.ca_file),
    ) as connection:
        (rows,) = connection.execute("SELECT count(*) FROM courses_answer").fetchone()
    assert rows == 1_943_200
    rds.delete_db_instance(DBInstanceIdentifier=standby.replica, SkipFinalSnapshot=True)
