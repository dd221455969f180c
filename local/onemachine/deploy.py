"""Deploys the drill to the local AWS, as Terraform does to AWS: same artifacts, same definition."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from onemachine.deployment import OUTSIDE_THE_MACHINE, STEPS, Deployment, Step
from onemachine.iam import documents
from onemachine.machine import ACCOUNT, REGION, Machine
from onemachine.paths import LAMBDA_ZIPS, STATE_MACHINE


@dataclass(frozen=True)
class Artifacts:
    """The files that are deployed."""

    zips: Path = LAMBDA_ZIPS
    definition: Path = STATE_MACHINE

    def zip_files(self) -> list[Path]:
        """The zips of the functions."""
        return [self.zips / f"{name}.zip" for name in sorted({step.artifact for step in STEPS})]

    def missing(self) -> list[Path]:
        """Which of them nobody has built or written yet."""
        return [path for path in (*self.zip_files(), self.definition) if not path.exists()]


@dataclass(frozen=True)
class Deployed:
    """A deployment that is there, with the queue that receives its notifications."""

    deployment: Deployment
    queue_url: str


def deploy(
    machine: Machine,
    deployment: Deployment | None = None,
    artifacts: Artifacts | None = None,
    values: documents.Values | None = None,
    door: Callable[[str], str] | None = None,
) -> Deployed:
    """Create everything of one deployment. Not repeatable: a machine starts empty.

    Functions call AWS at `door(role)`, by default at the machine itself.
    """
    deployment, artifacts = deployment or Deployment(), artifacts or Artifacts()
    values = values or policy_values(machine, deployment)
    _create_bucket(machine, deployment)
    queue_url = _create_topic(machine, deployment)
    _upload_artifacts(machine, deployment, artifacts)
    guard_rail = _create_guard_rail(machine, deployment, values)
    roles = {
        role: _create_role(machine, deployment, role, values, guard_rail)
        for role in documents.roles()
    }
    for step in STEPS:
        endpoint = door(step.handler) if door else None
        _create_function(machine, deployment, step, roles[step.handler], endpoint)
    machine.client("stepfunctions").create_state_machine(
        name=deployment.prefix,
        definition=deployment.definition(artifacts.definition.read_text(encoding="utf-8")),
        roleArn=roles["state-machine"],
        type="STANDARD",
        # How the command line finds the evidence when it is only told the deployment.
        tags=[{"key": "restore-drill:bucket", "value": deployment.bucket}],
    )
    return Deployed(deployment, queue_url)


def put_configuration(machine: Machine, deployment: Deployment, source: str, toml: str) -> None:
    """Store a source's configuration where the functions look for it."""
    machine.client("s3").put_object(
        Bucket=deployment.bucket, Key=f"config/{source}.toml", Body=toml.encode()
    )


def _create_bucket(machine: Machine, deployment: Deployment) -> None:
    s3 = machine.client("s3")
    s3.create_bucket(
        Bucket=deployment.bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    s3.put_bucket_versioning(
        Bucket=deployment.bucket, VersioningConfiguration={"Status": "Enabled"}
    )


def _create_topic(machine: Machine, deployment: Deployment) -> str:
    sns, sqs = machine.client("sns"), machine.client("sqs")
    topic_arn = sns.create_topic(Name=deployment.prefix)["TopicArn"]
    queue_url = sqs.create_queue(QueueName=f"{deployment.prefix}-notifications")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue["Attributes"]["QueueArn"])
    return queue_url


def _upload_artifacts(machine: Machine, deployment: Deployment, artifacts: Artifacts) -> None:
    s3 = machine.client("s3")
    s3.create_bucket(
        Bucket=deployment.artifact_bucket,
        CreateBucketConfiguration={"LocationConstraint": REGION},
    )
    for path in artifacts.zip_files():
        s3.put_object(Bucket=deployment.artifact_bucket, Key=path.name, Body=path.read_bytes())


def _create_function(
    machine: Machine, deployment: Deployment, step: Step, role_arn: str, endpoint: str | None
) -> None:
    name = deployment.function_name(step)
    machine.client("lambda").create_function(
        FunctionName=name,
        Runtime="provided.al2023",
        Handler=step.handler,
        Role=role_arn,
        Code={"S3Bucket": deployment.artifact_bucket, "S3Key": f"{step.artifact}.zip"},
        Environment={"Variables": function_environment(machine, deployment, step, endpoint)},
        Timeout=step.timeout_s,
        MemorySize=step.memory_mib,
        Publish=True,
    )


def function_environment(
    machine: Machine, deployment: Deployment, step: Step, endpoint: str | None = None
) -> dict[str, str]:
    """What a function is told. `verify` gets no address of RDS: it has no business there."""
    if step.artifact == "verify":
        return {"RESTORE_DRILL_CA_BUNDLE": str(machine.ca_file)}
    return {
        "RESTORE_DRILL_DEPLOYMENT": deployment.name,
        "RESTORE_DRILL_BUCKET": deployment.bucket,
        "RESTORE_DRILL_TOPIC_ARN": deployment.topic_arn,
        "AWS_ENDPOINT_URL": endpoint or machine.endpoint,
        "AWS_ENDPOINT_URL_RDS": endpoint or machine.rds_endpoint,
    }


def policy_values(machine: Machine, deployment: Deployment) -> documents.Values:
    """What the policies' placeholders stand for here.

    The sources are all that is called `courses-…`, their resource ids those that exist by now.
    """
    instances = machine.client("rds").describe_db_instances()["DBInstances"]
    sources = [i for i in instances if i["DBInstanceIdentifier"].startswith("courses-")]
    ids = [source["DbiResourceId"] for source in sources] or ["db-NONE"]
    in_machine = [step for step in STEPS if step.handler not in OUTSIDE_THE_MACHINE]
    return documents.Values(
        deployment=deployment.name,
        bucket=deployment.bucket,
        topic_arn=deployment.topic_arn,
        state_machine_arn=deployment.state_machine_arn,
        sweep_arn=deployment.function_arn(deployment.step("sweep-orphans")),
        watch_arn=deployment.function_arn(deployment.step("watch-restores")),
        function_arns=tuple(deployment.function_arn(step) for step in in_machine),
        source_arns=(f"arn:aws:rds:{REGION}:{ACCOUNT}:db:courses-*",),
        source_user_arns=tuple(f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:{i}/*" for i in ids),
    )


def _create_guard_rail(machine: Machine, deployment: Deployment, values: documents.Values) -> str:
    policy = machine.client("iam").create_policy(
        PolicyName=f"{deployment.prefix}-{documents.GUARD_RAIL}",
        PolicyDocument=json.dumps(documents.document(documents.GUARD_RAIL, values)),
    )
    return policy["Policy"]["Arn"]


def _create_role(
    machine: Machine, deployment: Deployment, role: str, values: documents.Values, guard_rail: str
) -> str:
    iam, name = machine.client("iam"), f"{deployment.prefix}-{role}"
    trust = json.dumps(documents.trust(role, values))
    created = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    own = json.dumps(documents.document(role, values))
    iam.put_role_policy(RoleName=name, PolicyName=role, PolicyDocument=own)
    iam.attach_role_policy(RoleName=name, PolicyArn=guard_rail)
    return created["Role"]["Arn"]
