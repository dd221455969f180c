"""The policies with one thing wrong in each: a matrix that doesn't notice is no test.

Made from the documents, so that a new statement is tried too: each statement left out, each
condition left out or softened, each resource widened, each action widened or left out.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from onemachine.iam import cases, documents, matrix, world
from onemachine.iam.cases import Catalogue
from onemachine.iam.documents import GUARD_RAIL, Policy, listed
from onemachine.iam.rules import Case
from onemachine.iam.simulator import Simulator

Statement = dict[str, Any]
PREFIX = "drill-${deployment}-*"
# Let in what the operator is there to keep out. A negated one with IfExists is the same operator.
SOFTER = {
    "StringEquals": ("StringEqualsIfExists", "StringEqualsIgnoreCase"),
    "Bool": ("BoolIfExists",),
}
# `rds-db` has one action, of CloudWatch's only PutMetricData has a namespace, and of those on a
# bus only PutEvents the source of an event.
SAME_WHEN_WIDENED = {"rds-db:connect", "cloudwatch:PutMetricData", "events:PutEvents"}
# What is let out of a Deny, for documents that a change of a replica would not show in.
LET_OUT = {"NeverASource": "rds:DeleteDBInstance", "NeverRemoveRecords": "s3:DeleteObject"}
# Those first that most denials are for.
ORDER = ("restore-replica", "retire-previous", "stop-replica", "plan-checks", "plan-drill")


@dataclass(frozen=True)
class Mutation:
    """A document with one thing wrong."""

    document: str
    words: str
    template: Policy
    # The statement that was changed, and what became of it.
    before: Statement
    after: Statement | None

    def concerns(self, case: Case) -> bool:
        """Whether the statement, as it was or as it is, can speak of this case at all."""
        return any(_speaks_of(s, case) for s in (self.before, self.after) if s)


def _speaks_of(statement: Statement, case: Case) -> bool:
    if "NotAction" in statement:
        service = listed(statement["NotAction"])[0].partition(":")[0]
        return case.action.startswith(f"{service}:")
    return any(fnmatchcase(case.action, pattern) for pattern in listed(statement["Action"]))


def every() -> Iterator[Mutation]:
    """All mutations of all documents, those of optional documents apart."""
    for name in (*documents.roles(), GUARD_RAIL):
        template = json.loads(documents.path_of(name).read_text(encoding="utf-8"))
        for number, statement in enumerate(template["Statement"]):
            for words, after in _of_statement(statement):
                mutated = copy.deepcopy(template)
                mutated["Statement"][number : number + 1] = [after] if after else []
                told = f"{statement['Sid']}: {words}"
                yield Mutation(name, told, mutated, statement, after)


def _of_statement(statement: Statement) -> Iterator[tuple[str, Statement | None]]:
    yield "left out", None
    yield from _of_conditions(statement)
    yield from _of_lists(statement)
    if statement["Effect"] == "Allow":
        yield from _widened(statement)
    elif "NotAction" in statement:
        let_out = LET_OUT.get(statement["Sid"], "rds:ModifyDBInstance")
        actions = [*listed(statement["NotAction"]), let_out]
        yield f"lets out {let_out}", {**statement, "NotAction": actions}
        if statement["Sid"] == "NothingElseAtRds":
            instances = "arn:${partition}:rds:*:*:db:*"
            yield "about instances only", {**statement, "Resource": instances}
    if statement["Effect"] == "Allow" or "NotResource" in statement:
        yield from _of_prefix(statement)


def _of_conditions(statement: Statement) -> Iterator[tuple[str, Statement]]:
    for operator, keys in statement.get("Condition", {}).items():
        for key, value in keys.items():
            after = copy.deepcopy(statement)
            del after["Condition"][operator][key]
            after["Condition"] = {o: k for o, k in after["Condition"].items() if k}
            if not after["Condition"]:
                del after["Condition"]
            yield f"without {operator} {key}", after
            for softer in SOFTER.get(operator, ()):
                after = copy.deepcopy(statement)
                del after["Condition"][operator][key]
                after["Condition"].setdefault(softer, {})[key] = value
                after["Condition"] = {o: k for o, k in after["Condition"].items() if k}
                yield f"{softer} {key}", after
            if isinstance(value, list):
                for left_out in value:
                    after = copy.deepcopy(statement)
                    after["Condition"][operator][key].remove(left_out)
                    yield f"{operator} {key} without {left_out}", after


def _of_lists(statement: Statement) -> Iterator[tuple[str, Statement]]:
    for element in ("Action", "NotAction", "Resource", "NotResource"):
        values = listed(statement.get(element, []))
        if len(values) > 1:
            for value in values:
                yield (
                    f"{element} without {value}",
                    {**statement, element: [v for v in values if v != value]},
                )


def _widened(statement: Statement) -> Iterator[tuple[str, Statement]]:
    resources = listed(statement["Resource"])
    if resources != ["*"]:
        yield "on everything", {**statement, "Resource": "*"}
    for action in listed(statement["Action"]):
        if action not in SAME_WHEN_WIDENED:
            wide = f"{action.partition(':')[0]}:*"
            yield f"{wide} instead of {action}", {**statement, "Action": wide}


def _of_prefix(statement: Statement) -> Iterator[tuple[str, Statement]]:
    text = json.dumps(statement)
    if PREFIX in text:
        yield "without the hyphen", json.loads(text.replace(PREFIX, "drill-${deployment}*"))
        yield "any deployment's prefix", json.loads(text.replace(PREFIX, "drill-*"))


def unnoticed() -> tuple[int, list[str]]:
    """How many mutations there are, and those that the matrix doesn't notice."""
    mutations = list(every())
    with Simulator() as asker:
        catalogue = Catalogue(asker)
    tried = {role: list(cases.every(catalogue, role)) for role in documents.roles()}

    def survivors(share: list[Mutation]) -> list[str]:
        # A simulator of its own: it knows policies by name, and all mutations have the same.
        with Simulator() as asker:
            left = [m for m in share if not _is_noticed(m, asker, tried)]
            return [f"{mutation.document}/{mutation.words}" for mutation in left]

    shares = [mutations[number :: matrix.PROCESSES] for number in range(matrix.PROCESSES)]
    with ThreadPoolExecutor(matrix.PROCESSES) as pool:
        return len(mutations), [found for share in pool.map(survivors, shares) for found in share]


def _is_noticed(mutation: Mutation, asker: Simulator, tried: dict[str, list[Case]]) -> bool:
    values = world.values()
    filled = json.loads(documents.fill_in(json.dumps(mutation.template), values.by_name()))
    is_allow = mutation.before["Effect"] == "Allow"
    # A wrong Allow shows where nothing denies; a missing Deny where everything is allowed.
    nets = ("alone", "as deployed", "broad") if is_allow else ("broad", "as deployed", "alone")
    names = [mutation.document] if mutation.document != GUARD_RAIL else _ordered()
    for role in names:
        policies = {**documents.policies(role, values), mutation.document: filled}
        concerned = [case for case in tried[role] if mutation.concerns(case)]
        concerned.sort(key=lambda case: case.action not in (*matrix.RULED, *cases.CHANGES))
        found = matrix.tally(asker, role, concerned, policies, nets, lambda t: bool(t.unexpected))
        if found.unexpected:
            return True
    return False


def _ordered() -> list[str]:
    return [*ORDER, *(role for role in documents.roles() if role not in ORDER)]
