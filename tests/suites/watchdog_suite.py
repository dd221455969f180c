"""The watchdog and its alarms: quiet after a verified night, loud in every kind of silence."""

# A claim's name is its description.

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from harness.stage import Drill, Stage
from onemachine import alarms, courses, executions, watchdog
from onemachine.paths import ROOT

TABLE = ROOT / "tests" / "harness" / "alarm-table.json"
HOURS, REPLICAS, RUNNING = (alarm.metric for alarm in alarms.all_alarms())
SILENT, MANY, LONG = (alarm.name for alarm in alarms.all_alarms())
# What stands for hours that nobody can prove: 90 days.
NEVER_H = 2160
QUIET = {SILENT: "OK", MANY: "OK", LONG: "OK"}


@pytest.fixture
def watched(stage: Stage) -> Iterator[Stage]:
    """The stage's source, with its alarms; nothing looks until a test says so."""
    alarms.put_up(stage.machine, stage.aws.deployment, stage.source.name)
    yield stage
    names = [a.name_of(stage.aws.deployment, stage.source.name) for a in alarms.all_alarms()]
    stage.machine.client("cloudwatch").delete_alarms(AlarmNames=names)


def _look(stage: Stage, *others: str) -> dict[str, Any]:
    """Call the watchdog as its schedule does."""
    return stage.invoke(watchdog.HANDLER, watchdog.request([stage.source.name, *others]))


def _newest(stage: Stage, metric: str, source: str | None = None) -> float:
    """What CloudWatch holds of a metric of the source."""
    name = source or stage.source.name
    found = alarms.points(stage.machine, stage.aws.deployment, name, metric)
    assert found, f"no {metric} of {name}"
    return found[-1][1]


def _states(stage: Stage, later: timedelta = timedelta()) -> dict[str, str]:
    """The alarms of the source, evaluated now or later."""
    now = datetime.now(timezone.utc) + later
    return alarms.evaluate(stage.machine, stage.aws.deployment, stage.source.name, now)


def _told_of(stage: Stage, alarm: str, state: str) -> list[dict[str, Any]]:
    """The messages of an alarm that came to people."""
    name = f"{stage.aws.deployment.prefix}-{stage.source.name}-{alarm}"
    told = [json.loads(m["Message"]) for m in stage.messages() if name in m["Message"]]
    return [m for m in told if m["AlarmName"] == name and m["NewStateValue"] == state]


def _publish(stage: Stage, metric: str, value: Callable[[timedelta], float]) -> None:
    """What the watchdog would have published on the day before, a quarter of an hour apart."""
    now = datetime.now(timezone.utc)
    times = [timedelta(minutes=15 * n) for n in range(1, 96)]
    stage.machine.client("cloudwatch").put_metric_data(
        Namespace=alarms.deployed()["namespace"],
        MetricData=[
            {
                "MetricName": metric,
                "Dimensions": alarms.dimensions(stage.aws.deployment, stage.source.name),
                "Timestamp": now - ago,
                "Value": value(ago),
            }
            for ago in times
        ],
    )


def _age(drill: Drill, by: timedelta) -> None:
    """Make a drill's records those of an earlier time, as if nothing had run since."""
    for name in ("verdict.json", "evidence.json"):
        record = _unsealed(drill, name)
        timeline = record["timeline"]
        judged_at = executions.instant(timeline["judged_at"].partition(".")[0].rstrip("Z") + "Z")
        timeline["judged_at"] = executions.rfc3339(judged_at - by)
        _write(drill, name, json.dumps(record))


def _unsealed(drill: Drill, name: str) -> dict[str, Any]:
    """A record without its seal, where it has one: what it says counts, not that it was changed."""
    record = json.loads(_read(drill, name))
    record.pop("sha256", None)
    return record


def _key(drill: Drill, name: str) -> str:
    return f"drills/{drill.stage.source.name}/{drill.execution.name}/{name}"


def _read(drill: Drill, name: str) -> str:
    return drill.stage.read_object(_key(drill, name))


def _write(drill: Drill, name: str, text: str) -> None:
    drill.stage.machine.client("s3").put_object(
        Bucket=drill.stage.aws.deployment.bucket, Key=_key(drill, name), Body=text.encode()
    )


def the_model_of_alarms_evaluates_as_the_user_guide_says() -> None:
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    meaning = {"0": False, "X": True, "-": None}
    for row in table["rows"]:
        points = [meaning[point] for point in row["data_points"].split()]
        rings = alarms.is_alarm(points, table["evaluation_periods"], row["datapoints_to_alarm"])
        assert ("ALARM" if rings else "OK") == row["state"], row
    assert len(table["rows"]) == 10


def after_a_verified_night_the_hours_are_few_and_nothing_rings(watched: Stage) -> None:
    drill = watched.verified_night()
    (seen,) = _look(watched)["sources"]
    assert seen["drill"] == drill.execution.name
    assert 0 <= _newest(watched, HOURS) < 0.1
    assert (_newest(watched, REPLICAS), _newest(watched, RUNNING)) == (1, 0)
    assert _states(watched) == QUIET


def a_night_that_was_too_long_ago_rings_and_the_next_makes_the_hours_few(watched: Stage) -> None:
    _age(watched.verified_night(), timedelta(hours=40))
    _look(watched)
    assert 40 <= _newest(watched, HOURS) < 40.1
    assert _states(watched)[SILENT] == "ALARM"
    assert courses.wait_for(lambda: _told_of(watched, SILENT, "ALARM"), bool, "the alarm", 10)

    watched.verified_night()
    _look(watched)
    # The highest value of a quarter of an hour counts: the alarm itself is quiet in the next.
    assert _newest(watched, HOURS) < 0.1


