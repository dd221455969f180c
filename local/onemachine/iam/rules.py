"""What each role is meant to be able to do, in few rules. All else is to be denied.

Written from what the steps are for, by hand and apart from the policies: neither is made from the
other. Where the two differ, one of them is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from onemachine.deployment import OUTSIDE_THE_MACHINE, STEPS
from onemachine.iam import world
from onemachine.iam.documents import OTHER_ROLES
from onemachine.iam.world import Said, Thing

FUNCTIONS = frozenset(step.handler for step in STEPS)
EVERYBODY = FUNCTIONS | set(OTHER_ROLES)
PLANNER, RESTORER, SWEEP, WATCH, STARTER = (
    {role}
    for role in ("plan-drill", "restore-replica", "sweep-orphans", "watch-restores", "start-drill")
)
VERIFIERS = {"plan-checks", "run-check"}
STOPPERS = {"stop-replica", "abandon-drill"} | SWEEP
DELETERS = {"retire-previous", "abandon-drill"} | SWEEP
LOOKERS = PLANNER | RESTORER | STOPPERS | DELETERS | WATCH | {"observe-replica"}
READERS = FUNCTIONS - VERIFIERS - {"observe-replica"}
ASKERS = PLANNER | SWEEP
REPORTERS = {"publish-report", "abandon-drill"}
MEASURERS = REPORTERS | WATCH
TELLERS = REPORTERS | SWEEP
BEATERS = REPORTERS | PLANNER

MACHINE = f"restore-drill-{world.DEPLOYMENT}"
AUTOMATED = "rds:DescribeDBInstanceAutomatedBackups"
INTERFACES = """
    ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSubnets
    ec2:DeleteNetworkInterface ec2:AssignPrivateIpAddresses ec2:UnassignPrivateIpAddresses
"""
PREFIX = f"drill-{world.DEPLOYMENT}-"
WRITES = {
    "plan-drill": {"claim.json"},
    "record-measurements": {"measurements/000-0.json"},
    "judge-drill": {"verdict.json", "catalogue.json"},
    "stop-replica": {"stop.json"},
    "publish-report": {"evidence.json", "report.html"},
    "abandon-drill": {"stop.json", "evidence.json", "report.html"},
    "sweep-orphans": {"stop.json"},
}
FOLDERS = dict.fromkeys(("plan-drill", "abandon-drill", "sweep-orphans"), ("drills/", "config/"))
CALLS = {
    "state-machine": FUNCTIONS - OUTSIDE_THE_MACHINE,
    "start-sweep": SWEEP,
    "start-watch": WATCH,
}


@dataclass(frozen=True)
class Case:
    """One request: who does what to what, how that is tagged, what is said."""

    role: str
    action: str
    thing: Thing
    tags_name: str
    said: Said

    @property
    def tags(self) -> dict[str, str]:
        return world.RESOURCE_TAGS[self.tags_name]

    def tag(self, name: str) -> str | None:
        """A tag of ours that the resource has."""
        return self.tags.get(f"{world.TAG}{name}")


def is_source(thing: Thing) -> bool:
    """An instance that drills are of."""
    return thing.is_at_home and thing.name in world.SOURCES


def has_our_name(thing: Thing) -> bool:
    """An instance named as our replicas are, and no source."""
    return (
        thing.kind == "db"
        and thing.is_at_home
        and thing.name.startswith(PREFIX)
        and not is_source(thing)
    )


def is_a_replica(case: Case) -> bool:
    """What may be stopped and deleted: name and tag are ours, nobody holds it, it's no source."""
    return (
        has_our_name(case.thing)
        and case.tag("deployment") == world.DEPLOYMENT
        and case.tag("hold") is None
    )


def says_our_tags(case: Case) -> bool:
    """The request sets the tags of a replica of ours and no others."""
    said = case.said.tags
    return (
        said.get(f"{world.TAG}deployment") == world.DEPLOYMENT
        and f"{world.TAG}drill" in said
        and set(said) <= set(world.six())
    )


