"""What leaves the account's own reports: events on its bus, and a heartbeat to a switch outside."""

# A claim's name is its description.

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jsonschema
import pytest
from harness.local_aws import LocalAws
from harness.scenario import Scenario
from onemachine import courses
from onemachine.deployment import STEPS
from onemachine.machine import ACCOUNT, REGION
from onemachine.paths import ROOT

SCHEMA = ROOT / "docs" / "event.schema.json"
RULE = "drills-that-ended"
# Stands in each address, and must stand nowhere else.
TOKEN = "5a3c0ffee-0c7e-4b1e-9d5e-canary"  # noqa: S105
ANSWER_MAX_S = 5


@dataclass
class Switch:
    """A small server outside AWS that records who reached it, and with what."""

    status: int = 200
    delay_s: float = 0
    pings: list[tuple[str, str]] = field(default_factory=list)
    server: ThreadingHTTPServer | None = None

    @property
    def address(self) -> str:
        assert self.server
        return f"http://127.0.0.1:{self.server.server_address[1]}/{TOKEN}"

    def paths(self) -> list[str]:
        return [path for path, _ in self.pings]


@pytest.fixture
def switch() -> Iterator[Switch]:
    """A switch that answers."""
    switch = Switch()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            switch.pings.append((self.path, self.rfile.read(length).decode()))
            time.sleep(switch.delay_s)
            self.send_response(switch.status)
            self.send_header("location", "http://127.0.0.1:1/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    switch.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=switch.server.serve_forever, daemon=True)
    thread.start()
    yield switch
    switch.server.shutdown()
    switch.server.server_close()
    thread.join()


@pytest.fixture
def events(shared_aws: LocalAws) -> Iterator[str]:
    """The URL of a queue that a rule on the bus fills with the events of drills."""
    sqs, bus = shared_aws.machine.client("sqs"), shared_aws.machine.client("events")
    url = sqs.create_queue(QueueName=RULE)["QueueUrl"]
    pattern = {"source": ["restore-drill"], "detail-type": ["Drill Ended"]}
    bus.put_rule(Name=RULE, EventPattern=json.dumps(pattern))
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{RULE}"
    answer = bus.put_targets(Rule=RULE, Targets=[{"Id": "queue", "Arn": arn}])
    assert answer["FailedEntryCount"] == 0
    yield url
    bus.remove_targets(Rule=RULE, Ids=["queue"])
    bus.delete_rule(Name=RULE)
    sqs.delete_queue(QueueUrl=url)


def a_verified_and_a_rejected_night_are_each_one_event(scenario: Scenario, events: str) -> None:
    scenario.back_up()
    verified = scenario.run()
    scenario.configure('[tables."public.courses_answer"]\nmin_rows = 1_000_000_000\n')
    scenario.back_up()
    rejected = scenario.run()
    told = _told(scenario, events, 2)
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    for event, outcome, word in zip(
        told, (verified, rejected), ("verified", "rejected"), strict=True
    ):
        detail, evidence = event["detail"], scenario.evidence(outcome.drill)
        jsonschema.validate(detail, schema)
        assert (event["source"], event["detail-type"]) == ("restore-drill", "Drill Ended")
        assert (detail["verdict"], detail["drill"]) == (word, outcome.drill)
        assert detail["rows"] == sum(table["rows"] for table in evidence["tables"])
        assert detail["evidence"]["bucket"] == scenario.aws.deployment.bucket
        assert detail["evidence"]["record"].endswith(f"{outcome.drill}/evidence.json")
        assert detail["execution"] == evidence["execution"]
        assert scenario.source.password not in json.dumps(event)
    assert told[1]["detail"]["findings"]["failed"] == 1


def a_broken_night_is_an_event_with_its_error(scenario: Scenario, events: str) -> None:
    scenario.back_up()
    scenario.double.next_restore(ends_in="incompatible-network")
    scenario.run()
    (event,) = _told(scenario, events, 1)
    assert event["detail"]["verdict"] == "broken"
    assert event["detail"]["error"] == "Replica.Failed"


def a_verified_night_reaches_the_switch_twice(scenario: Scenario, switch: Switch) -> None:
    outcome = _night_with(scenario, switch.address)
    assert outcome.status == "SUCCEEDED", (outcome.error, outcome.cause)
    assert switch.paths() == [f"/{TOKEN}/start", f"/{TOKEN}"]
    assert switch.pings[1][1].startswith(f"{outcome.drill}: verified\n")
    assert scenario.evidence(outcome.drill)["warnings"] == []


def a_rejected_night_is_a_failure_to_the_switch(scenario: Scenario, switch: Switch) -> None:
    more = '[tables."public.courses_answer"]\nmin_rows = 1_000_000_000\n'
    outcome = _night_with(scenario, switch.address, more)
    assert outcome.error == "Drill.Rejected"
    assert switch.paths() == [f"/{TOKEN}/start", f"/{TOKEN}/fail"]


def a_broken_night_is_a_failure_to_the_switch(scenario: Scenario, switch: Switch) -> None:
    more = '[[queries]]\nname = "none"\nsql = "SELECT count(*) FROM nothing_there"\nequals = 0\n'
    outcome = _night_with(scenario, switch.address, more)
    assert outcome.status == "FAILED"
    assert switch.paths() == [f"/{TOKEN}/start", f"/{TOKEN}/fail"]


def a_night_without_a_plan_is_a_failure_to_the_switch(scenario: Scenario, switch: Switch) -> None:
    asked = {"trigger": "on-demand", "backup": {"snapshot": "nobodys"}}
    outcome = _night_with(scenario, switch.address, **asked)
    assert outcome.error == "Backup.NotFound"
    assert switch.paths() == [f"/{TOKEN}/fail"]


@pytest.mark.parametrize("status", [302, 404, 500])
def a_switch_that_answers_badly_fails_nothing(
    scenario: Scenario, switch: Switch, status: int
) -> None:
    switch.status = status
    outcome = _night_with(scenario, switch.address)
    assert outcome.status == "SUCCEEDED", (outcome.error, outcome.cause)
    warnings = scenario.evidence(outcome.drill)["warnings"]
    assert len(warnings) == 2
    assert all("heartbeat" in warning and str(status) in warning for warning in warnings)
    # What passes by itself is tried once more, what doesn't isn't.
    assert len(switch.pings) == (4 if status == 500 else 2)


def a_dead_switch_fails_nothing_and_is_warned_of(scenario: Scenario) -> None:
    outcome = _night_with(scenario, f"http://127.0.0.1:1/{TOKEN}")
    assert outcome.status == "SUCCEEDED", (outcome.error, outcome.cause)
    assert scenario.evidence(outcome.drill)["verdict"] == "verified"
    assert any("Success" in w for w in scenario.evidence(outcome.drill)["warnings"])


def a_slow_switch_is_waited_for_seconds_only(scenario: Scenario, switch: Switch) -> None:
    switch.delay_s = 2 * ANSWER_MAX_S
    outcome = _night_with(scenario, switch.address)
    assert outcome.status == "SUCCEEDED", (outcome.error, outcome.cause)
    warnings = scenario.evidence(outcome.drill)["warnings"]
    assert [w for w in warnings if "no answer in time" in w], warnings
    assert len(switch.pings) == 4


def a_missing_secret_fails_nothing_and_is_named(scenario: Scenario) -> None:
    scenario.configure(heartbeat={"secret": "restore-drill/main/not-there"})
    scenario.back_up()
    outcome = scenario.run()
    assert outcome.status == "SUCCEEDED", (outcome.error, outcome.cause)
    assert any("not-there" in w for w in scenario.evidence(outcome.drill)["warnings"])


def the_switchs_address_is_found_nowhere(scenario: Scenario, switch: Switch) -> None:
    # Refused, so that errors about it are told, too.
    switch.status = 404
    outcome = _night_with(scenario, switch.address)
    functions = scenario.aws.machine.client("lambda")
    names = [scenario.aws.deployment.function_name(step) for step in STEPS]
    said = [
        json.dumps(outcome.execution.history(), default=str),
        *(scenario.read(outcome.drill, name) or "" for name in scenario.objects(outcome.drill)),
        *_logs(scenario),
        *(
            json.dumps(functions.get_function_configuration(FunctionName=name), default=str)
            for name in names
        ),
        json.dumps(scenario.notifications(), default=str),
    ]
    seen = "\n".join(said)
    assert outcome.drill in seen
    assert "heartbeat" in seen
    assert TOKEN not in seen


def _logs(scenario: Scenario) -> Iterator[str]:
    """Every line that a function has logged in this session."""
    logs = scenario.aws.machine.client("logs")
    for group in logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]:
        pages = logs.get_paginator("filter_log_events")
        for page in pages.paginate(logGroupName=group["logGroupName"]):
            yield from (event["message"] for event in page["events"])


def _night_with(scenario: Scenario, address: str, more: str = "", **request: Any) -> Any:
    """A night whose configuration names a secret with this address."""
    name = f"restore-drill/{scenario.aws.deployment.name}/{scenario.source.name}"
    secrets = scenario.aws.machine.client("secretsmanager")
    secrets.create_secret(Name=name, SecretString=address)
    try:
        scenario.configure(more, heartbeat={"secret": name})
        scenario.back_up()
        return scenario.run(**request)
    finally:
        secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def _told(scenario: Scenario, queue: str, count: int) -> list[dict[str, Any]]:
    """The events about this source, once there are so many, in the order of their drills."""
    sqs, found = scenario.aws.machine.client("sqs"), []

    def receive() -> list[dict[str, Any]]:
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            event = json.loads(message["Body"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            if event["detail"]["source"] == scenario.source.name:
                found.append(event)
        return found

    told = courses.wait_for(receive, lambda f: len(f) >= count, f"{count} events", 10)
    assert len(told) == count, told
    return sorted(told, key=lambda event: event["detail"]["drill"])
