"""The rights of whoever applies the module: enough for that, and no database within reach.

That they are enough is seen in `infra_apply_suite.py`, where each call of an apply, a change and a
destroy is asked about. Here is what must never be allowed.
"""

# A claim's name is its description.

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterator

import pytest
from onemachine.iam import documents, simulator, world
from onemachine.iam.simulator import Request, Simulator
from onemachine.paths import ROOT

# Characters of a managed policy, whitespace apart (IAM User Guide, "IAM and AWS STS quotas").
MANAGED_MAX = 6_144
PRINCIPAL = f"arn:aws:iam::{world.ACCOUNT}:role/deployer"
BOUNDARY = world.values().boundary_arn
ADMINISTRATOR = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
# What holds data, in RDS's own words.
KINDS = ("db", "snapshot", "auto-backup", "cluster", "cluster-snapshot")
_Context = dict[str, str | list[str]]


@pytest.fixture(scope="module")
def asker() -> Iterator[Simulator]:
    """The simulator with the three documents in it, and with somebody's AdministratorAccess."""
    if reason := simulator.missing():
        pytest.skip(f"SKIPPED: {reason}")
    with Simulator() as running:
        running.load({n: documents.document(n, world.values()) for n in documents.DEPLOYER})
        running.load({"administrator": ADMINISTRATOR})
        running.load({documents.BOUNDARY: documents.document(documents.BOUNDARY, world.values())})
        yield running


def _may(
    asker: Simulator, action: str, resource: str, context: _Context | None = None, *more: str
) -> bool:
    asked = Request(
        policies=(*documents.DEPLOYER, *more),
        principal=PRINCIPAL,
        action=action,
        resource=resource,
        account=world.ACCOUNT,
        context=context or {},
    )
    (answer,) = asker.ask([asked])
    return answer.is_allowed


def _role(name: str) -> str:
    return f"arn:aws:iam::{world.ACCOUNT}:role/{name}"


OURS, THEIRS = _role("restore-drill-main-plan-drill"), _role("course-platform")


def the_documents_fit_managed_policies_for_the_longest_names() -> None:
    names = [f"{'s' * 55}-{number:02}" for number in range(20)]
    longest = {
        **vars(world.values()),
        "deployment": "d" * 16,
        "bucket": "b" * 63,
        "state_bucket": "b" * 63,
        "artifact_bucket": "b" * 63,
        "source_arns": tuple(world.arn("rds", f"db:{name}") for name in names),
    }
    for name in (*documents.DEPLOYER, documents.BOUNDARY):
        document = documents.document(name, documents.Values(**longest))
        assert len("".join(json.dumps(document).split())) <= MANAGED_MAX, name


@pytest.mark.parametrize("attached", [(), ("administrator",)], ids=["alone", "administrator"])
def no_action_changes_a_database_or_a_backup(asker: Simulator, attached: tuple[str, ...]) -> None:
    names = ("courses-prod", world.REPLICA)
    actions = asker.service("rds")["actions"]
    asked = [(one["action"], kind) for one in actions for kind in KINDS if kind in one["types"]]
    requests = [
        Request(
            policies=(*documents.DEPLOYER, *attached),
            principal=PRINCIPAL,
            action=action,
            resource=world.arn("rds", f"{kind}:{name}"),
            account=world.ACCOUNT,
            context={},
        )
        for action, kind in asked
        for name in names
    ]
    answers = asker.ask(requests)
    allowed = {r.action for r, a in zip(requests, answers, strict=True) if a.is_allowed}
    assert len({action for action, _ in asked}) > 80
    assert {("rds:DeleteDBInstance", "db"), ("rds:DeleteDBSnapshot", "snapshot")} <= set(asked)
    assert allowed == {"rds:DescribeDBInstances"}


def a_role_is_made_under_the_boundary_or_not_at_all(asker: Simulator) -> None:
    under = {"iam:PermissionsBoundary": BOUNDARY}
    another = {"iam:PermissionsBoundary": f"{BOUNDARY}-2"}
    for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"):
        assert _may(asker, action, OURS, under), action
        assert not _may(asker, action, OURS), action
        assert not _may(asker, action, OURS, another), action
        assert not _may(asker, action, THEIRS, under), action
    taken_off = ("iam:DeleteRolePermissionsBoundary", OURS, under)
    assert not _may(asker, *taken_off)
    assert not _may(asker, *taken_off, "administrator")


def _is_within(action: str, resource: str, statement: documents.Policy) -> bool:
    """Whether the boundary lets through what a statement of a role allows."""
    boundary = documents.document(documents.BOUNDARY, world.values())
    return any(
        action in documents.listed(wide["Action"])
        and any(fnmatch.fnmatchcase(resource, one) for one in documents.listed(wide["Resource"]))
        and wide.get("Condition", {}).items() <= statement.get("Condition", {}).items()
        for wide in documents.statements(boundary, "Allow")
    )


def the_boundary_lets_through_what_roles_need() -> None:
    outside = [
        f"{name}: {action} on {resource}"
        for name in (*documents.roles(), *documents.OPTIONAL)
        for statement in documents.statements(documents.document(name, world.values()), "Allow")
        for action in documents.listed(statement["Action"])
        for resource in documents.listed(statement["Resource"])
        if not _is_within(action, resource, statement)
    ]
    assert not outside


