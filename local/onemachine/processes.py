"""A run: a temporary directory, processes with log files in it, and a keeper that ends them all."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from onemachine import keeper


class StartError(Exception):
    """A process did not get ready; the text ends with what it logged."""


class Run:
    """Owns a run directory and the processes started in it. Use `with`, or call `close`."""

    def __init__(self) -> None:
        self.dir = Path(tempfile.mkdtemp(prefix="restore-drill-"))
        # Servers of root run as another user, who has to get through; nobody has to look around.
        self.dir.chmod(0o711)
        self.groups: list[int] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", keeper.__file__, str(self.dir)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def start(
        self, name: str, command: list[str], environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start a program in a process group of its own; its output goes to `<name>.out`/`.log`."""
        with open(self.dir / f"{name}.out", "wb") as out, open(self.log_file(name), "wb") as log:
            process = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=self.dir,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
                start_new_session=True,
            )
        self._tell(f"group {process.pid}")
        self._processes.append(process)
        self.groups.append(process.pid)
        return process

    def log_file(self, name: str) -> Path:
        """Where a process's standard error goes."""
        return self.dir / f"{name}.log"

    def wait_until_ready(
        self,
        name: str,
        process: subprocess.Popen[bytes],
        is_ready: Callable[[], bool],
        max_s: float,
    ) -> None:
        """Poll until the process is ready; it ending or taking too long is a `StartError`."""
        deadline = time.monotonic() + max_s
        while not is_ready():
            if process.poll() is not None:
                raise StartError(f"{name} ended with {process.returncode}\n{self._tail(name)}")
            if time.monotonic() > deadline:
                raise StartError(f"{name} was not ready within {max_s:.0f} s\n{self._tail(name)}")
            time.sleep(0.02)

    def close(self) -> None:
        """End everything and remove the directory; returns when that is done."""
        if self._keeper.stdin and not self._keeper.stdin.closed:
            self._keeper.stdin.close()
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(keeper.GRACE_S + 5)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._keeper.wait(keeper.GRACE_S + 5)

    def leave_running(self) -> None:
        """Dismiss the keeper: from here on somebody else ends what was started."""
        self._tell("keep")
        self._keeper.wait(5)

    def _tell(self, line: str) -> None:
        assert self._keeper.stdin
        self._keeper.stdin.write(f"{line}\n".encode())
        self._keeper.stdin.flush()

    def _tail(self, name: str) -> str:
        lines = []
        for path in (self.dir / f"{name}.out", self.log_file(name)):
            lines += path.read_text(errors="replace").splitlines()[-20:]
        return "\n".join(lines)


def free_port() -> int:
    """A port of the loopback interface that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def plain_environment(**more: str) -> dict[str, str]:
    """A small environment: the caller's credentials, proxies and settings stay out of a run."""
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TZ") if name in os.environ}
    return {"PATH": os.environ.get("PATH", os.defpath), **kept, **more}


@contextlib.contextmanager
def signals_as_exit() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into SystemExit, so that `with` blocks end what they own."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
