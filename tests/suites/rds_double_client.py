"""Drives an RDS double as a client that the project did not write would: boto3 and psycopg."""

import contextlib
import functools
import json
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import boto3
import psycopg
from botocore.config import Config
from suites import rds_double_answers

ROOT = Path(__file__).resolve().parents[2]
READY_MAX_S = 30
WAIT_MAX_S = 60
PASSWORD = "correct-horse-battery"  # noqa: S105 (of a database that lives for a test)
QUICK = "creating=0.2,starting=0.1,stopping=0.1,deleting=0.1"


def postgres_bin() -> tuple[Path | None, str]:
    """The directory of PostgreSQL's programs, or why there is none."""
    given = os.environ.get("POSTGRES_BIN")
    if given:
        found = [Path(given)]
    else:
        installed = Path("/usr/lib/postgresql").glob("*/bin")
        found = sorted(installed, key=lambda path: int(path.parent.name), reverse=True)
    for path in found:
        if not (path / "initdb").exists():
            continue
        environment = {"LD_LIBRARY_PATH": str(path.parent / "lib")}
        said = subprocess.run(
            [path / "postgres", "--version"],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        version = re.search(r" (\d+)\.", said.stdout)
        if version and int(version[1]) >= 14:
            return path, ""
    return None, "SKIPPED: no PostgreSQL of version 14 or newer; name one with POSTGRES_BIN"


@functools.cache
def double_program() -> Path:
    """A copy of the double's program: it starts itself again, and a build would take it away."""
    program = Path(os.environ.get("RDS_DOUBLE_BIN", ROOT / "target" / "debug" / "rds-double"))
    return Path(shutil.copy(program, _COPY.name)) if program.exists() else program


def state_directory() -> tempfile.TemporaryDirectory:
    """A directory that servers can enter, which they can't those that pytest makes."""
    made = tempfile.TemporaryDirectory(prefix="rds-double-", ignore_cleanup_errors=True)
    Path(made.name).chmod(0o755)
    return made


# Gone with the process.
_COPY = state_directory()


class Double:
    """A running double with a client for it."""

    def __init__(self, *arguments: str, state: tempfile.TemporaryDirectory | None = None) -> None:
        self.state = state or state_directory()
        directory, why = postgres_bin()
        assert directory, why
        self.process = subprocess.Popen(
            [
                *(double_program(), "--port", "0", "--state-dir", self.state.name),
                *("--postgres-bin", directory, "--delay", QUICK, *arguments),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        readable, _, _ = select.select([self.process.stdout], [], [], READY_MAX_S)
        line = self.process.stdout.readline() if readable else ""
        if not line:
            self.process.kill()
            raise AssertionError(f"the double did not start: {self.process.stderr.read()}")
        ready = json.loads(line)
        self.ca, self.pid = ready["ca"], ready["pid"]
        self.url = f"http://127.0.0.1:{ready['port']}"
        self.rds = boto3.client(
            "rds",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 (the double checks none)
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
        )
        rds_double_answers.check_all(self.rds)

    def close(self) -> None:
        """Ends the double in good order."""
        self.process.terminate()
        self.process.wait(READY_MAX_S)
        self.state.cleanup()

    def kill(self) -> None:
        """Ends the double as a crash does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(READY_MAX_S)

    def control(self, method: str, path: str, body: object = None) -> dict:
        """Calls the control API."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 (the loopback interface)
            f"{self.url}/_double/{path}", method=method, data=data
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=WAIT_MAX_S) as answer:
            return json.load(answer)

    def fault(self, action: str, fault: dict, times: int | None = 1, **more: str) -> None:
        """Sets a fault, by default for the next call only."""
        rule = {"action": action, "fault": fault, **more}
        self.control("POST", "faults", rule if times is None else {**rule, "times": times})

    def sql(self, instance: str, *scripts: str, **more: str) -> list:
        """Runs SQL as the double's administrator."""
        body = {"sql": list(scripts), **more}
        return self.control("POST", f"instances/{instance}/sql", body)["rows"]

    def create(self, name: str, **more: object) -> dict:
        """Creates an instance and waits until it is available."""
        self.rds.create_db_instance(
            **{
                "DBInstanceIdentifier": name,
                "DBInstanceClass": "db.t4g.micro",
                "Engine": "postgres",
                "MasterUsername": "master",
                "MasterUserPassword": PASSWORD,
                "DBName": "app",
                "AllocatedStorage": 20,
                "BackupRetentionPeriod": 0,
                **more,
            }
        )
        return self.wait(name)

    def restore(self, name: str, snapshot: str, **more: object) -> dict:
        """Restores a snapshot and waits until it is available."""
        self.rds.restore_db_instance_from_db_snapshot(
            **{
                "DBInstanceIdentifier": name,
                "DBSnapshotIdentifier": snapshot,
                "BackupRetentionPeriod": 0,
                **more,
            }
        )
        return self.wait(name)

    def instance(self, name: str) -> dict:
        """An instance as the API shows it."""
        return self.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]

    def wait(self, name: str, status: str = "available") -> dict:
        """Waits until an instance has a status."""
        deadline = time.monotonic() + WAIT_MAX_S
        while (found := self.instance(name))["DBInstanceStatus"] != status:
            assert time.monotonic() < deadline, (
                f"{name} is {found['DBInstanceStatus']}: {self.log(found)}"
            )
            time.sleep(0.02)
        return found

    def wait_gone(self, name: str) -> None:
        """Waits until an instance is gone."""
        deadline = time.monotonic() + WAIT_MAX_S
        while name in self.names():
            assert time.monotonic() < deadline, f"{name} is still there"
            time.sleep(0.02)

    def wait_snapshot(self, name: str) -> dict:
        """Waits until a snapshot is available."""
        deadline = time.monotonic() + WAIT_MAX_S
        while True:
            found = self.rds.describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"][0]
            if found["Status"] == "available":
                return found
            assert time.monotonic() < deadline, f"{name} is {found['Status']}"
            time.sleep(0.02)

    def names(self) -> list[str]:
        """The identifiers of all instances."""
        return [
            each["DBInstanceIdentifier"] for each in self.rds.describe_db_instances()["DBInstances"]
        ]

    def remove(self, name: str) -> None:
        """Deletes an instance, whatever it is, and waits until it is gone."""
        with contextlib.suppress(self.rds.exceptions.DBInstanceNotFoundFault):
            self.rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
        self.wait_gone(name)

    def connect(self, name: str, user: str = "master", **more: object) -> psycopg.Connection:
        """Connects as a client does: by host name, over TLS, verifying everything."""
        endpoint = self.instance(name)["Endpoint"]
        settings = {
            "host": endpoint["Address"],
            "port": endpoint["Port"],
            "user": user,
            "password": PASSWORD,
            "dbname": "app",
            "sslmode": "verify-full",
            "sslrootcert": self.ca,
            "connect_timeout": 10,
            **more,
        }
        return psycopg.connect(**settings)

    def query(self, name: str, statement: str, **more: object) -> object:
        """The first value that a statement gives."""
        with self.connect(name, **more) as connection:
            return connection.execute(statement).fetchone()[0]

    def log(self, instance: dict) -> str:
        """The end of a server's log, for messages."""
        path = Path(self.state.name, "instances", instance["DbiResourceId"], "server.log")
        return path.read_text()[-2000:] if path.exists() else "no log"

    def processes(self) -> list[int]:
        """The servers and keepers of this double, by the directory in their arguments."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                arguments = (entry / "cmdline").read_bytes().decode(errors="replace")
                if self.state.name in arguments and int(entry.name) != self.pid:
                    found.append(int(entry.name))
        return found
