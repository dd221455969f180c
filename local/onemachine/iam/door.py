"""A door to the local AWS for a program that manages an account; it remembers each call.

The RDS double knows instances, ministack the groups that they are put into: behind the door they
are one RDS, as AWS's is.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from onemachine.iam.calls import Call
from onemachine.machine import Machine

UPSTREAM_MAX_S = 60
# Said anew on the way back, or meant for this hop alone.
HOP_HEADERS = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
# So much of an answer is kept.
ANSWER_MAX = 65_536
# What RDS is asked about groups of subnets and parameters, by operation or by the ARN it names.
OF_GROUPS = re.compile(r"Group|^DescribeDBParameters$")
GROUP_ARN = re.compile(r"^arn:aws:rds:[^:]*:\d+:(subgrp|pg):")


@dataclass(frozen=True)
class Passed:
    """A call that went through, with what was answered."""

    call: Call
    status: int
    answer: str = ""


@dataclass
class Door:
    """The door. Use `with`; it ends its server."""

    machine: Machine
    passed: list[Passed] = field(default_factory=list)

    def __enter__(self) -> Door:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def endpoint(self) -> str:
        """Where calls go that are to be remembered."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def serve(self, call: Call) -> tuple[int, list[tuple[str, str]], bytes]:
        """Pass a call on, and remember it."""
        endpoint = self.machine.rds_endpoint if _is_of_instances(call) else self.machine.endpoint
        upstream = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=UPSTREAM_MAX_S)
        try:
            # With the headers as they are, the host too: they are signed.
            upstream.request(call.method, call.path, call.body, dict(call.headers))
            answer = upstream.getresponse()
            body = answer.read()
            kept = [(k, v) for k, v in answer.getheaders() if k.lower() not in HOP_HEADERS]
            said = body[:ANSWER_MAX].decode(errors="replace")
            self.passed.append(Passed(_without_zip(call), answer.status, said))
            return answer.status, kept, body
        finally:
            upstream.close()


def _is_of_instances(call: Call) -> bool:
    if call.service != "rds":
        return False
    is_of_group = OF_GROUPS.search(call.operation) or GROUP_ARN.match(
        call.form.get("ResourceName", "")
    )
    return not is_of_group


def _without_zip(call: Call) -> Call:
    """The call without the code of a function, which is megabytes."""
    if b'"ZipFile"' not in call.body:
        return call
    said = json.loads(call.body)
    said.pop("ZipFile", None)
    said.get("Code", {}).pop("ZipFile", None)
    return replace(call, body=json.dumps(said).encode())


def _handler_of(door: Door) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                status, answered, said = door.serve(Call(self.command, self.path, headers, body))
            except (OSError, http.client.HTTPException):
                # AWS hung up without an answer, and so does the door.
                self.close_connection = True
                return
            self.send_response_only(status)
            for name, value in answered:
                self.send_header(name, value)
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815

        def log_message(self, *_arguments: object) -> None:
            """Say nothing: what was called is remembered."""

    return Handler
