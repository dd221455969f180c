"""The module applied to the local AWS with the real zips: its schedule's target drills a source.

What the local AWS doesn't do as AWS does is done here in its place, and said so: EventBridge
Scheduler fills in the scheduled time, which ministack passes on as it is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from harness.local_aws import SETTINGS
from onemachine import courses, deploy, executions, machine, processes
from onemachine.deployment import Deployment
from onemachine.executions import Execution
from onemachine.iam import deployer, documents, simulator
from onemachine.iam.door import Door
from onemachine.iam.simulator import Request, Simulator
from onemachine.infra import terraform
from onemachine.machine import ACCOUNT, CREDENTIALS, REGION, Machine, Settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SOURCE = "courses-prod"
# Another name than the one that the other suites deploy.
DEPLOYMENT = Deployment("applied")
NIGHT_MAX_S = 120.0
# What the deployer's documents are filled in with; they name no function and no user.
VALUES = documents.Values(
    deployment=DEPLOYMENT.name,
    bucket=DEPLOYMENT.bucket,
    topic_arn=DEPLOYMENT.topic_arn,
    state_machine_arn=DEPLOYMENT.state_machine_arn,
    sweep_arn="",
    watch_arn="",
    function_arns=(),
    source_arns=(f"arn:aws:rds:{REGION}:{ACCOUNT}:db:{SOURCE}",),
    source_user_arns=(),
    subnet_group=DEPLOYMENT.prefix,
    artifact_bucket=DEPLOYMENT.artifact_bucket,
)
# Rights of the deployer that no call here needs, and why they are given all the same.
UNSEEN = {
    "iam:PutRolePermissionsBoundary": "the boundary is another one",
    "iam:UpdateAssumeRolePolicy": "a release changes who may assume a role",
    "rds:DescribeDBInstances": "no resource_id is given: tests/suites/newcomer_suite.py",
    "s3:DeleteObject": "the lock beside the state, in S3",
    "s3:PutBucketObjectLockConfiguration": "object_lock, which ministack has no rules of",
}

ROOT_MODULE = """
provider "aws" {
  region                      = "%(region)s"
  access_key                  = "%(key)s"
  secret_key                  = "%(secret)s"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
}

module "restore_drill" {
  source = "../infra"

  deployment          = "%(deployment)s"
  sources = {
    for id, resource_id in %(sources)s : id => {
      checks_file      = "${path.module}/${id}.toml"
      postgres_version = 15
      resource_id      = resource_id
    }
  }
  artifacts           = { bucket = "%(artifacts)s", prefix = "%(prefix)s" }
  architecture        = "x86_64"
  ca_bundle           = "%(ca_bundle)s"
  vpc_id              = "%(vpc)s"
  replica_subnet_ids  = %(subnets)s
  control_environment = %(environment)s

  permissions_boundary = "%(boundary)s"
  %(more)s
}

output "all" {
  value = module.restore_drill
}
"""

# What may change between two applies without making the deployment another one; beside it a second
# source, another subnet, zips of another release and another bundle of authorities.
CHANGES = """
  enabled                 = false
  at                      = "05:00"
  port                    = 5433
  log_retention_days      = 30
  evidence_retention_days = 500
  notify_emails           = ["ada@example.com"]
  tags                    = { team = "platform" }
"""
NEXT_RELEASE = "next/"

CONFIGURATION = """
source = "%(source)s"

[replica]
instance_class = "db.t4g.medium"
subnet_group = "${subnet_group}"
security_groups = ["${security_group}"]
parameter_group = "${parameter_group}"

[polling]
first = "1s"
min = "1s"
max = "2s"

[deadlines]
available = "10m"
stopped = "5m"
gone = "5m"

