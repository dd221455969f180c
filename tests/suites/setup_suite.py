"""`init` and `doctor` against the local AWS, with the command line as people have it.

What the local AWS doesn't answer as AWS does stands in `NOT_TOLD_HERE`; all else is to be ok.
"""

# A claim's name is its description.

from __future__ import annotations

import dataclasses
import http.server
import json
import os
import pty
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.scenario import Scenario
from onemachine import alarms, courses, deploy, processes, watchdog
from onemachine.iam import documents
from onemachine.infra import terraform
from onemachine.machine import ACCOUNT, REGION
from onemachine.paths import ROOT, TARGET

COMMAND_MAX_S = 120
KMS = "AWS_ENDPOINT_URL_KMS"
NIGHTLY = "cron(0 3 * * ? *)"
# ministack's simulator weighs no tags and gives no reasons: what a tag allows isn't known here.
NOT_TOLD_HERE = {"role abandon-drill", "role retire-previous", "role sweep-orphans"}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}


def _program() -> Path:
    program = Path(os.environ.get("RESTORE_DRILL", TARGET / "debug" / "restore-drill"))
    if not program.exists():
        pytest.fail(f"{program} is not there: cargo build --package restore-drill", pytrace=False)
    return program


class _Keys(http.server.BaseHTTPRequestHandler):
    """KMS, of which ministack takes every key for a customer's: here all are of one manager."""

    manager = "CUSTOMER"

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        key = json.loads(self.rfile.read(length))["KeyId"]
        metadata = {"KeyId": key.rsplit("/", 1)[-1], "Arn": key, "KeyManager": self.manager}
        body = json.dumps({"KeyMetadata": metadata}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing on standard error."""


@pytest.fixture(autouse=True)
def keys() -> Iterator[str]:
    """Where that KMS is."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Keys) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        os.environ[KMS] = f"http://127.0.0.1:{server.server_port}"
        yield os.environ[KMS]
        del os.environ[KMS]
        server.shutdown()
        thread.join()


def _environment(scenario: Scenario) -> dict[str, str]:
    machine = scenario.aws.machine.environment
    return processes.plain_environment(**machine, **{KMS: os.environ[KMS]})


def _run(scenario: Scenario, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(_program()), *arguments],
        env=_environment(scenario),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_MAX_S,
        check=False,
    )


