"""The policies in infra/iam: complete, small enough, and as the rules say for every request."""

# A claim's name is its description.

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from onemachine.deployment import STEPS
from onemachine.iam import documents, matrix, mutations, rules, simulator, world
from onemachine.iam.matrix import Tally
from onemachine.iam.simulator import Simulator
from onemachine.paths import ROOT

# Characters, whitespace apart (IAM User Guide, "IAM and AWS STS quotas"): a role's own document is
# inline, the guard-rail a managed policy that all roles share.
INLINE_MAX, MANAGED_MAX = 10_240, 6_144
SOURCES_MANY = 20
RIGHTS = ROOT / "functions" / "control" / "src" / "rights.rs"
# What a port of the library is at AWS; each step's ports are in RIGHTS, which its code can't pass.
PORTS = {
    "ReadInstances": {"rds:DescribeDBInstances"},
    "ReadBackups": {"rds:DescribeDBSnapshots", "rds:DescribeDBInstanceAutomatedBackups"},
    "ReadInstanceEvents": {"rds:DescribeEvents"},
    "RestoreReplica": {*rules.RESTORE.split(), "rds:AddTagsToResource"},
    "StopReplica": {"rds:StopDBInstance"},
    "DeleteReplica": {"rds:DeleteDBInstance"},
    "ReadExecutions": {"states:DescribeExecution"},
    "ReadObjects": {"s3:GetObject", "s3:ListBucket"},
    "WriteObjects": {"s3:PutObject"},
    "Notify": {"sns:Publish"},
    "Announce": {"events:PutEvents"},
    "Beat": {"secretsmanager:GetSecretValue"},
    "EmitMetrics": {"cloudwatch:PutMetricData"},
}
LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
UNEXPECTED_SHOWN = 20


@pytest.fixture(scope="module")
def asker() -> Iterator[Simulator]:
    """The simulator, where it is installed."""
    if reason := simulator.missing():
        pytest.skip(f"SKIPPED: {reason}")
    with Simulator() as running:
        yield running


@pytest.fixture(scope="module")
def tallies(asker: Simulator) -> list[Tally]:
    """The whole matrix, once."""
    return matrix.evaluate()


def _may(tallies: list[Tally], *actions: str) -> set[str]:
    return {t.role for t in tallies for action, _ in t.allowed if action in actions}


def each_role_has_a_document_and_each_document_a_role() -> None:
    assert set(documents.names()) == {
        *documents.roles(),
        documents.GUARD_RAIL,
        *documents.OPTIONAL,
        *documents.OPERATORS,
        *documents.DEPLOYER,
        documents.BOUNDARY,
    }
    assert {step.handler for step in STEPS} <= set(documents.roles())


def the_documents_are_filled_in_by_what_the_deployment_knows() -> None:
    known = set(world.values().by_name())
    used = {name for document in documents.names() for name in documents.placeholders(document)}
    assert used == known
    for document in documents.names():
        text = json.dumps(documents.document(document, world.values()))
        # What is left is for IAM to fill in, with what a request says.
        assert "${" not in text.replace("${aws:RequestTag/", ""), document


def a_role_has_the_rights_of_its_steps_ports() -> None:
    (table,) = re.findall(r"^rights! \{(.*?)^\}", RIGHTS.read_text(encoding="utf-8"), re.M | re.S)
    steps = re.findall(r"^ +(\w+):\s+([\w\s]+);", table, re.M)
    handlers = {step.handler for step in STEPS if step.artifact != "verify"}
    assert {_handler_of(step) for step, _ in steps} == handlers
    for step, ports in steps:
        meant = LOG.union(*(PORTS[port] for port in ports.split()))
        document = documents.document(_handler_of(step), world.values())
        assert documents.actions_allowed(document) == meant, step


def _handler_of(step: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"-\1", step).lower()


def policies_for_twenty_sources_stay_within_the_quotas() -> None:
    names = [f"{'s' * 55}-{number:02}" for number in range(SOURCES_MANY)]
    ids = [f"db-{'X' * 24}{number:02}" for number in range(SOURCES_MANY)]
    arns = tuple(world.arn("rds", f"db:{name}") for name in names)
    users = tuple(world.arn("rds-db", f"dbuser:{found}/*") for found in ids)
    values = {**vars(world.values()), "source_arns": arns, "source_user_arns": users}
    for name in (*documents.roles(), documents.GUARD_RAIL):
        document = documents.document(name, documents.Values(**values))
        size = len("".join(json.dumps(document).split()))
        assert size <= (MANAGED_MAX if name == documents.GUARD_RAIL else INLINE_MAX), (name, size)


@pytest.mark.timeout(600)
def every_request_is_answered_as_the_rules_say(tallies: list[Tally]) -> None:
    unexpected = [line for tally in tallies for line in tally.unexpected]
    assert not unexpected, "\n".join(unexpected[:UNEXPECTED_SHOWN])
    # A matrix that asked nothing would agree as well.
    assert sum(sum(tally.asked.values()) for tally in tallies) > 100_000
    assert {rule.words for rule in rules.RULES} == {w for t in tallies for _, w in t.allowed}


def no_role_both_tags_and_deletes(tallies: list[Tally]) -> None:
    taggers = _may(tallies, "rds:AddTagsToResource", "rds:RemoveTagsFromResource")
    assert taggers == {"restore-replica"}
    changers = _may(tallies, "rds:DeleteDBInstance", "rds:StopDBInstance", "rds:ModifyDBInstance")
    assert changers == rules.STOPPERS | rules.DELETERS
    assert not taggers & changers


def the_verifiers_have_no_right_at_rds(tallies: list[Tally]) -> None:
    for tally in tallies:
        at_rds = {action for action, _ in tally.allowed if action.startswith(("rds:", "rds-data:"))}
        assert not at_rds or tally.role not in rules.VERIFIERS, at_rds
    assert _may(tallies, "rds-db:connect") == rules.VERIFIERS


def one_role_alone_writes_verdicts_and_one_claims() -> None:
    # Evidence, report and stop are also written by what cleans up after a drill that broke.
    writers: dict[str, set[str]] = {}
    for role in documents.roles():
        for statement in documents.statements(documents.document(role, world.values()), "Allow"):
            if statement["Action"] == "s3:PutObject":
                for resource in documents.listed(statement["Resource"]):
                    writers.setdefault(resource.rpartition("/")[2], set()).add(role)
    assert writers["verdict.json"] == {"judge-drill"}
    assert writers["claim.json"] == {"plan-drill"}


@pytest.mark.parametrize("role", documents.roles())
def a_role_is_assumed_by_its_service_alone(asker: Simulator, role: str) -> None:
    values = world.values()
    arn = f"arn:aws:iam::{world.ACCOUNT}:role/restore-drill-main-{role}"
    service = f"{documents.trust_of(role)}.amazonaws.com"
    own = {"aws:SourceAccount": world.ACCOUNT}
    trust = documents.trust(role, values)
    assert asker.may_assume(trust, service, arn, own)
    for stranger in ("ec2.amazonaws.com", f"arn:aws:iam::{world.STRANGER}:root"):
        assert not asker.may_assume(trust, stranger, arn, own), stranger
    if service != "lambda.amazonaws.com":
        assert not asker.may_assume(trust, service, arn, {"aws:SourceAccount": world.STRANGER})


@pytest.mark.slow
@pytest.mark.timeout(1200)
def one_thing_wrong_in_a_policy_is_noticed(asker: Simulator) -> None:
    number, survivors = mutations.unnoticed()
    assert number > 400
    assert not survivors, f"{len(survivors)} of {number}:\n" + "\n".join(survivors)
