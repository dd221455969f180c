"""The Terraform module agrees with the code, the definition and what runs on the one machine."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from onemachine import alarms, watchdog
from onemachine.deployment import OUTSIDE_THE_MACHINE, STEPS, Deployment
from onemachine.iam import documents
from onemachine.iam.documents import Values
from onemachine.infra import checkov, newer, tables, terraform, zones
from onemachine.machine import ACCOUNT, REGION
from onemachine.package import building
from onemachine.paths import ROOT, STATE_MACHINE, STORE
from onemachine.provision import tool_environment

DEPLOYMENT = Deployment()
# As in infra/tests/agreement.tftest.hcl.
SOURCES = {"courses-prod": "db-COURSES", "billing-prod": "db-BILLING"}
SINCE = datetime(2026, 11, 21, tzinfo=timezone.utc)

RUNBOOK = ROOT / "docs" / "runbook.md"
VALIDATOR = STORE / "node_modules" / ".bin" / "asl-validator"

_Planned = dict[str, dict[str, Any]]


def _read_plan(output: str) -> _Planned:
    """What a run of `terraform test -json -verbose` plans to make, by address."""
    for line in output.splitlines():
        message = json.loads(line) if line.startswith("{") else {}
        if message.get("type") == "test_plan":
            changes = message["test_plan"]["resource_changes"]
            return {change["address"]: change["change"]["after"] for change in changes}
    raise AssertionError(f"no plan in what terraform said:\n{output}")


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> _Planned:
    """What the module makes of the one machine's deployment."""
    try:
        found = terraform.find(tmp_path_factory.mktemp("infra"))
        if found.version < terraform.TEST_SINCE:
            pytest.skip("terraform test needs 1.11 or newer")
        found.init()
    except terraform.Skipped as reason:
        pytest.skip(str(reason))
    chosen = "-filter=tests/agreement.tftest.hcl"
    return _read_plan(found.run("test", "-json", "-verbose", chosen))


def _of_type(planned: _Planned, kind: str, name: str) -> _Planned:
    """Resources of a `for_each`, by their key."""
    start = f'{kind}.{name}["'
    return {a.removeprefix(start)[:-2]: r for a, r in planned.items() if a.startswith(start)}


