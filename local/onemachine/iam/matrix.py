"""`make iam`: every case on the policies, in three nets, against the rules.

*As deployed*: a role's document and the guard-rail. *Alone*: only what allows, with those denials
that can't be said as a condition of an Allow: the conditions must hold without the guard-rail.
*Broad*: as deployed, and somebody attached AdministratorAccess: no change gets wider by it.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from onemachine.iam import cases, documents, rules, simulator, world
from onemachine.iam.cases import Catalogue
from onemachine.iam.documents import Policy
from onemachine.iam.rules import Case
from onemachine.iam.simulator import Answer, Simulator

ADMINISTRATOR = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}],
}
# What only a Deny can say: a list of exceptions to a pattern that allows.
INDISPENSABLE = ("NeverASource", "NeverInASourcesDatabase", "NetworkIsLambdasWork")
INDISPENSABLE += ("NoInheritedTag", "NotOnAnotherDeploymentsReplica", "NotOnAnotherDrillsReplica")
PROCESSES = 2
# The first is small, as a policy with a mistake in it shows soon.
BATCHES = (50, 500)
UNEXPECTED_MAX = 40
# AWS's own list leaves open what type such an ARN is; none of them is a resource of RDS.
AMBIGUOUS = "multiple.resource.types"


@dataclass(frozen=True)
class Net:
    """One way of attaching policies, and the cases that it is tried on."""

    words: str
    attach: Callable[[dict[str, Policy]], dict[str, Policy]]
    includes: Callable[[Case], bool]


def _alone(policies: dict[str, Policy]) -> dict[str, Policy]:
    def kept(statement: dict) -> bool:
        return statement["Effect"] == "Allow" or statement["Sid"] in INDISPENSABLE

    return {
        name: {**policy, "Statement": [s for s in policy["Statement"] if kept(s)]}
        for name, policy in policies.items()
    }


RULED = frozenset(action for rule in rules.RULES for action in rule.actions)


def _is_origin(case: Case) -> bool:
    """A source that a point in time is taken from: it is read, not changed."""
    return case.action == rules.RESTORE_TIME and rules.is_source(case.thing)


def _is_ruled(case: Case) -> bool:
    # Where a source's name could be a replica's, only a Deny tells the two apart.
    is_apart = not (_is_origin(case) and case.thing.name.startswith(rules.PREFIX))
    is_ruled = (
        case.action in RULED or case.action in cases.CHANGES or case.action.startswith("rds:Create")
    )
    return (is_ruled or _is_at_our_bucket(case)) and is_apart


def _is_at_our_bucket(case: Case) -> bool:
    return case.action.startswith("s3:") and case.thing.name.partition("/")[0] == world.BUCKET


def _is_guarded(case: Case) -> bool:
    service, _, name = case.action.partition(":")
    if service == "s3":
        is_change = _is_at_our_bucket(case) and name not in ("GetObject", "ListBucket")
        return is_change or case.action == "s3:PutObject"
    is_look = name.startswith(("Describe", "List", "Download"))
    is_change = service == "rds" and not is_look and not _is_origin(case)
    return service in ("rds-db", "iam") or case.action == "sts:AssumeRole" or is_change


NETS = {
    "as deployed": Net("the role's document and the guard-rail", lambda p: p, lambda _: True),
    "alone": Net("what allows, without the guard-rail", _alone, _is_ruled),
    "broad": Net(
        "as deployed, and AdministratorAccess; changes only",
        lambda p: {**p, "administrator": ADMINISTRATOR},
        _is_guarded,
    ),
}


@dataclass
class Tally:
    """What came of a role's cases."""

    role: str
    asked: Counter[str] = field(default_factory=Counter)
    open: int = 0
    # Of the first net: by rule, how many were allowed of how many asked of its actions.
    allowed: Counter[tuple[str, str]] = field(default_factory=Counter)
    by_action: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)


def tally(
    asker: Simulator,
    role: str,
    tried: list[Case],
    policies: dict[str, Policy],
    nets: Iterable[str] = tuple(NETS),
    is_enough: Callable[[Tally], bool] = lambda _: False,
) -> Tally:
    """Ask about every case in each net; `is_enough` ends it early."""
    found = Tally(role)
    for net_name in nets:
        net = NETS[net_name]
        attached = {
            f"{role} {net_name} {n}": p for n, p in net.attach(policies).items() if p["Statement"]
        }
        asker.load(attached)
        chosen = [case for case in tried if net.includes(case)]
        for batch in _batches(chosen):
            requests = [cases.request(case, tuple(attached)) for case in batch]
            for case, answer in zip(batch, asker.ask(requests), strict=True):
                _note(found, net_name, case, answer)
            if is_enough(found):
                return found
    return found


