"""The policies of people who run a command: every action of RDS, on everything.

The rules stand here, written from what the commands are for. Each document is evaluated alone: a
person has no guard-rail.
"""

# A claim's name is its description.

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from onemachine.iam import cases, documents, rules, simulator, world
from onemachine.iam.cases import Catalogue
from onemachine.iam.rules import Case
from onemachine.iam.simulator import Simulator
from onemachine.iam.world import NOTHING_SAID, Said, Thing

HOLD, PROMOTED = world.HOLD, f"{world.TAG}promoted"
MARKS = {HOLD: "promoted by ada", PROMOTED: "courses-prod-20261121t030000z"}
TAGS = {
    **world.RESOURCE_TAGS,
    "being promoted": {**world.six(), **MARKS},
    "marked, not held": {**world.six(), PROMOTED: MARKS[PROMOTED]},
    "another deployment's, being promoted": {**world.six("main-two"), **MARKS},
    "promoted": MARKS,
    "production's, marked": {**world.PRODUCTIONS, **MARKS},
}
# What tagging and untagging say: the keys alone where tags are taken off.
KEYS_SAID = (
    NOTHING_SAID,
    *(
        Said(f"keys {' '.join(keys) or 'none'}", more={"aws:TagKeys": list(keys)})
        for keys in (
            (HOLD, PROMOTED),
            (HOLD,),
            tuple(world.six()),
            (f"{world.TAG}deployment",),
            (*world.six(), HOLD),
            (*world.six(), PROMOTED),
            (HOLD, PROMOTED, f"{world.TAG}deployment"),
            ("team",),
        )
    ),
)
TAGGING = ("rds:AddTagsToResource", "rds:RemoveTagsFromResource")
SETTINGS = ("og", "pg", "secgrp", "subgrp")
_Rules = dict[str, Callable[[Case], bool]]


def _tags(case: Case) -> dict[str, str]:
    return TAGS[case.tags_name]


def _is_of_the_deployment(case: Case) -> bool:
    return _tags(case).get(f"{world.TAG}deployment") == world.DEPLOYMENT


def _is_marked(case: Case) -> bool:
    return HOLD in _tags(case) and PROMOTED in _tags(case)


def _keys(case: Case) -> set[str]:
    return set(case.said.more.get("aws:TagKeys", ()))


def _may_be_held(case: Case) -> bool:
    keys = _keys(case)
    named = rules.has_our_name(case.thing) and _is_of_the_deployment(case)
    return named and bool(keys) and keys <= {HOLD, PROMOTED}


def _may_be_changed(case: Case) -> bool:
    return rules.has_our_name(case.thing) and _is_of_the_deployment(case) and _is_marked(case)


def _may_be_modified(case: Case) -> bool:
    is_setting = case.thing.kind in SETTINGS and case.thing.is_at_home
    return is_setting or _may_be_changed(case)


def _may_be_disowned(case: Case) -> bool:
    keys = _keys(case)
    named = rules.has_our_name(case.thing) and _is_marked(case)
    return named and bool(keys) and keys <= set(world.six())


def _may_be_swept(case: Case) -> bool:
    is_free = not {HOLD, PROMOTED} & set(_tags(case))
    return rules.has_our_name(case.thing) and _is_of_the_deployment(case) and is_free


def _is_an_instance_at_home(case: Case) -> bool:
    return case.thing.kind == "db" and case.thing.is_at_home


def _is_a_backup_at_home(case: Case) -> bool:
    return case.thing.kind in ("db", "snapshot") and case.thing.is_at_home


def _is_a_group_at_home(case: Case) -> bool:
    return case.thing.kind in ("pg", "subgrp") and case.thing.is_at_home


_LOOK: _Rules = {
    "rds:DescribeDBInstances": _is_an_instance_at_home,
    "rds:DescribeDBSnapshots": _is_a_backup_at_home,
    "rds:DescribeAccountAttributes": rules.always,
}
RULES: dict[str, _Rules] = {
    "operator-init": _LOOK,
    "operator-doctor": {
        **_LOOK,
        "rds:DescribeDBSubnetGroups": _is_a_group_at_home,
        "rds:DescribeDBParameterGroups": _is_a_group_at_home,
    },
    "operator-promote": {
        "rds:DescribeDBInstances": _is_an_instance_at_home,
        "rds:AddTagsToResource": _may_be_held,
        "rds:StartDBInstance": _may_be_changed,
        "rds:ModifyDBInstance": _may_be_modified,
        "rds:RebootDBInstance": _may_be_changed,
        "rds:RemoveTagsFromResource": _may_be_disowned,
    },
    "operator-sweep": {
        "rds:DescribeDBInstances": _is_an_instance_at_home,
        "rds:DescribeEvents": rules.always,
        "rds:StopDBInstance": _may_be_swept,
        "rds:DeleteDBInstance": _may_be_swept,
    },
}
READ = tuple(key for key in world.KEYS if not key.startswith("notes"))


@pytest.fixture(scope="module")
def asker() -> Iterator[Simulator]:
    """The simulator, where it is installed."""
    if reason := simulator.missing():
        pytest.skip(f"SKIPPED: {reason}")
    with Simulator() as running:
        yield running


@pytest.fixture(scope="module")
def tried(asker: Simulator) -> dict[str, list[Case]]:
    """Every case of each of the two."""
    catalogue = Catalogue(asker)
    return {name: list(_every(catalogue, name)) for name in documents.OPERATORS}


