"""The simulator of IAM that we did not write, `@cloud-copilot/iam-simulate`, as a process."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onemachine.iam.documents import Policy
from onemachine.paths import STORE, venv_program

PROGRAM = Path(__file__).with_name("simulator.cjs")
PACKAGES = STORE / "package.json"
PACKAGE = STORE / "node_modules" / "@cloud-copilot" / "iam-simulate"


class SimulatorError(Exception):
    """The simulator didn't answer, or found a policy or a request that isn't one."""


@dataclass(frozen=True)
class Request:
    """What is asked: may these policies together do this to that?"""

    policies: tuple[str, ...]
    principal: str
    action: str
    resource: str
    account: str
    context: Mapping[str, str | list[str]]


@dataclass(frozen=True)
class Match:
    """A statement that decided, with those of its actions and resources that matched."""

    policy: str
    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """Allowed or not, by which statements, and which context the action doesn't know."""

    result: str
    allows: tuple[Match, ...]
    denies: tuple[Match, ...]
    ignored: tuple[str, ...]

    @property
    def is_allowed(self) -> bool:
        if self.result.startswith("error"):
            raise SimulatorError(self.result)
        return self.result == "Allowed"


def missing() -> str | None:
    """Why the simulator can't be run on this machine; None when it can."""
    if not Path(venv_program("node")).exists():
        return "node is not there: run make setup"
    if not PACKAGE.is_dir():
        return "@cloud-copilot/iam-simulate is not there: run make setup"
    return None


class Simulator:
    """One process of the simulator. Use `with`; safe for threads."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [venv_program("node"), str(PROGRAM), str(PACKAGES)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lock = threading.Lock()

    def __enter__(self) -> Simulator:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(10)

    def load(self, policies: Mapping[str, Policy]) -> None:
        """Give policies names to ask by; those that have a name already are replaced."""
        self._say({"load": policies})

    def ask(self, requests: Iterable[Request]) -> list[Answer]:
        """One answer a request, in their order."""
        lines = [
            [r.policies, r.principal, r.action, r.resource, r.account, r.context] for r in requests
        ]
        return [_read(answer) for answer in self._say({"ask": lines})["answers"]]

    def may_assume(self, trust: Policy, principal: str, role: str, context: dict[str, str]) -> bool:
        """Whether a document of trust lets a principal assume the role."""
        return self._say({"trust": [trust, principal, role, context]})["answer"] == "Allowed"

    def service(self, name: str) -> dict[str, Any]:
        """The actions and resource types of a service, as AWS lists them."""
        return self._say({"service": name})

    def _say(self, line: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            assert self._process.stdin
            assert self._process.stdout
            self._process.stdin.write(json.dumps(line) + "\n")
            self._process.stdin.flush()
            text = self._process.stdout.readline()
        if not text:
            raise SimulatorError(f"the simulator ended with {self._process.wait(10)}")
        said = json.loads(text)
        if "failed" in said:
            raise SimulatorError(said["failed"])
        return said


def _read(answer: list[Any]) -> Answer:
    result, allows, denies, ignored = answer
    return Answer(result, _matches(allows), _matches(denies), tuple(ignored))


def _matches(found: list[list[Any]]) -> tuple[Match, ...]:
    return tuple(
        Match(policy, sid, tuple(actions), tuple(resources))
        for policy, sid, actions, resources in found
    )