[database]
name = "courses"
"""


@dataclass(frozen=True)
class Applied:
    """A local AWS to which the module was applied, with what it gave out."""

    aws: Machine
    terraform: terraform.Terraform
    root: Path
    outputs: dict[str, Any]
    door: Door
    # The source's master's, which the state has no business with.
    password: str = field(repr=False)

    def run(self, *arguments: str) -> str:
        """Terraform on the root module, its calls through the door."""
        where = {"AWS_ENDPOINT_URL": self.door.endpoint}
        return self.terraform.run(*arguments, directory=self.root, **where)

    def start_as_scheduler(self, at: datetime) -> Execution:
        """Start what the schedule names, with its input, as Scheduler does at that time."""
        schedule = self.aws.client("scheduler").get_schedule(
            Name=SOURCE, GroupName=DEPLOYMENT.prefix
        )
        target = schedule["Target"]
        asked = target["Input"].replace("<aws.scheduler.scheduled-time>", executions.rfc3339(at))
        answer = self.aws.client("stepfunctions").start_execution(
            stateMachineArn=target["Arn"], input=asked
        )
        return Execution(self.aws, answer["executionArn"])


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applied]:
    """The module, applied. The local AWS is its own: it ends with the test."""
    missing = deploy.Artifacts().missing()
    if missing:
        pytest.skip(f"{missing[0]} is not there: run make lambdas")
    place = tmp_path_factory.mktemp("applied")
    try:
        found = terraform.find(place)
        found.init()
        root = place / "root"
        root.mkdir()
        with processes.signals_as_exit(), processes.Run() as run:
            aws = machine.start(run, Settings(**SETTINGS))
            source = courses.create(aws, SOURCE, courses.SUBMISSIONS_SMALL)
            _upload(aws)
            # It must be there to be set; ministack doesn't ask it.
            boundary = json.dumps(documents.document(documents.BOUNDARY, VALUES))
            aws.client("iam").create_policy(PolicyName="boundary", PolicyDocument=boundary)
            _write(aws, root)
            found.init(root)
            with Door(aws) as door:
                applied = Applied(aws, found, root, {}, door, source.password)
                applied.run("apply", "-auto-approve", "-no-color")
                told = json.loads(applied.run("output", "-json"))
                applied.outputs.update(told["all"]["value"])
                yield applied
    except terraform.Skipped as reason:
        pytest.skip(str(reason))


def _upload(aws: Machine) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(
        Bucket=DEPLOYMENT.artifact_bucket,
        CreateBucketConfiguration={"LocationConstraint": REGION},
    )
    for path in deploy.Artifacts().zip_files():
        for prefix in ("", NEXT_RELEASE):
            s3.put_object(
                Bucket=DEPLOYMENT.artifact_bucket,
                Key=f"{prefix}{path.name}",
                Body=path.read_bytes(),
            )


def _write(aws: Machine, root: Path, is_changed: bool = False) -> None:
    ec2 = aws.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    found = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    sources = {SOURCE: courses.describe(aws, SOURCE)["DbiResourceId"]}
    if is_changed:
        sources["billing-prod"] = "db-BILLING"
    values = {
        "region": REGION,
        "key": CREDENTIALS["AWS_ACCESS_KEY_ID"],
        "secret": CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        "deployment": DEPLOYMENT.name,
        "sources": json.dumps(sources),
        "artifacts": DEPLOYMENT.artifact_bucket,
        "prefix": NEXT_RELEASE if is_changed else "",
        "ca_bundle": "another.pem" if is_changed else str(aws.ca_file),
        "vpc": vpc,
        "subnets": json.dumps([subnet["SubnetId"] for subnet in found][: 3 if is_changed else 2]),
        "boundary": VALUES.boundary_arn,
        "more": CHANGES if is_changed else "",
        "environment": json.dumps(
            {"AWS_ENDPOINT_URL": aws.endpoint, "AWS_ENDPOINT_URL_RDS": aws.rds_endpoint}
        ),
    }
    (root / "main.tf").write_text(ROOT_MODULE % values, encoding="utf-8")
    for source in sources:
        (root / f"{source}.toml").write_text(CONFIGURATION % {"source": source}, encoding="utf-8")


def _listen(applied: Applied) -> str:
    """A queue that hears the topic; gives its URL."""
    sqs = applied.aws.client("sqs")
    url = sqs.create_queue(QueueName=f"{DEPLOYMENT.prefix}-listener")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    applied.aws.client("sns").subscribe(
        TopicArn=applied.outputs["topic_arn"],
        Protocol="sqs",
        Endpoint=queue["Attributes"]["QueueArn"],
    )
    return url


def _hear(applied: Applied, url: str) -> list[str]:
    answer = applied.aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [message["Body"] for message in answer.get("Messages", [])]


def the_schedule_s_target_drills_the_source_and_verifies_it(applied: Applied) -> None:
    applied.aws.double.back_up(SOURCE)
    at = _this_hour() - timedelta(hours=1)
    execution = applied.start_as_scheduler(at)
    ended = execution.wait(NIGHT_MAX_S)
    assert ended["status"] == "SUCCEEDED", (ended.get("error"), ended.get("cause"))
    drill = executions.drill_id(SOURCE, at)
    evidence = applied.aws.client("s3").get_object(
        Bucket=applied.outputs["evidence_bucket"], Key=f"drills/{SOURCE}/{drill}/evidence.json"
    )
    assert json.loads(evidence["Body"].read())["verdict"] == "verified"
    (restore,) = [
        call["parameters"]
        for call in applied.aws.double.calls("RestoreDBInstanceFromDBSnapshot")
        if call["parameters"]["DBInstanceIdentifier"].startswith(f"drill-{DEPLOYMENT.name}-")
    ]
    assert applied.outputs["subnet_group"] in restore.values()
    assert applied.outputs["replica_security_group_id"] in restore.values()
    assert applied.outputs["parameter_groups"][SOURCE] in restore.values()


def a_rejected_night_is_told(applied: Applied) -> None:
    url = _listen(applied)
    statements = ["DELETE FROM public.courses_answer"]
    applied.aws.double.run_sql(SOURCE, statements, courses.DATABASE)
    applied.aws.double.back_up(SOURCE)
    ended = applied.start_as_scheduler(_this_hour()).wait(NIGHT_MAX_S)
    assert (ended["status"], ended["error"]) == ("FAILED", "Drill.Rejected"), ended
    assert any("rejected" in message and SOURCE in message for message in _hear(applied, url))


def _this_hour() -> datetime:
    return datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)


def a_second_plan_changes_nothing(applied: Applied) -> None:
    said = applied.run("plan", "-json")
    messages = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert any(message["type"] == "change_summary" for message in messages)
    changed = {
        message["change"]["resource"]["resource"]
        for message in messages
        if message["type"] == "planned_change"
    }
    # ministack describes alarms without most of their fields: of those a plan here says nothing.
    assert not {name for name in changed if not name.startswith("aws_cloudwatch_metric_alarm.")}


def a_change_is_applied_and_roles_stay_under_the_boundary(applied: Applied) -> None:
    _write(applied.aws, applied.root, is_changed=True)
    applied.run("apply", "-auto-approve", "-no-color")
    schedule = applied.aws.client("scheduler").get_schedule(
        Name=SOURCE, GroupName=DEPLOYMENT.prefix
    )
    assert (schedule["State"], schedule["ScheduleExpression"]) == ("DISABLED", "cron(0 5 * * ? *)")
    iam = applied.aws.client("iam")
    for name, role_arn in applied.outputs["role_arns"].items():
        role = iam.get_role(RoleName=role_arn.rpartition("/")[2])["Role"]
        held = role["PermissionsBoundary"]["PermissionsBoundaryArn"]
        assert held == VALUES.boundary_arn, name


def a_change_is_taken_back(applied: Applied) -> None:
    _write(applied.aws, applied.root)
    applied.run("apply", "-auto-approve", "-no-color")
    queue = applied.outputs["undelivered_queue_url"]
    tags = applied.aws.client("sqs").list_queue_tags(QueueUrl=queue)
    assert not tags.get("Tags")
    found = applied.aws.client("s3").list_objects_v2(
        Bucket=applied.outputs["evidence_bucket"], Prefix="config/"
    )
    assert [entry["Key"] for entry in found["Contents"]] == [f"config/{SOURCE}.toml"]


def no_secret_is_in_the_state(applied: Applied) -> None:
    text = (applied.root / "terraform.tfstate").read_text(encoding="utf-8")
    assert applied.password not in text
    named = re.findall(r'"(\w*(?:password|secret|token|private_key)\w*)": "([^"]+)"', text)
    assert not named
    assert "aws_lambda_function" in text


def destroy_leaves_the_evidence_the_source_and_the_standby(applied: Applied) -> None:
    aws = applied.aws
    instances = aws.client("rds").describe_db_instances()["DBInstances"]
    with pytest.raises(terraform.Failed, match="prevent_destroy"):
        applied.run("destroy", "-auto-approve", "-no-color")
    assert aws.client("stepfunctions").list_state_machines()["stateMachines"]
    listed = applied.run("state", "list").split()
    kept = [name for name in listed if ".aws_s3_bucket" in name or ".aws_s3_object" in name]
    applied.run("state", "rm", *kept)
    applied.run("destroy", "-auto-approve", "-no-color")
    bucket = applied.outputs["evidence_bucket"]
    s3 = aws.client("s3")
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] > 1
    assert not aws.client("stepfunctions").list_state_machines()["stateMachines"]
    assert not aws.client("lambda").list_functions()["Functions"]
    left = aws.client("rds").describe_db_instances()["DBInstances"]
    assert {i["DBInstanceIdentifier"] for i in left} == {
        i["DBInstanceIdentifier"] for i in instances
    }


def the_deployer_s_documents_allow_each_call_and_little_more(applied: Applied) -> None:
    if reason := simulator.missing():
        pytest.skip(f"SKIPPED: {reason}")
    needs = list(deployer.Reader().needs(applied.door.passed))
    vpc = applied.aws.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    values = replace(VALUES, bucket=applied.outputs["evidence_bucket"], vpc_id=vpc)
    with Simulator() as asker:
        asker.load({name: documents.document(name, values) for name in documents.DEPLOYER})
        answers = asker.ask(
            Request(
                policies=documents.DEPLOYER,
                principal=f"arn:aws:iam::{ACCOUNT}:role/deployer",
                action=need.action,
                resource=need.resource,
                account=ACCOUNT,
                context=need.context,
            )
            for need in needs
        )
    refused = [
        (need.action, need.resource, dict(need.context))
        for need, answer in zip(needs, answers, strict=True)
        if not answer.is_allowed
    ]
    assert not refused
    assert len(needs) > 1000
    never = {line.partition(": ")[2] for line in deployer.unused(needs, answers, values)}
    assert never == set(UNSEEN)
