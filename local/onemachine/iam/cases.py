"""Every request that is tried: each action on each resource, its tags and what the request says.

All actions of RDS, as AWS lists them; all actions of the services around it, on one resource each;
and what the rules are about on everything that there is in the world.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from onemachine.iam import rules, world
from onemachine.iam.rules import Case
from onemachine.iam.simulator import Request, Simulator
from onemachine.iam.world import NOTHING_SAID, Said, Thing

# Through which a role could do harm or get at more rights.
SERVICES_AROUND = (
    *("s3", "sns", "cloudwatch", "states", "lambda", "iam", "sts", "kms", "secretsmanager", "ec2"),
    *("logs", "backup", "tag", "scheduler", "events", "rds-data", "ssm", "pi", "dynamodb"),
)
CHANGES = (
    *("rds:DeleteDBInstance", "rds:StopDBInstance", "rds:StartDBInstance", "rds:ModifyDBInstance"),
    *("rds:RebootDBInstance", "rds:RemoveTagsFromResource", "rds:AddTagsToResource"),
)
RESTORES = tuple(rules.RESTORE.split())
NAMES = ("drill-main-x", "courses-prod")
# Names that mean something, for types that the rules tell apart by name.
NAMES_OF = {
    "snapshot": ("rds:courses-prod-2026-11-21-02-03", "drill-main-x"),
    "subgrp": (world.SUBNET_GROUP, "production"),
}
# What the rules are about, at every service but RDS.
THINGS = {
    "s3:GetObject": world.OBJECTS,
    "s3:PutObject": world.OBJECTS,
    "s3:ListBucket": world.BUCKETS,
    "sns:Publish": world.TOPICS,
    "secretsmanager:GetSecretValue": world.SECRETS,
    "states:DescribeExecution": world.EXECUTIONS,
    "states:StartExecution": world.MACHINES,
    "lambda:InvokeFunction": world.FUNCTIONS,
    "logs:CreateLogStream": world.LOG_STREAMS,
    "logs:PutLogEvents": world.LOG_STREAMS,
}
# What stands for all that the deployment owns, in actions that nobody is meant to have.
OWN = (*world.OBJECTS[:1], *world.BUCKETS[:1], *world.TOPICS[:1], *world.MACHINES[:1])
OWN += (*world.EXECUTIONS[:1], *world.FUNCTIONS[:1], world.SWEEP, world.WATCH)
OWN += (*world.SECRETS[:1], *world.BUSES[:1], *world.LOG_STREAMS)
EVERYTHING = Thing("*", "*", "*")


@dataclass(frozen=True)
class Action:
    """An action as AWS lists it."""

    name: str
    types: tuple[str, ...]
    takes_tags: bool
    takes_public: bool
    # Whether it is asked about all resources at once.
    takes_all: bool


class Catalogue:
    """What AWS says that there is to call, from the simulator's own data."""

    def __init__(self, simulator: Simulator) -> None:
        self.actions: dict[str, list[Action]] = {}
        self._arns: dict[tuple[str, str], str] = {}
        for service in ("rds", "rds-db", *SERVICES_AROUND):
            found = simulator.service(service)
            self.actions[service] = [_action(entry) for entry in found["actions"]]
            self._arns |= {(service, r["type"]): r["arn"] for r in found["resources"]}

    def thing(self, service: str, kind: str, name: str) -> Thing:
        """A resource of a type, by the form of its ARN."""
        places = {"Partition": "aws", "Region": world.REGION, "Account": world.ACCOUNT}
        pattern = self._arns[(service, kind)]
        found = re.sub(r"\$\{(\w+)\}", lambda part: places.get(part.group(1), name), pattern)
        return Thing(kind, name, found.replace("*", "x"))


def _action(entry: dict) -> Action:
    types, keys = tuple(entry["types"]), entry["conditionKeys"]
    return Action(
        name=entry["action"],
        types=types,
        takes_tags=any("RequestTag" in key for key in keys),
        takes_public="rds:PubliclyAccessible" in keys,
        takes_all=entry["isWildcardOnly"] or not types,
    )


