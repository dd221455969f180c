"""The alarms of infra/alarms.json: put up as Terraform does, evaluated as CloudWatch says it does.

ministack evaluates alarms only when a metric comes in, over all points of the metric's name,
whatever their dimensions, and knows nothing of missing data. So alarms are evaluated here, by the
rules of the Amazon CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data";
actions are then ministack's, through SetAlarmState.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Any

from onemachine.deployment import Deployment
from onemachine.machine import Machine
from onemachine.paths import ROOT

PATH = ROOT / "infra" / "alarms.json"
# How far back an alarm looks beyond its evaluation periods, by the guide's own example: 5 for 3.
RANGE_BEYOND = 2
STATISTICS = {"Maximum": max, "Minimum": min}


@dataclass(frozen=True)
class Alarm:
    """An alarm of each source: breaching is above the threshold, or missing."""

    name: str
    metric: str
    statistic: str
    threshold: float
    period_s: int
    evaluation_periods: int
    description: str

    def name_of(self, deployment: Deployment, source: str) -> str:
        """Its name for one source."""
        return f"{deployment.prefix}-{source}-{self.name}"


@cache
def deployed() -> dict[str, Any]:
    """The document as it is."""
    return json.loads(PATH.read_text(encoding="utf-8"))


def all_alarms() -> tuple[Alarm, ...]:
    """The alarms that each source has."""
    return tuple(Alarm(**fields) for fields in deployed()["alarms"])


def dimensions(deployment: Deployment, source: str) -> list[dict[str, str]]:
    """What the metrics of a source are told apart by."""
    return [
        {"Name": "Deployment", "Value": deployment.name},
        {"Name": "Source", "Value": source},
    ]


def put_up(machine: Machine, deployment: Deployment, source: str) -> None:
    """Put up the alarms of a source; they tell the deployment's topic."""
    for alarm in all_alarms():
        machine.client("cloudwatch").put_metric_alarm(
            AlarmName=alarm.name_of(deployment, source),
            AlarmDescription=alarm.description.replace("${source}", source),
            Namespace=deployed()["namespace"],
            MetricName=alarm.metric,
            Dimensions=dimensions(deployment, source),
            Statistic=alarm.statistic,
            Period=alarm.period_s,
            EvaluationPeriods=alarm.evaluation_periods,
            DatapointsToAlarm=alarm.evaluation_periods,
            Threshold=alarm.threshold,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="breaching",
            AlarmActions=[deployment.topic_arn],
            OKActions=[deployment.topic_arn],
        )


def is_alarm(
    points: Sequence[bool | None], evaluation_periods: int, datapoints_to_alarm: int
) -> bool:
    """Whether data points, the newest last, make an ALARM: True breaches, None is missing.

    With as many real ones in the range as are evaluated, the newest real ones decide. With fewer,
    all of them count, and missing ones are filled in as breaching, no more than are needed.
    """
    in_range = points[-(evaluation_periods + RANGE_BEYOND) :]
    real = [point for point in in_range if point is not None][-evaluation_periods:]
    return sum(real) + (evaluation_periods - len(real)) >= datapoints_to_alarm


def points(
    machine: Machine, deployment: Deployment, source: str, metric: str, now: datetime | None = None
) -> list[tuple[datetime, float]]:
    """The values of a source's metric in the two days before an instant, oldest first."""
    now = now or datetime.now(timezone.utc)
    answer = machine.client("cloudwatch").get_metric_statistics(
        Namespace=deployed()["namespace"],
        MetricName=metric,
        Dimensions=dimensions(deployment, source),
        StartTime=now - timedelta(days=2),
        EndTime=now + timedelta(minutes=1),
        Period=1,
        Statistics=["Maximum"],
    )
    found = [(point["Timestamp"], point["Maximum"]) for point in answer["Datapoints"]]
    return sorted(found)


def rings(
    machine: Machine, deployment: Deployment, source: str, alarm: Alarm, now: datetime
) -> bool:
    """Whether an alarm of a source is to ring at an instant, by what its metric holds until then.

    The period that the instant is in counts as the newest: a test doesn't wait until it is over.
    """
    values: dict[int, float] = {}
    for at, value in points(machine, deployment, source, alarm.metric, now):
        period = int(at.timestamp()) // alarm.period_s
        values[period] = STATISTICS[alarm.statistic](values.get(period, value), value)
    newest = int(now.timestamp()) // alarm.period_s
    oldest = newest - alarm.evaluation_periods - RANGE_BEYOND + 1
    breaches = [
        values[period] > alarm.threshold if period in values else None
        for period in range(oldest, newest + 1)
    ]
    return is_alarm(breaches, alarm.evaluation_periods, alarm.evaluation_periods)


def evaluate(
    machine: Machine, deployment: Deployment, source: str, now: datetime
) -> dict[str, str]:
    """Evaluate the alarms of a source at an instant; setting their states runs their actions."""
    states = {}
    for alarm in all_alarms():
        state = "ALARM" if rings(machine, deployment, source, alarm, now) else "OK"
        machine.client("cloudwatch").set_alarm_state(
            AlarmName=alarm.name_of(deployment, source),
            StateValue=state,
            StateReason=f"{alarm.metric} of {source} at {now:%Y-%m-%dT%H:%M:%SZ}",
        )
        states[alarm.name] = state
    return states
