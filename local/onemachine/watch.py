"""Shows a drill as it goes: a line for each state, once it is over."""

from __future__ import annotations

import sys
import time
from datetime import datetime, timezone

from onemachine import executions
from onemachine.executions import Execution, Stay

POLL_S = 0.2
# Terminals take this as: clear the line, go to its start.
CLEAR_LINE = "\033[2K\r"


def follow(execution: Execution, max_s: float) -> None:
    """Print each state as it ends, and on a terminal also the one under way."""
    began_at = execution.describe()["startDate"]
    deadline = time.monotonic() + max_s
    printed = 0
    while True:
        running = execution.describe()["status"] == "RUNNING"
        stays = executions.stays(execution.history())
        # The last one may go on: a loop comes back to its state.
        over = stays[:-1] if running else stays
        for stay in over[printed:]:
            _print(_line(stay, began_at), "\n")
        printed = len(over)
        if not running:
            return
        if stays and sys.stdout.isatty():
            _print(_line(stays[-1], began_at), "\r")
        if time.monotonic() > deadline:
            raise executions.NeverEnded(f"{execution.name} runs after {max_s:.0f} s")
        time.sleep(POLL_S)


def _line(stay: Stay, began_at: datetime) -> str:
    notes = []
    if stay.looks > 1:
        notes.append(f"looked {stay.looks} times")
    if stay.calls > stay.looks:
        notes.append(f"{stay.calls} calls")
    if stay.failures:
        notes.append(f"{stay.failures} failed")
    since = (stay.began_at - began_at).total_seconds()
    took = stay.seconds(datetime.now(timezone.utc))
    return f"  +{since:5.1f} s  {stay.state:<16} {took:5.1f} s  {', '.join(notes)}".rstrip()


def _print(line: str, end: str) -> None:
    clear = CLEAR_LINE if sys.stdout.isatty() else ""
    print(f"{clear}{line}", end=end, flush=True)
