"""What an AWS call needs to be allowed: read off the wire, as AWS's own services read it.

A call can need several rights, on several resources. What AWS documents of RDS is in the Service
Authorization Reference, "Actions, resources, and condition keys for Amazon RDS".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

import cbor2

SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")
RESTORE_SNAPSHOT = "RestoreDBInstanceFromDBSnapshot"
RESTORE_TIME = "RestoreDBInstanceToPointInTime"


@dataclass(frozen=True)
class Need:
    """One right that a call needs."""

    action: str
    resource: str
    context: Mapping[str, str | list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """An HTTP request to AWS."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def service(self) -> str:
        """The service that the call is signed for; empty when it isn't signed."""
        found = SCOPE.search(self.headers.get("authorization", ""))
        return found.group(1) if found else ""

    @property
    def operation(self) -> str:
        """Its name in the API, as far as the request says it."""
        if target := self.headers.get("x-amz-target"):
            return target.rpartition(".")[2]
        if "/operation/" in self.path:
            return self.path.rpartition("/")[2]
        return self.form.get("Action", self.method)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))


class UnknownCall(Exception):
    """A call that no step of this product is known to make."""


@dataclass(frozen=True)
class Account:
    """Where the calls go, and what is there."""

    region: str
    account: str
    # The tags of an instance by its name, and the names of the sources by `DbiResourceId`.
    instance_tags: Callable[[str], dict[str, str]]
    instance_name: Callable[[str], str]

    def rds(self, kind: str, name: str) -> str:
        return f"arn:aws:rds:{self.region}:{self.account}:{kind}:{name}"


def needs(call: Call, account: Account) -> list[Need]:
    """The rights that a call needs; all of them have to be allowed."""
    readers = {
        "rds": _of_rds,
        "s3": _of_s3,
        "sns": _of_sns,
        "monitoring": _of_cloudwatch,
        "states": _of_states,
        "events": _of_events,
        "secretsmanager": _of_secrets,
    }
    if call.service not in readers:
        raise UnknownCall(f"{call.method} {call.path} is signed for {call.service!r}")
    return readers[call.service](call, account)


def _of_rds(call: Call, account: Account) -> list[Need]:
    form, operation = call.form, call.operation
    action = f"rds:{operation}"
    name = form.get("DBInstanceIdentifier", "*")
    if operation == "DescribeDBInstances":
        return [Need(action, account.rds("db", name))]
    if operation == "DescribeDBSnapshots":
        snapshot = form.get("DBSnapshotIdentifier", "*")
        # Of one instance or of all: AWS doesn't say which of the two it asks about.
        by_instance = [Need(action, account.rds("db", "*"))] if snapshot == "*" else []
        return [Need(action, account.rds("snapshot", snapshot)), *by_instance]
    if operation == "DescribeDBInstanceAutomatedBackups":
        kinds = (("db", name), ("auto-backup", "*"))
        return [Need(action, account.rds(kind, which)) for kind, which in kinds]
    if operation == "DescribeEvents":
        return [Need(action, "*")]
    if operation in ("StopDBInstance", "DeleteDBInstance"):
        tags = {f"aws:ResourceTag/{k}": v for k, v in account.instance_tags(name).items()}
        return [Need(action, account.rds("db", name), tags)]
    if operation in (RESTORE_SNAPSHOT, RESTORE_TIME):
        return _of_restore(call, account)
    raise UnknownCall(f"RDS: {operation}")


def _of_restore(call: Call, account: Account) -> list[Need]:
    form, action = call.form, f"rds:{call.operation}"
    target = form.get("TargetDBInstanceIdentifier") or form["DBInstanceIdentifier"]
    tags = _tags(form)
    said: dict[str, str | list[str]] = {f"aws:RequestTag/{k}": v for k, v in tags.items()}
    if tags:
        said["aws:TagKeys"] = list(tags)
    is_public = form.get("PubliclyAccessible")
    public = {"rds:PubliclyAccessible": is_public} if is_public else {}
    new = account.rds("db", target)
    tagging = {**said, "rds:TagsFromRequest": str(bool(tags)).lower()}
    # "requests that create a resource with an attached tag" may have the key too (IAM User Guide,
    # aws:ResourceTag): both readings have to be allowed.
    as_if_there = {f"aws:ResourceTag/{k}": v for k, v in tags.items()}
    found = [
        Need(action, new, {**said, **public}),
        Need("rds:AddTagsToResource", new, tagging),
        Need("rds:AddTagsToResource", new, {**tagging, **as_if_there}),
        Need(action, account.rds("subgrp", form.get("DBSubnetGroupName", "default"))),
        Need(action, account.rds("pg", form.get("DBParameterGroupName", "default.postgres15"))),
        Need(action, account.rds("og", "default:postgres-15")),
    ]
    if call.operation == RESTORE_SNAPSHOT:
        return [*found, Need(action, account.rds("snapshot", form["DBSnapshotIdentifier"]))]
    source = account.instance_name(form["SourceDbiResourceId"])
    # Whether RDS asks about the source isn't written anywhere, nor with what of the request.
    origin = account.rds("db", source)
    origins = [Need(action, origin), Need(action, origin, {**said, **public})]
    return [*found, Need(action, account.rds("auto-backup", "ab-1")), *origins]


