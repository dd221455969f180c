"""What the calls of an `apply` or a `destroy` need to be allowed: the rights of the deployer.

A call can need more than the right of its own name: handing a role to a service, tagging what it
makes, reading a zip. Which is in the Service Authorization Reference of each service, and in the
AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from onemachine.iam import documents, operations
from onemachine.iam.calls import Need, UnknownCall
from onemachine.iam.documents import Values
from onemachine.iam.door import Passed
from onemachine.iam.simulator import Answer
from onemachine.machine import ACCOUNT, REGION

# Allowed to everybody, or asked for and not needed: refused, the provider asks STS instead.
FREE = {("sts", "GetCallerIdentity"), ("iam", "GetUser")}
# S3 names many rights otherwise than operations.
OF_S3 = {
    "DeleteBucketTagging": "PutBucketTagging",
    "ListObjectVersions": "ListBucketVersions",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListObjectsV2": "ListBucket",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
PASSED_TO = {"lambda": "lambda", "states": "states", "scheduler": "scheduler"}
_Said = dict[str, Any]


def arn(service: str, name: str, region: str = REGION) -> str:
    """A name of a service in this account."""
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{name}"


def unused(needs: Iterable[Need], answers: Iterable[Answer], values: Values) -> set[str]:
    """The rights that the documents give and that nothing needed."""
    used = {
        (match.policy, need.action)
        for need, answer in zip(needs, answers, strict=True)
        for match in answer.allows
    }
    return {
        f"{name}: {action}"
        for name in documents.DEPLOYER
        for action in documents.actions_allowed(documents.document(name, values))
        if (name, action) not in used
    }


def _tags(said: _Said) -> dict[str, str]:
    """The tags of a form, in any of the ways that forms count."""
    keys = {n: v for n, v in said.items() if re.search(r"Tags?\.(\w+\.)?\d+\.Key$", n)}
    return {value: said.get(f"{name[:-4]}.Value", "") for name, value in keys.items()}


def _numbered(said: _Said, name: str) -> list[str]:
    return [value for key, value in said.items() if re.fullmatch(rf"{name}\.(member\.)?\d+", key)]


@dataclass
class Reader:
    """Reads calls in their order: what was made with which tags and boundary is remembered."""

    boundaries: dict[str, str] = field(default_factory=dict)
    groups: dict[str, dict[str, str]] = field(default_factory=dict)

    def needs(self, passed: Iterable[Passed]) -> Iterator[Need]:
        """The rights that the calls need."""
        readers: dict[str, Callable[[str, _Said, Passed], Iterable[Need]]] = {
            "ec2": self._ec2,
            "events": self._events,
            "iam": self._iam,
            "lambda": self._lambda,
            "logs": self._logs,
            "monitoring": self._cloudwatch,
            "rds": self._rds,
            "s3": self._s3,
            "scheduler": self._scheduler,
            "sns": self._sns,
            "sqs": self._sqs,
            "states": self._states,
        }
        for one in passed:
            operation, said = operations.operation(one.call)
            service = one.call.service
            if (service, operation) in FREE:
                continue
            if service not in readers:
                raise UnknownCall(f"{service}: {operation}")
            yield from readers[service](operation, said, one)

    def _iam(self, operation: str, said: _Said, _one: Passed) -> Iterator[Need]:
        action = f"iam:{operation}"
        if role := said.get("RoleName"):
            place = f"arn:aws:iam::{ACCOUNT}:role/{role}"
            if "PermissionsBoundary" in said:
                self.boundaries[role] = said["PermissionsBoundary"]
            boundary = self.boundaries.get(role)
            context: dict[str, str | list[str]] = {}
            if boundary:
                context["iam:PermissionsBoundary"] = boundary
            if "PolicyArn" in said:
                context["iam:PolicyARN"] = said["PolicyArn"]
            yield Need(action, place, context)
            tagging = "iam:TagRole"
        else:
            name = said.get("PolicyName")
            place = f"arn:aws:iam::{ACCOUNT}:policy/{name}" if name else said["PolicyArn"]
            yield Need(action, place)
            tagging = "iam:TagPolicy"
        if operation.startswith("Create") and _tags(said):
            yield Need(tagging, place)

    def _lambda(self, operation: str, said: _Said, _one: Passed) -> Iterator[Need]:
        named = said.get("FunctionName") or said["Resource"]
        place = named if named.startswith("arn:") else arn("lambda", f"function:{named}")
        action = "ListTags" if operation == "ListTags" else operation
        yield Need(f"lambda:{action}", place)
        if operation in ("CreateFunction", "UpdateFunctionConfiguration") and "Role" in said:
            yield _passing(said["Role"], "lambda")
        if said.get("VpcConfig", {}).get("SubnetIds"):
            for looked in ("SecurityGroups", "Subnets", "Vpcs"):
                yield Need(f"ec2:Describe{looked}", "*")
        if operation == "CreateFunction" and said.get("Tags"):
            yield Need("lambda:TagResource", place)
        code = said.get("Code", said)
        if "S3Bucket" in code:
            yield Need("s3:GetObject", f"arn:aws:s3:::{code['S3Bucket']}/{code['S3Key']}")

    def _states(self, operation: str, said: _Said, _one: Passed) -> Iterator[Need]:
        if operation == "ValidateStateMachineDefinition":
            yield Need(f"states:{operation}", "*")
            return
        named = said.get("stateMachineArn") or said.get("resourceArn")
        place = named or arn("states", f"stateMachine:{said['name']}")
        yield Need(f"states:{operation}", place)
        if "roleArn" in said:
            yield _passing(said["roleArn"], "states")
        if operation == "CreateStateMachine" and said.get("tags"):
            yield Need("states:TagResource", place)
        if said.get("publish"):
            yield Need("states:PublishStateMachineVersion", place)

    def _scheduler(self, operation: str, said: _Said, _one: Passed) -> Iterator[Need]:
        if "ResourceArn" in said:
            place = said["ResourceArn"]
        elif operation.endswith("Group"):
            place = arn("scheduler", f"schedule-group/{said['Name']}")
        else:
            group = said.get("GroupName") or said["groupName"]
            place = arn("scheduler", f"schedule/{group}/{said['Name']}")
        yield Need(f"scheduler:{operation}", place)
        if "Target" in said:
            yield _passing(said["Target"]["RoleArn"], "scheduler")
        if operation == "CreateScheduleGroup" and said.get("Tags"):
            yield Need("scheduler:TagResource", place)

    def _events(self, operation: str, said: _Said, _one: Passed) -> Iterator[Need]:
        named = said.get("ResourceARN")
        place = named or arn("events", f"rule/{said.get('Rule') or said['Name']}")
        yield Need(f"events:{operation}", place)
        if operation == "PutRule" and said.get("Tags"):
            yield Need("events:TagResource", place)

    def _sns(self, operation: str, said: _Said, _one: Passed) -> Iterator[Need]:
        # A subscription's right is its topic's.
        of_topic = said.get("SubscriptionArn", "").rpartition(":")[0]
        named = said.get("TopicArn") or said.get("ResourceArn") or of_topic
        place = named or arn("sns", said["Name"])
        yield Need(f"sns:{operation}", place)
        if operation == "CreateTopic" and _tags(said):
            yield Need("sns:TagResource", place)

    def _sqs(self, operation: str, said: _Said, _one: Passed) -> Iterator[Need]:
        name = said.get("QueueName") or said["QueueUrl"].rpartition("/")[2]
        yield Need(f"sqs:{operation}", arn("sqs", name))
        if operation == "CreateQueue" and said.get("tags"):
            yield Need("sqs:TagQueue", arn("sqs", name))

    def _cloudwatch(self, operation: str, said: _Said, _one: Passed) -> Iterator[Need]:
        action = f"cloudwatch:{operation}"
        if "Dashboard" in operation:
            names = _numbered(said, "DashboardNames") or [said["DashboardName"]]
            places = [arn("cloudwatch", f"dashboard/{name}", region="") for name in names]
        elif operation == "DescribeAlarms":
            places = [arn("cloudwatch", "alarm:*")]
        elif "ResourceARN" in said:
            places = [said["ResourceARN"]]
        else:
            names = _numbered(said, "AlarmNames") or [said["AlarmName"]]
            places = [arn("cloudwatch", f"alarm:{name}") for name in names]
        yield from (Need(action, place) for place in places)
        if operation == "PutMetricAlarm" and _tags(said):
            yield Need("cloudwatch:TagResource", places[0])

    def _logs(self, operation: str, said: _Said, _one: Passed) -> Iterator[Need]:
        if operation == "DescribeLogGroups":
            yield Need(f"logs:{operation}", "*")
            return
        named = said.get("resourceArn")
        place = named or arn("logs", f"log-group:{said['logGroupName']}")
        yield Need(f"logs:{operation}", place)
        if operation == "CreateLogGroup" and said.get("tags"):
            yield Need("logs:TagResource", place)

    def _s3(self, operation: str, said: _Said, one: Passed) -> Iterator[Need]:
        place = f"arn:aws:s3:::{said['Bucket']}" + (f"/{said['Key']}" if "Key" in said else "")
        of_version = "Version" if "Key" in said and "versionId" in said else ""
        yield Need(f"s3:{OF_S3.get(operation, operation)}{of_version}", place)
        if operation == "PutObject" and "x-amz-tagging" in one.call.headers:
            yield Need("s3:PutObjectTagging", place)

    def _rds(self, operation: str, said: _Said, _one: Passed) -> Iterator[Need]:
        kinds = {
            "DBSubnetGroupName": "subgrp",
            "DBParameterGroupName": "pg",
            "DBInstanceIdentifier": "db",
        }
        place = said.get("ResourceName") or next(
            arn("rds", f"{kind}:{said[name]}") for name, kind in kinds.items() if name in said
        )
        yield Need(f"rds:{operation}", place)
        if operation.startswith("Create") and _tags(said):
            yield Need("rds:AddTagsToResource", place)

    def _ec2(self, operation: str, said: _Said, one: Passed) -> Iterator[Need]:
        action = f"ec2:{operation}"
        if operation.startswith("Describe"):
            yield Need(action, "*")
            return
        new = {f"aws:RequestTag/{key}": value for key, value in _tags(said).items()}
        made = {**new, "ec2:CreateAction": operation}
        if operation == "CreateSecurityGroup":
            (group,) = re.findall(r"<groupId>(sg-\w+)</groupId>", one.answer)
            self.groups[group] = _tags(said)
            yield Need(action, arn("ec2", f"security-group/{group}"), new)
            yield Need(action, arn("ec2", f"vpc/{said['VpcId']}"))
            yield Need("ec2:CreateTags", arn("ec2", f"security-group/{group}"), made)
            return
        if operation in ("CreateTags", "DeleteTags"):
            for name in _numbered(said, "ResourceId"):
                yield self._of_group(action, name)
            return
        yield self._of_group(action, said["GroupId"])
        if operation.startswith(("Authorize", "Modify")):
            yield Need(action, arn("ec2", "security-group-rule/sgr-1"), new)
        if new:
            yield Need("ec2:CreateTags", arn("ec2", "security-group-rule/sgr-1"), made)

    def _of_group(self, action: str, name: str) -> Need:
        """A right on a group or a rule, with the tags that it was made with."""
        if name.startswith("sgr-"):
            # Whose rule it is isn't said; each is made with a name.
            tags = next(iter(self.groups.values()))
            kind = "security-group-rule"
        else:
            tags, kind = self.groups[name], "security-group"
        context = {f"aws:ResourceTag/{key}": value for key, value in tags.items()}
        return Need(action, arn("ec2", f"{kind}/{name}"), context)


def _passing(role: str, service: str) -> Need:
    to = {"iam:PassedToService": f"{PASSED_TO[service]}.amazonaws.com"}
    return Need("iam:PassRole", role, to)