def is_tagged_anew(case: Case) -> bool:
    """Tags of ours on what is being created.

    An existing instance looks the same where it has no tag of ours, or these very tags.
    """
    is_ours_or_new = case.tag("deployment") in (None, world.DEPLOYMENT)
    drill = case.said.tags.get(f"{world.TAG}drill")
    is_this_drills = case.tag("drill") in (None, drill)
    is_new = is_ours_or_new and is_this_drills and case.said.is_inherited is not True
    return has_our_name(case.thing) and says_our_tags(case) and is_new


def is_restored_to(case: Case) -> bool:
    """What a restore creates."""
    return has_our_name(case.thing) and says_our_tags(case) and case.said.is_public is False


def is_restored_with(case: Case) -> bool:
    """The settings of a restore: any parameter or option group, the isolated network alone."""
    thing = case.thing
    is_network = thing.kind == "subgrp" and thing.name == world.SUBNET_GROUP
    return thing.is_at_home and (is_network or thing.kind in ("pg", "og"))


def is_restored_from(case: Case) -> bool:
    """A source as the origin of a point in time.

    RDS may ask about it without what the request says, but what is said must be ours; all of it,
    where the source's name could be a replica's.
    """
    said = case.said
    says_no_other = (
        said.tags.get(f"{world.TAG}deployment", world.DEPLOYMENT) == world.DEPLOYMENT
        and set(said.tags) <= set(world.six())
        and said.is_public is not True
    )
    says_all = says_our_tags(case) and said.is_public is False
    is_plain = not case.thing.name.startswith(PREFIX)
    return (
        case.thing.kind == "db"
        and is_source(case.thing)
        and says_no_other
        and (is_plain or says_all)
    )


def is_home(*kinds: str) -> Callable[[Case], bool]:
    """A resource of such a type, in the account and Region of the deployment."""
    return lambda case: case.thing.kind in kinds and case.thing.is_at_home


def key_of(case: Case) -> str | None:
    """The key of an object in the evidence bucket."""
    bucket, _, key = case.thing.name.partition("/")
    return key if case.thing.kind == "object" and bucket == world.BUCKET else None


def is_read(case: Case) -> bool:
    """A record, or a configuration where the role reads those."""
    key = key_of(case)
    return key is not None and key.startswith(FOLDERS.get(case.role, ("drills/",)))


def is_written(case: Case) -> bool:
    """A record that this role is the one to write."""
    key = key_of(case)
    names = WRITES.get(case.role, set())
    return key is not None and any(key == f"{world.DRILL_FOLDER}/{name}" for name in names)


def is_replicas_user(case: Case) -> bool:
    """The read-only user, anywhere but in a source.

    RDS gives a replica its resource id when it is created, so that no policy names it beforehand:
    docs/decisions says what keeps the other databases of the account closed.
    """
    resource_id, _, user = case.thing.name.partition("/")
    is_a_source = resource_id in world.SOURCE_IDS
    return case.thing.is_at_home and user == "restore_drill" and not is_a_source


def is_lambdas_own(case: Case) -> bool:
    """Lambda itself makes the network interfaces of a function; the function's code may not."""
    return "lambda:SourceFunctionArn" not in case.said.more


def is_named(kind: str, name: str) -> Callable[[Case], bool]:
    """The one resource of a type that is the deployment's."""
    return lambda case: (case.thing.kind, case.thing.name) == (kind, name)


def is_its_function(case: Case) -> bool:
    """A function that the role is there to call."""
    return case.thing.name in {f"{MACHINE}-{handler}" for handler in CALLS[case.role]}


def is_its_log(case: Case) -> bool:
    """The log of the role's own function."""
    return case.thing.kind == "log-stream" and case.thing.name == f"{MACHINE}-{case.role}"


def is_our_namespace(case: Case) -> bool:
    """A metric of this product."""
    return case.said.more.get("cloudwatch:namespace") == "RestoreDrill"


def is_our_event(case: Case) -> bool:
    """On the bus that every account has, in nobody else's name."""
    is_default = case.thing.kind == "event-bus" and case.thing.name == "default"
    return is_default and case.said.more.get("events:source") == "restore-drill"


