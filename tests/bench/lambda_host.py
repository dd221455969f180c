"""A minimal Lambda: real artifacts as processes, served by the runtime API; stdlib only.

An environment is one process that handles one invocation at a time, as on AWS ("AWS Lambda runtime
API", the paths below). More are started as more are needed at once, and are kept for the next.
"""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

API = "/2018-06-01/runtime"
START_MAX_S = 30.0


class FunctionError(Exception):
    """A function answered with an error, or died; the text has its name and its message."""


@dataclass(frozen=True)
class Function:
    """An artifact with its handler setting and limits."""

    name: str
    binary: Path
    handler: str
    timeout_s: int
    memory_mib: int
    environment: Mapping[str, str] = field(repr=False)


@dataclass
class _Invocation:
    id: str
    payload: bytes
    deadline_ms: int
    answer: queue.SimpleQueue[tuple[bool, bytes]] = field(default_factory=queue.SimpleQueue)


class _Environment:
    """One process and the port that it asks for work."""

    def __init__(self, function: Function, scratch: Path) -> None:
        self.function = function
        self._waiting: queue.SimpleQueue[_Invocation] = queue.SimpleQueue()
        self._running: _Invocation | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self._log = tempfile.NamedTemporaryFile(dir=scratch, prefix="log-", delete=False)  # noqa: SIM115
        self._process = subprocess.Popen(
            [str(function.binary)],
            env={
                **function.environment,
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_port}",
                "AWS_LAMBDA_FUNCTION_NAME": function.name,
                "AWS_LAMBDA_FUNCTION_VERSION": "1",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mib),
                "_HANDLER": function.handler,
            },
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        threading.Thread(target=self._watch, daemon=True).start()

    def call(self, payload: Any) -> Any:
        deadline_ms = int((time.time() + self.function.timeout_s) * 1000)
        body = json.dumps(payload).encode()
        invocation = _Invocation(str(uuid.uuid4()), body, deadline_ms)
        self._running = invocation
        self._waiting.put(invocation)
        try:
            good, answer = invocation.answer.get(timeout=self.function.timeout_s + START_MAX_S)
        except queue.Empty:
            raise FunctionError(f"{self.function.name} did not answer in time") from None
        finally:
            self._running = None
        if not good:
            raise FunctionError(f"{self.function.name}: {answer.decode(errors='replace')[:2000]}")
        return json.loads(answer)

    def peak_bytes(self) -> int:
        """The most memory that the process ever had resident."""
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
        return 0

    def close(self) -> None:
        self._process.kill()
        self._process.wait(10)
        self._server.shutdown()
        self._server.server_close()
        self._log.close()

    def _watch(self) -> None:
        code = self._process.wait()
        if self._running:
            said = Path(self._log.name).read_text(errors="replace")[-2000:]
            self._running.answer.put((False, f"it ended with {code}: {said}".encode()))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        environment = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:  # invocation/next
                invocation = environment._waiting.get()
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", invocation.id)
                self.send_header("Lambda-Runtime-Deadline-Ms", str(invocation.deadline_ms))
                arn = f"arn:aws:lambda:local:0:function:{environment.function.name}"
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", arn)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(invocation.payload)))
                self.end_headers()
                self.wfile.write(invocation.payload)

            def do_POST(self) -> None:  # invocation/<id>/response, …/error, init/error
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()
                running = environment._running
                if running:
                    running.answer.put((self.path.endswith("/response"), body))

            def log_message(self, *_: object) -> None:
                pass

        return Handler


class LambdaHost:
    """Serves functions; `close` ends their processes."""

    def __init__(self, functions: Mapping[str, Function], scratch: Path) -> None:
        self._functions = functions
        self._scratch = scratch
        self._free: dict[str, list[_Environment]] = {name: [] for name in functions}
        self._all: list[_Environment] = []
        self._lock = threading.Lock()

    def __enter__(self) -> LambdaHost:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def invoke(self, name: str, payload: Any) -> Any:
        """Call a function in a free environment of it, or a new one."""
        environment = self._take(name)
        try:
            return environment.call(payload)
        finally:
            with self._lock:
                self._free[name].append(environment)

    def _take(self, name: str) -> _Environment:
        with self._lock:
            if self._free[name]:
                return self._free[name].pop()
        environment = _Environment(self._functions[name], self._scratch)
        with self._lock:
            self._all.append(environment)
        return environment

    def environments(self) -> dict[str, int]:
        """How many environments each function that was called has."""
        counts: dict[str, int] = {}
        for environment in self._all:
            counts[environment.function.handler] = counts.get(environment.function.handler, 0) + 1
        return counts

    def peaks(self) -> dict[str, int]:
        """The peak memory in bytes of each function that was called: its largest environment's."""
        peaks: dict[str, int] = {}
        for environment in self._all:
            handler = environment.function.handler
            peaks[handler] = max(peaks.get(handler, 0), environment.peak_bytes())
        return peaks

    def close(self) -> None:
        for environment in self._all:
            environment.close()
        self._all.clear()