def _every(catalogue: Catalogue, role: str) -> Iterator[Case]:
    for action in catalogue.actions["rds"]:
        if action.takes_all:
            yield Case(role, action.name, cases.EVERYTHING, "none", NOTHING_SAID)
        for kind in action.types:
            others = [catalogue.thing("rds", kind, name) for name in cases.NAMES]
            things: list[Thing] = list(world.INSTANCES) if kind == "db" else others
            tags = TAGS if action.name in cases.CHANGES else ("none", "ours", "being promoted")
            said = KEYS_SAID if action.name in TAGGING else (NOTHING_SAID,)
            for thing in things:
                yield from (Case(role, action.name, thing, t, s) for t in tags for s in said)


def _differences(asker: Simulator, policy: dict[str, Any], tried: list[Case]) -> list[str]:
    """The cases that the policy answers otherwise than the rules."""
    asker.load({"operator": policy})
    found = []
    for start in range(0, len(tried), 500):
        batch = tried[start : start + 500]
        answers = asker.ask([_request(case) for case in batch])
        for case, answer in zip(batch, answers, strict=True):
            rule = RULES[case.role].get(case.action)
            if answer.is_allowed != (rule is not None and rule(case)):
                is_allowed = "allowed" if answer.is_allowed else "denied"
                found.append(
                    f"{case.role}: {case.action} on {case.thing.arn} tagged {case.tags_name!r} "
                    f"saying {case.said.words!r} is {is_allowed}"
                )
    return found


def _request(case: Case) -> simulator.Request:
    tags: dict[str, str | list[str]] = {f"aws:ResourceTag/{k}": v for k, v in _tags(case).items()}
    return simulator.Request(
        policies=("operator",),
        principal=f"arn:aws:iam::{world.ACCOUNT}:role/operator",
        action=case.action,
        resource=case.thing.arn,
        account=case.thing.account,
        context={**tags, **case.said.context()},
    )


@pytest.mark.parametrize("name", documents.OPERATORS)
@pytest.mark.timeout(600)
def every_request_to_rds_is_answered_as_the_rules_say(
    asker: Simulator, tried: dict[str, list[Case]], name: str
) -> None:
    differences = _differences(asker, documents.document(name, world.values()), tried[name])
    assert not differences, "\n".join(differences[:20])
    # A matrix in which nothing may be done would agree as well.
    for action, holds in RULES[name].items():
        assert any(c.action == action and holds(c) for c in tried[name]), action
    assert len(tried[name]) > 1_000


@pytest.mark.parametrize("name", documents.OPERATORS)
@pytest.mark.timeout(900)
def one_thing_wrong_in_a_policy_is_noticed(
    asker: Simulator, tried: dict[str, list[Case]], name: str
) -> None:
    template = documents.document(name, world.values())
    concerned = [case for case in tried[name] if case.action in RULES[name]]
    survivors = [
        words
        for words, policy in _mutations(template)
        if not _differences(asker, policy, concerned)
    ]
    assert not survivors


def _mutations(policy: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each statement about RDS left out, and each of its conditions."""
    for number, statement in enumerate(policy["Statement"]):
        if not all(a.startswith("rds:") for a in documents.listed(statement["Action"])):
            continue
        left_out = copy.deepcopy(policy)
        del left_out["Statement"][number]
        yield f"{statement['Sid']} left out", left_out
        for operator, keys in statement.get("Condition", {}).items():
            for key in keys:
                softer = copy.deepcopy(policy)
                condition = softer["Statement"][number]["Condition"]
                del condition[operator][key]
                if not condition[operator]:
                    del condition[operator]
                yield f"{statement['Sid']} without {operator} {key}", softer


@pytest.mark.parametrize("name", documents.OPERATORS)
def beside_rds_they_read_records_and_find_the_deployment(asker: Simulator, name: str) -> None:
    asker.load({"operator": documents.document(name, world.values())})

    def may(action: str, resource: str) -> bool:
        request = simulator.Request(
            policies=("operator",),
            principal=f"arn:aws:iam::{world.ACCOUNT}:role/operator",
            action=action,
            resource=resource,
            account=world.ACCOUNT,
            context={},
        )
        (answer,) = asker.ask([request])
        return answer.is_allowed

    finds = name != "operator-init"
    for thing in world.OBJECTS:
        bucket, _, key = thing.name.partition("/")
        is_read = finds and bucket == world.BUCKET and key in READ
        assert may("s3:GetObject", thing.arn) == is_read, key
        is_stop = name == "operator-sweep" and bucket == world.BUCKET and key.endswith("/stop.json")
        assert may("s3:PutObject", thing.arn) == is_stop, key
        assert not may("s3:DeleteObject", thing.arn)
    assert may("states:ListStateMachines", "*") == finds
    for thing in world.MACHINES:
        ours = thing.name == "restore-drill-main" and finds
        assert may("states:ListTagsForResource", thing.arn) == ours
        assert not may("states:StartExecution", thing.arn)
    for thing in world.EXECUTIONS:
        ours = thing.name == "restore-drill-main" and name == "operator-sweep"
        assert may("states:DescribeExecution", thing.arn) == ours


def they_fit_where_policies_go() -> None:
    for name in documents.OPERATORS:
        text = json.dumps(documents.document(name, world.values()))
        # A managed policy's limit (IAM User Guide, "IAM and AWS STS quotas").
        assert len("".join(text.split())) <= 6_144, name
