"""infra/zones.json: the hours that a time zone leaves out on the night its clocks go forward.

`python -m onemachine.infra.zones` writes it anew, from this machine's time zone database.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

from onemachine.paths import ROOT

PATH = ROOT / "infra" / "zones.json"
# What the module's variable `time_zone` takes.
NAME = re.compile(r"^(UTC|[A-Z][A-Za-z]+(/[A-Za-z0-9_+-]+)+)$")
FIRST_YEAR, LAST_YEAR = 2026, 2037
# Clocks move by half an hour at least, anywhere.
STEP = timedelta(minutes=30)


def hours_left_out(name: str) -> list[int]:
    """The hours of which a part doesn't exist on some day of the years looked at."""
    zone, hours = ZoneInfo(name), set()
    day = datetime(FIRST_YEAR, 1, 1, tzinfo=timezone.utc)
    while day.year <= LAST_YEAR:
        following = day + timedelta(days=1)
        if _offset(zone, day) != _offset(zone, following):
            hours |= _on_a_day(zone, day, following)
        day = following
    return sorted(hours)


def _on_a_day(zone: ZoneInfo, at: datetime, end: datetime) -> set[int]:
    hours = set()
    while at < end:
        after = at + STEP
        local = after.replace(tzinfo=None) + _offset(zone, at)
        for skipped in range((_offset(zone, after) - _offset(zone, at)) // STEP):
            hours.add((local + skipped * STEP).hour)
        at = after
    return hours


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def all_zones() -> dict[str, list[int]]:
    """Every zone that leaves something out."""
    names = (name for name in sorted(available_timezones()) if NAME.match(name))
    return {name: hours for name in names if (hours := hours_left_out(name))}


def main() -> int:
    """Write the file; a line a zone, so that a change shows."""
    lines = [f"  {json.dumps(name)}: {json.dumps(hours)}" for name, hours in all_zones().items()]
    PATH.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{PATH.relative_to(ROOT)}: {len(lines)} zones")
    return 0


if __name__ == "__main__":
    sys.exit(main())