def _findings(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The findings by their subject; of what is told of each source, the one source's."""
    return {one["subject"]: one for section in answer["sections"] for one in section["findings"]}


def _bad(findings: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: one["status"] for name, one in findings.items() if one["status"] != "ok"}


# init


def _init(scenario: Scenario, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return _run(
        scenario, "init", "--source", scenario.source.name, "--directory", str(folder), *arguments
    )


def _modify(scenario: Scenario, **changes: Any) -> None:
    rds, name = scenario.aws.machine.client("rds"), scenario.source.name
    rds.modify_db_instance(DBInstanceIdentifier=name, ApplyImmediately=True, **changes)
    courses.wait_for_status(scenario.aws.machine, name, "available")


def what_init_writes_is_taken_by_checks_and_by_terraform(
    scenario: Scenario, tmp_path: Path
) -> None:
    folder = tmp_path / "root"
    done = _init(
        scenario,
        folder,
        *("--level", "deep", "--zone", "Europe/Berlin", "--email", "night@example.com"),
        *("--database", "courses", "--instance-class", "db.t4g.medium"),
        *("--module", "../infra"),
    )
    assert done.returncode == 0, done.stderr
    # The window ends at 02:30 UTC, which is 04:30 there in summer.
    assert "05:00 in Europe/Berlin at level deep" in done.stdout
    assert "GRANT rds_iam, pg_read_all_data TO restore_drill" in done.stdout
    assert "CREATE EXTENSION IF NOT EXISTS amcheck" in done.stdout
    root = (folder / "main.tf").read_text("utf-8")
    described = courses.describe(scenario.aws.machine, scenario.source.name)
    for expected in (
        f'resource_id = "{described["DbiResourceId"]}"',
        'at        = "05:00"',
        'time_zone = "Europe/Berlin"',
        'notify_emails = ["night@example.com"]',
        described["DBSubnetGroup"]["VpcId"],
    ):
        assert expected in root
    assert f"restore-drill-state-{ACCOUNT}-{REGION}" in (folder / "backend.tf").read_text("utf-8")
    checked = _run(scenario, "checks", "validate", str(folder / "drill.toml"))
    assert checked.returncode == 0, checked.stderr
    try:
        found = terraform.find(tmp_path)
        found.init(folder)
        found.run("validate", "-no-color", directory=folder)
        found.run("fmt", "-check", "-diff", directory=folder)
    except terraform.Skipped as reason:
        pytest.skip(f"SKIPPED: {reason}")


def init_writes_over_nothing(scenario: Scenario, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text("mine", encoding="utf-8")
    done = _init(scenario, tmp_path)
    assert done.returncode == 1
    assert "main.tf is there already" in done.stderr
    assert "--directory" in done.stderr
    assert (tmp_path / "main.tf").read_text("utf-8") == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["main.tf"]


def the_traps_of_a_source_are_told_first(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Keys, "manager", "AWS")
    _modify(scenario, BackupRetentionPeriod=0, DeletionProtection=False, PubliclyAccessible=True)
    scenario.double.remove_backups(scenario.source.name)
    done = _init(scenario, tmp_path / "root", "--output", "json")
    assert done.returncode == 0, done.stderr
    findings = _findings(json.loads(done.stdout))
    assert _bad(findings) == {
        "backups": "problem",
        "newest backup": "problem",
        "deletion protection": "warning",
        "encryption": "warning",
        "address": "warning",
    }
    assert "--backup-retention-period 7" in findings["backups"]["fix"]
    assert "aws/rds" in findings["encryption"]["found"]
    # A key of AWS's needs no right of its own.
    assert "kms" not in (tmp_path / "root" / "main.tf").read_text("utf-8")
    assert all(one.get("fix") for one in findings.values() if one["status"] != "ok")


def a_right_that_is_missing_is_unknown_and_named(scenario: Scenario, tmp_path: Path) -> None:
    scenario.double.inject(
        "DescribeAccountAttributes", "error", code="AccessDenied", status=403, message="no"
    )
    scenario.double.inject(
        "DescribeDBSnapshots", "error", code="AccessDenied", status=403, message="no"
    )
    done = _init(scenario, tmp_path / "root", "--output", "json")
    findings = _findings(json.loads(done.stdout))
    assert findings["quotas"]["status"] == findings["newest backup"]["status"] == "unknown"
    assert "rds:DescribeAccountAttributes" in findings["quotas"]["found"]
    assert "rds:DescribeDBSnapshots" in findings["newest backup"]["found"]


@pytest.mark.parametrize(
    ("time", "zone", "said"),
    [
        ("02:15", "UTC", "in the backup window 02:00-02:30 UTC"),
        ("02:59", "UTC", "less than 30 minutes after it"),
        ("04:00", "Europe/Berlin", "is 02:00 UTC"),
        ("03:00", "Europe/Helsinki", "doesn't exist on the night its clocks go forward"),
        ("03:00", "CET", "no time zone"),
    ],
)
def an_hour_that_would_miss_the_backup_is_refused(
    scenario: Scenario, tmp_path: Path, time: str, zone: str, said: str
) -> None:
    done = _init(scenario, tmp_path / "root", "--time", time, "--zone", zone)
    assert done.returncode == 1
    assert said in done.stderr, done.stderr
    assert not (tmp_path / "root").exists()


def a_missing_source_is_told_with_those_that_there_are(scenario: Scenario, tmp_path: Path) -> None:
    done = _run(scenario, "init", "--source", "cuorses", "--directory", str(tmp_path / "root"))
    assert done.returncode == 1
    assert "RDS knows no instance cuorses" in done.stderr
    assert scenario.source.name in done.stderr
    done = _run(scenario, "init", "--directory", str(tmp_path / "root"))
    assert done.returncode == 1
    assert "--source" in done.stderr
    assert scenario.source.name in done.stderr


def a_person_is_asked_for_what_no_flag_says(scenario: Scenario, tmp_path: Path) -> None:
    """In a terminal: a wrong answer is asked again, an empty one is the default."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [str(_program()), "init", "--source", scenario.source.name, "--directory", str(tmp_path)],
        env=_environment(scenario) | {"NO_COLOR": "1"},
        cwd=ROOT,
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    said = b""
    for question, answer in (
        (b"Database [", "courses"),
        (b"Level (quick, standard, deep) [standard]: ", "deepest"),
        (b"it is quick, standard or deep", ""),
        (b"Class of the replicas [db.t4g.medium]: ", ""),
        (b"Time zone [UTC]: ", "Europe/Berlin"),
        (b"Time of the drill [05:00]: ", "03:15"),
        (b"is after it, all year", "06:30"),
        (b"Who is told", "night@example.com, you@example.com"),
    ):
        said = _read_until(master, question)
        os.write(master, f"{answer}\n".encode())
    said = _read_until(master, b"restore-drill doctor")
    assert process.wait(COMMAND_MAX_S) == 0, said
    os.close(master)
    root = (tmp_path / "main.tf").read_text("utf-8")
    assert 'at        = "06:30"' in root
    assert 'notify_emails = ["night@example.com", "you@example.com"]' in root
    assert 'level = "standard"' in (tmp_path / "drill.toml").read_text("utf-8")


def _read_until(terminal: int, wanted: bytes) -> bytes:
    said, end = b"", time.monotonic() + COMMAND_MAX_S
    while wanted not in said and time.monotonic() < end:
        said += os.read(terminal, 4096)
    assert wanted in said, said.decode(errors="replace")
    return said


# doctor


@dataclasses.dataclass(frozen=True)
class Deployed:
    """A source whose deployment has all that the module makes."""

    scenario: Scenario

    @property
    def name(self) -> str:
        return self.scenario.source.name

    @property
    def group(self) -> str:
        return self.scenario.aws.deployment.prefix

    def client(self, service: str) -> Any:
        return self.scenario.aws.machine.client(service)

    def schedule(self, **changes: Any) -> None:
        """Put the source's night anew, with something else than the module says."""
        scheduler = self.client("scheduler")
        found = scheduler.get_schedule(GroupName=self.group, Name=self.name)
        keys = ("ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target")
        kept = {key: found[key] for key in keys}
        scheduler.update_schedule(GroupName=self.group, Name=self.name, **(kept | changes))

    def doctor(self, *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
        done = _run(self.scenario, "doctor", "--source", self.name, "--output", "json", *arguments)
        assert done.stdout, done.stderr
        return done.returncode, _findings(json.loads(done.stdout))

    def bad(self) -> tuple[int, dict[str, str]]:
        """The exit code, and what isn't ok beside what the local AWS doesn't tell."""
        code, findings = self.doctor()
        bad = _bad(findings)
        assert {name for name, status in bad.items() if status == "unknown"} >= NOT_TOLD_HERE
        return code, {name: bad[name] for name in bad if name not in NOT_TOLD_HERE}


@pytest.fixture
def deployed(scenario: Scenario) -> Iterator[Deployed]:
    """What the one machine leaves out of a deployment, put there as the module does."""
    deployed = Deployed(scenario)
    aws, deployment = scenario.aws.machine, scenario.aws.deployment
    rds = aws.client("rds")
    rds.modify_db_instance(
        DBInstanceIdentifier=deployed.name, DeletionProtection=True, ApplyImmediately=True
    )
    courses.wait_for_status(aws, deployed.name, "available")
    _put_rights(deployed)
    _put_bucket_settings(deployed)
    _put_network(deployed, ["subnet-0a1b2c3d4e5f60718"])
    _put_schedules(deployed)
    alarms.put_up(aws, deployment, deployed.name)
    aws.client("stepfunctions").update_state_machine(
        stateMachineArn=deployment.state_machine_arn,
        loggingConfiguration={"level": "ALL", "includeExecutionData": False},
    )
    scenario.back_up()
    ended = scenario.run()
    assert ended.status == "SUCCEEDED", (ended.error, ended.cause)
    scenario.invoke("watch-restores", watchdog.request([deployed.name]))
    yield deployed
    _put_network(deployed, [])
    _remove_schedules(deployed)


def _put_rights(deployed: Deployed, resource_id: str | None = None) -> None:
    """The verifier's role as it is once the source is there, or was: with its resource id."""
    aws, deployment = deployed.scenario.aws.machine, deployed.scenario.aws.deployment
    values = deploy.policy_values(aws, deployment)
    if resource_id:
        arn = f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:{resource_id}/*"
        values = dataclasses.replace(values, source_user_arns=(arn,))
    document = documents.document(documents.GUARD_RAIL, values)
    aws.client("iam").put_role_policy(
        RoleName=f"{deployment.prefix}-plan-checks",
        PolicyName=documents.GUARD_RAIL,
        PolicyDocument=json.dumps(document),
    )


def _put_bucket_settings(deployed: Deployed) -> None:
    s3, bucket = deployed.client("s3"), deployed.scenario.aws.deployment.bucket
    names = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_public_access_block(
        Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(names, True)
    )
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(POLICY))


def _put_network(deployed: Deployed, subnets: list[str]) -> None:
    functions, name = deployed.client("lambda"), f"{deployed.group}-plan-checks"
    groups = ["sg-0f1e2d3c4b5a69788"] if subnets else []
    functions.update_function_configuration(
        FunctionName=name, VpcConfig={"SubnetIds": subnets, "SecurityGroupIds": groups}
    )
    # A function that is being changed is pending, which doctor tells.
    functions.get_waiter("function_active_v2").wait(
        FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )


def _put_schedules(deployed: Deployed) -> None:
    scheduler, deployment = deployed.client("scheduler"), deployed.scenario.aws.deployment
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{deployment.prefix}-undelivered"
    scheduler.create_schedule_group(Name=deployed.group)
    targets = {
        deployed.name: (
            NIGHTLY,
            deployment.state_machine_arn,
            {"source": deployed.name},
        ),
        watchdog.schedule_name(deployment): (
            "rate(15 minutes)",
            deployment.function_arn(deployment.step("watch-restores")),
            watchdog.request([deployed.name]),
        ),
    }
    for name, (expression, target, told) in targets.items():
        scheduler.create_schedule(
            GroupName=deployed.group,
            Name=name,
            ScheduleExpression=expression,
            ScheduleExpressionTimezone="UTC",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={
                "Arn": target,
                "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{deployment.prefix}-start-drill",
                "Input": json.dumps(told),
                "DeadLetterConfig": {"Arn": queue},
            },
        )


def _remove_schedules(deployed: Deployed) -> None:
    scheduler = deployed.client("scheduler")
    for one in scheduler.list_schedules(GroupName=deployed.group)["Schedules"]:
        scheduler.delete_schedule(GroupName=deployed.group, Name=one["Name"])
    scheduler.delete_schedule_group(Name=deployed.group)


def a_deployment_as_the_module_makes_it_has_no_problem(deployed: Deployed) -> None:
    code, findings = deployed.doctor()
    bad = _bad(findings)
    assert code == 0, bad
    assert bad == dict.fromkeys(NOT_TOLD_HERE, "unknown")
    assert "verified" in findings["last drill"]["found"]
    assert "signed in over verified TLS" in findings["connecting"]["found"]
    assert "next at" in findings["schedule"]["found"]
    assert "is denied" in findings["role plan-checks"]["found"]


def what_is_broken_is_the_one_line_that_changes(deployed: Deployed) -> None:
    """One thing after the other, each put right again."""
    s3, bucket = deployed.client("s3"), deployed.scenario.aws.deployment.bucket

    def broken(subject: str, status: str = "problem") -> None:
        code, bad = deployed.bad()
        assert bad == {subject: status}
        assert code == (1 if status == "problem" else 0)

    deployed.schedule(State="DISABLED")
    broken("schedule")
    deployed.schedule(ScheduleExpression="cron(10 2 * * ? *)")
    broken("hour")
    deployed.schedule(ScheduleExpression="cron(0 1 * * ? *)")
    broken("hour", "warning")
    deployed.schedule(ScheduleExpression=NIGHTLY)

    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    broken("bucket: versions")
    _put_bucket_settings(deployed)
    s3.delete_public_access_block(Bucket=bucket)
    broken("bucket: public access")
    _put_bucket_settings(deployed)

    name = f"{deployed.group}-{deployed.name}-hours-since-verified"
    deployed.client("cloudwatch").disable_alarm_actions(AlarmNames=[name])
    broken("alarms")
    deployed.client("cloudwatch").enable_alarm_actions(AlarmNames=[name])

    _modify(deployed.scenario, DeletionProtection=False)
    broken("deletion protection", "warning")
    _modify(deployed.scenario, DeletionProtection=True)
    _put_network(deployed, [])
    broken("verifier's network")
    _put_network(deployed, ["subnet-0a1b2c3d4e5f60718"])
    assert deployed.bad() == (0, {})


def a_configuration_with_a_mistake_is_told_with_it(deployed: Deployed) -> None:
    machine, deployment = deployed.scenario.aws.machine, deployed.scenario.aws.deployment
    deploy.put_configuration(machine, deployment, deployed.name, f'source = "{deployed.name}"')
    code, findings = deployed.doctor()
    assert code == 1
    assert findings["configuration"]["status"] == "problem"
    assert "mistakes" in findings["configuration"]["found"]


def a_topic_without_a_subscription_reaches_nobody(deployed: Deployed) -> None:
    sns, topic = deployed.client("sns"), deployed.scenario.aws.deployment.topic_arn
    (own,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    sns.unsubscribe(SubscriptionArn=own["SubscriptionArn"])
    try:
        assert deployed.bad() == (1, {"subscription": "problem"})
    finally:
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=own["Endpoint"])


def a_missing_function_is_named(deployed: Deployed) -> None:
    functions, name = deployed.client("lambda"), f"{deployed.group}-stop-replica"
    aws, deployment = deployed.scenario.aws.machine, deployed.scenario.aws.deployment
    functions.delete_function(FunctionName=name)
    try:
        code, findings = deployed.doctor()
    finally:
        step = deployment.step("stop-replica")
        role = f"arn:aws:iam::{ACCOUNT}:role/{deployment.prefix}-stop-replica"
        deploy._create_function(aws, deployment, step, role, None)
    assert code == 1
    assert findings["functions"]["status"] == "problem"
    assert "stop_replica isn't there" in findings["functions"]["found"]


def a_source_made_anew_opens_the_verifier_s_lock_and_is_told(deployed: Deployed) -> None:
    """Its resource id is another than the policy denies."""
    _put_rights(deployed, "db-OLD")
    code, findings = deployed.doctor()
    assert code == 1
    assert findings["role plan-checks"]["status"] == "problem"
    assert "resource id" in findings["role plan-checks"]["fix"]


def without_a_deployment_the_way_to_one_is_said(scenario: Scenario) -> None:
    done = _run(scenario, "doctor", "--deployment", "other")
    assert done.returncode == 1
    assert "restore-drill init" in done.stderr


def what_a_person_reads_fits_the_terminal(deployed: Deployed) -> None:
    done = _run(deployed.scenario, "doctor")
    assert done.returncode == 0, done.stdout
    assert f"source {deployed.name}" in done.stdout
    for line in done.stdout.splitlines():
        assert len(line) <= 100 or "fix: aws" in line, line


def no_deployed_function_is_built_with_the_survey() -> None:
    for name in ("control", "verify"):
        text = (ROOT / "functions" / name / "Cargo.toml").read_text(encoding="utf-8")
        assert "survey" not in text
    tool = shutil.which("cargo")
    assert tool
    tree = subprocess.run(
        [
            tool,
            "tree",
            "--offline",
            "--package",
            "control",
            "--edges",
            "normal",
            "--prefix",
            "none",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for crate in ("aws-sdk-iam", "aws-sdk-kms", "aws-sdk-lambda", "aws-sdk-scheduler"):
        assert crate not in tree.stdout