def a_watchdog_that_is_dead_rings_though_the_night_was_verified(watched: Stage) -> None:
    watched.verified_night()
    _look(watched)
    assert _states(watched)[SILENT] == "OK"
    assert _states(watched, timedelta(minutes=45))[SILENT] == "OK"
    told = len(_told_of(watched, SILENT, "ALARM"))
    assert _states(watched, timedelta(hours=2))[SILENT] == "ALARM"
    courses.wait_for(
        lambda: len(_told_of(watched, SILENT, "ALARM")), lambda n: n > told, "the alarm", 10
    )


def a_source_that_was_never_verified_rings(watched: Stage) -> None:
    _look(watched)
    assert _newest(watched, HOURS) == NEVER_H
    assert _states(watched)[SILENT] == "ALARM"


@pytest.mark.parametrize("name", ["verdict.json", "evidence.json", "catalogue.json"])
def a_record_that_was_cut_short_is_refused_and_silences_no_other(watched: Stage, name: str) -> None:
    drill = watched.verified_night()
    text = _read(drill, name)
    _write(drill, name, text[: len(text) // 2])
    answer = _look(watched, "courses-nobody")
    assert answer["errorType"] == "Evidence.Invalid", answer
    assert name in answer["errorMessage"]
    assert _newest(watched, HOURS) == NEVER_H
    assert _newest(watched, HOURS, "courses-nobody") == NEVER_H
    assert _states(watched)[SILENT] == "ALARM"


def a_verdict_that_somebody_turned_around_is_refused(watched: Stage) -> None:
    drill = watched.verified_night()
    record = _unsealed(drill, "verdict.json")
    record["findings"][0]["status"] = "failed"
    _write(drill, "verdict.json", json.dumps(record))
    answer = _look(watched)
    assert answer["errorType"] == "Evidence.Invalid", answer
    assert _newest(watched, HOURS) == NEVER_H


def a_rejected_night_leaves_the_hours_of_the_one_before(watched: Stage) -> None:
    _age(watched.verified_night(), timedelta(hours=30))
    watched.sql("DELETE FROM courses_answer")
    watched.back_up()
    assert watched.drill().status == "FAILED"
    _look(watched)
    assert 30 <= _newest(watched, HOURS) < 30.1


def a_replica_that_runs_is_counted_and_never_touched(watched: Stage) -> None:
    drill = watched.verified_night()
    watched.double.restart(drill.replica)
    courses.wait_for_status(watched.machine, drill.replica, "available")
    watched.double.clear_calls()
    _look(watched)
    assert (_newest(watched, REPLICAS), _newest(watched, RUNNING)) == (1, 1)
    called = {call["action"] for call in watched.double.calls()}
    assert called == {"DescribeDBInstances"}
    assert watched.instances()[drill.replica] == "available"


@pytest.mark.parametrize(("hours", "state"), [(6, "OK"), (12, "ALARM")])
def a_replica_that_has_run_for_hours_rings(watched: Stage, hours: int, state: str) -> None:
    drill = watched.verified_night()
    watched.double.restart(drill.replica)
    courses.wait_for_status(watched.machine, drill.replica, "available")
    _publish(watched, RUNNING, lambda ago: float(ago <= timedelta(hours=hours)))
    _look(watched)
    assert _states(watched)[LONG] == state


def rds_that_does_not_answer_takes_the_counts_away_and_not_the_hours(watched: Stage) -> None:
    watched.verified_night()
    watched.double.inject("DescribeDBInstances", "throttle", times=None)
    answer = _look(watched)
    assert answer["errorType"] == "Rds.Throttled", answer
    assert _newest(watched, HOURS) < 0.1
    counts = alarms.points(watched.machine, watched.aws.deployment, watched.source.name, REPLICAS)
    assert not counts
    states = _states(watched)
    assert (states[SILENT], states[MANY]) == ("OK", "ALARM")


def the_schedule_calls_the_watchdog_by_itself(watched: Stage) -> None:
    watched.verified_night()
    aws, deployment = watched.machine, watched.aws.deployment
    at = datetime.now(timezone.utc) + timedelta(seconds=2)
    watchdog.put_up(aws, deployment, [watched.source.name], every=f"at({at:%Y-%m-%dT%H:%M:%S})")
    try:
        found = courses.wait_for(
            lambda: alarms.points(aws, deployment, watched.source.name, HOURS),
            bool,
            "the watchdog's first look",
            60,
        )
        assert found[-1][1] < 0.1
        (schedule,) = [
            s
            for s in aws.client("scheduler").list_schedules()["Schedules"]
            if s["Name"] == watchdog.schedule_name(deployment)
        ]
        assert schedule["State"] == "ENABLED"
    finally:
        aws.client("scheduler").delete_schedule(Name=watchdog.schedule_name(deployment))


def every_alarm_is_put_up_for_missing_data_too(watched: Stage) -> None:
    prefix = f"{watched.aws.deployment.prefix}-{watched.source.name}"
    found = watched.machine.client("cloudwatch").describe_alarms(AlarmNamePrefix=prefix)
    assert len(found["MetricAlarms"]) == len(alarms.all_alarms()) == 3
    for alarm in found["MetricAlarms"]:
        assert alarm["TreatMissingData"] == "breaching"
        assert alarm["AlarmActions"] == [watched.aws.deployment.topic_arn]
        names = {d["Name"]: d["Value"] for d in alarm["Dimensions"]}
        assert names == {
            "Deployment": watched.aws.deployment.name,
            "Source": watched.source.name,
        }
