"""`make stop`: remembers and ends the local AWS that a drill left up."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

from onemachine import keeper
from onemachine.machine import Machine
from onemachine.paths import STORE

RECORD = STORE / "kept.json"
VARIABLES = STORE / "kept.env"


def remember(machine: Machine) -> None:
    """Dismiss the run's keeper and write down what is to be ended one day."""
    groups = [{"id": group, "since": _started(group)} for group in machine.run.groups]
    RECORD.write_text(
        json.dumps({"run_dir": str(machine.run.dir), "groups": groups}), encoding="utf-8"
    )
    lines = [f"export {name}={shlex.quote(value)}" for name, value in machine.environment.items()]
    VARIABLES.write_text("\n".join([*lines, ""]), encoding="utf-8")
    machine.run.leave_running()


def is_up() -> bool:
    """Whether a local AWS was left up and nobody ended it yet."""
    return RECORD.exists()


def end() -> bool:
    """End it; False when there is none."""
    if not is_up():
        return False
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    # After a reboot the numbers may belong to others: end only what started when ours did.
    groups = [group["id"] for group in record["groups"] if _started(group["id"]) == group["since"]]
    keeper.end(groups, Path(record["run_dir"]))
    RECORD.unlink()
    VARIABLES.unlink(missing_ok=True)
    return True


def _started(pid: int) -> int | None:
    """When a process started, in clock ticks since the machine did; None when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[19])


if __name__ == "__main__":
    print("ended" if end() else "no local AWS was left up")
    sys.exit(0)
