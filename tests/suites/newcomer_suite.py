"""The newcomer's way: `examples/minimal` as it lies there, from the zips to what `destroy` leaves.

What a newcomer writes into the example is filled in here as README.md says. What makes it the local
AWS instead of AWS is in files that Terraform lays over it, `*_override.tf`, and in the zip: the RDS
double's certificate authority instead of AWS's. Scheduler's placeholder is filled in here, as
ministack passes it on as it is written.
"""

# A claim's name is its description.

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from harness.local_aws import SETTINGS
from onemachine import courses, diagnosis, executions, machine, processes
from onemachine.deployment import STEPS
from onemachine.executions import Execution
from onemachine.iam.door import Door
from onemachine.infra import terraform
from onemachine.machine import CREDENTIALS, REGION, Machine, Settings
from onemachine.paths import LAMBDA_ZIPS, ROOT, TARGET

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

# As in the example.
SOURCE, DEPLOYMENT = "courses-prod", "main"
PREFIX = f"restore-drill-{DEPLOYMENT}"
ARCHITECTURE = "x86_64" if os.uname().machine == "x86_64" else "arm64"
PACKAGED = TARGET / "package" / ARCHITECTURE
CA_FILE = "rds-ca.pem"
NIGHT_MAX_S = 120.0
COMMAND_MAX_S = 120
REPORTED = re.compile(r"^VERIFIED +courses-prod", re.M)

# What the doctor doesn't find well, and why it is so here.
NOT_AS_ON_AWS = {
    "alarms": "silence rang before the first night, and ministack's alarms look back at it",
    "encryption": "ministack's KMS doesn't have the key that the RDS double tells of",
    "subnets": "ministack tells of one subnet of a group",
    "quotas": "an RDS double may know none",
    **{
        f"role {step}": "ministack's simulator of IAM weighs no tags"
        for step in ("abandon-drill", "retire-previous", "sweep-orphans")
    },
}

OVERRIDES = {
    "backend_override.tf": 'terraform {\n  backend "local" {}\n}\n',
    "provider_override.tf": """
provider "aws" {
  access_key                  = "%(key)s"
  secret_key                  = "%(secret)s"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
}
""",
    "main_override.tf": """
module "restore_drill" {
  control_environment = %(environment)s
}
""",
}