def every(catalogue: Catalogue, role: str) -> Iterator[Case]:
    """Every case of a role."""
    for action in catalogue.actions["rds"]:
        yield from _at_rds(catalogue, role, action)
    for user in world.USERS:
        yield Case(role, "rds-db:connect", user, "none", NOTHING_SAID)
    for service in SERVICES_AROUND:
        for action in catalogue.actions[service]:
            yield from _around(catalogue, role, service, action)


def _at_rds(catalogue: Catalogue, role: str, action: Action) -> Iterator[Case]:
    if action.takes_all:
        yield Case(role, action.name, EVERYTHING, "none", NOTHING_SAID)
    for kind in action.types:
        if kind == "db":
            yield from _on_instances(role, action)
            continue
        for name in NAMES_OF.get(kind, NAMES):
            thing = catalogue.thing("rds", kind, name)
            for said in _few_said(action):
                yield from (Case(role, action.name, thing, tags, said) for tags in world.FEW_TAGS)


def _on_instances(role: str, action: Action) -> Iterator[Case]:
    tags = world.RESOURCE_TAGS if action.name in CHANGES else world.FEW_TAGS
    for thing in world.INSTANCES:
        for said in _said(action):
            yield from (Case(role, action.name, thing, name, said) for name in tags)


def _said(action: Action) -> tuple[Said, ...]:
    if action.name in RESTORES:
        return tuple(replace(said, is_inherited=None) for said in world.RESTORES_SAID)
    if action.name == "rds:AddTagsToResource":
        return world.TAGS_SAID
    return _few_said(action)


def _few_said(action: Action) -> tuple[Said, ...]:
    if not action.takes_tags:
        return (NOTHING_SAID,)
    ours = world.TAGS_SAID[1]
    if action.name != "rds:AddTagsToResource":
        # RDS asks about inheriting only where it asks about tagging.
        ours = replace(ours, is_inherited=None, is_public=False if action.takes_public else None)
    return (NOTHING_SAID, ours)


def _around(catalogue: Catalogue, role: str, service: str, action: Action) -> Iterator[Case]:
    if action.name in THINGS:
        for thing in THINGS[action.name]:
            yield Case(role, action.name, thing, "none", NOTHING_SAID)
        return
    if action.name == "events:PutEvents":
        for thing in world.BUSES:
            for said in (NOTHING_SAID, *world.EVENT_SOURCES):
                yield Case(role, action.name, thing, "none", said)
        return
    saids: tuple[Said, ...] = (NOTHING_SAID,)
    if action.name == "cloudwatch:PutMetricData":
        saids = (NOTHING_SAID, *world.NAMESPACES)
    elif action.name in rules.INTERFACES.split():
        from_code = {"lambda:SourceFunctionArn": world.function_arn(role)}
        saids = (NOTHING_SAID, Said("from the function's code", more=from_code))
    if action.takes_all or action.name == "cloudwatch:PutMetricData":
        things = [EVERYTHING]
    else:
        things = [t for kind in action.types for t in _own(role, kind)]
        things = things or [catalogue.thing(service, kind, "x") for kind in action.types]
    for thing in things:
        yield from (Case(role, action.name, thing, "none", said) for said in saids)


def _own(role: str, kind: str) -> list[Thing]:
    own = [thing for thing in OWN if thing.kind == kind]
    if kind == "log-stream":
        return [thing for thing in own if thing.name.endswith(f"-{role}")]
    if kind == "object":
        names = tuple(f"{world.DRILL_FOLDER}/{name}" for name in rules.WRITES.get(role, ()))
        return [
            *own,
            *(
                t
                for t in world.OBJECTS
                if t.name.startswith(world.BUCKET) and t.name.endswith(names)
            ),
        ]
    return own


def request(case: Case, attached: tuple[str, ...]) -> Request:
    """The case as the simulator is asked."""
    tags: dict[str, str | list[str]] = {f"aws:ResourceTag/{k}": v for k, v in case.tags.items()}
    return Request(
        policies=attached,
        principal=f"arn:aws:iam::{world.ACCOUNT}:role/restore-drill-main-{case.role}",
        action=case.action,
        resource=case.thing.arn,
        account=case.thing.account,
        context={**tags, **case.said.context()},
    )
