"""The policy documents of infra/iam: which role has which, and their placeholders filled in.

Fills in as Terraform's `templatefile` does, so that what is evaluated here is what is deployed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from onemachine.deployment import STEPS
from onemachine.machine import ACCOUNT, REGION
from onemachine.paths import ROOT

DIRECTORY = ROOT / "infra" / "iam"
GUARD_RAIL = "guard-rail"
# One more document of a role: for backups under a key of one's own, and for a log that AWS writes.
OPTIONAL = {"restore-replica-keys": "restore-replica", "state-machine-logs": "state-machine"}
# For people, by the command that they run; no service assumes them.
OPERATORS = ("operator-promote", "operator-sweep", "operator-init", "operator-doctor")
# For who applies the module and destroys it.
DEPLOYER = ("deployer", "deployer-data", "deployer-roles")
# The most that a role may ever be given; it gives nothing.
BOUNDARY = "boundary"
# Roles without a function: what assumes them, by the document of trust.
OTHER_ROLES = {
    "state-machine": "states",
    "start-drill": "scheduler",
    "start-sweep": "scheduler",
    "start-watch": "scheduler",
}

Policy = dict[str, Any]


class DocumentError(Exception):
    """A document can't be filled in: a placeholder nobody knows, or what comes out isn't JSON."""


@dataclass(frozen=True)
class Values:
    """What the placeholders stand for. Terraform gives the same names."""

    deployment: str
    bucket: str
    topic_arn: str
    state_machine_arn: str
    sweep_arn: str
    watch_arn: str
    function_arns: tuple[str, ...]
    source_arns: tuple[str, ...]
    source_user_arns: tuple[str, ...]
    partition: str = "aws"
    region: str = REGION
    account: str = ACCOUNT
    subnet_group: str = "restore-drill"
    database_user: str = "restore_drill"
    key_arns: tuple[str, ...] = ()
    # What the deployer's documents name beside that.
    boundary_arn: str = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
    vpc_id: str = "vpc-0a1b2c3d"
    state_bucket: str = "restore-drill-state"
    artifact_bucket: str = "restore-drill-artifacts"

    def by_name(self) -> dict[str, str]:
        """Every placeholder's text. A list has its ends quoted by the document itself."""
        return {
            name: value if isinstance(value, str) else '", "'.join(value)
            for name, value in vars(self).items()
        }


def roles() -> tuple[str, ...]:
    """Every role of a deployment: one a function, and those that call the functions."""
    return (*(step.handler for step in STEPS), *OTHER_ROLES)


def trust_of(role: str) -> str:
    """The document of trust of a role: which service may assume it."""
    return OTHER_ROLES.get(role, "lambda")


@cache
def _template(name: str) -> str:
    return (DIRECTORY / f"{name}.json").read_text(encoding="utf-8")


def names() -> list[str]:
    """Every document that there is, those of trust apart."""
    return sorted(path.stem for path in DIRECTORY.glob("*.json"))


def fill_in(text: str, values: dict[str, str]) -> str:
    """`${name}` becomes its value, `$${` becomes `${`: a variable that IAM fills in itself."""

    def replace(found: re.Match[str]) -> str:
        if found.group(0) == "$${":
            return "${"
        if found.group(1) not in values:
            raise DocumentError(f"placeholder {found.group(0)} is unknown")
        return values[found.group(1)]

    return re.sub(r"\$\$\{|\$\{(\w+)\}", replace, text)


def document(name: str, values: Values) -> Policy:
    """One document, filled in."""
    try:
        return json.loads(fill_in(_template(name), values.by_name()))
    except (DocumentError, json.JSONDecodeError) as error:
        raise DocumentError(f"infra/iam/{name}.json: {error}") from error


def trust(role: str, values: Values) -> Policy:
    """Who may assume the role."""
    path = DIRECTORY / "trust" / f"{trust_of(role)}.json"
    return json.loads(fill_in(path.read_text(encoding="utf-8"), values.by_name()))


def policies(role: str, values: Values) -> dict[str, Policy]:
    """What is attached to a role: its own document and the guard-rail."""
    return {name: document(name, values) for name in (role, GUARD_RAIL)}


def placeholders(name: str) -> set[str]:
    """The placeholders that a document uses."""
    text = _template(name).replace("$${", "")
    return set(re.findall(r"\$\{(\w+)\}", text))


def statements(policy: Policy, effect: str | None = None) -> Iterable[dict[str, Any]]:
    """The statements of a document, of one effect where that is given."""
    return [s for s in policy["Statement"] if effect in (None, s["Effect"])]


def actions_allowed(policy: Policy) -> set[str]:
    """The actions that a document names in its Allow statements."""
    return {action for s in statements(policy, "Allow") for action in listed(s["Action"])}


def listed(value: str | list[str]) -> list[str]:
    """IAM writes a list of one as the one."""
    return [value] if isinstance(value, str) else value


def path_of(name: str) -> Path:
    """Where a document lies."""
    return DIRECTORY / f"{name}.json"
