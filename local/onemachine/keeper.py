"""Ends what a run started, also when the run itself was killed.

A small process of its own (standard library only) that holds the other end of the run's pipe.
It is told which process groups there are; when the pipe closes, for whatever reason, it ends
them, ends database servers that left their group, and removes the run directory.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

GRACE_S = 10.0


def end(groups: Iterable[int], run_dir: Path | None) -> None:
    """Ask the groups to end, then make them; afterwards remove the run directory."""
    groups = list(groups)
    for group in groups:
        _signal_group(group, signal.SIGTERM)
    _wait(groups, GRACE_S)
    for group in groups:
        _signal_group(group, signal.SIGKILL)
    if run_dir:
        _end_servers(run_dir)
        shutil.rmtree(run_dir, ignore_errors=True)


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _wait(groups: list[int], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(map(_group_lives, groups)):
        time.sleep(0.05)


def _group_lives(group: int) -> bool:
    """Whether any process of the group still runs; the dead that nobody collected don't count."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # The command's name is in parentheses and may hold blanks: read what follows it.
            state, _parent, of_group = entry.read_text().rpartition(")")[2].split()[:3]
            if int(of_group) == group and state not in "ZX":
                return True
    return False


def _end_servers(run_dir: Path) -> None:
    """PostgreSQL servers lead sessions of their own: their pid files are the way to them."""
    for pid_file in run_dir.rglob("postmaster.pid"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(pid_file.read_text().splitlines()[0])
            # SIGQUIT is PostgreSQL's immediate stop; the data is about to be removed anyway.
            os.kill(pid, signal.SIGQUIT)


def main() -> None:
    """Lines on the standard input: `group <id>`, `keep`; its end is the order to act."""
    run_dir = Path(sys.argv[1])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Whoever ends the run by a signal to all its processes still wants it cleaned up.
        signal.signal(number, signal.SIG_IGN)
    groups: list[int] = []
    for line in sys.stdin:
        word, _, argument = line.strip().partition(" ")
        if word == "keep":
            return
        if word == "group":
            groups.append(int(argument))
    end(groups, run_dir)


if __name__ == "__main__":
    main()
