"""A PostgreSQL cluster of the benchmarks: made once, kept, started as a run needs it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from onemachine.postgres import Binaries
from onemachine.processes import Run, free_port, plain_environment

# Root can't run a server: then it runs as the system's user for it.
SERVER_USER = "postgres"
READER = "restore_drill"
START_MAX_S = 60.0
# PostgreSQL's defaults, apart from what a benchmark needs: nothing of its own may run beside it.
SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
autovacuum = off
ssl = on
ssl_cert_file = '{home}/server.pem'
ssl_key_file = '{home}/server.key'
"""
# The product signs in with a token; whether it is a good one is not what is measured.
HBA = f"""
host    all postgres 127.0.0.1/32 trust
hostssl all {READER} 127.0.0.1/32 trust
"""


class Unavailable(Exception):
    """This machine lacks what a benchmark needs; the text says what."""


@dataclass
class Cluster:
    """One data directory and, while it runs, its server."""

    home: Path
    binaries: Binaries
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    starts: int = 0

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def authority(self) -> Path:
        """The certificate that clients trust."""
        return self.home / "authority.pem"

    def program(self, name: str) -> str:
        """The path of one of PostgreSQL's programs."""
        path = self.binaries.bin_dir / name
        if not path.exists():
            raise Unavailable(f"{name} is not in {self.binaries.bin_dir}")
        return str(path)

    def make(self) -> None:
        """Make the cluster, with checksums, its certificate and its settings."""
        if os.geteuid() == 0 and not user_exists(SERVER_USER):
            raise Unavailable(f"root can't run PostgreSQL, and there is no user {SERVER_USER}")
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        _own(self.home)
        command = [self.program("initdb"), "-D", str(self.data), "-U", "postgres", "-A", "trust"]
        command += ["-E", "UTF8", "--no-locale", "--data-checksums", "--no-sync"]
        _checked(as_server_user(command))
        _certify(self.home)
        settings = SETTINGS.format(home=self.home)
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write(settings)
        (self.data / "pg_hba.conf").write_text(HBA, encoding="utf-8")

    def start(
        self,
        run: Run,
        options: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start the server; the run ends it at the latest."""
        self.port = free_port()
        self.starts += 1
        name = f"{self.home.name}-{self.starts}"
        command = [self.program("postgres"), "-D", str(self.data), "-p", str(self.port)]
        for key, value in (options or {}).items():
            command += ["-c", f"{key}={value}"]
        variables = plain_environment(**(environment or {}))
        self.process = run.start(name, as_server_user(command), variables)
        run.wait_until_ready(name, self.process, self._answers, START_MAX_S)

    def _answers(self) -> bool:
        command = [self.program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(command, check=False).returncode == 0

    def stop(self) -> None:
        """End the server as `pg_ctl -m fast` does: sessions are ended, everything is written."""
        if self.process:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(120)
            self.process = None

    def psql(self, sql: str, database: str = "postgres", *more: str) -> str:
        """Run SQL as the superuser and give what it printed, unaligned."""
        return _checked([*self.psql_command(database, *more), "-c", sql])

    def psql_command(self, database: str, *more: str) -> list[str]:
        """A psql that runs what follows as the superuser, as terse as it can be."""
        command = [self.program("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        return [*command, *self.connection(database), *more]

    def connection(self, database: str) -> list[str]:
        """The arguments that all of PostgreSQL's client programs take."""
        return ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database]

    def files(self, relation: str, database: str, fork: str = "") -> list[Path]:
        """The files of a relation, all of its segments."""
        path = self.psql(f"SELECT pg_relation_filepath('{relation}')", database).strip()
        first = self.data / f"{path}{fork}"
        more = sorted(first.parent.glob(f"{first.name}.*"), key=lambda p: int(p.suffix[1:]))
        return [first, *more]


def user_exists(name: str) -> bool:
    """Whether the machine has that user."""
    return any(entry.pw_name == name for entry in pwd.getpwall())


def as_server_user(command: list[str]) -> list[str]:
    """The command as the user that servers run as."""
    if os.geteuid() != 0:
        return command
    who = [f"--reuid={SERVER_USER}", f"--regid={SERVER_USER}", "--clear-groups"]
    return ["setpriv", *who, *command]


def _own(path: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(path, SERVER_USER, SERVER_USER)


def _certify(home: Path) -> None:
    """Make an authority and a certificate for `localhost` that it signed."""
    if not shutil.which("openssl"):
        raise Unavailable("openssl is not installed: the product connects over TLS only")
    days = ["-days", "3650", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    authority = ["openssl", "req", "-x509", *days, "-subj", "/CN=authority of the benchmarks"]
    authority += ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    _checked(
        [*authority, "-keyout", str(home / "authority.key"), "-out", str(home / "authority.pem")]
    )
    request = ["openssl", "req", "-x509", *days, "-subj", "/CN=localhost"]
    request += ["-CA", str(home / "authority.pem"), "-CAkey", str(home / "authority.key")]
    request += ["-addext", "subjectAltName=DNS:localhost"]
    request += ["-addext", "basicConstraints=critical,CA:FALSE"]
    _checked([*request, "-keyout", str(home / "server.key"), "-out", str(home / "server.pem")])
    (home / "server.key").chmod(0o600)
    for name in ("server.key", "server.pem"):
        _own(home / name)


def _checked(command: list[str]) -> str:
    answer = subprocess.run(
        command, capture_output=True, text=True, env=plain_environment(), check=False
    )
    if answer.returncode != 0:
        raise RuntimeError(f"{Path(command[0]).name} failed: {answer.stderr.strip()[-2000:]}")
    return answer.stdout