def _tags(form: Mapping[str, str]) -> dict[str, str]:
    keys = ((n, v) for n, v in form.items() if re.fullmatch(r"Tags\.(Tag|member)\.\d+\.Key", n))
    return {value: form.get(f"{name[:-4]}.Value", "") for name, value in keys}


def _of_s3(call: Call, _account: Account) -> list[Need]:
    parts = urlsplit(call.path)
    bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
    query = parse_qs(parts.query, keep_blank_values=True)
    place = f"arn:aws:s3:::{bucket}"
    if call.method == "GET" and key:
        return [Need("s3:GetObject", f"{place}/{key}")]
    if call.method == "GET" and "list-type" in query:
        return [Need("s3:ListBucket", place, {"s3:prefix": query.get("prefix", [""])[0]})]
    if call.method == "PUT" and key and not query.keys() - {"x-id"}:
        return [Need("s3:PutObject", f"{place}/{key}")]
    raise UnknownCall(f"S3: {call.method} {call.path}")


def missing_key(call: Call) -> Need | None:
    """The right by which S3 says that a key is missing, and not that it is forbidden."""
    bucket, _, key = unquote(urlsplit(call.path).path).lstrip("/").partition("/")
    is_a_read = call.service == "s3" and call.method == "GET" and key
    return Need("s3:ListBucket", f"arn:aws:s3:::{bucket}") if is_a_read else None


def _of_sns(call: Call, _account: Account) -> list[Need]:
    if call.operation != "Publish":
        raise UnknownCall(f"SNS: {call.operation}")
    return [Need("sns:Publish", call.form["TopicArn"])]


def _of_cloudwatch(call: Call, _account: Account) -> list[Need]:
    if call.operation != "PutMetricData":
        raise UnknownCall(f"CloudWatch: {call.operation}")
    is_cbor = "cbor" in call.headers.get("content-type", "")
    said = cbor2.loads(call.body) if is_cbor else json.loads(call.body)
    return [Need("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": said["Namespace"]})]


def _of_states(call: Call, _account: Account) -> list[Need]:
    if call.operation != "DescribeExecution":
        raise UnknownCall(f"Step Functions: {call.operation}")
    return [Need("states:DescribeExecution", json.loads(call.body)["executionArn"])]


def _of_events(call: Call, account: Account) -> list[Need]:
    if call.operation != "PutEvents":
        raise UnknownCall(f"EventBridge: {call.operation}")
    place = f"arn:aws:events:{account.region}:{account.account}:event-bus"
    entries = json.loads(call.body)["Entries"]
    return [
        Need(
            "events:PutEvents",
            f"{place}/{entry.get('EventBusName', 'default')}",
            {"events:source": entry["Source"], "events:detail-type": entry["DetailType"]},
        )
        for entry in entries
    ]


def _of_secrets(call: Call, account: Account) -> list[Need]:
    if call.operation != "GetSecretValue":
        raise UnknownCall(f"Secrets Manager: {call.operation}")
    # AWS puts six letters behind the name of each.
    name = f"{json.loads(call.body)['SecretId']}-AbCdEf"
    place = f"arn:aws:secretsmanager:{account.region}:{account.account}:secret:{name}"
    return [Need("secretsmanager:GetSecretValue", place)]


def refusal(call: Call, message: str) -> tuple[int, dict[str, str], bytes]:
    """`AccessDenied`, in the words of the service."""
    if call.service == "s3":
        xml = f"<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>"
        return 403, {"content-type": "application/xml"}, xml.encode()
    if call.service in ("rds", "sns"):
        code = "AccessDenied" if call.service == "rds" else "AuthorizationError"
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        xml = f"<ErrorResponse>{error}<RequestId>gate</RequestId></ErrorResponse>"
        return 403, {"content-type": "text/xml"}, xml.encode()
    if "cbor" in call.headers.get("content-type", ""):
        said = {"__type": "com.amazonaws#AccessDenied", "message": message}
        headers = {"content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        return 403, headers, cbor2.dumps(said)
    said = {"__type": "AccessDeniedException", "message": message}
    return 400, {"content-type": "application/x-amz-json-1.0"}, json.dumps(said).encode()