def the_boundary_lets_nobody_at_a_source_at_rights_or_at_the_past(asker: Simulator) -> None:
    source, replica = (world.arn("rds", f"db:{name}") for name in ("courses-prod", world.REPLICA))
    verdict = f"arn:aws:s3:::{world.BUCKET}/drills/courses-prod/1/verdict.json"
    for action, resource, is_let in (
        ("rds:DeleteDBInstance", replica, True),
        ("rds:DeleteDBInstance", source, False),
        ("rds:StopDBInstance", source, False),
        ("rds:ModifyDBInstance", source, False),
        ("rds:ModifyDBInstance", replica, False),
        ("rds:DeleteDBSnapshot", world.arn("rds", "snapshot:rds:courses-prod"), False),
        ("s3:DeleteObject", verdict, False),
        ("iam:CreateRole", OURS, False),
        ("sts:AssumeRole", THEIRS, False),
        ("kms:Decrypt", world.arn("kms", "key/1"), False),
        ("lambda:InvokeFunction", world.arn("lambda", "function:checkout"), False),
    ):
        asked = Request(
            policies=(documents.BOUNDARY,),
            principal=OURS,
            action=action,
            resource=resource,
            account=world.ACCOUNT,
            context={},
        )
        (answer,) = asker.ask([asked])
        assert answer.is_allowed == is_let, (action, resource)


def no_other_policy_is_attached_and_no_other_is_changed(asker: Simulator) -> None:
    guard_rail = f"arn:aws:iam::{world.ACCOUNT}:policy/restore-drill-main-guard-rail"
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert _may(asker, "iam:AttachRolePolicy", OURS, {"iam:PolicyARN": guard_rail})
    assert not _may(asker, "iam:AttachRolePolicy", OURS, {"iam:PolicyARN": administrator})
    assert not _may(asker, "iam:AttachRolePolicy", THEIRS, {"iam:PolicyARN": guard_rail})
    for policy in (BOUNDARY, administrator):
        assert not _may(asker, "iam:CreatePolicyVersion", policy)
    for action in ("iam:CreateUser", "iam:CreateAccessKey", "iam:PutUserPolicy"):
        assert not _may(asker, action, f"arn:aws:iam::{world.ACCOUNT}:user/deployer")


def a_role_is_handed_to_its_service_and_to_no_machine(asker: Simulator) -> None:
    for service in ("lambda", "states", "scheduler"):
        to: _Context = {"iam:PassedToService": f"{service}.amazonaws.com"}
        assert _may(asker, "iam:PassRole", OURS, to)
        assert not _may(asker, "iam:PassRole", THEIRS, to)
    assert not _may(asker, "iam:PassRole", OURS, {"iam:PassedToService": "ec2.amazonaws.com"})


def evidence_stays(asker: Simulator) -> None:
    bucket = f"arn:aws:s3:::{world.BUCKET}"
    verdict = f"{bucket}/drills/courses-prod/courses-prod-20261121t030000z/verdict.json"
    for action in ("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"):
        assert not _may(asker, action, verdict), action
        assert not _may(asker, action, verdict, {}, "administrator"), action
    for action in ("s3:DeleteBucket", "s3:DeleteBucketPolicy"):
        assert not _may(asker, action, bucket, {}, "administrator"), action
    assert not _may(asker, "s3:GetObject", verdict)


def production_s_security_groups_are_left_alone(asker: Simulator) -> None:
    group = world.arn("ec2", "security-group/sg-0a1b2c3d")
    for action in (
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:RevokeSecurityGroupIngress",
        "ec2:DeleteSecurityGroup",
        "ec2:CreateTags",
    ):
        ours = {"aws:ResourceTag/Name": "restore-drill-main-replica"}
        assert _may(asker, action, group, ours), action
        assert not _may(asker, action, group, {"aws:ResourceTag/Name": "production"}), action
        assert not _may(asker, action, group), action


def nothing_is_allowed_of_another_name_or_another_service(asker: Simulator) -> None:
    for action, resource in {
        "lambda:UpdateFunctionCode": world.arn("lambda", "function:checkout"),
        "lambda:InvokeFunction": world.arn("lambda", "function:restore-drill-main-plan-drill"),
        "states:DeleteStateMachine": world.arn("states", "stateMachine:restore-drill-main-two"),
        "states:StartExecution": world.arn("states", "stateMachine:restore-drill-main"),
        "sns:DeleteTopic": world.arn("sns", "orders"),
        "sqs:DeleteQueue": world.arn("sqs", "orders"),
        "scheduler:DeleteSchedule": world.arn("scheduler", "schedule/default/nightly"),
        "logs:DeleteLogGroup": world.arn("logs", "log-group:/aws/lambda/checkout"),
        "cloudwatch:DeleteAlarms": world.arn("cloudwatch", "alarm:checkout"),
        "kms:ScheduleKeyDeletion": world.arn("kms", "key/1"),
        "kms:PutKeyPolicy": world.arn("kms", "key/1"),
        "ec2:AuthorizeSecurityGroupEgress": world.arn("ec2", "security-group/sg-1"),
        "rds-db:connect": world.arn("rds-db", "dbuser:db-COURSESPROD/restore_drill"),
    }.items():
        assert not _may(asker, action, resource), action


def each_right_on_everything_has_its_reason_in_the_readme() -> None:
    text = (ROOT / "infra" / "iam" / "README.md").read_text(encoding="utf-8")
    chapter = text[text.index("\n## Where a resource is `*`\n") :].split("\n## ")[1]
    explained = set(re.findall(r"^\| `(\w+)` \|", chapter, re.M))
    wide = {
        statement["Sid"]
        for name in documents.names()
        if name != documents.BOUNDARY
        for statement in documents.statements(documents.document(name, world.values()), "Allow")
        if "*" in documents.listed(statement["Resource"])
    }
    assert wide == explained