def _values_of_the_module() -> Values:
    """What the documents' placeholders stand for here."""
    in_machine = [step for step in STEPS if step.handler not in OUTSIDE_THE_MACHINE]
    users = [f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:{i}/*" for i in SOURCES.values()]
    return Values(
        deployment=DEPLOYMENT.name,
        bucket=DEPLOYMENT.bucket,
        topic_arn=DEPLOYMENT.topic_arn,
        state_machine_arn=DEPLOYMENT.state_machine_arn,
        sweep_arn=DEPLOYMENT.function_arn(DEPLOYMENT.step("sweep-orphans")),
        watch_arn=DEPLOYMENT.function_arn(DEPLOYMENT.step("watch-restores")),
        # Any version: a drill that runs during an apply calls those that it began with.
        function_arns=tuple(f"{DEPLOYMENT.function_arn(step)}:*" for step in in_machine),
        source_arns=tuple(f"arn:aws:rds:{REGION}:{ACCOUNT}:db:{name}" for name in SOURCES),
        source_user_arns=tuple(users),
        subnet_group=DEPLOYMENT.prefix,
        key_arns=(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/one",),
    )


def _unordered(document: Any) -> Any:
    """A document whose lists have one order."""
    if isinstance(document, dict):
        return {key: _unordered(value) for key, value in document.items()}
    if isinstance(document, list):
        return sorted((_unordered(item) for item in document), key=json.dumps)
    return document


def the_functions_are_those_of_the_one_machine(planned: _Planned) -> None:
    functions = _of_type(planned, "aws_lambda_function", "step")
    assert {
        step: (f["function_name"], f["handler"], f["timeout"], f["memory_size"], f["s3_key"])
        for step, f in functions.items()
    } == {
        step.handler: (
            DEPLOYMENT.function_name(step),
            step.handler,
            step.timeout_s,
            step.memory_mib,
            f"{step.artifact}.zip",
        )
        for step in STEPS
    }
    assert {f["runtime"] for f in functions.values()} == {"provided.al2023"}
    assert {tuple(f["architectures"]) for f in functions.values()} == {("arm64",)}


def every_handler_of_the_code_has_its_function() -> None:
    for artifact in building.LAMBDAS:
        place = ROOT / "functions" / building.package_of(artifact) / "src" / "steps" / "mod.rs"
        text = place.read_text("utf-8")
        # A constant called after its program.
        (text,) = re.findall(rf"^pub\(crate\) const {artifact.upper()}: .*?;$", text, re.M | re.S)
        known = re.findall(r'\("([a-z-]+)", \w+::begin\)', text)
        assert known
        assert set(known) == {step.handler for step in STEPS if step.artifact == artifact}


def functions_are_told_what_their_code_reads_and_nothing_else(planned: _Planned) -> None:
    functions = _of_type(planned, "aws_lambda_function", "step")
    for artifact in building.LAMBDAS:
        settings = ROOT / "functions" / building.package_of(artifact) / "src" / "settings.rs"
        text = settings.read_text(encoding="utf-8")
        read = set(re.findall(r'^const \w+: &str = "(RESTORE_DRILL_\w+)";', text, re.M))
        assert read
        for step in (step for step in STEPS if step.artifact == artifact):
            (environment,) = functions[step.handler]["environment"]
            assert set(environment["variables"]) == read, step.handler
    (told,) = functions["plan-drill"]["environment"]
    assert told["variables"] == {
        "RESTORE_DRILL_DEPLOYMENT": DEPLOYMENT.name,
        "RESTORE_DRILL_BUCKET": DEPLOYMENT.bucket,
        "RESTORE_DRILL_TOPIC_ARN": DEPLOYMENT.topic_arn,
    }


def each_role_has_the_documents_that_are_evaluated(planned: _Planned) -> None:
    values = _values_of_the_module()
    policies = _of_type(planned, "aws_iam_role_policy", "own")
    assert set(policies) == set(documents.roles())
    for role, policy in policies.items():
        expected = documents.document(role, values)
        assert _unordered(json.loads(policy["policy"])) == _unordered(expected), role
    others = {
        "aws_iam_policy.guard_rail": documents.GUARD_RAIL,
        "aws_iam_role_policy.keys[0]": "restore-replica-keys",
        "aws_iam_role_policy.state_machine_logs": "state-machine-logs",
    }
    for address, name in others.items():
        found = json.loads(planned[address]["policy"])
        assert _unordered(found) == _unordered(documents.document(name, values)), name


def each_role_is_assumed_by_whom_it_is_for(planned: _Planned) -> None:
    roles = _of_type(planned, "aws_iam_role", "role")
    for role in documents.roles():
        expected = documents.trust(role, _values_of_the_module())
        assert json.loads(roles[role]["assume_role_policy"]) == expected, role
        assert roles[role]["name"] == f"{DEPLOYMENT.prefix}-{role}"


def functions_write_the_logs_that_their_roles_may_write(planned: _Planned) -> None:
    groups = _of_type(planned, "aws_cloudwatch_log_group", "function")
    for step in STEPS:
        name = groups[step.handler]["name"]
        document = json.dumps(documents.document(step.handler, _values_of_the_module()))
        assert f":log-group:{name}:*" in document, step.handler


def the_definition_is_the_one_in_the_repository(planned: _Planned) -> None:
    machine = planned["aws_sfn_state_machine.drill"]
    assert machine["name"] == DEPLOYMENT.prefix
    assert machine["tags"]["restore-drill:bucket"] == DEPLOYMENT.bucket
    # The mocks give every function one ARN: the rest must be the file's.
    mocked = "arn:aws:lambda:eu-central-1:123456789012:function:mocked:7"
    expected = re.sub(r"\$\{\w+\}", mocked, STATE_MACHINE.read_text(encoding="utf-8"))
    assert machine["definition"] == expected


def _is_valid(definition: str, place: Path) -> bool:
    path = place / "definition.json"
    path.write_text(definition, encoding="utf-8")
    command = [str(VALIDATOR), "--json-path", str(path)]
    answer = subprocess.run(command, env=tool_environment(), capture_output=True, check=False)
    return answer.returncode == 0


def the_definition_is_valid_as_the_module_fills_it_in(planned: _Planned, tmp_path: Path) -> None:
    if not VALIDATOR.exists():
        pytest.skip("SKIPPED: asl-validator is not there: run make setup")
    definition = planned["aws_sfn_state_machine.drill"]["definition"]
    assert _is_valid(definition, tmp_path)
    assert not _is_valid(definition.replace('"Next": "RestoreReplica"', '"Next": "X"'), tmp_path)


def the_module_fills_in_a_step_by_its_own_function() -> None:
    text = (terraform.MODULE / "state_machine.tf").read_text(encoding="utf-8")
    line = (
        'for step in local.in_the_machine : replace(step, "-", "_") '
        "=> aws_lambda_function.step[step].qualified_arn"
    )
    assert line in text
    used = set(re.findall(r"\$\{(\w+)\}", STATE_MACHINE.read_text(encoding="utf-8")))
    steps = {step.placeholder for step in STEPS if step.handler not in OUTSIDE_THE_MACHINE}
    assert used == steps


def the_alarms_of_a_source_are_those_of_the_one_machine(planned: _Planned) -> None:
    found = _of_type(planned, "aws_cloudwatch_metric_alarm", "source")
    expected = {
        f"{source}-{alarm.name}": alarm for source in SOURCES for alarm in alarms.all_alarms()
    }
    assert set(found) == set(expected)
    for key, alarm in expected.items():
        source = key.removesuffix(f"-{alarm.name}")
        put = found[key]
        assert put["alarm_name"] == alarm.name_of(DEPLOYMENT, source)
        assert put["alarm_description"] == alarm.description.replace("${source}", source)
        assert put["namespace"] == alarms.deployed()["namespace"]
        assert (put["metric_name"], put["statistic"]) == (alarm.metric, alarm.statistic)
        assert (put["period"], put["threshold"]) == (alarm.period_s, alarm.threshold)
        assert put["evaluation_periods"] == put["datapoints_to_alarm"] == alarm.evaluation_periods
        assert put["treat_missing_data"] == "breaching"
        told = [{"Name": k, "Value": v} for k, v in sorted(put["dimensions"].items())]
        assert told == alarms.dimensions(DEPLOYMENT, source)


def each_alarm_names_its_section_of_the_runbook(planned: _Planned) -> None:
    text = RUNBOOK.read_text(encoding="utf-8")
    chapter = text[text.index("\n## Alarms\n") : text.index("\n## No message\n")]
    sections = set(re.findall(r"^### (.+)$", chapter, re.M))
    told = {
        resource["alarm_name"]: re.findall(r" docs/runbook\.md: ([^.]+)\.$", text)
        for address, resource in planned.items()
        if address.startswith("aws_cloudwatch_metric_alarm.")
        for text in [resource["alarm_description"]]
    }
    assert all(len(names) == 1 for names in told.values()), told
    assert {name for names in told.values() for name in names} == sections
    assert len(told) == 4 + 4 * len(SOURCES) + 2 * len(STEPS)


def _published() -> set[str]:
    steps = ROOT / "functions" / "drill" / "src"
    drill = (steps / "steps" / "publish_report.rs").read_text(encoding="utf-8")
    watch = (steps / "silence.rs").read_text(encoding="utf-8")
    published = {
        *re.findall(r'(?:name: |add\()"([A-Z]\w+)"', drill),
        *re.findall(r'^pub const \w+: &str = "([A-Z]\w+)";', watch, re.M),
    }
    assert len(published) >= 10
    return published


def every_metric_is_described() -> None:
    text = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    _, _, table = text.partition("## Metrics")
    assert (
        set(re.findall(r"`([A-Z][a-z]\w+)`", table)) - {*("RestoreDrill", "Deployment", "Source")}
        == _published()
    )


def metrics_that_are_looked_at_are_published(planned: _Planned) -> None:
    published = _published()
    dashboard = json.loads(planned["aws_cloudwatch_dashboard.deployment"]["dashboard_body"])
    charted = {
        metric[1]
        for widget in dashboard["widgets"]
        for metric in widget["properties"]["metrics"]
        if metric[0] == "RestoreDrill"
    }
    alarmed = {
        resource["metric_name"]
        for address, resource in planned.items()
        if address.startswith("aws_cloudwatch_metric_alarm.")
        and resource["namespace"] == "RestoreDrill"
    }
    assert charted == published
    assert alarmed <= published
    assert "Rejected" in alarmed


def the_watchdog_is_started_as_on_the_one_machine(planned: _Planned) -> None:
    schedule = planned["aws_scheduler_schedule.watch"]
    (target,) = schedule["target"]
    (retries,) = target["retry_policy"]
    assert schedule["name"] == watchdog.schedule_name(DEPLOYMENT)
    assert schedule["schedule_expression"] == alarms.deployed()["schedule"]
    assert _unordered(json.loads(target["input"])) == _unordered(
        watchdog.request(list(SOURCES), since=SINCE)
    )
    assert retries == {
        "maximum_retry_attempts": watchdog.RETRIES["MaximumRetryAttempts"],
        "maximum_event_age_in_seconds": watchdog.RETRIES["MaximumEventAgeInSeconds"],
    }


def no_resource_makes_a_way_out_or_in_beside_the_two() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in terraform.MODULE.glob("*.tf"))
    kinds = re.findall(r'^resource "(\w*(?:security_group|gateway|endpoint|route)\w*)"', text, re.M)
    assert sorted(kinds) == [
        "aws_security_group",
        "aws_security_group",
        "aws_vpc_security_group_egress_rule",
        "aws_vpc_security_group_ingress_rule",
    ]
    assert not re.search(r"^\s+(ingress|egress) \{", text, re.M)


def nothing_of_the_evidence_can_be_destroyed_with_the_rest() -> None:
    text = (terraform.MODULE / "evidence.tf").read_text(encoding="utf-8")
    resources = re.split(r"^resource ", text, flags=re.M)[1:]
    assert len(resources) == 8
    for resource in resources:
        assert "prevent_destroy = true" in resource, resource.splitlines()[0]


BUCKETS = """
resource "aws_s3_bucket" "open" {
%s}
"""


def checkov_finds_what_is_missing_and_a_skip_needs_its_reason(tmp_path: Path) -> None:
    if not checkov.PLACE.exists():
        pytest.skip("SKIPPED: checkov is not there: make infra brings it")
    known = "CKV_AWS_144"
    (tmp_path / "main.tf").write_text(BUCKETS % "", encoding="utf-8")
    assert any(line.startswith(known) for line in checkov.scan(tmp_path).findings)
    with pytest.raises(terraform.Failed, match=known):
        checkov.check(tmp_path)
    skip = f"  #checkov:skip={known}:no\n"
    (tmp_path / "main.tf").write_text(BUCKETS % skip, encoding="utf-8")
    found = checkov.scan(tmp_path)
    assert not any(line.startswith(known) for line in found.findings)
    assert found.unexplained == [f"{known} aws_s3_bucket.open"]


WRONG_FOR_PROVIDER_6 = """
resource "aws_lambda_function" "one" {
  function_name = "one"
  architecture  = "arm64"
  vpc_config {
    subnet_ids = []
  }
  tags = { Name = aws_lambda_function.one.qualified_name }
}
"""


def a_name_that_provider_6_does_not_have_is_found(tmp_path: Path) -> None:
    if not checkov.PLACE.exists():
        pytest.skip("SKIPPED: what reads the module is not there: make infra brings it")
    (tmp_path / "main.tf").write_text(WRONG_FOR_PROVIDER_6, encoding="utf-8")
    try:
        found = newer.compare(tmp_path)
    except terraform.Skipped as reason:
        pytest.skip(f"SKIPPED: {reason}")
    function = "main.tf aws_lambda_function.one"
    assert found.problems == [
        f"{function}: there is no architecture",
        f"{function}.vpc_config: security_group_ids must be there",
        f"{function}: role must be there",
        "main.tf: aws_lambda_function has no qualified_name",
    ]


def a_zone_that_leaves_out_an_hour_is_known() -> None:
    known = json.loads(zones.PATH.read_text(encoding="utf-8"))
    for name in ("Europe/Helsinki", "Europe/Athens", "Europe/Bucharest", "Europe/Riga"):
        assert 3 in known[name], name
        assert zones.hours_left_out(name) == known[name]
    assert known["Europe/Berlin"] == known["America/New_York"] == [2]
    assert "UTC" not in known
    assert "Asia/Tokyo" not in known


def the_examples_configurations_hold_nothing_else_that_templatefile_would_read() -> None:
    paths = [*terraform.MODULE.glob("examples/*/*.toml"), *(ROOT / "examples").glob("*.toml")]
    assert len(paths) >= 5
    known = {"${security_group}", "${subnet_group}", "${parameter_group}"}
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"[$%]\{[^}]*\}?", text)) <= known, path.name


def the_readme_s_tables_are_those_of_the_module() -> None:
    assert tables.written() == tables.expected(), "run: make infra-tables"


def the_module_reads_well_in_small_files() -> None:
    for path in terraform.MODULE.glob("*.tf"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 250, path.name


def without_terraform_the_reason_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(terraform.Skipped, match="terraform is not installed: https://"):
        terraform.find(tmp_path)
