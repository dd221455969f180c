"""The source `courses-prod`: an instance of the RDS double with a course platform's data."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from onemachine.machine import Machine

SQL = Path(__file__).parent / "course_platform"
DATABASE = "courses"
# Twenty answers each: this is the size at which the platform lost 1,943,200 of them.
SUBMISSIONS = 97_160
SUBMISSIONS_SMALL = 200
POLL_S = 0.1
AS_SUPERUSER = [
    # On RDS the master user grants it; the double's may not from PostgreSQL 16 on.
    "GRANT rds_iam TO restore_drill",
    # PostgreSQL 14 lets everybody create tables in `public`, which belongs to RDS's own user.
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
]
TERMINAL = ("failed", "incompatible-", "restore-error")


class SourceError(Exception):
    """The source did not become what was asked of it in time."""


@dataclass(frozen=True)
class Source:
    """A source instance and its master's password, made up for this run and kept nowhere."""

    name: str
    password: str = field(repr=False)

    def connect(self, machine: Machine, **more: Any) -> psycopg.Connection[Any]:
        """Sign in as the master user, over TLS with the certificate checked."""
        instance = describe(machine, self.name)
        return psycopg.connect(
            host=instance["Endpoint"]["Address"],
            port=instance["Endpoint"]["Port"],
            dbname=DATABASE,
            user=instance["MasterUsername"],
            password=self.password,
            sslmode="verify-full",
            sslrootcert=str(machine.ca_file),
            connect_timeout=10,
            **{"autocommit": True, **more},
        )


def create(machine: Machine, name: str = "courses-prod", submissions: int = SUBMISSIONS) -> Source:
    """Create the instance, load the platform, and add the role that drills sign in as."""
    source = Source(name, secrets.token_urlsafe(24))
    machine.client("rds").create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        DBName=DATABASE,
        MasterUsername="courses_admin",
        MasterUserPassword=source.password,
        AllocatedStorage=100,
        BackupRetentionPeriod=7,
        DeletionProtection=True,
        EnableIAMDatabaseAuthentication=True,
        PubliclyAccessible=False,
        StorageEncrypted=True,
        Tags=[{"Key": "service", "Value": "course-platform"}],
    )
    wait_for_status(machine, name, "available")
    load(source, machine, submissions)
    return source


def load(source: Source, machine: Machine, submissions: int) -> None:
    """Rows first, then keys and indexes over them, then statistics: seconds instead of minutes."""
    with source.connect(machine) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET maintenance_work_mem = '256MB'")
        for part in ("tables", "rows", "keys", "role"):
            _execute_file(connection, part, submissions)
        connection.execute("VACUUM ANALYZE")
    machine.double.run_sql(source.name, AS_SUPERUSER, DATABASE)


def add_a_day(source: Source, machine: Machine) -> None:
    """What a day on the platform adds: some enrolments, submissions and answers."""
    with source.connect(machine) as connection:
        _execute_file(connection, "day", 0)


def _execute_file(connection: psycopg.Connection[Any], part: str, submissions: int) -> None:
    text = (SQL / f"{part}.sql").read_text(encoding="utf-8")
    connection.execute(text.replace(":submissions", str(submissions)).encode())


def describe(machine: Machine, name: str) -> dict[str, Any]:
    """The instance as RDS describes it."""
    answer = machine.client("rds").describe_db_instances(DBInstanceIdentifier=name)
    return answer["DBInstances"][0]


def wait_for_status(machine: Machine, name: str, status: str, max_s: float = 60) -> None:
    """Poll until the instance has the status, or give up with the one it has."""
    found = wait_for(
        lambda: describe(machine, name)["DBInstanceStatus"],
        lambda found: found == status or found.startswith(TERMINAL),
        f"{name} to be {status}",
        max_s,
    )
    if found != status:
        events = machine.client("rds").describe_events(
            SourceIdentifier=name, SourceType="db-instance", Duration=60
        )["Events"]
        reasons = "; ".join(event["Message"] for event in events[-2:])
        raise SourceError(f"{name} is {found}, was to be {status}: {reasons}")


def wait_for(look: Callable[[], Any], is_it: Callable[[Any], bool], what: str, max_s: float) -> Any:
    """Look again and again until it is so; after `max_s` say what was seen last."""
    deadline = time.monotonic() + max_s
    while not is_it(seen := look()):
        if time.monotonic() > deadline:
            raise SourceError(f"waited {max_s:.0f} s for {what}, saw {seen}")
        time.sleep(POLL_S)
    return seen