def is_our_secret(case: Case) -> bool:
    """An address that was put where this deployment may read it."""
    prefix = f"restore-drill/{world.DEPLOYMENT}/"
    return case.thing.kind == "Secret" and case.thing.name.startswith(prefix)


def always(_case: Case) -> bool:
    """Without any condition."""
    return True


@dataclass(frozen=True)
class Rule:
    """Who may do what, and when."""

    roles: frozenset[str]
    actions: tuple[str, ...]
    words: str
    holds: Callable[[Case], bool]


def _rule(roles: Iterable[str], actions: str, words: str, holds: Callable[[Case], bool]) -> Rule:
    return Rule(frozenset(roles), tuple(actions.split()), words, holds)


RESTORE_SNAPSHOT = "rds:RestoreDBInstanceFromDBSnapshot"
RESTORE_TIME = "rds:RestoreDBInstanceToPointInTime"
RESTORE = f"{RESTORE_SNAPSHOT} {RESTORE_TIME}"
OURS = "our name and tag, not held, no source"
NEW = "our name, our tags alone, said and new"
TARGET = "into our name, with our tags, not public"
USER = "the read-only user, never in a source"
RULES = (
    # "No permissions are required" (AWS STS API reference, GetCallerIdentity).
    _rule(EVERYBODY, "sts:GetCallerIdentity", "always", always),
    _rule(LOOKERS, "rds:DescribeDBInstances", "any instance", is_home("db")),
    _rule(PLANNER, "rds:DescribeDBSnapshots", "any", is_home("snapshot", "db")),
    _rule(PLANNER, AUTOMATED, "any", is_home("auto-backup", "db")),
    _rule(SWEEP, "rds:DescribeEvents", "any", always),
    _rule(STOPPERS, "rds:StopDBInstance", OURS, is_a_replica),
    _rule(DELETERS, "rds:DeleteDBInstance", OURS, is_a_replica),
    _rule(RESTORER, "rds:AddTagsToResource", NEW, is_tagged_anew),
    _rule(RESTORER, RESTORE, TARGET, is_restored_to),
    _rule(RESTORER, RESTORE, "with the isolated network", is_restored_with),
    _rule(RESTORER, RESTORE_SNAPSHOT, "from any snapshot", is_home("snapshot")),
    _rule(RESTORER, RESTORE_TIME, "from any automated backup", is_home("auto-backup")),
    _rule(RESTORER, RESTORE_TIME, "from a source", is_restored_from),
    _rule(VERIFIERS, "rds-db:connect", USER, is_replicas_user),
    _rule(VERIFIERS, INTERFACES, "Lambda itself, not the function's code", is_lambdas_own),
    _rule(READERS, "s3:GetObject", "records; three roles configurations too", is_read),
    _rule(READERS, "s3:ListBucket", "the evidence bucket", is_named("bucket", world.BUCKET)),
    _rule(WRITES, "s3:PutObject", "the records that are its own", is_written),
    _rule(ASKERS, "states:DescribeExecution", "our machine's", is_named("execution", MACHINE)),
    _rule(TELLERS, "sns:Publish", "our topic", is_named("topic", MACHINE)),
    _rule(REPORTERS, "events:PutEvents", "the account's bus, in our name", is_our_event),
    _rule(BEATERS, "secretsmanager:GetSecretValue", "our secrets", is_our_secret),
    _rule(MEASURERS, "cloudwatch:PutMetricData", "our namespace", is_our_namespace),
    _rule(CALLS, "lambda:InvokeFunction", "its functions", is_its_function),
    _rule(STARTER, "states:StartExecution", "our machine", is_named("statemachine", MACHINE)),
    _rule(FUNCTIONS, "logs:CreateLogStream logs:PutLogEvents", "its own log", is_its_log),
)


def permitting(case: Case) -> Rule | None:
    """The rule by which a request is to be allowed; None when it is to be denied."""
    rules = (r for r in RULES if case.role in r.roles and case.action in r.actions)
    return next((rule for rule in rules if rule.holds(case)), None)