@dataclass
class Newcomer:
    """Somebody with an account, a source, and the example in a folder of its own."""

    aws: Machine
    door: Door
    terraform: terraform.Terraform
    root: Path
    outputs: dict[str, Any] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """Terraform talks to the account through the door."""
        return {"AWS_ENDPOINT_URL": self.door.endpoint, "AWS_EC2_METADATA_DISABLED": "true"}

    @property
    def aws_environment(self) -> dict[str, str]:
        """The command line sees one AWS, as Terraform does."""
        own = {k: v for k, v in self.aws.environment.items() if k != "AWS_ENDPOINT_URL_RDS"}
        return {**own, **self.environment}

    def run(self, *arguments: str) -> str:
        """Terraform in the example's folder."""
        return self.terraform.run(*arguments, directory=self.root, **self.environment)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`restore-drill`, told the deployment and nothing else of what was deployed."""
        program = Path(os.environ.get("RESTORE_DRILL", TARGET / "debug" / "restore-drill"))
        if not program.exists():
            pytest.fail(f"{program} is not there: cargo build --package restore-drill")
        return subprocess.run(
            [str(program), *arguments, "--deployment", DEPLOYMENT],
            env=processes.plain_environment(**self.aws_environment),
            capture_output=True,
            text=True,
            timeout=COMMAND_MAX_S,
            check=False,
        )

    def target_of(self, schedule: str) -> dict[str, Any]:
        """What a schedule starts, and with which input."""
        client = self.aws.client("scheduler")
        return client.get_schedule(Name=schedule, GroupName=PREFIX)["Target"]

    def night(self, at: datetime) -> Execution:
        """What the schedule of the source starts at that time."""
        target = self.target_of(SOURCE)
        asked = target["Input"].replace("<aws.scheduler.scheduled-time>", executions.rfc3339(at))
        answer = self.aws.client("stepfunctions").start_execution(
            stateMachineArn=target["Arn"], input=asked
        )
        return Execution(self.aws, answer["executionArn"])

    def look(self) -> None:
        """What the schedule of the watchdog calls every quarter of an hour."""
        target = self.target_of(f"{PREFIX}-watch-restores")
        answer = self.aws.client("lambda").invoke(
            FunctionName=target["Arn"], Payload=target["Input"].encode()
        )
        assert "FunctionError" not in answer, answer["Payload"].read()

    def instances(self) -> dict[str, str]:
        """Every instance with its status."""
        found = self.aws.client("rds").describe_db_instances()["DBInstances"]
        return {i["DBInstanceIdentifier"]: i["DBInstanceStatus"] for i in found}

    def listen(self) -> str:
        """A queue that hears what the topic tells, as a mailbox would; gives its URL."""
        sqs = self.aws.client("sqs")
        url = sqs.create_queue(QueueName="mailbox")["QueueUrl"]
        queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        self.aws.client("sns").subscribe(
            TopicArn=_topic(self.aws), Protocol="sqs", Endpoint=queue["Attributes"]["QueueArn"]
        )
        return url


def _topic(aws: Machine) -> str:
    topics = aws.client("sns").list_topics()["Topics"]
    (arn,) = [t["TopicArn"] for t in topics if t["TopicArn"].endswith(f":{PREFIX}")]
    return arn


def _hear(newcomer: Newcomer, url: str) -> list[dict[str, Any]]:
    """The messages that came since the last look."""
    sqs, heard = newcomer.aws.client("sqs"), []
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in found:
            heard.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return heard


def _rang(messages: list[dict[str, Any]], alarm: str) -> bool:
    """Whether an alarm of the deployment told that it rings."""
    subject = f'ALARM: "{PREFIX}-{alarm}"'
    return any(message.get("Subject", "").startswith(subject) for message in messages)


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    """The example, filled in and made ready; nothing is applied yet."""
    needed = sorted({f"{step.artifact}.zip" for step in STEPS})
    there = [f for f in (PACKAGED, LAMBDA_ZIPS) if all((f / name).exists() for name in needed)]
    if not there:
        pytest.skip("the zips are not there: run make package, or make lambdas")
    zips = there[0]
    place = tmp_path_factory.mktemp("newcomer")
    try:
        found = terraform.find(place)
        with processes.signals_as_exit(), processes.Run() as run:
            aws = machine.start(run, Settings(**SETTINGS))
            courses.create(aws, SOURCE, courses.SUBMISSIONS_SMALL)
            root = place / "infra" / "examples" / "minimal"
            with Door(aws) as door:
                _fill_in(aws, root, zips)
                found.init(root, "-reconfigure")
                yield Newcomer(aws, door, found, root)
    except terraform.Skipped as reason:
        pytest.skip(str(reason))


def _fill_in(aws: Machine, root: Path, zips: Path) -> None:
    """What README.md tells a newcomer to write into the example, and what makes it local."""
    ec2 = aws.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    in_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    subnets = [s["SubnetId"] for s in ec2.describe_subnets(Filters=in_vpc)["Subnets"]][:2]
    version = courses.describe(aws, SOURCE)["EngineVersion"].partition(".")[0]
    path = root / "main.tf"
    text = path.read_text(encoding="utf-8")
    (folder,) = re.findall(r'folder = "\$\{path\.module\}/([^"]+)"', text)
    for pattern, mine in {
        r'"vpc-\w+"': f'"{vpc}"',
        r'\["subnet-[^\]]+\]': json.dumps(subnets),
        r"postgres_version = \d+": f"postgres_version = {version}",
        r'architecture( +)= "\w+"': rf'architecture\1= "{ARCHITECTURE}"',
        r"night@example\.com": "ada@example.com",
    }.items():
        text, times = re.subn(pattern, mine, text)
        assert times == 1, pattern
    path.write_text(text, encoding="utf-8")
    endpoints = {"AWS_ENDPOINT_URL": aws.endpoint, "AWS_ENDPOINT_URL_RDS": aws.rds_endpoint}
    values = {
        "key": CREDENTIALS["AWS_ACCESS_KEY_ID"],
        "secret": CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        "environment": json.dumps(endpoints),
    }
    for name, override in OVERRIDES.items():
        (root / name).write_text(override % values, encoding="utf-8")
    _bring_zips(zips, root / folder, aws.ca_file)


def _bring_zips(zips: Path, folder: Path, ca_file: Path) -> None:
    """The zips, the authorities of this AWS in the one that connects."""
    folder.mkdir(parents=True)
    for name in ("plan.zip", "control.zip"):
        shutil.copy(zips / name, folder / name)
    packed = zipfile.ZipFile(io.BytesIO((zips / "verify.zip").read_bytes()))
    with packed, zipfile.ZipFile(folder / "verify.zip", "w") as filled:
        for entry in packed.infolist():
            if entry.filename != CA_FILE:
                filled.writestr(entry, packed.read(entry))
        filled.write(ca_file, CA_FILE)


def _this_hour() -> datetime:
    return datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)


def the_example_is_applied_as_it_lies_there(newcomer: Newcomer) -> None:
    newcomer.run("apply", "-auto-approve", "-no-color")
    newcomer.outputs = json.loads(newcomer.run("output", "-json"))
    bucket = newcomer.outputs["evidence_bucket"]["value"]
    assert bucket == f"{PREFIX}-{machine.ACCOUNT}-{REGION}"
    subscriptions = newcomer.aws.client("sns").list_subscriptions()["Subscriptions"]
    assert "ada@example.com" in {s["Endpoint"] for s in subscriptions}


def silence_rings_before_the_first_night(newcomer: Newcomer) -> None:
    url = newcomer.listen()
    newcomer.look()
    heard = courses.wait_for(lambda: _hear(newcomer, url), bool, "the alarm on silence", 10)
    assert _rang(heard, f"{SOURCE}-hours-since-verified"), heard


def the_first_night_is_verified_and_leaves_a_standby(newcomer: Newcomer) -> None:
    newcomer.aws.double.back_up(SOURCE)
    ended = newcomer.night(_this_hour() - timedelta(hours=2)).wait(NIGHT_MAX_S)
    assert ended["status"] == "SUCCEEDED", (ended.get("error"), ended.get("cause"))
    standbys = [name for name in newcomer.instances() if name.startswith(f"drill-{DEPLOYMENT}-")]
    assert [newcomer.instances()[name] for name in standbys] == ["stopped"]


def the_command_line_finds_what_was_deployed_and_drills(newcomer: Newcomer) -> None:
    done = newcomer.command("run", "--source", SOURCE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert REPORTED.search(done.stdout), done.stdout
    told = newcomer.command("history", "--source", SOURCE)
    assert told.stdout.count("verified") == 2, told.stdout + told.stderr


def the_doctor_finds_each_part_of_what_was_deployed(newcomer: Newcomer) -> None:
    if "doctor" not in newcomer.command("--help").stdout:
        pytest.skip("SKIPPED: this restore-drill knows no doctor: cargo build -p restore-drill")
    done = newcomer.command("doctor", "--source", SOURCE, "--output", "json")
    sections = json.loads(done.stdout)["sections"]
    findings = [finding for section in sections for finding in section["findings"]]
    assert len(findings) > 20
    bad = {f["subject"]: f["found"] for f in findings if f["status"] != "ok"}
    assert not set(bad) - set(NOT_AS_ON_AWS), bad
    assert "hours-since-verified" in bad["alarms"]


def a_rejected_night_is_told_and_its_alarm_rings(newcomer: Newcomer) -> None:
    url = newcomer.aws.client("sqs").get_queue_url(QueueName="mailbox")["QueueUrl"]
    _hear(newcomer, url)
    before = newcomer.instances()
    newcomer.aws.double.run_sql(SOURCE, ["DELETE FROM courses_answer"], courses.DATABASE)
    newcomer.aws.double.back_up(SOURCE)
    ended = newcomer.night(_this_hour()).wait(NIGHT_MAX_S)
    assert (ended["status"], ended["error"]) == ("FAILED", "Drill.Rejected"), ended
    heard = _hear(newcomer, url)
    assert _rang(heard, f"{SOURCE}-rejected"), heard
    assert any("rejected" in m.get("Subject", "") and SOURCE in m["Message"] for m in heard), heard
    assert before.items() <= newcomer.instances().items()


def an_execution_that_failed_starts_the_sweep(newcomer: Newcomer) -> None:
    """By the rule: its own schedule first comes an hour after the apply."""
    logs, group = newcomer.aws.client("logs"), f"/aws/lambda/{PREFIX}-sweep-orphans"
    courses.wait_for(lambda: diagnosis.function_log(logs, group), bool, "the sweep's log", 20)


def _how_to_leave() -> str:
    """The commands of infra/README.md, word for word."""
    text = (ROOT / "infra" / "README.md").read_text(encoding="utf-8")
    chapter = text[text.index("\n## How to leave\n") :]
    return re.findall(r"```sh\n(.*?)```", chapter, re.S)[0]


def leaving_as_the_readme_says_keeps_evidence_source_and_standby(newcomer: Newcomer) -> None:
    with pytest.raises(terraform.Failed, match="prevent_destroy"):
        newcomer.run("destroy", "-auto-approve", "-no-color")
    before, bucket = newcomer.instances(), newcomer.outputs["evidence_bucket"]["value"]
    left = subprocess.run(
        ["bash", "-ec", _how_to_leave()],
        cwd=newcomer.root,
        # In place of the person who reads what is destroyed and says yes.
        env={
            **terraform.environment(),
            **newcomer.environment,
            "TF_CLI_ARGS_destroy": "-auto-approve",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert left.returncode == 0, left.stdout + left.stderr
    assert not newcomer.run("state", "list").split()
    aws = newcomer.aws
    assert newcomer.instances() == before
    assert SOURCE in before
    assert sum(status == "stopped" for status in before.values()) >= 1
    assert aws.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] > 1
    assert _left_of(aws) == {}


def _left_of(aws: Machine) -> dict[str, list[str]]:
    """What still carries the deployment's name, by kind; the evidence bucket apart."""
    names = {
        "functions": [
            f["FunctionName"] for f in aws.client("lambda").list_functions()["Functions"]
        ],
        "machines": [
            m["name"] for m in aws.client("stepfunctions").list_state_machines()["stateMachines"]
        ],
        "roles": [r["RoleName"] for r in aws.client("iam").list_roles()["Roles"]],
        "policies": [
            p["PolicyName"] for p in aws.client("iam").list_policies(Scope="Local")["Policies"]
        ],
        "schedules": [s["Name"] for s in aws.client("scheduler").list_schedules()["Schedules"]],
        "topics": [t["TopicArn"] for t in aws.client("sns").list_topics()["Topics"]],
        "queues": aws.client("sqs").list_queues().get("QueueUrls", []),
        "rules": [r["Name"] for r in aws.client("events").list_rules()["Rules"]],
        "alarms": [
            a["AlarmName"] for a in aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
        ],
        "logs": [g["logGroupName"] for g in aws.client("logs").describe_log_groups()["logGroups"]],
        "groups": [
            g["GroupName"] for g in aws.client("ec2").describe_security_groups()["SecurityGroups"]
        ],
    }
    mine = {kind: [n for n in found if PREFIX in n] for kind, found in names.items()}
    return {kind: found for kind, found in mine.items() if found}
