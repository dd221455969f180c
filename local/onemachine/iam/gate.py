"""A door to the local AWS for each function: asks the simulator whether its role may, records what
was asked, and refuses what the policies don't allow, as AWS would.

The RDS double reads no policies, and ministack doesn't serve RDS: both are behind the same door.
What isn't a call, signing in at a database, goes past it.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from onemachine.iam import calls, documents
from onemachine.iam.calls import Account, Call, Need, UnknownCall
from onemachine.iam.documents import Values
from onemachine.iam.simulator import Answer, Match, Request, Simulator
from onemachine.machine import Machine

UPSTREAM_MAX_S = 60
# Said anew on the way back, or meant for this hop alone.
HOP_HEADERS = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


@dataclass(frozen=True)
class Asked:
    """One right that a role needed, and whether it has it."""

    role: str
    need: Need
    answer: Answer

    @property
    def is_allowed(self) -> bool:
        return self.answer.is_allowed


@dataclass
class Gate:
    """The doors of all roles. Use `with`; it ends its servers and its simulator."""

    machine: Machine
    values: Values
    asked: list[Asked] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._simulator = Simulator()
        self._attached: dict[str, tuple[str, ...]] = {}
        self._doors: dict[str, ThreadingHTTPServer] = {}
        self._account = Account(
            self.values.region, self.values.account, self._tags_of, self._name_of
        )
        for role in documents.roles():
            policies = documents.policies(role, self.values)
            self._simulator.load(policies)
            self._attached[role] = tuple(policies)

    def __enter__(self) -> Gate:
        return self

    def __exit__(self, *_error: object) -> None:
        for door in self._doors.values():
            door.shutdown()
            door.server_close()
        self._simulator.close()

    def endpoint(self, role: str) -> str:
        """Where a role's calls go."""
        if role not in self._doors:
            door = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self, role))
            door.daemon_threads = True
            threading.Thread(target=door.serve_forever, daemon=True).start()
            self._doors[role] = door
        return f"http://127.0.0.1:{self._doors[role].server_address[1]}"

    @contextmanager
    def without(self, role: str, sid: str) -> Iterator[None]:
        """Take a statement away from a role for a while."""
        whole = documents.document(role, self.values)
        rest = [statement for statement in whole["Statement"] if statement["Sid"] != sid]
        self._simulator.load({role: {**whole, "Statement": rest}})
        try:
            yield
        finally:
            self._simulator.load({role: whole})

    def may(self, role: str, need: Need) -> Asked:
        """Whether a role has a right; remembered."""
        request = Request(
            policies=self._attached[role],
            principal=f"arn:aws:iam::{self.values.account}:role/{role}",
            action=need.action,
            resource=need.resource,
            account=self.values.account,
            context=need.context,
        )
        (answer,) = self._simulator.ask([request])
        asked = Asked(role, need, answer)
        self.asked.append(asked)
        return asked

    def serve(self, role: str, call: Call) -> tuple[int, dict[str, str], bytes]:
        """Pass a call on if the role has every right that it needs."""
        try:
            needed = calls.needs(call, self._account)
        except UnknownCall as error:
            self.unknown.append(f"{role}: {error}")
            return calls.refusal(call, f"{role}: {error}")
        for need in needed:
            if not self.may(role, need).is_allowed:
                return calls.refusal(call, _denial(role, need))
        status, headers, body = self._pass_on(call)
        missing = calls.missing_key(call) if status == 404 else None
        if missing and not self.may(role, missing).is_allowed:
            return calls.refusal(call, _denial(role, missing))
        return status, headers, body

    def _pass_on(self, call: Call) -> tuple[int, dict[str, str], bytes]:
        is_rds = call.service == "rds"
        endpoint = self.machine.rds_endpoint if is_rds else self.machine.endpoint
        upstream = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=UPSTREAM_MAX_S)
        try:
            # With the headers as they are, the host too: they are signed.
            upstream.request(call.method, call.path, call.body, dict(call.headers))
            answer = upstream.getresponse()
            body = answer.read()
            kept = {k: v for k, v in answer.getheaders() if k.lower() not in HOP_HEADERS}
            return answer.status, kept, body
        finally:
            upstream.close()

    def _tags_of(self, name: str) -> dict[str, str]:
        return {
            tag["Key"]: tag["Value"]
            for i in self._instances()
            if i["DBInstanceIdentifier"] == name
            for tag in i["TagList"]
        }

    def _name_of(self, resource_id: str) -> str:
        named = [
            i["DBInstanceIdentifier"]
            for i in self._instances()
            if i["DbiResourceId"] == resource_id
        ]
        return named[0] if named else "gone"

    def _instances(self) -> list[dict]:
        return self.machine.client("rds").describe_db_instances()["DBInstances"]


def _denial(role: str, need: Need) -> str:
    return f"role {role} is not authorized to perform: {need.action} on resource: {need.resource}"


def _handler_of(gate: Gate, role: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("content-length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = Call(self.command, self.path, headers, self.rfile.read(length))
            try:
                status, answered, body = gate.serve(role, call)
            except (OSError, http.client.HTTPException):
                # AWS hung up without an answer, and so does the door.
                self.close_connection = True
                return
            self.send_response_only(status)
            for name, value in answered.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815

        def log_message(self, *_arguments: object) -> None:
            """Say nothing: what was asked is remembered."""

    return Handler


def unused(asked: list[Asked], values: Values) -> dict[str, list[str]]:
    """What each role is allowed and never needed: by statement, its actions and resources."""
    used = {(a.role, m) for a in asked if a.is_allowed for m in a.answer.allows}
    found: dict[str, list[str]] = {}
    for role in documents.roles():
        mine = [match for r, match in used if r == role]
        found[role] = [
            line
            for statement in documents.statements(documents.document(role, values), "Allow")
            for line in _unused_of(statement, [m for m in mine if m.sid == statement["Sid"]])
        ]
    return {role: lines for role, lines in found.items() if lines}


def _unused_of(statement: dict, matches: list[Match]) -> list[str]:
    actions = {action for match in matches for action in match.actions}
    resources = {resource for match in matches for resource in match.resources}
    left = [a for a in documents.listed(statement["Action"]) if a not in actions]
    left += [r for r in documents.listed(statement["Resource"]) if r not in resources]
    return [f"{statement['Sid']}: {one}" for one in left]