def _batches(tried: list[Case]) -> Iterator[list[Case]]:
    first, others = BATCHES
    yield tried[:first]
    for start in range(first, len(tried), others):
        yield tried[start : start + others]


def _note(found: Tally, net: str, case: Case, answer: Answer) -> None:
    if AMBIGUOUS in answer.result and not case.action.startswith("rds"):
        found.open += net == "as deployed"
        return
    found.asked[net] += 1
    rule = rules.permitting(case)
    if answer.ignored:
        found.unexpected.append(
            f"{told(case)}: AWS has no {', '.join(answer.ignored)} there [{net}]"
        )
    if answer.is_allowed != (rule is not None):
        found.unexpected.append(_unexpected(case, rule, answer, net))
    if net == "as deployed":
        found.by_action[case.action] += 1
        if answer.is_allowed:
            found.allowed[(case.action, rule.words if rule else "NO RULE")] += 1


def told(case: Case) -> str:
    """A case in a line."""
    tags = f" tagged {case.tags_name!r}" if case.tags_name != "none" else ""
    said = f" saying {case.said.words!r}" if case.said.words != "nothing" else ""
    return f"{case.role}: {case.action} on {case.thing.arn}{tags}{said}"


def _unexpected(case: Case, rule: rules.Rule | None, answer: Answer, net: str) -> str:
    by = [
        f"{match.policy.rpartition(' ')[2]}/{match.sid}"
        for match in (*answer.allows, *answer.denies)
    ]
    if rule is None:
        return (
            f"UNEXPECTED ALLOW  {told(case)}: expected Deny, got Allow by {', '.join(by)} [{net}]"
        )
    because = f"denied by {', '.join(by)}" if answer.denies else "no statement allows it"
    return f"UNEXPECTED DENY   {told(case)}: expected Allow ({rule.words}), {because} [{net}]"


def evaluate(names: Iterable[str] | None = None) -> list[Tally]:
    """Every case of the roles, several processes side by side."""
    values = world.values()
    names = tuple(names or documents.roles())
    with Simulator() as asker:
        catalogue = Catalogue(asker)

    def share(chosen: tuple[str, ...]) -> list[Tally]:
        with Simulator() as asker:
            return [
                tally(asker, r, list(cases.every(catalogue, r)), documents.policies(r, values))
                for r in chosen
            ]

    with ThreadPoolExecutor(PROCESSES) as pool:
        shares = pool.map(share, [names[number::PROCESSES] for number in range(PROCESSES)])
        found = {one.role: one for some in shares for one in some}
    return [found[name] for name in names]


def report(tallies: list[Tally]) -> Iterator[str]:
    """The matrix as a person reads it."""
    for found in tallies:
        yield f"\n{found.role}"
        for (action, words), number in sorted(found.allowed.items()):
            yield f"  {action:<40} {words:<42} {number:>4} of {found.by_action[action]}"
        yield f"  denied: {_closed(found)}"
    yield ""
    for name, net in NETS.items():
        asked = sum(found.asked[name] for found in tallies)
        yield f"{name + ':':<12} {asked:>7} simulations of {net.words}"
    open_ones = max(found.open for found in tallies)
    yield f"not asked:   {open_ones:>7} requests a role, on what AWS lists under two types"


def _closed(found: Tally) -> str:
    allowed = {action for action, _ in found.allowed}
    closed = [action for action in found.by_action if action not in allowed]
    at_rds = sum(action.startswith("rds") for action in closed)
    requests = sum(found.by_action[action] for action in closed)
    return f"{at_rds} actions of RDS, {len(closed) - at_rds} of others, {requests} requests"


def main() -> int:
    """Print the matrix; 1 when anything is unexpected."""
    if reason := simulator.missing():
        print(f"SKIPPED {reason}")
        return 0
    began = time.monotonic()
    tallies = evaluate()
    for line in report(tallies):
        print(line)
    unexpected = [line for found in tallies for line in found.unexpected]
    for line in unexpected[:UNEXPECTED_MAX]:
        print(line, file=sys.stderr)
    total = sum(sum(found.asked.values()) for found in tallies)
    print(f"{total} simulations, {len(unexpected)} unexpected, {time.monotonic() - began:.0f} s")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
