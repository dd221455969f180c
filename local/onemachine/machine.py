"""The machine: ministack and the RDS double, started together in one run."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from onemachine import postgres
from onemachine.double import Double
from onemachine.paths import TARGET, venv_program
from onemachine.processes import Run, StartError, free_port, plain_environment

REGION = "eu-central-1"
ACCOUNT = "000000000000"
# ministack takes this pair for the account's root; it opens nothing anywhere else.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
READY_MAX_S = 60.0


@dataclass(frozen=True)
class Settings:
    """What differs between runs of the machine."""

    # Waits and retry intervals of the state machine are multiplied by this; its time-outs are not.
    wait_scale: float = 1.0
    # More arguments for the double, such as how long its statuses last.
    double_arguments: tuple[str, ...] = ()
    postgres: postgres.Binaries | None = None
    # More settings of ministack, such as AUTH=true: roles may do what their policies allow.
    ministack: tuple[tuple[str, str], ...] = ()


@dataclass
class Machine:
    """A running local AWS with its RDS double. `start` makes one; the run ends it."""

    run: Run
    endpoint: str
    rds_endpoint: str
    ca_file: Path
    settings: Settings
    _clients: dict[str, Any] = field(default_factory=dict)
    # boto3 makes clients from a shared session that is not safe for threads; clients are.
    _making: threading.Lock = field(default_factory=threading.Lock)

    def client(self, service: str) -> Any:
        """A boto3 client; `rds` talks to the double, all others to ministack."""
        with self._making:
            if service not in self._clients:
                self._clients[service] = self._new_client(service)
            return self._clients[service]

    def _new_client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.rds_endpoint if service == "rds" else self.endpoint,
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            # An endpoint on the loopback interface answers or is broken.
            config=Config(
                retries={"max_attempts": 1}, connect_timeout=5, read_timeout=60, proxies={}
            ),
        )

    @cached_property
    def double(self) -> Double:
        """The side door of the RDS double."""
        return Double(self.rds_endpoint)

    @cached_property
    def environment(self) -> dict[str, str]:
        """The variables with which any AWS program talks to this machine."""
        return {
            **CREDENTIALS,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ENDPOINT_URL_RDS": self.rds_endpoint,
            # Otherwise an SDK may look for an instance's credentials and wait for nothing.
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def start(run: Run, settings: Settings | None = None) -> Machine:
    """Start both and return when both answer."""
    settings = settings or Settings()
    endpoint = _start_ministack(run, settings)
    rds_endpoint, ca_file = _start_double(run, settings)
    return Machine(run, endpoint, rds_endpoint, ca_file, settings)


def _start_ministack(run: Run, settings: Settings) -> str:
    for attempt in range(3):
        try:
            return _start_ministack_on(run, free_port(), settings)
        except StartError as error:
            # Between looking for a free port and binding it somebody else may have taken it.
            if attempt == 2 or "already in use" not in str(error):
                raise
    raise AssertionError("the loop returns or raises")


def _start_ministack_on(run: Run, port: int, settings: Settings) -> str:
    scratch = run.dir / "ministack"
    scratch.mkdir(exist_ok=True)
    # Its functions inherit this environment, so nothing of the caller's may be in it.
    environment = plain_environment(
        HOME=str(scratch),
        TMPDIR=str(scratch),
        BIND_HOST="127.0.0.1",
        GATEWAY_PORT=str(port),
        MINISTACK_REGION=REGION,
        MINISTACK_ACCOUNT_ID=ACCOUNT,
        LAMBDA_EXECUTOR="local",
        SFN_WAIT_SCALE=str(settings.wait_scale),
        S3_DATA_DIR=str(scratch / "s3"),
        STATE_DIR=str(scratch / "state"),
        AWS_EC2_METADATA_DISABLED="true",
        **dict(settings.ministack),
    )
    process = run.start("ministack", [venv_program("ministack")], environment)
    endpoint = f"http://127.0.0.1:{port}"
    run.wait_until_ready("ministack", process, lambda: _answers(endpoint), READY_MAX_S)
    return endpoint


def _answers(endpoint: str) -> bool:
    # A proxy of the caller's environment must not be asked for the loopback interface.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with contextlib.suppress(urllib.error.URLError, OSError):
        with opener.open(f"{endpoint}/_ministack/health", timeout=2) as answer:
            return answer.status == 200
    return False


def double_program() -> Path:
    """The RDS double as cargo built it, or as the caller says with RDS_DOUBLE."""
    return Path(os.environ.get("RDS_DOUBLE", TARGET / "debug" / "rds-double"))


def _start_double(run: Run, settings: Settings) -> tuple[str, Path]:
    program = double_program()
    if not program.exists():
        raise StartError(f"{program} is not there\nHINT: cargo build --package rds-double")
    # It starts itself again for each server, and a build meanwhile would take it away.
    program = Path(shutil.copy(program, run.dir / "rds-double"))
    binaries = postgres.reachable(settings.postgres or postgres.default_bin_dir(), run.dir)
    process = run.start(
        "rds-double",
        [
            *(str(program), "--port", "0"),
            *("--region", REGION, "--account", ACCOUNT),
            *("--state-dir", str(run.dir / "rds")),
            *("--postgres-bin", str(binaries.bin_dir)),
            *settings.double_arguments,
        ],
        plain_environment(HOME=str(run.dir), RUST_LOG=os.environ.get("RUST_LOG", "info")),
    )
    said = run.dir / "rds-double.out"
    run.wait_until_ready("rds-double", process, lambda: b"\n" in said.read_bytes(), READY_MAX_S)
    ready = json.loads(said.read_text().splitlines()[0])
    return f"http://127.0.0.1:{ready['port']}", Path(ready["ca"])
